"""The CloudFormation template that is deployed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.xdist_group("synthesis")

Template = dict[str, Any]
FUNCTIONS = ("Ingress", "Worker", "Sender", "Scheduler", "Registrar")


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
        yield source, queue, template["Resources"][source["FunctionName"]["Ref"]]["Properties"]


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
        "Worker": (30, 512),
        "Sender": (30, 256),
        "Scheduler": (60, 1769),
        "Registrar": (60, 256),
    }


def test_only_the_ingress_has_the_thin_vendor_layer(template: Template) -> None:
    layers = {id: [ref["Ref"] for ref in it["Layers"]] for id, it in of_type(template, "AWS::Lambda::Function").items()}
    assert layers.pop("Ingress") == ["WatchbellLayer", "VendorIngressLayer"]
    assert all(others == ["WatchbellLayer", "VendorLayer"] for others in layers.values())


def test_each_function_has_exactly_this_environment(template: Template) -> None:
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
    assert len(pairs) == 2
    for _, queue, function in pairs:
        assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]


def test_only_the_failed_messages_of_a_batch_return_to_the_queue(template: Template) -> None:
    for source, queue, _ in source_queues(template):
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert source["BatchSize"] == (1 if queue["QueueName"].endswith("-work") else 5)
        assert "MaximumBatchingWindowInSeconds" not in source


def test_a_function_knows_how_often_a_message_is_delivered_at_most(template: Template) -> None:
    for _, queue, function in source_queues(template):
        variables = function["Environment"]["Variables"]
        (known,) = (value for name, value in variables.items() if name.endswith("_MAX_RECEIVES"))
        assert known == str(queue["RedrivePolicy"]["maxReceiveCount"])


def test_dead_letters_are_kept_longer_than_other_messages(template: Template) -> None:
    queues = of_type(template, "AWS::SQS::Queue")
    for id in ("WorkQueue", "SendQueue"):
        dead = queues[queues[id]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]]
        assert dead["MessageRetentionPeriod"] == 14 * 86_400 > queues[id]["MessageRetentionPeriod"]


def test_queues_are_encrypted_and_reject_plain_http(template: Template) -> None:
    guarded = {
        policy["Queues"][0]["Ref"]: policy["PolicyDocument"]["Statement"][0]
        for policy in of_type(template, "AWS::SQS::QueuePolicy").values()
    }
    queues = of_type(template, "AWS::SQS::Queue")
    assert set(queues) == {"WorkQueue", "WorkDeadQueue", "SendQueue", "SendDeadQueue", "ScheduleDeadQueue"}
    for id, queue in queues.items():
        assert queue["SqsManagedSseEnabled"] is True
        assert (guarded[id]["Effect"], guarded[id]["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_the_state_table_survives_the_stack_and_ephemeral_rows_expire(template: Template) -> None:
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


def test_two_routes_lead_from_discord_to_the_ingress(template: Template) -> None:
    routes = of_type(template, "AWS::ApiGatewayV2::Route").values()
    assert {route["RouteKey"] for route in routes} == {"POST /interactions", "POST /events"}
    integration = one(template, "AWS::ApiGatewayV2::Integration")
    assert (integration["IntegrationType"], integration["PayloadFormatVersion"]) == ("AWS_PROXY", "2.0")
    assert integration["IntegrationUri"] == arn("Ingress")
    assert set(template["Outputs"]) == {"InteractionsUrl", "EventsUrl"}


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


def test_a_tick_that_was_not_delivered_or_failed_goes_to_the_dead_letters(template: Template) -> None:
    assert one(template, "AWS::Scheduler::Schedule")["Target"]["DeadLetterConfig"] == {"Arn": arn("ScheduleDeadQueue")}
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


def test_alarms_watch_every_function_and_every_dead_letter_queue_and_unusable_webhooks(template: Template) -> None:
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


def test_cloudwatch_may_publish_to_the_alarm_topic(template: Template) -> None:
    statements = one(template, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    (allowed,) = (statement for statement in statements if statement["Effect"] == "Allow")
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}


def test_alarms_are_mailed_if_there_is_an_address(template: Template, production: Template) -> None:
    assert not of_type(template, "AWS::SNS::Subscription")
    subscription = one(production, "AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "ops@example.com")


def test_every_name_contains_its_stage_so_that_two_stages_fit_in_one_account(
    template: Template, production: Template
) -> None:
    def names(stack: Template) -> set[str]:
        kinds = ("FunctionName", "QueueName", "LogGroupName", "AlarmName", "LayerName")
        found = (it.get("Properties", {}).get(kind) for it in stack["Resources"].values() for kind in kinds)
        return {name for name in found if isinstance(name, str)}

    assert all("dev" in name for name in names(template))
    assert all("prod" in name for name in names(production))
