"""What watches: check queue (and its dead letters) -> monitor."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from infra.bot_function import RES_OPTIONS, BotFunction, Common
from infra.interactions import Interactions
from infra.outbound import Outbound
from infra.queues import queue
from infra.storage import Storage

CHECK_MAX_RECEIVES = 3

PATTERNS = {
    "Alarm": {"source": ["aws.cloudwatch"], "detail_type": ["CloudWatch Alarm State Change"]},
    "Pipeline": {"source": ["aws.codepipeline"], "detail_type": ["CodePipeline Pipeline Execution State Change"]},
    "Health": {"source": ["aws.health"], "detail_type": ["AWS Health Event"]},
    "Task": {
        "source": ["aws.ecs"],
        "detail_type": ["ECS Task State Change"],
        "detail": {"lastStatus": ["STOPPED"], "desiredStatus": ["STOPPED"]},
    },
}
"""The events of AWS that `status.aws_events` reads."""


class Monitoring(Construct):
    """The check queue and the monitor. `checks` is the queue: the tick puts each due shard into it."""

    def __init__(
        self, scope: Construct, common: Common, storage: Storage, outbound: Outbound, interactions: Interactions
    ) -> None:
        super().__init__(scope, "Monitoring")
        timeout = Duration.seconds(45)  # enough for two checks of a monitor, and the longest wait between them
        self.checks = queue(
            self,
            "check",
            common,
            for_timeout=timeout,
            max_receives=CHECK_MAX_RECEIVES,
            # The next slot of a shard replaces a run that comes later than an hour.
            kept=Duration.hours(1),
        )
        monitor = BotFunction(
            self,
            "monitor",
            common,
            timeout=timeout,
            memory=512,
            environment={
                "CHECK_QUEUE_URL": self.checks.queue_url,
                "CHECK_MAX_RECEIVES": str(CHECK_MAX_RECEIVES),
                "PING_URL": interactions.ping_url,
                "RES_OPTIONS": RES_OPTIONS,
            },
        )
        monitor.hand_tools(storage, send=outbound.send)
        monitor.publish()
        # One shard per invocation: a slow target delays only the monitors of its own shard.
        monitor.consume(self.checks, batch_size=1, max_concurrency=common.settings.monitor_concurrency)
        common.alarms.watch_age(self.checks, "check", Duration.minutes(5))
        self._hear_of_aws(outbound)

    def _hear_of_aws(self, outbound: Outbound) -> None:
        """Bring the events of this account and region that a monitor can watch. EventBridge tries for a day."""
        for name, pattern in PATTERNS.items():
            rule = events.Rule(self, f"{name}Events", event_pattern=events.EventPattern(**pattern))  # type: ignore[arg-type]
            rule.add_target(targets.SqsQueue(self.checks, dead_letter_queue=outbound.event_dead))
