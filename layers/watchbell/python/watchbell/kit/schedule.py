"""Timed jobs and their cadence: when a job runs, and which date or slot each run is for.

One file in `schedules/` is one job.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar, NamedTuple
from zoneinfo import ZoneInfo

from ..data.tables import SCHEDULE, SCHEDULE_SLOT, Row
from ..errors import DefinitionError
from ..i18n import LOCALES

LANGUAGES = ("en", *LOCALES)
EVERY = (*(minutes for minutes in range(1, 61) if 60 % minutes == 0), *range(120, 1441, 60))
"""The lengths that a slot may have, in minutes."""


@dataclass(frozen=True)
class DeploymentChoice:
    """A value that the operator chooses for a deployment. `name` is its key in cdk.json, such as `digest_time`."""

    name: str

    @property
    def variable(self) -> str:
        """The environment variable that holds the chosen value."""
        return f"CHOICE_{self.name.upper()}"


def choice(name: str) -> DeploymentChoice:
    """The deployment choice called `name`. `cdk synth` fails if the deployment does not have it."""
    return DeploymentChoice(name)


def chosen(value: str | DeploymentChoice, environment: Mapping[str, str]) -> str:
    """`value`, or the chosen value from `environment` if `value` is a deployment choice."""
    return environment[value.variable] if isinstance(value, DeploymentChoice) else value


class Schedule:
    """A job that runs by the clock. Its function gets the date or slot that the run is for, and the tools.

    `at` ("HH:MM"): the job runs once for each local date in `zone` (an IANA name). The function gets that date.
    `every` (minutes): the job runs once for each slot of that length. The function gets the slot's start, a datetime in
    UTC.

    `language` is the language of its texts. `at`, `zone` and `language` can be deployment choices, such as
    `choice("digest_time")`. `switch`: the operator can switch the job off; see `flags`. A run that fails is repeated
    for the same date or slot, so the function must be idempotent.

    Raises DefinitionError if a value is not allowed.
    """

    __slots__ = ("at", "description", "every", "function", "language", "name", "switch", "when_sent", "zone")

    def __init__(
        self,
        name: str,
        description: str,
        *,
        at: str | DeploymentChoice | None = None,
        zone: str | DeploymentChoice = "UTC",
        every: int | None = None,
        language: str | DeploymentChoice = "en",
        switch: str = "",
    ) -> None:
        self.name = name
        self.switch = switch
        self.description = description
        self.at, self.zone, self.every, self.language = at, zone, every, language
        self.function: Callable[[Any, Any], None]
        self.when_sent: Callable[[str, Any], None] | None = None
        if (at is None) == (every is None):
            raise DefinitionError(f'{name}: write either at="HH:MM" or every=MINUTES')
        if every is not None and zone != "UTC":
            raise DefinitionError(f"{name}: zone= needs at=; the slots of every= are counted in UTC")
        if every is not None and (type(every) is not int or every not in EVERY):
            raise DefinitionError(
                f"{name}: every must be a whole number of minutes that divides an hour "
                f"({', '.join(str(minutes) for minutes in EVERY if minutes <= 60)}) "
                f"or a multiple of 60 up to 1440, not {every!r}"
            )
        for parameter, value in {"zone": zone, "language": language, **({} if at is None else {"at": at})}.items():
            if not isinstance(value, DeploymentChoice):
                self.check(parameter, value)

    def run(self, function: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
        self.function = function
        return function

    def errand(self, function: Callable[[str, Any], None]) -> Callable[[str, Any], None]:
        """Let the sender, which has Discord, do a part of the job: `def check(subject, tools)`.

        The job queues `{"kind": "errand", "schedule": NAME, "subject": TEXT}` for each part. A part that fails comes
        again, so it must do no harm if it is done twice. Its texts are English unless it says otherwise.
        """
        self.when_sent = function
        return function

    @property
    def choices(self) -> dict[str, DeploymentChoice]:
        """The deployment choices among its parameters `at`, `zone` and `language`, by parameter."""
        values = {parameter: getattr(self, parameter) for parameter in RULES}
        return {parameter: value for parameter, value in values.items() if isinstance(value, DeploymentChoice)}

    def check(self, parameter: str, value: object) -> None:
        """Raises DefinitionError if `parameter` (`at`, `zone` or `language`) cannot have this value."""
        allowed, rule = RULES[parameter]
        if not isinstance(value, str) or not allowed(value):
            raise DefinitionError(f"{self.name}: {parameter} must be {rule}, not {value!r}")

    def cadence(self, environment: Mapping[str, str]) -> Daily | Every:
        """When the job runs in a deployment with the choices in `environment`."""
        if self.at is None:
            assert self.every is not None
            return Every(self.every)
        return Daily(chosen(self.at, environment), chosen(self.zone, environment))


class Occurrence(NamedTuple):
    """One run: `subject` is its local date or the start of its slot, `due` is its time in epoch seconds."""

    subject: date
    due: float


@dataclass(frozen=True)
class Daily:
    """Once for each local date in `zone` (IANA), at the time `at` ("HH:MM") or later.

    If the clock skips `at` in spring, the run is due at the moment when the clock would have shown it. If the clock
    shows `at` twice in autumn, the run is due the first time.
    """

    at: str
    zone: str
    unit: ClassVar[str] = "date"
    row: ClassVar[Row] = SCHEDULE

    def on(self, day: date) -> Occurrence:
        return Occurrence(day, datetime.combine(day, time.fromisoformat(self.at), ZoneInfo(self.zone)).timestamp())

    def current(self, now: float) -> Occurrence:
        """The occurrence of today's local date, even if it is not due yet."""
        return self.on(datetime.fromtimestamp(now, ZoneInfo(self.zone)).date())

    def latest(self, now: float) -> Occurrence:
        """The latest occurrence that is due: today's or yesterday's. It supersedes older ones."""
        found = self.current(now)
        while found.due > now:
            found = self.on(found.subject - timedelta(days=1))
        return found

    @property
    def ticks(self) -> str:
        """The EventBridge Scheduler expression, in `zone`: each hour at the minute of `at`.

        Hourly calls catch up if a call failed, or if EventBridge skipped a local time that does not exist in spring.
        """
        return f"cron({int(self.at[3:])} * * * ? *)"


