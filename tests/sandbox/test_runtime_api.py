"""The Runtime API as a runtime client uses it."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sandbox.aws.runtime_api import Outcome, RuntimeApi, failure


@pytest.fixture
def api() -> Iterator[RuntimeApi]:
    api = RuntimeApi()
    yield api
    api.stop()


def call(api: RuntimeApi, method: str, path: str, body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(api.address, timeout=5)
    connection.request(method, f"/2018-06-01/runtime/{path}", body)
    answer = connection.getresponse()
    read = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), read


def later(work: Any) -> None:
    threading.Thread(target=work, daemon=True).start()


def test_an_event_is_handed_over_with_its_deadline_and_its_answer_comes_back(api: RuntimeApi) -> None:
    with ThreadPoolExecutor() as pool:
        outcome = pool.submit(api.invoke, b'{"a": 1}', timeout=3, arn="arn:f", request_id="r-1")
        status, headers, event = call(api, "GET", "invocation/next")
        assert (status, event) == (200, b'{"a": 1}')
        assert headers["lambda-runtime-aws-request-id"] == "r-1"
        assert headers["lambda-runtime-invoked-function-arn"] == "arn:f"
        assert 2000 < int(headers["lambda-runtime-deadline-ms"]) - time.time() * 1000 <= 3000
        assert call(api, "POST", "invocation/r-1/response", b'"done"')[0] == 202
        assert outcome.result().ok
        assert outcome.result().payload == b'"done"'
    assert api.ready_at is not None


def test_an_error_of_the_function_leaves_the_instance_usable(api: RuntimeApi) -> None:
    error = {"errorType": "ValueError", "errorMessage": "no"}

    def runtime() -> None:
        for kind, body in (("error", json.dumps(error).encode()), ("response", b"1")):
            request_id = call(api, "GET", "invocation/next")[1]["lambda-runtime-aws-request-id"]
            call(api, "POST", f"invocation/{request_id}/{kind}", body)

    later(runtime)
    first = api.invoke(b"{}", timeout=3)
    assert (first.ok, first.fatal, first.error) == (False, False, "ValueError: no")
    assert api.invoke(b"{}", timeout=3).payload == b"1"


def test_a_late_answer_is_a_timeout_and_counts_for_nothing(api: RuntimeApi) -> None:
    later(lambda: call(api, "GET", "invocation/next"))
    outcome = api.invoke(b"{}", timeout=0.1, request_id="r-1")
    assert outcome.fatal
    assert outcome.error == "Sandbox.Timedout: RequestId: r-1 Error: Task timed out after 0.10 seconds"
    assert call(api, "POST", "invocation/r-1/response", b"1")[0] == 400


def test_an_init_that_never_ends_is_a_timeout(api: RuntimeApi) -> None:
    assert "init was not over" in api.invoke(b"{}", timeout=3, init_timeout=0.1).error


def test_an_init_error_is_every_invocations_answer(api: RuntimeApi) -> None:
    body = json.dumps({"errorType": "Runtime.ImportModuleError", "errorMessage": "no module"}).encode()
    assert call(api, "POST", "init/error", body)[0] == 202
    assert api.invoke(b"{}", timeout=3).error == "Runtime.ImportModuleError: no module"


def test_the_end_of_the_process_wakes_whoever_waits(api: RuntimeApi) -> None:
    later(lambda: call(api, "GET", "invocation/next"))
    threading.Timer(0.1, api.end, [failure("Runtime.ExitError", "exit status 1")]).start()
    assert api.invoke(b"{}", timeout=3) == Outcome(
        False, b'{"errorType": "Runtime.ExitError", "errorMessage": "exit status 1"}', fatal=True
    )


def test_an_unknown_route_is_refused(api: RuntimeApi) -> None:
    assert call(api, "GET", "invocation/later")[0] == 404
