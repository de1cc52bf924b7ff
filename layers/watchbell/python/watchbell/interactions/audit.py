"""Records what an administrative handler did, and how it ended, in the audit of the server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..discord.interaction import COMPONENT, Interaction
from ..kit import server

if TYPE_CHECKING:
    from ..adapters.batch import Delivery
    from ..kit.handler import Handler
    from ..tools.toolbox import Desk


@contextmanager
def audited(handler: Handler | None, interaction: Interaction, desk: Desk, delivery: Delivery) -> Iterator[None]:
    """Record the block in the audit if `handler` declares `audit`. The block sets `delivery.ended`.

    A row is written before the block begins. If that fails, Unavailable is raised and nothing is done without a trace.
    Each try of a message has its own row. A row stays `begun` if the function was cut off. The language of the server
    is remembered too: without administrative actions, it has nothing that could be told.
    """
    opens_form = handler is not None and handler.form is not None and interaction.type == COMPONENT
    if handler is None or not handler.audit or opens_form:
        yield
        return
    server.learn_language(interaction.guild_id, interaction.guild_locale, desk)
    entry = desk.audit.begin(
        interaction.guild_id, actor=interaction.user_id, action=handler.audit, interaction_id=interaction.id
    )
    try:
        yield
    except BaseException as error:
        entry.ended(getattr(error, "ended", f"error:{type(error).__name__}"))
        raise
    entry.ended(delivery.ended)
