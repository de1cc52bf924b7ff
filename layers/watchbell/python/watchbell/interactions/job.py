"""Long jobs: a handler that yields runs in slices. Each slice is a message of the work queue.

Each slice runs the handler from the start, which finds the steps of its journal done and goes on after them. Each
`yield` is a checkpoint: there a job is cancelled, shows its progress, and ends its slice when the time is over. The
interaction holds its lock and is not done until the job is over, so nobody can start the same job meanwhile.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Generator, Iterator
from copy import copy
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..discord.reply import Reply
from ..errors import DefinitionError, DiscordError, Paced, Retry, UserError
from ..i18n import N_, _
from ..kit.flow import CANCELLED, FLOWS
from .flow import OURS, Flow

if TYPE_CHECKING:
    from ..adapters.batch import Delivery
    from ..discord.interaction import Interaction
    from ..kit.handler import Handler
    from ..tools.toolbox import Desk
    from .call import Call
    from .reach import Reach

log = logging.getLogger(__name__)

SLICE_SECONDS = 15.0
"""The first checkpoint after so long ends the slice. With a checkpoint every 5 seconds, a slice takes at most 20."""

SPARE_SECONDS = 10.0
"""A slice also ends if the function has less time left, for example because a bug made it begin a second time."""

MOST_SLICES, MOST_SECONDS = 200, 6 * 60 * 60
"""A job ends after so many slices, or so long after it was started. It may have waited for other jobs meanwhile."""

TURN_SECONDS, TURN_WAIT = 40.0, 6.0
"""How long a turn is held: longer than the function can run (30 s). When to ask again for one."""

PROGRESS_SECONDS = 3.0
"""The least time between two edits that show progress."""

MOVE_SECONDS = 120.0
"""If the token has less time left, the progress moves to a message of the bot itself, which it can edit for ever."""

SLICE = f"{OURS}slice"
"""The step with the interaction that runs the job, and the number of its latest slice."""

BUSY = N_("This is being done already. You can start it again when it is finished.")
BUSY_THERE = N_("This is being done already: {link}")
WAITING = N_("Other long work comes first. This begins in a moment.")
GOES_ON = N_("This goes on here: {link}")
STOPPED = N_("{person} has cancelled this. What was done stays done.")
TOO_LONG = N_("This took too long, so it was stopped. What was done stays done. Start it again to go on.")

Steps = Generator[Any, None, Any]


class SliceOver(Exception):
    """The time of a slice is over, and the job is not."""


class NextSlice(Retry):
    """The job goes on in another message of the queue: with slice `number`, in `wait` seconds."""

    ended = "goes_on"
    """How this slice ended, for the log and the audit."""

    def __init__(self, number: int, wait: float = 0.0) -> None:
        super().__init__(f"the job goes on with slice {number}", wait)
        self.number = number


class Overtaken(Retry):
    """A later slice of the job has begun, so this message is not needed: SQS delivered it a second time."""


class Job:
    """One slice of a job, for a `with` block inside its lock. It has a turn, so that jobs never hold all workers.

    Raises Overtaken, or UserError if the job has taken too long.
    """

    def __init__(self, call: Call, desk: Desk, reach: Reach, delivery: Delivery) -> None:
        self._call, self._interaction, self._desk = call, call.interaction, desk
        self._reach, self._delivery = reach, delivery
        self._number = delivery.message.get("slice", 0)
        self._shown = float("-inf")

    def __enter__(self) -> Job:
        self._flow: Flow = self._desk.journal
        place = self._flow.value(_place(self._interaction.id))
        self._reach.place = (place[0], place[1]) if place else None
        self._begin()
        self._turn = self._take_turn()
        ends = self._desk.now() + SLICE_SECONDS
        self._desk.seconds_left = lambda: min(ends - self._desk.now(), self._delivery.seconds_left() - SPARE_SECONDS)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._turn:
            self._turn.release()

    def run(self, steps: Steps) -> Steps:
        """Run `steps`, what the handler returned, until this slice is over. Yield the progress to show by token.

        Returns the answer if the job is finished or cancelled. Raises NextSlice if it is not.
        """
        if not self._turn and not cancelled(self._desk, self._interaction):
            if not self._number:
                yield with_cancel(Reply(_(WAITING)), self._call)
            raise NextSlice(self._number, TURN_WAIT)
        checkpoints = run(steps, self._call, self._desk, lambda: self._desk.seconds_left() <= 0)
        while True:
            try:
                reply = next(checkpoints)
            except StopIteration as end:
                return end.value
            except SliceOver:
                if self._number and not self._flow.progressed:  # In the first one, Discord may have been slow.
                    raise DefinitionError(
                        f"{self._call.handler}: a slice was over before a step of the journal was done, so the next "
                        "would do the same again; do the work in short steps, and yield after each"
                    ) from None
                raise NextSlice(self._number + 1) from None
            except Paced as error:
                raise NextSlice(self._number + 1, error.wait or 1.0) from None
            if self._desk.now() - self._shown >= PROGRESS_SECONDS:
                yield from self._show(reply)
                self._shown = self._desk.now()

    def _begin(self) -> None:
        id, begun = self._flow.value(SLICE) or ("", 0)
        mine = id == self._interaction.id
        if mine and self._number < begun:
            raise Overtaken(f"slice {begun} of the job has begun")
        age = self._desk.now() - self._delivery.message["received_at"]
        if self._number >= MOST_SLICES or age > MOST_SECONDS:
            log.warning("a job took too long: %s", self._call.handler, extra={"interaction_id": self._interaction.id})
            raise UserError(_(TOO_LONG))
        if not mine or self._number > begun:
            self._flow.keep(SLICE, {"done": True, "value": [self._interaction.id, self._number]})

    def _take_turn(self) -> Any:
        for number in range(int(self._desk.settings.get("JOBS_AT_ONCE", "1"))):
            turn = self._desk.locks.take(f"{OURS}job {number}", self._interaction.id, TURN_SECONDS)
            if turn:
                return turn
        return None

    def _show(self, reply: Reply) -> Iterator[Reply]:
        """Show progress by token, or in the message that has taken the place of the answer. A failure is only logged.

        Discord may be unwell, and the work goes on."""
        reach = self._reach
        try:
            if reach.place:
                reach.edit_place(reply)
            elif not reach.late and reach.seconds_left() >= MOVE_SECONDS:
                yield reply
            elif self._move(reply):
                yield Reply(_(GOES_ON, link=_link(self._interaction, *self._flow.value(_place(self._interaction.id)))))
        except DiscordError as error:
            log.warning("progress is not shown: %s", error, extra={"interaction_id": self._interaction.id})

    def _move(self, reply: Reply) -> bool:
        """Send `reply` as a message of the bot itself. Return whether there is one now. It is sent only once."""
        with self._flow.step(_place(self._interaction.id)) as step:
            if not step.new:
                return False
            step.value = self._post(reply, step.unsure)
        self._reach.place = (step.value[0], step.value[1]) if step.value else None
        return self._reach.place is not None

    def _post(self, reply: Reply, unsure: bool) -> list[Any] | None:
        """Return the ids of the channel and of the message, and whether the message is in the channel that was used.

        None if the channel and direct messages are closed to the bot. `unsure`: an earlier try may have sent it.
        """
        interaction, discord = self._interaction, self._desk.discord
        private = self._call.handler.is_private(interaction) or bool(reply.private)
        reply = copy(reply)
        reply.private = None
        here = [] if private or not interaction.guild_id else [interaction.channel_id]
        for channel in (*here, ""):
            try:
                to = channel or discord.open_dm(interaction.user_id)
                id = self._sent(to) if unsure else ""
                nonce = f"job {interaction.id}"
                whose = str(self._call.handler)
                id = id or discord.send(to, reply, nonce=nonce, interaction=interaction, whose=whose).get("id", "")
                id = id or self._sent(to)
            except DiscordError as error:
                if not error.permanent:
                    raise
                log.warning("the progress cannot be posted: %s", error, extra={"interaction_id": interaction.id})
            else:
                return [to, id, bool(channel)] if id else None
        return None

    def _sent(self, channel: str) -> str:
        """Return the id of the message in that channel with the button that cancels this job, "" if there is none."""
        try:
            recent = self._desk.discord.recent_messages(channel)
        except DiscordError:
            return ""
        wanted = self._interaction.id
        return next((each["id"] for each in recent if wanted in json.dumps(each.get("components"))), "")


def run(steps: Steps, call: Call, desk: Desk, over: Callable[[], bool]) -> Steps:
    """Run `steps`, what a job's handler returned, and yield its progress with a button that cancels it.

    Return its answer, or that it was cancelled. Raises SliceOver at a checkpoint if `over` says so. What an earlier
    slice has shown is left out.
    """
    flow, last = desk.journal, None
    while True:
        if not (last and flow.repeats) and (by := cancelled(desk, call.interaction)):
            steps.close()
            flow.end()
            return Reply(_(STOPPED, person=f"<@{by}>"))
        try:
            last = next(steps)
        except StopIteration as end:
            flow.end()
            return last if end.value is None else end.value
        if not isinstance(last, Reply):
            raise DefinitionError(f"{call.handler} yielded {last!r}; a job yields Replies")
        if not flow.repeats:
            yield with_cancel(last, call)
        if over():
            steps.close()
            raise SliceOver


def has_begun(flow: Flow, interaction: Interaction) -> bool:
    """Return whether a slice of the job of `interaction` has begun."""
    return bool((flow.value(SLICE) or ("",))[0] == interaction.id)


def cancelled(desk: Desk, interaction: Interaction) -> str:
    """Return the id of the person who has cancelled the job of `interaction`, or ""."""
    item = desk.data(CANCELLED).get(interaction.id)
    return str(item["by"]) if item else ""


def with_cancel(reply: Reply, call: Call) -> Reply:
    """Return `reply` with a button that cancels the job."""
    from ..discord.components import Row  # 5 ms of a cold start, which a worker without a job does without

    reply, interaction = copy(reply), call.interaction
    button = call.handler.cancel.button(_("Cancel"), job=interaction.id, by=interaction.user_id)
    reply.components = [*reply.components, Row(button)]
    return reply


def busy(handler: Handler, interaction: Interaction, desk: Desk, name: str) -> str:
    """Return the text for a person who starts the job called `name` while it runs."""
    steps = (desk.data(FLOWS).get(name) or {}).get("steps") or {}
    id, _number = (steps.get(SLICE) or {}).get("value") or ("", 0)
    place = (steps.get(_place(id)) or {}).get("value")
    if place and place[2] and not handler.is_private(interaction):
        return _(BUSY_THERE, link=_link(interaction, *place))
    return _(BUSY)


def _place(id: str) -> str:
    """The step with the message that has taken the place of the answer of the interaction with this id."""
    return f"{OURS}message of {id}"


def _link(interaction: Interaction, channel: str, message: str, in_server: bool) -> str:
    return f"https://discord.com/channels/{interaction.guild_id if in_server else '@me'}/{channel}/{message}"
