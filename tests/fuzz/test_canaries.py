"""No failure writes a secret to a log. `make fuzz` tries all faults; here is one of each kind."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from sandbox.aws.lambda_service import LAYER
from tests.fuzz.canaries import SOME, TYPED, Fault, World, sweep, world

pytestmark = pytest.mark.xdist_group("canaries")


def shown(made: World) -> list[str]:
    return [line[:300] for line in made.leaks()]


def test_no_failure_of_any_function_writes_a_secret_to_its_log() -> None:
    with world() as made:
        for fault in [None, *SOME]:
            sweep(made, fault)
        assert shown(made) == []
        assert len(made.tried) > 150
        forms = [body for body in made.queued if b"monitor:set_secret" in body]
        assert forms
        assert [body[:300] for body in forms if f"{TYPED}-value".encode() in body] == []
        assert len({function for _, function, _ in made.tried}) == 5
        libraries = {"urllib3", "botocore"}
        assert libraries <= {name for name in libraries for line in made.logs.lines if f'"logger": "{name}' in line}


def test_without_the_guard_the_same_failures_leak(tmp_path: Path) -> None:
    shutil.copytree(LAYER / "watchbell", tmp_path / "watchbell", ignore=shutil.ignore_patterns("__pycache__"))
    module = tmp_path / "watchbell" / "adapters" / "logs.py"
    guarded = module.read_text()
    assert guarded.count("        _install()\n") == 1
    module.write_text(guarded.replace("        _install()\n", "        pass\n"))
    with world(tmp_path) as made:
        sweep(made, Fault(200, "html", "malformed"))
        # A line of a function can come a moment after its answer.
        leaking, deadline = {"worker", "sender", "registrar"}, time.monotonic() + 20
        while not (found := {line.split(" ")[0] for line in made.leaks()}) >= leaking and time.monotonic() < deadline:
            time.sleep(0.1)
        assert found >= leaking
