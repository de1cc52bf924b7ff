"""API Gateway passes requests to a function as events, and sends the function's answers back."""

from __future__ import annotations

import base64
import http.client
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.aws.gateway import Gateway, proxy_answer, proxy_event
from sandbox.aws.runtime_api import Outcome, failure
from sandbox.loopback import Request, Server
from sandbox.template import Throttle


class Ingress:
    """A function that returns `outcome` and keeps the events."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.outcome = Outcome(True, b'{"statusCode": 200, "body": "{}"}')

    def __call__(self, function: str, event: object) -> Outcome:
        assert function == "ingress"
        self.events.append(event)
        return self.outcome


@pytest.fixture
def ingress() -> Ingress:
    return Ingress()


@pytest.fixture
def server(ingress: Ingress) -> Iterator[Server]:
    server = Server(Gateway({"POST /interactions": "ingress"}, ingress))
    yield server
    server.stop()


def ask(server: Server, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(server.address, timeout=10)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    read = answer.read()
    connection.close()
    return answer.status, read


def event_of(*headers: tuple[str, str], body: bytes = b"{}", target: str = "/interactions") -> dict[str, Any]:
    request = Request("POST", target, list(headers), body, "127.0.0.1")
    return proxy_event(request, "POST /interactions", 1_795_305_600.25)


def test_a_throttled_function_is_an_unavailable_service(server: Server, ingress: Ingress) -> None:
    ingress.outcome = failure("TooManyRequestsException", "Rate Exceeded.", fatal=False)
    status, body = ask(server, "POST", "/interactions")
    assert (status, json.loads(body)) == (503, {"message": "Service Unavailable"})


def test_a_route_can_take_any_method_and_the_rest_of_a_path() -> None:
    asked: list[tuple[str, str]] = []

    def invoke(function: str, event: Any) -> Outcome:
        asked.append((function, event["routeKey"]))
        return Outcome(True, b'{"statusCode": 200, "body": "OK"}')

    routes = {"ANY /ping/{proxy+}": "heartbeat", "GET /ping/health": "health", "POST /interactions": "ingress"}
    server = Server(Gateway(routes, invoke))
    try:
        for method, path in (
            ("GET", "/ping/1/start"),
            ("PUT", "/ping/1"),
            ("GET", "/ping/health"),
            ("PUT", "/ping/health"),
        ):
            assert ask(server, method, path) == (200, b"OK")
        for method, path in (("GET", "/ping/"), ("GET", "/ping"), ("GET", "/pings/1"), ("GET", "/interactions")):
            assert ask(server, method, path)[0] == 404
    finally:
        server.stop()
    pinged = ("heartbeat", "ANY /ping/{proxy+}")
    assert asked == [pinged, pinged, ("health", "GET /ping/health"), pinged]


def test_an_event_has_the_shape_of_payload_format_2() -> None:
    event = event_of(("Content-Type", "application/json"), ("User-Agent", "Discord"), target="/interactions?a=1&a=2&b=")
    assert event["version"] == "2.0"
    assert event["routeKey"] == "POST /interactions"
    assert event["rawPath"] == "/interactions"
    assert event["rawQueryString"] == "a=1&a=2&b="
    assert event["queryStringParameters"] == {"a": "1,2", "b": ""}
    assert event["headers"] == {"content-type": "application/json", "user-agent": "Discord"}
    assert (event["body"], event["isBase64Encoded"]) == ("{}", False)
    context = event["requestContext"]
    assert context["http"] == {
        "method": "POST",
        "path": "/interactions",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "Discord",
    }
    assert (context["stage"], context["routeKey"]) == ("$default", "POST /interactions")
    assert (context["time"], context["timeEpoch"]) == ("22/Nov/2026:00:00:00 +0000", 1_795_305_600_250)


def test_header_names_are_lowered_and_doubled_ones_joined_by_a_comma() -> None:
    event = event_of(("X-Signature-Ed25519", "aa"), ("x-signature-ed25519", "bb"), ("Cookie", "a=1; b=2"))
    assert event["headers"] == {"x-signature-ed25519": "aa,bb"}
    assert event["cookies"] == ["a=1", "b=2"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [("application/octet-stream", b"{}"), ("application/json", b"\xff\xfe"), ("", b"{}"), ("image/png", b"\x89PNG")],
)
def test_a_body_that_is_not_text_comes_in_base64(content_type: str, body: bytes) -> None:
    event = event_of(("Content-Type", content_type), body=body)
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == body


def test_no_body_is_no_key() -> None:
    event = event_of(body=b"")
    assert "body" not in event
    assert event["isBase64Encoded"] is False


def test_only_the_templates_routes_exist(server: Server, ingress: Ingress) -> None:
    for method, path in (("GET", "/interactions"), ("POST", "/"), ("POST", "/interactions/"), ("PUT", "/events")):
        assert ask(server, method, path, b"") == (404, b'{"message": "Not Found"}')
    assert ingress.events == []


ROUTES = {
    "GET /pets/dog/1": "ingress",
    "GET /pets/dog/{id}": "ingress",
    "GET /pets/{proxy+}": "ingress",
    "ANY /pets/{proxy+}": "ingress",
    "HEAD /ping/{proxy+}": "ingress",
    "ANY /jobs/{job}/{state}": "ingress",
}


@pytest.mark.parametrize(
    ("method", "path", "route", "parameters"),
    [
        ("GET", "/pets/dog/1", "GET /pets/dog/1", None),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}", {"id": "2"}),
        ("GET", "/pets/cat/1", "GET /pets/{proxy+}", {"proxy": "cat/1"}),
        ("POST", "/pets/dog/1", "ANY /pets/{proxy+}", {"proxy": "dog/1"}),
        ("HEAD", "/ping/a/start", "HEAD /ping/{proxy+}", {"proxy": "a/start"}),
        ("HEAD", "/ping/a%2Fb%20c/", "HEAD /ping/{proxy+}", {"proxy": "a/b c/"}),
        ("PUT", "/jobs/7/done", "ANY /jobs/{job}/{state}", {"job": "7", "state": "done"}),
    ],
)
def test_the_most_specific_route_gets_the_request_and_the_parts_of_its_path(
    ingress: Ingress, method: str, path: str, route: str, parameters: dict[str, str] | None
) -> None:
    assert Gateway(ROUTES, ingress)(Request(method, f"{path}?a=%20")).status == 200
    (event,) = ingress.events
    assert event["routeKey"] == event["requestContext"]["routeKey"] == route
    assert event.get("pathParameters") == parameters
    assert event["requestContext"]["http"]["method"] == method
    assert event["rawPath"] == path.replace("%2F", "/").replace("%20", " ")
    assert event["rawQueryString"] == "a=%20"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/ping/a"), ("HEAD", "/ping"), ("HEAD", "/ping/"), ("PUT", "/jobs/7"), ("PUT", "/jobs//x"), ("GET", "/")],
)
def test_a_request_that_no_route_matches_goes_to_the_default_route_if_there_is_one(
    ingress: Ingress, method: str, path: str
) -> None:
    request = Request(method, path)
    assert Gateway(ROUTES, ingress)(request).status == 404
    assert ingress.events == []
    assert Gateway({"$default": "ingress", **ROUTES}, ingress)(request).status == 200
    assert ingress.events[0]["routeKey"] == "$default"
    assert "pathParameters" not in ingress.events[0]


@pytest.mark.parametrize("key", ["GET", "GET pets", "GET /{proxy+}/x", "GET /a{b}", "GET /{a", "GET /{+}", ""])
def test_a_route_key_that_api_gateway_refuses_is_an_error(ingress: Ingress, key: str) -> None:
    with pytest.raises(ValueError, match="route key"):
        Gateway({key: "ingress"}, ingress)


def test_a_route_over_its_limit_answers_429_and_no_function_is_invoked(ingress: Ingress) -> None:
    clock = 0.0
    throttles = {"HEAD /ping/{proxy+}": Throttle(rate=2, burst=3)}
    gateway = Gateway(ROUTES, ingress, throttles, now=lambda: clock)

    def statuses(times: int) -> list[int]:
        return [gateway(Request("HEAD", f"/ping/{number}")).status for number in range(times)]

    assert statuses(5) == [200, 200, 200, 429, 429]
    assert len(ingress.events) == 3
    assert gateway(Request("GET", "/pets/cat")).status == 200
    clock = 1.0
    assert statuses(3) == [200, 200, 429]
    clock = 100.0
    assert statuses(4) == [200, 200, 200, 429]
    assert json.loads(gateway(Request("HEAD", "/ping/x")).body) == {"message": "Too Many Requests"}


def test_a_head_request_gets_headers_and_no_body(ingress: Ingress) -> None:
    server = Server(Gateway(ROUTES, ingress))
    try:
        assert ask(server, "HEAD", "/ping/a") == (200, b"")
    finally:
        server.stop()


def test_a_megabyte_passes_and_more_than_ten_do_not(server: Server, ingress: Ingress) -> None:
    assert ask(server, "POST", "/interactions", b"x" * 1_000_000, content_type="text/plain")[0] == 200
    assert len(ingress.events[0]["body"]) == 1_000_000
    assert ask(server, "POST", "/interactions", b"x" * 10_000_001) == (413, b'{"message": "Request Entity Too Large"}')
    assert len(ingress.events) == 1


def test_a_chunked_body_arrives_whole(server: Server, ingress: Ingress) -> None:
    ask(server, "POST", "/interactions", iter([b'{"a":', b"1}"]), content_type="application/json")
    assert ingress.events[0]["body"] == '{"a":1}'


def test_a_function_that_fails_is_500_and_says_nothing_of_why(server: Server, ingress: Ingress) -> None:
    ingress.outcome = failure("KeyError", "secret")
    assert ask(server, "POST", "/interactions", b"{}") == (500, b'{"message": "Internal Server Error"}')


def test_an_event_too_large_for_lambda_is_413(server: Server, ingress: Ingress) -> None:
    ingress.outcome = failure("RequestTooLargeException", "6 MB")
    assert ask(server, "POST", "/interactions", b"{}")[0] == 413


def test_many_requests_go_over_one_connection(server: Server) -> None:
    connection = http.client.HTTPConnection(server.address, timeout=5)
    for _ in range(3):
        connection.request("POST", "/interactions", b"{}")
        assert connection.getresponse().read() == b"{}"
    connection.close()


def test_an_answer_is_sent_on_as_the_function_made_it() -> None:
    answer = {
        "statusCode": 401,
        "headers": {"Content-Type": "application/json"},
        "body": "e30=",
        "isBase64Encoded": True,
    }
    response = proxy_answer(json.dumps(answer).encode())
    assert (response.status, response.body) == (401, b"{}")
    assert response.headers == [("content-type", "application/json")]


def test_an_answer_without_a_status_is_a_200() -> None:
    response = proxy_answer(b'{"type": 1}')
    assert (response.status, json.loads(response.body)) == (200, {"type": 1})


@pytest.mark.parametrize(
    "payload",
    [b"", b'{"statusCode": "x"}', b'{"statusCode": 200, "body": {}}', b'{"statusCode": 7}', b'{"statusCode": null}'],
)
def test_an_answer_that_api_gateway_does_not_take_is_a_500(payload: bytes) -> None:
    assert proxy_answer(payload).status == 500


def test_a_request_with_a_broken_length_is_refused(server: Server) -> None:
    status, body = ask(server, "POST", "/interactions", b"", content_length="-1")
    assert status == 400
    assert re.search(b"Bad Request", body)
