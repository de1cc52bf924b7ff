"""Fixtures for the sandbox's tests: the guide's examples as commands of the bot, and a simulated Discord by itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import testing
from sandbox.authority import Authority
from sandbox.discord import Discord
from tests.sandbox.rest import APP, TOKEN, Client, Clock
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


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def discord(clock: Clock) -> Iterator[Discord]:
    discord = Discord(APP, TOKEN, clock)
    discord.start()
    yield discord
    discord.stop()


@pytest.fixture
def bot(discord: Discord) -> Iterator[Client]:
    client = Client(discord)
    yield client
    client.connection.close()


WATCHING = ("test_watching", "test_notifications", "test_operator", "test_heartbeat", "test_end_to_end", "test_play")
"""The files with monitors. In the blocks of the others the tick sleeps, so that a turn of the clock is quick."""


@pytest.fixture(autouse=True, scope="module")
def tick(request: pytest.FixtureRequest) -> Iterator[None]:
    awake = request.module.__name__.rpartition(".")[2] in WATCHING
    testing.ASLEEP = frozenset() if awake else frozenset({"watch", "operator_monitors"})
    yield
    testing.ASLEEP = frozenset()
