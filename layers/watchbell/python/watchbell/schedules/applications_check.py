"""Looks each day for channels that no application has, in the servers where people can apply. The sender does it."""

from datetime import datetime
from functools import partial

from watchbell import Schedule
from watchbell.tools.applications import SERVERS
from watchbell.tools.toolbox import Tools

schedule = Schedule(
    "applications_check", "Puts right what does not fit together among the channels of applications", every=1440
)


@schedule.run
def applications_check(slot: datetime, tools: Tools) -> None:
    for each in tools.data(SERVERS).all():
        tools.send_queue.send({"kind": "errand", "schedule": schedule.name, "subject": each["server"]})


@schedule.errand
def check(guild: str, tools: Tools) -> None:
    """Repair one server, and seal its posted buttons with the newest key. So they outlive a rotation of the keys."""
    from watchbell.commands import applications
    from watchbell.discord import ids
    from watchbell.errors import DiscordError
    from watchbell.interactions import flow
    from watchbell.tools import applying, configuring, repairing

    try:
        locale = str(tools.discord.server(guild).get("preferred_locale") or "")
    except DiscordError as error:
        if not error.permanent:
            raise
        return  # The bot has left the server.
    for each in applying.all_of(guild, tools).values():
        if each.state in ("active", "paused"):
            configuring.edit(each, applications.posted, guild, locale, tools)
    today = int(tools.now()) // 86_400
    hold = partial(flow.other, f"check {guild} {today}", tools)
    repairing.put_right(guild, locale, ids.first_at(tools.now()), tools, applications.welcome, hold)
