"""The CloudFormation template that is deployed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.settings import FIRST, defaults
from infra.synth import synthesise
from watchbell.data.tables import PING
from watchbell.doors.sender import IN_FLIGHT, MOST_TIMES
from watchbell.interactions.job import MOST_SECONDS, MOST_SLICES, TURN_SECONDS
from watchbell.status import notification

pytestmark = pytest.mark.xdist_group("synthesis")

Template = dict[str, Any]
FUNCTIONS = ("Ingress", "Heartbeat", "Worker", "Sender", "Monitor", "Scheduler", "Registrar")

PING_URL = {"Fn::Join": ["", [{"Fn::GetAtt": ["Api", "ApiEndpoint"]}, "/ping/"]]}


def of_type(template: Template, kind: str) -> dict[str, Any]:
    """Map the logical id of each resource of this type to its properties."""
    return {id: it["Properties"] for id, it in template["Resources"].items() if it["Type"] == kind}


def one(template: Template, kind: str) -> dict[str, Any]:
    (properties,) = of_type(template, kind).values()
    return properties


def arn(id: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [id, "Arn"]}


def source_queues(template: Template) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Yield each event source with its queue and its function."""
    for source in of_type(template, "AWS::Lambda::EventSourceMapping").values():
        queue = template["Resources"][source["EventSourceArn"]["Fn::GetAtt"][0]]["Properties"]
        yield source, queue, template["Resources"][behind(template, source["FunctionName"])]["Properties"]


def behind(template: Template, reference: Any) -> str:
    """Return the logical id of the function behind a reference to an alias. Fail if it refers to anything else."""
    (alias,) = (id for id in of_type(template, "AWS::Lambda::Alias") if json.dumps(id) in json.dumps(reference))
    function: str = template["Resources"][alias]["Properties"]["FunctionName"]["Ref"]
    return function


def test_every_function_has_the_same_runtime_handler_and_logging(template: Template) -> None:
    functions = of_type(template, "AWS::Lambda::Function")
    assert set(functions) == set(FUNCTIONS)
    for id, function in functions.items():
        assert function["Runtime"] == "python3.13"
        assert function["Architectures"] == ["arm64"]
        assert function["Handler"] == "handler.handler"
        assert function["FunctionName"] == f"watchbell-dev-{id.lower()}"
        assert function["LoggingConfig"] == {
            "ApplicationLogLevel": "INFO",
            "LogFormat": "JSON",
            "LogGroup": {"Ref": f"{id}Log"},
        }


def test_each_function_has_its_timeout_and_memory(template: Template) -> None:
    functions = of_type(template, "AWS::Lambda::Function")
    assert {id: (it["Timeout"], it["MemorySize"]) for id, it in functions.items()} == {
        "Ingress": (10, 512),
        "Heartbeat": (10, 512),
        "Worker": (30, 512),
        "Sender": (30, 256),
        "Monitor": (45, 512),
        "Scheduler": (60, 1769),
        "Registrar": (60, 256),
    }


def test_only_the_worker_and_the_sender_may_send_to_themselves_because_they_bound_how_often(template: Template) -> None:
    loops = {id: it.get("RecursiveLoop") for id, it in of_type(template, "AWS::Lambda::Function").items()}
    assert {id for id, loop in loops.items() if loop == "Allow"} == {"Worker", "Sender"}
    assert MOST_SLICES <= 200
    assert MOST_SECONDS < 24 * 60 * 60  # a claim, and what is known of a message, is kept for a day


def test_long_jobs_leave_a_worker_free_however_few_there_are(
    template: Template, production: Template, tmp_path: Path
) -> None:
    for of, workers in ((synthesise(tmp_path, worker_concurrency="4"), 4), (template, 2), (production, 50)):
        worker = of["Resources"]["Worker"]["Properties"]
        assert 1 <= int(worker["Environment"]["Variables"]["JOBS_AT_ONCE"]) < workers
        assert worker["Timeout"] < TURN_SECONDS  # So no slice runs on after its turn.


