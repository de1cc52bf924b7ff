"""/status and /uptime over the monitors of a server: what is wrong comes first, and the limits of Discord hold."""

from uuid import uuid4

import pytest

from watchbell.adapters.monitors import Change
from watchbell.commands import monitor as monitor_command
from watchbell.commands import status, uptime
from watchbell.errors import UnknownSource, UserError
from watchbell.status import judgement
from watchbell.status.board import NAMES, NOT_UP, Line, headline, tally, troubles
from watchbell.status.facts import Facts
from watchbell.status.flip import Flip
from watchbell.status.judgement import Judgement
from watchbell.status.maintenance import Once, Window
from watchbell.status.monitor import Monitor
from watchbell.status.packing import pack_period
from watchbell.status.plans import Plan
from watchbell.status.reason import Reason
from watchbell.status.roster import Entry
from watchbell.status.tally import HOUR, record
from watchbell.testing import FakeTools, autocomplete, choose, press, run

GUILD = "1000000000000000102"
NOW = 1_795_334_400
DOWN = Reason("unexpected_status", {"status": 503, "expected": "2xx, 3xx"})


def entry(name="Shop", *, id="aaaaaaaa", kind="http", every=1, shard="01", **more):
    return Entry(id, name, kind, shard, every, **more)


def line(state, *, seen=NOW, unknown=0, quiet=False, since=NOW - 600, reason=None, until=0, **more):
    judged = None if state is None else Judgement("aaaaaaaa", state, since, seen=seen, unknown=unknown, reason=reason)
    return Line(entry(**more), judged, quiet, NOW, until)


@pytest.mark.parametrize(
    ("shown", "state"),
    [
        (line("up"), "up"),
        (line("degraded"), "degraded"),
        (line("down"), "down"),
        (line("new"), "new"),
        (line(None), "new"),
        (line("down", paused=True), "paused"),
        (line("down", quiet=True), "maintenance"),
        (line("up", quiet=True), "up"),
        (line("down", unknown=2), "down"),
        (line("down", unknown=3), "unknown"),
        (line("up", seen=NOW - 240), "up"),
        (line("up", seen=NOW - 241), "unknown"),
        (line("up", seen=NOW - 720, every=5), "up"),
        (line("up", seen=NOW - 721, every=5), "unknown"),
        (line("down", seen=NOW - 10**6, kind="heartbeat"), "down"),
    ],
)
def test_a_monitor_is_shown_with_the_state_that_it_has(shown, state):
    assert shown.state == state


def test_a_line_says_why_and_since_when_and_only_if_it_is_known():
    assert line("down", reason=DOWN).text() == (
        "🔴 **Shop** is down\n-# it answered HTTP 503 instead of 2xx, 3xx · "
        f"since <t:{NOW - 600}:t> (<t:{NOW - 600}:R>)"
    )
    assert line(None).text() == "⏳ **Shop** is not checked yet"
    unknown = line("down", seen=NOW - 900, reason=DOWN)
    assert unknown.text() == (
        f"❔ **Shop** is unknown\n-# I could not measure it · since <t:{NOW - 900}:t> (<t:{NOW - 900}:R>)"
    )


def test_a_line_says_until_when_its_monitor_is_in_maintenance():
    until = f"until <t:{NOW + 600}:t> (<t:{NOW + 600}:R>)"
    down = line("down", quiet=True, reason=DOWN, until=NOW + 600).text()
    assert down == (
        f"🔧 **Shop** is in maintenance\n-# {until} · it answered HTTP 503 instead of 2xx, 3xx · "
        f"not up since <t:{NOW - 600}:t> (<t:{NOW - 600}:R>)"
    )
    up = line("up", quiet=True, until=NOW + 600)
    assert up.text() == f"✅ **Shop** is up\n-# in maintenance {until} · since <t:{NOW - 600}:t> (<t:{NOW - 600}:R>)"


