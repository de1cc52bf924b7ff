"""The bench times only right answers, and says whether each figure meets its goal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.bundle import Bundle, Runtime
from bench.cold import Comparison, Start, one_start
from bench.instance import WrongAnswer
from bench.request import Discord
from bench.stubs import SqsStub

NOOP = Path(__file__).parents[2] / "bench" / "peers" / "noop"


def starts(*whole: float) -> list[Start]:
    return [Start(init=part - 1, first_invoke=1, whole=part, warm=0.5) for part in whole]


def test_a_ratio_is_the_median_of_the_rounds_so_that_a_slow_moment_affects_both_sides() -> None:
    compared = Comparison(starts(50, 500, 50), starts(100, 1000, 110), starts(400, 4000, 300), zip_bytes=1)
    assert compared.figures() == {
        "ingress_vs_noop": 2.0,
        "boto3_vs_ingress": 4.0,
        "init_ms": 109,
        "first_invoke_ms": 1,
        "warm_p50_ms": 0.5,
        "zip_bytes": 1,
    }


def test_the_table_shows_which_goals_are_met() -> None:
    compared = Comparison(starts(50), starts(150), starts(600), zip_bytes=1_400_001)
    verdicts = {line.split()[0]: line.split()[-1] for line in compared.table().splitlines()[-3:]}
    assert verdicts == {"ingress_vs_noop": "MISSED", "boto3_vs_ingress": "met", "zip_bytes": "MISSED"}


@pytest.fixture
def sqs(tmp_path: Path) -> Iterator[SqsStub]:
    stub = SqsStub(tmp_path)
    yield stub
    stub.stop()


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    return Runtime(tmp_path_factory.mktemp("runtime"))


def function(runtime: Runtime, task: Path, code: str) -> Bundle:
    (task / "handler.py").write_text(code)
    return Bundle("test", task, task, runtime)


def test_a_start_is_timed_from_starting_the_process_to_the_first_answer(runtime: Runtime, sqs: SqsStub) -> None:
    start = one_start(Bundle("noop", NOOP, NOOP, runtime), Discord(), sqs, queues=False)
    assert 0 < start.warm < start.whole
    assert start.init + start.first_invoke == pytest.approx(start.whole, rel=0.2)


def test_an_answer_without_a_queued_message_is_wrong(runtime: Runtime, sqs: SqsStub) -> None:
    with pytest.raises(WrongAnswer, match="noop: queued \\[\\] instead of the interaction"):
        one_start(Bundle("noop", NOOP, NOOP, runtime), Discord(), sqs, queues=True)


def test_an_answer_that_is_not_a_deferral_is_wrong(runtime: Runtime, sqs: SqsStub, tmp_path: Path) -> None:
    bundle = function(runtime, tmp_path, "def handler(event, context): return {'statusCode': 401}")
    with pytest.raises(WrongAnswer, match=r"answered \{'statusCode': 401\} instead of a deferral"):
        one_start(bundle, Discord(), sqs, queues=False)


def test_a_bundle_can_import_only_what_is_in_it(runtime: Runtime, sqs: SqsStub, tmp_path: Path) -> None:
    with pytest.raises(WrongAnswer, match="No module named 'boto3'"):
        one_start(function(runtime, tmp_path, "import boto3"), Discord(), sqs, queues=False)
