"""Decides which messages to edit, send and remove, so that those that stand are those that are wanted.

`plan` compares the two and returns the next effect. An effect has a method for each way it can end, which returns
what stands afterwards. Nothing here does I/O or reads a clock: `screen` performs the effects.

    while effect := plan(standing, wanted):
        standing = effect.done(standing)  # or .refused(standing), .lost(standing), …
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..discord.reply import SUPPRESS_EMBEDS, Delete, Reply
from ..errors import DefinitionError

if TYPE_CHECKING:
    from ..kit.handler import Handler

NOTICE, ANSWER = 0, 1
"""Numbers of messages: what went wrong, and the answer. The messages that follow the answer count on from it."""

ORIGINAL, ELSEWHERE = "@original", ""
"""Ids of places: the interaction's own response, and a message outside of the interaction that cannot be changed."""

THINKING, UNKNOWN = "thinking", ""
"""What a place can say besides a digest: nothing yet, and something that we do not know."""


@dataclass(frozen=True)
class Message:
    """A message that is wanted. `private`: only the person who asked may see it. `updates`: it is an edit of the
    message with the button."""

    number: int
    reply: Reply
    private: bool
    updates: bool = False

    @cached_property
    def digest(self) -> str:
        """Tells messages apart by what they say. It is the same for a new message and for an edit."""
        payload = self.reply.message()
        said = {key: value for key, value in payload.items() if value and key != "flags"}
        said["flags"] = payload.get("flags", 0) & SUPPRESS_EMBEDS
        digest = hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode())
        for file in self.reply.uploads():
            digest.update(hashlib.sha256(file.content).digest())
        return digest.hexdigest()[:16]

    @property
    def poll(self) -> bool:
        return self.reply.poll is not None

    @cached_property
    def v2(self) -> bool:
        return self.reply.is_v2


@dataclass(frozen=True)
class Place:
    """A message that stands. `says` is its message's digest, THINKING or UNKNOWN. `fixed`: Discord refused to edit it.

    `v2` and `poll`: it is a message of Components V2, it has a poll."""

    number: int
    id: str
    private: bool
    says: str = UNKNOWN
    v2: bool = False
    poll: bool = False
    fixed: bool = False

    def shows(self, message: Message, progress: bool = False) -> bool:
        """Whether nothing needs to be done for `message`."""
        if self.private != message.private:
            return False
        if self.id == ELSEWHERE or self.says == message.digest:
            return True
        # An earlier try sent this poll as its answer. It cannot be edited, and progress must not remove it.
        return self.poll and self.says == UNKNOWN and (message.poll or progress)

    def takes(self, message: Message) -> bool:
        """Whether an edit may turn this into `message`. An edit cannot change who sees a message."""
        if self.private != message.private or self.fixed:
            return False
        if message.updates and self.id == ORIGINAL:
            return True
        if self.poll or (message.poll and self.says != THINKING):
            return False
        return not self.v2 or message.v2 or not (message.reply.embeds or message.reply.files)

    def doubted(self) -> Place:
        """The same place if we no longer know what it says. "thinking" still counts as being there, because it would
        absorb the next message."""
        return self if self.says == THINKING else replace(self, says=UNKNOWN)


@dataclass(frozen=True)
class Standing:
    """What stands of one interaction, as far as we know.

    `original` is "thinking", or the message with the button; None after it was removed. `stays`: it is the message with
    the button, which is removed only on request. `others` are the messages after it, by number. `removed` lists the
    number and privacy of each that was removed. `begun` are the journal's steps of messages that are not yet there.
    `answered`: the journal knows that the answer was shown. `unsure`: there may be messages that we do not know of.
    """

    original: Place | None
    stays: bool = False
    others: tuple[Place, ...] = ()
    removed: tuple[tuple[int, bool], ...] = ()
    begun: frozenset[str] = frozenset()
    answered: bool = False
    unsure: bool = False

    def other(self, number: int) -> Place | None:
        return next((place for place in self.others if place.number == number), None)

    def step(self, message: Message) -> str:
        """The journal's name for sending `message`; no feature gives its own steps such a name.

        The notice has none: the journal may be what went wrong."""
        if message.number == NOTICE:
            return ""
        again = self.removed.count((message.number, message.private))
        return f"watchbell: message {message.number}{', private' * message.private}{f', again {again}' * bool(again)}"

    def with_place(self, place: Place) -> Standing:
        if place.id == ORIGINAL:
            return replace(self, original=place)
        others = [other for other in self.others if other.number != place.number]
        return replace(self, others=tuple(sorted([*others, place], key=lambda each: each.number)))

    def without(self, place: Place) -> Standing:
        if place.id == ORIGINAL:
            return replace(self, original=None)
        others = tuple(other for other in self.others if other.number != place.number)
        return replace(self, others=others, removed=(*self.removed, (place.number, place.private)))


@dataclass(frozen=True)
class Edit:
    """Turn the message at `place` into `message`."""

    place: Place
    message: Message

    def done(self, standing: Standing) -> Standing:
        message, v2 = self.message, self.place.v2 or self.message.v2
        return standing.with_place(replace(self.place, says=message.digest, poll=message.poll, v2=v2))

    def lost(self, standing: Standing) -> Standing:
        """Discord's answer did not arrive, so the edit may have been made."""
        return standing.with_place(replace(self.place.doubted(), v2=self.place.v2 or self.message.v2))

    def refused(self, standing: Standing) -> Standing:
        """Discord will never make this edit."""
        return standing.with_place(replace(self.place, fixed=True))

    def gone(self, standing: Standing) -> Standing:
        """There is no such message any more."""
        return standing.without(self.place)


