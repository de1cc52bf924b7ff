"""Webhook events: signed, delivered at least once, and retried if the endpoint does not answer 204 in time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sandbox.discord.endpoint_check import EndpointRefused
from sandbox.discord.signing import Reply, encode, post
from sandbox.discord.state import State
from sandbox.discord.validation import Json

BACKOFF = (0.1, 0.3)  # seconds before the second and the third try; real Discord goes on for ten minutes


@dataclass
class EventDelivery:
    """One delivery of an event, with every try that it took."""

    body: Json
    tries: list[Reply] = field(default_factory=list)

    @property
    def delivered(self) -> bool:
        return bool(self.tries) and self.tries[-1].status == 204 and self.tries[-1].problem is None


def send_event(state: State, kind: str, data: Json, times: int, at_once: bool, at: float | None) -> list[EventDelivery]:
    """Deliver one event `times` times, in parallel if `at_once`, and return when every delivery is over.

    `at` is the event's timestamp in epoch seconds, and None means now. Raises EndpointRefused without an endpoint.
    """
    if state.events_url is None:
        raise EndpointRefused("no events endpoint is set")
    url, body = state.events_url, _event_body(state.application_id, kind, data, state.clock() if at is None else at)
    with ThreadPoolExecutor(times if at_once else 1) as pool:
        deliveries = [task.result() for task in [pool.submit(_deliver, state, url, body) for _ in range(times)]]
    for delivery in deliveries:
        last = delivery.tries[-1]
        outcome = f"{last.status or last.problem} in {last.ms:.0f} ms, try {len(delivery.tries)}"
        state.transcript.note(f"event {kind} delivered: {outcome}")
    return deliveries


def _event_body(application_id: str, kind: str, data: Json, now: float) -> Json:
    """The outer body. Its timestamp has no zone, as in Discord's samples."""
    timestamp = datetime.fromtimestamp(now, UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    event = {"type": kind, "timestamp": timestamp, "data": data}
    return {"version": 1, "application_id": application_id, "type": 1, "event": event}


def _deliver(state: State, url: str, body: Json) -> EventDelivery:
    """Try up to three times, until the endpoint answers 204. Every try sends the same bytes and signature."""
    raw = encode(body)
    headers = state.signer.headers(raw)
    delivery = EventDelivery(body)
    for wait in (*BACKOFF, None):
        delivery.tries.append(post(url, raw, headers))
        if delivery.delivered or wait is None or state.stopped.wait(wait):
            break
    return delivery
