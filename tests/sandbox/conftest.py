"""What the tests of the sandbox share: the guide's examples, as commands that the bot has besides its own."""

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
    """A folder of commands: the examples of docs/features.md, each in the file that it belongs in."""
    folder = tmp_path_factory.mktemp("guide")
    for source in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), flags=re.DOTALL):
        name = (ast.get_docstring(ast.parse(source)) or "").split(":")[0].removeprefix("/")
        (folder / f"{file_name(name)}.py").write_text(source)
    yield folder
    testing.end()
