"""What a digest says, and that it stays within Discord's limits for any number of monitors."""

import re

import pytest

from watchbell.discord import check
from watchbell.i18n import speaking
from watchbell.status.board import Line
from watchbell.status.facts import Facts
from watchbell.status.flip import Flip
from watchbell.status.histogram import Histogram
from watchbell.status.judgement import Judgement
from watchbell.status.maintenance import Once, Window
from watchbell.status.packing import pack_period, unpack_period
from watchbell.status.plans import Plan
from watchbell.status.roster import Entry
from watchbell.status.tally import DAY, HOUR, Period, Share, Tally, day_of, record, repairs
from watchbell.status.uptime import Span, rows_between
from watchbell.subscriptions.digest import Digest, Figure, Totals, compose, figure, nothing_monitored, totals
from watchbell.subscriptions.message import _texts, shows

START = 20_780 * DAY
SPAN = Span(START, START + DAY)
NOW = START + DAY + 60


def line(name, state="up", since=START - HOUR, seen=NOW - 30, **more):
    entry = Entry(name[:8].ljust(8, "x"), name, "http", "01", 1, **more)
    return Line(entry, Judgement(entry.id, state, since=since, seen=seen), False, NOW)


def found(name, uptime=(1440, 1440), **more):
    state = {each: more.pop(each) for each in ("state", "since", "seen") if each in more}
    return Figure(line(name, **state), Share(*uptime), **{"p95": 80, "parts": (Share(1, 1),) * 8, **more})


def ago(seconds):
    return f"<t:{NOW - seconds}:t> (<t:{NOW - seconds}:R>)"


def said(figures, before=None, plans=(), cadence="daily", **more):
    whole = totals(figures, Histogram(), SPAN)._replace(p95=231)
    reply = compose(Digest(cadence, figures, whole, before, plans, NOW, **more))
    assert check.faults("message", reply.message()) == []
    return "\n".join(filter(None, _texts(reply.message()["components"])))


def test_a_quiet_day_is_short():
    assert said([found("Shop"), found("Mail")]).splitlines() == [
        "## Daily digest",
        f"<t:{START}:f> – <t:{START + DAY}:f>",
        "**100\u00a0% up** on average",
        "p95 231\u00a0ms",
        "-# 2 monitors had nothing to tell.",
        "▇▇▇▇▇▇▇▇ **Mail** 100\u00a0% · p95 80\u00a0ms",
        "▇▇▇▇▇▇▇▇ **Shop** 100\u00a0% · p95 80\u00a0ms",
    ]


def test_what_is_still_wrong_comes_first_and_then_what_was():
    figures = [
        found("Well"),
        found("Checkout", (1408, 1440), repaired=2, repair=32 * 60),
        found("Mail", (1270, 1440), state="down", since=START - 60),
        found("Search", state="degraded", since=START + 60),
        found("Images", state="up", seen=NOW - 3000),
        found("Shop", (1435, 1440), state="down", since=NOW - 300, repaired=1, repair=60),
    ]
    lines = said(figures).splitlines()
    assert lines[4] == "3 outages ended, after 11\u00a0min on average"
    assert lines[5] == "The lowest was **Mail** with 88.19\u00a0%"
    assert lines[6:12] == [
        f"🔴 **Mail** is still down, since <t:{START - 60}:f>",
        f"🔴 **Shop** went down {ago(300)}, and still is; before that 1 time, for 1\u00a0min",
        f"⚠️ **Search** is degraded, since <t:{START + 60}:f>",
        f"❔ **Images** I could not measure since {ago(3000)}",
        "✅ **Checkout** was down 2 times, for 32\u00a0min in all",
        "-# The other monitor had nothing to tell.",
    ]
    assert lines[12].startswith("▇▇▇▇▇▇▇▇ **Mail** 88.19")


@pytest.mark.parametrize("others", [0, 1, 5])
def test_who_was_not_up_all_the_time_has_something_to_tell_although_no_outage_ended(others):
    figures = [found("Shop", (360, 1440)), found("Short", (1439, 1440)), *(found(f"M{n}") for n in range(others))]
    lines = said(figures).splitlines()
    assert lines[4:7] == [
        "The lowest was **Shop** with 25.00\u00a0%",
        "✅ **Shop** was up 25.00\u00a0% of the time",
        "✅ **Short** was up 99.93\u00a0% of the time",
    ]
    quiet = [each for each in lines if "nothing to tell" in each]
    assert (
        quiet
        == {
            0: [],
            1: ["-# The other monitor had nothing to tell."],
            5: ["-# The other 5 had nothing to tell."],
        }[others]
    )


