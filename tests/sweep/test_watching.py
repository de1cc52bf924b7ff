"""Whatever is killed, and whenever: each flip is stored once, and each alert is told once.

`make sweep` prints how many points were tried.
"""

import os
from dataclasses import replace
from types import SimpleNamespace

import pytest

from tests.sweep.world import ADA, BEGUN, BOB, CHANNEL, DM, DOWN, GUILD, ROLE, UP, World
from watchbell.adapters.batch import Delivery
from watchbell.adapters.server_settings import Chosen
from watchbell.doors import sender
from watchbell.outbox import editions, known, mailboxes
from watchbell.outbox.kinds import MAILBOX, STEP
from watchbell.status.facts import Facts
from watchbell.status.judgement import unpack
from watchbell.status.maintenance import Once, Repeating, Window
from watchbell.status.monitor import Monitor, Policy
from watchbell.status.plans import Plan
from watchbell.subscriptions.mailbox import Mailbox

SHOP = Monitor("aaaaaaaa", "Shop", "http", "https://shop.example/", every=1)
MAIL = Monitor("bbbbbbbb", "Mail", "http", "https://mail.example/", every=1)
DATABASE = Monitor("cccccccc", "Database", "tcp", "db.example:5432", every=1)
API = Monitor("dddddddd", "API", "http", "https://api.example/", every=1, parent="cccccccc")


def outage(world: World) -> None:
    """A monitor goes down and comes back, and another one is never affected. Then the sweep has time."""
    world.minutes(3)
    world.checker.script["aaaaaaaa"] = DOWN
    world.minutes(5)
    world.checker.script["aaaaaaaa"] = UP
    world.minutes(10)


def told(world: World) -> list[str]:
    """What was posted, in its order: the first line of each message, without its glyph."""
    return [message.get("content", "a layout").split(" ", 1)[-1] for message in world.discord.messages]


def once(world: World, other: str = "") -> None:
    flips = world.tools.shards.flips(*FLIPS, 0, 2**31)
    news = [(flip.old, flip.new) for flip in flips if flip.monitor != other]
    assert news == [("new", "up"), ("up", "down"), ("down", "up")], news
    opening, recovery = world.discord.messages
    assert opening["content"].startswith("✅ **Shop** was down for ")
    assert recovery["content"].startswith("✅ **Shop** is up again, after ")
    assert recovery["answers"] == opening["id"]
    assert world.tools.shards.untold() == []
    assert world.lost == 0


ALL = bool(os.environ.get("WATCHBELL_SWEEP"))
"""Whether this is `make sweep`."""

FLIPS = ("1100000000000000001", "01")

LATE = pytest.mark.parametrize("late", [False, True], ids=["delivered again at once", "delivered again after 180 s"])


def calls_of(story, *monitors) -> int:
    """How many calls leave the functions in the story if nobody kills them."""
    world = World(*monitors)
    story(world)
    return world.killer.calls


def swept(story, holds, monitors, *, late: bool, step: int, record, thorough: int = 1) -> None:
    """Tell the story again and again. Each time, a function is killed before or after another one of its calls.

    The suite kills at each `step`-th call, and `make sweep` at each `thorough`-th.
    """
    tried = doubled = 0
    for point in range(1 + late, calls_of(story, *monitors) + 1, thorough if ALL else step):
        for moment in ("before", "after"):
            world = World(*monitors)
            world.late = late
            world.killer.at = (point, moment)
            story(world)
            try:
                holds(world)
            except (AssertionError, ValueError) as error:
                where = world.killer.names[point - 1]
                raise AssertionError(f"killed {moment} call {point}, {where}: {told(world)}") from error
            tried += 1
            doubled += world.killer.doubles
    record("points", tried)
    record("doubles", doubled)


def interrupted(story, act, holds, monitors, *, step: int, record) -> None:
    """Tell the story again and again. Each time, somebody acts before another one of the calls."""
    tried = 0
    for point in range(1, calls_of(story, *monitors) + 1, 1 if ALL else step):
        world = World(*monitors)
        world.killer.meanwhile = (point, lambda world=world: act(world))
        story(world)
        try:
            holds(world)
        except (AssertionError, ValueError) as error:
            where = world.killer.names[point - 1]
            raise AssertionError(f"{act.__name__} before call {point}, {where}: {told(world)}") from error
        tried += 1
    record("points", tried)


def subscribed(world: World) -> None:
    """A person and a role hear of two monitors that go down together. Somebody acknowledges. Then both come back."""
    world.subscribe(f"user:{ADA}")
    world.subscribe(f"role:{ROLE}", about="monitor:aaaaaaaa")
    world.minutes(3)
    world.checker.script.update(aaaaaaaa=DOWN, bbbbbbbb=DOWN)
    world.minutes(5)
    world.acknowledge("7", BOB)
    world.minutes(2)
    world.checker.script.update(aaaaaaaa=UP, bbbbbbbb=UP)
    world.minutes(12)


