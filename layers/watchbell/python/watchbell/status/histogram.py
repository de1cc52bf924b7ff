"""A histogram of latencies with fixed logarithmic buckets. Histograms of hours add up to that of a day or a year."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from itertools import accumulate

HIGHEST = 16_383
"""Longer latencies count as this one, in milliseconds. A check takes at most 10 seconds."""
ERROR = 1 / 64
"""A percentile is off by at most this share of the true latency. Below 64 ms it is exact."""
BUCKETS = 320
_FINE = 32
"""Each power of two from this one on has this many buckets. Latencies below it have a bucket each."""
_LANE = 4  # bytes


@dataclass(frozen=True)
class Histogram:
    """How many latencies lie in each bucket.

    `lanes` holds the counts as one integer with 32 bits for each bucket, so that adding two histograms is one addition.
    """

    lanes: int = 0

    def plus(self, milliseconds: int) -> Histogram:
        """Count one more latency. A negative one counts as 0."""
        return Histogram(self.lanes + (1 << 8 * _LANE * bucket(milliseconds)))

    def __add__(self, other: Histogram) -> Histogram:
        return Histogram(self.lanes + other.lanes)

    @property
    def counts(self) -> array[int]:
        """The count of each bucket."""
        counts = array("I")
        counts.frombytes(self.lanes.to_bytes(BUCKETS * _LANE, "little"))
        return counts

    def percentile(self, percent: int) -> int | None:
        """The nearest-rank percentile (1-100) in milliseconds, within ERROR. None if nothing was counted."""
        counts = self.counts
        rank = -(-sum(counts) * percent // 100)
        if not rank:
            return None
        return middle(next(place for place, so_far in enumerate(accumulate(counts)) if so_far >= rank))

    def planes(self) -> bytes:
        """The lowest byte of every count, then the second byte of every count, as far as there are any.

        Most of these bytes are 0, and they compress well: the counts of an hour are below 256.
        """
        data = self.lanes.to_bytes(BUCKETS * _LANE, "little")
        planes = [data[plane::_LANE] for plane in range(_LANE)]
        while planes and not any(planes[-1]):
            planes.pop()
        return b"".join(planes)

    @classmethod
    def of_planes(cls, planes: bytes) -> Histogram:
        """The histogram with these `planes()`."""
        data = bytearray(BUCKETS * _LANE)
        for plane in range(len(planes) // BUCKETS):
            data[plane::_LANE] = planes[plane * BUCKETS : (plane + 1) * BUCKETS]
        return cls(int.from_bytes(data, "little"))


def bucket(milliseconds: int) -> int:
    """The number of the bucket of a latency. The buckets from 32 ms on are 1/32 of a power of two wide."""
    value = min(max(milliseconds, 0), HIGHEST)
    power = max(value.bit_length() - _FINE.bit_length(), 0)
    return power * _FINE + (value >> power)


def middle(place: int) -> int:
    """The latency in the middle of a bucket, in milliseconds."""
    power = max(place // _FINE - 1, 0)
    return (place - power * _FINE << power) + ((1 << power) - 1) // 2