def test_the_status_and_the_list_name_what_is_up_in_maintenance():
    tools = watching("up", "up", "down")
    window = Window(Once(NOW - 60, NOW + 3600), ("00000000", "00000002"))
    tools.shards.change_plans(GUILD, lambda plans: [Plan("plan0001", "Upgrade", window)])
    shown = told(run(status, tools=tools))
    assert f"🔧 **Shop 000** in maintenance until <t:{NOW + 3600}:t>" in shown
    assert "🔧 **Shop 001**" not in shown
    assert "🔧 **Shop 002** is in maintenance" in shown
    assert "2 are up: Shop 000, Shop 001" in shown
    listed = told(run(monitor_command, "list", tools=tools, permissions="MANAGE_GUILD"))
    assert f"✅ **Shop 000** is up\n-# in maintenance until <t:{NOW + 3600}:t>" in listed


@pytest.mark.parametrize(
    ("states", "says"),
    [
        ([], "❔ Nothing has been measured yet"),
        ([None], "❔ Nothing has been measured yet"),
        (["up"], "✅ **Shop** is up"),
        (["up", None], "✅ **Shop** is up"),
        (["degraded", None, None], "⚠️ **Shop** is degraded"),
        (["down", None], "🔴 **Shop** is down"),
        (["up", "up", None], "✅ All 2 monitors are up"),
        (["up", "down"], "🔴 1 of 2 monitors is down"),
        (["down", "degraded", "down"], "🔴 2 of 3 monitors are down"),
        (["degraded", "up"], "⚠️ 1 of 2 monitors is degraded"),
    ],
)
def test_the_headline_counts_the_worst_state(states, says):
    assert headline([line(state) for state in states]) == says


def test_the_tally_goes_from_the_worst_to_the_best_and_leaves_zeros_out():
    lines = [line(state) for state in ("up", "down", "up", "degraded", None)]
    assert tally([*lines, line("up", paused=True)]) == "1 down · 1 degraded · 2 up · 1 paused · 1 not checked yet"


def test_the_only_monitor_that_counts_is_named_once():
    shown = told(run(status, tools=watching("up", "new")))
    assert shown.startswith("### ✅ **Shop 000** is up\n1 up · 1 not checked yet")
    assert "1 is up: " not in shown
    assert "1 is up: Shop 001" in told(run(status, tools=watching("down", "up")))


def test_what_has_no_line_of_its_own_is_counted():
    lines = [line("down", name=f"Shop {number:03}") for number in range(NOT_UP + 3)]
    shown = troubles(lines)
    assert (len(shown), shown[-1]) == (NOT_UP + 1, "and 3 more")
    assert shown[0].startswith("🔴 **Shop 000**")
    assert troubles(lines[:NOT_UP])[-1].startswith("🔴 ")


def told(reply):
    """All texts of a message with layout, in one."""
    found = []

    def walk(each):
        if isinstance(each, dict):
            found.extend(each[name] for name in ("content", "label", "placeholder") if isinstance(each.get(name), str))
            for value in each.values():
                walk(value)
        elif isinstance(each, list):
            for value in each:
                walk(value)

    walk(reply.message())
    return "\n".join(found)


def watching(*states, name="Shop {number:03}", tags=(), reason=DOWN):
    """Tools whose server has a monitor in each of these states, 25 in a shard."""
    tools = FakeTools(sources=None, now=lambda: NOW + 10)
    monitors = [
        Monitor(f"{number:08}", name.format(number=number), "http", f"https://shop-{number}.example/", 1, tags=tags)
        for number in range(len(states))
    ]
    for number, monitor in enumerate(monitors):
        shard = f"{number // 25 + 1:02}"
        member = entry(monitor.name, id=monitor.id, shard=shard, tags=tags)
        tools.monitors.change(
            GUILD,
            lambda roster, member=member, monitor=monitor: Change(roster.with_(member), put=(member.shard, monitor)),
        )
    for first in range(0, len(states), 25):
        shard = f"{first // 25 + 1:02}"
        judged = [
            Judgement(monitor.id, state, NOW - 600, seen=NOW, latency_ms=40, reason=None if state == "up" else reason)
            for monitor, state in zip(monitors[first:], states[first : first + 25], strict=False)
        ]
        results = {
            each.monitor: (Facts("up" if each.state == "up" else "down", latency_ms=40), False) for each in judged
        }
        hour, _ended = record(None, NOW, results, [*results])
        before = tools.shards.read(GUILD, shard)
        after = type(before)(NOW, judgement.pack(judged), pack_period(hour))
        flips = [Flip(each.monitor, NOW, each.since, "up", each.state, reason=each.reason) for each in judged]
        assert tools.shards.store(GUILD, shard, before, after, flips=flips)
    return tools