def each_heard_once(world: World) -> None:
    for place in (CHANNEL, f"dm of {ADA}"):
        read = [each for each in world.discord.messages if each["channel"] == place]
        whole = " ".join(each["content"] + str(each["embeds"][0].get("description")) for each in read)
        assert len({each["nonce"] for each in read}) == len(read)
        assert len(read) in (2, 3, 4), read  # the two are told together, or one after the other
        assert "**Shop** was down" in whole
        assert "**Mail** was down" in whole
        assert "up again" in whole
        assert not any("Acknowledge" in str(each.get("components")) for each in read)
    mentions = [each["allowed_mentions"].get("roles") for each in world.discord.messages if each["answers"] == ""]
    assert [ROLE] in mentions
    assert known.on_it(GUILD, world.tools) == {}
    assert world.tools.shards.untold() == []
    assert world.lost == 0


def test_without_a_kill_a_person_a_role_and_a_channel_hear_once():
    world = World(SHOP, MAIL)
    subscribed(world)
    each_heard_once(world)
    assert len(world.discord.messages) == 4
    assert {each["edits"] for each in world.discord.messages} == {0, 2}  # acknowledged, and over


@LATE
def test_a_person_a_role_and_a_channel_hear_once_whatever_is_killed(late, record_property):
    swept(subscribed, each_heard_once, [SHOP, MAIL], late=late, step=61, record=record_property)


def escalated(world: World) -> None:
    """Nobody is on it, so a person and then a role hear of it too. Then it is over."""
    for step, minutes, to in (("1", 5, f"user:{ADA}"), ("2", 9, f"role:{ROLE}")):
        person = ADA if to.startswith("user:") else ""
        item = {"step": step, "minutes": minutes, "to": to, "person": person}
        world.killer.quietly(lambda item=item: world.data(STEP, GUILD).put(item))
    world.minutes(3)
    world.checker.script["aaaaaaaa"] = DOWN
    world.minutes(20)
    world.checker.script["aaaaaaaa"] = UP
    world.minutes(8)


def all_steps_once(world: World) -> None:
    by_place: dict[str, list[str]] = {}
    for each in world.discord.messages:
        by_place.setdefault(each["channel"], []).append(each["content"])
    opening, step, recovery = by_place[CHANNEL]
    assert "was down for" in opening
    assert "and nobody is on it yet" in step
    assert step.endswith(f"<@&{ROLE}>")
    assert "is up again" in recovery
    told_ada = by_place[f"dm of {ADA}"]
    assert ["was down for" in told_ada[0], "is up again" in told_ada[1], len(told_ada)] == [True, True, 2]
    assert world.tools.shards.later(2**31) == []
    assert world.tools.shards.untold() == []
    assert world.lost == 0


@LATE
def test_each_step_of_an_escalation_is_told_once_whatever_is_killed(late, record_property):
    swept(escalated, all_steps_once, [SHOP], late=late, step=61, record=record_property)


@LATE
def test_who_only_heard_by_an_escalation_hears_of_the_end_though_the_sender_dies_in_between(late):
    """The mailbox is taken, and then nothing is sent: the next sender sees that something is due."""
    world = World(SHOP)
    escalated(world)
    last = [point for point, name in enumerate(world.killer.names, 1) if name == "FakeTable.transact"][-12:]
    for point in last:
        world = World(SHOP)
        world.late = late
        world.killer.at = (point, "after")
        escalated(world)
        all_steps_once(world)


def test_a_step_for_a_role_in_a_server_without_a_status_channel_is_told_to_nobody_and_the_next_one_comes():
    world = World(SHOP)
    world.server_settings = SimpleNamespace(of=lambda guild_id: Chosen({"mention_roles": [ROLE]}))
    world.data(STEP, GUILD).put({"step": "1", "minutes": 5, "to": f"role:{ROLE}", "person": ""})
    world.data(STEP, GUILD).put({"step": "2", "minutes": 9, "to": f"user:{ADA}", "person": ADA})
    world.minutes(3)
    world.checker.script["aaaaaaaa"] = DOWN
    world.minutes(20)
    (told_ada,) = world.discord.messages
    assert told_ada["channel"] == f"dm of {ADA}"
    assert world.tools.shards.later(2**31) == []
    assert world.tools.shards.untold() == []
    assert world.lost == 0


