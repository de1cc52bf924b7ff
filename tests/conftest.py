"""Fixtures for all tests: features for one test, and AWS on loopback with the template's queues and tables."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import botocore.session
import hypothesis
import pytest

from sandbox.aws.services import Aws
from sandbox.children import Children
from sandbox.logs import Logs
from sandbox.template import REGION, SNAPSHOT, Template
from tests.discord_side import SIGNING_KEYS
from watchbell import checks, commands, events, schedules
from watchbell.data.tables import ROWS, Row
from watchbell.kit import catalogue

# A busy machine is slow: that is no fault of the code, and no test is about time.
hypothesis.settings.register_profile(
    "watchbell", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("watchbell")

LONG = (
    *("bench", "fuzz", "sandbox", "sweep", "ops/test_privacy.py"),
    *(f"infra/test_{name}.py" for name in ("deploying", "layers", "synth", "template")),
)
"""Folders and files of tests that take long: the sandbox, sweeps, fuzzing, and real builds of what is deployed.
`make check` runs them, and `make test` does not."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    places = [here / name for name in LONG]
    for item in items:
        if not item.path.is_relative_to(here):  # a test of a test
            continue
        if any(item.path.is_relative_to(place) for place in places):
            item.add_marker(pytest.mark.long)


# Each new session of botocore reads the descriptions of the services again, for 60 ms a client.
botocore.session.create_loader = cache(botocore.session.create_loader)

CREDENTIALS = {
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
}


@pytest.fixture
def feature(tmp_path, monkeypatch):
    """`feature("name", source)` adds a command to the catalogue for one test, and returns the command's module.

    `room="schedules"` adds a schedule, `room="events"` an event, and `room="checks"` a kind of check. If the bot
    already has a feature with that name, the new one replaces it during the test.
    """
    hidden = {}
    for package in (commands, events, schedules, checks):
        folder = tmp_path / package.__name__.rpartition(".")[2]
        folder.mkdir()
        monkeypatch.setattr(package, "__path__", [str(folder), *package.__path__])

    def put(name: str, source: str, room: str = "commands") -> ModuleType:
        (tmp_path / room / f"{name}.py").write_text(source)
        module = f"watchbell.{room}.{name}"
        hidden[module] = sys.modules.pop(module, None)
        return importlib.import_module(module)

    yield put
    for module, before in hidden.items():
        sys.modules.pop(module, None)
        if before is not None:
            sys.modules[module] = before


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    """moto's server with the template's queues and tables. boto3 and the library find it through the environment."""
    children = Children()
    server = Aws(children, Logs())
    os.environ.update(CREDENTIALS, AWS_ENDPOINT_URL=server.url)
    try:
        server.wait()
        server.create(Template.read(SNAPSHOT))
        yield server
    finally:
        children.stop()


@pytest.fixture
def settings(aws: Aws) -> Iterator[dict[str, str]]:
    """The functions' environment variables, with empty tables and queues.

    Every item that the test leaves in a table must be declared: in `data.tables`, or by a feature as Data (law 8).
    """
    template = Template.read(SNAPSHOT)
    tables = {name.rsplit("-", 1)[-1]: name for name in (table.name for table in template.tables())}
    queues = {template.short(queue.name): aws.queue_url(queue.name) for queue in template.queues()}
    aws.empty()
    aws.put_parameter("/watchbell/test/signing-keys", SIGNING_KEYS, secret=True)
    yield {
        "STATE_TABLE": tables["state"],
        "EPHEMERAL_TABLE": tables["ephemeral"],
        "WORK_QUEUE_URL": queues["work"],
        "SEND_QUEUE_URL": queues["send"],
        "EVENT_DEAD_QUEUE_URL": queues["event-dead"],
        "SIGNING_KEYS_PARAMETER": "/watchbell/test/signing-keys",
        "OPERATORS_PARAMETER": "/watchbell/test/operators",
        "BOT_TOKEN_PARAMETER": "/watchbell/test/discord/bot-token",
        "STATUS_SOURCES_PATH": "/watchbell/test/status-sources",
        "FLAGS_PATH": "/watchbell/test/flags",
        "WEBHOOKS_PATH": "/watchbell/test/webhooks",
        "CHOICE_DIGEST_ZONE": "Europe/Berlin",
        "CHOICE_DIGEST_TIME": "09:00",
        "CHOICE_DIGEST_LANGUAGE": "en",
        "POWERTOOLS_SERVICE_NAME": "watchbell-test",
    }
    declared = [*ROWS, *(data.row for data in catalogue.data())]
    left = aws.empty()
    for short, name in tables.items():
        for item in left[name]:
            assert any(_declares(row, short, item) for row in declared), f"nobody declares this item: {item}"
            outcome = item.get("outcome", {"S": ""})["S"]
            assert re.fullmatch(r"[\w:.-]*", outcome), f"an outcome is an id or a code, not a sentence: {outcome}"


def _declares(row: Row, table: str, item: dict) -> bool:
    named = item["pk"]["S"].startswith(row.partition.split("{}")[0]) and item["sk"]["S"].startswith(
        row.sort.split("{}")[0]
    )
    return row.table == table and named and set(item) - {"pk", "sk"} <= set(row.fields)