@dataclass(frozen=True)
class Every:
    """Once for each slot of `minutes`. Slots are counted from 1970-01-01T00:00Z."""

    minutes: int
    zone: ClassVar[str] = "UTC"
    unit: ClassVar[str] = "slot"
    row: ClassVar[Row] = SCHEDULE_SLOT

    def current(self, now: float) -> Occurrence:
        """The occurrence of the slot that `now` is in."""
        start = now // (self.minutes * 60) * (self.minutes * 60)
        return Occurrence(datetime.fromtimestamp(start, UTC), start)

    latest = current
    """A slot is due at its start, so the latest one that is due is the current one. It supersedes older ones."""

    @property
    def ticks(self) -> str:
        """The EventBridge Scheduler expression, in UTC: at the start of each slot, and at least hourly.

        The hourly calls inside a long slot catch up if an earlier call failed.
        """
        return f"cron(0/{self.minutes} * * * ? *)" if self.minutes < 60 else "cron(0 * * * ? *)"


def _is_time(text: str) -> bool:
    return re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]", text) is not None


def _is_zone(text: str) -> bool:
    # available_timezones() reads the whole database, about 80 ms of a cold start. ZoneInfo takes less than 1 ms.
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        return False
    return True


RULES: dict[str, tuple[Callable[[str], bool], str]] = {
    "at": (_is_time, "a time from 00:00 to 23:59"),
    "zone": (_is_zone, "an IANA time zone such as UTC or Europe/Berlin"),
    "language": (LANGUAGES.__contains__, f"one of {', '.join(LANGUAGES)}"),
}
"""The values that each parameter of a schedule may have: a test, and the same rule in words."""
