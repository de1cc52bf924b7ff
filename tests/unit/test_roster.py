"""The roster finds monitors as people write their names, and knows how often each shard is run."""

import pytest

from watchbell.status.roster import Entry, Roster

SHOP = Entry("aaaaaaaa", "Shop", "http", "00", 5, "Web", ("eu",), "shop.example")
MAIL = Entry("bbbbbbbb", "Mail", "tcp", "00", 1, "Back", ("eu", "paid"), "mail.example")
JOBS = Entry("cccccccc", "jobs", "heartbeat", "01", 60, paused=True)
ROSTER = Roster([SHOP, MAIL, JOBS], 3)


def test_the_entries_are_sorted_by_name_and_survive_the_text():
    assert [entry.name for entry in ROSTER.entries] == ["jobs", "Mail", "Shop"]
    again = Roster.parse(ROSTER.text(), 3)
    assert (again.entries, again.version) == (ROSTER.entries, 3)


@pytest.mark.parametrize("typed", ["Shop", "shop", " SHOP ", "aaaaaaaa"])
def test_a_monitor_is_found_by_its_name_in_any_case_and_by_its_id(typed):
    assert ROSTER.find(typed) == SHOP


def test_a_name_counts_before_an_id_and_nothing_is_found_by_half_a_name():
    assert Roster([SHOP, Entry("x", "aaaaaaaa", "http", "00", 5)]).find("aaaaaaaa").id == "x"
    assert ROSTER.find("Sho") is None


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("", ["jobs", "Mail", "Shop"]),
        ("web", ["Shop"]),
        ("EU", ["Mail", "Shop"]),
        ("mail", ["Mail"]),
        ("nothing", []),
    ],
)
def test_a_name_a_group_or_a_tag_selects_monitors(typed, names):
    assert [entry.name for entry in ROSTER.select(typed)] == names


def test_a_shard_is_run_as_often_as_its_most_frequent_monitor_that_is_not_paused():
    assert ROSTER.minutes("00") == 1
    assert ROSTER.without("bbbbbbbb").minutes("00") == 5
    assert ROSTER.minutes("01") == ROSTER.minutes("02") == 0


def test_groups_tags_and_shards_are_listed_once():
    assert (ROSTER.groups, ROSTER.tags, ROSTER.shards) == (["Back", "Web"], ["eu", "paid"], ["00", "01"])
