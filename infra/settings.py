"""What an operator may choose: the context of cdk.json, overridden by `cdk deploy -c name=value`, and checked here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from zoneinfo import available_timezones

from watchbell.kit import schedule

# CloudWatch keeps a log for one of these numbers of days and no other (the API reference of PutRetentionPolicy).
RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


class SettingError(ValueError):
    """A value that the operator must change; its text says which and to what."""


@dataclass(frozen=True)
class Settings:
    """One deployment's choices, all valid."""

    stage: str
    digest_zone: str
    digest_time: str
    digest_language: str
    guild_id: str
    log_retention_days: int
    alarm_email: str

    @classmethod
    def read(cls, context: Mapping[str, object]) -> Settings:
        """Raises SettingError for a setting that is missing, unknown or impossible.

        A key with anything but a-z and _ in it is none of ours: CDK keeps its own things in the context too.
        """
        names = [field.name for field in fields(cls)]
        given = {name: value for name, value in context.items() if re.fullmatch("[a-z_]+", name)}
        for name in given.keys() - set(names):
            raise SettingError(f"`{name}` is not a setting. The settings are {', '.join(names)}.")
        for name in names:
            if not isinstance(given.get(name), str):
                raise SettingError(f"`{name}` must be a text; cdk.json gives its default.")
        for name, (allowed, rule) in _RULES.items():
            if not allowed(str(given[name])):
                raise SettingError(f"`{name}` must be {rule}, not {given[name]!r}.")
        return cls(**{**given, "log_retention_days": int(str(given["log_retention_days"]))})  # type: ignore[arg-type]

    def choice(self, name: str, asker: str) -> str:
        """What the operator chose for `name`, as text. Raises SettingError if that is not a setting."""
        names = [field.name for field in fields(self)]
        if name not in names:
            raise SettingError(
                f"The schedule {asker} names the choice `{name}`, which does not exist. "
                f"The choices are {', '.join(names)}."
            )
        return str(getattr(self, name))

    @property
    def production(self) -> bool:
        return self.stage == "prod"

    def parameter(self, name: str) -> str:
        """The full name in SSM Parameter Store of this stage's parameter `name`, such as `discord/bot-token`."""
        return f"/watchbell/{self.stage}/{name}"


_RULES: dict[str, tuple[Callable[[str], object], str]] = {
    "stage": (lambda text: text in ("dev", "prod"), "dev or prod"),
    # Stricter than a schedule's own rule: EventBridge takes none of the database's other names (posix/…).
    "digest_zone": (lambda text: text in available_timezones(), "an IANA time zone such as UTC or Europe/Berlin"),
    "digest_time": schedule.RULES["at"],
    "digest_language": schedule.RULES["language"],
    "guild_id": (lambda text: re.fullmatch("([0-9]{17,20})?", text), "a guild's id (17-20 digits), or empty for all"),
    "log_retention_days": (
        lambda text: text in map(str, RETENTION_DAYS),
        f"one of {', '.join(map(str, RETENTION_DAYS))}",
    ),
    "alarm_email": (lambda text: re.fullmatch(r"([^@\s]+@[^@\s]+)?", text), "an e-mail address, or empty for none"),
}
