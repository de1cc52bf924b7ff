"""`python -m sandbox play`: you use the whole bot from the keyboard, one line per action."""

from __future__ import annotations

import re
import shlex
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from sandbox.aws.custom_resources import DeployFailed
from sandbox.control import FURTHEST
from sandbox.discord import EndpointRefused, NotPossible, commands, components, render
from sandbox.discord.faults import ODD_BODIES
from sandbox.discord.inputs import ATTACHMENTS, CHANNELS, RESOLVED_OPTIONS, ROLES, USERS, prefilled
from sandbox.discord.upload import Upload
from sandbox.discord.validation import Json
from sandbox.logs import Logs
from sandbox.sandbox import Options, Sandbox
from sandbox.targets import NAME, parse
from sandbox.template import TemplateError
from sandbox.testing import Actor, Block, Shown, short
from watchbell.errors import DefinitionError

HELP = """\
/status server:prod          run a command; "/shelf box find title:Emma" runs a subcommand
type /status server:pr       see what autocomplete offers for an option
press Refresh                press a button, on the newest message that has one with this label
choose "Where?" garden       choose in a select
submit name:Ada why:"…"      submit the open form; name its fields by label or name
menu "Report message"        use the context menu of the last message; `menu "Page user" @bob` of a person
say Hello                    post a message of your own
as bob MANAGE_GUILD &crew    become somebody else, with these permissions in addition to a member's, and these roles
in #garden                   go to another channel of the server; it is created if there is none
dm, server                   go to the direct messages with the bot, and back to the first server
install "Ada's shop"         add the bot to a new server that you manage, and go there; `server "Ada's shop"` goes back
turn 3600                    let this many seconds pass, and see what was posted here meanwhile
target shop 503              make a target for monitors, or change what it does, and see its addresses
fail 404 html                answer the bot's next call this way; also `fail 503`, `fail 429 nan`, `fail silence`
fail code 50013              answer it with this error code of Discord
slow 8                       take this many seconds for the bot's next call, and then answer as usual
ops flags beta on            run `python -m ops …` for this bot; `ops ranks server &crew=responder`
log                          see what the functions logged since the last `log`
quit
Write people as @bob, roles as &crew, channels as #garden, and files as their path."""

_KINDS = {"@": USERS, "&": ROLES, "#": CHANNELS}


