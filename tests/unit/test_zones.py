"""The names of time zones are those of the database, and a person finds theirs by typing a part of it."""

from importlib.resources import files

import pytest

from watchbell.kit import zones


def test_the_names_are_those_of_the_database():
    known = set(files("tzdata").joinpath("zones").read_text().split()) - {"Factory"}
    assert set(zones.ZONES) == known, "the package tzdata has other names now: write them into kit/zones.py"
    assert len(zones.ZONES) == len(known)


def test_the_frequent_names_exist_and_fit_into_one_list():
    assert set(zones.FREQUENT) <= set(zones.ZONES)
    assert len(set(zones.FREQUENT)) == len(zones.FREQUENT) == 25
    assert zones.near("") == list(zones.FREQUENT)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (" europe/berlin ", "Europe/Berlin"),
        ("america/new york", "America/New_York"),
        ("utc", "UTC"),
        ("Berlin", ""),
        ("", ""),
    ],
)
def test_a_zone_is_found_by_its_whole_name_in_any_capitals(text, name):
    assert zones.find(text) == name


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("new", "America/New_York"),
        ("york", "America/New_York"),
        ("berl", "Europe/Berlin"),
        ("UTC", "UTC"),
        ("lisbon", "Europe/Lisbon"),
        ("Europe/Berlim", "Europe/Berlin"),
        ("Tokio", "Asia/Tokyo"),
        ("new yrok", "America/New_York"),
    ],
)
def test_a_part_or_a_misspelt_name_finds_the_zone_first(text, first):
    assert zones.near(text)[0] == first


def test_there_are_never_more_than_asked_for_and_none_twice():
    for text in ("a", "europe", "america/indiana", "berlim"):
        found = zones.near(text, 7)
        assert 1 <= len(found) <= 7
        assert len(set(found)) == len(found)


@pytest.mark.parametrize("text", ["nowhere at all", "x" * 6000, "\ud800"])
def test_a_text_that_is_like_no_name_finds_nothing(text):
    assert zones.near(text) == []
