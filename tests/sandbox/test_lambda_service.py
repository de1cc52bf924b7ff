"""Functions with the real runtime client: cold, warm, late, crashed, several at once."""

from __future__ import annotations

import json
import os
import socket
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.aws.lambda_service import EXECUTIONS, LambdaService
from sandbox.children import Children
from sandbox.logs import Logs
from sandbox.template import Function, Template, TemplateError
from tests.sandbox import eventually

Deploy = Callable[..., LambdaService]


@pytest.fixture
def logs() -> Logs:
    return Logs()


@pytest.fixture
def deploy(tmp_path: Path, logs: Logs) -> Iterator[Deploy]:
    """`deploy(source)` deploys the function `f` with this source."""
    children = Children()
    services: list[LambdaService] = []

    def deploy(source: str, timeout: int = 5, **environment: str) -> LambdaService:
        (tmp_path / "f").mkdir()
        (tmp_path / "f" / "handler.py").write_text(textwrap.dedent(source))
        function = function_with(timeout=timeout, environment=environment)
        services.append(LambdaService([function], {"EXTRA": "1"}, children, logs, folder=tmp_path))
        return services[-1]

    yield deploy
    for service in services:
        service.stop()
    children.stop()


def function_with(timeout: int, environment: dict[str, str]) -> Function:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:watchbell-dev-f"
    return Function("f", arn, "handler.handler", timeout, 256, environment)


def test_an_instance_is_reused_and_keeps_what_it_loaded(deploy: Deploy, logs: Logs) -> None:
    service = deploy(
        """
        import os
        calls = []
        def handler(event, context):
            calls.append(event["n"])
            of = {"name": context.function_name, "arn": context.invoked_function_arn}
            return of | {"pid": os.getpid(), "calls": calls}
        """
    )
    first = json.loads(service.invoke("f", {"n": 1}).payload)
    second = json.loads(service.invoke("f", {"n": 2}).payload)
    assert second == {
        "pid": first["pid"],
        "calls": [1, 2],
        "name": "watchbell-dev-f",
        "arn": "arn:aws:lambda:us-east-1:123456789012:function:watchbell-dev-f",
    }
    assert len([line for line in logs.lines if "cold start: " in line]) == 1


def test_the_environment_is_the_templates_and_lambdas_and_no_more(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_DEVELOPER", "1")
    service = deploy("import os\ndef handler(event, context): return dict(os.environ)", TABLE="t")
    environment = json.loads(service.invoke("f", {}).payload)
    assert environment["TABLE"] == "t"
    assert environment["EXTRA"] == "1"
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert "OF_THE_DEVELOPER" not in environment
    assert "HOME" not in environment


def test_invocations_at_once_get_an_instance_each(deploy: Deploy) -> None:
    service = deploy(
        """
        import os, time
        def handler(event, context):
            time.sleep(0.5)
            return os.getpid()
        """
    )
    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(lambda n: service.invoke("f", n), range(6)))
    assert all(outcome.ok for outcome in outcomes)
    assert 2 <= len({outcome.payload for outcome in outcomes}) <= 6


def test_if_the_account_is_busy_a_request_is_throttled_at_once_and_an_event_waits(deploy: Deploy) -> None:
    service = deploy(
        """
        import pathlib, time
        def handler(event, context):
            while event and not pathlib.Path(event).exists(): time.sleep(0.01)
            return "done"
        """,
        timeout=30,
    )
    gate = service._folder / "open"
    with ThreadPoolExecutor(EXECUTIONS + 1) as pool:
        busy = [pool.submit(service.invoke, "f", str(gate)) for _ in range(EXECUTIONS)]
        assert eventually(lambda: service.running == EXECUTIONS)
        event = pool.submit(service.invoke, "f", "")
        assert service.invoke("f", "", held=False).error == "TooManyRequestsException: Rate Exceeded."
        assert not event.done()
        gate.touch()
        assert [invocation.result().payload for invocation in (*busy, event)] == [b'"done"'] * (EXECUTIONS + 1)
    assert service.invoke("f", "", held=False).ok


