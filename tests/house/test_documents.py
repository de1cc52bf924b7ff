"""Law 5: README and docs agree with the code. `make check` compares the tables that `make docs` writes."""

import ast
import re
from pathlib import Path

import pytest

import watchbell
from infra.settings import CHOICES, defaults
from ops.settings import MADE, OPTIONAL, REQUIRED, WEBHOOKS
from sandbox.template import Template
from tables.__main__ import main
from tables.documents import TABLES, documents, rewritten, table, unwritten
from watchbell.data.tables import ROWS
from watchbell.kit import catalogue

ROOT = Path(__file__).parents[2]


def table_of(document, heading):
    """Return the rows of the table under `heading` in `document`, as tuples of cells."""
    text = (ROOT / document).read_text()
    section = re.split(rf"^#+ {re.escape(heading)}$", text, flags=re.MULTILINE)[1]
    lines = [line for line in re.split(r"^#+ ", section, flags=re.MULTILINE)[0].splitlines() if line.startswith("|")]
    return [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines[2:]]


def test_the_operators_guide_lists_the_parameters():
    names = {row[0].strip("`") for row in table_of("docs/operating.md", "Parameters")}
    asked = {name for name in OPTIONAL if not name.startswith("choices/")}
    families = {"status-sources/NAME", "flags/NAME", "choices/NAME", "webhooks/NAME"}
    assert names == {*REQUIRED, *asked, *MADE, *WEBHOOKS, *families, "operator-alerts", "notify-users"}


def test_the_operators_guide_lists_the_choices_with_their_defaults():
    listed = {row[0].strip("`"): row[1].strip("`") for row in table_of("docs/operating.md", "Choices")}
    assert set(listed) == set(CHOICES)
    for name, default in listed.items():
        assert default.replace("none", "") == defaults()[name]


def test_each_table_that_the_code_decides_has_its_place_in_one_document():
    found = [name for path in documents(ROOT) for name in re.findall(r"<!-- table: (\w+) -->", path.read_text())]
    assert sorted(found) == sorted(TABLES)


def test_a_new_command_gets_its_row(feature):
    head = "from watchbell import Command, MessageCommand, anyone\n"
    run = "\ncommand.run(lambda interaction: None)"
    feature("ludo", f"{head}command = Command('ludo', 'Play | win', who=anyone, instant=True){run}")
    feature("quote_it", f"{head}command = MessageCommand('Quote it', who=anyone){run}")
    hide = "\ncommand.subcommand(lambda interaction: None, name='hide', private=True)"
    show = "\ncommand.subcommand(lambda interaction: None, name='show')"
    feature("seek", f"{head}command = Command('seek', 'Play', who=anyone){hide}{show}")
    heading = "| command | what it does | answered |\n| --- | --- | --- |\n"
    text = rewritten(f"Ours:\n<!-- table: commands -->\n{heading}<!-- end of table -->\n")
    for row in (
        "| `/ludo` | Play \\| win | at once, for all to see |",
        '| `Quote it` | In the menu of a message | after "thinking", for all to see |',
        '| `/seek` | Play | after "thinking", privately or for all to see |',
        "| `/ping` | Ask the bot whether it is awake | at once, privately |",
    ):
        assert f"\n{row}\n" in text


def test_the_table_of_checks_has_each_kind_with_an_address_and_its_options():
    rows = {row[0]: row[1:] for row in TABLES["checks"]()}
    assert [*rows] == [f"`{check.name}`" for check in catalogue.checks()]
    assert rows["`tcp`"] == ("TCP port", "`db.example:5432`", "")
    assert rows["`heartbeat`"][1] == "none"
    assert rows["`heartbeat`"][2].endswith("; `zone`: the time zone of `cron`")
    for check in catalogue.checks():
        options = set(re.findall(r"`(\w+)`: ", rows[f"`{check.name}`"][2]))
        assert options == {option.name for option in check.options} - {"slow", "recheck"}


def test_the_tables_have_all_schedules_variables_and_rows_of_the_code():
    assert [row[0] for row in TABLES["schedules"]()] == [f"`{job.name}`" for job in catalogue.schedules()]
    assert {
        (f"`{name}`", function.name) for function in Template.read().functions() for name in function.environment
    } == {(name, function) for name, functions in TABLES["environment"]() for function in functions.split(", ")}
    declared = [*ROWS, *(data.row for data in catalogue.data())]
    assert [row[0] for row in TABLES["rows"]()] == [row.name for row in declared]
    assert ("introduction", "`state`", "`introduction#{}`", "a Discord user id", "for ever") in TABLES["rows"]()


def test_a_row_keeps_the_description_that_people_gave_it():
    before = "| name | where | what |\n| --- | --- | --- |\n| `A` | there | a \\| one |\n| `GONE` | there | nothing |\n"
    after = "| name | where | what |\n| --- | --- | --- |\n| `A` | here | a \\| one |\n| `B` | here | … |\n"
    assert table([("`A`", "here"), ("`B`", "here")], before) == after
    assert unwritten(after) == ["`B`"]


def test_a_document_that_is_not_up_to_date_is_named_by_the_check_and_written_by_make_docs(tmp_path, capsys):
    readme = tmp_path / "README.md"
    stale = (ROOT / "README.md").read_text().replace("| `daily_digest` |", "| `nightly_digest` |")
    readme.write_text(stale)
    assert main(["--check"], tmp_path) == 1
    assert capsys.readouterr().out == "README.md is out of date: run `make docs`\n"
    assert readme.read_text() == stale
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    assert "| `daily_digest` |" in readme.read_text()


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
    assert [name for name in dir(watchbell) if not re.search(rf"\b{name}\b", text)] == []


def test_every_make_target_that_is_named_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        assert set(re.findall(r"`make ([a-z]+)", path.read_text())) <= targets, path


def test_the_operators_guide_explains_every_alarm():
    first_cells = " ".join(row[0] for row in table_of("docs/operating.md", "What alarms, and what to do"))
    for _, alarm in Template.read().resources("AWS::CloudWatch::Alarm"):
        name = alarm["AlarmName"].removeprefix("watchbell-dev-")
        assert f"`{name}`" in first_cells or name.endswith("-errors"), name


def test_the_table_of_what_was_swept_has_each_story_of_the_sweep():
    stories = {
        node.name.removeprefix("test_").replace("_", " ").capitalize()
        for path in (ROOT / "tests/sweep").glob("test_*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and "record_property" in [each.arg for each in node.args.args]
    }
    text = (ROOT / "docs/reliability.md").read_text()
    assert stories == set(re.findall(r"^\| (\S.*?) \| [0-9,]+ \| 0 \| [0-9]+ \|$", text, flags=re.MULTILINE))
