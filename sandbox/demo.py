"""`python -m sandbox demo`: plays people who use the bot, from the endpoint check to an outage that they watch."""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from sandbox.aws.custom_resources import DeployFailed
from sandbox.discord import Discord, EndpointRefused, Exchange, InteractionFailed, NotPossible, render
from sandbox.discord.permissions import MEMBER_PERMISSIONS
from sandbox.discord.signing import encode, post
from sandbox.logs import Logs
from sandbox.sandbox import Options, Sandbox
from sandbox.schedules import MOST_AT_ONCE
from sandbox.template import TemplateError
from watchbell.discord.permissions import bits
from watchbell.kit.schedule import Daily
from watchbell.schedules import daily_digest

ACKS = {1: "pong", 4: "the answer itself", 5: "thinking…", 6: "will change the message", 7: "busy…"}


class WentWrong(Exception):
    """The bot did not do what the step expects."""


@dataclass
class Step:
    """The result of one step, with real milliseconds until the ack and until the final message, if there is one."""

    name: str
    ack_ms: float | None = None
    ack_type: int | None = None
    final_ms: float | None = None
    message: str = ""
    problem: str = ""


def play(*, as_json: bool) -> int:
    """Play the demo. Returns the exit status: 0 only if every step succeeded."""
    logs = Logs()
    started = time.monotonic()
    steps: list[Step] = []
    problem = ""
    try:
        with Sandbox(Options(one_clock=True), logs) as sandbox:
            if not as_json:
                print(f"Watchbell runs on this machine, ready after {time.monotonic() - started:.1f} s.")
            for step in Player(sandbox).steps():
                steps.append(step)
                if not as_json:
                    _tell(len(steps), step)
            problem = _left_over(sandbox)
    except (OSError, DeployFailed, EndpointRefused, TemplateError, RuntimeError) as error:
        problem = f"the sandbox did not start: {error}"
    ok = not problem and not any(step.problem for step in steps)
    if as_json:
        result = {"ok": ok, "steps": [_shown(step) for step in steps]}
        print(json.dumps(result | {"problem": problem} if problem else result))
    elif ok:
        print(f"\nEverything worked, in {time.monotonic() - started:.0f} s. `make dev` starts the same and stays up.")
    if not ok:
        print("\n".join(["", *logs.lines[-40:], f"The demo failed. {problem}"]), file=sys.stderr)
    return 0 if ok else 1


