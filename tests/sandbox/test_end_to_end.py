"""The whole sandbox, started as its users start it and driven over HTTP, and the demo."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from nacl.signing import SigningKey

from sandbox.logs import Logs
from sandbox.loopback import Request, Response, Server, as_json
from sandbox.sandbox import Options, Sandbox
from tests.sandbox import eventually

KEY = SigningKey.generate()
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback needs no proxy


class OtherDiscord:
    """A Discord that does not belong to the sandbox. It accepts every call and keeps it."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, Any]] = []
        self._server = Server(self._respond)
        self.url = f"{self._server.url}/api/v10"
        self.stop = self._server.stop

    def _respond(self, request: Request) -> Response:
        body = json.loads(request.body) if request.body else None
        self.calls.append((request.method, request.target.removeprefix("/api/v10"), body))
        return as_json(200, [] if request.method == "GET" else {"id": "1", "channel_id": "2"})

    def said(self, method: str, path: str) -> list[Any]:
        return [body for its_method, target, body in self.calls if its_method == method and target.startswith(path)]


class Served:
    """`python -m sandbox serve` as a subprocess."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "sandbox", "serve", "--port", "0", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.log: list[str] = []
        threading.Thread(target=lambda: self.log.extend(self.process.stderr or ()), daemon=True).start()
        line = self.process.stdout.readline()
        assert line, "".join(self.log)
        self.ready = json.loads(line)

    def control(self, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
        return call(method, f"{self.ready['control']}/{path}", body)

    def interaction(self, payload: dict[str, Any], key: SigningKey = KEY) -> tuple[int, Any]:
        body, timestamp = json.dumps(payload).encode(), str(int(time.time()))
        signature = key.sign(timestamp.encode() + body).signature.hex()
        headers = {"X-Signature-Ed25519": signature, "X-Signature-Timestamp": timestamp}
        return call("POST", self.ready["interactions"], body, headers | {"Content-Type": "application/json"})

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(10)


def call(method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    request = urllib.request.Request(url, body, headers or {}, method=method)
    try:
        with DIRECT.open(request, timeout=30) as answer:
            status, read = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, read = error.code, error.read()
    return status, json.loads(read) if read else None


def status_command(number: int) -> dict[str, Any]:
    user = {"id": "80351110224678912", "username": "ada", "discriminator": "0", "avatar": None, "global_name": None}
    return {
        "id": f"1{number:018}",
        "application_id": "1000000000000000002",
        "type": 2,
        "version": 1,
        "token": f"token{number}",
        "user": user,
        "channel_id": "3",
        "context": 1,
        "locale": "en-US",
        "data": {"id": "4", "name": "status", "type": 1},
    }


@pytest.fixture(scope="module")
def other_discord() -> Iterator[OtherDiscord]:
    discord = OtherDiscord()
    yield discord
    discord.stop()


@pytest.fixture(scope="module")
def served(other_discord: OtherDiscord) -> Iterator[Served]:
    """A sandbox that uses an external Discord, its public key, and an external status source."""
    source = Server(
        lambda request: as_json(200, {"status": "heavy", "message": "busy", "timestamp": "2026-11-22T00:00:00Z"})
    )
    arguments = ["--discord-url", other_discord.url, "--public-key", KEY.verify_key.encode().hex()]
    served = Served("--app-id", "1000000000000000002", *arguments, "--status-source", f"elsewhere={source.url}")
    yield served
    assert served.end(signal.SIGINT) == 0
    source.stop()


def test_the_first_line_says_where_everything_is(served: Served, other_discord: OtherDiscord) -> None:
    assert served.ready["ready"] is True
    assert served.ready["discord"] == other_discord.url
    assert served.ready["interactions"].endswith("/interactions")
    assert served.ready["events"].endswith("/events")
    assert served.control("GET", "healthz") == (200, {"ok": True})


def test_the_commands_were_registered_with_the_other_discord(served: Served, other_discord: OtherDiscord) -> None:
    (registered,) = other_discord.said("PUT", "/applications/1000000000000000002/commands")
    assert {command["name"] for command in registered} >= {"ping", "help", "status"}


def test_a_command_signed_by_the_given_key_is_answered_at_the_other_discord(
    served: Served, other_discord: OtherDiscord
) -> None:
    status, ack = served.interaction(status_command(1))
    assert (status, ack["type"]) == (200, 5)
    path = "/webhooks/1000000000000000002/token1/messages/@original"
    assert eventually(lambda: bool(other_discord.said("PATCH", path)))
    assert "elsewhere" in json.dumps(other_discord.said("PATCH", path)[0])
    assert eventually(lambda: not any(served.control("GET", "queues")[1].values()))


def test_another_key_is_refused(served: Served) -> None:
    assert served.interaction(status_command(2), SigningKey.generate())[0] == 401


def test_a_digest_goes_to_the_webhook_that_was_just_configured(served: Served, other_discord: OtherDiscord) -> None:
    url = f"{other_discord.url}/webhooks/5/abc"
    assert served.control("PUT", "parameters/webhooks/digest", url.encode()) == (204, None)
    status, run = served.control("POST", "schedules/daily-digest/run")
    assert (status, run["ok"]) == (200, True)
    assert eventually(lambda: len(other_discord.said("POST", "/webhooks/5/abc")) == 1)
    assert "elsewhere" in json.dumps(other_discord.said("POST", "/webhooks/5/abc"))
    assert set(served.control("GET", "queues")[1]) == {
        *("work", "work-dead", "send", "send-dead", "check", "check-dead", "schedule-dead", "event-dead"),
    }


def test_the_functions_follow_the_clock_that_is_turned_and_people_are_still_answered(
    served: Served, other_discord: OtherDiscord
) -> None:
    status, turned = served.control("POST", "clock", json.dumps({"advance_seconds": 1200}).encode())
    assert (status, turned["left_out"]) == (200, 0)
    assert len(turned["fired"]) >= 24  # each minute, and each fifth
    assert all(run["ok"] for run in turned["fired"])
    ran = [run["at"] for run in turned["fired"] if run["result"]["ran"]]
    assert ran
    logged = [line for line in served.log if line.startswith("scheduler") and '"message": "ran"' in line]
    timestamps = [json.loads(line.partition(" | ")[2])["timestamp"] for line in logged]
    assert [stamp[:16] for stamp in timestamps[-len(ran) :]] == [at[:16] for at in ran]
    assert served.interaction(status_command(3))[0] == 200
    path = "/webhooks/1000000000000000002/token3/messages/@original"
    assert eventually(lambda: bool(other_discord.said("PATCH", path)))


def test_a_target_is_served_until_the_end(served: Served) -> None:
    shop = served.control("PUT", "targets/shop", b"418")[1]
    with pytest.raises(urllib.error.HTTPError, match="418"):
        DIRECT.open(shop["http"], timeout=10)
    assert served.control("GET", "targets")[1]["shop"] == {**shop, "asked": 1}


def test_a_function_trusts_the_certificate_of_a_target_until_it_has_expired(
    served: Served, other_discord: OtherDiscord
) -> None:
    report = json.dumps({"status": "heavy", "message": "all by TLS", "timestamp": "2026-11-22T00:00:00Z"})
    url = served.control("PUT", "targets/secure", f"body {report}".encode())[1]["https"]
    assert served.control("PUT", "parameters/status-sources/secure", url.encode()) == (204, None)

    def shown(number: int) -> str:
        assert served.interaction(status_command(number))[0] == 200
        path = f"/webhooks/1000000000000000002/token{number}/messages/@original"
        assert eventually(lambda: bool(other_discord.said("PATCH", path)))
        return json.dumps(other_discord.said("PATCH", path))

    assert "all by TLS" in shown(4)
    served.control("PUT", "targets/secure", f"body {report}\nexpired-certificate".encode())
    served.control("POST", "clock", json.dumps({"advance_seconds": 600}).encode())  # beyond what a function remembers
    assert "all by TLS" not in shown(5)


def test_nobody_can_act_as_a_person_of_the_other_discord(served: Served) -> None:
    assert served.control("POST", "people/ada", b"/ping")[0] == 404


def test_somebody_with_curl_acts_as_people() -> None:
    served = Served()

    def act(name: str, line: str) -> str:
        url = f"{served.ready['control']}/people/{name}"
        with DIRECT.open(urllib.request.Request(url, line.encode()), timeout=30) as answer:
            return str(answer.read().decode())

    assert act("ada", "/status server:prod private:no").startswith("│ 🟩 🟢 prod")
    assert act("bob", "press Refresh").startswith("│ 🟩 🟢 prod")
    assert act("ada", "fail 503") == "(the bot's next call fails)\n"
    assert act("ada", "/status server:staging").startswith("│ 🟧 🟡 staging")  # tried again, in real time
    assert served.control("GET", "clock")[1]["offset"] == 0
    assert "no command /nothing" in served.control("POST", "people/ada", b"/nothing")[1]["error"]
    assert served.end() == 0


def test_a_killed_sandbox_leaves_nothing_behind() -> None:
    served = Served()
    mine = children_of(served.process.pid)
    assert any("moto" in command for command in mine.values())
    assert any("awslambdaric" in command for command in mine.values())
    served.end(signal.SIGKILL)
    assert eventually(lambda: not any(alive(pid) for pid in mine), 5)


def test_people_go_on_after_the_clock_was_turned() -> None:
    with Sandbox(Options(), Logs()) as sandbox:
        ada = sandbox.simulated_discord.person("ada")
        sandbox.clock.advance(86_400)
        assert ada.command("ping").wait()["content"]


def test_the_demo_comes_out_right() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "sandbox", "demo", "--json"], capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stdout + result.stderr
    played = json.loads(result.stdout)
    assert played["ok"] is True
    assert [step["name"] for step in played["steps"]] == [
        "endpoint check",
        "/ping",
        "/status",
        "Refresh",
        "Detailed",
        "forged request",
        "installation delivered twice",
        "daily digest",
        "/setup",
        "/monitor add",
        "the shop fails",
        "the shop is back",
    ]
    assert [step["ack_type"] for step in played["steps"]] == [1, 4, 5, 7, 7, None, None, None, 7, 5, None, None]
    assert all(set(step) == {"name", "ack_ms", "ack_type", "final_ms", "message"} for step in played["steps"])
    assert all(step["ack_ms"] < 3000 for step in played["steps"] if step["ack_ms"] is not None)


def children_of(pid: int) -> dict[int, str]:
    """Return the processes that `pid` started, with their command lines."""
    listing = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listing.splitlines()[1:]]
    return {int(row[0]): row[2] for row in rows if int(row[1]) == pid}


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    return bool(status.strip()) and not status.startswith("Z")


def test_while_a_source_hangs_and_many_ask_for_it_every_ping_is_answered(other_discord: OtherDiscord) -> None:
    """An account has ten executions at first. The workers wait, and the ingress needs room beside them."""
    asked, released = threading.Semaphore(0), threading.Event()

    def hang(request: Request) -> Response:
        asked.release()
        released.wait(30)
        return as_json(200, {})

    source = Server(hang)
    arguments = ["--discord-url", other_discord.url, "--public-key", KEY.verify_key.encode().hex()]
    served = Served("--app-id", "1000000000000000002", *arguments, "--status-source", f"hanging={source.url}")
    try:
        for number in range(500, 514):
            assert served.interaction(status_command(number))[0] == 200
        assert all(asked.acquire(timeout=20) for _ in range(4)), "as many workers wait as may run at once"
        ping = {"id": "1", "application_id": "1000000000000000002", "type": 1, "version": 1, "token": "t"}
        assert [served.interaction(ping)[0] for _ in range(30)] == [200] * 30
        assert not asked.acquire(blocking=False), "more workers wait than may run at once"
    finally:
        released.set()
        served.end()
        source.stop()
