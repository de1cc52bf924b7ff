"""How a person is reached: by the interaction's token while that lives, then in the channel, or by direct message."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ..discord import check
from ..discord.interaction import TOKEN_SECONDS, Interaction
from ..discord.reply import Reply
from ..errors import DiscordError
from ..i18n import N_, _

if TYPE_CHECKING:
    from ..kit.handler import Handler
    from ..tools.toolbox import Tools

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")
Address = tuple[str, str]
"""The application's id, and the token."""

MARGIN_SECONDS = 30
"""A token is not used in the last seconds of its life: Discord's clock and ours differ, and calls take time."""

RACE_SECONDS = 10.0
"""For so long after an interaction arrived, 404/10015 can mean that our edit overtook its acknowledgement."""

SHORT_WAIT, PATIENCE_SECONDS = 2.0, 10.0
"""A 429 that asks for so little is waited for here, in all at most so long; a longer one goes back to the queue."""

UNKNOWN_WEBHOOK, UNKNOWN_MESSAGE, NO_MORE = 10015, 10008, 40094
"""The last: where only the person has installed the bot, Discord takes five follow-ups, those taken back counted."""

Late = tuple[Reply, bool, int, bool]
"""What is still to be shown when the token is dead: a reply, whether it is for the person alone, which of the
interaction's messages it is, and whether it would have edited the message with the button."""

LATE = N_("<@{user}> Your request took longer than Discord keeps its answer open, so here it is.")
FULL = N_("<@{user}> Discord takes no more of my messages there, so here is the rest.")


class Reach:
    """`received_at` is when the ingress got the interaction, `time_left` how many seconds this function has left."""

    def __init__(
        self,
        interaction: Interaction,
        received_at: float,
        tools: Tools,
        sleep: Callable[[float], None],
        time_left: Callable[[], float],
    ) -> None:
        self._interaction, self._received_at, self._tools = interaction, received_at, tools
        self._sleep, self._time_left = sleep, time_left
        self._address = (interaction.application_id, interaction.token)
        self._patience = PATIENCE_SECONDS
        self._excuse, self._excused = LATE, False

    def seconds_left(self) -> float:
        """Until the token must not be used any more; negative after that."""
        return self._received_at + TOKEN_SECONDS - MARGIN_SECONDS - self._tools.now()

    def ready(self, kind: str, payload: dict, reply: Reply, whose: Handler | None, *, edits: bool = False) -> dict:
        """The payload with its custom ids sealed, `edits` for whose the message with the button is; InvalidReply where
        Discord would not take it."""
        sealed: dict = self._tools.seals.seal(payload, self._interaction, edits=edits)
        limit = self._interaction.raw.get("attachment_size_limit")
        limits = {"file_bytes": limit} if isinstance(limit, int) else {}
        check.require(kind, sealed, reply.uploads(), whose=whose or "", **limits)
        return sealed

    def by_token(self, call: Callable[[Address], dict], late: Late | None) -> dict:
        """What `call` answers, while the token lives; after that, and where it turns out to be dead or Discord takes no
        more, `late` goes elsewhere, and {}. Without `late`, DiscordError."""
        if late is None:
            return self._patient(call)
        if self.seconds_left() > 0:
            try:
                return self._patient(call)
            except DiscordError as error:
                if error.code == NO_MORE:
                    self._excuse = FULL
                elif not error.gone or error.code == UNKNOWN_MESSAGE:  # the person took the message away: so be it
                    raise
                log.warning("it goes elsewhere: %s", error, extra={"interaction_id": self._interaction.id})
        self._elsewhere(*late)
        return {}

    def unless_gone(self, call: Callable[[Address], object]) -> None:
        """`call` for a message that somebody may have taken away, or that is out of reach by now."""
        try:
            self._patient(call)
        except DiscordError as error:
            if not error.gone:
                raise

    def _elsewhere(self, reply: Reply, private: bool, number: int, edits: bool) -> None:
        """In the channel, or where the answer is private or the channel closed to us, by direct message; and says why.
        A nonce each: done twice within minutes, it is there once."""
        interaction, discord = self._interaction, self._tools.discord
        if interaction.guild_id and interaction.channel_id and not private:
            try:
                self._post(interaction.channel_id, reply, number, edits)
                return
            except DiscordError as error:
                if not error.permanent:
                    raise
        self._post(discord.open_dm(interaction.user_id), reply, number, edits)

    def _post(self, channel_id: str, reply: Reply, number: int, edits: bool) -> None:
        interaction, discord = self._interaction, self._tools.discord
        if not self._excused:
            note = Reply(_(self._excuse, user=interaction.user_id)).message()
            note["allowed_mentions"] = {"parse": [], "users": [interaction.user_id]}
            discord.create_message(channel_id, note, nonce=f"late{interaction.id}")
            self._excused = True
        payload = self.ready("message", reply.message(), reply, None, edits=edits)
        discord.create_message(channel_id, payload, reply.uploads(), nonce=f"{number}-{interaction.id}")

    def _patient(self, call: Callable[[Address], Answer]) -> Answer:
        """`call`, again while Discord may not have recorded our acknowledgement yet (404/10015), and after a short wait
        that it asks for."""
        pause = 0.25
        while True:
            try:
                return call(self._address)
            except DiscordError as error:
                wait = error.wait
                if wait is None:
                    if error.code != UNKNOWN_WEBHOOK or self._tools.now() + pause > self._received_at + RACE_SECONDS:
                        raise
                    wait, pause = pause, pause * 2
                elif wait > min(SHORT_WAIT, self._patience, self._time_left() - SHORT_WAIT):
                    raise
                else:
                    self._patience -= wait
            self._sleep(wait)
