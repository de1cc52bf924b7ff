"""The settings of a deployment: the context in cdk.json, overridden by `cdk deploy -c name=value`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from zoneinfo import available_timezones

from watchbell.kit import schedule

# The only retention periods that CloudWatch Logs accepts, in days. Source: the API reference of PutRetentionPolicy.
RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


class SettingError(ValueError):
    """A setting that the operator must change. The message says which one, and what is allowed."""


@dataclass(frozen=True)
class Settings:
    """The valid settings of one deployment."""

    stage: str
    digest_zone: str
    digest_time: str
    digest_language: str
    guild_id: str
    log_retention_days: int
    alarm_email: str

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
        for name, (allowed, rule) in _RULES.items():
            if not allowed(str(given[name])):
                raise SettingError(f"`{name}` must be {rule}, not {given[name]!r}.")
        return cls(**{**given, "log_retention_days": int(str(given["log_retention_days"]))})  # type: ignore[arg-type]

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
    def production(self) -> bool:
        return self.stage == "prod"

    def parameter(self, name: str) -> str:
        """Return the full name of this stage's parameter `name` (such as `discord/bot-token`) in SSM."""
        return f"/watchbell/{self.stage}/{name}"


_RULES: dict[str, tuple[Callable[[str], object], str]] = {
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
}