class Player:
    """Ada, who uses the bot, Grace, who installs it and adds a monitor, and a stranger, who forges a request."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.discord: Discord = sandbox.simulated_discord
        self.ada = self.discord.person("ada")
        self.grace = self.discord.person("grace", permissions=MEMBER_PERMISSIONS | bits("MANAGE_GUILD"))
        self.channel = self.discord.channel("status")
        self.shop = sandbox.targets.target("shop")
        self.shown: dict[str, Any] = {}  # the status message with its buttons

    def steps(self) -> Iterator[Step]:
        acts: list[tuple[str, Callable[[Step], None]]] = [
            ("endpoint check", self.endpoint_check),
            ("/ping", self.ping),
            ("/status", self.status),
            ("Refresh", self.refresh),
            ("Detailed", self.detailed),
            ("forged request", self.forged),
            ("installation delivered twice", self.installation),
            ("daily digest", self.digest),
            ("/setup", self.setup),
            ("/monitor add", self.monitor),
            ("the shop fails", self.outage),
            ("the shop is back", self.recovery),
        ]
        for name, act in acts:
            step = Step(name)
            try:
                act(step)
            except (WentWrong, EndpointRefused, InteractionFailed, NotPossible, TimeoutError) as error:
                step.problem = str(error)
            yield step

    def endpoint_check(self, step: Step) -> None:
        started = time.monotonic()
        ping = encode({"id": "1", "application_id": self.discord.application_id, "type": 1, "version": 1, "token": "t"})
        reply = post(self.sandbox.interactions_url, ping, self.discord.state.signer.headers(ping))
        step.ack_ms, step.ack_type = reply.ms, 1 if reply.status == 200 and reply.json() == {"type": 1} else None
        self.discord.set_endpoints(self.sandbox.interactions_url, self.sandbox.events_url)
        step.final_ms = _since(started)
        step.message = "Discord accepts both URLs: each PING answered, each forgery refused."

    def ping(self, step: Step) -> None:
        message = self._exchange(step, self.ada.command("ping"), ack_type=4)
        _expect("Pong" in message["content"], "/ping did not say Pong")

    def status(self, step: Step) -> None:
        message = self.shown = self._exchange(step, self.ada.command("status"), ack_type=5)
        text = render(message)
        _expect(all(name in text for name in self.sandbox.sources.urls), "/status does not show both services")
        _expect("1042" in text, "/status does not show the incident")

    def refresh(self, step: Step) -> None:
        self._change(step, "Refresh")

    def detailed(self, step: Step) -> None:
        before = render(self.shown)
        after = render(self._change(step, "Detailed"))
        _expect(len(after) > len(before), "the detailed view is not longer than the simple one")

    def forged(self, step: Step) -> None:
        exchange = self.ada.forge()
        step.ack_ms = exchange.ack_ms
        _expect(exchange.status == 401, f"a forged request was answered with {exchange.status}")
        step.message = "401: refused"

    def installation(self, step: Step) -> None:
        grace = self.grace
        started = time.monotonic()
        deliveries = self.discord.install(grace, times=2, at_once=True)
        step.ack_ms = max(delivery.tries[-1].ms for delivery in deliveries)
        _expect(all(each.delivered for each in deliveries), "an event was not answered with 204")
        _until(lambda: bool(self.discord.dms(grace)), "no introduction arrived")
        step.final_ms = _since(started)
        self._all_done()
        messages = self.discord.dms(grace)
        _expect(len(messages) == 1, f"{len(messages)} introductions arrived")
        step.message = render(messages[0])

    def digest(self, step: Step) -> None:
        """Expect one digest for the next date. A new bot also catches up on the date before; that is another digest."""
        due, date = self._next_digest()
        started = time.monotonic()
        self._turn(due - self.sandbox.clock.now() + 1, most=2)
        _until(lambda: self._digests(date) != [], "no digest arrived")
        step.final_ms = _since(started)
        self._turn(3600, most=2)  # beyond the next tick, which must not send it again
        self._all_done()
        digests = self._digests(date)
        _expect(len(digests) == 1, f"the digest arrived {len(digests)} times")
        step.message = render(digests[0])

    def setup(self, step: Step) -> None:
        shown = self.grace.command("setup").wait()
        shown = self.grace.choose(shown, "Change a setting", "status_channel").wait()
        message = self._exchange(step, self.grace.choose(shown, "Choose a channel", self.channel), ack_type=7)
        _expect("Saved" in render(message), "/setup did not save the channel")

    def monitor(self, step: Step) -> None:
        form = self.grace.command("monitor add")
        filled_in = {"address": self.shop.url, "name": "Shop", "often": "1"}
        message = self._exchange(step, self.grace.submit(form, filled_in), ack_type=5)
        _expect("I am watching it now." in render(message), "the monitor was not added")
        for _minute in range(3):
            self._turn(60)
        _expect(self.shop.asked >= 2, "the shop was not checked")

    def outage(self, step: Step) -> None:
        self.shop.set("503")
        step.message = self._told(step, minutes=4)
        _expect("is down" in step.message, "the alert does not say that the shop is down")

    def recovery(self, step: Step) -> None:
        self.shop.set("up")
        step.message = self._told(step, minutes=3)
        _expect("↪" in step.message, "the recovery does not answer the alert")

    def _told(self, step: Step, *, minutes: int) -> str:
        """The one new message in the status channel, after so many minutes of the sandbox's clock."""
        before, started = len(list(self._posted())), time.monotonic()
        for _minute in range(minutes):
            self._turn(60)
        self._all_done()
        new = list(self._posted())[before:]
        _expect(len(new) == 1, f"{len(new)} messages were posted in the status channel")
        step.final_ms = _since(started)
        return render(new[0])

    def _posted(self) -> Iterator[dict[str, Any]]:
        return self.discord.state.world.in_channel(self.channel.id)

    def _digests(self, date: str) -> list[dict[str, Any]]:
        messages = self.discord.webhook_messages("digest")
        return [message for message in messages if date in message["embeds"][0]["title"]]

    def _next_digest(self) -> tuple[float, str]:
        """When the next digest is due by the sandbox's clock, and the date that it must name."""
        cadence = daily_digest.schedule.cadence(self.sandbox.functions.function("scheduler").environment)
        assert isinstance(cadence, Daily)
        following = cadence.latest(self.sandbox.clock.now()).subject + timedelta(days=1)
        return cadence.on(following).due, following.isoformat()

    def _change(self, step: Step, button: str) -> dict[str, Any]:
        """Press `button` on the status message. That message must change; a new one is wrong."""
        _expect(bool(self.shown), "there is no status message with buttons")
        message = self._exchange(step, self.ada.press(self.shown, button), ack_type=7)
        _expect(message["id"] == self.shown["id"], f"{button} created a new message")
        self.shown = message
        return message

    def _exchange(self, step: Step, exchange: Exchange, *, ack_type: int) -> dict[str, Any]:
        step.ack_ms, step.ack_type = exchange.ack_ms, exchange.ack_type
        message = exchange.wait()
        step.final_ms, step.message = exchange.final_ms, render(message)
        _expect(exchange.ack_type == ack_type, f"acknowledged with type {exchange.ack_type}, not {ack_type}")
        return message

    def _turn(self, seconds: float, *, most: int = MOST_AT_ONCE) -> None:
        """Turn the clock over the control API, as a user does. `most` is as for `Schedules.turn`."""
        body = json.dumps({"advance_seconds": seconds, "most": most}).encode()
        request = urllib.request.Request(f"{self.sandbox.control_url}/clock", body, method="POST")
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=60) as answer:
            fired = json.load(answer)["fired"]
        _expect(all(run["ok"] for run in fired), f"a schedule failed: {fired}")

    def _all_done(self) -> None:
        _until(lambda: not any(self.sandbox.depths().values()), "the queues are not empty")


