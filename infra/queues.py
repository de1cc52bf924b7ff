"""A queue as all of Watchbell's are: encrypted, TLS only, with dead letters that alarm."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import nag
from infra.bot_function import Common
from infra.naming import logical_id


def queue(
    scope: Construct, name: str, common: Common, *, for_timeout: Duration, max_receives: int, kept: Duration
) -> sqs.Queue:
    """The queue `name` for a consumer that may run for `for_timeout`.

    A message stays hidden for six times that, as Lambda asks, so that it is not given out a second time while Lambda
    holds it and is throttled. After `max_receives` deliveries it goes to the dead letters.
    """
    return _queue(
        scope,
        name,
        common,
        visibility_timeout=Duration.seconds(6 * for_timeout.to_seconds()),
        retention_period=kept,
        dead_letter_queue=sqs.DeadLetterQueue(
            queue=dead_letters(scope, f"{name}-dead", common), max_receive_count=max_receives
        ),
    )


def dead_letters(scope: Construct, name: str, common: Common) -> sqs.Queue:
    """The queue `name` for what could not be done, kept for two weeks, so that someone can look and send it again."""
    letters = _queue(scope, name, common, retention_period=Duration.days(14))
    nag.acknowledge(letters, {"Serverless-SQSRedrivePolicy": "These are the dead letters."})
    common.alarms.watch_dead_letters(letters, name)
    return letters


def _queue(scope: Construct, name: str, common: Common, **properties: object) -> sqs.Queue:
    return sqs.Queue(
        scope,
        logical_id(name) + "Queue",
        queue_name=f"watchbell-{common.settings.stage}-{name}",
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        **properties,  # type: ignore[arg-type]
    )
