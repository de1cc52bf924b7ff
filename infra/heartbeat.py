"""What jobs ping: HTTP API -> heartbeat function -> the rows of their pings."""

from __future__ import annotations

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra import nag
from infra.bot_function import RES_OPTIONS, BotFunction, Common
from infra.interactions import Interactions
from infra.storage import Storage

PATH = "/ping/{proxy+}"
# API Gateway counts each route by itself, so a flood of pings leaves the requests of Discord alone. A ping takes
# milliseconds, so at this rate one or two functions run, and the account has room for the ingress. A job that pings in
# the same second as many others gets a 429, and `curl --retry` sends the ping again.
REQUESTS_PER_SECOND, BURST = 20, 20


class Heartbeat(Construct):
    """The endpoint that jobs ping, and the function that writes their pings down. It can do nothing else."""

    def __init__(self, scope: Construct, common: Common, storage: Storage, interactions: Interactions) -> None:
        super().__init__(scope, "Heartbeat")
        function = BotFunction(
            self,
            "heartbeat",
            common,
            lean=common.layers.heartbeat,
            timeout=Duration.seconds(10),
            memory=512,
            environment={"RES_OPTIONS": RES_OPTIONS},
            watched=False,
        )
        function.hand_tools(storage)
        route = apigatewayv2.HttpRoute(
            self,
            "PingRoute",
            http_api=interactions.api,
            route_key=apigatewayv2.HttpRouteKey.with_(PATH, apigatewayv2.HttpMethod.ANY),
            integration=HttpLambdaIntegration("Heartbeat", function.publish()),
        )
        unsigned = "The UUID in the URL is the secret. A job can send it with curl, and with nothing to sign it."
        nag.acknowledge(route, {"AwsSolutions-APIG4": unsigned})
        interactions.stage.node.add_dependency(route)
        interactions.stage.route_settings = {
            f"ANY {PATH}": {"ThrottlingRateLimit": REQUESTS_PER_SECOND, "ThrottlingBurstLimit": BURST}
        }
        url = f"{interactions.api.api_endpoint}/ping/"
        CfnOutput(self, "PingUrl", value=url, description="What jobs ping: this and the UUID of a heartbeat")