@pytest.mark.parametrize("why", ["somebody is on it", "it is up again"])
def test_an_escalation_ends(why):
    world = World(SHOP)
    world.data(STEP, GUILD).put({"step": "1", "minutes": 5, "to": f"user:{ADA}", "person": ADA})
    if why == "it is up again":
        outage(world)
    else:
        world.minutes(3)
        world.checker.script["aaaaaaaa"] = DOWN
        world.minutes(5)
        world.acknowledge("7", BOB)
        world.minutes(20)
    assert {each["channel"] for each in world.discord.messages} == {CHANNEL}
    assert world.tools.shards.later(2**31) == []


def test_a_person_whose_messages_are_closed_stops_nobody_and_is_not_tried_again():
    world = World(SHOP)
    world.subscribe(f"user:{ADA}")
    world.discord.closed.add(ADA)
    outage(world)
    assert len(world.discord.messages) == 2
    assert world.tools.shards.untold() == []
    assert world.killer.names.count("FakeDiscord.open_dm") == 1
    assert world.lost == 0


def test_many_people_hear_of_an_outage_and_of_its_end():
    world = World(SHOP)
    for number in range(60):
        world.subscribe(f"user:{ADA[:-2]}{number:02}")
    outage(world)
    assert len(world.discord.messages) == 2 * 61
    assert world.tools.shards.untold() == []


def test_without_a_kill_an_outage_is_one_opening_and_one_recovery():
    world = World(SHOP)
    outage(world)
    once(world)
    assert world.killer.calls > 80


@LATE
def test_an_outage_is_told_once_whatever_is_killed(late, record_property):
    swept(outage, once, [SHOP], late=late, step=29, record=record_property)


def refused(world: World) -> None:
    """Two outages that the channel refuses, and one that it takes."""
    world.discord.refuses[CHANNEL] = (403, 50013)
    outage(world)
    outage(world)
    world.discord.refuses.clear()
    outage(world)


def owner_told_once(world: World) -> None:
    assert [(each["channel"], each["content"].split()[0]) for each in world.discord.messages] == [
        (DM, "Alerts"),
        (CHANNEL, "✅"),
        (CHANNEL, "✅"),
    ]
    assert world.tools.shards.refusals(FLIPS[0]) == []
    assert world.tools.shards.untold() == []
    assert world.lost == 0


@LATE
def test_the_owner_hears_once_of_a_channel_that_refuses_whatever_is_killed(late, record_property):
    swept(refused, owner_told_once, [SHOP], late=late, step=101, record=record_property)


WEBHOOK_ID = "1200000000000000001"


def with_webhook(world: World) -> None:
    """A webhook hears of two outages, and Discord no longer knows it when the second one begins."""
    world.set_webhook("ops", WEBHOOK_ID)
    world.subscribe("webhook:ops")
    outage(world)
    world.discord.refuses[WEBHOOK_ID] = (404, 10015)
    outage(world)


def one_double_at_most(world: World) -> None:
    """A webhook has no nonce, so a sender that dies before it records the answer leaves one message twice."""
    by_place: dict[str, list[str]] = {}
    for each in world.discord.messages:
        by_place.setdefault(each["channel"], []).append(each["content"])
    read = by_place.pop(f"webhook {WEBHOOK_ID}")
    openings = sum("was down for" in each or "is down" in each for each in read)
    ends = sum("is up again" in each for each in read)
    assert (openings, ends) in ((1, 1), (2, 1), (1, 2), (2, 0)), read
    world.killer.doubles = openings + ends - 2
    assert [each.split()[0] for each in by_place.pop(DM)] == ["Alerts"]
    assert len(by_place.pop(CHANNEL)) == 4
    assert by_place == {}
    assert world.tools.shards.untold() == []
    assert world.lost == 0


@LATE
def test_by_a_webhook_one_message_is_doubled_at_most_and_it_is_retired_once_whatever_is_killed(late, record_property):
    swept(with_webhook, one_double_at_most, [SHOP], late=late, step=199, record=record_property)


@LATE
def test_a_double_by_a_webhook_comes_only_of_a_sender_that_dies_between_the_answer_and_its_record(late):
    world = World(SHOP)
    with_webhook(world)
    calls = [point for point, name in enumerate(world.killer.names, 1) if name == "FakeDiscord.execute_webhook"]
    doubles = []
    for point in calls[:2]:
        for moment in ("before", "after"):
            world = World(SHOP)
            world.late = late
            world.killer.at = (point, moment)
            with_webhook(world)
            one_double_at_most(world)
            doubles.append(world.killer.doubles)
    assert doubles == [0, 1, 0, 1]


PING, NEW_PING = "4be1c7d2-63a9-4f0e-9a51-7c2d90e8b314", "c0ffee00-1111-4222-8333-444455556666"
JOB = Monitor(
    "eeeeeeee",
    "Backup",
    "heartbeat",
    every=1,
    options={"ping": PING, "period": "1m", "grace": "1m"},
    policy=Policy(1, 1),
)


