"""Long jobs: slices that continue one journal, one at a time, that people can follow and cancel, whatever is killed."""

from __future__ import annotations

import json
from collections import deque
from itertools import pairwise

import pytest

from tests import recorded
from tests.discord_side import SIGNING_KEYS
from watchbell.adapters.batch import Delivery, wait_after
from watchbell.adapters.discord import DiscordClient
from watchbell.adapters.records import Records
from watchbell.discord import custom_id
from watchbell.discord.interaction import TOKEN_SECONDS, Interaction
from watchbell.discord.seals import Seals
from watchbell.doors import worker
from watchbell.errors import DefinitionError, DiscordError, Paced, Retry, Unavailable, UserError
from watchbell.interactions import job
from watchbell.kit.flow import CANCELLED
from watchbell.testing import FakeTools, press, run
from watchbell.testing.fakes import FakeFlags, FakeLocks, FakeQuotas, FakeTable
from watchbell.tools.toolbox import Tools

NOW = 1_795_334_400
TIMEOUT, RECEIVES = 30.0, 5

SAGA = """
from watchbell import Command, Quota, Reply, anyone, permission

command = Command("saga", "A saga", who=anyone, quota=Quota(1, per=60))

@command.run(job="saga:{channel}", cancel=permission("MANAGE_MESSAGES"))
def saga(interaction, tools, *, chapters: int = 9, private: bool = False):
    '''A saga.

    chapters: How many
    private: Whether only you hear it'''
    for number in range(1, chapters + 1):
        with tools.journal.step(f"chapter {number}") as step:
            if step.new and not (step.unsure and f"chapter {number}" in told(tools)):
                tools.discord.send("9", Reply(f"chapter {number}"), nonce=f"{interaction.id} {number}")
        yield Reply(f"{number} of {chapters}")
    return Reply("The end.")

def told(tools):
    return [message["content"] for message in tools.discord.recent_messages("9")]
"""


class Killed(BaseException):
    """The worker's process was killed."""


class Plug:
    """Everything outside of the worker's process. `kill_at` numbers the call that is the process's last.

    `after`: that call takes effect all the same. A dead process calls nothing more."""

    def __init__(self):
        self.calls, self.kill_at, self.after, self.dead = 0, 0, False, False

    def call(self, function, *args, **named):
        if self.dead:
            raise Killed
        self.calls += 1
        if self.calls != self.kill_at:
            return function(*args, **named)
        self.dead = True
        if self.after:
            function(*args, **named)
        raise Killed


class Outside:
    """An object of the outside world, called through the plug. `own` are the attributes that are no calls."""

    def __init__(self, plug, thing, own=()):
        self._plug, self._thing, self._own = plug, thing, own

    def __getattr__(self, name):
        found = getattr(self._thing, name)
        if name in self._own or not callable(found):
            return found
        return lambda *args, **named: self._plug.call(found, *args, **named)


