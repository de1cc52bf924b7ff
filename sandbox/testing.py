"""The testing kit's other half: people who use the whole bot, as deployed, while things go wrong around it.

    with bot() as discord:
        ada = discord.person(permissions="MANAGE_GUILD")
        discord.goes_wrong(503)
        shown = ada.run("status", server="prod")
        assert ada.press(shown, "Refresh").text.startswith("…")

A verb returns when all has come to rest: the queues empty, no function at work. While there is nothing to do but wait
(for a retry, a lease, a visibility timeout) the clock is turned, ever faster: minutes pass in a blink, and a wait may
last up to twice as long as it had to, at most a minute more. Whatever fails inside the
block fails with the whole transcript and the functions' log; so does a block that leaves a message in a queue, in which
a function had a bug or did what Discord refuses, or that announced a fault which nothing met. One sandbox serves all
blocks of a process; each block's people are in the same server and channel, unless it gives them one of its own.
"""

from __future__ import annotations

import atexit
import json
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.discord import Discord, Exchange, Person, components, render
from sandbox.discord.faults import InjectedFault
from sandbox.discord.messages import EPHEMERAL, LOADING
from sandbox.discord.upload import Upload as Upload
from sandbox.discord.world import MEMBER_PERMISSIONS, Channel, Role
from sandbox.logs import Logs
from sandbox.sandbox import Options, Sandbox
from watchbell.discord.permissions import bits

Json = dict[str, Any]

ANSWER = "PATCH /webhooks/*/messages/@original"
"""The call by which a deferred answer is shown."""
FOLLOW_UP = "POST /webhooks/*"
TAKE_AWAY = "DELETE /webhooks/*/messages/@original"
OPEN_DM = "POST /users/@me/channels"
POST = "POST /channels/*/messages"
READ = "GET /channels/*/messages"

REST_SECONDS = 20.0
"""How long, in real time, a verb waits for everything to come to rest."""
_QUIET = 3
"""So many looks in a row must find nobody at work before the clock is turned."""

_NAMES = ("ada", "grace", "edsger", "barbara", "alan", "frances")


@dataclass
class Shown:
    """What came of one act: `messages` are those that the person sees anew or that the act was answered with, oldest
    first, in the channel and in their direct messages; each as Discord holds it."""

    exchange: Exchange
    messages: list[Json]

    @property
    def message(self) -> Json:
        """The one message there is; AssertionError where there are none or more."""
        assert len(self.messages) == 1, f"{len(self.messages)} messages are shown, not one"
        return self.messages[0]

    @property
    def text(self) -> str:
        """All of it as people read it."""
        return "\n\n".join(map(render, self.messages))

    @property
    def private(self) -> bool:
        """Whether only the person sees it."""
        return bool(self.messages) and all(message["flags"] & EPHEMERAL for message in self.messages)

    @property
    def modal(self) -> Json:
        """The form that was opened. Raises NotPossible where none was."""
        return self.exchange.modal


