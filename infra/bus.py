"""What other systems of the account say: bus -> send queue. What cannot be posted goes to its dead letters."""

from __future__ import annotations

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from infra.bot_function import Common
from infra.outbound import Outbound
from watchbell.status import notification


class Bus(Construct):
    """The bus. It has the name of the stack, such as `watchbell-dev`. Only this account may put events on it."""

    def __init__(self, scope: Construct, common: Common, outbound: Outbound) -> None:
        super().__init__(scope, "Bus")
        bus = events.EventBus(self, "NotificationBus", event_bus_name=str(common.settings.deployment))
        rule = events.Rule(
            self,
            "Notifications",
            event_bus=bus,
            event_pattern=events.EventPattern(detail_type=[notification.TYPE]),
        )
        # EventBridge tries for a day.
        rule.add_target(targets.SqsQueue(outbound.send, dead_letter_queue=outbound.event_dead))
