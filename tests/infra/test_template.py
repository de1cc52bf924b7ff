"""What is deployed, read from the CloudFormation template."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.xdist_group("synthesis")

Template = dict[str, Any]
FUNCTIONS = ("Ingress", "Worker", "Sender", "Scheduler", "Registrar")


def of_type(template: Template, kind: str) -> dict[str, Any]:
    """Logical id -> properties."""
    return {id: it["Properties"] for id, it in template["Resources"].items() if it["Type"] == kind}


def one(template: Template, kind: str) -> dict[str, Any]:
    (properties,) = of_type(template, kind).values()
    return properties


def arn(id: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [id, "Arn"]}


def source_queues(template: Template) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Each event source with its queue and its function."""
    for source in of_type(template, "AWS::Lambda::EventSourceMapping").values():
        queue = template["Resources"][source["EventSourceArn"]["Fn::GetAtt"][0]]["Properties"]
        yield source, queue, template["Resources"][source["FunctionName"]["Ref"]]["Properties"]


def test_every_function_runs_the_same_way(template: Template) -> None:
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


def test_times_and_memory(template: Template) -> None:
    functions = of_type(template, "AWS::Lambda::Function")
    assert {id: (it["Timeout"], it["MemorySize"]) for id, it in functions.items()} == {
        "Ingress": (10, 512),
        "Worker": (30, 512),
        "Sender": (30, 256),
        "Scheduler": (60, 1769),
        "Registrar": (60, 256),
    }


def test_the_ingress_carries_only_its_thin_layer(template: Template) -> None:
    layers = {id: [ref["Ref"] for ref in it["Layers"]] for id, it in of_type(template, "AWS::Lambda::Function").items()}
    assert layers.pop("Ingress") == ["WatchbellLayer", "VendorIngressLayer"]
    assert all(others == ["WatchbellLayer", "VendorLayer"] for others in layers.values())


def test_the_environment_is_exactly_this(template: Template) -> None:
    functions = of_type(template, "AWS::Lambda::Function")
    environments = {id: dict(it["Environment"]["Variables"]) for id, it in functions.items()}
    for id, environment in environments.items():
        assert environment.pop("WATCHBELL_STAGE") == "dev"
        assert environment.pop("POWERTOOLS_SERVICE_NAME", None) == (
            None if id == "Ingress" else f"watchbell-{id.lower()}"
        )
    assert environments == {
        "Ingress": {
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
            "WORK_QUEUE_URL": {"Ref": "WorkQueue"},
            "WORK_MAX_RECEIVES": "5",
            "RES_OPTIONS": "timeout:1 attempts:2",
            "STATE_TABLE": {"Ref": "StateTable"},
            "EPHEMERAL_TABLE": {"Ref": "EphemeralTable"},
            "SIGNING_KEYS_PARAMETER": "/watchbell/dev/signing-keys",
            "OPERATORS_PARAMETER": "/watchbell/dev/operators",
            "BOT_TOKEN_PARAMETER": "/watchbell/dev/discord/bot-token",
            "STATUS_SOURCES_PATH": "/watchbell/dev/status-sources",
            "FLAGS_PATH": "/watchbell/dev/flags",
        },
        "Sender": {
            "SEND_QUEUE_URL": {"Ref": "SendQueue"},
            "SEND_MAX_RECEIVES": "10",
            "STATE_TABLE": {"Ref": "StateTable"},
            "EPHEMERAL_TABLE": {"Ref": "EphemeralTable"},
            "WEBHOOKS_PATH": "/watchbell/dev/webhooks",
        },
        "Scheduler": {
            "SEND_QUEUE_URL": {"Ref": "SendQueue"},
            "STATE_TABLE": {"Ref": "StateTable"},
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


def test_cloudformation_resolves_nothing_secret(template: Template) -> None:
    resolved = {
        id: it["Default"] for id, it in template["Parameters"].items() if it["Type"].startswith("AWS::SSM::Parameter")
    }
    resolved.pop("BootstrapVersion")
    assert resolved == {
        "DiscordPublicKeys": "/watchbell/dev/discord/public-keys",
        "DiscordApplicationId": "/watchbell/dev/discord/application-id",
    }
    assert "{{resolve:" not in json.dumps(template)


def test_a_message_stays_hidden_six_times_as_long_as_its_function_may_run(template: Template) -> None:
    pairs = list(source_queues(template))
    assert len(pairs) == 2
    for _, queue, function in pairs:
        assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]


def test_a_batch_hands_back_only_what_failed(template: Template) -> None:
    for source, queue, _ in source_queues(template):
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert source["BatchSize"] == (1 if queue["QueueName"].endswith("-work") else 5)
        assert "MaximumBatchingWindowInSeconds" not in source


def test_a_function_knows_at_which_delivery_its_message_dies(template: Template) -> None:
    for _, queue, function in source_queues(template):
        variables = function["Environment"]["Variables"]
        (known,) = (value for name, value in variables.items() if name.endswith("_MAX_RECEIVES"))
        assert known == str(queue["RedrivePolicy"]["maxReceiveCount"])


def test_what_fails_outlives_the_queue_that_it_failed_in(template: Template) -> None:
    queues = of_type(template, "AWS::SQS::Queue")
    for id in ("WorkQueue", "SendQueue"):
        dead = queues[queues[id]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]]
        assert dead["MessageRetentionPeriod"] == 14 * 86_400 > queues[id]["MessageRetentionPeriod"]