def test_the_ingress_and_the_heartbeat_function_have_only_their_lean_layers(template: Template) -> None:
    layers = {id: {ref["Ref"] for ref in it["Layers"]} for id, it in of_type(template, "AWS::Lambda::Function").items()}
    assert layers.pop("Ingress") == {"IngressLayer"}
    assert layers.pop("Heartbeat") == {"HeartbeatLayer"}
    assert all(others == {"WatchbellLayer", "VendorLayer"} for others in layers.values())


def test_each_function_has_exactly_this_environment(template: Template) -> None:
    functions = of_type(template, "AWS::Lambda::Function")
    environments = {id: dict(it["Environment"]["Variables"]) for id, it in functions.items()}
    for id, environment in environments.items():
        assert (environment.pop("WATCHBELL_NAME"), environment.pop("WATCHBELL_STAGE")) == ("watchbell", "dev")
        assert environment.pop("POWERTOOLS_SERVICE_NAME", None) == (
            None if id in ("Ingress", "Heartbeat") else f"watchbell-dev-{id.lower()}"
        )
    assert environments == {
        "Heartbeat": {"STATE_TABLE": {"Ref": "StateTable"}, "RES_OPTIONS": "timeout:1 attempts:2"},
        "Ingress": {
            "DOCUMENTATION_URL": "",
            "DISCORD_PUBLIC_KEYS": {"Ref": "DiscordPublicKeys"},
            "EPHEMERAL_TABLE": {"Ref": "EphemeralTable"},
            "STATE_TABLE": {"Ref": "StateTable"},
            "WORK_QUEUE_URL": {"Ref": "WorkQueue"},
            "SIGNING_KEYS_PARAMETER": "/watchbell/dev/signing-keys",
            "OPERATORS_PARAMETER": "/watchbell/dev/operators",
            "STATUS_SOURCES_PATH": "/watchbell/dev/status-sources",
            "RES_OPTIONS": "timeout:1 attempts:1",
            "FLAGS_PATH": "/watchbell/dev/flags",
        },
        "Worker": {
            "DOCUMENTATION_URL": "",
            "WORK_QUEUE_URL": {"Ref": "WorkQueue"},
            "WORK_MAX_RECEIVES": "5",
            "JOBS_AT_ONCE": "1",
            "RES_OPTIONS": "timeout:1 attempts:2",
            "STATE_TABLE": {"Ref": "StateTable"},
            "EPHEMERAL_TABLE": {"Ref": "EphemeralTable"},
            "SIGNING_KEYS_PARAMETER": "/watchbell/dev/signing-keys",
            "OPERATORS_PARAMETER": "/watchbell/dev/operators",
            "BOT_TOKEN_PARAMETER": "/watchbell/dev/discord/bot-token",
            "STATUS_SOURCES_PATH": "/watchbell/dev/status-sources",
            "FLAGS_PATH": "/watchbell/dev/flags",
            "PING_URL": PING_URL,
            "SEND_QUEUE_URL": {"Ref": "SendQueue"},
            "SERVERS_PATH": "/watchbell/dev/servers",
            "SERVER_WEBHOOKS_PATH": "/watchbell/dev/server-webhooks",
        },
        "Sender": {
            "BOT_TOKEN_PARAMETER": "/watchbell/dev/discord/bot-token",
            "SIGNING_KEYS_PARAMETER": "/watchbell/dev/signing-keys",
            "SEND_QUEUE_URL": {"Ref": "SendQueue"},
            "SEND_MAX_RECEIVES": "10",
            "EVENT_DEAD_QUEUE_URL": {"Ref": "EventDeadQueue"},
            "OPERATOR_ALERTS_PARAMETER": "/watchbell/dev/operator-alerts",
            "NOTIFY_USERS_PARAMETER": "/watchbell/dev/notify-users",
            "STATE_TABLE": {"Ref": "StateTable"},
            "EPHEMERAL_TABLE": {"Ref": "EphemeralTable"},
            "WEBHOOKS_PATH": "/watchbell/dev/webhooks",
            "SERVER_WEBHOOKS_PATH": "/watchbell/dev/server-webhooks",
        },
        "Monitor": {
            "CHECK_QUEUE_URL": {"Ref": "CheckQueue"},
            "CHECK_MAX_RECEIVES": "3",
            "SEND_QUEUE_URL": {"Ref": "SendQueue"},
            "STATE_TABLE": {"Ref": "StateTable"},
            "FLAGS_PATH": "/watchbell/dev/flags",
            "SERVERS_PATH": "/watchbell/dev/servers",
            "PING_URL": PING_URL,
            "RES_OPTIONS": "timeout:1 attempts:2",
        },
        "Scheduler": {
            "CHECK_QUEUE_URL": {"Ref": "CheckQueue"},
            "SEND_QUEUE_URL": {"Ref": "SendQueue"},
            "STATE_TABLE": {"Ref": "StateTable"},
            "FLAGS_PATH": "/watchbell/dev/flags",
            "STATUS_SOURCES_PATH": "/watchbell/dev/status-sources",
            "RES_OPTIONS": "timeout:1 attempts:2",
            "CHOICE_DIGEST_ZONE": "UTC",
            "CHOICE_DIGEST_TIME": "09:00",
            "CHOICE_DIGEST_LANGUAGE": "en",
        },
        "Registrar": {
            "DISCORD_APPLICATION_ID": {"Ref": "DiscordApplicationId"},
            "DISCORD_GUILD_ID": "",
            "BOT_TOKEN_PARAMETER": "/watchbell/dev/discord/bot-token",
            "FLAGS_PATH": "/watchbell/dev/flags",
        },
    }