def silence(world: World) -> None:
    """A job pings each minute, falls silent for some minutes, and pings again."""
    world.jobs[PING] = [""]
    world.minutes(3)
    world.jobs.clear()
    world.minutes(5)
    world.jobs[PING] = [""]
    world.minutes(10)


def heard_once(world: World) -> None:
    assert [each.split(" ")[0:2] for each in told(world)] == [["**Backup**", "was"], ["**Backup**", "is"]]
    assert "is up again" in told(world)[1]
    assert world.tools.shards.untold() == []
    assert world.lost == 0


def all_heard(world: World) -> None:
    """While a message waits for its second delivery, the job is silent too. So there may be another outage."""
    news = [flip for flip in world.tools.shards.flips(*FLIPS, 0, 2**31) if flip.news]
    assert [flip.new for flip in news] == (["down", "up"] * len(news))[: len(news)]
    outages = [each for each in told(world) if "was down" in each or "is down" in each]
    ends = [each for each in told(world) if "is up again" in each]
    assert len(outages) == sum(flip.new == "down" for flip in news) >= 1
    assert len(ends) <= len(outages)  # an outage that is over before it is told needs no second message
    assert len(told(world)) == len(outages) + len(ends)
    assert world.tools.shards.untold() == []
    assert world.lost == 0


@LATE
def test_a_silent_job_is_told_once_whatever_is_killed(late, record_property):
    swept(silence, all_heard if late else heard_once, [JOB], late=late, step=41, record=record_property)


def fail_and_success(world: World) -> None:
    """A job fails and succeeds between two runs, so a run finds two flips of one monitor."""
    world.jobs[PING] = [""]
    world.minutes(3)
    world.jobs[PING] = ["/fail", ""]
    world.minutes(1)
    world.jobs[PING] = [""]
    world.minutes(8)


def told_at_once(world: World) -> None:
    """Nobody has to read that it is down, if that is over already."""
    assert told(world) == ["**Backup** was down for 1\xa0s."]
    assert world.tools.shards.untold() == []
    assert world.lost == 0


@LATE
def test_two_flips_in_one_run_are_told_in_one_message_whatever_is_killed(late, record_property):
    swept(fail_and_success, all_heard if late else told_at_once, [JOB], late=late, step=41, record=record_property)


def many() -> list[Monitor]:
    """A full shard: one shop, one that changes all the time, and 23 that are always up."""
    others = [replace(MAIL, id=f"other{number:03}", name=f"Other {number}") for number in range(23)]
    return [SHOP, replace(MAIL, policy=Policy(1, 1)), *others]


def flapping(world: World) -> None:
    """The mail changes in every run until it settles, and the shop has one outage meanwhile."""
    for minute in range(40):
        world.checker.script["bbbbbbbb"] = DOWN if minute % 2 and minute < 16 else UP
        world.checker.script["aaaaaaaa"] = DOWN if 8 <= minute < 13 else UP
        world.minute()


def few_messages(world: World) -> None:
    assert sum("Shop" in each for each in told(world)) == 2
    read = [f"{each['content']} {each['embeds'][0].get('description')}" for each in world.discord.messages]
    assert sum("**Mail** kept changing" in each for each in read) == 1, read
    assert len(told(world)) <= sum(bool(flip.news) for flip in world.tools.shards.flips(*FLIPS, 0, 2**31))
    (state,) = world.tools.shards.states(FLIPS[0], ["01"]).values()
    judged = unpack(state.states)
    assert {each.state for each in judged.values()} == {"up"}
    assert len(judged) == 25
    assert not judged["bbbbbbbb"].flapping
    assert world.tools.shards.untold() == []
    assert world.lost == 0


@LATE
def test_a_full_shard_with_a_monitor_that_keeps_changing_is_told_of_once(late, record_property):
    swept(flapping, few_messages, many(), late=late, step=250, thorough=7, record=record_property)


@LATE
def test_a_tick_that_comes_twice_changes_nothing_whatever_is_killed(late, record_property):
    def story(world):
        world.ticks = 2
        outage(world)

    swept(story, once, [SHOP], late=late, step=50, record=record_property)


def test_ticks_that_are_lost_delay_the_news_and_lose_nothing():
    world = World(SHOP)
    for minute in range(30):
        world.checker.script["aaaaaaaa"] = DOWN if 6 <= minute < 18 else UP
        world.ticks = int(minute % 3 == 0)
        world.minute()
    once(world)


