"""The errors of `python -m sandbox` for wrong arguments."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest


def sandbox(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "sandbox", *arguments], capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve", "--port", "70000"], "0 to 65535"),
        (["serve", "--public-key", "abc"], "64 hexadecimal digits"),
        (["serve", "--status-source", "prod"], "NAME=URL"),
        ([], "required"),
    ],
)
def test_a_wrong_argument_is_explained(arguments: list[str], said: str) -> None:
    result = sandbox(*arguments)
    assert result.returncode == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_help_says_what_the_clock_drives() -> None:
    assert "run on real time" in " ".join(sandbox("serve", "--help").stdout.split())


def test_a_port_that_is_taken_is_told_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = sandbox("serve", "--port", str(port))
    assert result.returncode == 1
    assert result.stdout == ""
    assert f"Cannot listen on 127.0.0.1:{port}" in result.stderr
    assert "Traceback" not in result.stderr
