"""The simulated status sources."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.status_source import StatusSources, with_permission

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback needs no proxy


@pytest.fixture
def sources() -> Iterator[StatusSources]:
    sources = StatusSources({"prod": "normal", "staging": "incident"})
    yield sources
    sources.stop()


def get(url: str, **headers: str) -> tuple[int, Any, str]:
    request = urllib.request.Request(url, headers=headers)
    try:
        with DIRECT.open(request, timeout=5) as answer:
            return answer.status, answer.read(), answer.headers["etag"]
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers["etag"]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("http://127.0.0.1:9001/status", "http://127.0.0.1:9001/status private"),
        ("http://localhost:9001/status", "http://localhost:9001/status private"),
        ("http://[::1]:9001/", "http://[::1]:9001/ private"),
        ("http://127.0.0.1:9001/status private", "http://127.0.0.1:9001/status private"),
        ("https://status.example/", "https://status.example/"),
        ("http://10.0.0.5/", "http://10.0.0.5/"),
        ("nonsense", "nonsense"),
    ],
)
def test_a_source_on_this_machine_gets_the_permission_for_it(value: str, kept: str) -> None:
    assert with_permission(value) == kept


def test_a_source_answers_the_schema(sources: StatusSources) -> None:
    status, body, _ = get(sources.urls["staging"])
    answer = json.loads(body)
    assert (status, answer["status"], answer["incident"]["id"]) == (200, "elevated", "INC-1042")
    assert set(answer["metrics"]) == {"cpu", "memory", "disk", "processes", "loadAverage"}
    assert "incident" not in json.loads(get(sources.urls["prod"])[1])


def test_an_answer_that_did_not_change_is_304(sources: StatusSources) -> None:
    sources.set_mode("prod", "nonsense")
    sources.set_mode("prod", "heavy")
    tag = get(sources.urls["prod"])[2]
    status, body, _ = get(sources.urls["prod"], **{"If-None-Match": tag})
    assert (status, body) in [(304, b""), (200, get(sources.urls["prod"])[1])]  # 200 if the minute has just changed


def test_a_source_falls_ill_on_request(sources: StatusSources) -> None:
    sources.set_mode("prod", "down")
    assert get(sources.urls["prod"])[0] == 503
    sources.set_mode("prod", "nonsense")
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(get(sources.urls["prod"])[1])
    assert get(sources.urls["prod"] + "x")[0] == 404