class Server:
    """Discord: channels with messages, and the original of one interaction. A nonce is known for ever, or never."""

    def __init__(self, world):
        self.world, self.channels, self.original, self.private = world, {}, "thinking", []
        self.remembers, self.closed, self.edits, self.progress = True, set(), 0, []
        self.failures, self.deadly = deque(), ""

    def texts(self, channel):
        return [message["content"] for message in self.channels.get(channel, [])]

    def _fails(self):
        if self.failures and (failure := self.failures.popleft()):
            raise failure

    def edit_original(self, application_id, token, message, files=()):
        self._fails()
        assert self.world.now < NOW + TOKEN_SECONDS, "the token is dead"
        self.original = message["content"]
        self.progress.append((self.world.now, self.original))
        return {"id": "1"}

    def delete_original(self, application_id, token):
        self.original = None

    def original_message(self):
        return {"flags": 0}

    def follow_up(self, application_id, token, message, files=()):
        assert self.world.now < NOW + TOKEN_SECONDS, "the token is dead"
        self.private.append(message["content"])
        return {"id": "2"}

    def open_dm(self, user_id):
        return "dm"

    def create_message(self, channel, message, files=(), *, nonce):
        self._fails()
        self.world.now += 6 if channel == "9" else 0
        if self.deadly and self.deadly == message["content"]:
            self.world.plug.dead = True
            raise Killed
        if channel in self.closed:
            raise DiscordError("POST", 403, 50001)
        for known in self.channels.get(channel, []):
            if self.remembers and known["nonce"] == nonce:
                return known
        made = {"id": str(100 + sum(map(len, self.channels.values()))), "nonce": nonce, **message}
        self.channels.setdefault(channel, []).append(made)
        return made

    def edit(self, channel, id, reply, *, interaction=None):
        self._fails()
        (known,) = [each for each in self.channels[channel] if each["id"] == id] or [None]
        if known is None:
            raise DiscordError("PATCH", 404, 10008)
        known.update(reply.edit(), components=[each.payload() for each in reply.components])
        self.progress.append((self.world.now, known["content"]))
        return known

    def recent_messages(self, channel):
        return self.channels.get(channel, [])[::-1]


class Discord(Outside):
    """What the worker calls. A message is sealed and checked before it leaves the process."""

    requests_made = 0
    send, _ready = DiscordClient.send, DiscordClient._ready

    def _seal(self, message, interaction):
        return self._thing.world.tools.seals.seal(message, interaction)


class Claims:
    def __init__(self, world):
        self.world, self.status, self.lease, self.attempt, self.cut_off = world, "", 0, 0, 0

    def take(self, row, id):
        return self.world.plug.call(self._take)

    def _take(self):
        if self.status == "done":
            return None
        if self.status == "dead":
            raise Retry("has failed for good", wait=0.0)
        if self.world.now < self.lease:
            raise Retry("being worked on", wait=min(self.lease - self.world.now, 12.0))
        self.lease, self.attempt, self.cut_off = self.world.now + 40, self.attempt + 1, self.cut_off + 1
        return Claim(self)


class Claim:
    def __init__(self, claims):
        self.claims, self.attempt, self.cut_off, self.over = claims, claims.attempt, claims.cut_off - 1, False

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if error is not None and not self.over:
            self.claims.world.plug.call(self._give_back)

    def _give_back(self):
        self.claims.lease = self.claims.cut_off = 0

    def done(self):
        if not self.over:
            self.over = True
            self.claims.world.plug.call(setattr, self.claims, "status", "done")

    def dead(self):
        if not self.over:
            self.over = True
            self.claims.world.plug.call(setattr, self.claims, "status", "dead")


class Locks(FakeLocks):
    """Locks whose release is a call too."""

    def __init__(self, world):
        super().__init__(lambda: world.now)
        self.world = world

    def take(self, name, holder, lease=900):
        before = self.taken.get(name)
        if before and before.holder == self.world.interaction.id and self.world.claims.status:
            before.release()  # as the real ones do if the claim of the holder is done or dead
        lock = self.world.plug.call(super().take, name, holder, lease)
        return lock and Outside(self.world.plug, lock, own=("fence",))


class Journal:
    """The interaction's own steps."""

    def __init__(self, world):
        self.world, self.done, self.begun = world, {}, set()

    def step(self, name):
        return self.world.plug.call(OwnStep, self, name)


class OwnStep:
    def __init__(self, journal, name):
        self.new, self.unsure, self.value = name not in journal.done, name in journal.begun, journal.done.get(name)
        self.journal, self.name = journal, name
        journal.begun.add(name)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None and self.new:
            self.journal.world.plug.call(self.journal.done.__setitem__, self.name, self.value)


class WorkerTools(Tools):
    world = None

    def data(self, kind, owner=""):
        return Records(Outside(self.world.plug, self.world.table), kind, owner, self.now)


