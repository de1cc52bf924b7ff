"""The second half of the testing kit: people use the whole bot, as it is deployed, while things go wrong around it.

    with bot() as discord:
        ada = discord.person(permissions="MANAGE_GUILD")
        discord.goes_wrong(503)
        shown = ada.run("status", server="prod")
        assert ada.press(shown, "Refresh").text.startswith("…")

A verb returns when nothing is left to do: the queues are empty and no function is running. While the bot only waits
(for a retry, a lease, a visibility timeout), the clock is turned, faster and faster. A wait may then last up to twice
as long as necessary, at most a minute longer.

A block fails if a message is left in a queue, if a function had a bug or did what Discord refuses, or if no call met an
announced fault. Every failure inside a block comes with the whole transcript and the functions' logs.

All blocks of a process share one sandbox. Their people are in the same server and channel, unless a block gives them a
channel of their own.
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
from sandbox.discord.faults import CODES, ODD_BODIES, InjectedFault
from sandbox.discord.limits import SCOPES
from sandbox.discord.messages import EPHEMERAL, LOADING
from sandbox.discord.permissions import MEMBER_PERMISSIONS
from sandbox.discord.upload import Upload as Upload
from sandbox.discord.world import Channel, Guild, Role
from sandbox.logs import Logs
from sandbox.sandbox import QUIET, Options, Sandbox
from sandbox.schedules import MOST_AT_ONCE
from sandbox.targets import Target
from watchbell.adapters.discord import SECONDS
from watchbell.discord.permissions import bits

Json = dict[str, Any]

ANSWER = "PATCH /webhooks/*/messages/@original"
"""The call that shows a deferred answer."""
FOLLOW_UP = "POST /webhooks/*"
TAKE_AWAY = "DELETE /webhooks/*/messages/@original"
OPEN_DM = "POST /users/@me/channels"
POST = "POST /channels/*/messages"
EDIT = "PATCH /channels/*/messages/*"
READ = "GET /channels/*/messages"
CREATE_CHANNEL = "POST /guilds/*/channels"

CLOUDFLARE = "cloudflare"

REST_SECONDS = 90.0
"""How long a verb waits until nothing is left to do, in real time."""

ASLEEP: frozenset[str] = frozenset()
"""Schedules that time alone does not fire in a block that begins. A suite can let the tick sleep where nothing is
watched: then a turn of a day is quick."""

_NAMES = ("ada", "grace", "edsger", "barbara", "alan", "frances")


@dataclass
class Shown:
    """The result of one action.

    `messages` holds the answer and the messages that are new to the person, in the channel and in their direct
    messages. They are Discord's message objects, oldest first.
    """

    exchange: Exchange
    messages: list[Json]

    @property
    def message(self) -> Json:
        """The only message. Raises AssertionError if there is none or more than one."""
        assert len(self.messages) == 1, f"{len(self.messages)} messages are shown, not one"
        return self.messages[0]

    @property
    def text(self) -> str:
        """All messages as people read them."""
        return "\n\n".join(map(render, self.messages))

    @property
    def answers(self) -> Json | None:
        """The message that the only message answers. None if it answers none, or one that was deleted."""
        return self.message.get("referenced_message")

    @property
    def private(self) -> bool:
        """Whether only the person sees it."""
        return bool(self.messages) and all(message["flags"] & EPHEMERAL for message in self.messages)

    @property
    def modal(self) -> Json:
        """The form that was opened. Raises NotPossible if none was."""
        return self.exchange.modal


class Actor:
    """A person in the simulated Discord. What Discord's client does not offer them raises NotPossible."""

    def __init__(self, block: Block, person: Person) -> None:
        self._block, self.person = block, person

    def __str__(self) -> str:
        return str(self.person)

    def __repr__(self) -> str:
        return repr(self.person)

    @property
    def in_dm(self) -> Actor:
        """The same person in the direct messages with the bot."""
        return Actor(self._block, self.person.in_dm)

    def in_channel(self, channel: Channel) -> Actor:
        """The same person in another channel or thread."""
        return Actor(self._block, self.person.in_channel(channel))

    def sees(self, channel: Channel) -> bool:
        """Whether the person sees that channel or thread."""
        return self.person.sees(channel)

    def run(self, name: str, /, **options: Any) -> Shown:
        """Run a slash command: "status", "incident open". People are given as Actors, files as Uploads.

        If no such command is registered and the only option is `target`, an Actor or a message, use the entry of that
        name in its context menu.
        """
        given = {key: _plain(value) for key, value in options.items()}
        if given.keys() == {"target"} and not self.person.registered((name.split() or [""])[0]):
            return self._act(lambda: self.person.menu(name, given["target"]))
        return self._act(lambda: self.person.command(name, **given))

    def say(self, content: str, *uploads: Upload) -> Json:
        """Post a message."""
        return self.person.say(content, *uploads)

    def autocomplete(self, name: str, option: str, typed: str = "", /, **options: Any) -> list[Any]:
        """The values that autocomplete offers for `option` of the command."""
        given = {key: _plain(value) for key, value in options.items()}
        exchange = self.person.typing(name, option, **given, **{option: typed})
        return [choice["value"] for choice in exchange.choices]

    def press(self, shown: Shown | Json, button: str) -> Shown:
        """Press the button with that label or custom id."""
        return self._act(lambda: self.person.press(_holding(shown, button), button))

    def choose(self, shown: Shown | Json, select: str, *values: Any) -> Shown:
        """Choose in the select with that placeholder or custom id. People are given as Actors."""
        return self._act(lambda: self.person.choose(_holding(shown, select), select, *map(_plain, values)))

    def submit(self, shown: Shown, /, **fields: Any) -> Shown:
        """Submit the form that `shown` opened. Its fields are given by name."""
        return self._act(
            lambda: self.person.submit(shown.exchange, {key: _plain(value) for key, value in fields.items()})
        )

    def installs(self, *, times: int = 1, at_once: bool = False) -> list[Json]:
        """Install the bot. Discord sends the event `times` times. Returns the person's direct messages with the bot."""
        self._block.simulated.install(self.person, times=times, at_once=at_once)
        self._block.rest()
        return self._block.simulated.dms(self.person)

    def _act(self, act: Any) -> Shown:
        before = self.seen()
        exchange: Exchange = act()
        assert not exchange.failed, f'{self.person.name} reads "This interaction failed": {exchange.failed}'
        self._block.rest()
        after = self.seen()
        new = [message for id, message in after.items() if id not in before]
        answer = exchange.message
        if answer and answer["id"] not in [message["id"] for message in new]:
            new.insert(0, answer)
        waiting = [message for message in new if message["flags"] & LOADING]
        assert not waiting, f"{self.person.name} is left with {render(waiting[0])!r}"
        return Shown(exchange, new)

    def seen(self) -> dict[str, Json]:
        """The messages that the person sees in the channel and in their direct messages, by id."""
        here, discord = self.person.messages(), self._block.simulated
        return {message["id"]: message for message in [*here, *discord.dms(self.person)]}