def test_cloudformation_resolves_no_secret(template: Template) -> None:
    resolved = {
        id: it["Default"] for id, it in template["Parameters"].items() if it["Type"].startswith("AWS::SSM::Parameter")
    }
    resolved.pop("BootstrapVersion")
    assert resolved == {
        "DiscordPublicKeys": "/watchbell/dev/discord/public-keys",
        "DiscordApplicationId": "/watchbell/dev/discord/application-id",
    }
    assert "{{resolve:" not in json.dumps(template)


def test_a_message_stays_hidden_for_six_times_the_timeout_of_its_function(template: Template) -> None:
    pairs = list(source_queues(template))
    assert len(pairs) == 3
    for _, queue, function in pairs:
        assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]


def test_the_queues_leave_room_for_the_ingress_in_the_smallest_accounts(
    template: Template, production: Template
) -> None:
    def most(stack: Template) -> dict[str, int]:
        return {
            queue["QueueName"].rpartition("-")[2]: source["ScalingConfig"]["MaximumConcurrency"]
            for source, queue, _ in source_queues(stack)
        }

    assert sum(most(template).values()) <= 6
    assert min(most(template).values()) >= 2
    assert most(production) == {"work": 50, "send": 2, "check": 20}


def test_code_and_layers_change_together_for_everything_that_is_invoked(template: Template) -> None:
    aliases = of_type(template, "AWS::Lambda::Alias")
    versions = of_type(template, "AWS::Lambda::Version")
    published = {alias["FunctionName"]["Ref"] for alias in aliases.values()}
    assert published == set(FUNCTIONS) - {"Registrar"}  # only CloudFormation invokes it, after it has updated it
    for alias in aliases.values():
        (id, attribute) = alias["FunctionVersion"]["Fn::GetAtt"]
        assert (alias["Name"], attribute, versions[id]["FunctionName"]) == ("live", "Version", alias["FunctionName"])
    integrations = of_type(template, "AWS::ApiGatewayV2::Integration").values()
    permissions = of_type(template, "AWS::Lambda::Permission").values()
    called = {"Ingress", "Heartbeat"}
    assert {behind(template, integration["IntegrationUri"]) for integration in integrations} == called
    assert {behind(template, permission["FunctionName"]) for permission in permissions} == called
    for schedule in of_type(template, "AWS::Scheduler::Schedule").values():
        assert behind(template, schedule["Target"]["Arn"]) == "Scheduler"


