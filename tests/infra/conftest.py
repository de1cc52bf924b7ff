"""The synthesised templates. Each is made once, because a synthesis takes seconds."""

from __future__ import annotations

from typing import Any

import pytest

Template = dict[str, Any]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The template for the default settings of cdk.json. cdk-nag found no problems in it."""
    from infra.synth import synthesise

    return synthesise(tmp_path_factory.mktemp("cdk.out"))


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The template with every setting changed from its default."""
    from infra.synth import synthesise

    return synthesise(
        tmp_path_factory.mktemp("cdk.out"),
        name="pager",
        stage="prod",
        digest_zone="Asia/Kathmandu",
        digest_time="07:45",
        digest_language="ja",
        guild_id="1100000000000000001",
        log_retention_days="90",
        alarm_email="ops@example.com",
        worker_concurrency="50",
        monitor_concurrency="20",
    )