def test_a_tick_that_is_late_makes_no_run_of_a_past_slot_and_the_next_one_goes_on():
    world = World(SHOP)
    world.minutes(3)
    world.tick_is_late = 65
    world.minutes(5)
    runs = world.tools.shards.runs(*FLIPS, BEGUN, BEGUN + 3600)
    assert [slot - BEGUN for slot in runs] == [0, 60, 120]
    world.tick_is_late = 50
    world.minutes(3)
    runs = world.tools.shards.runs(*FLIPS, BEGUN, BEGUN + 3600)
    assert [slot - BEGUN for slot in runs] == [0, 60, 120, 480, 540, 600]


def add(world):
    world.add(MAIL)


def remove(world):
    world.remove("bbbbbbbb")


def pause(world):
    world.pause("bbbbbbbb")


def plan(world):
    # Maintenance of another monitor.
    window = Window(Once(BEGUN, BEGUN + 3600), monitors=("bbbbbbbb",))
    world.tools.shards.change_plans(FLIPS[0], lambda plans: [*plans, Plan("11111111", "Move", window)])


@pytest.mark.parametrize(
    ("act", "monitors"),
    [(add, [SHOP]), (remove, [SHOP, MAIL]), (pause, [SHOP, MAIL]), (plan, [SHOP, MAIL])],
    ids=["one is added", "one is removed", "one is paused", "maintenance is planned"],
)
def test_an_outage_is_told_once_if_another_monitor_changes_in_between(act, monitors, record_property):
    def holds(world):
        world.minutes(3)
        once(world, other="bbbbbbbb")
        known = unpack(world.tools.shards.read(*FLIPS).states)
        mail = known.get("bbbbbbbb")
        assert (mail and mail.state) == {add: "up", remove: None, pause: "new", plan: "up"}[act]

    interrupted(outage, act, holds, monitors, step=29, record=record_property)


def goes_down(world):
    world.minutes(3)
    world.checker.script["aaaaaaaa"] = DOWN
    world.minutes(6)


def test_a_monitor_that_is_paused_at_any_point_is_new_and_nothing_more_is_told(record_property):
    def outages(world):
        flips = world.tools.shards.flips(*FLIPS, 0, 2**31)
        return [flip for flip in flips if flip.monitor == "aaaaaaaa" and flip.new == "down"]

    def pause_shop(world):
        world.checker.script["aaaaaaaa"] = DOWN
        world.pause("aaaaaaaa")
        world.flips_then = outages(world)

    def holds(world):
        known = unpack(world.tools.shards.read(*FLIPS).states)
        assert "aaaaaaaa" not in known or known["aaaaaaaa"].state == "new", known
        assert outages(world) == world.flips_then
        assert world.tools.shards.untold() == []

    monitors = [replace(SHOP, policy=Policy(1, 1)), MAIL]
    interrupted(goes_down, pause_shop, holds, monitors, step=11, record=record_property)


def test_a_monitor_that_is_resumed_while_a_run_finds_nothing_to_check_is_checked_again(record_property):
    def story(world):
        world.minutes(2)
        world.pause("aaaaaaaa")
        world.checks.messages.append(
            {"kind": "shard", "guild": FLIPS[0], "shard": "01", "slot": int(world.at), "every": 1}
        )
        world.minute()

    def resume(world):
        if world.tools.monitors.roster(FLIPS[0]).entries[0].paused:
            world.pause("aaaaaaaa", False)

    def holds(world):
        world.pause("aaaaaaaa", False)
        world.minutes(3)
        assert unpack(world.tools.shards.read(*FLIPS).states)["aaaaaaaa"].state == "up"

    interrupted(story, resume, holds, [SHOP], step=3, record=record_property)


def test_a_new_url_of_a_heartbeat_at_any_point_loses_no_outage(record_property):
    def rotate(world):
        world.rotate("eeeeeeee", NEW_PING)
        if PING in world.jobs:  # the job is changed at once
            world.jobs = {NEW_PING: world.jobs[PING]}
        world.rotated = True

    def story(world):
        world.rotated = False
        world.jobs[PING] = [""]
        world.minutes(3)
        world.jobs.clear()
        world.minutes(5)
        world.jobs[NEW_PING if world.rotated else PING] = [""]
        world.minutes(10)

    interrupted(story, rotate, heard_once, [JOB], step=23, record=record_property)


def test_an_old_url_of_a_heartbeat_is_unknown():
    world = World(JOB)
    assert world.ping(PING, "") == (200, "OK")
    world.rotate("eeeeeeee", NEW_PING)
    assert world.ping(PING, "")[0] == 404
    assert world.ping(NEW_PING, "") == (200, "OK")


