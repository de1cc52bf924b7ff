"""`ops commands plan|apply`: what the registrar does at deploy, by hand."""

from __future__ import annotations

from collections.abc import Mapping

from watchbell import catalogue
from watchbell.discord import registration
from watchbell.tools import Tools


def run(stage: str, verb: str, guild: str, environment: Mapping[str, str]) -> None:
    """Prints what would change, a line each, and with `apply` changes it."""
    tools = Tools({**environment, "BOT_TOKEN_PARAMETER": f"/watchbell/{stage}/discord/bot-token"})
    application_id = tools.parameters.secret(f"/watchbell/{stage}/discord/application-id")
    scope = registration.scope(application_id, guild)
    changes = registration.plan(catalogue.manifest(), tools.discord.commands(scope))
    for change in changes:
        print(change)
    if not changes:
        print("Discord has the same commands; nothing to change.")
    elif verb == "apply":
        registration.apply(changes, tools.discord, scope)
        print("Done.")
