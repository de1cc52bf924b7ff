"""docs/checks.md is true: its file is a working check, its test passes, and its table has every kind."""

import re
from pathlib import Path

import pytest

from watchbell.errors import DefinitionError, UserError
from watchbell.kit import catalogue
from watchbell.kit.monitors import define
from watchbell.status.condition import OPERANDS, parse
from watchbell.status.monitor import Monitor

GUIDE = (Path(__file__).parents[2] / "docs" / "checks.md").read_text()
FILE, TEST = re.findall(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL)


def test_the_file_of_the_guide_is_a_kind_of_check(feature):
    feature("cups", FILE, room="checks")
    assert "cups" in [check.name for check in catalogue.checks()]
    watched = Monitor("m", "Kitchen", "cups", "kitchen.example/cups.json", options={"least": "3"})
    assert define(watched).target == "https://kitchen.example/cups.json"
    for wrong in ({"options": {"least": "0"}}, {"conditions": ("[IP] == 1.2.3.4",)}):
        with pytest.raises(UserError):
            define(Monitor("m", "Kitchen", "cups", "kitchen.example", **wrong))


def test_the_test_of_the_guide_passes(feature):
    feature("cups", FILE, room="checks")
    namespace = {}
    exec(TEST, namespace)
    namespace["test_a_kitchen_with_few_cups_is_degraded"]()


def test_a_file_whose_check_has_another_name_says_what_to_rename(feature):
    feature("saucers", FILE, room="checks")
    with pytest.raises(DefinitionError, match=r"checks/saucers.py declares cups: rename the file to cups.py"):
        catalogue.checks()


def test_the_guide_lists_every_kind_with_what_its_conditions_can_read():
    rows = [line.split(" | ") for line in GUIDE.splitlines() if line.startswith("| `") and line.count(" | ") == 2]
    listed = {name: set(re.findall(r"\[(\w+)\]", row[2])) for row in rows for name in re.findall(r"`(\w+)`", row[0])}
    assert listed == {check.name: set(check.operands) for check in catalogue.checks()}
    assert set().union(*listed.values()) == set(OPERANDS)


def test_the_conditions_of_the_guide_are_understood():
    section = GUIDE.split("## Conditions")[1].split("These differences")[0].replace("\n", " ")
    conditions = [text for text in re.findall(r"`([^`]+)`", section) if re.search(r" (==|!=|<|>) ", text)]
    assert len(conditions) >= 8
    assert all(parse(condition) for condition in conditions)
