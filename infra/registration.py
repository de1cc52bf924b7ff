"""Registers the commands with Discord at each deployment that changes them."""

from __future__ import annotations

import hashlib
import json

from aws_cdk import CfnParameter, CustomResource, Duration
from constructs import Construct

from infra.bot_function import BotFunction, Common
from infra.storage import Storage
from watchbell.kit import catalogue
from watchbell.registration.declare import manifest


class Registration(Construct):
    """The registrar function, and the custom resource `Commands`, through which CloudFormation invokes it.

    CloudFormation invokes it if a property of `Commands` has changed: the commands, or where they are registered.
    """

    def __init__(self, scope: Construct, common: Common, storage: Storage) -> None:
        super().__init__(scope, "Registration")
        application_id = CfnParameter(
            self,
            "DiscordApplicationId",
            type="AWS::SSM::Parameter::Value<String>",
            default=common.settings.deployment.parameter("discord/application-id"),
            description="Name of the SSM parameter that holds the id of the Discord application",
        )
        registrar = BotFunction(
            self,
            "registrar",
            common,
            timeout=Duration.seconds(60),
            memory=256,
            environment={
                "DISCORD_APPLICATION_ID": application_id.value_as_string,
                "DISCORD_GUILD_ID": common.settings.guild_id,
            },
        )
        registrar.hand_tools(storage)
        # Only CloudFormation invokes it, after it has updated it, so it needs no published version.
        flags = {command.name: command.flag for command in catalogue.commands() if command.flag}
        declared = json.dumps([manifest(), flags], sort_keys=True)
        self.commands = CustomResource(
            self,
            "Commands",
            resource_type="Custom::DiscordCommands",
            service_token=registrar.function_arn,
            # Lambda retries a failed invocation twice, after one and two more minutes. After that no answer can come.
            service_timeout=Duration.minutes(6),
            properties={
                "Manifest": hashlib.sha256(declared.encode()).hexdigest(),
                "ApplicationId": application_id.value_as_string,
                "GuildId": common.settings.guild_id,
            },
        )
