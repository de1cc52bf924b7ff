"""The scheduler function, and an EventBridge schedule for each file in watchbell/schedules that invokes it."""

from __future__ import annotations

import json
from collections.abc import Iterable

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra.bot_function import RES_OPTIONS, BotFunction, Common
from infra.monitoring import Monitoring
from infra.naming import logical_id
from infra.outbound import Outbound
from infra.queues import dead_letters
from infra.settings import Settings
from infra.storage import Storage
from watchbell.kit import catalogue
from watchbell.kit.schedule import Schedule


def choices(schedules: Iterable[Schedule], settings: Settings) -> dict[str, str]:
    """Return the environment variables for the choices that the schedules name, with the values of this deployment.

    Raise SettingError if a choice does not exist, and DefinitionError if the schedule cannot use its value.
    """
    variables = {}
    for schedule in schedules:
        for parameter, choice in schedule.choices.items():
            value = settings.choice(choice.name, schedule.name)
            schedule.check(parameter, value)
            variables[choice.variable] = value
    return variables


class Schedules(Construct):
    """The scheduler function, and an EventBridge schedule for each timed job.

    EventBridge invokes the function as often as the job's cadence requires. The function decides what is due.
    """

    def __init__(
        self, scope: Construct, common: Common, storage: Storage, outbound: Outbound, monitoring: Monitoring
    ) -> None:
        super().__init__(scope, "Schedules")
        settings = common.settings
        jobs = catalogue.schedules()
        chosen = choices(jobs, settings)
        dead = dead_letters(self, "schedule-dead", common)
        function = BotFunction(
            self,
            "scheduler",
            common,
            timeout=Duration.seconds(60),
            # One whole processor. A status source costs about 27 ms of one for TLS, so 200 sources take 5.4 seconds.
            # `adapters.sources` has 15 to start them all. At 256 MB, a seventh of a processor, they would take 37.
            memory=1769,
            environment={**chosen, "RES_OPTIONS": RES_OPTIONS},
            dead_letters=dead,
        )
        function.hand_tools(storage, send=outbound.send, check=monitoring.checks)
        live = function.publish()
        common.alarms.watch_tick(function)

        caller = iam.Role(
            self,
            "ScheduleRole",
            # The condition prevents schedules of other accounts from using this role.
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            ),
        )
        caller.add_to_policy(iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[live.function_arn]))
        caller.add_to_policy(iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[dead.queue_arn]))

        group = scheduler.CfnScheduleGroup(self, "ScheduleGroup", name=str(settings.deployment))
        for job in jobs:
            cadence = job.cadence(chosen)
            schedule = scheduler.CfnSchedule(
                self,
                logical_id(job.name) + "Schedule",
                name=job.name,
                group_name=group.ref,
                schedule_expression=cadence.ticks,
                schedule_expression_timezone=cadence.zone,
                flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
                target=scheduler.CfnSchedule.TargetProperty(
                    arn=live.function_arn,
                    role_arn=caller.role_arn,
                    input=json.dumps({"schedule": job.name, "at": "<aws.scheduler.scheduled-time>"}),
                    retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                        maximum_event_age_in_seconds=3600, maximum_retry_attempts=5
                    ),
                    dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=dead.queue_arn),
                ),
            )
            schedule.node.add_dependency(caller)  # EventBridge rejects a schedule if its role lacks the permissions
