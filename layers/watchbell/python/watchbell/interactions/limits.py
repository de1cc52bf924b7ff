"""Limits how often a deferred handler runs (quotas), and lets only one run at a time (locks).

If the table cannot be reached, the handler does not run: Unavailable is raised, and the message goes back to its queue.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil

from ..discord.resolved import Resolved
from ..errors import DefinitionError, InvalidReply, UserError, WatchbellError
from ..i18n import N_, _
from ..kit.handler import LOCK_NAMES
from ..kit.quota import Quota
from ..tools.toolbox import Desk
from . import flow, job
from .call import Call

BUSY = N_("This is already being worked on. Please wait a moment before you try again.")
SPENT = {
    "user": N_("You have reached the limit for this. You can use it again <t:{at}:R>."),
    "guild": N_("This server has reached the limit for this. You can use it again <t:{at}:R>."),
    "channel": N_("This channel has reached the limit for this. You can use it again <t:{at}:R>."),
    "feature": N_("The limit for this has been reached. You can use it again <t:{at}:R>."),
}
_NAME_LENGTH = 290


@contextmanager
def admit(call: Call, desk: Desk) -> Iterator[None]:
    """Hold the handler's lock, and count one use of its quotas. Sets `desk.fence` to the lock's fencing token.

    If the handler declares a flow, `desk.journal` is the journal of the flow inside the block.

    Raises UserError if another interaction holds the lock, or if a quota is spent. If the lock is held, no use is
    counted. If a quota is spent, the reply to a form has a button that opens it again.

    The lock belongs to the interaction until its message is done or dead. After a failure that will be tried again, the
    same interaction gets it again, and nobody else finds half-done work.
    """
    handler = call.handler
    if call.opens_form:  # opening a form is not a use
        yield
        return
    if not handler.lock:
        _count(call, desk)
        yield
        return
    name, own_journal = lock_name(call), desk.journal
    lock = desk.locks.take(name, call.interaction.id)
    if lock is None:
        if handler.when_busy:
            raise UserError(handler.when_busy(call.interaction, desk, **call.arguments))
        raise UserError(job.busy(handler, call.interaction, desk, name) if handler.is_job else _(BUSY))
    desk.fence = lock.fence
    try:
        if handler.is_flow:
            desk.journal = flow.of(call, desk, name)
        if not (handler.is_job and job.has_begun(desk.journal, call.interaction)):  # Later slices are the same use.
            _count(call, desk)
        yield
    except WatchbellError as error:
        if isinstance(error, (UserError, InvalidReply, DefinitionError)) or getattr(error, "permanent", False):
            lock.release()
        raise
    finally:
        desk.journal = own_journal
    lock.release()


def lock_name(call: Call) -> str:
    """Return the handler's lock template, filled in. `:` and `%` in values are quoted, so that names stay distinct."""
    handler, interaction = call.handler, call.interaction
    assert handler.lock is not None
    known = {
        "guild": interaction.guild_id,
        "user": interaction.user_id,
        "channel": interaction.channel_id,
        "message": interaction.message.get("id"),
        "target": interaction.target_id,
    }
    assert known.keys() == set(LOCK_NAMES)
    values = {**known, **(handler.function.__kwdefaults__ or {}), **call.arguments}
    name = handler.lock.format_map({key: _quoted(value) for key, value in values.items()})
    if len(name.encode("utf-8", "surrogatepass")) > _NAME_LENGTH:
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
        name = f"{name[:50]}…{digest}"
    return name


def _count(call: Call, desk: Desk) -> None:
    for quota in call.handler.quotas:
        subject = _subject(quota, call)
        free_at = desk.quotas.use(quota, call.handler.counted_as, subject, call.interaction.id)
        if free_at is not None:
            refusal = UserError(_(SPENT[quota.by], at=ceil(free_at)))
            if call.form is not None:
                from . import forms

                refusal.reply = forms.correction(call, refusal)
            raise refusal


def _subject(quota: Quota, call: Call) -> str:
    interaction = call.interaction
    if quota.by == "guild":
        return interaction.guild_id or f"dm-{interaction.user_id}"
    return {"user": interaction.user_id, "channel": interaction.channel_id, "feature": "all"}[quota.by]


def _quoted(value: object) -> str:
    value = value.id if isinstance(value, Resolved) else int(value) if isinstance(value, bool) else value
    return ("" if value is None else str(value)).replace("%", "%25").replace(":", "%3A")
