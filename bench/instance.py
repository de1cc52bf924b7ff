"""A cold instance of a function: a new process with Lambda's runtime client, and its own Runtime API."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from bench.bundle import Bundle
from sandbox.aws.runtime_api import Outcome, RuntimeApi

PYTHON = getattr(sys, "_base_executable", sys.executable)
"""The Python outside the virtual environment: a function must find only what is in its bundle."""


class WrongAnswer(Exception):
    """A contender did not do its job, so its time means nothing."""


class Contender:
    """A bundle in its own process, which is killed on exit. Its stderr is kept for the message of a WrongAnswer."""

    def __init__(self, bundle: Bundle, environment: Mapping[str, str]) -> None:
        """`environment` is added to the variables that Lambda sets."""
        self._bundle = bundle
        self._environment = {**lambda_environment(bundle), **environment}

    def _spawn(self, *arguments: str, stdin: int, stdout: int | None = None, **environment: str) -> None:
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed on exit
        self._process = subprocess.Popen(
            [PYTHON, *arguments],
            cwd=self._bundle.task,
            env={**self._environment, **environment},
            stdin=stdin,
            stdout=self._output if stdout is None else stdout,
            stderr=self._output,
        )

    def wrong(self, reason: str) -> WrongAnswer:
        self._output.seek(0)
        output = self._output.read().decode(errors="replace").strip()
        return WrongAnswer(f"{self._bundle.name}: {reason}" + (f"\n{output}" if output else ""))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()
        self._output.close()


class Instance(Contender):
    """A contender with Lambda's runtime client, started on entry. `started` is in seconds of `time.perf_counter()`."""

    def __enter__(self) -> Instance:
        self._api = RuntimeApi()
        self.started = time.perf_counter()
        self._spawn(
            *("-S", "-m", "awslambdaric", "handler.handler"),
            stdin=subprocess.DEVNULL,
            AWS_LAMBDA_RUNTIME_API=self._api.address,
        )
        return self

    def invoke(self, event: bytes) -> Outcome:
        """Invoke the function. Raise WrongAnswer with the function's output if it fails."""
        outcome = self._api.invoke(event, timeout=10)
        if not outcome.ok:
            raise self.wrong(outcome.error)
        return outcome

    @property
    def init_seconds(self) -> float:
        """The seconds from starting the process until it asked for its first event."""
        return (self._api.ready_at or self.started) - self.started

    def __exit__(self, *raised: Any) -> None:
        super().__exit__(*raised)
        self._api.stop()


def lambda_environment(bundle: Bundle) -> dict[str, str]:
    """Return what Lambda sets. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""
    return {
        "_HANDLER": "handler.handler",
        "AWS_ACCESS_KEY_ID": "ASIABENCHBENCHBENCH0",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_NAME": f"bench-{bundle.name}",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/bench-{bundle.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
        "AWS_REGION": "eu-central-1",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_SESSION_TOKEN": "bench" * 100,  # real ones are long
        "LAMBDA_TASK_ROOT": str(bundle.task),
        "LANG": "en_US.UTF-8",
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(map(str, (bundle.layers, bundle.runtime.folder))),
        "TZ": ":UTC",
        # Lambda has no such files, and the developer's files must not be read.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
