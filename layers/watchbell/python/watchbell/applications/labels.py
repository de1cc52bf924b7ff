"""The words for what is stored as a code: how applications and their buttons are, obstacles, and repairs."""

from __future__ import annotations

from collections.abc import Iterable

from ..i18n import _
from .application import STATUSES, Application


def status(code: str) -> str:
    """Return how an application is. `code` is one of `application.STATUSES`."""
    said = {
        "pending": _("🕓 waits for a channel"),
        "open": _("📨 open"),
        "accepted": _("✅ accepted"),
        "declined": _("❌ declined"),
        "withdrawn": _("↩️ withdrawn"),
        "closed": _("🔒 closed"),
    }
    return said[code]


def how(application: Application) -> str:
    """Return how an application is, and how it was judged before it was over."""
    return " · ".join(status(each) for each in dict.fromkeys((application.status, application.judged)) if each)


def state(code: str) -> str:
    """Return how a configuration is. `code` is its `state`."""
    said = {
        "draft": _("📝 draft"),
        "active": _("🟢 active"),
        "paused": _("⏸️ paused"),
        "removed": _("🗑️ removed"),
    }
    return said[code]


def missing(names: Iterable[str]) -> str:
    """Return what must be chosen before the button can be posted. `names` are some of `configuration.CHOSEN`."""
    said = {
        "channel": _("where the button is posted"),
        "category": _("the category of the channels"),
        "role": _("the staff"),
        "staff_channel": _("the channel of the staff"),
    }
    return _("❌ Choose this first: {places}.", places=", ".join(said[name] for name in names))


def obstacle(code: str) -> str:
    """Return why there can be no channel, for everybody to read. `code` is that of an Obstacle."""
    said = {
        "missing_permission": _("I lack a permission to make the channel."),
        "category_gone": _("The category for new channels no longer exists."),
        "category_full": _("The category is full: Discord allows 50 channels in it."),
        "server_full": _("The server is full: Discord allows 500 channels."),
        "role_gone": _("The role of the staff no longer exists."),
        "person_left": _("The person is no longer in this server."),
        "took_too_long": _("It took too long, so I stopped."),
        "channel_gone": _("The channel was deleted while I worked."),
    }
    return said.get(code) or _("It did not work.")


def action(code: str) -> str:
    """Return what was done. `code` is the action of a row of the trail, which may be of a later version."""
    said = {
        "apply": _("Apply"),
        "retry": _("Try again"),
        "accept": _("Accept"),
        "decline": _("Decline"),
        "close": _("Close"),
        "withdraw": _("Withdraw"),
        "post": _("Post it"),
        "batch_create": _("Create channels for all pending"),
        "batch_close": _("Close all declined"),
    }
    return _("Check") if code.startswith("repair_") else said.get(code, code)


def outcome(code: str) -> str:
    """Return how it ended. `code` is the outcome of a row of the trail, which may be of a later version."""
    said = {
        "created": _("channel made"),
        "existing": _("had a channel already"),
        "busy": _("it was being made"),
        "failed": _("failed"),
        "refused": _("refused"),
        "done": _("done"),
        "skipped": _("skipped"),
        "gone": _("the channel was gone"),
        "duplicate": _("a second channel"),
        "adopted": _("a channel was found again"),
        "removed": _("a channel was removed"),
        "left": _("a channel was left alone"),
        "closed": _("the channel was gone"),
        "delete": _("the channel was deleted"),
        "lock": _("the channel was locked"),
    }
    return said.get(code, code)


def why(code: str | None) -> str:
    """Return the reason in a row of the trail, "" if it has none: an obstacle, or how the application was."""
    if not code:
        return ""
    return status(code) if code in STATUSES else obstacle(code)


def repair(code: str, channel: str, user: str) -> str:
    """Return how the repair of a channel ended. `channel` and `user` are ids."""
    there = {"channel": f"<#{channel}>", "person": f"<@{user}>"}
    said = {
        "adopted": _("{channel} belongs to {person} again.", **there),
        "removed": _("A channel that nobody needed was removed."),
        "left": _("{channel} looks like an application of {person}. I leave it: look at it.", **there),
        "refused": _("Discord does not let me put {channel} right. Look at what I may do there.", **there),
        "closed": _("The channel of {person} is gone, so the application is closed.", **there),
        "delete": _("The channel of {person} is deleted: the application is over.", **there),
        "lock": _("{channel} is locked: the application is over.", **there),
    }
    return said[code]
