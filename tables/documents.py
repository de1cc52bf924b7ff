"""The tables in the documents, and their rows from the code. Markers show where each table is:

<!-- table: schedules -->
| schedule | what it does |
…
<!-- end of table -->
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import bench.scale
import infra.cost
from sandbox.template import Template
from watchbell.data.tables import DAY, ROWS
from watchbell.kit import catalogue
from watchbell.kit.check import SHARED

_MARKED = re.compile(r"(<!-- table: (\w+) -->\n)(.*?)(<!-- end of table -->)", re.DOTALL)

Rows = list[tuple[str, ...]]


def documents(root: Path) -> list[Path]:
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]


def rewritten(text: str) -> str:
    """The text of the document, with every marked table generated again from the code."""
    return _MARKED.sub(lambda found: found[1] + table(TABLES[found[2]](), found[3]) + found[4], text)


def unwritten(text: str) -> list[str]:
    """The first cells of the rows that still need a description."""
    return re.findall(r"^\| ([^|]+) \|.* … \|$", text, flags=re.MULTILINE)


def table(rows: Rows, before: str) -> str:
    """The rows as a Markdown table, with the heading of `before`, the present text of the table.

    A row may have fewer cells than the heading. It then keeps the remaining cells that it has in `before`, because
    people write these. A new row gets … in them.
    """
    heading, line, *old = before.splitlines()
    width = len(_cells(heading))
    written = {cells[0]: cells for cells in map(_cells, old)}
    lines = [heading, line]
    for row in rows:
        row = tuple(cell.replace("|", "\\|") for cell in row)
        kept = written.get(row[0], ("…",) * width)[len(row) : width]
        lines.append(f"| {' | '.join([*row, *kept])} |")
    return "".join(f"{each}\n" for each in lines)


def commands() -> Rows:
    menus = {2: "In the menu of a user", 3: "In the menu of a message"}
    rows: Rows = []
    for command in catalogue.commands():
        name = f"`/{command.name}`" if command.type == 1 else f"`{command.name}`"
        runs = command.runs.values()
        when = _either("at once" if run.instant else 'after "thinking"' for run in runs)
        seen = _either("privately" if run.private else "for all to see" for run in runs)
        rows.append((name, menus.get(command.type, command.description), f"{when}, {seen}"))
    return rows


def schedules() -> Rows:
    return [(f"`{schedule.name}`", schedule.description) for schedule in catalogue.schedules()]


def environment() -> Rows:
    """The environment variables that the stack sets, and their functions. People write the descriptions."""
    functions: dict[str, list[str]] = {}
    for function in Template.read().functions():
        for name in function.environment:
            functions.setdefault(name, []).append(function.name)
    return [(f"`{name}`", ", ".join(sorted(those))) for name, those in functions.items()]


def rows() -> Rows:
    def kept(seconds: int | None) -> str:
        if seconds == 0:
            return "as the item that it leads to"
        return "for ever" if seconds is None else f"{seconds // DAY} days" if seconds > DAY else "1 day"

    declared = [*ROWS, *(data.row for data in catalogue.data())]
    return [(row.name, f"`{row.table}`", f"`{row.partition}`", row.personal, kept(row.keep)) for row in declared]


def checks() -> Rows:
    """The kinds of monitors, with an address for each and their options.

    The options `slow` and `recheck` are left out: most kinds have them, and the document explains them once.
    """
    rows: Rows = []
    for check in catalogue.checks():
        known = [option for option in check.options if option not in SHARED]
        options = "; ".join(f"`{option.name}`: {_lower(option.description)}" for option in known)
        rows.append((f"`{check.name}`", check.label, f"`{check.example}`" if check.example else "none", options))
    return rows


def cost() -> Rows:
    return infra.cost.rows()


def scale() -> Rows:
    return bench.scale.rows()


TABLES: dict[str, Callable[[], Rows]] = {
    "checks": checks,
    "commands": commands,
    "schedules": schedules,
    "environment": environment,
    "rows": rows,
    "cost": cost,
    "scale": scale,
}


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _either(words: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(words))


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|")))