class World:
    """One interaction, the work queue, and all that the worker calls."""

    def __init__(self, before=None, **options):
        self.now, self.plug, self.table, self.queue, self.dead_letters = float(NOW), Plug(), FakeTable(), deque(), []
        self.tools = WorkerTools("worker", {})
        self.tools.world, self.tools.now = self, lambda: self.now
        self.tools.flags = FakeFlags({}, unset="off")
        self.tools.quotas = Outside(self.plug, FakeQuotas(lambda: self.now), own=("uses",))
        self.locks = self.tools.locks = Locks(self)
        self.claims = self.tools.claims = Claims(self)
        self.server = Server(self)
        if before:  # another interaction after that of the world `before`
            self.table, self.server = before.table, before.server
        self.tools.discord = Discord(self.plug, self.server, own=("channels",))
        self.tools.seals = Seals(lambda fresh: SIGNING_KEYS, lambda: self.now, None)
        self.steps = Journal(self)
        self.tools.journal_of = lambda id, attempt: self.steps
        given = [
            {"name": name, "type": 5 if name == "private" else 4, "value": value} for name, value in options.items()
        ]
        data = {"id": "1", "name": "saga", "type": 1, "options": given}
        id = "1795334400000000002" if before else "1795334400000000001"
        self.body = recorded.load("command_status", id=id, data=data, channel_id="8")
        self.interaction = Interaction(self.body)
        self.queue.append(({"kind": "interaction", "received_at": NOW, "body": self.body}, 1, self.now))
        self.slices, self.hidden = [], 0.0

    def deliver(self):
        """Deliver the next message, or the next try of one. A message whose worker was killed stays `hidden`."""
        message, attempt, due = self.queue.popleft()
        self.now = max(self.now, due)
        self.plug.dead, ends = False, self.now + TIMEOUT
        last = attempt >= RECEIVES
        delivery = Delivery(message, attempt, last, lambda: ends - self.now, self._send, self.now)
        self.slices.append(message.get("slice", 0))
        try:
            worker.work(delivery, self.tools, self._sleep)
        except (Exception, Killed) as error:  # noqa: BLE001 - as `batch` does
            if last:
                self.dead_letters.append(error)
                return
            wait = self.hidden if isinstance(error, Killed) else wait_after(error, attempt)
            self.queue.appendleft((message, attempt + 1, self.now + wait))

    def _send(self, message, wait):
        self.plug.call(self.queue.append, (json.loads(json.dumps(message)), 1, self.now + wait))

    def _sleep(self, seconds):
        self.now += seconds

    def rest(self, most=400):
        while self.queue:
            assert len(self.slices) < most, "it does not end"
            self.deliver()
        return self

    @property
    def chapters(self):
        return self.server.texts("9")


def told(number):
    return [f"chapter {each}" for each in range(1, number + 1)]


@pytest.fixture(autouse=True)
def saga(feature):
    return feature("saga", SAGA)


def test_a_job_runs_in_slices_that_do_each_step_once_and_its_answer_takes_the_place_of_its_progress():
    world = World().rest()
    assert (world.slices, world.chapters) == ([0, 1, 2, 3], told(9))
    assert (world.server.original, world.claims.status) == ("The end.", "done")
    assert world.locks.take("saga:8", "somebody else")


def test_no_slice_is_longer_than_20_seconds_and_progress_is_shown_at_most_every_few():
    world = World(chapters=40)
    while world.queue:
        began = world.now
        world.deliver()
        assert world.now - began <= 20
    times = [at for at, _ in world.server.progress[:-1]]
    assert min(later - earlier for earlier, later in pairwise(times)) >= job.PROGRESS_SECONDS
    shown = [int(text.split()[0]) for _, text in world.server.progress[:-1] if "of" in text]
    assert shown == sorted(set(shown))  # what an earlier slice has shown is not shown again