class Block:
    """What `with bot() as discord:` gives. `simulated` is the simulated Discord, `sandbox` everything else.

    If it `hurries`, it turns the clock while the bot only waits. Otherwise it waits too.
    """

    def __init__(self, sandbox: Sandbox, *, hurries: bool = True) -> None:
        self.sandbox = sandbox
        self._hurries = hurries and sandbox.options.one_clock
        self.simulated: Discord = sandbox.simulated_discord
        self._begun = len(self.simulated.transcript), len(self.simulated.faults)
        self._faults: list[InjectedFault] = []
        self._killed: list[bool] = []
        self._bot_role = self.simulated.home.bot_role
        self._bot_may = self._bot_role.permissions
        sandbox.logs.write("test", "a block begins")

    # People, and what the bot does on its own.

    def person(
        self,
        name: str = "",
        *,
        permissions: int | str | Iterable[str] | None = None,
        locale: str = "en-US",
        channel: Channel | None = None,
        roles: Iterable[Role] = (),
        guild: Guild | None = None,
    ) -> Actor:
        """A new person, or the same person if the name was used before. In `guild`, or in the server of the block.

        `permissions` is a bit field, or one or more of Discord's names. Names are added to an ordinary member's
        permissions, which are also the default. `roles` are added to the roles that the person has.
        """
        global _met
        if not name:
            name, _met = f"{_NAMES[_met % len(_NAMES)]}{_met // len(_NAMES) or ''}", _met + 1
        names = (permissions,) if isinstance(permissions, str) else permissions
        if not (names is None or isinstance(names, int)):
            names = MEMBER_PERMISSIONS | bits(*names)
        person = self.simulated.person(name, guild or "home", permissions=names, locale=locale)
        for role in roles:
            role.held_by.add(person.id)
        return Actor(self, person.in_channel(channel) if channel else person)

    def bot_may(self, *names: str) -> None:
        """Give the bot's role more permissions, by Discord's names, until the end of the block.

        At first it has those of a bot that posts. It may not manage channels or roles.
        """
        self._bot_role.permissions |= bits(*names)

    def role(self, name: str, *held_by: Actor) -> Role:
        """A new role in the server."""
        return self.simulated.role(name, *(actor.person for actor in held_by))

    def file(self, attachment: Json) -> bytes:
        """The content of an attachment."""
        return self.simulated.file(attachment)

    def ops(self, *arguments: str) -> str:
        """Run `python -m ops` for this bot and return its output.

        Then turn the clock by 61 seconds. After that, no warm function remembers an older value.
        """
        said = self.sandbox.ops(*arguments)
        self.turn(61)
        return said

    def target(self, name: str) -> Target:
        """A made-up target for monitors: `shop.url`, `.https` and `.tcp` are its addresses, `.asked` counts.

        `shop.set("503")` changes what it does, see `sandbox.targets.WORDS`. It is up at first. The other blocks of the
        process see the same target under this name.
        """
        return self.sandbox.targets.target(name)

    def run_schedule(self, name: str) -> None:
        """Run a schedule now, for today or for the current slot."""
        run = self.sandbox.schedules.run(name)
        assert run.outcome.ok, f"{name} failed: {run.outcome.error}"
        self.rest()

    def aws_event(self, event: Json) -> None:
        """Give an event to the targets of the rules that match it. What AWS adds to an event may be left out."""
        deliveries = self.sandbox.events.put(event)
        assert deliveries, f"no rule of the template matches {event}"
        failed = [f"{each.rule.function} failed: {each.outcome.error}" for each in deliveries if not each.outcome.ok]
        assert not failed, "; ".join(failed)
        self.rest()

    def notify(self, detail: Json, *, source: str = "backup") -> list[tuple[str, Json]]:
        """Put a notification on the bus, as another system of the account does.

        Return the dead letters that it left: each is the code of the reason, and the event. They are taken out.
        """
        entry = {"Source": source, "DetailType": "notification", "Detail": json.dumps(detail)}
        answer = self.sandbox.aws.events.put_events(Entries=[{**entry, "EventBusName": self.sandbox.bus}])
        assert not answer["FailedEntryCount"], answer["Entries"]
        self.sandbox.settle()
        letters = self.sandbox.take_letters("event-dead")
        self.rest()
        return [(letter["attributes"]["ERROR_CODE"], letter["body"]) for letter in letters]

    def digests(self) -> list[Json]:
        """The digests in the webhook's channel, oldest first."""
        return self.simulated.webhook_messages("digest")

    # Time.

    def turn(self, seconds: float = 0.0, *, minutes: float = 0.0, most: int = MOST_AT_ONCE) -> None:
        """Turn the clock of everything, from one thing that comes due to the next.

        Each occurrence of a schedule is fired at its time, and the work that it causes is done before the next one.
        If a schedule has more than `most` occurrences, the earlier ones are left out: `most=1` is quick, as if the bot
        had been switched off meanwhile. Returns when the queues are empty.
        """
        self.sandbox.schedules.turn(seconds + 60 * minutes, most)
        self.rest()

    def rest(self) -> None:
        """Wait until nothing is left to do. While no function is running, turn the clock, if this block hurries.

        Raises AssertionError if that takes more than REST_SECONDS of real time, or if there are dead letters.
        """
        deadline, quiet = time.monotonic() + REST_SECONDS, 0
        while True:
            idle, done = self.sandbox.rests()
            if done:
                break
            assert time.monotonic() < deadline, f"the bot does not come to rest: {self.sandbox.depths()}"
            quiet = quiet + 1 if idle else 0
            if quiet >= QUIET and self._hurries:
                # The messages are not visible yet: turn the clock, faster and faster.
                self.sandbox.clock.advance(min(2 ** (quiet - QUIET), 60))
            time.sleep(0.01)
        left = {name: depth for name, depth in self.sandbox.depths().items() if depth}
        assert not left, f"there are dead letters: {left}"

    # Faults. Each one affects the next matching call, once.

    def goes_wrong(
        self,
        how: int | str = "",
        call: str = ANSWER,
        *,
        code: int = 0,
        body: str = "",
        cut: bool = False,
        after: bool = False,
        wait: float = 1.0,
        scope: str = "",
        times: int = 1,
    ) -> None:
        """Discord answers the bot's next matching call with this HTTP status, and `code` in its JSON.

        Without a status, the answer has the status and the message that Discord gives with `code`. ValueError if that
        is not one of the CODES in `sandbox.discord.faults`.
        `call` is a method and a path, and `*` matches anything. A 429 asks the bot to wait for `wait` seconds, which
        may be 0, negative, NaN or infinite. It has the headers of its `scope`, which is "user" by default: "user" is
        one route, "global" all routes, and "shared" what others use too. "cloudflare" is a 429 without Discord's
        headers and JSON. "silence" cuts the connection, which to the bot looks like a time-out but does not take
        10 seconds. `body` is the name of an odd body: html, nothing, list, deep, and the others in
        `sandbox.discord.faults`. With `cut`, the connection ends after half of the body. With `after`, the call takes
        effect all the same.
        """
        if how == "" and code not in CODES:
            raise ValueError(f"code={code} is not one of {', '.join(map(str, CODES))}: give its HTTP status too")
        status = None if how == "silence" else int(how or CODES[code][0])
        if scope and (status != 429 or scope not in (*SCOPES, CLOUDFLARE)):
            raise ValueError(f"scope={scope!r} is not for a {status}: a 429 has {', '.join(SCOPES)} or {CLOUDFLARE}")
        odd: Json = {"body": ODD_BODIES[body]} if body else {}
        odd |= {"headerless": True} if scope == CLOUDFLARE else {"scope": scope or "user"}
        self._inject(call, status, code=code, after=after, retry_after=wait, times=times, cut=cut, **odd)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Discord answers every call of the bot with a 503 until the end of this `with` block."""
        self.simulated.inject(InjectedFault("*", "*", 503, times=1_000_000))
        yield
        self.simulated.clear_injected()

    def kill(self, function: str = "worker", *, after: str = ANSWER, of_it: bool = True) -> None:
        """Kill the function's process right after its call `after` took effect, before it gets the response.

        Only the process that made the call is killed: the same call by another function does not count, and other
        processes of the function go on. With `of_it=False`, kill it right before the call takes effect. The default
        call is the first one that shows an answer or its progress. FOLLOW_UP, POST and the others are in this module.
        """
        functions = self.sandbox.functions
        functions.function(function)  # KeyError, now, if there is no such function
        self._inject(
            after,
            None,
            after=of_it,
            whose=lambda port: functions.is_calling(function, port),
            then=lambda port: self._killed.append(functions.kill(function, port)),
        )

    def is_slow(self, seconds: float, call: str = ANSWER, *, after: bool = False, times: int = 1) -> None:
        """Discord takes `seconds` for the bot's next matching call, and then answers as usual.

        The clock of everything is turned, so no real time passes. With `after`, the call takes effect at once and only
        its answer is late. ValueError if the bot would not wait that long: write `goes_wrong("silence")` then.
        """
        longest = SECONDS[1]
        if not 0 < seconds < longest:
            raise ValueError(f"the bot waits less than {longest} seconds for an answer, not {seconds}")
        turn = self.sandbox.clock.advance
        self._inject(call, None, after=after, times=times, fails=False, then=lambda port: turn(seconds))

    def acknowledges_late(self, seconds: float) -> None:
        """Discord does not know the token of an interaction until so many seconds after its acknowledgement.

        Until then it answers 404 with code 10015. This holds until the end of the block.
        """
        self.simulated.state.interactions.known_after = seconds

    def table_fails(self, action: str, row: str, *, after: bool = False, times: int = 1) -> None:
        """DynamoDB answers the bot's next `action` on a row whose keys contain `row` with a 500.

        With `after`, the call takes effect, but its answer is lost: `table_fails("UpdateItem", "lock#", after=True)`.
        """
        self.sandbox.aws.table_faults("POST", action=action, text=row, after=after, times=times)

    def delivers_twice(self, queue: str = "work") -> None:
        """The queue (work, send) delivers its next message twice at the same time."""
        self.sandbox.pollers[queue].deliver_twice()

    def _inject(self, call: str, status: int | None, **more: Any) -> None:
        method, _, path = call.partition(" ")
        self._faults.append(InjectedFault(method, path, status, **more))
        self.simulated.inject(self._faults[-1])

    # The end.

    @property
    def transcript(self) -> str:
        """What happened in this block: what people did and saw, and the bot's calls."""
        return "\n".join(self.simulated.transcript[self._begun[0] :])

    def story(self) -> str:
        """The transcript and the functions' logs."""
        logged = "\n".join(filter(None, map(short, self._logged())))
        return f"What happened:\n{self.transcript}\n\nWhat the functions logged:\n{logged}"

    def _logged(self) -> list[str]:
        lines = self.sandbox.logs.lines
        begun = max((at for at, line in enumerate(lines) if line.endswith("| a block begins")), default=0)
        return lines[begun + 1 :]

    def close(self) -> None:
        self.rest()
        asked_for = any(fault.status == 400 for fault in self._faults)
        errors = [line for line in self._logged() if _entry(line).get("level") == "ERROR" or "error" in _entry(line)]
        bugs = [line for line in errors if _is_bug(_entry(line), asked_for)]
        assert not bugs, f"the bot has a bug: {'; '.join(map(short, bugs))}"
        held = self.simulated.faults[self._begun[1] :]
        assert not held, f"the bot did what Discord refuses or ignores: {held}"
        unmet = [f"{fault.method} {fault.pattern}" for fault in self._faults if fault.times > 0]
        unmet += ["a failure of a table"] * self.sandbox.aws.table_faults()
        unmet += [f"two deliveries of {name}" for name, poller in self.sandbox.pollers.items() if poller.twice]
        assert not unmet, f"faults that nothing met: {', '.join(unmet)}"
        assert all(self._killed), "no function was running when it should have been killed"
        self._bot_role.permissions = self._bot_may
        self.acknowledges_late(0)

    def tidied(self) -> bool:
        """After a failure, drop the pending faults. Returns whether the next block can use this sandbox."""
        self.simulated.clear_injected()
        self._bot_role.permissions = self._bot_may
        self.acknowledges_late(0)
        self.sandbox.aws.table_faults("DELETE")
        for poller in self.sandbox.pollers.values():
            poller.deliver_once()
        try:
            self.rest()
        except Exception:  # noqa: BLE001 - after any failure, the next block needs another sandbox
            return False
        return True


