"""Uptime, durations and latencies read as people say them, and never better than they are."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_status import REASONS
from watchbell.i18n import LOCALES, speaking
from watchbell.status import figures, measures
from watchbell.status.tally import DAY, Share

SPACE = "\u00a0"


def plain(text):
    return text.replace(SPACE, " ")


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 0, "–"),
        (0, 7, "0.00 %"),
        (1, 3, "33.33 %"),
        (2, 3, "66.66 %"),
        (29, 100, "29.00 %"),
        (99_996, 100_000, "99.99 %"),
        (525_599, 525_600, "99.99 %"),
        (525_600, 525_600, "100 %"),
    ],
)
def test_an_uptime_is_rounded_down_and_100_only_if_it_is(part, whole, text):
    assert plain(measures.share(Share(part, whole))) == text


@given(st.integers(1, 10**7), st.data())
def test_no_uptime_is_shown_higher_than_it_is_or_lower_by_a_hundredth(whole, data):
    part = data.draw(st.integers(0, whole))
    shown = Fraction(plain(measures.share(Share(part, whole))).removesuffix(" %"))
    exact = Fraction(100 * part, whole)
    assert exact - Fraction(1, 100) < shown <= exact
    assert (shown == 100) == (part == whole)


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 0, "Nothing was measured."),
        (0, 9, "Nothing was measured."),
        (99, 100, ""),
        (100, 100, ""),
        (9899, 10_000, "Measured for 98.9 % of the time; the rest counts neither way."),
    ],
)
def test_the_measured_share_is_said_only_if_much_is_missing(part, whole, text):
    assert plain(measures.measured(Share(part, whole))) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (40, "40 s"),
        (59.9, "59 s"),
        (90, "1 min 30 s"),
        (32 * 60, "32 min"),
        (3600, "1 h"),
        (3659, "1 h"),
        (12 * 3600 + 44 * 60 + 59, "12 h 44 min"),
        (DAY + 59, "1 d"),
        (3 * DAY + 2 * 3600 + 1800, "3 d 2 h"),
        (1500 * DAY, "1,500 d"),
    ],
)
def test_a_duration_has_at_most_two_units(seconds, text):
    assert plain(measures.duration(seconds)) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"), [(None, "–"), (0, "0 ms"), (912, "912 ms"), (1000, "1.0 s"), (1840, "1.8 s")]
)
def test_a_latency_is_in_seconds_from_1000_ms_on(milliseconds, text):
    assert plain(measures.latency(milliseconds)) == text


def test_a_number_and_its_unit_stay_on_one_line():
    texts = (measures.latency(912), measures.share(Share(1, 2)), measures.duration(60), measures.share(Share(1, 1)))
    assert texts == (f"912{SPACE}ms", f"50.00{SPACE}%", f"1{SPACE}min", f"100{SPACE}%")


@pytest.mark.parametrize("language", ["en", *LOCALES])
def test_what_ends_a_sentence_brings_no_full_stop_of_its_own(language):
    with speaking(language):
        shown = [measures.duration(seconds) for seconds in (40, 1920, 7200, 3 * DAY)]
        shown += [measures.latency(40), measures.latency(1800), *(figures.reason(reason) for reason, _text in REASONS)]
    assert [text for text in shown if text.endswith((".", "。"))] == []


def test_measures_are_said_in_the_language_of_the_reader():
    with speaking("de"):
        assert plain(measures.duration(3 * DAY + 7200)) == "3 T 2 h"
        assert plain(measures.share(Share(9777, 10_000))) == "97,77 %"
        days = "100 % an 1 von 2 gemessenen Tagen. Der niedrigste Wert war 50,00 % am 2026-11-24 (UTC)."
        assert plain(measures.strip_in_words({MONDAY: Share(1, 1), MONDAY + DAY: Share(1, 2)})) == days
    with speaking("ja"):
        assert measures.duration(12 * 3600 + 44 * 60) == "12時間 44分"


MONDAY = 20_780 * DAY  # 2026-11-23
WEEK = dict(
    zip(
        range(MONDAY, MONDAY + 7 * DAY, DAY),
        [Share(9, 9), Share(9995, 10_000), Share(995, 1000), Share(0, 0), Share(97, 100), Share(1, 2), Share(1, 2)],
        strict=True,
    )
)


def test_days_are_drawn_by_how_good_they_were():
    assert measures.strip(WEEK) == "▇▆▅·▃▁▁"


def test_days_are_also_said_in_words_with_the_latest_of_the_worst():
    said = plain(measures.strip_in_words(WEEK))
    assert said == "100 % on 1 of 6 measured days. The lowest was 50.00 % on 2026-11-29 (UTC)."


def test_flawless_days_need_no_second_sentence():
    assert plain(measures.strip_in_words({MONDAY: Share(3, 3)})) == "100 % on 1 of 1 measured day."
    assert measures.strip_in_words({MONDAY: Share(0, 0)}) == "Nothing was measured."


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (60, "every minute"),
        (15 * 60, "every 15 minutes"),
        (3600, "every hour"),
        (6 * 3600, "every 6 hours"),
        (DAY, "every day"),
        (14 * DAY, "every 14 days"),
        (5400, "every 1 h 30 min"),
        (DAY + 3600, "every 25 hours"),
    ],
)
def test_how_often_something_happens_is_said_in_one_unit_if_it_fits(seconds, text):
    assert plain(measures.often(seconds)) == text


def test_a_moment_has_its_date_if_it_is_more_than_20_hours_from_now():
    assert measures.moment(MONDAY, MONDAY + 20 * 3600) == f"<t:{MONDAY}:t> (<t:{MONDAY}:R>)"
    assert measures.moment(MONDAY, MONDAY + 20 * 3600 + 1) == f"<t:{MONDAY}:f>"
    assert measures.moment(MONDAY, MONDAY - 20 * 3600 - 1) == f"<t:{MONDAY}:f>"
