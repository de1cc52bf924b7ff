"""A lock has one holder at a time, for the length of a lease. Its fence shows that an earlier holder is late."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.adapters.conftest import NOW
from watchbell.adapters.claims import Claims
from watchbell.adapters.dynamodb import Table
from watchbell.adapters.locks import LEASE_SECONDS, Lock, Locks
from watchbell.data.tables import INTERACTION, LOCK
from watchbell.errors import Unavailable
from watchbell.testing.fakes import FakeLocks


@pytest.fixture
def table(settings, clock):
    return Locks(settings["EPHEMERAL_TABLE"], clock)


@pytest.fixture(params=["table", "memory"])
def locks(request, clock):
    """DynamoDB's locks and the testing kit's locks. Both must behave the same."""
    return FakeLocks(clock) if request.param == "memory" else request.getfixturevalue("table")


def test_the_second_does_not_get_it_until_the_first_gives_it_back(locks):
    lock = locks.take("apply:1", "first")
    assert locks.take("apply:1", "second") is None
    assert locks.take("apply:2", "second") is not None
    lock.release()
    assert locks.take("apply:1", "second") is not None


def test_a_holder_who_dies_is_followed_when_the_lease_is_over(locks, clock):
    locks.take("apply", "first")
    clock.now += LEASE_SECONDS - 0.1
    assert locks.take("apply", "second") is None
    clock.now += 0.2
    assert locks.take("apply", "second") is not None


def test_a_redelivery_gets_its_own_lock_and_a_new_fence(locks):
    first = locks.take("apply", "first")
    again = locks.take("apply", "first")
    assert again.fence > first.fence
    first.release()  # The earlier delivery no longer holds the lock.
    assert locks.take("apply", "second") is None


def test_a_lock_is_free_when_its_holders_claim_is_done_or_dead(table, clock, settings):
    claims = Claims({"ephemeral": settings["EPHEMERAL_TABLE"]}, clock)
    for holder, end in (("first", "done"), ("second", "dead")):
        claim = claims.take(INTERACTION, holder)
        held = table.take("apply", holder)
        assert table.take("apply", "other") is None
        getattr(claim, end)()
        clock.now += 1
        after = table.take("apply", f"after {holder}")
        assert after.fence > held.fence
        held.release()  # It has another holder now.
        assert table.take("apply", "other") is None
        after.release()


def test_one_who_was_overtaken_frees_nothing(locks, clock):
    slow = locks.take("apply", "first")
    clock.now += LEASE_SECONDS + 1
    locks.take("apply", "second")
    slow.release()
    assert locks.take("apply", "third") is None


def test_the_fence_grows_with_each_holder_also_where_a_clock_is_slow(locks, clock):
    fences = []
    for later in (0, 0.0005, -3, 100):
        clock.now += later
        lock = locks.take("apply", f"holder {later}")
        fences.append(lock.fence)
        lock.release()
    assert fences == sorted(set(fences))
    assert fences[0] >= NOW * 1000


def test_the_fence_grows_although_the_row_was_gone(table, clock, aws, settings):
    before = table.take("apply", "first").fence
    aws.dynamodb.delete_item(TableName=settings["EPHEMERAL_TABLE"], Key=LOCK.item_key("apply"))
    clock.now += LOCK.keep
    assert table.take("apply", "last").fence > before


def test_of_twenty_at_once_one_gets_it(table):
    with ThreadPoolExecutor(20) as pool:
        taken = list(pool.map(lambda number: table.take("apply", str(number)), range(20)))
    assert sum(lock is not None for lock in taken) == 1


def test_nobody_gets_it_where_the_table_is_away(settings):
    with pytest.raises(Unavailable):
        Locks("no-such-table").take("apply", "first")


def test_a_lock_that_cannot_be_given_back_ends_with_its_lease(settings, caplog):
    Lock(Table("no-such-table"), {"pk": {"S": "x"}, "sk": {"S": "lock"}}, 1).release()
    assert "ends with its lease" in caplog.text
