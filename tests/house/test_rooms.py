"""Law 2: only the rooms at the edge use the outside world, and the pure rooms stay pure.

A room is a top-level package or module of the library.
"""

import ast
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers/watchbell/python/watchbell"
OUTSIDE = {
    "boto3",
    "botocore",
    "requests",
    "urllib3",
    "socket",
    "_socket",
    "ssl",
    "_ssl",
    "http",
    "httpx",
    "aiohttp",
    "dns",
}
FILES = sorted(PACKAGE.rglob("*.py"))


@cache
def imports(path):
    """Return the absolute names of all imports in a file, at its top or inside a function."""
    return tuple(imported(path))


def imported(path):
    package = ("watchbell", *path.relative_to(PACKAGE).parent.parts)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join([*package[: len(package) - node.level + 1]]) if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def test_the_rooms_are_where_this_test_looks():
    assert len(FILES) > 30
    assert "boto3" in imports(PACKAGE / "adapters/aws.py")
    assert "watchbell.status.report" in imports(PACKAGE / "status/view.py") or "watchbell.status" in imports(
        PACKAGE / "status/view.py"
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_adapters_name_the_outside_world(path):
    if path.parent.name != "adapters":
        assert {name.split(".")[0] for name in imports(path)} & OUTSIDE == set()


FLOORS = (
    ("errors", "i18n", "data"),
    ("discord",),
    ("status",),
    ("applications", "subscriptions", "kit"),
    ("api", "adapters", "registration"),
    ("tools",),
    ("interactions", "outbox"),
    ("commands", "events", "schedules", "checks"),
    ("doors", "testing"),
)
"""The rooms of the library from the bottom up, as CONTRIBUTING lists them from the top down."""
LEVEL = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}


def room_of(module):
    """Return the room of a module. `from watchbell import Reply` imports from the room `api`."""
    name = module.split(".")[1]
    return name if name in LEVEL else "api"


def test_every_room_has_a_floor_and_says_what_it_is_for():
    assert LEVEL.keys() == {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in FILES} - {"__init__"}
    for room in LEVEL.keys() - {"errors", "i18n"}:
        tree = ast.parse((PACKAGE / room / "__init__.py").read_text())
        assert ast.get_docstring(tree), room


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_from_the_rooms_below_it(path):
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if room == "__init__":
        return
    for name in imports(path):
        if name.split(".")[0] == "watchbell" and "." in name:
            assert LEVEL[room_of(name)] <= LEVEL[room], f"{path.name} imports {name}"


def test_contributing_lists_the_rooms_from_the_top_down():
    text = (ROOT / "CONTRIBUTING.md").read_text().split("| room | what is in it |")[1].split("\n\n")[0]
    listed = [name.strip("`/") for line in text.splitlines()[2:] for name in line.split("|")[1].strip().split(", ")]
    assert sorted(listed) == sorted(LEVEL)
    levels = [LEVEL[name] for name in listed]
    assert all(after <= before for before, after in pairwise(levels))


@pytest.mark.parametrize("room", ["applications", "discord", "status"])
def test_a_pure_room_imports_nothing_of_ours_but_its_like_errors_and_i18n(room):
    allowed = tuple(f"watchbell.{name}" for name in ("discord", "status", "errors", "i18n"))
    allowed += ("watchbell.applications",) * (room == "applications")
    for path in (PACKAGE / room).glob("*.py"):
        for name in imports(path):
            ours = name.split(".")[0] == "watchbell"
            assert not ours or name.startswith(allowed), f"{path.name} imports {name}"
            assert ours or name.split(".")[0] in {*sys.stdlib_module_names, "nacl", "re2", "cronsim"}, (
                f"{path.name} imports {name}"
            )


@pytest.mark.parametrize(
    "path",
    [
        *(PACKAGE / "adapters").glob("*.py"),
        *(PACKAGE / "status" / name for name in ("reason.py", "report.py", "targets.py")),
        *(PACKAGE / "status" / name for name in ("histogram.py", "tally.py", "packing.py", "uptime.py", "shard.py")),
    ],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_what_is_stored_or_cached_comes_from_code_that_has_no_words(path):
    assert words_of(path) == set()


def test_code_that_has_words_is_found():
    assert words_of(PACKAGE / "status/figures.py") == {"_", "ngettext", "number", "i18n"}
    assert words_of(PACKAGE / "commands/status.py") == {"_", "pgettext"}


def words_of(path):
    """Return the names that a file imports to translate texts."""
    found = {name.removeprefix("watchbell.") for name in imports(path)}
    said = {name.removeprefix("i18n.") for name in found if name.split(".")[0] == "i18n"}
    return said | found & {"_", "N_", "ngettext", "pgettext"}


def test_doors_are_thin():
    for path in (ROOT / "functions").glob("*/handler.py"):
        assert len(path.read_text().splitlines()) <= 60, path


def test_no_function_folder_holds_anything_but_its_handler():
    for folder in (ROOT / "functions").iterdir():
        assert {path.name for path in folder.iterdir()} - {"__pycache__"} == {"handler.py"}
