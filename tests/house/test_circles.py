"""No import circles: the project's modules import each other in one direction only.

Every import counts: at the top of a file, inside a function, and under TYPE_CHECKING.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOPS = [
    *(ROOT / name for name in ("functions", "infra", "sandbox", "ops", "bench", "tables", "translations", "tests")),
    ROOT / "layers/watchbell/python/watchbell",
]


def modules(tops):
    """The file of each module, by the module's name."""
    found = {}
    for top in tops:
        for path in top.rglob("*.py"):
            parts = path.relative_to(top.parent).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(module, files):
    """What `module` imports from other modules: {module: names}.

    A package counts only if a name is imported from its own `__init__.py`.
    """
    path = files[module]
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    found = {}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            pairs = [(alias.name, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            pairs = [
                (f"{base}.{alias.name}" if f"{base}.{alias.name}" in files else base, alias.name)
                for alias in node.names
            ]
        else:
            continue
        for target, name in pairs:
            if target in files:
                found.setdefault(target, set()).add(name)
    return found


def circles(imports):
    """The groups of modules that import each other, directly or through others."""
    reached = {module: set() for module in imports}
    for module, seen in reached.items():
        waiting = list(imports[module])
        while waiting:
            target = waiting.pop()
            if target not in seen:
                seen.add(target)
                waiting += imports[target]
    groups = ({module} | {other for other in reached[module] if module in reached[other]} for module in imports)
    return {tuple(sorted(group)) for group, module in zip(groups, imports, strict=True) if module in reached[module]}


def described(circle, imports):
    """The imports that make the circle, a line each."""
    return [
        f"{module} imports {', '.join(sorted(names))} from {target}"
        for module in circle
        for target, names in imports[module].items()
        if target in circle
    ]


def test_no_modules_import_each_other():
    files = modules(TOPS)
    imports = {module: imported(module, files) for module in files}
    assert len(imports) > 250
    found = circles(imports)
    assert found == set(), "\n".join(line for circle in found for line in described(circle, imports))


@pytest.fixture
def write(tmp_path):
    """`write("tea.cup", source)`: adds a module to a package, and returns all imports in it so far."""

    def add(module, source):
        path = tmp_path.joinpath(*module.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
        files = modules([tmp_path / "tea"])
        return {each: imported(each, files) for each in files}

    return add


@pytest.mark.parametrize(
    "source",
    [
        "import tea.pot",
        "from tea import pot",
        "from tea.pot import Pot",
        "from . import pot",
        "from .pot import Pot",
        "from ..tea.pot import Pot",
        "def boil():\n    from .pot import Pot",
        "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from .pot import Pot",
    ],
)
def test_a_circle_is_found_however_it_is_imported(write, source):
    write("tea.cup", source)
    imports = write("tea.pot", "from tea.cup import Cup")
    assert circles(imports) == {("tea.cup", "tea.pot")}


def test_a_circle_through_others_is_named_with_what_is_imported(write):
    write("tea.cup", "from .pot import Lid, Pot")
    write("tea.pot", "from .kettle import Kettle")
    write("tea.table", "from .cup import Cup")
    imports = write("tea.kettle", "def boil():\n    from .cup import Cup")
    (circle,) = circles(imports)
    assert described(circle, imports) == [
        "tea.cup imports Lid, Pot from tea.pot",
        "tea.kettle imports Cup from tea.cup",
        "tea.pot imports Kettle from tea.kettle",
    ]


def test_a_package_that_collects_names_is_in_a_circle_only_with_those_who_import_from_it(write):
    write("tea.__init__", "from .cup import Cup")
    write("tea.cup", "from tea.pot import Pot")
    assert circles(write("tea.pot", "")) == set()
    assert circles(write("tea.pot", "from tea import Cup")) == {("tea", "tea.cup", "tea.pot")}
