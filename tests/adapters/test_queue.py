"""A caller that puts a message on a queue learns whether the message may be on it."""

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.loopback import Server, as_json
from watchbell.adapters import aws as boto
from watchbell.adapters.queue import Queue, _seconds
from watchbell.errors import Unavailable, Unsure


def test_a_message_comes_back_when_it_is_told_to(aws, settings):
    queue = Queue(settings["WORK_QUEUE_URL"])
    queue.send({"hello": "é"})
    for _ in range(2):
        (message,) = aws.sqs.receive_message(QueueUrl=queue.url)["Messages"]
        assert message["Body"] == '{"hello": "\\u00e9"}'
        queue.come_back(message["ReceiptHandle"], 0)


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 0.1, 3_600, 43_200, 1e9, float("inf"), float("nan")])
def test_sqs_takes_every_wait(aws, settings, seconds):
    queue = Queue(settings["WORK_QUEUE_URL"])
    queue.send({}, seconds)
    queue.send({})
    (message,) = aws.sqs.receive_message(QueueUrl=queue.url)["Messages"]
    queue.come_back(message["ReceiptHandle"], seconds)


def test_sqs_is_given_whole_seconds_within_its_limits():
    waits = [-1.0, float("nan"), 0.0, 0.1, 2.0, 2.1, 1e9, float("inf")]
    assert [_seconds(wait, 900) for wait in waits] == [0, 0, 0, 1, 2, 3, 900, 900]


def test_the_simulated_sqs_refuses_a_delay_that_sqs_refuses(aws, settings):
    for delay in (901, -1):
        with pytest.raises(ClientError, match="DelaySeconds"):
            aws.sqs.send_message(QueueUrl=settings["WORK_QUEUE_URL"], MessageBody="{}", DelaySeconds=delay)


def test_what_sqs_refuses_is_surely_not_there(settings):
    with pytest.raises(Unavailable, match="NonExistentQueue") as raised:
        Queue(settings["WORK_QUEUE_URL"] + "-gone").send({})
    assert not isinstance(raised.value, Unsure)


def test_what_gets_no_answer_may_be_there(settings, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    boto.client.cache_clear()
    try:
        with pytest.raises(Unsure):
            Queue(settings["WORK_QUEUE_URL"]).send({})
    finally:
        boto.client.cache_clear()


@pytest.mark.parametrize("status", [500, 503])
def test_what_sqs_answers_with_a_5xx_may_be_there(settings, monkeypatch, status):
    failing = Server(lambda request: as_json(status, {"__type": "com.amazonaws.sqs#InternalError"}))
    monkeypatch.setenv("AWS_ENDPOINT_URL", failing.url)
    monkeypatch.setattr(boto, "_CONFIG", boto._CONFIG.merge(Config(retries={"max_attempts": 1})))
    boto.client.cache_clear()
    try:
        with pytest.raises(Unsure):
            Queue(f"{failing.url}/1/work").send({})
    finally:
        boto.client.cache_clear()
        failing.stop()
