"""How often and how many at a time: the quotas and the lock of a deferred handler, asked before it runs.

If the table does not answer, nobody gets in: Unavailable is raised, and the message goes back to its queue.
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
from .call import Call

BUSY = N_("That is being worked on already. Its answer comes in a moment; there is no need to ask again.")
SPENT = {
    "user": N_("You have used this as often as is allowed. It is free again <t:{at}:R>."),
    "guild": N_("This server has used this as often as is allowed. It is free again <t:{at}:R>."),
    "channel": N_("This channel has used this as often as is allowed. It is free again <t:{at}:R>."),
    "feature": N_("This has been used as often as is allowed. It is free again <t:{at}:R>."),
}
_NAME_LENGTH = 500


@contextmanager
def admit(call: Call, desk: Desk) -> Iterator[None]:
    """Holds the handler's lock and counts one use of its quotas. `desk.fence` is the lock's fencing token.

    Raises UserError if another interaction holds the lock or a quota is spent. A use that finds the lock taken is not
    counted. A person who has spent a quota can submit the same form later.

    The lock is given back when the interaction is finished. If a failure will be tried again, the lock is kept for the
    rest of its lease: the same interaction gets it again, and nobody else meets work that is half done.
    """
    handler = call.handler
    if call.opens_form:  # the person only asks for the form
        yield
        return
    if not handler.lock:
        _count(call, desk)
        yield
        return
    lock = desk.locks.take(lock_name(call), call.interaction.id)
    if lock is None:
        raise UserError(_(BUSY))
    desk.fence = lock.fence
    try:
        _count(call, desk)
        yield
    except WatchbellError as error:
        if isinstance(error, (UserError, InvalidReply, DefinitionError)) or getattr(error, "permanent", False):
            lock.release()
        raise
    lock.release()


def lock_name(call: Call) -> str:
    """The handler's lock template, filled in. `:` and `%` in a value are quoted, so that no two names are alike."""
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
                from . import forms as submission

                refusal.reply = submission.correction(call, refusal)
            raise refusal


def _subject(quota: Quota, call: Call) -> str:
    interaction = call.interaction
    if quota.by == "guild":
        return interaction.guild_id or f"dm-{interaction.user_id}"
    return {"user": interaction.user_id, "channel": interaction.channel_id, "feature": "all"}[quota.by]


def _quoted(value: object) -> str:
    value = value.id if isinstance(value, Resolved) else int(value) if isinstance(value, bool) else value
    return ("" if value is None else str(value)).replace("%", "%25").replace(":", "%3A")
