"""What the person sees of one deferred interaction: the answer, its progress, what went wrong; in its place, or where
they can still be reached."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from types import GeneratorType
from typing import TYPE_CHECKING, Any, TypeVar

from .command import Handler
from .discord import check
from .discord.interaction import COMMAND, PRIVATE, TOKEN_SECONDS, Interaction
from .discord.reply import Delete, Reply
from .errors import DefinitionError, DiscordError
from .words import N_, _

if TYPE_CHECKING:
    from .adapters.journal import Journal
    from .tools import Tools

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

MARGIN_SECONDS = 30
"""A token is not used in the last seconds of its life: Discord's clock and ours differ, and calls take time."""

RACE_SECONDS = 10.0
"""For so long after an interaction arrived, 404/10015 can mean that our edit overtook its acknowledgement."""

PROGRESS_SECONDS = 1.0
"""The least time between two edits that show progress: Discord takes five in two seconds, and the answer is one too."""

UNKNOWN_WEBHOOK, UNKNOWN_MESSAGE = 10015, 10008
Late = tuple[Reply, bool, int]
"""What is still to be shown when the token is dead: a reply, whether it is for the person alone, and which of the
interaction's messages it is."""

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
        self._followed: dict[int, str] = {}  # the messages besides the first, by number: their ids
        self._excused = False

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

    @property
    def _hidden(self) -> bool:
        """Whether the answer is for nobody else's eyes, wherever it goes."""
        flags = self._interaction.message.get("flags")
        on_private = self._updates and isinstance(flags, int) and bool(flags & PRIVATE)
        return on_private or (self.handler is not None and self.handler.private)

    def seconds_left(self) -> float:
        """Until the token must not be used any more; negative after that."""
        return self._received_at + TOKEN_SECONDS - MARGIN_SECONDS - self._tools.now()

    def show(self, answer: Any) -> None:
        """Puts `answer` in the place of "thinking", or of the message with the button. Doing it twice is as once.

        It is a Reply, or a Delete; a list, of which those after the first are Replies that follow as messages of their
        own; or a generator, which yields such answers as its progress, each in the place of the one before, and
        returns the last one, or just ends with it."""
        if isinstance(answer, GeneratorType):
            answer = self._show_progress(answer)
        self._put(messages(answer, self.handler))

    def tell(self, text: str | Reply) -> None:
        """Shows `text`, or a whole reply, to the person who asked and to nobody else, and leaves no "thinking" behind.

        Whether a message is private was settled when it was acknowledged. So where that was public, "thinking" is
        taken away first (a follow-up before that would be absorbed into it), and a button's message is left as it is.
        """
        reply = Reply(text) if isinstance(text, str) else text
        if self._private:
            self._edit(reply)
            return
        if not self._updates:
            self._take_away()
        self._say(reply, (reply, True, 0), private=True)

    def _show_progress(self, steps: Iterator[Any]) -> Any:
        shown, waiting = float("-inf"), None
        while True:
            try:
                waiting = next(steps)
            except StopIteration as end:
                return waiting if end.value is None else end.value
            wanted = messages(waiting, self.handler)
            if self._tools.now() - shown >= PROGRESS_SECONDS and self.seconds_left() > 0:
                try:
                    self._put(wanted, elsewhere=False)
                except DiscordError as error:  # the work goes on, and its answer is what counts
                    details = {"interaction_id": self._interaction.id}
                    log.warning("progress is not shown: %s", error, extra=details)
                shown = self._tools.now()

    def _put(self, wanted: list[Any], *, elsewhere: bool = True) -> None:
        """Makes the messages of this interaction these; where the token is dead, `elsewhere`, else DiscordError."""
        first, *others = wanted
        if isinstance(first, Delete):
            self._take_away()
        elif first.private and not self._private:
            if not self._updates:
                self._take_away()
            self._follow(first, 1, elsewhere)
        else:
            self._edit(first, elsewhere=elsewhere)
        for number, reply in enumerate(others, 2):
            self._follow(reply, number, elsewhere)
        for number in [number for number in self._followed if number > len(wanted)]:
            self._take_back(number)

    def _follow(self, reply: Reply, number: int, elsewhere: bool) -> None:
        """Message `number` as one of its own; the same one edited where it is there already."""
        private = self._hidden or reply.private
        late = (reply, private, number) if elsewhere else None
        if number not in self._followed:
            with self.journal.step(f"message {number}") as step:
                made = self._made_before() if step.unsure and not private else ""
                said = step.new and not made
                if step.new:
                    step.value = made or self._say(reply, late, private=private)
                self._followed[number] = step.value
            if said:
                return
        if not (id := self._followed[number]):  # it went elsewhere, and is there
            return
        payload = self._ready("edit", reply.edit(), reply)
        edit = self._tools.discord.edit_follow_up
        try:
            self._reach(lambda: edit(*self._address, id, payload, reply.uploads()), late)
        except DiscordError as error:
            if error.code != UNKNOWN_MESSAGE:
                raise

    def _made_before(self) -> str:
        """The id of a public follow-up that an earlier try made without learning of it: the oldest that we do not know
        of; "" where there is none, or where we cannot read the channel."""
        interaction = self._interaction
        try:
            recent = self._tools.discord.recent_messages(interaction.channel_id)
        except DiscordError as error:
            log.warning("cannot look for what may have been said: %s", error, extra={"interaction_id": interaction.id})
            return ""
        for message in reversed(recent):
            about = message.get("interaction_metadata") or {}
            followed = about.get("id") == interaction.id and "original_response_message_id" in about
            if followed and message["id"] not in self._followed.values():
                return str(message["id"])
        return ""

    def _take_back(self, number: int) -> None:
        if id := self._followed.pop(number):
            self._unless_gone(lambda: self._tools.discord.delete_follow_up(*self._address, id))

    def _take_away(self) -> None:
        if self.seconds_left() > 0:
            self._unless_gone(lambda: self._tools.discord.delete_original(*self._address))

    def _unless_gone(self, call: Callable[[], object]) -> None:
        """`call` for a message that somebody may have taken away, or that is out of reach by now."""
        try:
            self._patient(call)
        except DiscordError as error:
            if not error.gone:
                raise

    def _edit(self, reply: Reply, *, elsewhere: bool = True) -> None:
        payload, edit = self._ready("edit", reply.edit(), reply), self._tools.discord.edit_original
        late = (reply, self._hidden, 1) if elsewhere else None
        self._reach(lambda: edit(*self._address, payload, reply.uploads()), late)

    def _say(self, reply: Reply, late: Late | None, *, private: bool) -> str:
        """A message of its own; its id, "" where it went elsewhere."""
        payload, say = self._ready("followup", reply.message(private=private), reply), self._tools.discord.follow_up
        return str(self._reach(lambda: say(*self._address, payload, reply.uploads()), late).get("id", ""))

    def _ready(self, kind: str, payload: dict, reply: Reply) -> dict:
        """The payload with its custom ids sealed; InvalidReply where Discord would not take it."""
        sealed: dict = self._tools.seals.seal(payload, self._interaction)
        limit = self._interaction.raw.get("attachment_size_limit")
        limits = {"file_bytes": limit} if isinstance(limit, int) else {}
        check.require(kind, sealed, reply.uploads(), whose=self.handler or "", **limits)
        return sealed

    def _reach(self, call: Callable[[], dict], late: Late | None) -> dict:
        """What `call` answers, while the token lives; after that, and where it turns out to be dead, `late` goes
        elsewhere, and {}."""
        if late is None:
            return self._patient(call)
        if self.seconds_left() > 0:
            try:
                return self._patient(call)
            except DiscordError as error:
                if not error.gone or error.code == UNKNOWN_MESSAGE:  # the person took the message away: so be it
                    raise
                log.warning("the token is of no use: %s", error, extra={"interaction_id": self._interaction.id})
        self._elsewhere(*late)
        return {}

    def _elsewhere(self, reply: Reply, private: bool, number: int) -> None:
        """In the channel, or where the answer is private or the channel closed to us, by direct message; and says why.
        A nonce each: done twice within minutes, it is there once."""
        interaction, discord = self._interaction, self._tools.discord
        if interaction.guild_id and interaction.channel_id and not private:
            try:
                self._post(interaction.channel_id, reply, number)
                return
            except DiscordError as error:
                if not error.permanent:
                    raise
        self._post(discord.open_dm(interaction.user_id), reply, number)

    def _post(self, channel_id: str, reply: Reply, number: int) -> None:
        interaction, discord = self._interaction, self._tools.discord
        if not self._excused:
            note = Reply(_(LATE, user=interaction.user_id)).message()
            note["allowed_mentions"] = {"parse": [], "users": [interaction.user_id]}
            discord.create_message(channel_id, note, nonce=f"late{interaction.id}")
            self._excused = True
        payload = self._ready("message", reply.message(), reply)
        discord.create_message(channel_id, payload, reply.uploads(), nonce=f"{number}-{interaction.id}")

    def _patient(self, call: Callable[[], Answer]) -> Answer:
        """`call`, again while Discord may not have recorded our acknowledgement yet (404/10015)."""
        pause = 0.25
        while True:
            try:
                return call()
            except DiscordError as error:
                if error.code != UNKNOWN_WEBHOOK or self._tools.now() + pause > self._received_at + RACE_SECONDS:
                    raise
            self._sleep(pause)
            pause *= 2


def messages(answer: Any, handler: Handler | None) -> list[Any]:
    """What `handler` answered (or yielded) as a list: Replies, of which the first may be a Delete. Raises
    DefinitionError for what cannot be shown."""
    found = answer if isinstance(answer, list) else [answer]
    first = found[0] if found else None
    if not isinstance(first, Reply | Delete) or not all(isinstance(each, Reply) for each in found[1:]):
        raise DefinitionError(f"{handler} answered {answer!r}, and not a Reply")
    return found
