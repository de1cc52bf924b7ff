"""The whole sandbox: starts AWS, the functions, the APIs, the schedules and Discord, and connects them."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from nacl.signing import SigningKey

from sandbox.authority import Authority
from sandbox.aws.custom_resources import DeployFailed, run_custom_resources
from sandbox.aws.gateway import Gateway
from sandbox.aws.lambda_service import LAYER, ROOT, LambdaService
from sandbox.aws.pollers import Poller
from sandbox.aws.services import Aws
from sandbox.children import Children
from sandbox.clock import Clock
from sandbox.control import Control
from sandbox.discord import Discord
from sandbox.events import Events
from sandbox.logs import Logs
from sandbox.loopback import HOST, Request, Response, Server
from sandbox.resigning import Resigner
from sandbox.schedules import Schedules
from sandbox.status_source import StatusSources, with_permission
from sandbox.targets import Targets
from sandbox.template import REGION, SNAPSHOT, Template
from watchbell.adapters.parameters import is_secret
from watchbell.data.tables import MONITOR_LIMITS
from watchbell.discord import webhook

REGISTRATION_SECONDS = 4.0
SETTLE_SECONDS = 60.0
"""How long a turn of the clock waits after each occurrence of a schedule for the work that it caused."""
QUIET = 3
"""How many checks in a row must find no function running before the bot counts as idle."""
START = Path(__file__).parent / "function_start"
"""A folder for a process's Python path. The file in it changes how the process starts."""

Started = TypeVar("Started")


@dataclass(frozen=True)
class Options:
    """How to start the sandbox.

    `port` is the API's; 0 takes a free one. Without a `discord_url`, Discord is simulated. `status_sources` maps names
    to URLs; without any, there are two made-up ones, `prod` and `staging`. With `leaky`, the simulated Discord's rate
    limits for new messages refill bit by bit.
    With `one_clock`, the functions, the queues and Discord's signatures follow the sandbox's clock too. Then turning
    it makes buttons expire and leases end. Whoever has one of the `public_keys` still signs on real time. `features`
    is a folder of commands to add to the catalogue, for tests; its folder `schedules` holds schedules to add.
    `template` is the file that says what AWS must hold.
    """

    port: int = 0
    application_id: str = "1000000000000000001"
    bot_token: str = "sandbox-bot-token"  # noqa: S105  it is not a secret
    public_keys: Sequence[str] = ()
    discord_url: str = ""
    status_sources: Mapping[str, str] = field(default_factory=dict)
    leaky: bool = False
    one_clock: bool = False
    features: Path | None = None
    template: Path = SNAPSHOT


