"""Schedules are deployed with the cadence that they declare, and run at that cadence."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

import pytest

from sandbox.logs import Logs
from sandbox.sandbox import Options, Sandbox
from sandbox.template import Template
from sandbox.testing import Block
from watchbell import schedules

CONTRIBUTING = Path(__file__).parents[2] / "CONTRIBUTING.md"
NOON = """
from watchbell import Schedule

schedule = Schedule("noon", "Strikes twelve", at="12:30", zone="Asia/Kolkata")


@schedule.run
def noon(day, tools):
    pass
"""

pytestmark = pytest.mark.xdist_group("synthesis")


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The schedule `tea_time` from CONTRIBUTING, and another schedule."""
    folder = tmp_path_factory.mktemp("features")
    (folder / "schedules").mkdir()
    section = CONTRIBUTING.read_text().split("### An event or a timed job")[1]
    (folder / "schedules" / "tea_time.py").write_text(re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)[0])
    (folder / "schedules" / "noon.py").write_text(NOON)
    return folder


@pytest.fixture(scope="module")
def template(features: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template with these schedules."""
    from infra.synth import synthesise

    file = features / "template.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schedules, "__path__", [*schedules.__path__, str(features / "schedules")])
        file.write_text(json.dumps(synthesise(tmp_path_factory.mktemp("cdk.out"))))
    return file


def test_each_schedule_is_deployed_with_its_own_cadence(template: Path) -> None:
    assert {each.name: (each.expression, each.zone) for each in Template.read(template).schedules()} == {
        "applications_check": ("cron(0 * * * ? *)", "UTC"),
        "daily_digest": ("cron(0 * * * ? *)", "UTC"),
        "noon": ("cron(30 * * * ? *)", "Asia/Kolkata"),
        "operator_monitors": ("cron(0/5 * * * ? *)", "UTC"),
        "removals": ("cron(0 * * * ? *)", "UTC"),
        "tea_time": ("cron(0/15 * * * ? *)", "UTC"),
        "watch": ("cron(0/1 * * * ? *)", "UTC"),
    }


def test_the_example_of_contributing_runs_every_quarter_of_an_hour(template: Path, features: Path) -> None:
    with Sandbox(Options(one_clock=True, features=features, template=template), Logs()) as sandbox:
        sandbox.schedules.asleep = frozenset({"watch", "operator_monitors"})
        discord = Block(sandbox)
        discord.turn(3600)
        discord.run_schedule("tea_time")
        messages = [message for message in discord.digests() if "Tea!" in str(message.get("content"))]
        discord.close()
    called = [str(message["content"]) for message in messages]
    slots = sorted(int(text.removeprefix("Tea! It is <t:").removesuffix(":t>.")) for text in called)
    assert len(slots) >= 4
    assert slots == [slots[0] + 900 * step for step in range(len(slots))]
    assert slots[0] % 900 == 0
    sent = sorted(datetime.fromisoformat(message["timestamp"]).timestamp() for message in messages)
    assert [int(moment) // 900 * 900 for moment in sent] == slots, "each is sent before the next one is due"
