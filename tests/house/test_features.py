"""Law 3: every feature file loads without AWS, has the name that it declares, and is within Discord's limits."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import watchbell
from tests import judge
from watchbell.kit import catalogue
from watchbell.registration.declare import manifest

ROOT = Path(__file__).parents[2]
FEATURES = [(room, name) for room in ("commands", "events", "schedules", "checks") for name in catalogue.names(room)]


@pytest.mark.parametrize(("room", "name"), FEATURES)
def test_a_feature_loads_without_any_settings(room, name):
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "layers/watchbell/python")}
    program = f"import watchbell.{room}.{name}"
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)


@pytest.mark.parametrize(("room", "name"), FEATURES)
def test_a_feature_is_named_as_its_file(room, name):
    if room == "commands":
        command = catalogue.at(name)
        assert catalogue.file_name(command.name) == name
        assert catalogue.command(command.name, command.type) is command
    elif room == "events":
        assert catalogue.event(name.upper()).type == name.upper()
    else:
        assert {"schedules": catalogue.schedule, "checks": catalogue.check}[room](name).name == name


@pytest.mark.parametrize("kind", catalogue.names("checks"))
def test_the_label_of_a_check_can_be_read_without_importing_its_file(kind):
    told = f'write the label of checks/{kind}.py on one line, as N_("…"), and the first N_ after check = Check('
    assert catalogue.label(kind) == catalogue.check(kind).label, told


def test_every_command_passes_discords_limits():
    registered = manifest()
    assert len(registered) == len(catalogue.names("commands"))
    for command in registered:
        judge.approve("command", command)


@pytest.mark.skipif(not judge.AVAILABLE, reason="Discord's schema is not at hand, so payloads are not judged by it")
def test_the_judge_of_payloads_finds_faults():
    with pytest.raises(AssertionError):
        judge.approve("followup", {"content": "x" * 2001})


def test_everything_that_a_feature_file_may_import_is_there_for_python_and_for_type_checkers():
    groups = {path.stem for path in (Path(watchbell.__file__).parent / "api").glob("[a-z]*.py")}
    source = Path(watchbell.__file__).read_text()
    assert {*watchbell._GROUPS} == groups
    for group in groups:
        assert f"from .api.{group} import *" in source
    assert all(getattr(watchbell, name) is not None for name in dir(watchbell))
    assert len(set(dir(watchbell))) == len(dir(watchbell))
    with pytest.raises(AttributeError, match="watchbell has no Bottle; it has Annotated, "):
        _ = watchbell.Bottle