def test_maintenance_holds_back_what_is_told_when_it_is_over(record_property):
    def plan_outages(world):
        window = Window(Once(BEGUN, BEGUN + 9 * 60), monitors=("aaaaaaaa",))
        world.tools.shards.change_plans(FLIPS[0], lambda plans: [*plans, Plan("11111111", "Move", window)])

    def story(world):
        world.killer.quietly(lambda: plan_outages(world))
        world.minutes(3)
        world.checker.script["aaaaaaaa"] = DOWN
        world.minutes(6)
        assert told(world) == []
        world.minutes(6)
        world.checker.script["aaaaaaaa"] = UP
        world.minutes(8)

    def holds(world):
        assert [each.split(" ")[1] for each in told(world)] == ["was", "is"]
        assert world.tools.shards.untold() == []

    swept(story, holds, [SHOP], late=False, step=37, record=record_property)


def test_discord_that_is_away_for_ten_minutes_delays_the_alert_and_loses_nothing():
    world = World(SHOP)
    world.minutes(3)
    world.checker.script["aaaaaaaa"] = DOWN
    world.discord.down = True
    world.minutes(10)
    world.discord.down = False
    world.minutes(5)
    world.checker.script["aaaaaaaa"] = UP
    world.minutes(10)
    world.lost = 0  # messages went to the dead letters, and the tick brought the flips again
    once(world)


def test_a_run_that_comes_twice_is_judged_once():
    world = World(SHOP)
    world.minutes(3)
    world.checker.script["aaaaaaaa"] = DOWN
    send = world.checks.send_many
    world.checks.send_many = lambda messages: (send(messages), send(messages))  # type: ignore[method-assign]
    world.minutes(5)
    assert [flip.new for flip in world.tools.shards.flips(*FLIPS, 0, 2**31)] == ["up", "down"]
    (hour,) = world.tools.shards.periods(*FLIPS, "24h", world.now())
    assert hour.tallies["aaaaaaaa"].counted == 8


def test_a_child_whose_parent_is_down_is_not_told_and_its_recovery_neither():
    world = World(DATABASE, API)
    world.minutes(3)
    world.checker.script.update(cccccccc=DOWN)
    world.minutes(4)
    world.checker.script.update(dddddddd=DOWN)
    world.minutes(4)
    world.checker.script.update(cccccccc=UP, dddddddd=UP)
    world.minutes(10)
    assert [each for each in told(world) if "API" in each] == []
    assert len(told(world)) == 2
    assert world.tools.shards.untold() == []


def test_a_child_that_is_still_down_when_its_parent_is_back_is_told_then():
    world = World(DATABASE, API)
    world.minutes(3)
    world.checker.script.update(cccccccc=DOWN)
    world.minutes(4)
    world.checker.script.update(dddddddd=DOWN)
    world.minutes(4)
    world.checker.script.update(cccccccc=UP)
    world.minutes(12)
    assert [each for each in told(world) if "API" in each] == ["**API** is down: it answered with HTTP 503."]
    world.checker.script.update(dddddddd=UP)
    world.minutes(4)
    assert told(world)[-1].startswith("**API** is up again")


def test_what_could_not_be_measured_changes_nothing():
    world = World(SHOP)
    world.minutes(3)
    world.checker.script["aaaaaaaa"] = Facts("unknown")
    world.minutes(20)
    assert [flip.new for flip in world.tools.shards.flips(*FLIPS, 0, 2**31)] == ["up"]
    assert told(world) == []


def test_a_slow_shard_delays_no_other_run_and_a_late_run_is_dropped():
    world = World(SHOP, MAIL)
    world.minutes(2)
    message = {"kind": "shard", "guild": FLIPS[0], "shard": "01", "slot": BEGUN, "every": 1}
    before = dict(world.table.rows)
    world.checks.messages.append(message)
    world.checker.script["aaaaaaaa"] = DOWN
    from watchbell.adapters.batch import Delivery
    from watchbell.doors import monitor

    monitor.run(Delivery(message, 1, False), world.tools)
    assert world.table.rows == before


# A sender that is late


QUICK = replace(SHOP, policy=Policy(1, 1), remind=1)
"""One result changes its state, so an outage can end while a sender still tells of its beginning."""


def overtaken(before, meanwhile, holds, record) -> None:
    """Let a sender tell what `before` leaves untold. Before each of its calls, another one does `meanwhile`."""
    point = 0
    while True:
        point += 1
        world = World(QUICK)
        before(world)
        world.sends.messages.clear()
        world.discord.down = False
        assert world.tools.shards.untold()
        world.killer.calls = 0
        world.killer.names.clear()
        world.killer.meanwhile = (point, lambda world=world: meanwhile(world))
        world._call(lambda world=world: told_now(world))
        if world.killer.calls < point:
            break
        try:
            holds(world)
        except (AssertionError, ValueError) as error:
            raise AssertionError(
                f"overtaken before call {point}, {world.killer.names[point - 1]}: {told(world)}"
            ) from error
    record("points", point - 1)
    assert point > 5