class Console:
    """Executes lines for the current person, `me`."""

    def __init__(self, sandbox: Sandbox, name: str = "ada", *, hurries: bool = True) -> None:
        self.block = Block(sandbox, hurries=hurries)
        self._guild = self.block.simulated.home
        self.me: Actor = self.block.person(name)
        self.shown: Shown | Json | None = None
        self._read = 0

    @property
    def prompt(self) -> str:
        place = "DM" if self.me.person.guild is None else self.me.person.channel
        return f"{self.me.person.name} in {place}> "

    def do(self, line: str) -> str:
        """Execute one line and return what it shows.

        Raises NotPossible for what Discord does not offer, ValueError for a line that makes no sense, AssertionError
        if the bot did something wrong.
        """
        if line.startswith("/"):
            name, options = self._command(shlex.split(line[1:]))
            return self._see(self.me.run(name, **options))
        verb, *words = shlex.split(line) or [""]
        if verb not in _VERBS:
            raise ValueError(f"{verb!r} is not one of {', '.join(_VERBS)}, and commands start with /; try help")
        return str(_VERBS[verb](self, words))

    def help(self, words: list[str]) -> str:
        return HELP

    def type(self, words: list[str]) -> str:
        name, options = self._command([word.removeprefix("/") for word in words])
        if not options:
            raise ValueError("name an option: `type /status server:pr`")
        *given, focused = options
        more = {each: options[each] for each in given}
        return "\n".join(map(str, self.me.autocomplete(name, focused, str(options[focused]), **more))) or "(nothing)"

    def press(self, words: list[str]) -> str:
        button = " ".join(words)
        return self._see(self.me.press(self._with(button), button))

    def choose(self, words: list[str]) -> str:
        if len(words) < 2:
            raise ValueError('name a select and what to choose in it: `choose "Where?" garden`')
        select, *values = words
        return self._see(self.me.choose(self._with(select), select, *map(self._thing, values)))

    def submit(self, words: list[str]) -> str:
        last = self._last()
        if not isinstance(last, Shown):
            raise ValueError("no form is open")
        fields = dict(self._fields(last.modal))
        given: dict[str, Any] = {}
        for name, text in self._pairs(words):
            if name not in fields:
                raise NotPossible(f"the form has no field {name!r}; it has {', '.join(fields)}")
            component = fields[name]
            value = _boolean(text) if component["type"] == components.CHECKBOX else self._thing(text)
            before = given.get(component["custom_id"])
            given[component["custom_id"]] = value if before is None else [*_listed(before), value]
        return self._see(self.me.submit(last, **given))

    def menu(self, words: list[str]) -> str:
        if not words:
            raise ValueError('name an entry: `menu "Report message"`')
        target = self._thing(words[1]) if len(words) > 1 else self._last()
        return self._see(self.me.run(words[0], target=target))

    def say(self, words: list[str]) -> str:
        self.shown = self.me.say(" ".join(words))
        return "(said)"

    def become(self, words: list[str]) -> str:
        if not words:
            raise ValueError("name a person: `as bob MANAGE_GUILD`")
        name, *more = words
        roles = [self._thing(word) for word in more if word[:1] == "&"]
        here = self.me.person.channel if self.me.person.guild else None
        try:
            permissions = [word for word in more if word[:1] != "&"] or None
            name = name.removeprefix("@")
            self.me = self.block.person(name, permissions=permissions, channel=here, roles=roles, guild=self._guild)
        except DefinitionError as problem:
            raise ValueError(str(problem)) from None
        return f"(you are {self.me.person.name})"

    def enter(self, words: list[str]) -> str:
        if len(words) != 1 or words[0][:1] != "#" or len(words[0]) < 2:
            raise ValueError("name a channel: `in #garden`")
        self.me = self.block.person(self.me.person.name, channel=self._thing(words[0]), guild=self._guild)
        return f"(in {self.me.person.channel})"

    def dm(self, words: list[str]) -> str:
        self.me = self.me.in_dm
        return "(in the direct messages with the bot)"

    def server(self, words: list[str]) -> str:
        guilds = self.block.simulated.state.world.guilds.values()
        name = " ".join(words) or self.block.simulated.home.name
        found = next((guild for guild in guilds if guild.name == name and self.me.person.id in guild.members), None)
        if found is None:
            raise ValueError(f"you are in no server {name!r}; `install` makes a new one")
        self._guild = found
        self.me = self.block.person(self.me.person.name, guild=found)
        return f"(in {self.me.person.channel})"

    def install(self, words: list[str]) -> str:
        if not words:
            raise ValueError('name the new server: `install "Ada\'s shop"`')
        discord = self.block.simulated
        self._guild = discord.guild(" ".join(words), has_bot=False)
        self.me = self.block.person(self.me.person.name, permissions="MANAGE_GUILD", guild=self._guild)
        before = self.me.seen()
        discord.install(self.me.person, self._guild)
        self.block.rest()
        new = [render(message) for id, message in self.me.seen().items() if id not in before]
        return "\n\n".join([f"(the bot is in {self._guild.name}, which you manage)", *new])

    def turn(self, words: list[str]) -> str:
        try:
            seconds = float(words[0])
        except (IndexError, ValueError):
            seconds = -1.0
        if not 0 <= seconds <= FURTHEST:
            raise ValueError(f"give a number of seconds, at most {FURTHEST}: `turn 3600`")
        before = self.me.seen()
        self.block.turn(seconds)
        new = [render(message) for id, message in self.me.seen().items() if id not in before]
        return "\n\n".join(["(the time has passed)", *new])

    def target(self, words: list[str]) -> str:
        if not words or not re.fullmatch(NAME, words[0]):
            raise ValueError("name a target, and what it does from now on: `target shop 503`")
        name, *script = words
        parse(" ".join(script))  # no target is made for a script that makes no sense
        target = self.block.target(name)
        if script:
            target.set(" ".join(script))
        return f"{target.url} (also {target.https} and {target.tcp})"

    def fail(self, words: list[str]) -> str:
        how, *more = words or [""]
        if how == "code":
            if len(more) != 1 or not more[0].isdecimal():
                raise ValueError("give an error code of Discord: `fail code 50013`")
            self.block.goes_wrong(call="* *", code=int(more[0]))
            return "(the bot's next call fails)"
        odd = more[0] if more and more[0] in ODD_BODIES else ""
        try:
            wait = _number(more[0]) if more and not odd else 1.0
            if len(more) > 1 or (how != "silence" and not 200 <= int(how) <= 599):
                raise ValueError
        except ValueError:
            raise ValueError(
                "give a status from 200 to 599 or `silence`, and after it one of "
                f"{', '.join(ODD_BODIES)}, or the seconds that a 429 asks for: `fail 404 html`, `fail 429 nan`"
            ) from None
        self.block.goes_wrong(how, "* *", body=odd, wait=wait, after=how.startswith("2"))
        return "(the bot's next call fails)"

    def slow(self, words: list[str]) -> str:
        if len(words) != 1:
            raise ValueError("give a number of seconds: `slow 8`")
        self.block.is_slow(_number(words[0]), "* *")
        return "(the bot's next call is slow)"

    def ops(self, words: list[str]) -> str:
        try:
            return self.block.ops(*map(self._id, words)).rstrip()
        except RuntimeError as problem:
            raise ValueError(str(problem).rstrip()) from None

    def log(self, words: list[str]) -> str:
        lines = self.block.sandbox.logs.lines
        new, self._read = lines[self._read :], len(lines)
        return "\n".join(filter(None, map(short, new))) or "(nothing)"

    def _id(self, word: str) -> str:
        """`server`, @bob, &crew, #garden or &crew=responder with its id. Other words stay as they are."""
        name, sign, rest = word.partition("=")
        thing = self._guild if name == "server" else self._thing(name) if name[:1] in _KINDS else name
        thing = thing.person if isinstance(thing, Actor) else thing
        return f"{getattr(thing, 'id', thing)}{sign}{rest}"

    def _see(self, shown: Shown) -> str:
        self.shown = shown
        if shown.exchange.ack_type == 9:
            fields = (self._field(label) for label in shown.modal["components"])
            return "\n".join([f"A form opens, {shown.modal['title']!r}:", *fields])
        return shown.text or "(nothing is shown)"

    def _with(self, name: str) -> Json:
        """The newest message here with a button or select of that name. Without one, the newest message."""
        here = self.me.person.messages()
        if not here:
            raise ValueError("there is no message here yet")
        return next((each for each in reversed(here) if components.called(each["components"], name)), here[-1])

    def _last(self) -> Shown | Json:
        if self.shown is None:
            raise ValueError("there is no message yet")
        return self.shown

    def _command(self, words: list[str]) -> tuple[str, dict[str, Any]]:
        """The command's name with its subcommands, and its options with values of their types."""
        level: list[Json] = []
        path: list[str] = []
        while words and not ({":", "="} & set(words[0])):
            path.append(words.pop(0))
            found = self.me.person.registered(path[0]) if len(path) == 1 else _named(level, path[-1])
            level = (found or {}).get("options", [])
        options = {name: self._option(_named(level, name) or {}, text) for name, text in self._pairs(words)}
        return " ".join(path), options

    def _option(self, declared: Json, text: str) -> Any:
        kind = declared.get("type")
        for choice in declared.get("choices", ()):
            if choice["name"] == text:
                return choice["value"]
        if kind == commands.BOOLEAN:
            return _boolean(text)
        if kind in (commands.INTEGER, commands.NUMBER):
            return _number(text)
        return (
            self._thing(text, ATTACHMENTS in RESOLVED_OPTIONS.get(kind or 0, ())) if kind in RESOLVED_OPTIONS else text
        )

    def _thing(self, text: str, file: bool = False) -> Any:
        """The person, role or channel in @bob, &crew or #garden, created if it does not exist; or a path's file."""
        discord, name = self.block.simulated, text[1:]
        match _KINDS.get(text[:1]) if name else None:
            case "users":
                return self.block.person(name, guild=self._guild)
            case "roles":
                held = self._guild.roles.values()
                return next((role for role in held if role.name == name), None) or discord.role(name, guild=self._guild)
            case "channels":
                there = (channel for channel in discord.channels(self._guild) if channel.name == name)
                return next(there, None) or discord.channel(name, self._guild)
        if file or Path(text).is_file():
            try:
                return Upload(Path(text).name, Path(text).read_bytes())
            except OSError as problem:
                raise ValueError(f"{text}: {problem.strerror}") from None
        return text

    def _field(self, label: Json) -> str:
        """One part of a form as it is shown: a field with its name, its choices and what is filled in, or a text."""
        field = label.get("component")
        if field is None:
            return f"  {label.get('content', '')}"
        offered = ", ".join(option["value"] for option in field.get("options", ()))
        known = "; ".join(filter(None, [offered, "" if field.get("required", True) else "optional"]))
        shown = f"  {field['custom_id']}: {label['label']}" + (f" ({known})" if known else "")
        filled = ", ".join(str(self.me.person.known(value)) for value in prefilled(field))
        return f"{shown} = {filled}" if filled else shown

    def _fields(self, modal: Json) -> Iterator[tuple[str, Json]]:
        """The fields of a form, once by custom id and once by label."""
        for label in modal["components"]:
            if field := label.get("component"):
                yield field["custom_id"], field
                yield label["label"], field

    def _pairs(self, words: list[str]) -> Iterator[tuple[str, str]]:
        for word in words:
            at = min((word.index(sign) for sign in ":=" if sign in word), default=0)
            if not at:
                raise ValueError(f"{word!r} is not name:value")
            yield word[:at], word[at + 1 :]


