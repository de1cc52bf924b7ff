"""The synthesised template, made once: it takes seconds."""

from __future__ import annotations

from typing import Any

import pytest

Template = dict[str, Any]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """What `cdk deploy` makes with cdk.json as it is. Its synthesis passed cdk-nag, or there is none."""
    from infra.synth import synthesise

    return synthesise(tmp_path_factory.mktemp("cdk.out"))


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The same with every setting another than its default."""
    from infra.synth import synthesise

    return synthesise(
        tmp_path_factory.mktemp("cdk.out"),
        stage="prod",
        digest_zone="Asia/Kathmandu",
        digest_time="07:45",
        digest_language="ja",
        guild_id="1100000000000000001",
        log_retention_days="90",
        alarm_email="ops@example.com",
    )