def goes_down_unheard(world: World) -> None:
    world.minutes(2)
    world.discord.down = True
    world.checker.script["aaaaaaaa"] = DOWN
    world.minute()


def comes_back(world: World) -> None:
    world.checker.script["aaaaaaaa"] = UP
    world.minute()


def comes_back_unheard(world: World) -> None:
    world.minutes(2)
    world.checker.script["aaaaaaaa"] = DOWN
    world.minutes(2)
    world.discord.down = True
    world.checker.script["aaaaaaaa"] = UP
    world.minute()


def goes_down_again(world: World) -> None:
    world.checker.script["aaaaaaaa"] = DOWN
    world.minute()


def two_outages(world: World) -> None:
    world.minutes(3)
    if not is_open(world):
        goes_down_again(world)
        world.minutes(3)
    comes_back(world)
    world.minutes(10)
    assert [each.split(" ")[1] for each in told(world)] == ["was", "is", "was", "is"]
    openings, ends = world.discord.messages[::2], world.discord.messages[1::2]
    assert [each["answers"] for each in openings] == ["", ""]
    assert [each["answers"] for each in ends] == [each["id"] for each in openings]
    assert not is_open(world)
    assert world.tools.shards.untold() == []


def is_open(world: World) -> bool:
    """Whether the channel has been told of an outage that goes on."""
    item = world.data(MAILBOX, GUILD).get(f"channel:{CHANNEL}")
    return Mailbox.parse(item or {}).outage("aaaaaaaa") is not None


