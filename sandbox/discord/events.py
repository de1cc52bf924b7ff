"""Webhook events: signed, delivered at least once, retried where the endpoint does not answer 204 in time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.discord.signing import Reply, Signer, encode, post
from sandbox.discord.validation import Json

BACKOFF = (0.1, 0.3)  # seconds before the second and the third try; real Discord goes on for ten minutes


@dataclass
class EventDelivery:
    """One delivery of an event and every try that it took."""

    body: Json
    tries: list[Reply] = field(default_factory=list)

    @property
    def delivered(self) -> bool:
        return bool(self.tries) and self.tries[-1].status == 204 and self.tries[-1].problem is None


def event_body(application_id: str, kind: str, data: Json, now: float) -> Json:
    """The outer body; its timestamp has no zone, as in Discord's samples."""
    timestamp = datetime.fromtimestamp(now, UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    event = {"type": kind, "timestamp": timestamp, "data": data}
    return {"version": 1, "application_id": application_id, "type": 1, "event": event}


def deliver(url: str, signer: Signer, body: Json, now: Callable[[], float], stopped: threading.Event) -> EventDelivery:
    """Tries until 204, three times at most. Every try is the same bytes under the same signature."""
    raw = encode(body)
    headers = signer.headers(raw, now())
    delivery = EventDelivery(body)
    for wait in (*BACKOFF, None):
        delivery.tries.append(post(url, raw, headers))
        if delivery.delivered or wait is None or stopped.wait(wait):
            break
    return delivery


def in_parallel(work: Callable[[], Any], times: int) -> list[Any]:
    with ThreadPoolExecutor(times) as pool:
        return [task.result() for task in [pool.submit(work) for _ in range(times)]]
