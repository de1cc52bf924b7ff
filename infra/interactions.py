"""What Discord calls: HTTP API -> ingress -> work queue (and its dead letters) -> worker."""

from __future__ import annotations

import json

from aws_cdk import CfnOutput, CfnParameter, Duration
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_lambda as lambda_
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra import nag
from infra.bot_function import RES_OPTIONS, BotFunction, Common
from infra.logs import log_group
from infra.outbound import Outbound
from infra.queues import queue
from infra.storage import Storage

WORK_MAX_RECEIVES = 5
# Far more than Discord sends to one bot. Few enough that a flood of forged requests costs little.
REQUESTS_PER_SECOND, BURST = 100, 200
# The access log holds nothing that a stranger could choose: the route instead of the path, no query, header or address.
ACCESS_LOG = {
    name: f"$context.{name}"
    for name in (
        *("requestId", "requestTime", "routeKey", "status", "responseLength"),
        *("responseLatency", "integrationLatency", "integrationErrorMessage"),
    )
}


class Interactions(Construct):
    """The two endpoints that Discord calls, the ingress, the work queue and the worker.

    The ingress must answer within Discord's 3 seconds. The worker has Discord's 15 minutes.
    """

    def __init__(self, scope: Construct, common: Common, storage: Storage, outbound: Outbound) -> None:
        super().__init__(scope, "Interactions")
        worker_timeout = Duration.seconds(30)
        work = queue(
            self,
            "work",
            common,
            for_timeout=worker_timeout,
            max_receives=WORK_MAX_RECEIVES,
            kept=Duration.days(1),
        )
        documentation = {"DOCUMENTATION_URL": common.settings.documentation_url}
        public_keys = CfnParameter(
            self,
            "DiscordPublicKeys",
            type="AWS::SSM::Parameter::Value<String>",
            default=common.settings.deployment.parameter("discord/public-keys"),
            description="Name of the SSM parameter that holds the application's public key. While you rotate the key, "
            "it holds both keys, separated by a comma.",
        )

        ingress = BotFunction(
            self,
            "ingress",
            common,
            lean=common.layers.ingress,
            timeout=Duration.seconds(10),
            memory=512,
            environment={
                **documentation,
                "DISCORD_PUBLIC_KEYS": public_keys.value_as_string,
                # The C library reads this. A name server that does not answer must not use up Discord's 3 seconds.
                "RES_OPTIONS": "timeout:1 attempts:1",
            },
        )
        ingress.hand_tools(storage, work=work)
        self._serve(ingress.publish(made_with=public_keys.value_as_string), common)

        worker = BotFunction(
            self,
            "worker",
            common,
            timeout=worker_timeout,
            memory=512,
            sends_to_itself=True,  # the slices of a long job
            environment={
                **documentation,
                "WORK_QUEUE_URL": work.queue_url,
                "WORK_MAX_RECEIVES": str(WORK_MAX_RECEIVES),
                "PING_URL": self.ping_url,
                # Half of the workers at most, so that a long job never keeps a click waiting.
                "JOBS_AT_ONCE": str(common.settings.worker_concurrency // 2),
                "RES_OPTIONS": RES_OPTIONS,
            },
        )
        worker.hand_tools(storage, send=outbound.send)
        worker.publish()
        # One message per invocation. In a batch, messages would wait for each other and time out behind a slow one.
        worker.consume(work, batch_size=1, max_concurrency=common.settings.worker_concurrency)
        # If an outage of Discord used up the tries of a message, the worker puts it into the queue again.
        worker.may("sqs:SendMessage", on=work.queue_arn)
        # Discord accepts an answer for 15 minutes.
        common.alarms.watch_age(work, "work", Duration.minutes(5))

    def _serve(self, ingress: lambda_.IFunction, common: Common) -> None:
        prefix = common.settings.deployment
        self.api = api = apigatewayv2.HttpApi(self, "Api", api_name=str(prefix), create_default_stage=False)
        self.ping_url = f"{api.api_endpoint}/ping/"
        integration = HttpLambdaIntegration("Ingress", ingress)
        signed = "Discord signs every request and the ingress verifies it. An authorizer would not see the signed body."
        pasted = {
            "/interactions": "Discord's developer portal, General Information: paste this as Interactions Endpoint URL",
            "/events": "Discord's developer portal, Webhooks: paste this as Endpoint",
        }
        for path, description in pasted.items():
            for route in api.add_routes(path=path, methods=[apigatewayv2.HttpMethod.POST], integration=integration):
                nag.acknowledge(route, {"AwsSolutions-APIG4": signed})
            CfnOutput(self, f"{path[1:].capitalize()}Url", value=f"{api.api_endpoint}{path}", description=description)
        # API Gateway adds log groups with other names than /aws/vendedlogs/… to one policy, and its length is limited.
        log = log_group(self, "AccessLog", f"/aws/vendedlogs/{prefix}-access", common.settings)
        self.stage = apigatewayv2.CfnStage(
            self,
            "ApiStage",
            api_id=api.api_id,
            stage_name="$default",
            auto_deploy=True,
            default_route_settings=apigatewayv2.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=REQUESTS_PER_SECOND, throttling_burst_limit=BURST
            ),
            access_log_settings=apigatewayv2.CfnStage.AccessLogSettingsProperty(
                destination_arn=log.log_group_arn, format=json.dumps(ACCESS_LOG)
            ),
        )
        common.alarms.watch(
            "api-5xx",
            "Discord or a job that pings got an error or no answer from the API. People read that the interaction "
            f"failed. The logs of the ingress, of heartbeat and /aws/vendedlogs/{prefix}-access say why.",
            api.metric_server_error(period=Duration.minutes(5), statistic="Sum"),
        )
