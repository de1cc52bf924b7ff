"""Tells Discord which commands there are, when CloudFormation says that they changed."""

import os

from watchbell.adapters import cloudformation
from watchbell.registration import apply as rollout
from watchbell.tools.toolbox import Tools

tools = Tools("registrar", os.environ)

MOST_GUILDS = 200  # a call each, within the function's minute


def handler(event, context):
    """A custom resource request in; its outcome goes to CloudFormation, with the reason where it failed."""
    cloudformation.answer(event, context, register)


def register(event: dict) -> None:
    # On Delete the commands stay: a stack may be deployed again, and Discord allows 200 creations a day.
    if event["RequestType"] == "Delete":
        return
    application_id, guild_id = os.environ["DISCORD_APPLICATION_ID"], os.environ["DISCORD_GUILD_ID"]
    rollout.bring_about(tools.discord, tools.flags.all(), application_id, guild_id, most_guilds=MOST_GUILDS)