class Actor:
    """A person of the simulated Discord, who can do what Discord's client and their permissions let them: what it would
    not even send raises NotPossible."""

    def __init__(self, block: Block, person: Person) -> None:
        self._block, self.person = block, person

    @property
    def in_dm(self) -> Actor:
        """The same person in the direct messages with the bot."""
        return Actor(self._block, self.person.in_dm)

    def run(self, name: str, /, **options: Any) -> Shown:
        """A slash command: "status", "incident open". An option is given as it is, one that is a person as an Actor, a
        file as an Upload. Where no such command is registered, `target`, an Actor or a message, opens the entry of that
        name in its context menu."""
        given = {key: _plain(value) for key, value in options.items()}
        if given.keys() == {"target"} and not self.person.registered((name.split() or [""])[0]):
            return self._act(lambda: self.person.menu(name, given["target"]))
        return self._act(lambda: self.person.command(name, **given))

    def say(self, content: str, *uploads: Upload) -> Json:
        """A message of the person's own."""
        return self.person.say(content, *uploads)

    def autocomplete(self, name: str, option: str, typed: str = "", /, **options: Any) -> list[Any]:
        """The values that are offered for `option` of the command."""
        given = {key: _plain(value) for key, value in options.items()}
        exchange = self.person.typing(name, option, **given, **{option: typed})
        return [choice["value"] for choice in exchange.choices]

    def press(self, shown: Shown | Json, button: str) -> Shown:
        """The button of that label or custom id."""
        return self._act(lambda: self.person.press(_holding(shown, button), button))

    def choose(self, shown: Shown | Json, select: str, *values: Any) -> Shown:
        """In the select of that placeholder or custom id; Actors in a user select."""
        return self._act(lambda: self.person.choose(_holding(shown, select), select, *map(_plain, values)))

    def submit(self, shown: Shown, /, **fields: Any) -> Shown:
        """The form that `shown` opened, its fields by name."""
        return self._act(
            lambda: self.person.submit(shown.exchange, {key: _plain(value) for key, value in fields.items()})
        )

    def installs(self, *, times: int = 1, at_once: bool = False) -> list[Json]:
        """Installs the bot, which Discord tells it `times` over; returns the direct messages that the person has."""
        self._block.simulated.install(self.person, times=times, at_once=at_once)
        self._block.rest()
        return self._block.simulated.dms(self.person)

    def _act(self, act: Any) -> Shown:
        before = self._seen()
        exchange: Exchange = act()
        assert not exchange.failed, f'{self.person.name} reads "This interaction failed": {exchange.failed}'
        self._block.rest()
        after = self._seen()
        new = [message for id, message in after.items() if id not in before]
        answer = exchange.message
        if answer and answer["id"] not in [message["id"] for message in new]:
            new.insert(0, answer)
        waiting = [message for message in new if message["flags"] & LOADING]
        assert not waiting, f"{self.person.name} is left with {render(waiting[0])!r}"
        return Shown(exchange, new)

    def _seen(self) -> dict[str, Json]:
        here, discord = self.person.messages(), self._block.simulated
        return {message["id"]: message for message in [*here, *discord.dms(self.person)]}