def calls_of(**options):
    return World(**options).rest().plug.calls


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_worker_that_is_killed_at_any_call_is_followed_and_nothing_is_done_or_told_twice(after):
    for number in range(1, calls_of(chapters=5) + 1):
        world = World(chapters=5)
        world.plug.kill_at, world.plug.after = number, after
        world.rest()
        where = f"killed {'after' if after else 'before'} call {number}"
        assert world.chapters == told(5), where
        assert (world.server.original, world.server.private) == ("The end.", []), where
        assert (world.claims.status, world.dead_letters) == ("done", []), where
        assert list(world.server.channels) == ["9"], where
        assert world.locks.take("saga:8", "somebody else"), where


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("remembers", [True, False], ids=["with its nonce", "when the nonce is forgotten"])
def test_progress_that_moves_to_the_channel_is_posted_once_whatever_call_the_worker_is_killed_at(after, remembers):
    def nearly_late():
        world = late(160, chapters=3)  # it moves after the first chapter
        world.server.remembers = remembers
        return world

    whole = nearly_late().rest()
    assert whole.server.texts("8") == ["The end."]
    for number in range(1, whole.plug.calls + 1):
        world = nearly_late()
        world.plug.kill_at, world.plug.after = number, after
        world.rest()
        where = f"killed {'after' if after else 'before'} call {number}"
        assert world.chapters == told(3), where
        assert world.server.texts("8") in (["The end."], []), where
        ends = [*world.server.texts("8"), world.server.original].count("The end.")
        assert (ends, world.claims.status, world.dead_letters) == (1, "done", []), where


def late(seconds, **options):
    """A world whose interaction's token will live for so many seconds."""
    world = World(**options)
    world.now = NOW + TOKEN_SECONDS - seconds
    world.queue[0] = (world.queue[0][0], 1, world.now)
    return world


def test_before_the_token_dies_the_progress_moves_to_the_channel_and_goes_on_there_to_the_end():
    world = late(170, chapters=40).rest()
    (place,) = world.server.channels["8"]
    assert place["content"] == "The end."
    assert place["components"] == []
    link = f"https://discord.com/channels/{world.interaction.guild_id}/8/{place['id']}"
    assert world.server.original == f"This goes on here: {link}"
    texts = [text for _, text in world.server.progress]
    moved = texts.index(world.server.original)
    assert texts[moved + 1 : moved + 3] == [f"{moved + 2} of 40", f"{moved + 3} of 40"]
    assert world.now > NOW + TOKEN_SECONDS


def test_a_private_job_or_one_whose_channel_is_closed_goes_on_in_direct_messages():
    private = late(60, chapters=3, private=True).rest()
    closed = late(60, chapters=3)
    closed.server.closed = {"8"}
    closed.rest()
    for world in (private, closed):
        assert (world.server.texts("8"), world.server.texts("dm")) == ([], ["The end."])
    assert "/@me/dm/" in closed.server.original


def test_a_job_that_can_post_nowhere_asks_once_and_is_done_all_the_same(caplog):
    world = late(60, chapters=3)
    world.server.closed = {"8", "dm"}
    world.rest()
    assert (world.chapters, world.server.original, world.claims.status) == (told(3), "The end.", "done")
    assert caplog.text.count("the progress cannot be posted") == 2


def test_an_answer_whose_place_was_deleted_is_sent_elsewhere():
    world = late(60, chapters=9)
    while not world.server.texts("8"):
        world.deliver()
    world.server.channels["8"].clear()
    world.rest()
    note, answer = world.server.texts("8")
    assert note.startswith(f"<@{world.interaction.user_id}> Your request took longer")
    assert answer == "The end."


# Cancelling


def cancel(world, by):
    world.tools.data(CANCELLED).put({"job": world.interaction.id, "by": by})


def test_a_cancelled_job_stops_at_its_next_checkpoint_and_begins_from_the_start_when_it_is_started_again():
    world = World(chapters=40)
    world.deliver()
    cancel(world, "77")
    world.rest()
    assert world.chapters == told(3)
    assert world.server.original == "<@77> has cancelled this. What was done stays done."
    World(world, chapters=2).rest()
    assert world.chapters == [*told(3), *told(2)]