def test_a_timeout_kills_the_instance_and_the_next_call_starts_another(deploy: Deploy) -> None:
    service = deploy(
        """
        import os, time
        def handler(event, context):
            if event == "pid": return os.getpid()
            time.sleep(60)
        """,
        timeout=1,
    )
    pid = json.loads(service.invoke("f", "pid").payload)
    outcome = service.invoke("f", "sleep")
    assert "Task timed out after 1.00 seconds" in outcome.error
    assert not Path(f"/proc/{pid}").exists() or os.name != "posix"
    assert json.loads(service.invoke("f", "pid").payload) != pid


def test_only_the_instance_that_has_the_connection_is_killed(deploy: Deploy) -> None:
    service = deploy(
        """
        import socket
        def handler(event, context):
            with socket.create_connection(("127.0.0.1", event)) as connection:
                return connection.recv(10).decode()
        """
    )
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor() as together:
        runs = [together.submit(service.invoke, "f", server.getsockname()[1]) for _ in range(2)]
        (first, (_, one)), (second, (_, other)) = server.accept(), server.accept()
        with first, second:
            assert not service.is_calling("f", server.getsockname()[1])
            assert not service.kill("f", server.getsockname()[1])
            assert service.is_calling("f", one)
            assert service.is_calling("f", other)
            assert service.kill("f", one)
            second.sendall(b"fine")
            ends = sorted(run.result().payload for run in runs)
    assert ends[0] == b'"fine"'
    assert b"Runtime.ExitError" in ends[1]


def test_a_crash_is_an_exit_error_and_the_next_call_starts_another(deploy: Deploy) -> None:
    service = deploy("import os\ndef handler(event, context): return 'up' if event else os._exit(3)")
    outcome = service.invoke("f", None)
    assert outcome.error == "Runtime.ExitError: Runtime exited with error: exit status 3"
    assert service.invoke("f", 1).payload == b'"up"'


def test_an_exception_is_reported_with_its_type_and_logged(deploy: Deploy, logs: Logs) -> None:
    service = deploy("def handler(event, context): raise LookupError('no such row')")
    assert service.invoke("f", {}).error == "LookupError: no such row"
    assert eventually(lambda: any("LookupError" in line for line in logs.lines))


def test_a_module_that_does_not_load_is_an_init_error(deploy: Deploy) -> None:
    assert "No module named 'nowhere'" in deploy("import nowhere").invoke("f", {}).error


def test_what_a_function_prints_is_logged_under_its_name(deploy: Deploy, logs: Logs) -> None:
    deploy("def handler(event, context): print('hello')").invoke("f", {})
    assert eventually(lambda: "f         | hello" in logs.lines)


def test_a_deploy_starts_anew_with_the_new_environment(deploy: Deploy) -> None:
    service = deploy("import os\ndef handler(event, context): return os.environ['V']", V="1")
    assert service.invoke("f", {}).payload == b'"1"'
    service.deploy([function_with(timeout=5, environment={"V": "2"})])
    assert service.invoke("f", {}).payload == b'"2"'


def test_a_function_without_a_folder_is_refused(tmp_path: Path, logs: Logs) -> None:
    with pytest.raises(TemplateError, match="'f' has no folder"):
        LambdaService([function_with(5, {})], {}, None, logs, folder=tmp_path)  # type: ignore[arg-type]


def test_an_unknown_function_and_an_event_too_large_are_answers(deploy: Deploy) -> None:
    service = deploy("def handler(event, context): return 1")
    assert service.invoke("g", {}).error == "ResourceNotFoundException: Function not found: g"
    assert service.invoke("f", "x" * 7_000_000).error.startswith("RequestTooLargeException")


def test_the_ingress_finds_only_the_files_of_its_layer(tmp_path: Path, logs: Logs) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "handler.py").write_text(
        textwrap.dedent(
            """
            from importlib.util import find_spec
            def handler(event, context):
                return [bool(find_spec(f"watchbell.doors.{name}")) for name in ("ingress", "worker")]
            """
        )
    )
    children = Children()
    (ingress,) = (function for function in Template.read().functions() if function.name == "ingress")
    lean, whole = replace(function_with(5, {}), layers=ingress.layers), function_with(5, {})
    found = []
    for function in (lean, whole):
        service = LambdaService([function], {}, children, logs, folder=tmp_path)
        found.append(service.invoke("f", {}).payload)
        service.stop()
    children.stop()
    assert [json.loads(each) for each in found] == [[True, False], [True, True]]
