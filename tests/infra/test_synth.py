"""The synthesis is checked by cdk-nag, is repeatable, and matches the sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra import ROOT
from infra.settings import defaults

pytestmark = pytest.mark.xdist_group("synthesis")


def test_the_sandbox_runs_what_is_deployed(template: dict[str, Any]) -> None:
    from infra.synth import SNAPSHOT, normalise

    assert SNAPSHOT.read_text() == normalise(template), "out of date: run `make snapshot` and commit"


def test_the_same_code_gives_the_same_template(template: dict[str, Any], tmp_path: Path) -> None:
    from infra.synth import synthesise

    assert synthesise(tmp_path) == template


def test_a_resource_that_breaks_a_rule_of_cdk_nag_fails_the_synthesis(tmp_path: Path) -> None:
    from aws_cdk import aws_sqs as sqs

    from infra.synth import bot_app

    app = bot_app({**defaults(), "aws:cdk:bundling-stacks": []}, tmp_path)
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


@pytest.mark.parametrize("command", [["app.py"], ["-m", "infra.synth"]], ids=" ".join)
def test_a_schedule_that_cannot_use_its_choice_ends_the_command_with_one_sentence(
    command: list[str], tmp_path: Path
) -> None:
    (tmp_path / "schedules").mkdir()
    source = "from watchbell import Schedule, choice\nschedule = Schedule('tea', 'Tea', at=choice('digest_zone'))\n"
    (tmp_path / "schedules" / "tea.py").write_text(source)
    path = os.pathsep.join([str(ROOT / "sandbox" / "function_start"), str(ROOT / "layers" / "watchbell" / "python")])
    environment = {"SANDBOX_FEATURES": str(tmp_path), "PYTHONPATH": path, "CDK_OUTDIR": str(tmp_path / "out")}
    environment |= {"CDK_CONTEXT_JSON": json.dumps({**defaults(), "aws:cdk:bundling-stacks": []})}
    ended = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=os.environ | environment, capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert ended.stderr.strip() == "watchbell: tea: at must be a time from 00:00 to 23:59, not 'UTC'"
