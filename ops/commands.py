"""`ops commands plan|apply`: do by hand what the registrar does at deploy."""

from __future__ import annotations

from collections.abc import Mapping

from infra.settings import Deployment
from watchbell.adapters.discord import DiscordClient
from watchbell.kit.flags import Flags
from watchbell.registration import apply as rollout
from watchbell.registration import diff as registration
from watchbell.tools.toolbox import DISCORD_URL

from .settings import below, get


def run(deployment: Deployment, verb: str, guild: str, environment: Mapping[str, str]) -> None:
    """Print each change on a line. With `apply`, also make the changes."""
    discord = DiscordClient(
        environment.get("DISCORD_URL", DISCORD_URL), lambda fresh: get(deployment, "discord/bot-token")
    )
    application_id = get(deployment, "discord/application-id")
    flags = Flags(lambda: below(deployment, "flags")).all()
    plans = rollout.plan(discord, flags, application_id, guild)
    for scope, changes in plans:
        place = "" if guild or scope == application_id else f" in server {scope.rpartition('/')[2]}"
        for change in changes:
            print(f"{change}{place}")
    if not any(changes for _, changes in plans):
        print("Nothing to change: Discord already has these commands.")
    elif verb == "apply":
        for scope, changes in plans:
            registration.apply(changes, discord, scope)
        print("Done.")