@pytest.mark.parametrize("count", [1, 12, 100])
@pytest.mark.parametrize("state", ["up", "degraded", "down", "new"])
@pytest.mark.parametrize("name", ["Shop {number:03}", "*" * 57 + "{number:03}", "大" * 57 + "{number:03}"])
def test_the_limits_of_discord_hold_for_any_number_of_monitors_in_any_state(count, state, name):
    long = Reason("component", {"component": "~" * 24, "said": "_" * 24})
    tools = watching(*[state] * count, name=name, reason=long)
    reply = run(status, tools=tools)  # the kit checks Discord's limits, as the worker does
    texts = told(reply)
    assert name[:5] in texts.replace("\\", "")
    assert components_of(reply) <= 40


def components_of(reply):
    """How many components a message has, with all that are inside others."""

    def count(part):
        inside = [*part.get("components", []), *filter(None, [part.get("accessory")])]
        return 1 + sum(map(count, inside))

    return sum(map(count, reply.message()["components"]))


def test_a_server_without_monitors_is_shown_what_the_operator_watches():
    class Sources:
        def ask(self, name):
            return []

    tools = FakeTools(sources=Sources())
    assert run(status, tools=tools).embeds is not None
    assert autocomplete(status, "monitor", tools=tools) == []


def test_one_monitor_in_detail_has_its_figures():
    tools = watching("down", "up")
    texts = told(run(status, monitor="Shop 000", detailed=True, tools=tools))
    assert "🔴 **Shop 000** is down" in texts
    assert "it answered HTTP 503" in texts
    assert "**Uptime** 0.00\u00a0% in 24 h" in texts
    assert "**Latency** 40\u00a0ms now" in texts
    assert told(choose(status.one, "00000001", tools=tools)).startswith("### ✅ **Shop 001** is up")


def labelled(reply, label):
    row = reply.components[0].components[-1]
    return next((each for each in row.components if each.label == label), None)


def test_one_monitor_in_detail_has_a_button_that_shows_90_days_in_a_new_message():
    tools = watching("down", "up")
    shown = run(status, monitor="Shop 001", detailed=True, tools=tools)
    assert [each.label for each in shown.components[0].components[-1].components] == ["Refresh", "Simple", "90 days"]
    days = press(labelled(shown, "90 days"), tools=tools)
    texts = told(days)
    assert texts.startswith("### Shop 001\n-# the last 90 days")
    assert "**Uptime** 100\u00a0%" in texts
    assert "▇" in texts
    assert not status.quarter.updates
    assert days.message() == run(uptime, monitor="Shop 001", window="quarter", tools=tools).message()
    assert labelled(run(status, monitor="Shop 001", tools=tools), "90 days") is None
    tools.monitors.change(GUILD, lambda roster: Change(roster.without("00000001"), delete=("01", "00000001")))
    tools.now = lambda: NOW + 60
    with pytest.raises(UserError, match="This monitor has been removed"):
        press(labelled(shown, "90 days"), tools=tools)


def test_a_tag_selects_its_monitors_and_a_name_that_does_not_exist_is_told():
    tools = watching("down", "up", tags=("paid",))
    assert "🔴 1 of 2 monitors is down" in told(run(status, monitor="PAID", tools=tools))
    with pytest.raises(UserError, match="There is no monitor, group or tag with this name"):
        run(status, monitor="paidd", tools=tools)


