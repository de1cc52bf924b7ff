"""Shows a person the answer to one deferred interaction, its progress, or what went wrong.

`messages` decides what to do; here it is done. `reach` knows how to reach the person.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from ..discord.interaction import COMMAND, PRIVATE, Interaction
from ..discord.reply import COMPONENTS_V2, Reply
from ..errors import DiscordError, Retry, Unavailable
from .messages import (
    ANSWER,
    ELSEWHERE,
    NOTICE,
    ORIGINAL,
    THINKING,
    UNKNOWN,
    Begin,
    Edit,
    Message,
    Place,
    RecordAnswer,
    Remove,
    Send,
    Standing,
    Sweep,
    plan,
    replies,
)
from .reach import UNKNOWN_MESSAGE, Reach
from .responses import can_be_busy, components_of, deferral, edits_with

if TYPE_CHECKING:
    from ..adapters.journal import Journal, Step
    from ..kit.handler import Handler
    from ..tools.toolbox import Tools

log = logging.getLogger(__name__)

PROGRESS_SECONDS = 1.0
"""The least time between two edits that show progress. Discord takes five calls in two seconds."""

LOADING = 1 << 7
"""Discord: the flag of a message that still says "thinking"."""

TAKEN_AWAY, ANSWERED = "watchbell: taken away", "watchbell: answered"
"""Steps in the journal. No feature gives its own steps such a name."""


class Screen:
    """The messages of one interaction. Before a try begins, the screen can only tell."""

    def __init__(self, interaction: Interaction, tools: Tools, reach: Reach) -> None:
        self._interaction, self._discord, self._now = interaction, tools.discord, tools.now
        self._reach = reach
        self.answered = False
        """Whether the answer was shown, though perhaps not the messages that follow it."""
        self.begin(None, None, 1)

    def begin(self, handler: Handler | None, journal: Journal | None, attempt: int) -> None:
        """Begin a try. If `attempt` is not 1, earlier tries may have left messages.

        `handler` is None if the feature is gone or could not be loaded. `journal` belongs to the claim."""
        interaction = self._interaction
        self._handler, self._journal = handler, journal
        # Without a handler, assume that a button or a form has left the message where it is.
        stays = handler.edits(interaction) if handler else interaction.type != COMMAND
        flags = interaction.message_flags if stays else 0
        self._private = bool(flags & PRIVATE) if stays else handler is not None and handler.is_private(interaction)
        says, v2 = UNKNOWN if stays else THINKING, bool(flags & COMPONENTS_V2)
        # What the acknowledgement disabled. An older deployment may have done so for a handler that is gone.
        busy = stays and (deferral(handler, interaction)["type"] == 7 if handler else can_be_busy(interaction.message))
        self._busy: list[dict] = interaction.message["components"] if busy else []
        original = Place(ANSWER, ORIGINAL, self._private, says, v2)
        self._standing = Standing(original, stays, unsure=attempt > 1 and not self._private)
        self._retried = attempt > 1

    @property
    def reach(self) -> Reach:
        return self._reach

    @property
    def may_think_later(self) -> bool:
        """Whether "thinking" may still appear, though the messages went elsewhere."""
        return self._reach.unknown and not self._standing.stays

    def may_be_answered(self) -> bool:
        """Whether an earlier try may have shown the answer, which a notice would replace. Asks Discord."""
        if self._standing.stays or self._reach.late:
            return False
        try:
            original = self._reach.by_token(lambda address: self._discord.original(*address), None)
        except (DiscordError, Retry):
            return False
        return not original.get("flags", LOADING) & LOADING

    def show(self, answer: Any) -> None:
        """Shows `answer` in place of "thinking", or of the message with the button. Showing it again changes nothing.

        `answer` is a Reply or a Delete. It can be a list: Replies after the first become messages of their own. It can
        be a generator: what it yields is shown as progress, and what it returns, or else yields last, is the answer."""
        if isinstance(answer, GeneratorType):
            answer = self._show_progress(answer)
        wanted = self._wanted(replies(answer, self._handler))
        if self._retried and self._private and not all(message.private for message in wanted):
            self._standing = replace(self._standing, unsure=True)  # an earlier try may have sent such a message too
        first_of_several = len(wanted) > 1 and wanted[0].number == ANSWER
        if first_of_several and self._reach.late and not self._step(ANSWERED).new:
            self._standing = RecordAnswer().done(self._standing)  # Do not send it again because the rest is late.
        self._perform(wanted)

    def tell(self, text: str | Reply, *, now: bool = False) -> None:
        """Shows `text`, or a whole reply, to the person who asked and to nobody else. Removes "thinking" and progress;
        a message with a button stays as it is.

        `now`: if Discord does not know the token yet, do not raise Retry, because the next try would run the feature
        again. The person is told elsewhere."""
        if now:
            self._reach.put_back = None
        reply = Reply(text) if isinstance(text, str) else text
        self._perform([Message(NOTICE, reply, private=True)])

    def _show_progress(self, steps: Iterator[Any]) -> Any:
        shown, waiting, left_out = float("-inf"), None, False
        while True:
            try:
                waiting = next(steps)
            except StopIteration as end:
                return waiting if end.value is None else end.value
            except (DiscordError, Retry) as error:
                if isinstance(error, DiscordError):
                    error.of_feature = True
                if left_out and not getattr(error, "permanent", False):  # It is what people read in the meantime.
                    self._show_step(waiting)
                raise
            left_out = self._now() - shown < PROGRESS_SECONDS
            if not left_out:
                self._show_step(waiting)
                shown = self._now()

    def _show_step(self, step: Any) -> None:
        """Show one step of the progress. A failure is only logged: the answer is what counts, so the work goes on."""
        found = replies(step, self._handler)
        if self._reach.late:
            return
        try:
            self._perform(self._wanted(found), progress=True)
        except (DiscordError, Retry) as error:
            log.warning("progress is not shown: %s", error, extra={"interaction_id": self._interaction.id})

    def _wanted(self, found: list[Any]) -> list[Message]:
        wanted = []
        for number, reply in enumerate(found, ANSWER):
            if isinstance(reply, Reply):  # The first can be a Delete, and then no message has its number.
                first = number == ANSWER and self._standing.original
                updates = bool(first and self._handler and edits_with(self._handler, reply, self._interaction))
                private = self._private if updates or reply.private is None else reply.private
                wanted.append(Message(number, reply, private, updates))
        return wanted

    def _enable(self) -> None:
        """Enable the buttons that the acknowledgement disabled, unless somebody else has changed them since.

        A failure is only logged, because the person must still be told.
        """
        before, self._busy = self._busy, []
        if not before or self._reach.late:
            return
        try:
            now = self._reach.by_token(lambda address: self._discord.original(*address), None)
            if now.get("components") and not can_be_busy(now):
                edit = components_of(now, before)
                self._reach.by_token(lambda address: self._discord.edit_original(*address, edit), None)
        except (DiscordError, Retry) as error:
            details = {"interaction_id": self._interaction.id}
            log.warning("the buttons of a message stay disabled: %s", error, extra=details)

    def _perform(self, wanted: list[Message], *, progress: bool = False) -> None:
        """Makes `wanted` stand. Progress is not sent elsewhere: if the token is dead, it raises DiscordError."""
        if self._busy and wanted and not any(message.updates for message in wanted):
            self._enable()
        while effect := plan(self._standing, wanted, progress=progress):
            match effect:
                case Edit():
                    self._edit(effect, None if progress else effect.message)
                case Remove():
                    self._remove(effect)
                case Begin():
                    self._begin(effect)
                case Send():
                    self._send(effect, None if progress else effect.message)
                case RecordAnswer():
                    self._record(self._step(ANSWERED))
                    self._standing = effect.done(self._standing)
                case Sweep():
                    self._sweep()
                    self._standing = effect.done(self._standing)
            self.answered |= not progress and self._shows_answer(wanted)

    def _shows_answer(self, wanted: list[Message]) -> bool:
        places = [place for place in (self._standing.original, *self._standing.others) if place]
        return any(message.number == ANSWER and place.shows(message) for message in wanted for place in places)

    def _edit(self, effect: Edit, late: Message | None) -> None:
        place, reply, discord = effect.place, effect.message.reply, self._discord
        original, stays = place.id == ORIGINAL, self._standing.stays
        payload, files = reply.edit(v2=place.v2), reply.uploads()
        sealed = self._reach.ready("edit", payload, reply, self._handler, edits=original and stays)
        try:
            if original:
                self._reach.by_token(lambda address: discord.edit_original(*address, sealed, files), late)
            else:
                self._reach.by_token(lambda address: discord.edit_follow_up(*address, place.id, sealed, files), late)
        except DiscordError as error:
            if _is_lost(error):
                self._standing = effect.lost(self._standing)
            gone = error.code == UNKNOWN_MESSAGE
            if (original and stays) or not (gone or (error.refused and error.status == 400)):
                raise
            if not (original and gone):
                self._standing = effect.refused(self._standing)
                return
            self._standing = effect.gone(self._standing)
            step = self._step(TAKEN_AWAY)
            if step.new and not step.unsure:  # We did not delete it, so the person did, and wants no answer.
                raise
        else:
            self._standing = effect.done(self._standing)

    def _remove(self, effect: Remove) -> None:
        id = effect.place.id
        try:
            if id == ORIGINAL:
                self._record_removal()
                self._reach.unless_gone(lambda address: self._discord.delete_original(*address))
            elif id != ELSEWHERE:
                self._delete(id)
        except DiscordError:
            self._standing = effect.failed(self._standing)
            raise
        self._standing = effect.done(self._standing)

    def _record_removal(self) -> None:
        """Lets the next try know that we deleted the original, and not the person."""
        if self._journal:
            try:
                self._step(TAKEN_AWAY)
            except Exception:  # Whatever is wrong with the table, the person must still be told.
                log.warning("could not record that the original was deleted", exc_info=True)

    def _begin(self, effect: Begin) -> None:
        step = self._step(effect.step)
        if not step.new:
            id, poll, digest = step.value
            # Progress may have edited it since, so its digest only counts when it is too late for another edit.
            known = self._reach.late and digest == effect.message.digest
            self._standing = effect.found(self._standing, id, poll=poll, says=digest if known else UNKNOWN)
            return
        if step.unsure and not effect.message.private:
            for message in self._unknown()[:1]:
                id, poll = message["id"], bool(message.get("poll"))
                self._record(step, [id, poll, UNKNOWN])
                self._standing = effect.found(self._standing, id, poll=poll)
                return
        self._standing = effect.nothing(self._standing)

    def _send(self, effect: Send, late: Message | None) -> None:
        message = effect.message
        if not effect.step:
            self._standing = effect.sent(self._standing, self._follow_up(effect, late))
            return
        step = self._step(effect.step)
        id = self._follow_up(effect, late)
        self._standing = effect.sent(self._standing, id)
        self._record(step, [id, message.poll, message.digest])

    def _follow_up(self, effect: Send, late: Message | None) -> str:
        """Sends the message. Returns its id, or ELSEWHERE."""
        message, follow_up = effect.message, self._discord.follow_up
        payload, files = message.reply.message(private=message.private), message.reply.uploads()
        sealed = self._reach.ready("followup", payload, message.reply, self._handler)
        try:
            sent = self._reach.by_token(lambda address: follow_up(*address, sealed, files), late)
        except DiscordError as error:
            if _is_lost(error):
                self._standing = effect.lost(self._standing)
            raise
        return str(sent.get("id", ELSEWHERE))

    def _sweep(self) -> None:
        if self._interaction.installed_here and not self._reach.late:
            for message in self._unknown():
                self._delete(message["id"])

    def _unknown(self) -> list[dict]:
        """The public follow-ups of this interaction that we do not know of, oldest first; none if we cannot read the
        channel."""
        interaction, known = self._interaction, {place.id for place in self._standing.others}
        try:
            recent = self._discord.recent_messages(interaction.channel_id)
        except DiscordError as error:
            log.warning("cannot look for what may have been said: %s", error, extra={"interaction_id": interaction.id})
            return []
        about = [(message, message.get("interaction_metadata") or {}) for message in reversed(recent)]
        return [
            message
            for message, of in about
            if of.get("id") == interaction.id and "original_response_message_id" in of and message["id"] not in known
        ]

    def _delete(self, id: str) -> None:
        self._reach.unless_gone(lambda address: self._discord.delete_follow_up(*address, id))

    def _record(self, step: Step, value: Any = None) -> None:
        """Record that `step` is done. If the table fails, that is only logged: the person has the message, and the next
        try would look for it."""
        try:
            with step:
                step.value = value
        except Unavailable as error:
            log.warning("could not record a message: %s", error, extra={"interaction_id": self._interaction.id})

    def _step(self, name: str) -> Step:
        assert self._journal is not None
        return self._journal.step(name)


def _is_lost(error: DiscordError) -> bool:
    """Whether Discord may have done what was asked, though its answer did not arrive."""
    return not error.refused