@dataclass(frozen=True)
class Remove:
    """Delete the message at `place`, if it is still there."""

    place: Place

    def done(self, standing: Standing) -> Standing:
        return standing.without(self.place)

    def failed(self, standing: Standing) -> Standing:
        """The message may still be there. Leave it to the sweep, so that it does not block what comes next."""
        if self.place.id == ORIGINAL:
            return standing.with_place(self.place.doubted())
        return replace(standing.without(self.place), unsure=standing.unsure or not self.place.private)


@dataclass(frozen=True)
class Begin:
    """Record in the journal that `message` is about to be sent, and find what an earlier try made of it."""

    message: Message
    step: str

    def found(self, standing: Standing, id: str, *, poll: bool = False, says: str = UNKNOWN) -> Standing:
        place = Place(self.message.number, id, self.message.private, says, poll=poll)
        ids = {other.number: int(other.id) for other in standing.others if other.id != ELSEWHERE}
        if id == ELSEWHERE:
            return standing.with_place(place)
        if int(id) in ids.values():  # It was taken for another message, so this one is sent under a new step.
            return standing.without(place)
        # Ids grow with time. If it stands above a message that it should follow, no edit can move it.
        above = any(int(id) < other for number, other in ids.items() if number < place.number)
        return standing.with_place(replace(place, fixed=above))

    def nothing(self, standing: Standing) -> Standing:
        return replace(standing, begun=standing.begun | {self.step})


@dataclass(frozen=True)
class Send:
    """Send `message` after all the others. `step` is where the journal keeps its id, "" if nowhere."""

    message: Message
    step: str

    def sent(self, standing: Standing, id: str) -> Standing:
        message = self.message
        place = Place(message.number, id, message.private, message.digest, message.v2, message.poll)
        return standing.with_place(place)

    def lost(self, standing: Standing) -> Standing:
        """Discord's answer did not arrive, so the message may be there: look for it before sending it again."""
        unsure = standing.unsure or not self.message.private
        return replace(standing, begun=standing.begun - {self.step}, unsure=unsure)


@dataclass(frozen=True)
class RecordAnswer:
    """Record in the journal that the answer was shown, before other messages follow it."""

    def done(self, standing: Standing) -> Standing:
        return replace(standing, answered=True)


@dataclass(frozen=True)
class Sweep:
    """Delete the messages that we did not know of."""

    def done(self, standing: Standing) -> Standing:
        return replace(standing, unsure=False)


Effect = Edit | Remove | Begin | Send | RecordAnswer | Sweep


def plan(standing: Standing, wanted: Sequence[Message], *, progress: bool = False) -> Effect | None:
    """The next thing to do so that `wanted` stands, None once it does.

    `wanted` is a notice, or the answer and the messages that follow it. If it has neither a notice nor an answer, the
    original is deleted, even if it is the message with the button. `progress`: other messages will soon replace these.
    """
    original = standing.original
    answer = wanted[0] if wanted and wanted[0].number <= ANSWER else None
    notice = answer is not None and answer.number == NOTICE
    reused = _can_hold(original, answer, progress) and not (notice and standing.stays)
    unwanted = None if reused or (answer and standing.stays) else original
    # "thinking" would absorb what is sent before it is removed. What says something stays until the person is told.
    if unwanted and (unwanted.says == THINKING or not notice):
        return Remove(unwanted)
    for message in wanted:
        if message.number == ANSWER and standing.answered:
            continue
        place = original if reused and message is answer else standing.other(message.number)
        effect = _put(message, place, standing, progress)
        if effect:
            return effect
        if message.number == ANSWER and len(wanted) > 1 and not progress:
            return RecordAnswer()
    kept = {message.number for message in wanted if not (reused and message is answer)}
    for other in reversed(standing.others):
        if other.number not in kept:
            return Remove(other)
    if unwanted:
        return Remove(unwanted)
    return Sweep() if standing.unsure and not progress else None


def _can_hold(place: Place | None, message: Message | None, progress: bool) -> bool:
    return bool(place and message and (place.shows(message, progress) or place.takes(message)))


def _put(message: Message, place: Place | None, standing: Standing, progress: bool) -> Effect | None:
    """The next thing to do so that `message` stands at `place`, or in a new message if that cannot be."""
    if place and place.shows(message, progress):
        return None
    if place and place.takes(message):
        return Edit(place, message)
    after = [other for other in standing.others if other.number >= message.number]
    if after:  # They are sent again after this one, so that they still follow it.
        return Remove(after[-1])
    step = standing.step(message)
    return Begin(message, step) if step and step not in standing.begun else Send(message, step)


def replies(answer: Any, handler: Handler | None) -> list[Any]:
    """What `handler` answered or yielded, as a list of Replies; the first can be a Delete. Raises DefinitionError if
    it cannot be shown."""
    found = answer if isinstance(answer, list) else [answer]
    first = found[0] if found else None
    if not isinstance(first, Reply | Delete) or not all(isinstance(each, Reply) for each in found[1:]):
        raise DefinitionError(f"{handler} answered {answer!r}, and not a Reply")
    return found
