"""Law 5: the tables in README and docs say what the code says."""

import re
from pathlib import Path

import pytest

import watchbell
from ops.settings import MADE, OPTIONAL, REQUIRED
from sandbox.template import Template
from watchbell import catalogue
from watchbell.rows import DAY, ROWS

ROOT = Path(__file__).parents[2]


def table(document, heading):
    """The rows, as tuples of cells, of the table under `heading` in `document`."""
    text = (ROOT / document).read_text()
    section = re.split(rf"^#+ {re.escape(heading)}$", text, flags=re.MULTILINE)[1]
    lines = [line for line in re.split(r"^#+ ", section, flags=re.MULTILINE)[0].splitlines() if line.startswith("|")]
    return [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines[2:]]


def test_the_readme_lists_the_commands():
    menus = {2: "In the menu of a user", 3: "In the menu of a message"}
    expected = [
        (f"`/{command['name']}`", command["description"])
        if command["type"] == 1
        else (f"`{command['name']}`", menus[command["type"]])
        for command in catalogue.manifest()
    ]
    rows = "\n".join(f"| {name} | {description} | … |" for name, description in expected)
    assert [row[:2] for row in table("README.md", "Commands")] == expected, f"the README's table should have\n{rows}"


def test_the_readme_lists_the_schedules():
    expected = [(f"`{schedule.name}`", schedule.description) for schedule in catalogue.schedules()]
    assert table("README.md", "Schedules") == expected


def test_the_operators_guide_lists_the_parameters():
    names = {row[0].strip("`") for row in table("docs/operating.md", "Parameters")}
    assert names == {*REQUIRED, *OPTIONAL, *MADE, "status-sources/NAME", "flags/NAME"}


def test_the_operators_guide_lists_the_environment_of_each_function():
    variables = {}
    for function in Template.read().functions():
        for name in function.environment:
            variables.setdefault(name, set()).add(function.name)
    documented = {
        name.strip("`"): set(functions.split(", ")) for name, functions, *_ in table("docs/operating.md", "Environment")
    }
    assert documented == variables


def test_the_guide_to_the_data_is_the_register():
    def kept(row):
        return "for ever" if row.keep is None else f"{row.keep // DAY} days" if row.keep > DAY else "1 day"

    expected = [(row.name, f"`{row.table}`", f"`{row.partition}`", row.personal, kept(row)) for row in ROWS]
    assert table("docs/data.md", "What is kept") == expected


@pytest.mark.parametrize(
    "document", ["README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
)
def test_every_link_and_every_named_file_exists(document):
    text = (ROOT / document).read_text()
    folder = (ROOT / document).parent
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (folder / target).exists(), f"{document} links to {target}"
    for name in re.findall(r"`((?:functions|infra|layers|sandbox|ops|bench|tests|docs)/[\w./-]+)`", text):
        assert (ROOT / name).exists() or name == "layers/vendor/", f"{document} names {name}"


def test_the_guide_to_features_names_everything_that_a_feature_can_import():
    text = "".join((ROOT / name).read_text() for name in ("CONTRIBUTING.md", "docs/features.md"))
    assert [name for name in watchbell._HOME if not re.search(rf"\b{name}\b", text)] == []


def test_every_make_target_that_is_named_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        assert set(re.findall(r"`make ([a-z]+)", path.read_text())) <= targets, path


def test_the_readme_counts_the_alarms_right():
    alarms = len(list(Template.read().resources("AWS::CloudWatch::Alarm")))
    assert f"{alarms} CloudWatch alarms" in (ROOT / "README.md").read_text()
