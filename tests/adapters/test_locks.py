"""One holder at a time, for the time of a lease, and a token by which a late one is known."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from watchbell.adapters.claims import LEASE_SECONDS
from watchbell.adapters.locks import Lock, Locks
from watchbell.rows import LOCK

NOW = 1_795_334_400.5


class Clock:
    now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def locks(settings, clock):
    return Locks(settings["EPHEMERAL_TABLE"], clock)


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
    first.release()  # the delivery before: it holds nothing any more
    assert locks.take("apply", "second") is None


def test_one_who_was_overtaken_frees_nothing(locks, clock):
    slow = locks.take("apply", "first")
    clock.now += LEASE_SECONDS + 1
    locks.take("apply", "second")
    slow.release()
    assert locks.take("apply", "third") is None


def test_the_fence_grows_with_each_holder_also_when_the_row_was_gone_or_a_clock_is_slow(locks, clock, aws, settings):
    key = {part: {"S": value} for part, value in LOCK.key("apply").items()}
    fences = []
    for later in (0, 0.0005, -3, 100):
        clock.now += later
        lock = locks.take("apply", f"holder {later}")
        fences.append(lock.fence)
        lock.release()
    aws.dynamodb.delete_item(TableName=settings["EPHEMERAL_TABLE"], Key=key)
    clock.now += LOCK.keep
    fences.append(locks.take("apply", "last").fence)
    assert fences == sorted(set(fences))


def test_of_twenty_at_once_one_gets_it(locks):
    with ThreadPoolExecutor(20) as pool:
        taken = list(pool.map(lambda number: locks.take("apply", str(number)), range(20)))
    assert sum(lock is not None for lock in taken) == 1


def test_nobody_gets_it_where_the_table_is_away(settings):
    with pytest.raises(ClientError):
        Locks("no-such-table").take("apply", "first")


def test_a_lock_that_cannot_be_given_back_ends_with_its_lease(settings, caplog):
    Lock("no-such-table", {"pk": {"S": "x"}, "sk": {"S": "lock"}}, 1).release()
    assert "ends with its lease" in caplog.text
