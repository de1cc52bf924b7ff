"""What comes out of the check queue besides the runs of shards: events of AWS, and nonsense."""

import pytest

from watchbell.adapters.batch import Delivery, NotOurs
from watchbell.doors import monitor
from watchbell.status.aws_events import AwsEvent
from watchbell.testing import FakeTools

ALARM = {
    "source": "aws.cloudwatch",
    "detail-type": "CloudWatch Alarm State Change",
    "time": "2026-11-22T00:00:00Z",
    "detail": {"alarmName": "checkout-5xx", "state": {"value": "ALARM", "reason": "Threshold crossed"}},
}


class Shards(list):
    heard = list.append


def heard(message):
    tools = FakeTools(shards=Shards())
    monitor.take(Delivery(message, 1, False), tools)
    return tools.shards


def test_an_event_of_aws_is_kept_for_the_monitors_that_follow_it():
    assert heard(ALARM) == [AwsEvent("alarm:checkout-5xx", 1795305600, "down", "Threshold crossed")]


def test_an_event_that_says_nothing_about_any_monitor_is_dropped():
    assert heard({**ALARM, "source": "aws.ec2"}) == []


@pytest.mark.parametrize(
    "message", [{**ALARM, "time": "yesterday"}, {**ALARM, "detail": 1}, {"kind": "shard"}, {"kind": "flip"}, {}]
)
def test_what_is_neither_an_event_nor_a_shard_is_not_ours(message):
    with pytest.raises(NotOurs):
        heard(message)
