"""Each status source is a monitor of the person who runs the bot. All servers see it, and nobody else's."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sweep.world import BEGUN, DOWN, UP, FakeQueue, Killed, Killer, Watched, World
from watchbell.adapters.monitors import Change, Monitors
from watchbell.commands import status as status_command
from watchbell.commands import uptime as uptime_command
from watchbell.errors import Unavailable, UserError
from watchbell.schedules.operator_monitors import id_of, monitor_of, operator_monitors
from watchbell.status import board, judgement
from watchbell.status.monitor import Monitor
from watchbell.status.report import Report
from watchbell.status.roster import OPERATOR, Entry, entry_of
from watchbell.testing import FakeTools, autocomplete, press, run
from watchbell.testing.table import FakeTable

GUILD, OTHER_GUILD = "1000000000000000102", "1000000000000000202"
PROD = "https://prod.example/status"


class Sources(dict):
    """The parameters of the status sources. While the store `fails`, they cannot be read."""

    fails = False

    def __call__(self):
        if self.fails:
            raise Unavailable("the store does not answer")
        return dict(self)

    def ask(self, name=""):
        return [Report.parse(each, {"status": "normal"}) for each in sorted(self) if not name or each == name]


def tools_with(sources=(), **more):
    found = Sources(sources)
    return FakeTools(status_sources=found, sources=found, send_queue=FakeQueue(), now=lambda: BEGUN, **more)


def sync(tools):
    operator_monitors(None, tools)


def stored(tools, guild=OPERATOR):
    roster = tools.monitors.roster(guild)
    found = [(shard, each) for shard in roster.shards for each in tools.monitors.of_shard(guild, shard)]
    assert [entry_of(each, shard) for shard, each in found] == sorted(
        roster.entries, key=lambda each: (each.shard, each.id)
    )
    return {each.name: each for _shard, each in found}


def add(tools, name, guild=GUILD, id="aaaaaaaa"):
    each = Monitor(id, name, "tcp", "db.example:5432")
    tools.monitors.change(guild, lambda roster: Change(roster.with_(entry_of(each, "01")), put=("01", each)))
    return each


def judge(tools, id, facts, at, guild=OPERATOR, shard="01"):
    """Judge three results of a monitor, as three runs of its shard would."""
    before = tools.shards.read(guild, shard)
    state = judgement.unpack(before.states).get(id) or judgement.Judgement(id, since=at)
    for number in range(3):
        state, _flips = judgement.judge(
            state, facts, Monitor("", "", "").policy, at=at + 60 * number, in_maintenance=False
        )
    known = {**judgement.unpack(before.states), id: state}
    after = type(before)(at + 120, judgement.pack(known.values()), b"")
    assert tools.shards.store(guild, shard, before, after)


def state_of(tools, id, shard="01"):
    return judgement.unpack(tools.shards.states(OPERATOR, [shard])[shard].states)[id].state


# ---- the sources become monitors


def test_a_source_is_checked_every_minute_and_keeps_its_permission():
    tools = tools_with({"prod": PROD, "shop": "https://10.0.0.5/status private"})
    sync(tools)
    assert stored(tools) == {
        "prod": Monitor(id_of("prod"), "prod", "status_api", PROD, every=1),
        "shop": Monitor(id_of("shop"), "shop", "status_api", "https://10.0.0.5/status", every=1, private=True),
    }
    assert {place for place in range(60) if tools.shards.due(1, place)} == {0}


VALUES = st.sampled_from(
    [PROD, "https://prod.example/other", f"{PROD} private", "https://shop.example/", "nonsense", "https://discord.com/"]
)
STEPS = st.lists(
    st.none() | st.dictionaries(st.sampled_from(["prod", "Prod", "shop", "mail", "x" * 61]), VALUES), max_size=8
)


def expected(sources, tools):
    found = {}
    for name, value in sources.items():
        try:
            found[name] = monitor_of(name, value, tools)
        except (ValueError, UserError):
            continue
    found.pop("x" * 61, None)
    return found


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_whatever_is_set_there_is_one_monitor_for_each_source_that_can_be_watched(steps):
    tools = tools_with()
    for step in steps:
        if step is None:
            tools.status_sources.fails, before = True, dict(tools.state.rows)
            with pytest.raises(Unavailable):
                sync(tools)
            assert tools.state.rows == before
            tools.status_sources.fails = False
            continue
        tools.status_sources.clear()
        tools.status_sources.update(step)
        sync(tools)
        assert stored(tools) == expected(step, tools)
        before = dict(tools.state.rows)
        sync(tools)
        assert tools.state.rows == before
    for each in stored(tools).values():
        assert each.id == id_of(each.name)


def test_a_run_that_is_killed_at_any_point_is_finished_by_the_next():
    def scenario(at):
        table, killer = FakeTable(), Killer()
        watched = Watched(table, killer, "get", "get_many", "put", "delete", "update", "query", "between", "transact")
        tools = tools_with({"prod": PROD, "shop": PROD, "mail": PROD}, state=watched)
        sync(tools)
        tools.status_sources.update(shop="https://shop.example/", more=PROD)
        del tools.status_sources["mail"]
        killer.calls, killer.at = 0, at
        try:
            sync(tools)
        except Killed:
            killer.at = None
            sync(tools)
        calls = killer.calls
        assert stored(tools) == expected(tools.status_sources, tools)
        return calls

    calls = scenario(None)
    assert calls > 10
    for point in range(1, calls + 1):
        for moment in ("before", "after"):
            scenario((point, moment))


def test_a_source_with_another_address_is_new_and_the_others_are_not():
    tools = tools_with({"prod": PROD, "shop": PROD})
    sync(tools)
    judge(tools, id_of("prod"), DOWN, BEGUN)
    judge(tools, id_of("shop"), DOWN, BEGUN + 600)
    tools.status_sources["prod"] = f"{PROD} private"
    sync(tools)
    assert (state_of(tools, id_of("prod")), state_of(tools, id_of("shop"))) == ("new", "down")


def test_a_source_that_is_set_again_is_new_and_has_its_history():
    tools = tools_with({"prod": PROD})
    sync(tools)
    judge(tools, id_of("prod"), DOWN, BEGUN)
    tools.status_sources.clear()
    sync(tools)
    tools.status_sources["prod"] = PROD
    sync(tools)
    assert stored(tools)["prod"].id == id_of("prod")
    assert state_of(tools, id_of("prod")) == "new"


def test_what_cannot_be_watched_is_logged_without_its_value(caplog):
    tools = tools_with(
        {"prod": "https://ada:hunter2@prod.example/?key=hunter2", "it": "https://discord.com/?key=hunter2"}
    )
    sync(tools)
    assert stored(tools) == {}
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
    assert "the status source prod is not watched: its value is not a URL" in caplog.text
    assert "the status source it is not watched: I may not check discord.com." in caplog.text
    assert "hunter2" not in caplog.text


def test_the_operator_may_watch_one_host_as_often_as_the_deployment_has_room(caplog):
    tools = tools_with({f"s{number}": PROD for number in range(6)})
    tools.monitors = Monitors(tools.state, ceiling=5, of_host=2)
    add(tools, "Shop")
    sync(tools)
    assert sorted(stored(tools)) == ["s0", "s1", "s2", "s3"]
    assert "the status source s5 is not watched: the deployment has no room" in caplog.text
    del tools.status_sources["s0"]
    sync(tools)
    assert sorted(stored(tools)) == ["s1", "s2", "s3", "s4"]


# ---- who hears of them


def operated(*channels):
    """A world in which the operator watches `prod`. All other servers have a status channel."""
    world = World()
    world.status_sources = Sources({"prod": PROD})
    world.define = tools_with().define
    world.operator_alerts = lambda: list(channels)
    world.notify_users = lambda: []
    sync(world.tools)
    return world


def outage(world):
    world.minutes(3)
    world.checker.script[id_of("prod")] = DOWN
    world.minutes(5)
    world.checker.script[id_of("prod")] = UP
    world.minutes(4)


def test_the_channels_that_the_operator_has_set_hear_once_of_an_outage_and_its_end():
    world = operated("1100000000000000008", "1100000000000000007")
    outage(world)
    told = sorted((each["channel"], each["content"].split(",")[0].split(" for ")[0]) for each in world.discord.messages)
    assert told == [
        ("1100000000000000007", "✅ **prod** is up again"),
        ("1100000000000000007", "✅ **prod** was down"),
        ("1100000000000000008", "✅ **prod** is up again"),
        ("1100000000000000008", "✅ **prod** was down"),
    ]
    assert world.tools.shards.untold() == []


def test_nobody_hears_of_it_if_the_operator_has_set_no_channel():
    world = operated()
    outage(world)
    assert len(world.tools.shards.flips(OPERATOR, "01", 0, 2**31)) == 3
    assert world.discord.messages == []
    assert world.tools.shards.untold() == []


def test_after_a_removal_in_an_outage_the_next_outage_is_an_opening_of_its_own():
    world = operated("1100000000000000008")
    world.minutes(3)
    world.checker.script[id_of("prod")] = DOWN
    world.minutes(5)
    for sources in ({}, {"prod": PROD}):
        world.status_sources.clear()
        world.status_sources.update(sources)
        sync(world.tools)
        world.minutes(2)
    world.checker.script[id_of("prod")] = UP
    world.minutes(4)
    outage(world)
    first, opening, recovery = world.discord.messages
    assert first["content"] == "**prod** is no longer watched."
    assert (opening["answers"], recovery["answers"]) == ("", opening["id"])


# ---- what people see


def text_of(reply):
    return str(reply.message())


def show_button(reply):
    (section,) = [part for part in reply.components[0].components if hasattr(part, "accessory")]
    return section.accessory


def test_a_server_without_monitors_sees_the_sources_as_before():
    tools = tools_with({"prod": PROD})
    sync(tools)
    assert [embed.title for embed in run(status_command, tools=tools).embeds] == ["🟢 prod"]


def test_a_server_with_monitors_sees_a_line_of_the_operators_worst_first_and_a_button_shows_them():
    tools = tools_with({"prod": PROD, "mail": PROD})
    sync(tools)
    add(tools, "Database")
    judge(tools, id_of("mail"), DOWN, BEGUN - 180)
    judge(tools, id_of("prod"), UP, BEGUN - 60)
    reply = run(status_command, tools=tools)
    assert "The person who runs the bot also watches: 🔴 mail · ✅ prod" in text_of(reply)
    assert "Database" in text_of(reply)
    shown = press(show_button(reply), tools=tools)
    assert [embed.title for embed in shown.embeds] == ["🟢 mail", "🟢 prod"]
    assert shown.private is None  # as the command declares: only the person sees it
    tools.server_settings.change(GUILD, {"private_status_checks": False})
    assert press(show_button(reply), tools=tools, user="1000000000000000999").private is False


def test_a_part_of_the_board_has_no_line_of_the_operators():
    tools = tools_with({"prod": PROD})
    sync(tools)
    add(tools, "Database")
    assert "also watches" not in text_of(run(status_command, monitor="Database", tools=tools))


def test_the_line_names_fifteen_monitors_and_counts_the_rest():
    lines = [
        board.Line(Entry(f"m{number:02}", f"m{number:02}", "tcp", "01", 1), None, False, 0) for number in range(17)
    ]
    assert board.others(lines).endswith("⏳ m14 · and 2 more")


def test_uptime_finds_the_servers_own_monitors_before_the_operators():
    tools = tools_with({"prod": PROD, "mail": PROD})
    sync(tools)
    add(tools, "Prod")
    assert autocomplete(uptime_command, "monitor", tools=tools) == ["Prod", "mail"]
    assert "### Prod" in text_of(run(uptime_command, monitor="prod", tools=tools))
    assert "### mail" in text_of(run(uptime_command, monitor="MAIL", tools=tools))


def test_a_server_never_sees_the_monitors_of_another_server():
    tools = tools_with({"prod": PROD})
    sync(tools)
    secret = add(tools, "Secret", OTHER_GUILD, id="bbbbbbbb")
    add(tools, "Database")
    assert autocomplete(uptime_command, "monitor", tools=tools) == ["Database", "prod"]
    assert autocomplete(status_command, "monitor", tools=tools) == ["Database"]
    assert "Secret" not in text_of(run(status_command, tools=tools))
    for name in (secret.name, secret.id):
        with pytest.raises(UserError, match="no monitor with this name"):
            run(uptime_command, monitor=name, tools=tools)
        with pytest.raises(UserError, match="no monitor, group or tag"):
            run(status_command, monitor=name, tools=tools)
