"""Work that must happen once has one holder at a time, and no holder keeps it forever."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.adapters.conftest import NOW
from watchbell.adapters.claims import BUSY_SECONDS, LEASE_SECONDS, Claims
from watchbell.adapters.dynamodb import Table
from watchbell.data.tables import DELIVERY, INTERACTION, INTRODUCTION
from watchbell.errors import Retry, Unavailable


@pytest.fixture
def claims(settings, clock):
    return Claims({"state": settings["STATE_TABLE"], "ephemeral": settings["EPHEMERAL_TABLE"]}, clock)


def item(aws, settings, row, *names):
    key = {name: {"S": value} for name, value in row.key(*names).items()}
    return aws.dynamodb.get_item(TableName=settings[f"{row.table.upper()}_TABLE"], Key=key).get("Item")


def test_the_first_gets_it_and_the_second_is_told_when_to_come_back(claims):
    assert claims.take(INTERACTION, "1").attempt == 1
    with pytest.raises(Retry) as raised:
        claims.take(INTERACTION, "1")
    assert raised.value.wait == BUSY_SECONDS
    assert claims.take(INTERACTION, "2").attempt == 1


def test_what_is_done_is_done(claims, aws, settings):
    with claims.take(INTERACTION, "1") as claim:
        claim.done("fine")
    assert claims.take(INTERACTION, "1") is None
    stored = item(aws, settings, INTERACTION, "1")
    assert (stored["status"]["S"], stored["outcome"]["S"]) == ("done", "fine")
    assert int(stored["expires_at"]["N"]) == int(NOW) + INTERACTION.keep


def test_what_is_kept_for_ever_has_no_expiry(claims, aws, settings):
    claims.take(INTRODUCTION, "1").done()
    assert "expires_at" not in item(aws, settings, INTRODUCTION, "1")


def test_a_failure_gives_it_back_at_once(claims):
    with pytest.raises(KeyError), claims.take(INTERACTION, "1"):
        raise KeyError
    assert claims.take(INTERACTION, "1").attempt == 2


def test_a_holder_who_dies_is_followed_when_the_lease_is_over(claims, clock):
    claims.take(INTERACTION, "1")
    clock.now += LEASE_SECONDS - 0.1
    with pytest.raises(Retry):
        claims.take(INTERACTION, "1")
    clock.now += 0.2
    assert claims.take(INTERACTION, "1").attempt == 2


def test_who_follows_knows_how_many_in_a_row_were_cut_off(claims, clock):
    for cut_off in range(3):
        followed = claims.take(INTERACTION, "1")
        assert (followed.cut_off, followed.attempt) == (cut_off, cut_off + 1)
        clock.now += LEASE_SECONDS + 1
    followed = claims.take(INTERACTION, "1")
    with pytest.raises(KeyError), followed:
        raise KeyError
    given_back = claims.take(INTERACTION, "1")
    assert (given_back.cut_off, given_back.attempt) == (0, 5)


def test_a_holder_who_was_overtaken_changes_nothing(claims, clock):
    slow = claims.take(INTERACTION, "1")
    clock.now += LEASE_SECONDS + 1
    quick = claims.take(INTERACTION, "1")
    slow.done("too late")
    with pytest.raises(Retry):
        claims.take(INTERACTION, "1")
    quick.done()
    assert claims.take(INTERACTION, "1") is None


def test_an_expired_row_counts_as_none_although_it_is_still_there(claims, clock, aws, settings):
    claims.take(DELIVERY, "1").done()
    clock.now += DELIVERY.keep + 1
    assert item(aws, settings, DELIVERY, "1") is not None
    assert claims.take(DELIVERY, "1") is not None


def test_of_many_at_once_one_gets_an_expired_row_too(claims, clock):
    claims.take(DELIVERY, "1").done()
    clock.now += DELIVERY.keep + 1
    assert claims.take(DELIVERY, "1") is not None
    with pytest.raises(Retry):
        claims.take(DELIVERY, "1")


def test_one_that_nobody_finishes_does_not_stay_for_ever(claims, aws, settings):
    claims.take(INTERACTION, "1")
    assert int(item(aws, settings, INTERACTION, "1")["expires_at"]["N"]) == int(NOW) + INTERACTION.keep


def test_of_twenty_at_once_one_gets_it(claims):
    def attempt(_):
        try:
            return claims.take(INTERACTION, "1")
        except Retry:
            return None

    with ThreadPoolExecutor(20) as pool:
        assert sum(claim is not None for claim in pool.map(attempt, range(20))) == 1


def test_what_is_dead_is_given_to_nobody_and_waits_for_nothing(claims, aws, settings):
    with pytest.raises(KeyError), claims.take(INTERACTION, "1") as claim:
        raise KeyError
    claim.dead()
    with pytest.raises(Retry, match="failed for good") as raised:
        claims.take(INTERACTION, "1")
    assert raised.value.wait == 0
    stored = item(aws, settings, INTERACTION, "1")
    assert int(stored["expires_at"]["N"]) == int(NOW) + INTERACTION.keep


def test_what_is_done_stays_done_though_something_fails_after_it(claims):
    claim = claims.take(INTERACTION, "1")
    claim.done()
    with pytest.raises(KeyError), claim:
        raise KeyError
    claim.dead()
    assert claims.take(INTERACTION, "1") is None


def test_an_owner_that_comes_again_gets_its_claim_for_a_new_lease_and_others_do_not(claims, clock):
    claims.take(INTERACTION, "1", owner="a")
    clock.now += LEASE_SECONDS - 1
    again = claims.take(INTERACTION, "1", owner="a")
    assert again.attempt == 2
    clock.now += 2
    for other in ("b", ""):
        with pytest.raises(Retry):
            claims.take(INTERACTION, "1", owner=other)
    again.done()
    assert claims.take(INTERACTION, "1", owner="a") is None


@pytest.mark.parametrize("end", ["done", "dead", "give back"])
def test_a_table_that_fails_afterwards_does_not_hide_how_the_work_went(claims, end, caplog):
    def work():
        with claims.take(INTERACTION, "1") as claim:
            claim.table = Table("no-such-table")
            if end == "give back":
                raise KeyError("the work's own error")
            getattr(claim, end)()

    if end == "give back":
        with pytest.raises(KeyError, match="the work's own error"):
            work()
    else:
        work()
    assert "could not record how the work on interaction went" in caplog.text


def test_nobody_gets_it_where_the_table_is_away(clock):
    with pytest.raises(Unavailable):
        Claims({"ephemeral": "no-such-table"}, clock).take(INTERACTION, "1")
