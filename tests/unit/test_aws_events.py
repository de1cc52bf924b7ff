"""What an event of AWS says about a monitor. Events come at least once, late, and from anywhere in the account."""

import pytest

from watchbell.errors import UserError
from watchbell.status import aws_events
from watchbell.status.aws_events import TASK_SECONDS, AwsEvent, read

AT = 1_795_334_400
TIME = "2026-11-22T08:00:00Z"


def event(source, type, detail, time=TIME):
    return {"source": source, "detail-type": type, "detail": detail, "time": time}


def alarm(value, **state):
    detail = {"alarmName": "checkout-5xx", "state": {"value": value, **state}}
    return event("aws.cloudwatch", "CloudWatch Alarm State Change", detail)


def pipeline(state):
    type = "CodePipeline Pipeline Execution State Change"
    return event("aws.codepipeline", type, {"pipeline": "shop", "state": state})


def health(status):
    detail = {"service": "EC2", "eventTypeCode": "AWS_EC2_OPERATIONAL_ISSUE", **status}
    return event("aws.health", "AWS Health Event", detail)


def task(**detail):
    return event("aws.ecs", "ECS Task State Change", {"group": "service:shop", "lastStatus": "STOPPED", **detail})


@pytest.mark.parametrize(
    ("given", "name", "outcome"),
    [
        (alarm("OK"), "alarm:checkout-5xx", "up"),
        (alarm("ALARM"), "alarm:checkout-5xx", "down"),
        (alarm("INSUFFICIENT_DATA"), "alarm:checkout-5xx", "unknown"),
        (pipeline("SUCCEEDED"), "pipeline:shop", "up"),
        (pipeline("FAILED"), "pipeline:shop", "down"),
        (pipeline("CANCELED"), "pipeline:shop", "unknown"),
        (health({"statusCode": "open"}), "health:EC2", "degraded"),
        (health({}), "health:EC2", "degraded"),
        (health({"statusCode": "closed"}), "health:EC2", "up"),
        (task(containers=[{"exitCode": 1}]), "task:service:shop", "degraded"),
        (task(stopCode="TaskFailedToStart"), "task:service:shop", "degraded"),
    ],
)
def test_an_event_has_the_name_that_a_monitor_follows_and_an_outcome(given, name, outcome):
    found = read(given)
    assert (found.name, found.outcome) == (name, outcome)
    facts = found.facts(found.at + 60)
    assert (facts.outcome, facts.since) == (outcome, found.at)
    assert (facts.reason is None) == (outcome in ("up", "unknown"))


@pytest.mark.parametrize(
    "given",
    [
        alarm("GREEN"),
        alarm(None),
        event("aws.cloudwatch", "CloudWatch Alarm State Change", {"state": {"value": "ALARM"}}),
        event("aws.cloudwatch", "CloudWatch Alarm State Change", {"alarmName": 7, "state": {"value": "ALARM"}}),
        event("aws.cloudwatch", "CloudWatch Alarm State Change", {"alarmName": "x", "state": "ALARM"}),
        pipeline("STARTED"),
        task(containers=[{"exitCode": 0}, "x"]),
        task(containers="none"),
        event("aws.ecs", "ECS Task State Change", {"group": "service:shop", "lastStatus": "RUNNING"}),
        event("aws.s3", "Object Created", {}),
    ],
)
def test_an_event_that_says_nothing_about_a_monitor_is_no_event_of_ours(given):
    assert read(given) is None


@pytest.mark.parametrize("given", [{}, {"source": "aws.ecs"}, {"source": "aws.ecs", "detail": []}, {"detail": {}}])
def test_what_is_no_event_is_refused(given):
    with pytest.raises(ValueError, match="not an event of EventBridge"):
        read(given)


@pytest.mark.parametrize("time", [None, "yesterday", 7, ""])
def test_an_event_without_a_readable_time_is_refused(time):
    with pytest.raises(ValueError, match="isoformat"):
        read({**alarm("OK"), "time": time})


def test_an_alarm_tells_when_its_state_changed_in_the_way_that_cloudwatch_writes_it():
    changed = read(alarm("ALARM", timestamp="2026-11-22T07:58:00.123+0000"))
    assert changed.at == read(alarm("ALARM")).at - 120


def test_a_task_that_failed_counts_for_a_quarter_of_an_hour():
    failed = read(task(containers=[{"exitCode": 137}], stoppedReason="OutOfMemoryError"))
    assert failed.facts(failed.at + TASK_SECONDS - 1).outcome == "degraded"
    after = failed.facts(failed.at + TASK_SECONDS)
    assert (after.outcome, after.since) == ("up", failed.at + TASK_SECONDS)


def test_what_aws_says_is_shortened_and_cannot_turn_the_text_around():
    found = read(alarm("ALARM", reason="\u202e" + "x" * 500))
    assert found.text == "x" * 120
    assert found.facts(AT).reason.values == {"text": "x" * 120}


def test_an_event_that_says_nothing_is_known_by_its_name():
    assert AwsEvent("alarm:x", AT, "down").facts(AT).reason.values == {"text": "alarm:x"}


ARN = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("checkout-5xx", "checkout-5xx"),
        (f"{ARN}checkout-5xx", "checkout-5xx"),
        ("arn:aws-us-gov:cloudwatch:us-gov-west-1:123456789012:alarm:a:b", "a:b"),
        ("Fehler [prod] – zu viele", "Fehler [prod] – zu viele"),
        ("x" * 255, "x" * 255),
    ],
)
def test_an_alarm_is_named_by_its_name_or_its_arn(typed, name):
    assert aws_events.alarm(typed) == name
    detail = {"alarmName": name, "state": {"value": "OK"}}
    assert read(event("aws.cloudwatch", "CloudWatch Alarm State Change", detail)).name == f"alarm:{name}"


@pytest.mark.parametrize(
    "typed",
    ["", "x" * 256, "a\nb", "arn:aws:sns:eu-central-1:123456789012:shop", "arn:aws:cloudwatch:eu:1:alarm:shop", ARN],
)
def test_what_is_no_alarm_is_told(typed):
    with pytest.raises(UserError, match="Write the name of an alarm of CloudWatch"):
        aws_events.alarm(typed)


@pytest.mark.parametrize(
    ("typed", "name", "given"),
    [
        ("pipeline:shop", "pipeline:shop", pipeline("FAILED")),
        (" Pipeline : shop ", "pipeline:shop", pipeline("FAILED")),
        ("health:ec2", "health:EC2", health({})),
        ("task:service:shop", "task:service:shop", task(stopCode="TaskFailedToStart")),
    ],
)
def test_what_is_followed_is_written_as_the_events_of_aws_write_it(typed, name, given):
    assert aws_events.subject(typed) == name == read(given).name


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Write `pipeline:NAME`, `health:SERVICE` or `task:GROUP`"),
        ("shop", "Write `pipeline:NAME`"),
        ("alarm:shop", "Write `pipeline:NAME`"),
        ("arn:aws:codepipeline:eu-central-1:123456789012:shop", "Write `pipeline:NAME`"),
        ("pipeline:", "not the name of a pipeline"),
        ("pipeline:my shop", "not the name of a pipeline"),
        (f"pipeline:{'x' * 101}", "not the name of a pipeline"),
        ("health:Amazon EC2", "not the short name of a service"),
        ("health:*", "not the short name of a service"),
        ("task:my shop", "not a group of tasks"),
    ],
)
def test_what_no_event_of_aws_is_about_is_told_with_an_example(typed, says):
    with pytest.raises(UserError, match=says):
        aws_events.subject(typed)