class Sandbox:
    """Starts everything at the start of its `with` block, on 127.0.0.1 only, and stops everything at the end.

    `people` makes what the control API needs so that somebody can act as a person: see `Control`.

    Raises OSError if the port is in use. Raises TemplateError, DeployFailed, EndpointRefused or RuntimeError, with the
    reason, if a part does not start.
    """

    def __init__(
        self, options: Options, logs: Logs, people: Callable[[Sandbox], Callable[[str, str], str]] | None = None
    ) -> None:
        self.options, self.logs, self._people = options, logs, people
        self._running = ExitStack()
        self._clock_environment: dict[str, str] = {}  # the environment that makes a process follow the clock
        self._features_environment = {"SANDBOX_FEATURES": str(options.features.resolve())} if options.features else {}
        self.clock = self._start_clock() if options.one_clock else Clock()
        self._resigner = Resigner(options.public_keys, self.clock)
        self.discord: Discord | None = None
        self.pollers: dict[str, Poller] = {}
        self._up = threading.Event()

    def __enter__(self) -> Sandbox:
        try:
            self._start()
        except BaseException:
            self._running.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def _start(self) -> None:
        self._template = template = Template.read(self.options.template)
        # Listen first, so that a port in use is reported at once. Requests wait until everything is up.
        api = Server(self._answer, port=self.options.port)
        self._running.callback(api.stop)
        self.interactions_url, self.events_url = f"{api.url}/interactions", f"{api.url}/events"

        children = Children()
        self._running.callback(children.stop)
        self.aws = Aws(children, self.logs, self._clock_environment)
        self._start_discord(api.port)
        self._start_sources()

        self.aws.wait()
        template.url, template.parameter = self.aws.url, self.aws.parameter
        # The bot refuses to check its own API. Under another name, it may still check the made-up targets.
        template.api_url = api.url.replace(HOST, "localhost")
        with ThreadPoolExecutor() as together:
            made = [together.submit(self.aws.create, template)]
            made += [together.submit(self.put, name, value) for name, value in self._parameters().items()]
        for part in made:
            part.result()
        if self.discord:
            self._allow_everything(self.discord.home.id)

        self._queues = {template.short(queue.name): queue for queue in template.queues()}
        environment = {
            **{"AWS_ENDPOINT_URL": self.aws.url, "DISCORD_URL": self.discord_url},
            **{"PYTHONPATH": str(START), "SANDBOX_AUTHORITIES": str(self._authority.trusted)},
            **{**self._clock_environment, **self._features_environment},
        }
        now = self.clock.now if self._clock_environment else time.time
        self.functions = LambdaService(template.functions(), environment, children, self.logs, now=now)
        self._running.callback(self.functions.stop)
        self._gateway = Gateway(
            template.routes(), partial(self.functions.invoke, held=False), template.throttles(), now
        )
        for source in template.event_sources():
            poller = Poller(source, self.aws, self.functions.invoke, self.logs)
            self.pollers[template.short(source.queue.name)] = poller
            self._running.callback(poller.stop)
        self.schedules = Schedules(
            template.schedules(),
            self.clock,
            self.functions.invoke,
            self.functions.function,
            self.aws.send,
            self.logs,
            self.settle,
        )
        self._running.callback(self.schedules.stop)
        self.events = Events(template.rules(), self.schedules.deliver, self.aws.send, self.clock.now)
        self._start_control(api.port)
        self._up.set()
        if self.discord:
            self._register()
        else:  # the other Discord may be slow or need the URLs first, so wait only for a moment
            registration = threading.Thread(target=self._register, name="registration", daemon=True)
            registration.start()
            registration.join(REGISTRATION_SECONDS)
        self.schedules.start()

    def ready_line(self) -> dict[str, Any]:
        return {
            "ready": True,
            "interactions": self.interactions_url,
            "events": self.events_url,
            "discord": self.discord_url,
            "control": self.control_url,
            "aws": self.aws.url,
        }

    @property
    def simulated_discord(self) -> Discord:
        """The simulated Discord. Raises RuntimeError if another Discord is used."""
        if self.discord is None:
            raise RuntimeError("there is no simulated Discord with --discord-url")
        return self.discord

    def depths(self) -> dict[str, int]:
        """The number of messages in each queue, by its short name: work, work-dead, send, …"""
        counts = self.aws.all_counts()
        return {name: sum(counts[queue.name]) for name, queue in sorted(self._queues.items())}

    @property
    def bus(self) -> str:
        """The name of the stack's event bus."""
        (bus,) = self._template.buses()
        return bus

    def take_letters(self, queue: str) -> list[dict[str, Any]]:
        """Take all messages out of a queue, such as `event-dead`: the `body` of each, and its text `attributes`."""
        return self.aws.take_all(self._queues[queue].name)

    def under_way(self) -> tuple[int, int]:
        """The messages in the queues that feed a function: how many can be received now, and how many later."""
        every = self.aws.all_counts()
        counts = [every[self._queues[name].name] for name in self.pollers]
        return sum(now for now, _ in counts), sum(later for _, later in counts)

    def rests(self) -> tuple[bool, bool]:
        """Return whether the bot can do nothing more before time passes, and whether it has nothing left to do at all.

        While a function is running, it does not ask for the queues.
        """
        if self.functions.running:
            return False, False
        now, later = self.under_way()
        idle = not self.functions.running and not now
        return idle, idle and not later

    def settle(self) -> bool:
        """Wait until the bot can do nothing more before time passes, at most SETTLE_SECONDS of real time.

        Then no function is running, and no message can be received that feeds a function. Messages may be left that
        can be received later, after a visibility timeout or a delay. Returns whether the bot has settled.
        """
        deadline, quiet = time.monotonic() + SETTLE_SECONDS, 0
        while quiet < QUIET:
            idle, done = self.rests()
            if done:
                break
            if time.monotonic() > deadline:
                self.logs.write("sandbox", f"the bot has not settled after {SETTLE_SECONDS:.0f} s: {self.depths()}")
                return False
            # A message in flight may be on its way to a function, or wait for another try: look more than once.
            quiet = quiet + 1 if idle else 0
            time.sleep(0.01)
        return True

    def put(self, name: str, value: str) -> None:
        """Set the SSM parameter /<bot>/<stage>/`name`.

        A status source on this machine gets the permission for that too: see "The status sources" in docs/operating.md.
        """
        if name.startswith("status-sources/"):
            value = with_permission(value)
        self.aws.put_parameter(self._template.parameter_name(name), value, secret=is_secret(name))

    def put_and_restart(self, name: str, value: str) -> None:
        """Set a parameter and restart the functions.

        Warm functions keep parameters for a minute and their environment for ever.
        """
        self.put(name, value)
        self.functions.deploy(self._template.functions())

    def ops(self, *arguments: str) -> str:
        """Run `python -m ops` for this bot and return its output. Raises RuntimeError if it fails."""
        names = (table.name for table in self._template.tables())
        tables = {f"{name.rpartition('-')[2].upper()}_TABLE": name for name in names}
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            **dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull),
            **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "sandbox"),
            **{"AWS_REGION": REGION, "AWS_ENDPOINT_URL": self.aws.url, "DISCORD_URL": self.discord_url},
            **{**tables, **self._features_environment},
        }
        if self._features_environment:
            environment["PYTHONPATH"] = os.pathsep.join([str(LAYER), str(START)])
            environment["SANDBOX_AUTHORITIES"] = str(self._authority.trusted)
        command = [
            sys.executable,
            "-m",
            "ops",
            *("--name", self._template.bot),
            *("--stage", self._template.stage),
            *arguments,
        ]
        done = subprocess.run(
            command, env=environment, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60
        )
        if done.returncode:
            raise RuntimeError(f"ops {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def _answer(self, request: Request) -> Response:
        self._up.wait()
        return self._gateway(self._resigner(request) if self._clock_environment else request)

    def _start_clock(self) -> Clock:
        folder = self._running.enter_context(TemporaryDirectory(prefix="watchbell-clock-"))
        file = Path(folder) / "offset"
        self._clock_environment = {"SANDBOX_CLOCK": str(file)}
        return Clock(file)

    def _start_discord(self, api_port: int) -> None:
        if self.options.discord_url:
            self.discord_url = self.options.discord_url
            return
        self.discord = Discord(
            self.options.application_id,
            self.options.bot_token,
            self.clock.now,
            signing_clock=self.clock.now if self._clock_environment else time.time,
            leaky=self.options.leaky,
        )
        self.discord_url = _near(api_port + 2, self.options.port, self.discord.start)
        self._running.callback(self.discord.stop)

    def _allow_everything(self, guild_id: str) -> None:
        """Allow a server what an operator can: many monitors, each minute, of this machine and of AWS."""
        values = {"monitors": 100, "every": 1, "aws": 1, "private": 1}
        item = {**MONITOR_LIMITS.item_key(guild_id), **{name: {"N": str(value)} for name, value in values.items()}}
        table = next(table.name for table in self._template.tables() if table.name.endswith("-state"))
        self.aws.dynamodb.put_item(TableName=table, Item=item)

    def _start_sources(self) -> None:
        made_up = {} if self.options.status_sources else {"prod": "normal", "staging": "incident"}
        self.sources = StatusSources(made_up)
        self._running.callback(self.sources.stop)
        folder = self._running.enter_context(TemporaryDirectory(prefix="watchbell-authority-"))
        self._authority = Authority(Path(folder))
        self.targets = Targets(self._authority)
        self._running.callback(self.targets.stop)

    def _start_control(self, api_port: int) -> None:
        control = Control(
            depths=self.depths,
            clock=self.clock,
            schedules=self.schedules,
            put_parameter=self.put_and_restart,
            events=self.events,
            sources=self.sources,
            targets=self.targets,
            logs=self.logs,
            discord=self.discord.snapshot if self.discord else dict,
            people=self._people(self) if self.discord and self._people else None,
        )
        server = _near(api_port + 1, self.options.port, lambda port: Server(control, port=port))
        self._running.callback(server.stop)
        self.control_url = server.url

    def _parameters(self) -> dict[str, str]:
        keys = list(self.options.public_keys)
        if keys and self._clock_environment:
            keys.append(self._resigner.public_key)
        if self.discord:
            keys.append(self.discord.public_key)
        # Parameter Store accepts no empty value. If nobody can sign, use a key whose private half is thrown away.
        keys = keys or [SigningKey.generate().verify_key.encode().hex()]
        parameters = {
            "discord/application-id": self.options.application_id,
            "discord/public-keys": ",".join(keys),
            "discord/bot-token": self.options.bot_token,
            "signing-keys": f"1:{secrets.token_hex(32)}",
        }
        if self.discord:
            parameters["webhooks/digest"] = self.discord.webhook("digest")
        else:
            parameters["webhooks/digest"] = webhook.NONE
        for name, url in (self.options.status_sources or self.sources.urls).items():
            parameters[f"status-sources/{name}"] = url
        return parameters

    def _register(self) -> None:
        """Register the commands as a deploy does, and set the endpoints as the developer portal does."""
        try:
            run_custom_resources(self._template, self.functions.invoke)
        except DeployFailed as problem:
            if self.discord:
                raise
            self.logs.write("registrar", f"the other Discord did not accept the commands: {problem}")
        if self.discord:
            self.discord.set_endpoints(self.interactions_url, self.events_url)


def _near(port: int, chosen: int, start: Callable[[int], Started]) -> Started:
    """Start on `port`, next to the port that the user chose. If none was chosen or it is in use, start on any."""
    if chosen:
        with suppress(OSError, OverflowError):
            return start(port)
    return start(0)
