"""A quota limits the uses in every window. It counts an interaction once, and is shared by all workers."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.adapters.conftest import NOW
from watchbell.adapters.dynamodb import Table
from watchbell.adapters.quotas import Quotas
from watchbell.data.tables import QUOTA, SPARE_USES
from watchbell.errors import Unavailable
from watchbell.kit.quota import MOST_SECONDS, MOST_USES, Quota
from watchbell.testing.fakes import FakeQuotas

THREE = Quota(3, per=60)


@pytest.fixture
def use_table(settings, clock):
    """`use_table(id)` returns None if the interaction is allowed, otherwise the time when one is allowed again."""
    return using(Quotas(settings["EPHEMERAL_TABLE"], clock))


@pytest.fixture(params=["table", "memory"])
def use(request, clock):
    """Like `use_table`, for DynamoDB's quotas and the testing kit's quotas. Both must behave the same."""
    return using(FakeQuotas(clock)) if request.param == "memory" else request.getfixturevalue("use_table")


def using(quotas):
    return lambda id, quota=THREE, feature="order", who="ada": quotas.use(quota, feature, who, str(id))


def test_so_many_may_and_the_next_is_told_when(use, clock):
    for id in range(3):
        assert use(id) is None
        clock.now += 10
    assert use(3) == NOW + 60


def test_the_window_slides(use, clock):
    for id in range(3):  # at 0, 10 and 20 seconds
        assert use(id) is None
        clock.now += 10
    clock.now = NOW + 60
    assert use(3) is None
    assert use(4) == NOW + 70
    clock.now = NOW + 69.9
    assert use(4) == NOW + 70
    clock.now = NOW + 70
    assert use(4) is None


def test_what_is_refused_is_not_counted(use, clock):
    for id in range(9):
        use(id)
    clock.now += 60
    assert [use(id) for id in range(10, 13)] == [None] * 3


def test_a_retry_is_not_counted_again(use):
    assert [use(id) for id in (1, 1, 1, 2, 1, 2, 3)] == [None] * 7
    assert use(4) is not None
    assert use(1) is None


def test_a_retry_is_known_although_its_place_was_taken(use, clock):
    cooldown = Quota(1, per=5)
    for id in range(SPARE_USES + 1):
        assert use(id, cooldown) is None
        clock.now += 5
    clock.now -= 1
    assert use(0, cooldown) is None
    assert use(99, cooldown) is not None


def test_an_id_that_begins_or_ends_like_another_is_another(use):
    cooldown = Quota(1, per=60)
    assert use("123", cooldown) is None
    assert all(use(id, cooldown) is not None for id in ("12", "23", "2", "1234"))


def test_users_features_and_windows_are_counted_apart(use):
    quotas = [Quota(1, per=60), Quota(1, per=61), Quota(1, per=60, by="guild")]
    for id, (quota, feature, who) in enumerate((q, f, w) for q in quotas for f in "ab" for w in "xy"):
        assert use(id, quota, feature, who) is None
        assert use(f"{id}0", quota, feature, who) is not None


@pytest.mark.parametrize("count", [1, 3, 15])
def test_of_many_at_once_exactly_so_many_get_through(use_table, count):
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda id: use_table(id, Quota(count, per=MOST_SECONDS)), range(max(20, count + 10))))
    assert answers.count(None) == count
    assert {answer for answer in answers if answer} == {NOW + MOST_SECONDS}


def test_of_twenty_deliveries_of_one_interaction_all_get_through_and_one_is_counted(use_table):
    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(lambda _: use_table("7", Quota(2, per=60)), range(20))) == [None] * 20
    assert use_table("8", Quota(2, per=60)) is None
    assert use_table("9", Quota(2, per=60)) is not None


def test_a_quota_that_was_made_larger_or_smaller_goes_on(use):
    assert [use(id) for id in range(3)] == [None] * 3
    assert use(3, Quota(4, per=60)) is None
    assert use(4, Quota(4, per=60)) is not None
    assert use(4, Quota(2, per=60)) is not None


def test_the_largest_quota_in_its_fullest_row_fits_into_dynamodbs_limits(clock, aws, settings):
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
    largest, feature, who = Quota(MOST_USES, per=MOST_SECONDS, by="feature"), "ü" * 200, "9" * 20
    table, key = settings["EPHEMERAL_TABLE"], QUOTA.item_key(feature, "feature", str(MOST_SECONDS), who)
    asked = []

    class Recording(Table):
        def update(self, key, change, values, *, condition):
            asked.append((key, change, condition))
            return super().update(key, change, values, condition=condition)

    quotas = Quotas(table, clock)
    quotas._table = Recording(table)
    before = int((NOW - MOST_SECONDS) * 1000)  # each use is just outside of the window
    uses = {f"u{number}": {"S": f"{before} {10**19 + number};"} for number in range(MOST_USES + SPARE_USES)}
    aws.dynamodb.put_item(TableName=table, Item={**key, **uses})
    assert quotas.use(largest, feature, who, str(2 * 10**19)) is None
    ((asked_key, *expressions),) = asked
    for expression in expressions:
        assert len(expression.encode()) <= 4 * 1024
        assert len(re.findall(r"=|<=|\w\(|\b(?:OR|AND|NOT)\b", expression)) <= 300
    assert asked_key == key
    assert len(key["pk"]["S"].encode()) <= 2048
    item = aws.dynamodb.get_item(TableName=table, Key=key)["Item"]
    assert {*item} == {"pk", "sk", *QUOTA.fields}  # every field is in use
    assert item["u1"] == uses["u0"]
    assert sum(len(name.encode()) + len(*map(str.encode, value.values())) for name, value in item.items()) <= 400 * 1024


def test_it_expires_when_neither_window_nor_token_needs_it(use_table, aws, settings):
    def expiry(quota):
        key = QUOTA.key("order", quota.by, str(quota.per), "ada")
        key = {part: {"S": value} for part, value in key.items()}
        return int(aws.dynamodb.get_item(TableName=settings["EPHEMERAL_TABLE"], Key=key)["Item"]["expires_at"]["N"])

    for quota, seconds in ((Quota(1, per=5), 900), (Quota(1, per=3600), 3600)):
        use_table(1, quota)
        assert expiry(quota) == int(NOW) + seconds


def test_nobody_gets_through_where_the_table_is_away(settings):
    with pytest.raises(Unavailable):
        Quotas("no-such-table").use(THREE, "order", "ada", "1")
