"""A mistake in the settings is reported before anything is deployed."""

from __future__ import annotations

from typing import Any

import pytest

from infra.schedules import choices
from infra.settings import CHOICES, Deployment, SettingError, Settings, defaults
from watchbell import Schedule, choice
from watchbell.errors import DefinitionError

DEFAULTS = defaults()


def test_the_defaults_are_valid() -> None:
    settings = Settings.read(DEFAULTS)
    assert (settings.stage, settings.log_retention_days, settings.worker_concurrency) == ("dev", 30, 2)
    deployment = settings.deployment
    assert (str(deployment), deployment.production) == ("watchbell-dev", False)
    assert deployment.parameter("discord/bot-token") == "/watchbell/dev/discord/bot-token"


def test_commands_for_another_bot_name_it() -> None:
    pager, usual = Deployment("pager", "prod"), Deployment("watchbell", "dev")
    assert (str(pager), pager.parameter("operators")) == ("pager-prod", "/pager/prod/operators")
    assert pager.ops == "python -m ops --name pager --stage prod"
    assert pager.deploy == 'make deploy STAGE=prod ARGS="-c name=pager"'
    assert (usual.ops, usual.deploy) == ("python -m ops --stage dev", "make deploy STAGE=dev")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("name", "My Bot", "`name` must be 1 to 24 lower-case letters, digits and hyphens"),
        ("name", "x" * 25, "`name` must be 1 to 24"),
        ("name", "aws-bot", "`name` must be 1 to 24 lower-case letters, digits and hyphens that begin with a letter"),
        ("worker_concurrency", "1", "`worker_concurrency` must be a whole number from 2 to 1000, not '1'."),
        ("worker_concurrency", "1001", "`worker_concurrency` must be a whole number from 2 to 1000"),
        ("worker_concurrency", "many", "`worker_concurrency` must be a whole number from 2 to 1000"),
        ("stage", "staging", "`stage` must be dev or prod, not 'staging'."),
        ("stage", "", "`stage` must be dev or prod, not ''."),
        ("digest_zone", "Mars/Olympus", "`digest_zone` must be an IANA time zone such as UTC or Europe/Berlin"),
        ("digest_zone", "../etc/passwd", "`digest_zone` must be an IANA time zone"),
        ("digest_time", "24:00", "`digest_time` must be a time from 00:00 to 23:59, not '24:00'."),
        ("digest_time", "9:00", "`digest_time` must be a time from 00:00 to 23:59, not '9:00'."),
        ("digest_time", "09:00\n", "`digest_time` must be a time from 00:00 to 23:59"),
        ("digest_time", "٠٩:00", "`digest_time` must be a time from 00:00 to 23:59"),
        ("digest_language", "tlh", "`digest_language` must be one of en, de, es, fr, ja, not 'tlh'."),
        ("guild_id", "my server", "`guild_id` must be a server id (17-20 digits), or empty for all"),
        ("log_retention_days", "31", "`log_retention_days` must be one of 1, 3, 5, 7, 14, 30,"),
        ("log_retention_days", "month", "`log_retention_days` must be one of 1, 3, 5,"),
        ("alarm_email", "nobody", "`alarm_email` must be an email address, or empty for none, not 'nobody'."),
        ("documentation_url", "docs", "`documentation_url` must be a URL that begins with https://"),
        ("documentation_url", "http://docs.example/", "`documentation_url` must be a URL that begins with https://"),
        ("documentation_url", "https://docs/", "`documentation_url` must be a URL that begins with https://"),
        ("guild_id", 1100000000000000001, "`guild_id` must be a string. cdk.json holds its default."),
    ],
)
def test_an_invalid_value_is_rejected_with_a_sentence(name: str, value: object, told: str) -> None:
    with pytest.raises(SettingError) as refused:
        Settings.read({**DEFAULTS, name: value})
    assert str(refused.value).startswith(told)


def test_a_misspelt_setting_is_rejected_and_not_ignored() -> None:
    with pytest.raises(SettingError, match=r"`satge` is not a setting. The settings are name, stage, digest_zone"):
        Settings.read({**DEFAULTS, "satge": "prod"})


def test_values_that_cdk_keeps_in_the_context_are_ignored() -> None:
    theirs = {"aws:cdk:bundling-stacks": [], "@aws-cdk/core:stackRelativeExports": True, "cli-telemetry": False}
    assert Settings.read({**DEFAULTS, **theirs}) == Settings.read(DEFAULTS)


def test_every_setting_but_the_name_and_the_stage_is_a_choice_that_is_kept() -> None:
    assert {"name", "stage", *CHOICES} == {name for name in DEFAULTS if name.isidentifier()}


def job(**cadence: Any) -> Schedule:
    return Schedule("tea", "Calls for tea", **cadence)


def test_the_scheduler_gets_only_the_choices_that_schedules_use() -> None:
    settings = Settings.read({**DEFAULTS, "digest_time": "16:45"})
    jobs = [job(every=15), job(at="12:00", zone=choice("digest_zone")), job(at=choice("digest_time"))]
    assert choices(jobs, settings) == {"CHOICE_DIGEST_ZONE": "UTC", "CHOICE_DIGEST_TIME": "16:45"}


def test_a_choice_that_does_not_exist_fails_the_synthesis() -> None:
    with pytest.raises(SettingError) as refused:
        choices([job(at=choice("tea_time"))], Settings.read(DEFAULTS))
    assert str(refused.value).startswith(
        "The schedule tea uses the choice `tea_time`, which does not exist. The choices are name, stage, digest_zone, "
    )


def test_a_choice_with_an_unusable_value_fails_the_synthesis() -> None:
    with pytest.raises(DefinitionError, match="tea: at must be a time from 00:00 to 23:59, not 'UTC'"):
        choices([job(at=choice("digest_zone"))], Settings.read(DEFAULTS))
