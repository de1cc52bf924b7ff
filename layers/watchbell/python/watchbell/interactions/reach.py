"""Reaches a person: by the interaction's token while it lives, then in the channel or by direct message."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ..discord import check
from ..discord.interaction import TOKEN_SECONDS, Interaction
from ..discord.reply import Reply
from ..errors import DiscordError, Retry
from ..i18n import N_, _
from .messages import ANSWER

if TYPE_CHECKING:
    from ..kit.handler import Handler
    from ..tools.toolbox import Tools
    from .messages import Message

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")
Address = tuple[str, str]
"""The application's id and the token."""

MARGIN_SECONDS = 30
"""Do not use a token in the last seconds of its life: Discord's clock and ours differ, and calls take time."""

RACE_SECONDS, IN_PLACE_SECONDS = 60.0, 4.0
"""For so long after an interaction arrived, 404/10015 can mean that our call overtook its acknowledgement. Wait here
for at most so long in all. A longer wait is left to the queue."""

SHORT_WAIT, PATIENCE_SECONDS, PATIENCE_TRIES = 2.0, 10.0, 10
"""Wait here for a 429 that asks for at most this many seconds, and at most so many seconds and times in all. The queue
waits for a longer one."""

UNKNOWN_WEBHOOK, UNKNOWN_MESSAGE, NO_MORE = 10015, 10008, 40094
"""Discord's error codes. The last one: if only the person has installed the bot, Discord takes five follow-ups, and
those that were deleted count."""

LATE = N_("<@{user}> Your request took longer than Discord keeps its answer open, so here it is.")
FULL = N_("<@{user}> Discord takes no more of my messages there, so here is the rest.")


