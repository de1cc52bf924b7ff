"""For every request, the ingress gives an answer that Discord accepts, and queues the work that it promised."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests import recorded
from tests.discord_side import OTHER_KEY, signed
from tests.fuzz import grammar
from tests.fuzz.budget import share
from tests.fuzz.door import ANSWERS, HANGS_UP, REFUSES, TAKES, Door, event

queues = st.sampled_from([TAKES] * 8 + [REFUSES, HANGS_UP])


def dumps(payload: Any) -> bytes:
    return json.dumps(payload).encode()


def is_private(payload: dict) -> bool:
    return payload["type"] == 4 and bool(payload["data"]["flags"] & 64)


@share(40)
@given(interaction=grammar.interactions(), queue=queues)
def test_every_interaction_gets_an_answer_of_a_type_that_discord_takes_to_it(
    door: Door, interaction: dict, queue: str
) -> None:
    body = dumps(interaction)
    status, payload = door.ask(event(body, "/interactions"), body, queue=queue)
    assert status == 200
    allowed = ANSWERS.get(interaction["type"], {4})
    if interaction["type"] == 5 and "message" not in interaction:
        allowed = {4, 5}  # A modal that a command opened has no message to edit.
    assert payload["type"] in allowed
    if queue != TAKES and door.errors.records:
        assert payload["type"] == 8 or is_private(payload)


@share(35)
@given(body=grammar.damaged(grammar.interactions()), queue=queues)
def test_a_damaged_interaction_is_answered_or_refused(door: Door, body: bytes, queue: str) -> None:
    status, _ = door.ask(event(body, "/interactions"), body, queue=queue)
    assert status in (200, 400)


@share(5)
@given(sent=grammar.events(), queue=queues)
def test_every_event_is_queued_or_asked_for_again(door: Door, sent: dict, queue: str) -> None:
    body = dumps(sent)
    status, _ = door.ask(event(body, "/events"), body, queue=queue)
    assert status == (204 if queue == TAKES else 503)


@share(5)
@given(body=grammar.damaged(grammar.events()), queue=queues)
def test_a_damaged_event_is_taken_or_refused(door: Door, body: bytes, queue: str) -> None:
    status, _ = door.ask(event(body, "/events"), body, queue=queue)
    assert status in (204, 400, 503)


SOUND = {
    "/interactions": [dumps(recording) for recording in recorded.all_of("command_").values()]
    + [dumps(recorded.load(name)) for name in ("ping", "component_refresh", "autocomplete", "modal")],
    "/events": [dumps(recording) for recording in recorded.all_of("event_").values()],
}


@st.composite
def requests(draw: st.DrawFn, key: Any = None) -> tuple[dict, bytes]:
    """A request with a valid body, in one of API Gateway's shapes, and the body."""
    path = draw(st.sampled_from(sorted(SOUND)))
    body = draw(st.sampled_from(SOUND[path]))
    stage = draw(st.sampled_from(["", "", "/prod", "/a/b"]))
    slash = draw(st.sampled_from(["", "/"]))
    shape = draw(st.sampled_from(["gateway_v2", "gateway_v1"]))
    keyed = {"key": key} if key else {}
    request = event(body, stage + path + slash, shape=shape, encoded=draw(st.booleans()), **keyed)
    spell = draw(st.sampled_from([str.lower, str.upper, str.title]))
    for part in ("headers", "multiValueHeaders"):
        if part in request:
            request[part] = {spell(name): value for name, value in request[part].items()}
    return request, body


@share(5)
@given(sent=requests())
def test_a_sound_request_is_taken_in_every_shape(door: Door, sent: tuple[dict, bytes]) -> None:
    assert door.ask(*sent)[0] in (200, 204)


@share(5)
@given(sent=requests(key=OTHER_KEY), queue=queues)
def test_a_forged_request_is_refused_in_every_shape(door: Door, sent: tuple[dict, bytes], queue: str) -> None:
    assert door.ask(*sent, queue=queue)[0] == 401


odd_values = st.one_of(
    st.none(),
    st.sampled_from(["", "0", "-1", "+1", " 1795334400", "1e9", "1_795_334_400", "１７９５", "9" * 12, "9" * 13]),
    st.sampled_from(["00" * 64, "ZZ" * 64, "0x" + "0" * 126, "00" * 63, "00" * 65, "é" * 128, "٣" * 128]),
    st.text(max_size=130),
)
odd_paths = st.one_of(
    st.none(), st.sampled_from(["", "/", "//events", "/events/..", "/EVENTS", "/events?x", "é"]), st.text(max_size=20)
)
PARTS = ("headers", "multiValueHeaders", "requestContext", "rawPath", "path", "body", "isBase64Encoded", "version")
NAMES = ("x-signature-ed25519", "x-signature-timestamp")


@st.composite
def odd_requests(draw: st.DrawFn) -> tuple[dict, bytes]:
    request, body = draw(requests())
    for _ in range(draw(st.integers(1, 3))):
        harm = draw(st.integers(0, 6))
        headers = request.get("headers") or {}
        if harm == 0:
            request.pop(draw(st.sampled_from(PARTS)), None)
        elif harm == 1:
            request[draw(st.sampled_from(PARTS))] = None
        elif harm == 2:
            headers[draw(st.sampled_from(NAMES))] = draw(odd_values)
        elif harm == 3:
            request["multiValueHeaders"] = {draw(st.sampled_from(NAMES)): draw(st.lists(odd_values, max_size=3))}
        elif harm == 4:
            request["rawPath"] = request["path"] = draw(odd_paths)
            request["requestContext"] = draw(
                st.sampled_from([{}, {"http": None}, {"http": {}}, {"http": {"path": None}}])
            )
        elif harm == 5:
            request["isBase64Encoded"] = not request.get("isBase64Encoded")
        else:
            headers.update(signed(body, at=draw(st.sampled_from([0, 1, 1_795_334_400, 999_999_999_999]))))
    return request, body


@share(5)
@given(sent=odd_requests())
def test_an_odd_request_is_taken_or_refused(door: Door, sent: tuple[dict, bytes]) -> None:
    door.ask(*sent)
