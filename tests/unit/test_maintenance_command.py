"""/maintenance: what is planned, and when it is announced."""

import pytest

from tests.unit.test_monitor_command import GUILD, MANAGER, Queue, buttons, texts
from watchbell.adapters.monitors import Change
from watchbell.commands import maintenance
from watchbell.errors import UserError
from watchbell.status import plans
from watchbell.status.later import Later
from watchbell.status.maintenance import Once, Repeating, Window
from watchbell.status.plans import Plan
from watchbell.status.roster import Entry
from watchbell.testing import FakeTools, Somebody, press, run

NOW = 1_795_334_400.0  # 2026-11-22 08:00 UTC
HOUR = 3600


@pytest.fixture
def tools():
    return FakeTools(now=lambda: NOW)


def add(tools, start="2026-11-23 08:00", duration="2h", **options):
    return run(maintenance, "add", start=start, duration=duration, tools=tools, **options, **MANAGER)


def due(tools):
    return [(guild, notice.at - NOW, notice.number - NOW) for guild, notice in tools.shards.later(2**31)]


@pytest.mark.parametrize(
    ("options", "says", "notices"),
    [
        ({}, "announced 60 minutes before", [(GUILD, 23 * HOUR, 24 * HOUR)]),
        ({"announce": 1}, "announced 1 minute before", [(GUILD, 24 * HOUR - 60, 24 * HOUR)]),
        ({"announce": 0}, "", []),
        ({"announce": 10080}, "· announced", [(GUILD, 0, 24 * HOUR)]),
        ({"start": "now"}, "", []),
    ],
)
def test_a_plan_is_announced_an_hour_before_or_as_somebody_says(tools, options, says, notices):
    reply = texts(add(tools, **options))
    assert ("announced" in reply, says in reply) == (bool(says), True)
    assert due(tools) == notices


@pytest.mark.parametrize("announce", [-1, 10081])
def test_a_notice_comes_at_most_a_week_before(tools, announce):
    with pytest.raises(UserError):
        add(tools, announce=announce)
    assert due(tools) == []


def test_a_second_plan_adds_its_notice_and_leaves_the_first_alone(tools):
    add(tools)
    add(tools, start="2026-11-24 08:00")
    assert [start for _guild, _at, start in due(tools)] == [24 * HOUR, 48 * HOUR]


def test_a_retry_plans_and_announces_it_once(tools):
    add(tools, id="1100000000000000999")
    add(tools, id="1100000000000000999")
    assert len(tools.shards.plans(GUILD)) == len(due(tools)) == 1


HOURLY = Window(Repeating("0 * * * *", 90))  # one is still open when the next one begins


@pytest.mark.parametrize(
    ("window", "announce", "at", "told", "expected"),
    [
        (Window(Once(9000, 9600)), 60, 0, None, Later(5400, "maintenance", "p", 9000)),
        (Window(Once(9000, 9600)), 60, 8000, None, Later(8000, "maintenance", "p", 9000)),
        (Window(Once(9000, 9600)), 60, 9000, None, None),
        (Window(Once(9000, 9600)), 60, 8000, 9000, None),
        (Window(Once(9000, 9600)), 0, 0, None, None),
        (HOURLY, 10, 0, None, Later(3000, "maintenance", "p", 3600)),
        (HOURLY, 10, 3000, 3600, Later(6600, "maintenance", "p", 7200)),
        (HOURLY, 600, 3000, 3600, Later(3000, "maintenance", "p", 7200)),
        (HOURLY, 10, 86_400 + 60, 3600, Later(86_460, "maintenance", "p", 86_400 - 3600)),
    ],
)
def test_the_next_notice_of_a_plan(window, announce, at, told, expected):
    assert Plan("p", "Work", window, announce).notice(at, told) == expected


def test_a_plan_of_an_older_version_is_not_announced():
    (plan,) = plans.unpack(
        '[{"id":"p","title":"T","window":{"when":{"start":1,"end":2},"monitors":[],"groups":[],"tags":[]}}]'
    )
    assert plan == Plan("p", "T", Window(Once(1, 2)), 0)
    assert plans.unpack(plans.pack([Plan("p", "T", HOURLY, 15)])) == [Plan("p", "T", HOURLY, 15)]


def listed(tools):
    return texts(run(maintenance, "list", tools=tools, **MANAGER))