_met = 0
_session: dict[Path | None, Sandbox] = {}


@contextmanager
def bot(features: Path | None = None) -> Iterator[Block]:
    """A block with the whole bot. The first block starts the sandbox, which takes 3 to 6 seconds. The others share it.

    `features` is a folder of commands to add to the bot. All blocks with the same folder share a sandbox.
    Use a block in each test, not a fixture: a fixture does not know whether the test failed.
    """
    block = Block(_started(features))
    block.sandbox.schedules.asleep = ASLEEP
    try:
        yield block
        block.close()
    except BaseException as error:
        error.add_note(block.story())
        if not block.tidied():
            end()
        raise


def end() -> None:
    """Stop the shared sandboxes. The next block starts a new one."""
    while _session:
        _session.popitem()[1].__exit__()


def _started(features: Path | None) -> Sandbox:
    if features not in _session:
        sandbox = Sandbox(Options(one_clock=True, features=features), Logs())
        sandbox.__enter__()
        _session[features] = sandbox
    return _session[features]


atexit.register(end)


def _is_bug(entry: Json, asked_for: bool) -> bool:
    """Whether an error is a bug. A Discord that refuses a body (400) points to a bug; one that fails does not.

    `asked_for`: the test made Discord refuse a body, so that is no bug.
    """
    kind = entry.get("errorType", entry.get("error"))  # the second one if the message will be tried again
    if kind == "DiscordError":
        return not asked_for and ": 400 " in str(entry.get("errorMessage", entry.get("message")))
    return kind is not None


def _entry(line: str) -> Json:
    """The JSON that a function logged, or {} if the line is not JSON."""
    try:
        entry = json.loads(line.partition(" | ")[2])
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}


def short(line: str) -> str:
    """A log line without its ids and with only the last place of its stack. "" for a line that says nothing new."""
    if line.endswith('"ran": false}'):  # a tick when nothing was due
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
    """Actors and Shown as the simulated Discord knows them, also inside lists."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Shown):
        return value.message
    return value.person if isinstance(value, Actor) else value


def _holding(shown: Shown | Json, name: str) -> Json:
    """The newest message with that component."""
    if not isinstance(shown, Shown):
        return shown
    holding = [message for message in shown.messages if components.called(message["components"], name)]
    assert shown.messages, "no message is shown, so there is nothing to use"
    return (holding or shown.messages)[-1]
