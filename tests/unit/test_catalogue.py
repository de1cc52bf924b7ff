"""A file that cannot be a feature fails before the registration, with an error that names the file."""

import sys
import traceback
from importlib import import_module

import pytest

from watchbell.errors import DefinitionError
from watchbell.kit import catalogue
from watchbell.registration.declare import manifest

LUDO = "from watchbell import Command, anyone\ncommand = Command('ludo', 'Roll', who=anyone)\n"


@pytest.fixture
def put(tmp_path, monkeypatch):
    """`put("commands/ludo.py", source)` adds a file to the catalogue for one test."""
    for room in ("commands", "events", "schedules"):
        package = import_module(f"watchbell.{room}")
        (tmp_path / room).mkdir()
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path / room)])
    written = []

    def write(path, source):
        (tmp_path / path).write_text(source)
        written.append(path)

    yield write
    for path in written:
        sys.modules.pop(f"watchbell.{path.removesuffix('.py').replace('/', '.')}", None)


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("commands/Ludo.py", "to ludo.py"),
        ("commands/my-ludo.py", "to my_ludo.py"),
        ("commands/_ludo.py", "to ludo.py"),
        ("commands/статус.py", "to a name such as dice.py"),
        ("events/2fa.py", "to a name such as dice.py"),
        ("schedules/Weekly Digest.py", "to weekly_digest.py"),
        (f"schedules/{'x' * 65}.py", "to a name such as dice.py"),
    ],
)
def test_a_file_whose_name_no_feature_can_have_is_told_what_to_be_called(put, path, advice):
    put(path, "")
    with pytest.raises(DefinitionError, match=f"^{path} cannot be a feature: rename it {advice} \\(a letter"):
        manifest()


def test_hidden_files_and_other_files_are_no_features(put):
    before = manifest()
    for path in ("commands/.#ludo.py", "commands/__init__.py", "events/notes.txt"):
        put(path, "")
    assert manifest() == before


@pytest.mark.parametrize(
    ("path", "source", "fault"),
    [
        (
            "commands/ludo.py",
            "from watchbell import Command, anyone\ncommand = Command('roll', 'Roll', who=anyone)",
            "declares /roll: rename the file to roll.py or the command to ludo",
        ),
        (
            "commands/greet.py",
            "from watchbell import UserCommand, anyone\ncommand = UserCommand('Greet user', who=anyone)",
            "declares Greet user: rename the file to greet_user.py or the command to greet",
        ),
        (
            "commands/state.py",
            "from watchbell import Command, anyone\ncommand = Command('статус', 'Status', who=anyone)",
            "declares /статус: rename the command to state (only its translations can have letters beyond a to z)",
        ),
        (
            "commands/page.py",
            "from watchbell import UserCommand, anyone\ncommand = UserCommand('Überall', who=anyone)",
            "declares Überall: rename the command to page (only its translations can have letters beyond a to z)",
        ),
        (
            "events/left.py",
            "from watchbell.kit.event import Event\nevent = Event('ENTITLEMENT_CREATE')",
            "declares ENTITLEMENT_CREATE: rename the file to entitlement_create.py or the event to LEFT",
        ),
        (
            "events/left.py",
            "from watchbell.kit.event import Event\nevent = Event('Left')",
            "declares Left: rename the event to LEFT",
        ),
        (
            "schedules/weekly.py",
            "from watchbell.kit.schedule import Schedule\nschedule = Schedule('monthly', 'A digest', every=60)",
            "declares monthly: rename the file to monthly.py or the schedule to weekly",
        ),
    ],
)
def test_a_feature_that_is_not_named_like_its_file_is_told_what_to_rename(put, path, source, fault):
    put(path, source)
    with pytest.raises(DefinitionError) as told:
        manifest()
    assert str(told.value) == f"{path} {fault}"


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("import no_such_module", "cannot be imported: ModuleNotFoundError: No module named 'no_such_module'"),
        ("from watchbell import Bottle", "cannot be imported: ImportError: cannot import name 'Bottle'"),
        ("roll()", "cannot be imported: NameError: name 'roll' is not defined"),
        ("def roll(:", "cannot be imported: SyntaxError: "),
        (LUDO + "command.run(who=1)(lambda interaction: None)", ": /ludo: who=1 is not a policy"),
        ("", " declares no `command`: write `command = Command(…)`"),
    ],
)
def test_a_feature_that_cannot_be_imported_is_named_by_its_file(put, source, fault):
    put("commands/ludo.py", source)
    for ask in (manifest, lambda: catalogue.command("ludo")):
        with pytest.raises(DefinitionError) as told:
            ask()
        assert str(told.value).startswith("commands/ludo.py")
        assert fault in str(told.value)


def test_what_went_wrong_in_a_feature_stays_in_the_traceback(put):
    put("commands/ludo.py", "def roll():\n    return sides\n\nroll()\n")
    with pytest.raises(DefinitionError) as told:
        manifest()
    assert "return sides" in "".join(traceback.format_exception(told.value))


def test_a_feature_that_nobody_wrote_is_none():
    assert catalogue.command("ludo") is None
    assert catalogue.event("NOBODY_CAME") is None
    assert catalogue.schedule("yearly") is None
