"""Both kinds of bucket: a client that obeys the headers is never refused, and one that does not is refused."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.discord import Discord
from sandbox.discord.limits import CREATE_MESSAGE, MESSAGES, ORDINARY, WEBHOOK, Buckets
from tests.sandbox.rest import APP, TOKEN, Client, Clock, say

KINDS = pytest.mark.parametrize("leaky", [False, True], ids=["all at once", "leaky"])
LIMITS = pytest.mark.parametrize("limit", MESSAGES, ids=lambda limit: limit.name)


class Bucket:
    """One bucket and its clock."""

    def __init__(self, limit: Any, leaky: bool) -> None:
        self.now, self.limit = 1_000_000.0, limit
        self.buckets = Buckets(lambda: self.now, leaky=leaky)

    def take(self) -> tuple[int, float, float | None]:
        """The remaining requests, the seconds until the reset, and the seconds to wait if it was refused."""
        headers, wait = self.buckets.take(self.limit, "messages", "1")
        return int(headers["X-RateLimit-Remaining"]), float(headers["X-RateLimit-Reset-After"]), wait


@KINDS
@LIMITS
@given(pauses=st.lists(st.floats(0, 3), max_size=60))
def test_a_client_that_obeys_the_headers_is_never_refused(limit: Any, leaky: bool, pauses: list[float]) -> None:
    bucket = Bucket(limit, leaky)
    remaining, reset_at = limit.requests, bucket.now
    for pause in pauses:
        bucket.now += pause
        if bucket.now >= reset_at:
            remaining = limit.requests
        elif remaining == 0:
            bucket.now = reset_at
        remaining, reset_after, wait = bucket.take()
        reset_at = bucket.now + reset_after
        assert wait is None


@KINDS
@LIMITS
def test_a_burst_is_refused_after_as_many_as_the_limit_says(limit: Any, leaky: bool) -> None:
    bucket = Bucket(limit, leaky)
    taken = [bucket.take() for _ in range(limit.requests)]
    assert [remaining for remaining, _, _ in taken] == [4, 3, 2, 1, 0]
    remaining, _, wait = bucket.take()
    assert (remaining, wait is None) == (0, False)


@LIMITS
def test_a_leaky_bucket_refills_bit_by_bit(limit: Any) -> None:
    bucket, each = Bucket(limit, True), limit.seconds / limit.requests
    resets = [bucket.take()[1] for _ in range(limit.requests)]
    assert resets == pytest.approx([each * number for number in range(1, 6)])
    wait = bucket.take()[2]
    assert wait == pytest.approx(each)
    bucket.now += each
    assert [bucket.take()[2] is None for _ in range(2)] == [True, False]
    bucket.now += each * 3
    assert [bucket.take()[2] is None for _ in range(4)] == [True, True, True, False]


@LIMITS
@given(pauses=st.lists(st.floats(0, 2), min_size=1, max_size=80))
def test_no_client_gets_more_through_a_leaky_bucket_than_leaks_out(limit: Any, pauses: list[float]) -> None:
    bucket, accepted = Bucket(limit, True), []
    for pause in pauses:
        bucket.now += pause
        if bucket.take()[2] is None:
            accepted.append(bucket.now)
    for first, last in itertools.combinations(range(len(accepted)), 2):
        leaked = (accepted[last] - accepted[first]) * limit.requests / limit.seconds
        assert last - first + 1 <= limit.requests + leaked + 0.1


def test_only_the_buckets_of_new_messages_leak() -> None:
    assert MESSAGES == (CREATE_MESSAGE, WEBHOOK)
    first, second = Bucket(ORDINARY, True).take(), Bucket(ORDINARY, False).take()
    assert first == second


def test_a_leaky_discord_counts_the_refusals_of_a_client_that_does_not_wait(clock: Clock) -> None:
    clock.stopped = 1_800_000_000.0
    discord = Discord(APP, TOKEN, clock, leaky=True)
    discord.start()
    bot, path = Client(discord), f"/channels/{discord.channels(discord.home)[0].id}/messages"
    assert [bot.call("POST", path, say("x"))[0] for _ in range(6)] == [200] * 5 + [429]
    clock.stopped += 1
    assert [bot.call("POST", path, say("x"))[0] for _ in range(2)] == [200, 429]
    assert len([line for line in discord.transcript if "-> 429" in line]) == 2
    bot.connection.close()
    discord.stop()