_VERBS = {
    **{name: getattr(Console, name) for name in ("help", "type", "press", "choose", "submit", "menu", "say")},
    **{
        **{"as": Console.become, "in": Console.enter},
        **{
            name: getattr(Console, name)
            for name in ("dm", "server", "install", "turn", "target", "fail", "slow", "ops", "log")
        },
    },
}


class People:
    """Acts as anybody: each name has a Console of its own, with its own place, last message and open form.

    Nobody turns the clock but by `turn`.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._consoles: dict[str, tuple[Console, threading.Lock]] = {}
        self._lock = threading.Lock()

    def __call__(self, name: str, line: str) -> str:
        """Execute one line as that person and return what it shows. People can act at the same time.

        Raises ValueError for a line that makes no sense or that Discord does not offer, AssertionError if the bot did
        something wrong.
        """
        if not re.fullmatch(r"[a-z0-9_.]{2,32}", name):
            raise ValueError(f"{name!r} is no user name: it needs 2 to 32 of a-z, 0-9, _ and .")
        word, _, rest = line.partition(" ")
        if word == "as" and rest.split()[:1] not in ([name], [f"@{name}"]):
            raise ValueError(f"this is {name}: each person has a URL of their own")
        with self._lock:
            if name not in self._consoles:
                self._consoles[name] = Console(self._sandbox, name, hurries=False), threading.Lock()
            console, lock = self._consoles[name]
        with lock:
            try:
                return console.do(line)
            except NotPossible as problem:
                raise ValueError(str(problem)) from None


def play(lines: TextIO = sys.stdin) -> int:
    """Execute `lines` until they end. Returns 1 if the bot did not start or a line of a script failed, otherwise 0."""
    try:
        with Sandbox(Options(one_clock=True), Logs()) as sandbox:
            console = Console(sandbox)
            console.do("as ada MANAGE_GUILD")  # to set the bot up is the first thing that anybody does
            return _play(console, lines, typed=lines.isatty())
    except (OSError, DeployFailed, EndpointRefused, TemplateError, RuntimeError) as error:
        print(f"The sandbox did not start: {error}", file=sys.stderr)
        return 1


def _play(console: Console, lines: TextIO, *, typed: bool) -> int:
    failed = False
    if typed:
        import readline  # noqa: F401 - gives `input` arrow keys and a history

        print("You are ada, who manages a server with the bot. `as bob` makes you an ordinary member.")
        print('Begin with `/setup`, or with `install "Ada\'s shop"`. `help` shows what else you can do.')
    while (line := _next(lines, console.prompt, typed)) is not None and line != "quit":
        try:
            print(console.do(line) if line else "")
        except (NotPossible, ValueError, AssertionError) as problem:
            failed = True
            print(f"! {problem}")
    return int(failed and not typed)


def _next(lines: TextIO, prompt: str, typed: bool) -> str | None:
    if typed:
        try:
            return input(prompt).strip()
        except EOFError:
            return None
    line = lines.readline()
    if line:
        print(f"\n{prompt}{line.strip()}")
    return line.strip() if line else None


def _named(level: list[Json], name: str) -> Json | None:
    return next((each for each in level if each["name"] == name), None)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false", "yes", "no"):
        raise ValueError(f"{text!r} is not true or false")
    return text.lower() in ("true", "yes")


def _number(text: str) -> int | float:
    try:
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None