def test_a_new_version_is_published_if_a_setting_of_its_function_changes(
    template: Template, production: Template
) -> None:
    def versions(stack: Template, function: str) -> set[str]:
        return {id for id in of_type(stack, "AWS::Lambda::Version") if id.startswith(function)}

    assert versions(template, "Scheduler").isdisjoint(versions(production, "Scheduler"))


def test_a_new_version_is_published_if_a_layer_of_its_function_changes(tmp_path: Path) -> None:
    from aws_cdk import App, Stack
    from aws_cdk import aws_lambda as lambda_

    def version(content: str) -> set[str]:
        folder = tmp_path / content
        folder.mkdir()
        (folder / "module.py").write_text(content)
        stack = Stack(App(context=defaults(), outdir=str(tmp_path / "out")), "stack")
        layer = lambda_.LayerVersion(stack, "Layer", code=lambda_.Code.from_asset(str(folder)))
        runtime, code = lambda_.Runtime.PYTHON_3_13, lambda_.Code.from_inline("pass")
        function = lambda_.Function(stack, "F", runtime=runtime, handler="index.h", code=code, layers=[layer])
        lambda_.Alias(stack, "Live", alias_name="live", version=function.current_version)
        made = App.of(stack).synth().stacks[0].template  # type: ignore[union-attr]
        return set(of_type(made, "AWS::Lambda::Version"))

    assert version("a = 1").isdisjoint(version("a = 2"))


def test_a_new_version_is_published_if_a_value_that_cloudformation_reads_at_deploy_changes(template: Template) -> None:
    parameters = {id for id, it in template["Parameters"].items() if it["Type"].startswith("AWS::SSM::Parameter")}
    versions = {it["FunctionName"]["Ref"]: it for it in of_type(template, "AWS::Lambda::Version").values()}
    found = set()
    for id in versions:
        for value in template["Resources"][id]["Properties"]["Environment"]["Variables"].values():
            if isinstance(value, dict) and value.get("Ref") in parameters:
                found.add(id)
                assert versions[id]["Description"] == value
    assert found == {"Ingress"}


def test_only_the_failed_messages_of_a_batch_return_to_the_queue(template: Template) -> None:
    for source, queue, _ in source_queues(template):
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert source["BatchSize"] == (IN_FLIGHT if queue["QueueName"].endswith("-send") else 1)
        assert "MaximumBatchingWindowInSeconds" not in source


def test_a_function_knows_how_often_a_message_is_delivered_at_most(template: Template) -> None:
    for _, queue, function in source_queues(template):
        variables = function["Environment"]["Variables"]
        (known,) = (value for name, value in variables.items() if name.endswith("_MAX_RECEIVES"))
        assert known == str(queue["RedrivePolicy"]["maxReceiveCount"])


def test_dead_letters_are_kept_longer_than_other_messages(template: Template) -> None:
    queues = of_type(template, "AWS::SQS::Queue")
    for id in ("WorkQueue", "SendQueue", "CheckQueue"):
        dead = queues[queues[id]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]]
        assert dead["MessageRetentionPeriod"] == 14 * 86_400 > queues[id]["MessageRetentionPeriod"]