class Reach:
    """`received_at` is when the ingress got the interaction. `time_left` is how many seconds this function has left.

    `put_back`: if Discord does not know the token yet, the message may come back after so many seconds. None: not any
    more.
    """

    def __init__(
        self,
        interaction: Interaction,
        received_at: float,
        tools: Tools,
        sleep: Callable[[float], None],
        time_left: Callable[[], float],
        put_back: float | None = None,
    ) -> None:
        self._interaction, self._received_at, self._tools = interaction, received_at, tools
        self._sleep, self._time_left = sleep, time_left
        self._address = (interaction.application_id, interaction.token)
        self._patience, self._tries = PATIENCE_SECONDS, PATIENCE_TRIES
        self._in_place, self.put_back = IN_PLACE_SECONDS, put_back
        self._known = self._closed = False
        self._excuse, self._excused = LATE, False
        self.place: tuple[str, str] | None = None
        """The ids of the channel and of the message that has taken the place of the answer, for a long job."""
        self.unknown = False
        """Whether Discord did not know the token yet when it was given up. "thinking" may still appear."""

    def seconds_left(self) -> float:
        """Until the token must not be used any more. Negative after that."""
        return self._received_at + TOKEN_SECONDS - MARGIN_SECONDS - self._tools.now()

    @property
    def late(self) -> bool:
        """Whether the token must not be used any more: it is too old, or Discord has said that it does not know it.

        After one message went elsewhere, "thinking" would absorb the next one that is sent by token."""
        return self._closed or self.seconds_left() <= 0

    def ready(self, kind: str, payload: dict, reply: Reply, whose: Handler | None, *, edits: bool = False) -> dict:
        """The payload with its custom ids sealed. Raises InvalidReply if Discord would not take it.

        `edits`: the ids are for the owner of the message with the button, instead of the person who asked."""
        sealed: dict = self._tools.seals.seal(payload, self._interaction, edits=edits)
        limit = self._interaction.raw.get("attachment_size_limit")
        limits = {"file_bytes": limit} if isinstance(limit, int) else {}
        check.require(kind, sealed, reply.uploads(), whose=whose or "", **limits)
        return sealed

    def by_token(self, call: Callable[[Address], dict], message: Message | None) -> dict:
        """What `call` answers. If the token is dead, or Discord takes no more messages, sends `message` elsewhere and
        answers {}; without a `message`, raises DiscordError. Raises Retry if Discord does not know the token yet."""
        if message is None:
            return self._patient(call)
        if message.number <= ANSWER and self.place and self.edit_place(message.reply):
            return {}
        if not self.late:
            try:
                return self._patient(call)
            except DiscordError as error:
                if error.code == NO_MORE:
                    self._excuse = FULL
                elif not error.gone or error.code == UNKNOWN_MESSAGE:  # The person may have deleted the message.
                    raise
                else:
                    self._close(error)
                log.warning("sending the message elsewhere: %s", error, extra={"interaction_id": self._interaction.id})
        self._send_elsewhere(message)
        return {}

    def edit_place(self, reply: Reply) -> bool:
        """Turn the message at `place` into `reply`. Return False, and forget the place, if Discord refuses for good."""
        assert self.place
        discord, (channel, id) = self._tools.discord, self.place
        try:
            if reply.poll is None:  # An edit cannot add a poll.
                discord.edit(channel, id, reply, interaction=self._interaction)
                return True
        except DiscordError as error:
            if not error.permanent:
                raise
            log.warning("a message cannot be edited: %s", error, extra={"interaction_id": self._interaction.id})
        self.place = None
        return False

    def unless_gone(self, call: Callable[[Address], object]) -> None:
        """Calls `call` for a message that may have been deleted. Does nothing if it is too late."""
        if self.late:
            return
        try:
            self._patient(call)
        except DiscordError as error:
            if not error.gone:
                raise
            if error.code == UNKNOWN_WEBHOOK:
                self._close(error)

    def _close(self, error: DiscordError) -> None:
        self._closed = True
        self.unknown = error.code == UNKNOWN_WEBHOOK and self._racing and not self._known

    def _send_elsewhere(self, message: Message) -> None:
        """Sends it to the channel that the reply names, or to that of the interaction if it is not private. If there is
        none, or if it is closed to us, sends it by direct message."""
        interaction, discord = self._interaction, self._tools.discord
        here = interaction.channel_id if interaction.guild_id and not message.private else ""
        if channel := message.reply.late_in or here:
            try:
                self._post(channel, message)
                return
            except DiscordError as error:
                if not error.permanent:
                    raise
        self._post(discord.open_dm(interaction.user_id), message)

    def _post(self, channel_id: str, message: Message) -> None:
        """Sends it, and before the first one a note that says why. Each has a nonce, so a retry sends none twice."""
        interaction, discord, reply = self._interaction, self._tools.discord, message.reply
        if not self._excused:
            note = Reply(_(self._excuse, user=interaction.user_id)).message()
            note["allowed_mentions"] = {"parse": [], "users": [interaction.user_id]}
            discord.create_message(channel_id, note, nonce=f"late{interaction.id}")
            self._excused = True
        payload = self.ready("message", reply.message(), reply, None, edits=message.updates)
        discord.create_message(channel_id, payload, reply.uploads(), nonce=f"{message.number}-{interaction.id}")

    def _patient(self, call: Callable[[Address], Answer]) -> Answer:
        """Calls `call`. Retries if Discord may not have recorded our acknowledgement yet (404/10015), and after a short
        wait that Discord asks for. Raises Retry if the acknowledgement takes longer than the function should wait."""
        pause = 0.25
        while True:
            try:
                answer = call(self._address)
                self._known = True
                return answer
            except DiscordError as error:
                wait = error.wait
                if wait is None:
                    if error.code != UNKNOWN_WEBHOOK or not self._may_still_come(pause, error):
                        raise
                    wait, pause = pause, pause * 2
                elif not self._tries or wait > min(SHORT_WAIT, self._patience, self._time_left() - SHORT_WAIT):
                    raise
                else:
                    self._patience, self._tries = self._patience - wait, self._tries - 1
            self._sleep(wait)

    def _may_still_come(self, pause: float, error: DiscordError) -> bool:
        """Whether to wait here for `pause` seconds, because Discord may know the token then. Raises Retry if the
        message should wait in the queue instead."""
        if self._racing and pause <= self._in_place:
            self._in_place -= pause
            return True
        if self._racing and self.put_back is not None:
            raise Retry("Discord does not know the token yet", wait=self.put_back) from error
        return False

    @property
    def _racing(self) -> bool:
        return self._tools.now() < self._received_at + RACE_SECONDS
