"""Whose turn it is: a deferred handler's lock and quotas, asked before it runs.

If the table cannot be asked, nobody gets in: Unavailable is raised, and the message goes back to its queue.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil

from . import seals, submission
from .command import LOCK_NAMES, Handler
from .discord.interaction import COMMAND, MODAL, Interaction
from .errors import DefinitionError, InvalidReply, UserError, WatchbellError
from .quota import Quota
from .tools import Desk
from .words import N_, _

BUSY = N_("That is being worked on already. Its answer comes in a moment; there is no need to ask again.")
SPENT = {
    "user": N_("You have used this as often as is allowed. It is free again <t:{at}:R>."),
    "guild": N_("This server has used this as often as is allowed. It is free again <t:{at}:R>."),
    "channel": N_("This channel has used this as often as is allowed. It is free again <t:{at}:R>."),
    "feature": N_("This has been used as often as is allowed. It is free again <t:{at}:R>."),
}
_NAME_LENGTH = 500


@contextmanager
def admit(handler: Handler, interaction: Interaction, desk: Desk) -> Iterator[None]:
    """Holds the handler's lock, with `desk.fence` its fencing token, and counts this use. Raises UserError where
    somebody else holds the lock or a quota is spent; a use that found the lock taken is not counted, nor is a form that
    is filled in wrongly. Who has spent a quota can submit the same form later.

    The lock is given back when the interaction is finished. A failure that will be tried again keeps it for the rest
    of its lease: the same interaction gets it anew, and until then nobody meets what may be half done.
    """
    if handler.form is not None:
        if interaction.type != MODAL:  # the form is only asked for
            yield
            return
        submission.filled(handler, interaction, submission.carried(handler, interaction, desk))
    if not handler.lock:
        _count(handler, interaction, desk)
        yield
        return
    lock = desk.locks.take(lock_name(handler, interaction, desk), interaction.id)
    if lock is None:
        raise UserError(_(BUSY))
    desk.fence = lock.fence
    try:
        _count(handler, interaction, desk)
        yield
    except WatchbellError as error:
        if isinstance(error, (UserError, InvalidReply, DefinitionError)) or getattr(error, "permanent", False):
            lock.release()
        raise
    lock.release()


def lock_name(handler: Handler, interaction: Interaction, desk: Desk) -> str:
    """The handler's lock template, filled in; `:` and `%` in a value are quoted, so that no two fillings are alike."""
    assert handler.lock is not None
    filled = {
        "guild": interaction.guild_id,
        "user": interaction.user_id,
        "channel": interaction.channel_id,
        "message": interaction.message.get("id"),
        "target": interaction.target_id,
    }
    assert filled.keys() == set(LOCK_NAMES)
    names = handler.parameters
    if any("{" + name in handler.lock for name in names):
        if interaction.type == COMMAND:
            filled |= {**(handler.function.__kwdefaults__ or {}), **interaction.options}
        else:
            filled |= dict(zip(names, seals.state(interaction, desk), strict=False))
    known = {name: _quoted(filled.get(name)) for name in (*LOCK_NAMES, *names)}
    name = handler.lock.format_map(known)
    if len(name.encode("utf-8", "surrogatepass")) > _NAME_LENGTH:
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
        name = f"{name[:50]}…{digest}"
    return name


def _count(handler: Handler, interaction: Interaction, desk: Desk) -> None:
    for quota in handler.quotas:
        free_at = desk.quotas.use(quota, handler.counted_as, _subject(quota, interaction), interaction.id)
        if free_at is not None:
            refusal = UserError(_(SPENT[quota.by], at=ceil(free_at)))
            if handler.form is not None:
                values = submission.carried(handler, interaction, desk)
                refusal.reply = submission.correction(handler, interaction, values, refusal)
            raise refusal


def _subject(quota: Quota, interaction: Interaction) -> str:
    if quota.by == "guild":
        return interaction.guild_id or f"dm-{interaction.user_id}"
    return {"user": interaction.user_id, "channel": interaction.channel_id, "feature": "all"}[quota.by]


def _quoted(value: object) -> str:
    text = "" if value is None else str(int(value) if isinstance(value, bool) else value)
    return text.replace("%", "%25").replace(":", "%3A")