def test_queues_are_encrypted_and_reject_plain_http(template: Template) -> None:
    guarded = {
        policy["Queues"][0]["Ref"]: policy["PolicyDocument"]["Statement"][0]
        for policy in of_type(template, "AWS::SQS::QueuePolicy").values()
    }
    queues = of_type(template, "AWS::SQS::Queue")
    assert set(queues) == {
        *("WorkQueue", "WorkDeadQueue", "SendQueue", "SendDeadQueue", "CheckQueue", "CheckDeadQueue"),
        *("ScheduleDeadQueue", "EventDeadQueue"),
    }
    for id, queue in queues.items():
        assert queue["SqsManagedSseEnabled"] is True
        assert (guarded[id]["Effect"], guarded[id]["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_the_state_table_survives_the_stack_and_rows_of_both_expire(template: Template) -> None:
    state, ephemeral = template["Resources"]["StateTable"], template["Resources"]["EphemeralTable"]
    assert (state["DeletionPolicy"], state["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert state["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert ephemeral["DeletionPolicy"] == "Delete"
    for table in (state, ephemeral):
        assert table["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
        keys = {key["AttributeName"]: key["KeyType"] for key in table["Properties"]["KeySchema"]}
        assert keys == {"pk": "HASH", "sk": "RANGE"}
        assert table["Properties"]["BillingMode"] == "PAY_PER_REQUEST"


def test_only_production_is_protected_from_deletion(template: Template, production: Template) -> None:
    assert template["Resources"]["StateTable"]["Properties"]["DeletionProtectionEnabled"] is False
    assert production["Resources"]["StateTable"]["Properties"]["DeletionProtectionEnabled"] is True


def test_every_log_is_kept_for_the_configured_time(template: Template, production: Template) -> None:
    for stack, days in ((template, 30), (production, 90)):
        logs = of_type(stack, "AWS::Logs::LogGroup")
        assert set(logs) == {"AccessLog", *(f"{function}Log" for function in FUNCTIONS)}
        assert {log["RetentionInDays"] for log in logs.values()} == {days}


def test_two_routes_lead_from_discord_to_the_ingress_and_one_from_jobs_to_the_heartbeat_function(
    template: Template,
) -> None:
    integrations = of_type(template, "AWS::ApiGatewayV2::Integration")
    for integration in integrations.values():
        assert (integration["IntegrationType"], integration["PayloadFormatVersion"]) == ("AWS_PROXY", "2.0")
    routes = of_type(template, "AWS::ApiGatewayV2::Route").values()
    targets = {route["RouteKey"]: route["Target"]["Fn::Join"][1][1]["Ref"] for route in routes}
    assert {key: behind(template, integrations[id]["IntegrationUri"]) for key, id in targets.items()} == {
        "POST /interactions": "Ingress",
        "POST /events": "Ingress",
        "ANY /ping/{proxy+}": "Heartbeat",
    }


def test_pings_are_throttled_by_themselves_and_after_their_route_exists(template: Template) -> None:
    stage = one(template, "AWS::ApiGatewayV2::Stage")
    assert stage["RouteSettings"] == {"ANY /ping/{proxy+}": {"ThrottlingRateLimit": 20, "ThrottlingBurstLimit": 20}}
    assert "PingRoute" in template["Resources"]["ApiStage"]["DependsOn"]


def test_the_heartbeat_function_can_only_update_rows_of_pings(template: Template) -> None:
    statements = of_type(template, "AWS::IAM::Policy")["HeartbeatRoleDefaultPolicy"]["PolicyDocument"]["Statement"]
    on_tables = [each for each in statements if "dynamodb" in str(each["Action"])]
    assert [(each["Action"], each["Condition"]) for each in on_tables] == [
        ("dynamodb:UpdateItem", {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["ping#*"]}})
    ]
    assert PING.key("x")["pk"].startswith("ping#")


def test_each_output_says_where_to_paste_it(template: Template) -> None:
    said = {name: output["Description"] for name, output in template["Outputs"].items()}
    assert said == {
        "InteractionsUrl": "Discord's developer portal, General Information: paste this as Interactions Endpoint URL",
        "EventsUrl": "Discord's developer portal, Webhooks: paste this as Endpoint",
        "PingUrl": "What jobs ping: this and the UUID of a heartbeat",
    }


def test_the_api_is_throttled_and_its_log_holds_nothing_that_a_caller_chooses(template: Template) -> None:
    stage = one(template, "AWS::ApiGatewayV2::Stage")
    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    assert stage["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 200, "ThrottlingRateLimit": 100}
    assert stage["AccessLogSettings"]["DestinationArn"] == arn("AccessLog")
    logged = json.loads(stage["AccessLogSettings"]["Format"])
    assert set(logged) == {
        *("requestId", "requestTime", "routeKey", "status", "responseLength"),
        *("responseLatency", "integrationLatency", "integrationErrorMessage"),
    }


def scheduled(template: Template, name: str) -> dict[str, Any]:
    (found,) = (it for it in of_type(template, "AWS::Scheduler::Schedule").values() if it["Name"] == name)
    return found


def test_events_of_aws_reach_the_check_queue_and_only_their_rules_may_put_them_there(template: Template) -> None:
    rules = of_type(template, "AWS::Events::Rule")
    del rules["Notifications"]
    assert {it["EventPattern"]["source"][0] for it in rules.values()} == {
        *("aws.cloudwatch", "aws.codepipeline", "aws.health", "aws.ecs"),
    }
    for it in rules.values():
        (target,) = it["Targets"]
        assert target["Arn"] == arn("CheckQueue")
        assert target["DeadLetterConfig"] == {"Arn": arn("EventDeadQueue")}
    statements = template["Resources"]["CheckQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    allowed = [it for it in statements if it["Effect"] == "Allow"]
    assert {it["Principal"]["Service"] for it in allowed} == {"events.amazonaws.com"}
    senders = [it["Condition"]["ArnEquals"]["aws:SourceArn"] for it in allowed]
    assert sorted(map(str, senders)) == sorted(str(arn(id)) for id in rules)


def test_notifications_on_the_bus_reach_the_send_queue_and_only_their_rule_may_put_them_there(
    template: Template,
) -> None:
    assert one(template, "AWS::Events::EventBus") == {"Name": "watchbell-dev"}
    assert of_type(template, "AWS::Events::EventBusPolicy") == {}  # so only this account may use it
    rule = of_type(template, "AWS::Events::Rule")["Notifications"]
    assert (rule["EventBusName"], rule["EventPattern"]) == (
        {"Ref": "NotificationBus"},
        {"detail-type": [notification.TYPE]},
    )
    (target,) = rule["Targets"]
    assert (target["Arn"], target["DeadLetterConfig"]) == (arn("SendQueue"), {"Arn": arn("EventDeadQueue")})
    statements = template["Resources"]["SendQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    (allowed,) = [it for it in statements if it["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": arn("Notifications")}}


def test_the_sender_begins_a_notification_again_less_often_than_lambda_allows() -> None:
    assert MOST_TIMES + 1 < 16


def test_the_digest_ticks_every_hour_at_its_minute_in_its_zone(template: Template, production: Template) -> None:
    for stack, expression, zone in (
        (template, "cron(0 * * * ? *)", "UTC"),
        (production, "cron(45 * * * ? *)", "Asia/Kathmandu"),
    ):
        schedule = scheduled(stack, "daily_digest")
        assert (schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"]) == (expression, zone)
        assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
        assert json.loads(schedule["Target"]["Input"]) == {
            "schedule": "daily_digest",
            "at": "<aws.scheduler.scheduled-time>",
        }


def test_the_watch_ticks_every_minute(template: Template) -> None:
    schedule = scheduled(template, "watch")
    assert (schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"]) == ("cron(0/1 * * * ? *)", "UTC")
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert {it["Name"] for it in of_type(template, "AWS::Scheduler::Schedule").values()} >= {"watch", "daily_digest"}


def test_a_run_of_a_shard_is_not_kept_until_long_after_it_was_replaced(template: Template) -> None:
    assert template["Resources"]["CheckQueue"]["Properties"]["MessageRetentionPeriod"] == 3600


def test_a_tick_that_was_not_delivered_or_failed_goes_to_the_dead_letters(template: Template) -> None:
    for schedule in of_type(template, "AWS::Scheduler::Schedule").values():
        assert schedule["Target"]["DeadLetterConfig"] == {"Arn": arn("ScheduleDeadQueue")}
    scheduler = template["Resources"]["Scheduler"]["Properties"]
    assert scheduler["DeadLetterConfig"] == {"TargetArn": arn("ScheduleDeadQueue")}


def test_commands_are_registered_if_they_or_their_server_change(template: Template, production: Template) -> None:
    commands, elsewhere = (one(stack, "Custom::DiscordCommands") for stack in (template, production))
    assert commands["ServiceToken"] == arn("Registrar")
    assert commands["Manifest"] == elsewhere["Manifest"]
    assert len(commands["Manifest"]) == 64
    assert (commands["GuildId"], elsewhere["GuildId"]) == ("", "1100000000000000001")


def test_commands_are_registered_after_the_functions_that_answer_them(template: Template) -> None:
    assert {"Ingress", "Worker", "WorkerMessages", "ApiStage"} <= set(template["Resources"]["Commands"]["DependsOn"])


def alarm(template: Template, name: str) -> dict[str, Any]:
    (found,) = (it for it in of_type(template, "AWS::CloudWatch::Alarm").values() if it["AlarmName"] == name)
    return found


def test_these_are_all_alarms_and_each_reaches_the_topic(template: Template) -> None:
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    assert {it["AlarmName"].removeprefix("watchbell-dev-") for it in alarms.values()} == {
        *(f"{function.lower()}-errors" for function in FUNCTIONS if function != "Heartbeat"),  # api-5xx counts these
        *("work-dead", "send-dead", "check-dead", "schedule-dead", "event-dead"),
        *(
            "work-age",
            "send-age",
            "check-age",
            "no-tick",
            "ingress-throttles",
            "api-5xx",
            "error-lines",
            "webhook-unusable",
            "discord-stopped",
        ),
    }
    for it in alarms.values():
        assert it["AlarmActions"] == [{"Ref": "AlarmTopic"}]
        if it["AlarmName"] != "watchbell-dev-no-tick":
            assert (it["EvaluationPeriods"], it["TreatMissingData"]) == (1, "notBreaching")
        assert it["AlarmDescription"]


def test_three_minutes_without_a_tick_that_succeeds_raise_an_alarm(template: Template) -> None:
    watched = alarm(template, "watchbell-dev-no-tick")
    assert (watched["EvaluationPeriods"], watched["TreatMissingData"]) == (3, "breaching")
    assert (watched["ComparisonOperator"], watched["Threshold"]) == ("LessThanThreshold", 1)
    ticks, *counted = watched["Metrics"]
    assert (ticks["Expression"], ticks["ReturnData"]) == ("invocations - errors", True)
    for it in counted:
        metric = it["MetricStat"]["Metric"]
        assert (it["Id"], it["MetricStat"]["Period"], it["ReturnData"]) == (metric["MetricName"].lower(), 60, False)
        assert metric["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "Scheduler"}}]


def test_a_dead_letter_begins_an_alarm_that_ends_after_a_minute_without_a_new_one(template: Template) -> None:
    for name in ("work", "send", "check", "schedule", "event"):
        watched = alarm(template, f"watchbell-dev-{name}-dead")
        assert (watched["EvaluationPeriods"], watched["Threshold"]) == (1, 1)
        assert "no other mail comes until a minute has passed without a new one" in watched["AlarmDescription"]
        growth, depth = watched["Metrics"]
        assert (growth["Expression"], growth["ReturnData"], depth["ReturnData"]) == (
            "DIFF(FILL(depth, 0))",
            True,
            False,
        )
        watched = depth["MetricStat"]
        assert (depth["Id"], watched["Stat"], watched["Period"]) == ("depth", "Maximum", 60)
        assert watched["Metric"]["MetricName"] == "ApproximateNumberOfMessagesVisible"
        assert watched["Metric"]["Dimensions"][0]["Value"] == {
            "Fn::GetAtt": [f"{name.capitalize()}DeadQueue", "QueueName"]
        }


def test_error_lines_of_every_function_raise_one_alarm(template: Template, production: Template) -> None:
    for stack, prefix in ((template, "watchbell-dev"), (production, "pager-prod")):
        counted = alarm(stack, f"{prefix}-error-lines")
        filters = of_type(stack, "AWS::Logs::MetricFilter").values()
        assert {it["LogGroupName"]["Ref"] for it in filters} == {f"{function}Log" for function in FUNCTIONS}
        for it in filters:
            assert it["FilterPattern"] == '{ $.level = "ERROR" }'
            (metric,) = it["MetricTransformations"]
            assert (metric["MetricNamespace"], metric["MetricName"]) == (counted["Namespace"], counted["MetricName"])
        assert counted["Namespace"] == prefix


def test_an_outage_raises_an_alarm(template: Template) -> None:
    failing = alarm(template, "watchbell-dev-api-5xx")
    assert (failing["Namespace"], failing["MetricName"], failing["Statistic"]) == ("AWS/ApiGateway", "5xx", "Sum")
    assert failing["Dimensions"] == [{"Name": "ApiId", "Value": {"Ref": "Api"}}]
    for name, seconds in (("work", 300), ("send", 3600), ("check", 300)):
        waiting = alarm(template, f"watchbell-dev-{name}-age")
        assert (waiting["MetricName"], waiting["Statistic"]) == ("ApproximateAgeOfOldestMessage", "Maximum")
        assert waiting["Dimensions"][0]["Value"] == {"Fn::GetAtt": [f"{name.capitalize()}Queue", "QueueName"]}
        assert waiting["Threshold"] == seconds


def test_each_deployment_counts_its_own_unusable_webhooks(template: Template, production: Template) -> None:
    for stack, prefix in ((template, "watchbell-dev"), (production, "pager-prod")):
        sender = stack["Resources"]["Sender"]["Properties"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
        watched = alarm(stack, f"{prefix}-webhook-unusable")
        assert watched["Dimensions"] == [{"Name": "service", "Value": sender}]
        assert sender == f"{prefix}-sender"


def test_the_functions_of_a_deployment_count_together_when_they_stop(template: Template, production: Template) -> None:
    for stack, prefix in ((template, "watchbell-dev"), (production, "pager-prod")):
        watched = alarm(stack, f"{prefix}-discord-stopped")
        for function in ("Sender", "Worker"):
            environment = stack["Resources"][function]["Properties"]["Environment"]["Variables"]
            counted = f"{environment['WATCHBELL_NAME']}-{environment['WATCHBELL_STAGE']}"
            assert watched["Dimensions"] == [{"Name": "service", "Value": counted}]


def test_cloudwatch_may_publish_to_the_alarm_topic(template: Template) -> None:
    statements = one(template, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    (allowed,) = (statement for statement in statements if statement["Effect"] == "Allow")
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}


def test_alarms_are_mailed_if_there_is_an_address(template: Template, production: Template) -> None:
    assert not of_type(template, "AWS::SNS::Subscription")
    subscription = one(production, "AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "ops@example.com")


NAMES = ("FunctionName", "QueueName", "LogGroupName", "AlarmName", "LayerName", "FilterName", "MetricNamespace", "Name")


def test_every_name_begins_with_the_bot_and_its_stage_so_that_all_fit_in_one_account(
    template: Template, production: Template
) -> None:
    for stack, prefix in ((template, "watchbell-dev"), (production, "pager-prod")):
        named = [it for it in stack["Resources"].values() if it["Type"] != "AWS::Scheduler::Schedule"]  # in a group
        names = [(key, name) for it in named for key, name in it.get("Properties", {}).items() if key in NAMES]
        for key, name in names:
            if isinstance(name, str) and name not in ("live", "$default"):
                assert re.match(rf"(/aws/(lambda|vendedlogs)/)?{prefix}(-|$)", name), f"{key}: {name}"
        assert len(names) > 40
        assert all("TableName" not in table for table in of_type(stack, "AWS::DynamoDB::Table").values())


def test_no_other_bot_or_stage_is_named(template: Template, production: Template) -> None:
    assert "prod" not in re.findall(r"watchbell-(\w+)|/watchbell/(\w+)", json.dumps(template))
    assert not re.findall(r"watchbell[-/](?:dev|prod)|pager[-/]dev", json.dumps(production))


def test_only_production_is_protected_and_only_after_its_first_deployment(tmp_path: Path) -> None:
    from infra.synth import bot_app

    def protected(**context: str) -> bool:
        bundling = {"aws:cdk:bundling-stacks": []}
        (stack,) = bot_app({**defaults(), **context, **bundling}, tmp_path).node.find_all()[1:2]
        return bool(stack.termination_protection)  # type: ignore[attr-defined]

    assert not protected(stage="dev")
    assert protected(stage="prod")
    assert not protected(stage="prod", **{FIRST: "true"})