class Block:
    """What `with bot() as discord:` gives. `simulated` and `sandbox` are the simulated Discord and all the rest."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.simulated: Discord = sandbox.simulated_discord
        self._begun = len(self.simulated.transcript), len(self.simulated.faults)
        self._faults: list[InjectedFault] = []
        self._killed: list[int] = []
        sandbox.logs.write("test", "a block begins")

    # People, and what the bot does by itself.

    def person(
        self,
        name: str = "",
        *,
        permissions: int | str | Iterable[str] | None = None,
        locale: str = "en-US",
        channel: Channel | None = None,
    ) -> Actor:
        """Somebody new, or the same for a name that was there. `permissions`: bits, or a name or several of Discord's,
        on top of what every member has; those of a plain member where not given."""
        global _met
        if not name:
            name, _met = f"{_NAMES[_met % len(_NAMES)]}{_met // len(_NAMES) or ''}", _met + 1
        names = (permissions,) if isinstance(permissions, str) else permissions
        if not (names is None or isinstance(names, int)):
            names = MEMBER_PERMISSIONS | bits(*names)
        person = self.simulated.person(name, permissions=names, locale=locale)
        return Actor(self, person.in_channel(channel) if channel else person)

    def role(self, name: str, *held_by: Actor) -> Role:
        """A new role of the server."""
        return self.simulated.role(name, *(actor.person for actor in held_by))

    def file(self, attachment: Json) -> bytes:
        """What lies behind an attachment of a message."""
        return self.simulated.file(attachment)

    def ops(self, *arguments: str) -> str:
        """What `python -m ops` says to whoever runs this bot. Turns the clock by a minute and a second, after which no
        warm function knows an older value."""
        said = self.sandbox.ops(*arguments)
        self.turn(61)
        return said

    def run_schedule(self, name: str) -> None:
        """Today's run of a timed job, now."""
        run = self.sandbox.schedules.run(name)
        assert run.outcome.ok, f"{name} failed: {run.outcome.error}"
        self.rest()

    def digests(self) -> list[Json]:
        """What came through the webhook of the digest, oldest first."""
        return self.simulated.webhook_messages("digest")

    # Time.

    def turn(self, seconds: float) -> None:
        """Turns the clock of everything; what comes due meanwhile happens."""
        self.sandbox.clock.advance(seconds)
        self.sandbox.schedules.catch_up()
        self.rest()

    def rest(self) -> None:
        """Waits until nothing is under way, turning the clock while nobody is at work. AssertionError where that takes
        more than REST_SECONDS of real time, or something landed in the dead letters."""
        deadline, quiet = time.monotonic() + REST_SECONDS, 0
        while True:
            now, later = self.sandbox.under_way()
            idle = not self.sandbox.functions.at_work and not now
            if idle and not later:
                break
            assert time.monotonic() < deadline, f"it does not come to rest: {self.sandbox.depths()}"
            quiet = quiet + 1 if idle else 0
            if quiet >= _QUIET:  # what is in a queue is not to be had yet: let the time pass, ever faster
                self.sandbox.clock.advance(min(2 ** (quiet - _QUIET), 60))
            time.sleep(0.01)
        left = {name: depth for name, depth in self.sandbox.depths().items() if depth}
        assert not left, f"there are dead letters: {left}"

    # Faults. Each befalls the next call that fits, once.

    def goes_wrong(
        self, how: int | str, call: str = ANSWER, *, after: bool = False, wait: float = 1.0, times: int = 1
    ) -> None:
        """The bot's next call of that method and path (`*` fits anything) is answered with this HTTP status, a 429 with
        `wait` seconds to stay away. "silence": no answer comes; the line is cut, which the bot cannot tell from a
        time-out and which costs no 10 seconds. `after`: the call has taken effect all the same."""
        status = None if how == "silence" else int(how)
        self._befall(call, status, after=after, retry_after=wait, times=times)

    def kill(self, function: str = "worker", *, after: str = ANSWER, of_it: bool = True) -> None:
        """The function's process is killed right after that call of its, before it learns that it was done; with
        `of_it=False` right before Discord does it. The default is the first showing of an answer or of its progress;
        FOLLOW_UP, POST and the others stand beside `bot`."""
        functions = self.sandbox.functions
        functions.function(function)  # KeyError, now, where there is none of that name
        self._befall(after, None, after=of_it, then=lambda: self._killed.append(functions.kill(function)))

    def delivers_twice(self, queue: str = "work") -> None:
        """The next message of that queue (work, send) is delivered twice at once."""
        self.sandbox.pollers[queue].deliver_twice()

    def _befall(self, call: str, status: int | None, **more: Any) -> None:
        method, _, path = call.partition(" ")
        self._faults.append(InjectedFault(method, path, status, **more))
        self.simulated.inject(self._faults[-1])

    # The end.

    @property
    def transcript(self) -> str:
        """What happened in this block, as people saw it and as the bot called."""
        return "\n".join(self.simulated.transcript[self._begun[0] :])

    def story(self) -> str:
        """The transcript, and what the functions logged."""
        logged = "\n".join(filter(None, map(short, self._logged())))
        return f"What happened:\n{self.transcript}\n\nWhat the functions logged:\n{logged}"

    def _logged(self) -> list[str]:
        lines = self.sandbox.logs.lines
        begun = max((at for at, line in enumerate(lines) if line.endswith("| a block begins")), default=0)
        return lines[begun + 1 :]

    def close(self) -> None:
        self.rest()
        asked_for = any(fault.status == 400 for fault in self._faults)
        errors = [line for line in self._logged() if _entry(line).get("level") == "ERROR"]
        bugs = [line for line in errors if _is_bug(_entry(line)) and not asked_for]
        assert not bugs, f"the bot has a bug: {'; '.join(map(short, bugs))}"
        held = self.simulated.faults[self._begun[1] :]
        assert not held, f"Discord holds against the bot: {held}"
        unmet = [f"{fault.method} {fault.pattern}" for fault in self._faults if fault.times > 0]
        unmet += [f"two deliveries of {name}" for name, poller in self.sandbox.pollers.items() if poller.twice]
        assert not unmet, f"faults that nothing met: {', '.join(unmet)}"
        assert all(self._killed), "nobody was at work to be killed"

    def tidied(self) -> bool:
        """After a failure: takes back the faults that were not met; whether the next block finds all at rest."""
        self.simulated.clear_injected()
        for poller in self.sandbox.pollers.values():
            poller.forget()
        try:
            self.rest()
        except Exception:  # noqa: BLE001 - whatever it is, the next block is better off with another sandbox
            return False
        return True


