"""The clock: EventBridge Scheduler calls the scheduler function, one schedule for each file in watchbell/schedules."""

from __future__ import annotations

import json

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra.bot_function import BotFunction, Common
from infra.naming import logical_id
from infra.outbound import Outbound
from infra.queues import dead_letters
from infra.storage import Storage
from watchbell import catalogue


class Schedules(Construct):
    """Every job is called once an hour, at the digest's minute, and decides from its local date whether it is due.

    Hourly and not daily: EventBridge skips a local time that spring-forward removes, and a tick may fail. The next
    one catches up.
    """

    def __init__(self, scope: Construct, common: Common, storage: Storage, outbound: Outbound) -> None:
        super().__init__(scope, "Schedules")
        settings = common.settings
        dead = dead_letters(self, "schedule-dead", common)
        function = BotFunction(
            self,
            "scheduler",
            common,
            timeout=Duration.seconds(60),
            memory=256,
            environment={
                "DIGEST_ZONE": settings.digest_zone,
                "DIGEST_TIME": settings.digest_time,
                "DIGEST_LANGUAGE": settings.digest_language,
            },
            dead_letters=dead,
        )
        function.hand_tools(storage, send=outbound.send)

        caller = iam.Role(
            self,
            "ScheduleRole",
            # The condition keeps another account's schedule from borrowing this role.
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            ),
        )
        caller.add_to_policy(iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[function.function_arn]))
        caller.add_to_policy(iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[dead.queue_arn]))

        group = scheduler.CfnScheduleGroup(self, "ScheduleGroup", name=f"watchbell-{settings.stage}")
        minute = int(settings.digest_time.split(":")[1])
        for name in catalogue.schedules():
            schedule = scheduler.CfnSchedule(
                self,
                logical_id(name) + "Schedule",
                name=name,
                group_name=group.ref,
                schedule_expression=f"cron({minute} * * * ? *)",
                schedule_expression_timezone=settings.digest_zone,
                flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
                target=scheduler.CfnSchedule.TargetProperty(
                    arn=function.function_arn,
                    role_arn=caller.role_arn,
                    input=json.dumps({"schedule": name, "at": "<aws.scheduler.scheduled-time>"}),
                    retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                        maximum_event_age_in_seconds=3600, maximum_retry_attempts=5
                    ),
                    dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=dead.queue_arn),
                ),
            )
            schedule.node.add_dependency(caller)  # with its policy, without which the schedule cannot be made
