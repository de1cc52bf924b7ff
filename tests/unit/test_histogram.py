"""Percentiles of a histogram are within the stated error, however its histograms are split and added up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell.status.histogram import BUCKETS, ERROR, HIGHEST, Histogram, bucket, middle

latencies = st.lists(st.one_of(st.integers(0, 100), st.integers(0, HIGHEST)), max_size=200)


def of(values):
    return sum((Histogram().plus(value) for value in values), Histogram())


def nearest_rank(values, percent):
    return sorted(values)[-(-len(values) * percent // 100) - 1]


def test_every_latency_is_within_the_error_of_the_middle_of_its_bucket():
    for latency in range(HIGHEST + 1):
        assert abs(middle(bucket(latency)) - latency) <= latency * ERROR


def test_latencies_below_64_ms_are_exact():
    assert [middle(bucket(latency)) for latency in range(64)] == list(range(64))


def test_buckets_have_no_gap_and_the_last_one_holds_what_is_too_long():
    places = [bucket(latency) for latency in range(HIGHEST + 1)]
    assert sorted(set(places)) == list(range(BUCKETS))
    assert places == sorted(places)
    assert bucket(10**9) == BUCKETS - 1
    assert bucket(-3) == 0


@given(latencies.filter(bool), st.sampled_from([1, 50, 95, 99, 100]))
def test_a_percentile_is_the_nearest_rank_within_the_error(values, percent):
    right = nearest_rank(values, percent)
    assert abs(of(values).percentile(percent) - right) <= right * ERROR


def test_there_is_no_percentile_of_nothing():
    assert Histogram().percentile(50) is None


@given(st.lists(latencies, max_size=5))
def test_histograms_add_up_to_the_histogram_of_all_values(parts):
    assert sum(map(of, parts), Histogram()) == of([value for part in parts for value in part])


@given(latencies, st.sampled_from([1, 255, 256, 70_000, 525_600]))
def test_counts_up_to_those_of_a_year_survive_packing(values, times):
    histogram = Histogram(of(values).lanes * times)
    assert Histogram.of_planes(histogram.planes()) == histogram
    assert sum(histogram.counts) == len(values) * times


@pytest.mark.parametrize(("times", "planes"), [(0, 0), (1, 1), (255, 1), (256, 2), (70_000, 3)])
def test_small_counts_have_few_planes(times, planes):
    assert len(Histogram(of([120]).lanes * times).planes()) == planes * BUCKETS