def test_a_job_is_cancelled_while_it_waits_for_its_turn():
    world = World(chapters=40)
    turn = world.locks.take("watchbell: job 0", "another job", 10_000)
    world.deliver()
    assert world.server.original == job.WAITING
    cancel(world, "77")
    world.rest()
    assert world.chapters == []
    assert "has cancelled this" in world.server.original
    turn.release()


def pressed(handler, **who):
    return press(handler.cancel, job="5", by="710000000000000001", **who)


def test_only_the_person_who_started_a_job_or_somebody_with_the_declared_permission_cancels_it(saga):
    tools = FakeTools()
    assert "stops" in pressed(saga.saga, tools=tools, user="710000000000000001").content
    assert tools.data(CANCELLED).get("5")["by"] == "710000000000000001"
    assert "stops" in pressed(saga.saga, user="710000000000000002", permissions="MANAGE_MESSAGES").content
    with pytest.raises(UserError, match="This is for the person who asked"):
        pressed(saga.saga, user="710000000000000002")


def test_a_button_whose_state_has_no_room_in_its_custom_id_lets_in_the_same_people(saga):
    class Stash(dict):
        pass

    who = saga.saga.cancel.who
    stashed = str(custom_id.Address("saga", saga.saga.cancel.name, stash="key"))
    for user, allowed in (("710000000000000001", True), ("710000000000000002", False)):
        interaction = Interaction(recorded.load("component_refresh"))
        interaction.raw["data"]["custom_id"] = stashed + "~" + "x" * 23
        interaction.raw["member"]["user"]["id"], interaction.raw["member"]["permissions"] = user, "0"
        tools = FakeTools()
        tools.stash.kept["key"] = ["5", "710000000000000001"]
        assert who.decide(interaction, tools) is None
        assert who.ask(interaction, tools) is allowed


def test_a_job_that_was_finished_begins_from_the_start_when_it_is_started_again():
    world = World(chapters=2).rest()
    World(world, chapters=3).rest()
    assert world.chapters == [*told(2), *told(3)]


# One at a time, and never all workers


def test_a_turn_is_free_between_two_slices_so_jobs_take_turns():
    world = World()
    world.deliver()
    assert world.locks.take("watchbell: job 0", "another job", 0)
    assert not world.locks.take("saga:8", "another job")
    assert world.rest().chapters == told(9)


def test_a_later_slice_is_not_another_use_of_a_quota_that_others_have_spent_meanwhile():
    world = World()
    world.deliver()
    (uses,) = world.tools.quotas.uses.values()
    uses[:] = [(int(world.now * 1000), "another interaction")]
    assert world.rest().chapters == told(9)


def test_a_second_start_is_told_so_and_where_to_look(saga):
    world = late(60, chapters=40)
    world.deliver()
    (place,) = world.server.channels["8"]
    asked = {**world.body, "id": "1234567890123456789"}
    tools = world.tools
    tools.claims, world.server.original = Claims(world), "thinking"
    message = {"kind": "interaction", "received_at": int(world.now), "body": asked}
    worker.work(Delivery(message, 1, False), tools, world._sleep)
    assert world.server.private == [
        f"This is being done already: https://discord.com/channels/{world.interaction.guild_id}/8/{place['id']}"
    ]


@pytest.mark.parametrize("room", [1, 2])
def test_no_more_slices_run_at_a_time_than_there_is_room_for_and_the_others_wait_and_then_run(room):
    world = World(chapters=3)
    world.tools.settings = {"JOBS_AT_ONCE": str(room)}
    others = [world.locks.take(f"watchbell: job {number}", f"job {number}", 40) for number in range(room)]
    world.deliver()
    assert (world.chapters, world.server.original) == ([], job.WAITING)
    others[-1].release()
    world.rest()
    assert world.chapters == told(3)
    assert set(world.slices) <= {0, 1}  # a wait is no slice