def test_uptime_has_outages_and_percentiles_and_works_without_any_history():
    tools = watching("down", "up")
    texts = told(run(uptime, monitor="shop 000", tools=tools))
    assert "-# the last 30 days" in texts
    assert "**Uptime** 0.00\u00a0%" in texts
    assert "**Outages** 1, down for 10\u00a0min" in texts
    up = told(run(uptime, monitor="Shop 001", window="year", tools=tools))
    assert "**Uptime** 100\u00a0%" in up
    assert "**Outages** none" in up
    assert "p50 4" in up
    never = watching("new", "new")
    never.state.rows = {place: row for place, row in never.state.rows.items() if not place[1].startswith("shard#")}
    assert told(run(uptime, monitor="Shop 000", tools=never)).count("Nothing was measured.") == 1


@pytest.mark.parametrize(("locale", "says"), [("en-US", "**Outages** none"), ("de", "**Ausfälle** keine\n")])
def test_no_outage_is_said_in_the_language_of_the_reader(locale, says):
    assert says in told(run(uptime, monitor="Shop 000", tools=watching("up"), locale=locale))


def test_uptime_of_a_monitor_that_does_not_exist_says_where_all_are():
    with pytest.raises(UserError, match="`/status` shows them all"):
        run(uptime, monitor=uuid4().hex, tools=watching("up"))


def test_a_monitor_that_went_down_before_the_window_has_been_down_for_all_of_it():
    tools = watching("down")
    tools.state.rows = {place: row for place, row in tools.state.rows.items() if not place[1].startswith("flip#")}
    tools.now = lambda: NOW + 40 * 24 * HOUR
    assert "**Outages** 1, down for 30\u00a0d" in told(run(uptime, monitor="Shop 000", tools=tools))


def test_names_of_more_than_40_monitors_that_are_up_are_counted():
    texts = told(run(status, tools=watching(*["up"] * (NAMES + 5))))
    assert "45 are up: " in texts
    assert texts.count("and 5 more") == 1


def test_who_manages_the_server_reads_that_nobody_hears_of_the_monitors():
    tools = watching("down", "up")
    assert "Nobody hears of this yet" in told(run(status, tools=tools, permissions="MANAGE_GUILD"))
    assert "Nobody hears" not in told(run(status, tools=tools))
    tools.server_settings.change(GUILD, {"status_channel": "9"})
    assert "Nobody hears" not in told(run(status, tools=tools, permissions="MANAGE_GUILD"))


@pytest.mark.parametrize("name", ["*" * 57 + "{number:03}", "大" * 57 + "{number:03}"])
def test_the_limits_hold_if_half_is_down_and_half_is_up_in_maintenance(name):
    long = Reason("component", {"component": "~" * 24, "said": "_" * 24})
    tools = watching(*["down", "up"] * 50, name=name, reason=long)
    up = tuple(f"{number:08}" for number in range(1, 100, 2))
    window = Window(Once(NOW - 60, NOW + 3600), up)
    tools.shards.change_plans(GUILD, lambda plans: [Plan("plan0001", "Upgrade", window)])
    shown = run(status, tools=tools, permissions="MANAGE_GUILD")
    assert "🔧 " in told(shown)
    assert components_of(shown) <= 40


def test_a_monitor_that_is_asked_for_as_a_service_is_told_where_it_belongs():
    class Sources:
        def ask(self, name):
            raise UnknownSource(name, ["prod"])

    tools = watching("down", "up")
    tools.sources = Sources()
    with pytest.raises(UserError, match=r"\*\*Shop 000\*\* is a monitor of this server. Choose it as `monitor`."):
        run(status, server="shop 000", tools=tools)
    for other in ({"server": "other"}, {"server": "shop 000", "guild": ""}):
        with pytest.raises(UserError, match=r"I do not watch a service with that name\. I watch `prod`\."):
            run(status, tools=tools, **other)