def test_the_period_before_is_compared_if_it_was_measured():
    before = Totals(START - DAY, START, Share(997, 1000), 240)
    lines = said([found("Shop"), found("Mail", (1439, 1440))], before).splitlines()
    assert lines[2] == "**99.96\u00a0% up** on average, 99.70\u00a0% in the period before"
    assert lines[3] == "p95 231\u00a0ms, 240\u00a0ms in the period before"
    assert "in the period before" not in said([found("Shop")], Totals(START - DAY, START))
    assert Totals.parse(before._asdict() | {"uptime": [997, 1000]}) == before
    assert Totals.parse(None) is None


def test_only_a_whole_is_100_percent():
    figures = [found(f"M{number}") for number in range(99)] + [found("Bad", (10**6 - 1, 10**6))]
    assert "**99.99\u00a0% up** on average" in said(figures)


def test_a_day_in_which_nothing_was_measured_says_so():
    text = said([found("Shop", (0, 0), p95=None, parts=(Share(0, 0),) * 8)])
    assert "Nothing was measured." in text
    assert "········ **Shop** –" in text


def test_maintenance_ahead_is_that_of_the_next_period():
    def plan(title, start, end):
        return Plan(title, title, Window(Once(NOW + start, NOW + end)), 60)

    plans = [plan("Later", 2 * DAY, 3 * DAY), plan("Soon", 3600, 7200), plan("Open", -60, 60), plan("Over", -60, -1)]
    text = said([found("Shop")], plans=plans)
    ahead = text.split("**Maintenance ahead**\n")[1].splitlines()
    assert ahead == [f"🔧 Open <t:{NOW - 60}:f> – <t:{NOW + 60}:f>", f"🔧 Soon <t:{NOW + 3600}:f> – <t:{NOW + 7200}:f>"]


NAMES = {"en": "Service", "de": "👩‍🚒" * 26, "fr": "*_~|>#-[]():<`" * 6, "ja": "@everyone <@&1> " * 5}


@pytest.mark.parametrize("language", NAMES)
def test_thousands_of_monitors_with_any_name_stay_within_discords_limits(language):
    name = NAMES[language]
    figures = [
        found(name[:70] + str(number), (number, 10_000), state="down", since=START + 1, repaired=9, repair=99_999)
        for number in range(2000)
    ]
    figures += [found(name + str(number)) for number in range(2000)]
    plans = [Plan(f"p{number}", name, Window(Once(NOW + number, NOW + 9999)), 60) for number in range(25)]
    with speaking(language):
        text = said(figures, Totals(0, START, Share(1, 2), 5), plans, server=name, foot="x" * 200)
    assert len(text.encode("utf-16-le")) // 2 <= 4000
    assert re.search(r"\b19[89][0-9]\b", text)  # and 1,988 more that are down
    assert re.search(r"\b39[0-9][0-9]\b", text)  # and 3,975 more in the table


def test_a_digest_is_silent_mentions_nobody_and_shows_its_reference():
    message = compose(Digest("daily", [found("@here")], Totals(*SPAN), None, (), NOW, foot="UTC · 0a1b2c3d")).message()
    assert message["allowed_mentions"] == {"parse": []}
    assert message["flags"] == 4096 + 32768
    assert shows(message, "0a1b2c3d")
    assert not shows(message, "deadbeef")
    note = nothing_monitored("Shops", "UTC · 0a1b2c3d").message()
    assert shows(note, "0a1b2c3d")
    assert check.faults("message", note) == []


@pytest.mark.parametrize("components", [None, "x", [None, 1], [{"components": "x"}], [{"content": 1}]])
def test_a_message_of_any_shape_is_looked_at(components):
    assert not shows({"components": components}, "0a1b2c3d")


# The figures of a monitor


