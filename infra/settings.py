"""The settings of a deployment: the context in cdk.json, overridden by `cdk deploy -c name=value`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any
from zoneinfo import available_timezones

from infra import ROOT
from watchbell.discord import rules
from watchbell.kit import schedule

# The only retention periods that CloudWatch Logs accepts, in days. Source: the API reference of PutRetentionPolicy.
RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
# Lambda accepts no other maximum concurrency for a queue. Source: the API reference of ScalingConfig.
LEAST_CONCURRENCY, MOST_CONCURRENCY = 2, 1000
FIRST = "watchbell:first-deployment"
"""The context key that leaves a stack without termination protection. `infra.cdk` says when."""
NONE = "none"
"""Stands for an empty value in Parameter Store, which accepts no empty one."""


class SettingError(ValueError):
    """A setting that the operator must change. The message says which one, and what is allowed."""


_NUMBERS = ("log_retention_days", "worker_concurrency", "monitor_concurrency")


@dataclass(frozen=True)
class Deployment:
    """One bot in one stage. The names of everything that belongs to it are made from `name` and `stage`."""

    name: str
    stage: str

    def __str__(self) -> str:
        """The name of the stack, with which the names of its resources begin: `watchbell-prod`."""
        return f"{self.name}-{self.stage}"

    def parameter(self, name: str) -> str:
        """Return the full name of the parameter `name` (such as `discord/bot-token`) in SSM."""
        return f"/{self.name}/{self.stage}/{name}"

    @property
    def production(self) -> bool:
        return self.stage == "prod"

    @property
    def ops(self) -> str:
        """The beginning of an `ops` command for this deployment."""
        name = "" if self.name == defaults()["name"] else f" --name {self.name}"
        return f"python -m ops{name} --stage {self.stage}"

    @property
    def deploy(self) -> str:
        """The command that deploys it."""
        name = "" if self.name == defaults()["name"] else f' ARGS="-c name={self.name}"'
        return f"make deploy STAGE={self.stage}{name}"


@dataclass(frozen=True)
class Settings:
    """The valid settings of one deployment."""

    name: str
    stage: str
    digest_zone: str
    digest_time: str
    digest_language: str
    guild_id: str
    log_retention_days: int
    alarm_email: str
    worker_concurrency: int
    monitor_concurrency: int
    documentation_url: str

    @classmethod
    def read(cls, context: Mapping[str, object]) -> Settings:
        """Return the settings in `context`. Raise SettingError if one is missing, unknown or invalid.

        Ignore keys with other characters than a-z and _: CDK keeps its own values in the context too.
        """
        names = [field.name for field in fields(cls)]
        given = {name: value for name, value in context.items() if re.fullmatch("[a-z_]+", name)}
        for name in given.keys() - set(names):
            raise SettingError(f"`{name}` is not a setting. The settings are {', '.join(names)}.")
        for name in names:
            if not isinstance(given.get(name), str):
                raise SettingError(f"`{name}` must be a string. cdk.json holds its default.")
            check(name, str(given[name]))
        numbers = {name: int(str(given[name])) for name in _NUMBERS}
        return cls(**{**given, **numbers})  # type: ignore[arg-type]

    def choice(self, name: str, asker: str) -> str:
        """Return the value of the setting `name` as text. Raise SettingError if there is no such setting.

        `asker` is the name of the schedule that uses it.
        """
        names = [field.name for field in fields(self)]
        if name not in names:
            raise SettingError(
                f"The schedule {asker} uses the choice `{name}`, which does not exist. "
                f"The choices are {', '.join(names)}."
            )
        return str(getattr(self, name))

    @property
    def deployment(self) -> Deployment:
        return Deployment(self.name, self.stage)


def check(name: str, value: str) -> None:
    """Raise SettingError if the setting `name` cannot have this value."""
    allowed, rule = _RULES[name]
    if not allowed(value):
        raise SettingError(f"`{name}` must be {rule}, not {value!r}.")


def defaults() -> dict[str, Any]:
    """Return the context in cdk.json. The CDK CLI passes it on."""
    context: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return context


def _is_name(text: str) -> bool:
    # Parameter Store reserves names that begin with aws or ssm.
    return bool(re.fullmatch("[a-z][a-z0-9-]{0,23}", text)) and not text.startswith(("aws", "ssm"))


def _is_concurrency(text: str) -> bool:
    return bool(re.fullmatch("[0-9]{1,4}", text)) and LEAST_CONCURRENCY <= int(text) <= MOST_CONCURRENCY


def _is_link(text: str) -> bool:
    """Whether Discord takes `text` as the URL of a button."""
    look = rules.Look(())
    rules.url(512, ("https://",))(text, "url", look)
    return not look.faults


_RULES: dict[str, tuple[Callable[[str], object], str]] = {
    "name": (
        _is_name,
        "1 to 24 lower-case letters, digits and hyphens that begin with a letter, and not with aws or ssm",
    ),
    "stage": (lambda text: text in ("dev", "prod"), "dev or prod"),
    # Stricter than the rule of a schedule: EventBridge rejects the other names in the time zone database (posix/…).
    "digest_zone": (lambda text: text in available_timezones(), "an IANA time zone such as UTC or Europe/Berlin"),
    "digest_time": schedule.RULES["at"],
    "digest_language": schedule.RULES["language"],
    "guild_id": (lambda text: re.fullmatch("([0-9]{17,20})?", text), "a server id (17-20 digits), or empty for all"),
    "log_retention_days": (
        lambda text: text in map(str, RETENTION_DAYS),
        f"one of {', '.join(map(str, RETENTION_DAYS))}",
    ),
    "alarm_email": (lambda text: re.fullmatch(r"([^@\s]+@[^@\s]+)?", text), "an email address, or empty for none"),
    "worker_concurrency": (_is_concurrency, f"a whole number from {LEAST_CONCURRENCY} to {MOST_CONCURRENCY}"),
    "monitor_concurrency": (_is_concurrency, f"a whole number from {LEAST_CONCURRENCY} to {MOST_CONCURRENCY}"),
    "documentation_url": (
        lambda text: not text or _is_link(text),
        "a URL that begins with https://, of at most 512 characters, or empty for none",
    ),
}

CHOICES = tuple(name for name in _RULES if name not in ("name", "stage"))
"""The settings that Parameter Store keeps for each deployment, as `choices/NAME`."""