def _left_over(sandbox: Sandbox) -> str:
    """What the bot did wrong in Discord's eyes, and what is in the dead letters. Empty if there is nothing."""
    faults = list(sandbox.simulated_discord.faults)
    dead = [f"{depth} in {name}" for name, depth in sandbox.depths().items() if depth and name.endswith("-dead")]
    return "; ".join(faults + dead)


def _expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise WentWrong(otherwise)


def _until(condition: Callable[[], bool], otherwise: str, seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        _expect(time.monotonic() < deadline, f"{otherwise} within {seconds:.0f} s")
        time.sleep(0.02)


def _since(started: float) -> float:
    return (time.monotonic() - started) * 1000


def _shown(step: Step) -> dict[str, Any]:
    """A step for --json. Times have one decimal place, and `problem` is left out if there is none."""
    rounded = {key: round(value, 1) if isinstance(value, float) else value for key, value in asdict(step).items()}
    return rounded if step.problem else {key: value for key, value in rounded.items() if key != "problem"}


def _tell(number: int, step: Step) -> None:
    times = []
    if step.ack_ms is not None:
        kind = f" (type {step.ack_type}: {ACKS[step.ack_type]})" if step.ack_type in ACKS else ""
        times.append(f"acknowledged after {step.ack_ms:.0f} ms{kind}")
    if step.final_ms is not None:
        times.append(f"final message after {step.final_ms:.0f} ms")
    print(f"\n{number}. {step.name}: {', '.join(times)}")
    for line in step.message.splitlines():
        print(f"   {line}".rstrip())
    if step.problem:
        print(f"   FAILED: {step.problem}")
