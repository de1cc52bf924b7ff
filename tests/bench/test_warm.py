"""The warm bench gives both sides the same work, times only right answers, and says whether Watchbell is faster."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from bench.bundle import Bundle, Runtime
from bench.cold import Start
from bench.instance import WrongAnswer
from bench.stubs import LambdaStub, SqsStub
from bench.warm import BLOCK, Comparison, Side, Times, is_pong, percentile
from tests.conftest import CREDENTIALS

PONG = {"type": 4, "data": {"content": "Pong!", "flags": 64, "components": [{"type": 1, "components": [{"type": 2}]}]}}
HANDLER = """
import json

PONG = {pong!r}
print("a handler may print", flush=True)


def handler(event, context):
    command = json.loads(event["body"])["data"]["name"]
    return {{"statusCode": 200, "body": json.dumps(PONG if command == "ping" else {{"type": 5}})}}
"""


def times(*microseconds: float, whole: float) -> Times:
    return Times(list(microseconds), [10 * each for each in microseconds], [Start(whole - 1, 1, whole, 0.5)])


def test_the_figures_show_the_ingress_beside_cordless() -> None:
    compared = Comparison(times(100, 100, 100, whole=90), times(200, 200, 200, whole=450))
    assert compared.figures() == {
        "instant_p50_us": 100,
        "instant_p99_us": 100,
        "deferred_p50_us": 1000,
        "deferred_p99_us": 1000,
        "cordless_instant_p50_us": 200,
        "cordless_deferred_p50_us": 2000,
        "cold_vs_cordless": 0.2,
    }


def test_the_table_shows_where_the_ingress_is_faster() -> None:
    compared = Comparison(times(240, 240, whole=90), times(200, 400, whole=45))
    verdicts = {line.split()[0]: line.split()[-1] for line in compared.table().splitlines()[-3:]}
    assert verdicts == {"instant_vs_cordless": "met", "deferred_vs_cordless": "met", "cold_vs_cordless": "MISSED"}


def test_a_percentile_is_between_measured_values() -> None:
    values = [float(value) for value in range(1, 101)]
    assert (percentile(values, 50), percentile(values, 99)) == (50.5, 99.0)


@pytest.mark.parametrize(
    "payload", [None, {"type": 5}, {**PONG, "type": 7}, {"type": 4, "data": {**PONG["data"], "content": "Sorry"}}]
)
def test_any_other_answer_is_not_a_pong(payload: dict | None) -> None:
    assert is_pong({"statusCode": 200, "body": json.dumps(PONG)})
    assert not is_pong({"statusCode": 401, "body": json.dumps(PONG)})
    assert not is_pong({"statusCode": 200, "body": json.dumps(payload)})


@pytest.fixture
def sqs(tmp_path: Path) -> Iterator[SqsStub]:
    stub = SqsStub(tmp_path)
    yield stub
    stub.stop()


@pytest.fixture
def invocations(tmp_path: Path) -> Iterator[LambdaStub]:
    stub = LambdaStub(tmp_path)
    yield stub
    stub.stop()


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    (tmp_path / "handler.py").write_text(HANDLER.format(pong=PONG))
    return Bundle("test", tmp_path, tmp_path, Runtime(tmp_path / "runtime"))


def test_every_call_of_a_block_is_timed(bundle: Bundle, sqs: SqsStub) -> None:
    with Side(bundle, sqs) as side:
        microseconds = side.instant()
    assert len(microseconds) == BLOCK
    assert min(microseconds) > 0


def test_deferrals_without_queued_messages_are_wrong(bundle: Bundle, sqs: SqsStub) -> None:
    with Side(bundle, sqs) as side, pytest.raises(WrongAnswer, match="test: queued \\[\\] instead of the 100"):
        side.deferred()


def test_a_side_that_does_not_start_is_wrong_and_says_why(bundle: Bundle, sqs: SqsStub) -> None:
    (bundle.task / "handler.py").write_text("import no_such_module")
    with Side(bundle, sqs) as side, pytest.raises(WrongAnswer, match=r"ended early(.|\n)*No module named"):
        side.instant()


def test_the_lambda_stub_accepts_only_asynchronous_invocations_of_its_function(
    invocations: LambdaStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**CREDENTIALS, **invocations.environment}.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("lambda")
    answer = client.invoke(FunctionName=invocations.function, InvocationType="Event", Payload=b'{"id": "7"}')
    assert answer["StatusCode"] == 202
    assert invocations.interaction_ids() == ["7"]
    with pytest.raises(client.exceptions.ClientError, match="InvalidParameterValueException"):
        client.invoke(FunctionName=invocations.function, Payload=b"{}")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.invoke(FunctionName="another", InvocationType="Event", Payload=b"{}")
