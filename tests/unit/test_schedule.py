"""Each local date and each slot is due once, in every time zone, across all clock changes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from watchbell import Schedule, choice
from watchbell.errors import DefinitionError
from watchbell.kit.schedule import EVERY, Daily, Every

HOUR = 3600


def due(text, zone="Europe/Berlin", at="09:00"):
    return Daily(at, zone).latest(epoch(text)).subject


def epoch(text):
    return datetime.fromisoformat(text).timestamp()


def test_a_date_is_due_from_its_time_on():
    assert due("2026-11-22T08:59:59+01:00") == date(2026, 11, 21)
    assert due("2026-11-22T09:00:00+01:00") == date(2026, 11, 22)
    assert due("2026-11-22T23:59:59+01:00") == date(2026, 11, 22)


def test_the_date_is_the_local_one():
    assert due("2026-11-22T00:30:00Z", "Pacific/Auckland") == date(2026, 11, 22)
    assert due("2026-11-22T00:30:00Z", "America/Los_Angeles") == date(2026, 11, 21)


def test_a_time_that_spring_forward_removes_comes_all_the_same():
    before, after = "2026-03-29T01:59:59+01:00", "2026-03-29T03:30:00+02:00"
    assert due(before, at="02:30") == date(2026, 3, 28)
    assert due(after, at="02:30") == date(2026, 3, 29)


def test_a_time_that_autumn_repeats_comes_once():
    assert due("2026-10-25T02:29:59+02:00", at="02:30") == date(2026, 10, 24)
    assert due("2026-10-25T02:30:00+02:00", at="02:30") == date(2026, 10, 25)
    assert due("2026-10-25T02:10:00+01:00", at="02:30") == date(2026, 10, 25)


def zones_that_differ():
    """Return one zone of each kind. Zones of a kind have the same offset on every day of 2026."""
    days = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(366)]
    kinds = {tuple(ZoneInfo(zone).utcoffset(day) for day in days): zone for zone in sorted(available_timezones())}
    assert len(kinds) > 40
    return list(kinds.values())


@pytest.mark.parametrize("at", ["00:00", "02:30", "23:59"])
def test_hourly_ticks_find_every_local_date_of_a_year_once_in_every_zone(at):
    for zone in zones_that_differ():
        place, daily = ZoneInfo(zone), Daily(at, zone)
        found = []
        for day in range(364):
            # Ticks come hourly at the same minute. Only the ticks around the due time can go wrong.
            noon = datetime(2026, 1, 2, 12, tzinfo=place) + timedelta(days=day)
            target = datetime.combine(noon.date(), datetime.strptime(at, "%H:%M").time(), place).timestamp()
            for tick in (target - HOUR, target, target + HOUR, target + 2 * HOUR):
                current = daily.latest(tick).subject
                if not found or found[-1] != current:
                    found.append(current)
        days = [found[0] + timedelta(days=step) for step in range(len(found))]
        assert found == days, zone
        assert len(found) >= 364, zone


def test_a_date_that_a_place_never_had_is_not_due():
    # At midnight, Samoa skipped from 29 to 31 December 2011.
    assert due("2011-12-29T23:00:00-10:00", "Pacific/Apia") == date(2011, 12, 29)
    assert due("2011-12-31T09:00:00+14:00", "Pacific/Apia") == date(2011, 12, 31)


def test_the_current_date_is_todays_before_its_time_too():
    berlin = Daily("09:00", "Europe/Berlin")
    assert berlin.current(epoch("2026-11-22T03:00:00+01:00")) == (
        date(2026, 11, 22),
        epoch("2026-11-22T09:00:00+01:00"),
    )
    assert berlin.current(epoch("2026-11-21T23:30:00Z")).subject == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("minutes", "now", "slot"),
    [
        (1, "2026-11-22T08:14:59Z", "2026-11-22T08:14:00Z"),
        (15, "2026-11-22T08:15:00Z", "2026-11-22T08:15:00Z"),
        (15, "2026-11-22T08:29:59Z", "2026-11-22T08:15:00Z"),
        (60, "2026-11-22T08:59:59Z", "2026-11-22T08:00:00Z"),
        (360, "2026-11-22T11:00:00Z", "2026-11-22T06:00:00Z"),
        (1440, "2026-11-22T23:59:59Z", "2026-11-22T00:00:00Z"),
        (60, "2026-03-29T03:30:00+02:00", "2026-03-29T01:00:00Z"),  # Berlin has no 2 o'clock on this day
        (60, "2026-10-25T02:30:00+02:00", "2026-10-25T00:00:00Z"),  # Berlin has 2 o'clock twice on this day
        (60, "2026-10-25T02:30:00+01:00", "2026-10-25T01:00:00Z"),
    ],
)
def test_a_slot_is_due_from_its_start_on(minutes, now, slot):
    start = datetime.fromisoformat(slot)
    assert Every(minutes).latest(epoch(now)) == Every(minutes).current(epoch(now)) == (start, start.timestamp())


def test_a_slot_is_a_time_in_utc():
    assert Every(15).latest(epoch("2026-11-22T09:20:00+01:00")).subject.isoformat() == "2026-11-22T08:15:00+00:00"


def test_a_time_and_its_zone_may_be_fixed():
    noon = Schedule("noon", "Strikes twelve", at="12:00", zone="Europe/Berlin", language="de")
    assert noon.choices == {}
    assert noon.cadence({}) == Daily("12:00", "Europe/Berlin")
    assert Schedule("noon", "Strikes twelve", at="12:00").cadence({}) == Daily("12:00", "UTC")


def test_what_is_left_to_the_deployment_is_read_from_its_environment():
    lunch = Schedule("lunch", "Calls to lunch", at=choice("lunch_time"), zone="Europe/Paris", language=choice("tongue"))
    assert lunch.choices == {"at": choice("lunch_time"), "language": choice("tongue")}
    assert lunch.cadence({"CHOICE_LUNCH_TIME": "12:30"}) == Daily("12:30", "Europe/Paris")


def test_slots_need_no_choice_but_of_a_language():
    tea = Schedule("tea", "Calls for tea", every=15, language=choice("tongue"))
    assert tea.choices == {"language": choice("tongue")}
    assert tea.cadence({}) == Every(15)


@pytest.mark.parametrize("minutes", [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 300, 1440])
def test_slots_divide_an_hour_or_are_whole_hours(minutes):
    assert Schedule("tea", "Calls for tea", every=minutes).cadence({}) == Every(minutes)


def test_no_other_lengths_are_allowed():
    allowed = {minutes for minutes in range(1, 1441) if 60 % minutes == 0 or minutes % 60 == 0}
    assert set(EVERY) == allowed


@pytest.mark.parametrize("minutes", [0, -15, 7, 45, 61, 90, 1500, 15.0, True, "15"])
def test_another_length_is_refused_with_those_that_are_allowed(minutes):
    with pytest.raises(DefinitionError) as refused:
        Schedule("tea", "Calls for tea", every=minutes)
    assert str(refused.value) == (
        "tea: every must be a whole number of minutes that divides an hour (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60) "
        f"or a multiple of 60 up to 1440, not {minutes!r}"
    )


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({}, 'tea: write either at="HH:MM" or every=MINUTES'),
        ({"at": "09:00", "every": 15}, 'tea: write either at="HH:MM" or every=MINUTES'),
        ({"every": 15, "zone": "Europe/Berlin"}, "tea: zone= needs at=; the slots of every= are counted in UTC"),
        ({"every": 15, "zone": choice("digest_zone")}, "tea: zone= needs at=; the slots of every= are counted in UTC"),
        ({"at": "24:00"}, "tea: at must be a time from 00:00 to 23:59, not '24:00'"),
        ({"at": "9:00"}, "tea: at must be a time from 00:00 to 23:59, not '9:00'"),
        ({"at": "09:00\n"}, "tea: at must be a time from 00:00 to 23:59, not '09:00\\n'"),
        ({"at": 9}, "tea: at must be a time from 00:00 to 23:59, not 9"),
        (
            {"at": "09:00", "zone": "Mars/Olympus"},
            "tea: zone must be an IANA time zone such as UTC or Europe/Berlin, not",
        ),
        (
            {"at": "09:00", "zone": "../etc/passwd"},
            "tea: zone must be an IANA time zone such as UTC or Europe/Berlin, not",
        ),
        ({"at": "09:00", "zone": "Europe"}, "tea: zone must be an IANA time zone such as UTC or Europe/Berlin, not"),
        ({"at": "09:00", "zone": ""}, "tea: zone must be an IANA time zone such as UTC or Europe/Berlin, not"),
        ({"at": "09:00", "language": "tlh"}, "tea: language must be one of en, de, es, fr, ja, not 'tlh'"),
        ({"every": 15, "language": None}, "tea: language must be one of en, de, es, fr, ja, not None"),
    ],
)
def test_a_cadence_that_cannot_be_is_refused_in_a_sentence(declared, told):
    with pytest.raises(DefinitionError) as refused:
        Schedule("tea", "Calls for tea", **declared)
    assert str(refused.value).startswith(told)
