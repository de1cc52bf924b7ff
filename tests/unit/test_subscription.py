"""Who hears of a monitor, and whether it rings."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from watchbell.errors import UserError
from watchbell.status.flip import Flip
from watchbell.status.roster import Entry, Roster
from watchbell.subscriptions.subscription import Heard, Subscription, about, hear, id_of, is_quiet, line, span

AT = 1_795_334_400  # 2026-11-22 08:00 UTC, a Sunday
SHOP = Entry("a", "Shop", "http", "01", 1, "Web", ("eu", "paid"))
STATUS = "1"


def heard(*subscriptions, new="down", channel=STATUS, allowed=("7", "8"), entry=SHOP, at=AT):
    flip = Flip(entry.id, at, at, "up", new, "opened")
    return hear(entry, flip, subscriptions, status_channel=channel, allowed=allowed, at=at)


def test_the_status_channel_hears_of_everything_unless_it_has_subscriptions_of_its_own():
    assert heard() == {"channel:1": Heard()}
    assert heard(channel="") == {}
    assert heard(Subscription("x", "channel:1", "group:Mail")) == {}
    assert heard(Subscription("x", "channel:1", "group:web")) == {"channel:1": Heard()}


@pytest.mark.parametrize(
    ("subject", "hears"),
    [
        ("", True),
        ("monitor:a", True),
        ("monitor:b", False),
        ("group:Web", True),
        ("group:WEB", True),
        ("group:", False),
        ("tag:eu", True),
        ("tag:PAID", True),
        ("tag:us", False),
    ],
)
def test_a_subscription_is_about_a_monitor_a_group_or_a_tag(subject, hears):
    assert ("user:5" in heard(Subscription("x", "user:5", subject))) is hears


def test_who_wants_to_hear_only_of_what_is_down_hears_of_nothing_else():
    only = Subscription("x", "user:5", least="down")
    assert "user:5" not in heard(only, new="degraded")
    assert "user:5" in heard(only, new="down")


def test_a_role_is_mentioned_where_it_is_said_or_in_the_status_channel_and_only_if_it_is_allowed():
    assert heard(Subscription("x", "role:7")) == {"channel:1": Heard(("7",))}
    assert heard(Subscription("x", "role:7", channel="2"))["channel:2"] == Heard(("7",))
    assert heard(Subscription("x", "role:9")) == {"channel:1": Heard()}
    assert heard(Subscription("x", "role:7"), channel="") == {}


def test_two_subscriptions_of_one_place_are_one_message_that_rings_if_one_of_them_rings():
    found = heard(
        Subscription("x", "role:7", quiet="07:00-09:00", recoveries="shown"),
        Subscription("y", "role:8", recoveries="silent"),
        Subscription("z", "role:8"),
    )
    assert found == {"channel:1": Heard(("8",))}


def test_a_snoozed_subscription_tells_nothing_new():
    snoozed = Subscription("x", "user:5", snoozed=AT + 1)
    assert "user:5" not in heard(snoozed)
    assert "user:5" in heard(snoozed, at=AT + 1)


def test_in_quiet_hours_a_message_is_silent_unless_a_monitor_is_down_and_that_breaks_through():
    quiet = Subscription("x", "user:5", quiet="22:00-09:00")
    assert heard(quiet)["user:5"] == Heard(silent=True)
    loud = Subscription("x", "user:5", quiet="22:00-09:00", breaks="down")
    assert heard(loud)["user:5"] == Heard()
    assert heard(loud, new="degraded")["user:5"] == Heard(silent=True)


@given(
    some.integers(0, 23),
    some.integers(0, 23),
    some.integers(0, 86400 * 800),
    some.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"]),
)
def test_quiet_hours_are_those_of_the_clock_on_the_wall(begin, end, later, zone):
    if begin == end:
        return
    subscription = Subscription("x", "user:5", quiet=f"{begin:02}:00-{end:02}:00", zone=zone)
    hour = datetime.fromtimestamp(AT + later, ZoneInfo(zone)).hour
    hours = {(begin + number) % 24 for number in range((end - begin) % 24)}
    assert is_quiet(subscription, AT + later) is (hour in hours)


def test_a_zone_that_no_longer_exists_is_utc():
    assert is_quiet(Subscription("x", "user:5", quiet="07:00-09:00", zone="Mars/Olympus"), AT)


@pytest.mark.parametrize(
    "text", ["", "22", "22:00", "22:00-", "24:00-01:00", "22:60-01:00", "8-9", "22:00-22:00", "x" * 99]
)
def test_quiet_hours_that_are_none_are_told(text):
    with pytest.raises(UserError, match="such as `22:00-07:00`"):
        span(text)


@pytest.mark.parametrize(
    ("text", "subject"), [("", ""), ("shop", "monitor:a"), ("WEB", "group:Web"), ("Paid", "tag:paid")]
)
def test_what_a_person_writes_is_found(text, subject):
    assert about(text, Roster([SHOP])) == subject


def test_what_does_not_exist_is_told():
    with pytest.raises(UserError, match="There is no monitor, group or tag"):
        about("nothing", Roster([SHOP]))


def test_the_same_subscription_has_the_same_id():
    assert id_of("user:5", "") == id_of("user:5", "")
    assert len({id_of("user:5", ""), id_of("user:5", "tag:eu"), id_of("role:5", ""), id_of("role:5", "", "1")}) == 4


def test_a_line_says_what_it_is_about_and_how_it_rings():
    shown = line(
        Subscription(
            "x", "role:7", "monitor:a", "down", "2", "silent", "22:00-07:00", "Europe/Berlin", "down", AT + 60
        ),
        Roster([SHOP]),
        AT,
    )
    assert shown.splitlines() == [
        "<@&7> <#2>: **Shop**",
        "-# only if it is down · recoveries are silent · quiet from 22:00-07:00 (Europe/Berlin) · but not if it is down"
        f" · snoozed until <t:{AT + 60}:f>",
    ]
    assert line(Subscription("x", "user:5"), Roster(), AT) == "all monitors"
    assert line(Subscription("x", "channel:5", "tag:*"), Roster(), AT) == r"<#5>: the tag **\***"
