"""Law 1 and law 7: the ingress loads few modules to acknowledge, and a forged request loads and queues nothing.

The worker loads no SDK to answer either, and it is ready when its init is over.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox.loopback import Server, as_json
from tests import recorded
from tests.conftest import CREDENTIALS
from tests.discord_side import OTHER_KEY, PUBLIC_KEY, SIGNING_KEYS, request

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "layers/watchbell/python"
PATHS = [LIBRARY, ROOT / "functions/ingress"]

# SDKs, frameworks and slow modules of the standard library. Their import takes time out of Discord's 3 seconds.
FORBIDDEN = {
    *("boto3", "botocore", "requests", "urllib3", "pydantic", "certifi"),
    *(
        "asyncio",
        "concurrent",
        "dataclasses",
        "inspect",
        "typing",
        "zoneinfo",
        "multiprocessing",
        "unittest",
        "email",
        "http",
    ),
}

# What a deferral does without: the modules in C below these are enough. Together they take a tenth of a cold start.
FORBIDDEN_TO_A_DEFERRAL = {"ssl", "socket", "selectors", "hashlib", "hmac", "base64", "struct"}

# People wait for the worker too. These modules take longer to import than all others together.
FORBIDDEN_TO_THE_WORKER = {"boto3", "botocore", "s3transfer", "pydantic", "asyncio"}

# Runs in a separate process. It answers the events in the file that its argument names, and prints the loaded modules.
PROGRAM = """
import json, sys
import handler
before = set(sys.modules)
events = json.load(open(sys.argv[1]))
answers = [handler.handler(event, None) for event in events]
print(json.dumps({"statuses": [a["statusCode"] for a in answers], "bodies": [a["body"] for a in answers],
                  "loaded": sorted(set(sys.modules) - before), "all": sorted(sys.modules)}))
"""


@pytest.fixture
def ask(tmp_path):
    """`ask(events)` returns a new ingress's answers, the modules that it loaded, and the messages that it queued."""
    messages: list[bytes] = []
    server = Server(lambda request: messages.append(request.body) or as_json(200, {"MessageId": "1"}))

    def run(events: list[dict]) -> dict:
        (tmp_path / "events.json").write_text(json.dumps(events))
        environment = {
            **CREDENTIALS,
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(map(str, PATHS)),
            "DISCORD_PUBLIC_KEYS": PUBLIC_KEY,
            "WORK_QUEUE_URL": f"{server.url}/123456789012/work",
            "SIGNING_KEYS_PARAMETER": "/watchbell/test/signing-keys",
        }
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / "events.json")]
        answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return {**json.loads(answer.stdout.splitlines()[-1]), "messages": messages}

    yield run
    server.stop()


def test_a_deferred_command_is_acknowledged_with_nothing_heavy_loaded(ask):
    result = ask([request(recorded.load("command_status"))])
    assert result["statuses"] == [200]
    assert json.loads(result["bodies"][0]) == {"type": 5}
    assert len(result["messages"]) == 1
    assert {name.split(".")[0] for name in result["all"]} & (FORBIDDEN | FORBIDDEN_TO_A_DEFERRAL) == set()


def test_only_who_is_answered_at_once_in_another_language_waits_for_it(ask):
    deferred = ask([request(recorded.load("command_status", locale="de"))])
    assert "gettext" not in deferred["all"]
    instant = ask([request(recorded.load("command_ping", locale="ja", data={"name": "nobody-wrote-this", "type": 1}))])
    assert json.loads(instant["bodies"][0])["data"]["content"].startswith("それはもう使えません")
    assert "gettext" in instant["all"]
    assert {name.split(".")[0] for name in instant["all"]} & FORBIDDEN == set()


def test_a_command_loads_its_own_feature_and_no_other(ask):
    result = ask([request(recorded.load("command_status"))])
    features = [name for name in result["all"] if name.startswith(("watchbell.commands.", "watchbell.events."))]
    assert features == ["watchbell.commands.status"]


