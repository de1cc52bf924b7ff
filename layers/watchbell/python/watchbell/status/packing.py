"""The bytes in which tallies and raw results are stored: one item holds those of a whole shard."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Collection
from dataclasses import replace
from struct import Struct
from typing import Any

from .facts import Facts
from .histogram import BUCKETS, Histogram
from .reason import Reason
from .shard import FULL
from .tally import Period, Results, Tally

RUN_BYTES = 1024
"""How long a packed run is at most."""

_RUN, _PERIOD = b"\x01", b"\x02"
_START = Struct("<Q")
_TALLIES = {b"\x01": Struct("<8s5IB"), _PERIOD: Struct("<8s7IB")}
"""A tally by the format of its period: the id, the counts by outcome, since the second format the repairs, and how many
planes follow."""


def pack_period(period: Period) -> bytes:
    """Pack the tallies of an hour or a day. An hour takes about 70 bytes for each monitor, and less than 110."""
    parts = [_START.pack(period.start)]
    for id, tally in sorted(period.tallies.items()):
        planes = tally.latency.planes()
        counts = (tally.up, tally.degraded, tally.down, tally.unknown, tally.maintenance, tally.repaired, tally.repair)
        parts += (_TALLIES[_PERIOD].pack(_id(id), *counts, len(planes) // BUCKETS), planes)
    return _PERIOD + zlib.compress(b"".join(parts), 9)


def unpack_period(packed: bytes, only: Collection[str] | None = None) -> Period:
    """Unpack what `pack_period` packed, for all monitors or for those with the ids in `only`.

    Raises ValueError if the bytes have another format.
    """
    tally, data = _TALLIES.get(packed[:1]), _unzip(packed, *_TALLIES)
    assert tally
    (start,) = _START.unpack_from(data)
    tallies = {}
    at = _START.size
    while at < len(data):
        raw, *counts, planes = tally.unpack_from(data, at)
        at += tally.size
        end = at + planes * BUCKETS
        id = raw.decode()
        if only is None or id in only:
            up, degraded, down, unknown, maintenance, *repairs = counts
            histogram = Histogram.of_planes(data[at:end])
            tallies[id] = Tally(up, degraded, down, unknown, maintenance, histogram, *repairs)
        at = end
    return Period(start, tallies)


def pack_run(slot: int, results: Results) -> bytes:
    """Pack what the run of a slot (epoch seconds) found out, in at most RUN_BYTES.

    If that is too long, measured values are left out: first those of targets that are up, then all, then the values of
    reasons. Outcomes, codes and latencies always fit. Raises ValueError for more results than a shard has monitors.
    """
    if len(results) > FULL:
        raise ValueError(f"a shard has at most {FULL} monitors")
    for shorten in _SHORTER:
        rows = [_row(id, shorten(facts), quiet) for id, (facts, quiet) in sorted(results.items())]
        packed = _RUN + zlib.compress(json.dumps([slot, *rows], separators=(",", ":")).encode(), 9)
        if len(packed) <= RUN_BYTES:
            return packed
    raise ValueError("the results of this run are too long")


def unpack_run(packed: bytes) -> tuple[int, dict[str, tuple[Facts, bool]]]:
    """Return the slot and the results that `pack_run` packed. Raises ValueError if the bytes have another format."""
    slot, *rows = json.loads(_unzip(packed, _RUN))
    return slot, {id: (_facts(*parts), bool(quiet)) for id, quiet, *parts in rows}


_SHORTER: tuple[Callable[[Facts], Facts], ...] = (
    lambda facts: facts,
    lambda facts: replace(facts, values={}) if facts.outcome == "up" else facts,
    lambda facts: replace(facts, values={}),
    lambda facts: replace(facts, values={}, reason=facts.reason and Reason(facts.reason.code)),
)


def _row(id: str, facts: Facts, quiet: bool) -> list[Any]:
    _id(id)
    row = [id, int(quiet), facts.outcome, facts.latency_ms, dict(facts.values)]
    return row if facts.reason is None else [*row, facts.reason.code, dict(facts.reason.values)]


def _facts(outcome: Any, latency: Any, values: Any, code: Any = None, why: Any = None) -> Facts:
    return Facts(outcome, code and Reason(code, why), latency, values)


def _id(id: str) -> bytes:
    if len(id) != 8 or not (id.isascii() and id.isalnum()):
        raise ValueError(f"{id!r} is not 8 letters and digits")
    return id.encode()


def _unzip(packed: bytes, *formats: bytes) -> bytes:
    if packed[:1] not in formats:
        raise ValueError("these bytes have an unknown format")
    return zlib.decompress(packed[1:])