def test_queues_are_encrypted_and_refuse_plain_http(template: Template) -> None:
    guarded = {
        policy["Queues"][0]["Ref"]: policy["PolicyDocument"]["Statement"][0]
        for policy in of_type(template, "AWS::SQS::QueuePolicy").values()
    }
    queues = of_type(template, "AWS::SQS::Queue")
    assert set(queues) == {"WorkQueue", "WorkDeadQueue", "SendQueue", "SendDeadQueue", "ScheduleDeadQueue"}
    for id, queue in queues.items():
        assert queue["SqsManagedSseEnabled"] is True
        assert (guarded[id]["Effect"], guarded[id]["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_the_state_survives_the_stack_and_the_ephemeral_expires(template: Template) -> None:
    state, ephemeral = template["Resources"]["StateTable"], template["Resources"]["EphemeralTable"]
    assert (state["DeletionPolicy"], state["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert state["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert ephemeral["DeletionPolicy"] == "Delete"
    assert ephemeral["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    for table in (state, ephemeral):
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


def test_discord_reaches_the_ingress_by_two_routes(template: Template) -> None:
    routes = of_type(template, "AWS::ApiGatewayV2::Route").values()
    assert {route["RouteKey"] for route in routes} == {"POST /interactions", "POST /events"}
    integration = one(template, "AWS::ApiGatewayV2::Integration")
    assert (integration["IntegrationType"], integration["PayloadFormatVersion"]) == ("AWS_PROXY", "2.0")
    assert integration["IntegrationUri"] == arn("Ingress")
    assert set(template["Outputs"]) == {"InteractionsUrl", "EventsUrl"}


def test_the_api_is_throttled_and_its_log_holds_nothing_that_a_caller_chose(template: Template) -> None:
    stage = one(template, "AWS::ApiGatewayV2::Stage")
    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    assert stage["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 200, "ThrottlingRateLimit": 100}
    assert stage["AccessLogSettings"]["DestinationArn"] == arn("AccessLog")
    logged = json.loads(stage["AccessLogSettings"]["Format"])
    assert set(logged) == {
        *("requestId", "requestTime", "routeKey", "status", "responseLength"),
        *("responseLatency", "integrationLatency", "integrationErrorMessage"),
    }


def test_the_digest_ticks_every_hour_at_its_minute_in_its_zone(template: Template, production: Template) -> None:
    for stack, expression, zone in (
        (template, "cron(0 * * * ? *)", "UTC"),
        (production, "cron(45 * * * ? *)", "Asia/Kathmandu"),
    ):
        schedule = one(stack, "AWS::Scheduler::Schedule")
        assert schedule["Name"] == "daily_digest"
        assert (schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"]) == (expression, zone)
        assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
        assert schedule["Target"]["Arn"] == arn("Scheduler")
        assert json.loads(schedule["Target"]["Input"]) == {
            "schedule": "daily_digest",
            "at": "<aws.scheduler.scheduled-time>",
        }


def test_a_tick_that_nobody_took_or_finished_is_kept(template: Template) -> None:
    assert one(template, "AWS::Scheduler::Schedule")["Target"]["DeadLetterConfig"] == {"Arn": arn("ScheduleDeadQueue")}
    scheduler = template["Resources"]["Scheduler"]["Properties"]
    assert scheduler["DeadLetterConfig"] == {"TargetArn": arn("ScheduleDeadQueue")}


def test_commands_are_registered_when_they_or_their_place_change(template: Template, production: Template) -> None:
    commands, elsewhere = (one(stack, "Custom::DiscordCommands") for stack in (template, production))
    assert commands["ServiceToken"] == arn("Registrar")
    assert commands["Manifest"] == elsewhere["Manifest"]
    assert len(commands["Manifest"]) == 64
    assert (commands["GuildId"], elsewhere["GuildId"]) == ("", "1100000000000000001")


def test_a_command_shows_in_discord_after_those_who_answer_it_are_there(template: Template) -> None:
    assert {"Ingress", "Worker", "WorkerMessages", "ApiStage"} <= set(template["Resources"]["Commands"]["DependsOn"])


def test_what_is_lost_or_about_to_be_alarms(template: Template) -> None:
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    watched = {(it["Namespace"], it["MetricName"], json.dumps(it["Dimensions"][0]["Value"])) for it in alarms.values()}
    assert watched == {
        *(("AWS/Lambda", metric, json.dumps({"Ref": id})) for id in FUNCTIONS for metric in ("Errors", "Throttles")),
        *(
            ("AWS/SQS", "ApproximateNumberOfMessagesVisible", json.dumps({"Fn::GetAtt": [id, "QueueName"]}))
            for id in ("WorkDeadQueue", "SendDeadQueue", "ScheduleDeadQueue")
        ),
        ("Watchbell", "WebhookUnusable", '"watchbell-sender"'),
    }
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
        assert (alarm["Threshold"], alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (1, 1, "notBreaching")


def test_the_alarm_topic_still_lets_alarms_in(template: Template) -> None:
    statements = one(template, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    (allowed,) = (statement for statement in statements if statement["Effect"] == "Allow")
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}


def test_alarms_are_mailed_to_whoever_asked(template: Template, production: Template) -> None:
    assert not of_type(template, "AWS::SNS::Subscription")
    subscription = one(production, "AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "ops@example.com")


def test_every_name_holds_its_stage_so_that_two_fit_in_one_account(template: Template, production: Template) -> None:
    def names(stack: Template) -> set[str]:
        kinds = ("FunctionName", "QueueName", "LogGroupName", "AlarmName", "LayerName")
        found = (it.get("Properties", {}).get(kind) for it in stack["Resources"].values() for kind in kinds)
        return {name for name in found if isinstance(name, str)}

    assert all("dev" in name for name in names(template))
    assert all("prod" in name for name in names(production))