def test_a_form_is_loaded_by_the_features_that_have_one_and_is_light(ask):
    result = ask([request(recorded.load("command_status")), request(recorded.load("component_refresh"))])
    assert {"watchbell.discord.fields", "watchbell.discord.modal", "watchbell.interactions.forms"} & set(
        result["all"]
    ) == set()
    program = "import sys, watchbell.interactions.forms; from watchbell import Modal, Short; print(*sys.modules)"
    environment = {"PYTHONPATH": str(PATHS[0])}
    loaded = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert {name.split(".")[0] for name in loaded.stdout.split()} & FORBIDDEN == set()


def test_what_the_ingress_reads_of_a_table_is_light_too():
    program = "import sys, watchbell.adapters.stash, watchbell.adapters.server_settings, watchbell.adapters.records"
    program += "; print(*sys.modules)"
    environment = {"PYTHONPATH": str(PATHS[0])}
    loaded = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert {name.split(".")[0] for name in loaded.stdout.split()} & FORBIDDEN == set()


def test_a_forged_request_of_any_type_is_401_and_loads_and_queues_nothing(ask):
    forged = [
        request(recording, "/events" if name.startswith("event_") else "/interactions", key=OTHER_KEY)
        for name, recording in recorded.all_of().items()
        if not name.startswith("gateway_")
    ]
    assert len(forged) >= 12
    result = ask(forged)
    assert result["statuses"] == [401] * len(forged)
    assert result["loaded"] == []
    assert result["messages"] == []


WORKER_PROGRAM = """
import json, sys
import handler
ready = set(sys.modules)
answer = handler.handler(json.load(sys.stdin), None)
print(json.dumps({"answer": answer, "ready": sorted(ready), "later": sorted(set(sys.modules) - ready)}))
"""


@pytest.fixture
def work():
    """`work()` gives a `/status` to a new worker.

    It returns the worker's answer, the modules that the init loaded, and those that the `/status` loaded.
    """
    # This answer is valid for DynamoDB, Parameter Store and Discord.
    answer = as_json(200, {"Parameter": {"Value": SIGNING_KEYS}, "Parameters": []})
    server = Server(lambda request: answer)

    def run() -> dict:
        body = {"kind": "interaction", "received_at": int(time.time()), "body": recorded.load("command_status")}
        record = {"messageId": "1", "receiptHandle": "1", "body": json.dumps(body)}
        event = {"Records": [{**record, "attributes": {"ApproximateReceiveCount": "1"}}]}
        environment = {
            **CREDENTIALS,
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(map(str, (LIBRARY, ROOT / "functions/worker"))),
            "AWS_ENDPOINT_URL": server.url,
            "DISCORD_URL": server.url,
            "WORK_QUEUE_URL": f"{server.url}/123456789012/work",
            "WORK_MAX_RECEIVES": "5",
            "STATE_TABLE": "state",
            "EPHEMERAL_TABLE": "ephemeral",
            "STATUS_SOURCES_PATH": "/watchbell/test/status-sources",
            "FLAGS_PATH": "/watchbell/test/flags",
            "SIGNING_KEYS_PARAMETER": "/watchbell/test/signing-keys",
        }
        command = [sys.executable, "-c", WORKER_PROGRAM]
        done = subprocess.run(
            command, env=environment, input=json.dumps(event), capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout.splitlines()[-1])

    yield run
    server.stop()


def test_the_worker_answers_with_no_sdk_loaded(work):
    done = work()
    assert done["answer"] == {"batchItemFailures": []}
    assert {name.split(".")[0] for name in done["ready"] + done["later"]} & FORBIDDEN_TO_THE_WORKER == set()


def test_the_worker_is_ready_when_its_init_is_over(work):
    """An invocation has only a part of a processor, so it must not import third-party modules or create clients."""
    done = work()
    assert {"requests", "ssl", "watchbell.adapters.claims", "watchbell.adapters.discord"} <= set(done["ready"])
    assert {name.split(".")[0] for name in done["later"]} - sys.stdlib_module_names == {"watchbell"}


def test_the_worker_loads_no_libsodium(work):
    done = work()
    assert "nacl" not in done["ready"] + done["later"]