_met = 0
_session: dict[Path | None, Sandbox] = {}


@contextmanager
def bot(features: Path | None = None) -> Iterator[Block]:
    """A block with the whole bot in it; the first one starts the sandbox, 3 to 6 seconds, and all others share it.

    `features` is a folder of commands that the bot has besides its own; all blocks with the same folder share a
    sandbox. Better a block in the test than a fixture around it, which does not know how the test ended."""
    block = Block(_started(features))
    try:
        yield block
        block.close()
    except BaseException as error:
        error.add_note(block.story())
        if not block.tidied():
            end()
        raise


def end() -> None:
    """Ends the sandboxes that the blocks share; the next block starts another."""
    while _session:
        _session.popitem()[1].__exit__()


def _started(features: Path | None) -> Sandbox:
    if features not in _session:
        sandbox = Sandbox(Options(one_clock=True, features=features), Logs())
        sandbox.__enter__()
        _session[features] = sandbox
    return _session[features]


atexit.register(end)


def _is_bug(entry: Json) -> bool:
    """Whether an error is of our making: not of a Discord that is unwell, but of one that refuses a body (400)."""
    kind = entry.get("errorType")
    if kind == "DiscordError":
        return ": 400 " in str(entry.get("errorMessage"))
    return kind is not None


def _entry(line: str) -> Json:
    """What a function logged as JSON; {} for another line, and for what libraries say of themselves."""
    try:
        entry = json.loads(line.partition(" | ")[2])
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}


def short(line: str) -> str:
    """A log line without its ids, and of its stack the last place alone; "" for what libraries say of themselves."""
    if line.endswith('"ran": false}'):  # a tick at which nothing was due
        return ""
    entry = _entry(line)
    if not entry:
        return line
    if str(entry.get("logger", "")).startswith("botocore"):
        return ""
    name = line.partition(" | ")[0]
    error = f": {entry['errorType']}: {entry.get('errorMessage')}" if "errorType" in entry else ""
    return f"{name} | {entry.get('level')} {entry.get('message')}{error}{_place(entry)}"


def _place(entry: Json) -> str:
    """Where an error came from: " (tea.py:12 in brew)"."""
    frames = re.findall(r'File "([^"]+)", line (\d+), in (\S+)', "".join(entry.get("stackTrace") or ()))
    return f" ({Path(frames[-1][0]).name}:{frames[-1][1]} in {frames[-1][2]})" if frames else ""


def _plain(value: Any) -> Any:
    """Actors and what is shown as the simulated Discord knows them, in lists too."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Shown):
        return value.message
    return value.person if isinstance(value, Actor) else value


def _holding(shown: Shown | Json, name: str) -> Json:
    """The message with that component: the newest that names it."""
    if not isinstance(shown, Shown):
        return shown
    holding = [message for message in shown.messages if components.called(message["components"], name)]
    assert shown.messages, "nothing is shown, so there is nothing to use"
    return (holding or shown.messages)[-1]
