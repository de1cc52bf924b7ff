"""Fixtures for the sandbox's tests: the guide's examples, as commands that are added to the bot."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import testing
from watchbell.kit.catalogue import file_name

GUIDE = Path(__file__).parents[2] / "docs" / "features.md"


@pytest.fixture(scope="session")
def features(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the examples of docs/features.md as commands, each in a file with the right name."""
    folder = tmp_path_factory.mktemp("guide")
    for source in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), flags=re.DOTALL):
        name = (ast.get_docstring(ast.parse(source)) or "").split(":")[0].removeprefix("/")
        (folder / f"{file_name(name)}.py").write_text(source)
    yield folder
    testing.end()