def test_the_list_says_until_when_it_lasts_how_often_it_comes_and_whom_it_concerns(tools):
    roster = tools.monitors.roster(GUILD)
    for name in ("Shop", "Mail"):
        entry = Entry(name.lower(), name, "http", "01", 5, "Web")
        tools.monitors.change(GUILD, lambda before, entry=entry: Change(before.with_(entry)))
    assert roster.entries == []
    add(tools, start="now", what="Shop", title="Upgrade")
    open_one = f"<t:{int(NOW) + 7200}:f> (<t:{int(NOW) + 7200}:R>)"
    assert f"🔧 **Upgrade** lasts until {open_one}\n-# lasts 2\u00a0h · Shop" in listed(tools)
    tools.monitors.change(GUILD, lambda before: Change(before.without("shop")))
    assert "1 monitor that was removed" in listed(tools)
    add(tools, start="mon-fri 22:00", what="Web", title="Backup")
    assert "repeats: `mon-fri 22:00` (UTC) · Web · announced 60 minutes before" in listed(tools)


# Cancelling.


def planned(tools):
    return [(plan.id, plan.name) for plan in tools.shards.plans(GUILD)]


def cancels(reply):
    return [each for each in buttons(reply) if each.label == "Cancel"]


@pytest.fixture
def queue(tools):
    tools.send_queue = Queue()
    return tools.send_queue


def test_a_plan_is_cancelled_after_a_question(tools, queue):
    add(tools, title="Upgrade")
    shown = run(maintenance, "cancel", plan="upgrade", tools=tools, **MANAGER)
    assert "Cancel this maintenance?" in texts(shown)
    assert len(planned(tools)) == 1
    (button,) = cancels(shown)
    assert "**Upgrade** is cancelled." in texts(press(button, tools=tools, **MANAGER))
    assert planned(tools) == []
    assert [each["kind"] for each in queue] == ["cancelled"]


def test_of_two_plans_with_one_title_somebody_chooses_one(tools, queue):
    add(tools, title="Upgrade")
    add(tools, start="2026-11-24 08:00", title="Upgrade")
    shown = run(maintenance, "cancel", plan="Upgrade", tools=tools, **MANAGER)
    assert "Cancel which maintenance?" in texts(shown)
    (first, _last), (_one, other) = planned(tools), cancels(shown)
    press(other, tools=tools, **MANAGER)
    assert planned(tools) == [first]


def test_without_a_title_and_in_the_list_the_button_asks(tools, queue):
    add(tools, title="Upgrade")
    for way in ("cancel", "list"):
        (button,) = cancels(run(maintenance, way, tools=tools, **MANAGER))
        assert "Cancel this maintenance?" in texts(press(button, tools=tools, **MANAGER))
    assert len(planned(tools)) == 1


def test_a_plan_that_is_gone_and_a_title_that_does_not_exist_are_told(tools, queue):
    add(tools, title="Upgrade")
    (button,) = cancels(run(maintenance, "cancel", plan="Upgrade", tools=tools, **MANAGER))
    press(button, tools=tools, **MANAGER)
    with pytest.raises(UserError, match="no longer exists"):
        press(button, tools=tools, **MANAGER)
    with pytest.raises(UserError, match="Nothing is planned with this title"):
        run(maintenance, "cancel", plan="Upgrade", tools=tools, **MANAGER)
    assert len(queue) == 1


def test_a_second_try_says_once_more_that_the_plan_is_cancelled(tools, queue):
    add(tools, title="Upgrade")
    (button,) = cancels(run(maintenance, "cancel", plan="Upgrade", tools=tools, **MANAGER))
    again = Somebody(id="1100000000000000998", **MANAGER)
    tools.send_queue = None
    with pytest.raises(AttributeError):
        press(button, tools=tools, by=again)
    tools.send_queue = queue
    press(button, tools=tools, by=again)
    assert (planned(tools), len(queue)) == ([], 1)


def test_a_plan_without_a_title_is_named_in_the_language_of_the_reader(tools, queue):
    add(tools, locale="de")
    (plan,) = tools.shards.plans(GUILD)
    assert plan.title == ""
    assert "**Maintenance**" in texts(run(maintenance, "list", tools=tools, **MANAGER))
    assert "**Wartung**" in texts(run(maintenance, "list", tools=tools, locale="de", **MANAGER))
    assert cancels(run(maintenance, "cancel", plan="maintenance", tools=tools, **MANAGER))