def told_now(world: World) -> None:
    """Do what the tick's messages ask for."""
    for message in editions.waiting_messages(world.tools.shards.untold(), int(world.at) // 60 * 60 + 60):
        sender.deliver(Delivery(message, 1, False), world.tools)


def test_a_sender_of_an_opening_that_is_late_undoes_nothing_of_its_end(record_property):
    overtaken(goes_down_unheard, comes_back, two_outages, record_property)


def test_a_sender_of_an_end_that_is_late_undoes_nothing_of_the_next_opening(record_property):
    overtaken(comes_back_unheard, goes_down_again, two_outages, record_property)


def test_a_reminder_that_is_late_comes_before_the_end_or_not_at_all(record_property):
    def is_due(world):
        world.minutes(2)
        world.checker.script["aaaaaaaa"] = DOWN
        world.minutes(60)
        world.discord.down = True
        world.minute()

    def holds(world):
        world.minutes(3)
        assert [each.split(" ")[1] for each in told(world)] == ["was", "is", "is"]
        assert ["still" in each for each in told(world)] == [False, True, False]
        assert world.tools.shards.untold() == []

    overtaken(is_due, comes_back, holds, record_property)


def test_an_opening_that_is_delivered_again_after_its_end_changes_nothing():
    world = World(SHOP)
    outage(world)
    once(world)
    rows, edits = dict(world.table.rows), [each["edits"] for each in world.discord.messages]
    for sort in [sort for _pk, sort in world.table.rows if sort.startswith("edition#")]:
        message = mailboxes.edition_message(FLIPS[0], sort.partition("#")[2])
        sender.deliver(Delivery(message, 1, False), world.tools)
        sender.deliver(Delivery(editions.news_message(FLIPS[0]), 1, False), world.tools)
    assert world.table.rows == rows
    assert [each["edits"] for each in world.discord.messages] == edits == [1, 0]


# Reminders


def test_people_are_reminded_of_an_outage_and_of_nothing_else():
    world = World(replace(SHOP, remind=1), MAIL)
    world.minutes(3)
    world.checker.script["aaaaaaaa"] = DOWN
    world.minutes(3)
    world.checker.script["bbbbbbbb"] = DOWN
    world.minutes(147)
    world.checker.script["aaaaaaaa"] = UP
    world.minutes(3)
    world.checker.script["bbbbbbbb"] = UP
    world.minutes(67)
    about = [text.replace("\xa0", " ") for text in told(world) if "Shop" in text]
    assert about == [
        "**Shop** was down for 2 h 30 min.",
        "**Shop** is still down, for 1 h 2 min now.",
        "**Shop** is still down, for 2 h 2 min now.",
        "**Shop** is up again, after 2 h 30 min.",
    ]
    assert [text for text in told(world) if "still" in text and "Mail" in text] == []
    opening, *answers = [each for each in world.discord.messages if "Shop" in each["content"]]
    assert [each["answers"] for each in answers] == [opening["id"]] * 3
    flips = world.tools.shards.flips(*FLIPS, 0, 2**31)
    assert [(flip.old, flip.new) for flip in flips if flip.news == "reminder"] == [("down", "down")] * 2


def test_nobody_is_reminded_in_maintenance_and_once_afterwards():
    world = World(replace(SHOP, remind=1))
    world.minutes(3)
    world.checker.script["aaaaaaaa"] = DOWN
    world.minutes(5)
    window = Window(Once(int(world.at), int(world.at) + 3 * 3600))
    world.tools.shards.change_plans(FLIPS[0], lambda before: [Plan("p", "Work", window)])
    world.minutes(3 * 60)
    assert len(told(world)) == 1
    world.minutes(10)
    assert len(told(world)) == 2
    assert "still down" in told(world)[1]


def test_a_reminder_does_not_replace_an_opening_that_waits_for_its_parent():
    world = World(DATABASE, replace(API, remind=1))
    world.minutes(3)
    world.checker.script.update(cccccccc=DOWN)
    world.minutes(4)
    world.checker.script.update(dddddddd=DOWN)
    world.minutes(130)
    assert [each for each in told(world) if "API" in each] == []
    world.checker.script.update(cccccccc=UP)
    world.minutes(62)
    assert next(each for each in told(world) if "API" in each) == "**API** is down: it answered with HTTP 503."


# Notices of maintenance


HOURLY = Plan("11111111", "Backup", Window(Repeating("0 * * * *", 10)), 30)


def planned(world: World, *wanted: Plan) -> None:
    world.tools.shards.change_plans(FLIPS[0], lambda before: [*before, *wanted])


def notices(world: World) -> list[int]:
    """The starts that were announced, in minutes after the world began."""
    assert set(told(world)) <= {"Maintenance is planned: **Backup**."}
    starts = [int(message["embeds"][0]["fields"][0]["value"].split(":")[1]) for message in world.discord.messages]
    return [(start - BEGUN) // 60 for start in starts]


def test_each_occurrence_is_announced_once_before_it_begins():
    world = World(SHOP)
    planned(world, HOURLY)
    world.minutes(30)
    assert notices(world) == []
    world.minutes(2)
    assert notices(world) == [60]
    world.minutes(93)
    assert notices(world) == [60, 120]
    assert len(world.tools.shards.later(2**31)) == 1  # the next one


OFTEN = Plan("11111111", "Backup", Window(Repeating("*/10 * * * *", 5)), 5)


@pytest.mark.parametrize("late", [False, True], ids=["delivered again at once", "delivered again after 180 s"])
def test_a_notice_is_given_once_whatever_is_killed(late, record_property):
    world = World(SHOP)
    planned(world, OFTEN)
    planning = world.killer.calls
    world.minutes(17)
    names = list(world.killer.names)
    assert notices(world) == [10, 20]
    points = range(planning + 1 + late, len(names) + 1, 1 if ALL else 12)
    for point in points:
        for moment in ("before", "after"):
            world = World(SHOP)
            world.late = late
            planned(world, OFTEN)
            world.killer.at = (point, moment)
            world.minutes(17)
            assert notices(world) == [10, 20], (names[point - 1], moment)
            assert world.lost == 0
    record_property("points", 2 * len(points))


def test_ticks_that_come_twice_or_not_at_all_neither_double_nor_lose_a_notice():
    world = World(SHOP)
    planned(world, HOURLY)
    world.minutes(29)
    world.at += 10 * 60  # no tick for 10 minutes
    send = world.sends.send_many
    world.sends.send_many = lambda messages: (send(messages), send(messages))  # type: ignore[method-assign]
    world.minutes(90)
    assert notices(world) == [60, 120]


def test_discord_that_is_away_delays_a_notice_until_the_window_is_over_and_then_drops_it():
    world = World(SHOP)
    planned(world, HOURLY)
    world.minutes(25)
    world.discord.down = True
    world.minutes(20)
    world.discord.down = False
    world.minutes(15)
    assert notices(world) == [60]
    world.discord.down = True
    world.minutes(80)
    world.discord.down = False
    world.minutes(60)
    assert 120 not in notices(world)
    assert notices(world)[-1] == 180


def test_a_cancelled_plan_announces_nothing_and_leaves_nothing_behind():
    world = World(SHOP)
    planned(world, HOURLY)
    world.tools.shards.change_plans(FLIPS[0], lambda before: [])
    world.minutes(65)
    assert notices(world) == []
    assert world.tools.shards.later(2**31) == []


def test_maintenance_that_begins_soon_is_announced_at_once_and_an_open_one_is_not():
    world = World(SHOP)
    world.minutes(2)
    now = int(world.at)
    soon = Plan("22222222", "Backup", Window(Once(now + 300, now + 900)), 60)
    is_open = Plan("33333333", "Backup", Window(Once(now - 300, now + 900)), 60)
    never = Plan("44444444", "Backup", Window(Once(now + 300, now + 900)), 0)
    planned(world, soon, is_open, never)
    world.minutes(3)
    assert notices(world) == [7]
    assert world.tools.shards.later(2**31) == []
