"""Registers the commands with Discord when CloudFormation says that they changed."""

import os

from watchbell.adapters import cloudformation, logs
from watchbell.registration import apply as rollout
from watchbell.tools.toolbox import Tools

tools = Tools("registrar", os.environ)

# Each takes one call, or two if its commands change, and the function has a minute. If Lambda ends it, Lambda runs it
# again, and the new run has only the rest to do.
MOST_GUILDS = 200


@logs.guarded
def handler(event, context):
    """Take a custom resource request, and tell CloudFormation the outcome, with the reason for a failure."""
    cloudformation.answer(event, context, register)


def register(event: dict) -> None:
    # Keep the commands on Delete: the stack may be deployed again, and Discord allows 200 creations a day.
    if event["RequestType"] == "Delete":
        return
    application_id, guild_id = os.environ["DISCORD_APPLICATION_ID"], os.environ["DISCORD_GUILD_ID"]
    rollout.bring_about(tools.discord, tools.flags.all(), application_id, guild_id, most_guilds=MOST_GUILDS)
