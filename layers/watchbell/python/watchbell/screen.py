"""What the person sees of one deferred interaction: the answer, its progress, what went wrong; in its place, or where
they can still be reached."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from .command import Handler
from .discord import check
from .discord.interaction import COMMAND, TOKEN_SECONDS, Interaction
from .discord.reply import Reply
from .errors import DiscordError
from .words import N_, _

if TYPE_CHECKING:
    from .adapters.journal import Journal
    from .tools import Tools

log = logging.getLogger(__name__)

MARGIN_SECONDS = 30
"""A token is not used in the last seconds of its life: Discord's clock and ours differ, and calls take time."""

RACE_SECONDS = 10.0
"""For so long after an interaction arrived, 404/10015 can mean that our edit overtook its acknowledgement."""

PROGRESS_SECONDS = 1.0
"""The least time between two edits that show progress: Discord takes five in two seconds, and the answer is one too."""

UNKNOWN_WEBHOOK, UNKNOWN_MESSAGE = 10015, 10008
LATE = N_("<@{user}> Your request took longer than Discord keeps its answer open, so here it is.")


class Screen:
    """`handler` is None for a feature that is gone. `received_at` is when the ingress got the interaction."""

    journal: Journal

    def __init__(
        self,
        interaction: Interaction,
        received_at: float,
        tools: Tools,
        sleep: Callable[[float], None],
    ) -> None:
        self.handler: Handler | None = None
        self._interaction = interaction
        self._received_at = received_at
        self._tools = tools
        self._sleep = sleep
        self._address = (interaction.application_id, interaction.token)

    @property
    def _updates(self) -> bool:
        """Whether "@original" is a message that was there before: not to be taken away. So it may be where the handler
        that would tell is gone."""
        if self.handler is None:
            return self._interaction.type != COMMAND
        return self.handler.edits(self._interaction)

    @property
    def _private(self) -> bool:
        return self.handler is not None and self.handler.private and not self._updates

    def seconds_left(self) -> float:
        """Until the token must not be used any more; negative after that."""
        return self._received_at + TOKEN_SECONDS - MARGIN_SECONDS - self._tools.now()

    def show(self, answer: Any) -> None:
        """Puts `answer` in the place of "thinking", or of the message with the button. Doing it twice is as once.

        It is a Reply; a list of them, of which those after the first follow as messages of their own; or a generator,
        whose replies show the progress and whose returned one, or last one, is the answer."""
        if isinstance(answer, GeneratorType):
            answer = self._show_progress(answer)
        replies = answer if isinstance(answer, list) else [answer]
        if not replies or not all(isinstance(reply, Reply) for reply in replies):
            raise TypeError(f"{self.handler} answered {answer!r}, and not a Reply")
        self._edit(replies[0])
        for number, reply in enumerate(replies[1:], 2):
            with self.journal.step(f"message {number}") as step:
                if step.new:
                    self._follow(reply)

    def tell(self, text: str | Reply) -> None:
        """Shows `text`, or a whole reply, to the person who asked and to nobody else, and leaves no "thinking" behind.

        Whether a message is private was settled when it was acknowledged. So where that was public, "thinking" is
        taken away first (a follow-up before that would be absorbed into it), and a button's message is left as it is.
        """
        reply = Reply(text) if isinstance(text, str) else text
        if self._private:
            self._edit(reply)
            return
        if not self._updates and self.seconds_left() > 0:
            try:
                self._patient(lambda: self._tools.discord.delete_original(*self._address))
            except DiscordError as error:
                if error.code != UNKNOWN_MESSAGE and not error.gone:  # taken away by an earlier try, or out of reach
                    raise
        self._follow(reply, private=True)

    def _show_progress(self, steps: Iterator[Any]) -> Any:
        shown, waiting = float("-inf"), None
        while True:
            try:
                waiting = next(steps)
            except StopIteration as end:
                return waiting if end.value is None else end.value
            if self._tools.now() - shown >= PROGRESS_SECONDS:
                self._edit(waiting)
                shown = self._tools.now()

    def _edit(self, reply: Reply) -> None:
        payload = self._ready("edit", reply.edit(), reply)
        self._reach(
            lambda: self._tools.discord.edit_original(*self._address, payload, reply.uploads()),
            reply,
            private=self._private,
        )

    def _follow(self, reply: Reply, *, private: bool | None = None) -> None:
        private = self._private if private is None else private
        payload = self._ready("followup", reply.message(private=private), reply)
        self._reach(
            lambda: self._tools.discord.follow_up(*self._address, payload, reply.uploads()), reply, private=private
        )

    def _ready(self, kind: str, payload: dict, reply: Reply) -> dict:
        """The payload with its custom ids sealed; InvalidReply where Discord would not take it."""
        sealed: dict = self._tools.seals.seal(payload, self._interaction)
        limit = self._interaction.raw.get("attachment_size_limit")
        check.require(kind, sealed, reply.uploads(), **({"file_bytes": limit} if isinstance(limit, int) else {}))
        return sealed

    def _reach(self, call: Callable[[], object], reply: Reply, *, private: bool) -> None:
        """`call` while the token lives; after that, and where it turns out to be dead, `reply` goes elsewhere."""
        if self.seconds_left() > 0:
            try:
                self._patient(call)
                return
            except DiscordError as error:
                if not error.gone or error.code == UNKNOWN_MESSAGE:  # the person took the message away: so be it
                    raise
                log.warning("the token is of no use: %s", error, extra={"interaction_id": self._interaction.id})
        self._elsewhere(reply, private=private)

    def _elsewhere(self, reply: Reply, *, private: bool) -> None:
        """In the channel, or where the answer is private or the channel closed to us, by direct message; and says why.
        A nonce each: done twice within minutes, it is there once."""
        interaction, discord = self._interaction, self._tools.discord
        if interaction.guild_id and interaction.channel_id and not private:
            try:
                self._post(interaction.channel_id, reply)
                return
            except DiscordError as error:
                if not error.permanent:
                    raise
        self._post(discord.open_dm(interaction.user_id), reply)

    def _post(self, channel_id: str, reply: Reply) -> None:
        interaction, discord = self._interaction, self._tools.discord
        note = Reply(_(LATE, user=interaction.user_id)).message()
        note["allowed_mentions"] = {"parse": [], "users": [interaction.user_id]}
        discord.create_message(channel_id, note, nonce=f"late{interaction.id}")
        payload = self._ready("message", reply.message(), reply)
        discord.create_message(channel_id, payload, reply.uploads(), nonce=f"reply{interaction.id}")

    def _patient(self, call: Callable[[], object]) -> None:
        """`call`, again while Discord may not have recorded our acknowledgement yet (404/10015)."""
        pause = 0.25
        while True:
            try:
                call()
                return
            except DiscordError as error:
                if error.code != UNKNOWN_WEBHOOK or self._tools.now() + pause > self._received_at + RACE_SECONDS:
                    raise
            self._sleep(pause)
            pause *= 2
