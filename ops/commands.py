"""`ops commands plan|apply`: do by hand what the registrar does at deploy."""

from __future__ import annotations

from collections.abc import Mapping

from infra.settings import Deployment
from watchbell.adapters.discord import DiscordClient
from watchbell.errors import DiscordError
from watchbell.kit.flags import Flags
from watchbell.registration import apply as rollout
from watchbell.tools.toolbox import DISCORD_URL

from .audit import Book
from .settings import below, get

PATIENCE_SECONDS = 600.0
"""How long to wait in all while Discord fails. A person sees each wait, and can interrupt it."""


def run(deployment: Deployment, book: Book, verb: str, guild: str, environment: Mapping[str, str]) -> None:
    """Print each change on a line. With `apply`, also make the changes, and print how far that is."""
    discord = DiscordClient(
        environment.get("DISCORD_URL", DISCORD_URL), lambda fresh: get(deployment, "discord/bot-token")
    )
    application_id = get(deployment, "discord/application-id")
    flags = Flags(lambda: below(deployment, "flags")).all()
    patient = rollout.Patient(discord, PATIENCE_SECONDS, tell=_waits)
    updates = rollout.plan(patient, flags, application_id, guild)
    for update in updates:
        place = "" if guild or update.scope == application_id else f" in server {update.scope.rpartition('/')[2]}"
        for change in update.changes:
            print(f"{change}{place}")
    if not updates:
        print("Nothing to change: Discord already has these commands.")
    elif verb == "apply":
        total = len(updates)
        progress = (lambda number: print(f"{number} of {total} updated", flush=True)) if total > 1 else None
        with book.recorded("commands.apply", server=guild):
            rollout.carry_out(updates, patient, application_id, guild, tell=progress)
        print("Done.")


def _waits(seconds: float, error: DiscordError) -> None:
    why = "because of its rate limit" if error.status == 429 else f"because it failed ({error})"
    print(f"Discord is asked again in {seconds:.1f} s, {why}.", flush=True)
