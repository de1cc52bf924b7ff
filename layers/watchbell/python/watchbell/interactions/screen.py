"""What the person sees of one deferred interaction: the answer, its progress, what went wrong.

How they are reached is the business of `reach`. Here the messages that stand are made those that were answered,
whatever an earlier try has left.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from ..discord.interaction import COMMAND, PRIVATE, Interaction
from ..discord.reply import COMPONENTS_V2, SUPPRESS_EMBEDS, Delete, Reply
from ..errors import DefinitionError, DiscordError
from ..kit.handler import Handler
from .reach import UNKNOWN_MESSAGE, Late, Reach
from .responses import edits_with

if TYPE_CHECKING:
    from ..adapters.journal import Journal
    from ..tools.toolbox import Tools

log = logging.getLogger(__name__)

PROGRESS_SECONDS = 1.0
"""The least time between two edits that show progress: Discord takes five in two seconds, and the answer is one too."""

TAKEN_AWAY, ANSWERED = "watchbell: taken away", "watchbell: answered"
"""Steps in the journal; no feature calls its own so."""


class Place:
    """Where a message stands: `id` is its own, "" for the answer itself ("@original") and for one that went elsewhere.

    `digest` tells what it says, "" while that is "thinking", or not known; `v2` and `poll`, that it is or has such."""

    __slots__ = ("digest", "id", "poll", "private", "v2")

    def __init__(self, private: bool, *, v2: bool = False) -> None:
        self.private, self.v2 = private, v2
        self.id, self.digest, self.poll = "", "", False

    def takes(self, reply: Reply, private: bool) -> bool:
        """Whether an edit can make it `reply`: not where others see it, not a poll once it says something, and not what
        has no place in a message of Components V2."""
        if self.private != private:
            return False
        if self.digest == _digest(reply.message()):
            return True  # it says so already
        if self.poll:
            return bool(reply.poll) and not self.digest  # the very poll, of an earlier try
        if self.digest and reply.poll:
            return False
        return not self.v2 or reply.is_v2 or not (reply.embeds or reply.files)

    def says(self, payload: dict, reply: Reply) -> None:
        self.digest, self.poll = _digest(payload), bool(reply.poll)
        self.v2 = self.v2 or bool(payload.get("flags", 0) & COMPONENTS_V2)


class Screen:
    """`handler` is None for a feature that is gone; `attempt`, and the `journal` of it, are the claim's."""

    journal: Journal
    attempt = 1

    def __init__(self, interaction: Interaction, tools: Tools, reach: Reach) -> None:
        self._interaction, self._discord, self._reach = interaction, tools.discord, reach
        self._now = tools.now
        self._others: dict[int, Place] = {}  # the messages of their own, by number; the answer itself has none
        self._taken_back: list[tuple[int, bool]] = []  # numbers of such, and whether they were private
        self._unsure = False  # whether a message may be there that we do not know of
        self._handler: Handler | None = None
        self.handler = None

    @property
    def handler(self) -> Handler | None:
        return self._handler

    @handler.setter
    def handler(self, handler: Handler | None) -> None:
        self._handler = handler
        flags = self._interaction.message_flags if self._updates else 0
        private = bool(flags & PRIVATE) if self._updates else handler is not None and handler.private
        self._hidden = private
        """Whether the answer is for nobody else's eyes, wherever it goes."""
        self._original: Place | None = Place(private, v2=bool(flags & COMPONENTS_V2))
        """The answer itself: "thinking", or the message with the button; None once it was taken away."""

    @property
    def _updates(self) -> bool:
        """Whether "@original" is a message that was there before, and stays. So it may be where the handler that would
        tell is gone."""
        if self._handler is None:
            return self._interaction.type != COMMAND
        return self._handler.edits(self._interaction)

    def show(self, answer: Any) -> None:
        """Puts `answer` in the place of "thinking", or of the message with the button. Doing it twice is as once.

        It is a Reply, or a Delete; a list, of which those after the first are Replies that follow as messages of their
        own; or a generator, which yields such answers as its progress, each in the place of the one before, and
        returns the last one, or just ends with it."""
        if isinstance(answer, GeneratorType):
            answer = self._show_progress(answer)
        self._put(messages(answer, self.handler))

    def tell(self, text: str | Reply) -> None:
        """Shows `text`, or a whole reply, to the person who asked and to nobody else, and leaves no "thinking" behind,
        nor progress; only a message with the button stays as it is.

        Whether "thinking" is private was settled when it was acknowledged. Where it is public it is taken away first:
        a follow-up before that would be absorbed into it."""
        reply = Reply(text) if isinstance(text, str) else text
        late = (reply, True, 0, False)
        for number in list(self._others):
            self._take_back(number)
        original = None if self._updates else self._original
        if original and original.takes(reply, private=True) and self._edit(original, reply, late):
            self._sweep()
            return
        if original and not original.digest:
            self._take_away()
        self._say(Place(private=True), reply, late)  # not in the journal, which may be what is away
        if original:
            self._take_away()  # what said something stays until the person has been told
        self._sweep()

    def _show_progress(self, steps: Iterator[Any]) -> Any:
        shown, waiting = float("-inf"), None
        while True:
            try:
                waiting = next(steps)
            except StopIteration as end:
                return waiting if end.value is None else end.value
            except DiscordError as error:
                error.of_feature = True
                raise
            wanted = messages(waiting, self.handler)
            if self._now() - shown >= PROGRESS_SECONDS and self._reach.seconds_left() > 0:
                try:
                    self._put(wanted, elsewhere=False)
                except DiscordError as error:  # the work goes on, and its answer is what counts
                    details = {"interaction_id": self._interaction.id}
                    log.warning("progress is not shown: %s", error, extra=details)
                shown = self._now()

    def _put(self, wanted: list[Any], *, elsewhere: bool = True) -> None:
        """Makes the messages of this interaction these; where the token is dead, `elsewhere`, else DiscordError."""
        for number, reply in enumerate(wanted, 1):
            if not isinstance(reply, Reply):
                self._take_back(1)
                self._take_away()
            elif number == 1 < len(wanted) and elsewhere:
                # Lest it be said once more beside the rest, where that is late.
                with self.journal.step(ANSWERED) as step:
                    if step.new or self._reach.seconds_left() > 0:
                        self._place(number, reply)
            else:
                self._place(number, reply, elsewhere=elsewhere)
        for number in [number for number in self._others if number > len(wanted)]:
            self._take_back(number)
        if elsewhere:
            self._sweep()

    def _place(self, number: int, reply: Reply, *, elsewhere: bool = True) -> None:
        """Makes message `number` this reply: where it stands, or anew where an edit cannot."""
        private = self._hidden or reply.private
        original = self._original if number == 1 else None
        edits = bool(original and self._handler and edits_with(self._handler, reply, self._interaction))
        late = (reply, private, number, edits) if elsewhere else None
        if original:
            if edits or original.takes(reply, private):
                self._take_back(1)
                if self._edit(original, reply, late):
                    return
            elif not self._updates:
                self._take_away()
        there = self._others.get(number)
        if there and there.takes(reply, private) and self._edit(there, reply, late):
            return
        for later in sorted((each for each in self._others if each >= number), reverse=True):
            self._take_back(later)  # what follows is said anew too, so that it still follows
        self._anew(number, reply, private, late)

    def _anew(self, number: int, reply: Reply, private: bool, late: Late | None) -> None:
        """Message `number` as one of its own: that which an earlier try sent, or may have, where there is such."""
        place, said = Place(private), False
        with self.journal.step(self._step(number, private)) as step:
            if not step.new:
                place.id, place.poll, digest = step.value
                if self._reach.seconds_left() <= 0 and digest == _digest(reply.message()):
                    place.digest = digest  # as far as anybody can tell by now
            elif step.unsure and not private:
                self._take_up(place)
            if step.new and not place.id:
                self._say(place, reply, late)
                said = True
            if step.new:
                step.value = [place.id, place.poll, place.digest]
        self._others[number] = place
        if said or (place.poll and late is None):  # a poll that stands is no progress's to take away
            return
        if not self._edit(place, reply, late):  # the earlier try took it back, or made of it what this cannot be
            self._take_back(number)
            self._anew(number, reply, private, late)

    def _step(self, number: int, private: bool) -> str:
        """The journal's name for a message; no feature calls a step of its own so."""
        again = self._taken_back.count((number, private))
        return f"watchbell: message {number}{', private' * private}{f', again {again}' * bool(again)}"

    def _say(self, place: Place, reply: Reply, late: Late | None) -> None:
        payload, say = reply.message(private=place.private), self._discord.follow_up
        sealed = self._reach.ready("followup", payload, reply, self._handler)
        try:
            said = self._reach.by_token(lambda address: say(*address, sealed, reply.uploads()), late)
        except DiscordError as error:
            self._unsure = self._unsure or not 400 <= error.status < 500
            raise
        place.id = str(said.get("id", ""))
        place.says(payload, reply)

    def _take_up(self, place: Place) -> None:
        """Takes `place` for a public message that an earlier try sent without learning of it, where there is one: the
        oldest that we do not know of."""
        for message in self._unknown():
            place.id, place.poll = message["id"], bool(message.get("poll"))
            return

    def _sweep(self) -> None:
        """Takes back the messages that an earlier try, or a call whose answer was lost, has left and that are none of
        ours now."""
        may_be = (self._unsure or self.attempt > 1) and not self._hidden
        if may_be and self._interaction.installed_here and self._reach.seconds_left() > 0:
            for message in self._unknown():
                self._delete(message["id"])

    def _unknown(self) -> list[dict]:
        """The public follow-ups of this interaction that we do not know of, oldest first; none where we cannot read the
        channel."""
        interaction, known = self._interaction, [place.id for place in self._others.values()]
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

    def _take_back(self, number: int) -> None:
        place = self._others.pop(number, None)
        if place is None:
            return
        self._taken_back.append((number, place.private))
        if place.id:
            self._delete(place.id)

    def _delete(self, id: str) -> None:
        self._reach.unless_gone(lambda address: self._discord.delete_follow_up(*address, id))

    def _take_away(self) -> None:
        """Deletes "thinking", or the message with the button; the journal tells the next try."""
        if self._original is None:
            return
        try:
            self.journal.step(TAKEN_AWAY)
        except Exception:  # whatever is wrong with the table, it must not keep a person from being told
            log.warning("not noted that the answer was taken away", exc_info=True)
        if self._reach.seconds_left() > 0:
            self._reach.unless_gone(lambda address: self._discord.delete_original(*address))
        self._original = None

    def _edit(self, place: Place, reply: Reply, late: Late | None) -> bool:
        """Whether that is done; not where the message is gone, or cannot become this. Where the person took the answer
        itself away they want no other, which is DiscordError."""
        payload, files, discord = reply.edit(v2=place.v2), reply.uploads(), self._discord
        original = place is self._original
        says_so = (place.digest == _digest(payload) and not files) or (place.poll and reply.poll)
        if says_so or not (original or place.id):
            return True  # or went elsewhere
        sealed = self._reach.ready("edit", payload, reply, self._handler, edits=original and self._updates)
        try:
            if original:
                self._reach.by_token(lambda address: discord.edit_original(*address, sealed, files), late)
            else:
                self._reach.by_token(lambda address: discord.edit_follow_up(*address, place.id, sealed, files), late)
        except DiscordError as error:
            if original and (self._updates or not self._gives_way(error)):
                raise
            if not original and error.code != UNKNOWN_MESSAGE and error.status != 400:
                raise
            return False
        place.says(payload, reply)
        return True

    def _gives_way(self, error: DiscordError) -> bool:
        """Whether the answer can be a message of its own, though "thinking" cannot become it: an earlier try took that
        away, or made something of it that no edit turns into this."""
        if error.code == UNKNOWN_MESSAGE:
            step = self.journal.step(TAKEN_AWAY)
            self._original = None
            return not step.new or step.unsure
        if error.status == 400:
            self._take_away()
        return error.status == 400


def _digest(payload: dict) -> str:
    """Tells messages apart by what they say, whatever the seals in them, and whether said or edited."""
    kept = {key: value for key, value in payload.items() if value and key != "flags"}
    kept["flags"] = payload.get("flags", 0) & SUPPRESS_EMBEDS
    return hashlib.sha256(json.dumps(kept, sort_keys=True, default=str).encode()).hexdigest()[:16]


def messages(answer: Any, handler: Handler | None) -> list[Any]:
    """What `handler` answered (or yielded) as a list: Replies, of which the first may be a Delete. Raises
    DefinitionError for what cannot be shown."""
    found = answer if isinstance(answer, list) else [answer]
    first = found[0] if found else None
    if not isinstance(first, Reply | Delete) or not all(isinstance(each, Reply) for each in found[1:]):
        raise DefinitionError(f"{handler} answered {answer!r}, and not a Reply")
    return found