def test_the_turn_of_a_killed_worker_is_free_when_no_worker_can_hold_it_any_more():
    world = World(chapters=3)
    world.locks.take("watchbell: job 0", "a job whose worker was killed", job.TURN_SECONDS)
    world.rest()
    assert world.chapters == told(3)
    assert job.TURN_SECONDS > TIMEOUT


def test_a_message_that_sqs_delivers_again_after_the_next_slice_has_begun_is_dropped():
    world = World(chapters=9)
    first = world.queue[0]
    world.deliver()
    world.deliver()
    world.queue.appendleft((*first[:2], world.now))
    world.deliver()
    ((next_slice, _attempt, _due),) = world.queue
    assert (next_slice["slice"], world.chapters) == (2, told(6))
    world.rest()
    assert (world.chapters, world.server.original, world.dead_letters) == (told(9), "The end.", [])
    assert world.slices.count(1) == 1


# What goes wrong


def failing(feature, error):
    """The job fails at chapter 5, as long as the list that is returned is not empty."""
    fails = "        if number == 5 and fails:\n            raise fails[0]\n        yield"
    module = feature("saga", SAGA.replace("        yield", fails))
    module.fails = [error]
    return module.fails


def test_a_bug_in_a_slice_is_tried_once_more_and_told_and_the_job_is_released_and_goes_on_when_it_is_started_again(
    feature,
):
    fails = failing(feature, KeyError("bug"))
    world = World().rest()
    assert world.chapters == told(5)
    assert (world.claims.status, len(world.dead_letters)) == ("dead", 1)
    assert "Reference" in world.server.private[0]
    assert world.server.original is None  # the progress is gone
    fails.clear()
    World(world).rest()
    assert world.chapters == told(9)


def test_a_bug_after_the_token_has_died_is_told_where_the_progress_is(feature):
    failing(feature, KeyError("bug"))
    world = late(60).rest()
    (text,) = world.server.texts("8")
    assert "Reference" in text
    assert world.server.channels["8"][0]["components"] == []


def test_a_slice_that_is_cut_off_each_time_is_bounded_and_told():
    world = World()
    world.server.deadly, world.hidden = "chapter 5", 180.0  # the visibility timeout of the queue
    world.rest()
    assert (world.claims.status, len(world.dead_letters)) == ("dead", 1)
    assert "Reference" in world.server.private[0]
    assert world.chapters == told(4)


def test_an_outage_of_discord_after_the_token_has_died_counts_as_a_slice_and_ends_some_time(feature):
    fails = failing(feature, DiscordError("POST", 503))
    world = late(60)
    while 2 not in world.slices:
        world.deliver()
    fails.clear()
    assert world.rest().server.texts("8") == ["The end."]
    fails = failing(feature, DiscordError("POST", 503))
    endless = late(60).rest(most=2000)
    assert max(endless.slices) <= job.MOST_SLICES
    assert endless.server.texts("8") == [job.TOO_LONG]
    assert fails


def test_a_job_that_has_to_wait_for_discords_limits_goes_on_with_another_slice(feature):
    source = SAGA.replace(
        "            if step.new",
        "            if number == 5 and waits:\n                raise waits.pop()\n            if step.new",
    )
    waits = feature("saga", source + "\nwaits = []\n").waits
    waits += [Paced("not yet", 30.0) for _try in range(RECEIVES + 3)]
    world = World().rest()
    assert (world.chapters, world.server.original, world.dead_letters) == (told(9), "The end.", [])
    assert world.slices[-1] >= RECEIVES + 3
    assert world.now - NOW >= 30 * (RECEIVES + 3)


def test_a_job_is_stopped_after_its_last_slice_or_after_too_long_a_time(monkeypatch):
    monkeypatch.setattr(job, "MOST_SLICES", 3)
    world = World(chapters=40).rest()
    assert (world.slices, world.chapters) == ([0, 1, 2, 3], told(9))
    assert world.server.private == [job.TOO_LONG]
    waiting = World()
    waiting.locks.take("watchbell: job 0", "another job", 10 * job.MOST_SECONDS)
    waiting.rest(most=job.MOST_SECONDS)
    assert waiting.now - NOW < job.MOST_SECONDS + 60


