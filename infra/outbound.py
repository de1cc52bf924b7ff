"""What the bot posts without being asked: send queue (and its dead letters) -> sender."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.bot_function import BotFunction, Common
from infra.queues import dead_letters, queue
from infra.settings import LEAST_CONCURRENCY
from infra.storage import Storage

SEND_MAX_RECEIVES = 10
# Discord accepts five messages in two seconds for each webhook. More senders would only be refused.
SENDERS = LEAST_CONCURRENCY
# A sender sends all messages of a batch at the same time: doors.sender.IN_FLIGHT.
AT_ONCE = 10


class Outbound(Construct):
    """The send queue and the sender. `send` is the queue: put messages to post into it.

    `event_dead` holds the events that EventBridge could not deliver, and the notifications that cannot be posted.
    """

    def __init__(self, scope: Construct, common: Common, storage: Storage) -> None:
        super().__init__(scope, "Outbound")
        timeout = Duration.seconds(30)
        self.send = queue(
            self,
            "send",
            common,
            for_timeout=timeout,
            max_receives=SEND_MAX_RECEIVES,
            kept=Duration.days(4),
        )
        self.event_dead = dead_letters(self, "event-dead", common)
        sender = BotFunction(
            self,
            "sender",
            common,
            timeout=timeout,
            memory=256,
            environment={"SEND_MAX_RECEIVES": str(SEND_MAX_RECEIVES)},
            sends_to_itself=True,
        )
        # What waits for Discord's limits, or has used up its tries in an outage of Discord, begins again.
        sender.hand_tools(storage, **{"event-dead": self.event_dead, "send": self.send})
        sender.publish()
        sender.consume(self.send, batch_size=AT_ONCE, max_concurrency=SENDERS)
        # A message is tried ten times, at the pace that Discord allows, so half an hour is not unusual.
        common.alarms.watch_age(self.send, "send", Duration.hours(1))
        common.alarms.watch(
            "webhook-unusable",
            "A message was not sent. Its webhook's URL is wrong, the webhook was deleted, or Discord refused the "
            "message. The sender's log says which.",
            cloudwatch.Metric(
                namespace="Watchbell",
                metric_name="WebhookUnusable",
                dimensions_map={"service": sender.service},
                statistic="Sum",
                period=Duration.minutes(5),
            ),
        )
        self._watch_stops(common)

    def _watch_stops(self, common: Common) -> None:
        """Alarm if a function had to stop calling Discord. What one learns stops all of them."""
        common.alarms.watch(
            "discord-stopped",
            "The bot does not call Discord for a while: Discord refuses its token, Cloudflare blocks it, or too many "
            "answers were errors. Search the logs of the sender and the worker for ERROR.",
            cloudwatch.Metric(
                namespace="Watchbell",
                metric_name="DiscordStopped",
                # One metric for all functions: an alarm pays for each.
                dimensions_map={"service": str(common.settings.deployment)},
                statistic="Sum",
                period=Duration.minutes(5),
            ),
        )
