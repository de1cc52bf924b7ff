"""The synthesis is checked by cdk-nag, is repeatable, and matches the sandbox."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra import ROOT

pytestmark = pytest.mark.xdist_group("synthesis")


def test_the_sandbox_runs_what_is_deployed(template: dict[str, Any]) -> None:
    from infra.synth import SNAPSHOT, normalise

    assert SNAPSHOT.read_text() == normalise(template), "out of date: run `make snapshot` and commit"


def test_the_same_code_gives_the_same_template(template: dict[str, Any], tmp_path: Path) -> None:
    from infra.synth import synthesise

    assert synthesise(tmp_path) == template


def test_a_resource_that_breaks_a_rule_of_cdk_nag_fails_the_synthesis(tmp_path: Path) -> None:
    from aws_cdk import aws_sqs as sqs

    from infra.synth import bot_app, cdk_json

    app = bot_app({**cdk_json(), "aws:cdk:bundling-stacks": []}, tmp_path)
    sqs.Queue(app.node.find_child("watchbell-dev"), "NobodysQueue")
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    report = (tmp_path / "validation-report.json").read_text()
    assert "NobodysQueue" in report
    assert "AwsSolutions-SQS3" in report


def test_an_invalid_setting_ends_the_command_with_one_sentence() -> None:
    command = [sys.executable, "-m", "infra.synth", "-c", "stage=live"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.strip() == "watchbell: `stage` must be dev or prod, not 'live'."
