"""A queue with the settings that all queues share: encrypted, TLS only, with dead letters that alarm."""

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
    """Return the queue `name` for a function with the timeout `for_timeout`. Messages are kept for `kept`.

    A message that was delivered stays hidden for six times the timeout, as the Lambda documentation recommends. So it
    is not delivered twice while a throttled Lambda still holds it. After `max_receives` deliveries a message goes to
    the dead letters.
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
    """Return the dead-letter queue `name`. It keeps messages for two weeks, so that the operator can examine them."""
    letters = _queue(scope, name, common, retention_period=Duration.days(14))
    rules = ("Serverless-SQSRedrivePolicy", "AwsSolutions-SQS3")
    nag.acknowledge(letters, dict.fromkeys(rules, "These are the dead letters."))
    common.alarms.watch_dead_letters(letters, name)
    return letters


def _queue(scope: Construct, name: str, common: Common, **properties: object) -> sqs.Queue:
    return sqs.Queue(
        scope,
        logical_id(name) + "Queue",
        queue_name=f"{common.settings.deployment}-{name}",
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        **properties,  # type: ignore[arg-type]
    )