def test_a_queue_that_is_away_at_the_end_of_a_slice_repeats_the_slice(monkeypatch):
    world = World()
    send, sent = world._send, []

    def once(message, wait):
        if not sent:
            sent.append(message)
            raise Unavailable("SQS")
        send(message, wait)

    world._send = once
    world.rest()
    assert (world.chapters, world.slices) == (told(9), [0, 0, 1, 2])


def test_a_slice_without_a_step_is_a_bug_because_the_next_would_do_the_same(feature, caplog):
    feature(
        "saga",
        SAGA.replace('with tools.journal.step(f"chapter {number}") as step:', "if True:").replace(
            'if step.new and not (step.unsure and f"chapter {number}" in told(tools)):', "if True:"
        ),
    )
    world = World().rest()
    assert world.slices == [0, 1]
    assert "do the work in short steps" in caplog.text
    assert "Reference" in world.server.private[0]


def test_a_discord_that_is_slow_before_the_first_step_does_not_end_the_job(feature):
    feature("saga", SAGA.replace("    for number in", "    yield Reply('Once upon a time')\n    for number in"))
    world = World(chapters=3)
    edit = world.server.edit_original

    def slow(*given):
        world.now += job.SLICE_SECONDS
        world.server.edit_original = edit
        return edit(*given)

    world.server.edit_original = slow
    assert world.rest().server.original == "The end."


# The declaration, and the testing kit


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ('job="saga", lock="saga"', "keep one of lock, flow and job"),
        ("cancel=anyone", "only a job can be cancelled"),
        ('job="saga:{gild}"', r"the job has the unknown placeholder \{gild\}"),
        ('job="saga:{guild}", instant=True', "an instant handler cannot show progress"),
    ],
)
def test_a_job_that_cannot_work_is_refused_with_a_sentence(feature, rules, sentence):
    with pytest.raises(DefinitionError, match=sentence):
        feature("saga", SAGA.replace('job="saga:{channel}", cancel=permission("MANAGE_MESSAGES")', rules))


def test_a_job_yields_and_has_a_message_of_its_own(feature):
    with pytest.raises(DefinitionError, match="a job needs the tools, for its journal, and yields its progress"):
        feature("saga", SAGA.replace("yield Reply", "Reply"))
    with pytest.raises(DefinitionError, match="drop updates=True"):
        feature(
            "saga",
            SAGA + "\n\n@command.button(job='b', updates=True)\ndef b(interaction, tools):\n    yield Reply('b')\n",
        )


def test_a_plain_call_runs_a_job_to_its_end_and_each_step_once(saga):
    sent = []

    class Discord:
        def send(self, channel, reply, *, nonce):
            sent.append(reply.content)
            return {"id": "1"}

    *progress, answer = run(saga, chapters=3, tools=FakeTools(discord=Discord()))
    assert [reply.content for reply in progress] == ["1 of 3", "2 of 3", "3 of 3"]
    assert (answer.content, answer.components, sent) == ("The end.", [], told(3))
    (button,) = progress[0].components[0].components
    assert button.label == "Cancel"


def test_a_plain_call_finds_work_that_a_slice_would_repeat(feature):
    feature("saga", SAGA.replace("if step.new and", "if"))
    from watchbell.commands import saga

    sent = []

    class Discord:
        def send(self, channel, reply, *, nonce):
            sent.append(reply.content)

    run(saga, chapters=3, tools=FakeTools(discord=Discord()))
    assert sent != told(3)


def test_a_job_that_somebody_else_runs_is_refused_in_a_plain_call(saga):
    tools = FakeTools()
    tools.locks.take("saga:1000000000000000103", "somebody")
    with pytest.raises(UserError, match="This is being done already"):
        run(saga, tools=tools)