def test_the_figures_of_a_monitor_are_those_of_its_rows():
    tally = Tally(up=50, down=10, unknown=3, latency=Histogram().plus(40), repaired=1, repair=600)
    periods = [Period(START + hour * HOUR, {"Shopxxxx": tally, "other": tally}) for hour in (0, 1, 23)]
    made, latency = figure(line("Shop"), periods, SPAN, HOUR)
    assert (made.uptime, made.p95, made.repaired, made.repair) == (Share(150, 180), 40, 3, 1800)
    assert made.parts == (Share(100, 120), *[Share(0, 0)] * 6, Share(50, 60))
    assert sum(latency.counts) == 3


def test_a_week_has_a_part_for_each_day_and_a_month_has_eight():
    for days, count in ((7, 7), (30, 8), (1, 1)):
        made, _latency = figure(line("Shop"), [], Span(START, START + days * DAY), DAY)
        assert len(made.parts) == count


@pytest.mark.parametrize(
    ("start", "end", "hour", "unit", "items"),
    [
        (START + 8 * HOUR, START + 32 * HOUR, START + 32 * HOUR, HOUR, 24),  # the hour of the state is later
        (START + 8 * HOUR, START + 32 * HOUR, START + 31 * HOUR, HOUR, 24),  # the last hour is in the state
        (START, START + DAY, START + DAY, HOUR, 24),
        (START, START + 7 * DAY, START + 7 * DAY + HOUR, DAY, 7),
        (START, START + 7 * DAY, START + 7 * DAY - HOUR, DAY, 6 + 23 + 1),  # the last day has no row yet
        (START, START + 7 * DAY, START + 2 * DAY, DAY, 2 + 0 + 1),  # the shard has stopped
        (START, START + 7 * DAY, START - HOUR, DAY, 0),
        (START, START + 7 * DAY, None, DAY, 0),
    ],
)
def test_a_period_that_is_over_needs_each_hour_once(start, end, hour, unit, items):
    needed = rows_between(start, end, hour, unit)
    assert needed.items == items
    hours = [*needed.early_hours, *needed.late_hours, *([hour] if needed.state else [])]
    covered = hours + [day + number * HOUR for day in needed.days for number in range(24)]
    assert sorted(covered) == list(range(start, min(end, (hour or 0) + HOUR), HOUR)) if items else covered == []


# Outages in the figures


def flip(old, new, since, monitor="aaaaaaaa"):
    return Flip(monitor, since + 60, since, old, new)


@pytest.mark.parametrize(
    ("flips", "down_since", "lasted"),
    [
        ([flip("down", "up", 700)], {"aaaaaaaa": 100}, [600]),
        ([flip("down", "degraded", 700)], {"aaaaaaaa": 100}, [600]),
        ([flip("up", "down", 100), flip("down", "up", 400)], {}, [300]),
        ([flip("down", "up", 700), flip("up", "down", 800), flip("down", "up", 900)], {"aaaaaaaa": 100}, [600, 100]),
        ([flip("down", "down", 700), flip("down", "up", 900)], {"aaaaaaaa": 100}, [800]),  # a reminder comes between
        ([flip("down", "new", 700)], {"aaaaaaaa": 100}, None),  # paused or edited
        ([flip("new", "up", 700), flip("degraded", "up", 800)], {}, None),
    ],
)
def test_an_outage_counts_when_it_ends(flips, down_since, lasted):
    assert repairs(flips, down_since).get("aaaaaaaa") == lasted


def test_repairs_are_counted_in_their_hour_and_in_the_day_but_not_in_maintenance():
    result = {"aaaaaaaa": (Facts("up"), False)}
    hour, _none = record(None, START, result, ["aaaaaaaa"], repaired={"aaaaaaaa": [600, 100], "bbbbbbbb": [5]})
    tally = hour.tallies["aaaaaaaa"]
    assert (tally.repaired, tally.repair) == (2, 700)
    assert unpack_period(pack_period(hour)) == hour
    assert day_of([hour, Period(START + HOUR, hour.tallies)], ["aaaaaaaa"]).tallies["aaaaaaaa"].repair == 1400
    quiet, _none = record(None, START, {"aaaaaaaa": (Facts("up"), True)}, ["aaaaaaaa"], repaired={"aaaaaaaa": [600]})
    assert quiet.tallies["aaaaaaaa"].repaired == 0
