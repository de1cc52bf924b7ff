"""/monitor as people use it: an address is enough, what cannot work is told, and nothing is lost."""

import pytest

from watchbell.adapters.monitors import Limits
from watchbell.commands import monitor
from watchbell.data.tables import PING
from watchbell.errors import FieldError, FormError, Unavailable, UserError
from watchbell.i18n import speaking
from watchbell.outbox.kinds import STEP, SUBSCRIPTION
from watchbell.status.facts import Facts
from watchbell.status.ping import Ping, change
from watchbell.status.reason import Reason
from watchbell.status.refusal import Refusal, told
from watchbell.subscriptions.subscription import Subscription
from watchbell.testing import FakeTools, Somebody, autocomplete, press, run, submit

MANAGER = {"permissions": "MANAGE_GUILD"}
GUILD = "1000000000000000102"
FACTS = Facts("down", Reason("unexpected_status", {"status": 503, "expected": "2xx, 3xx"}), 41)


class Queue(list):
    def send(self, message, wait=0):
        self.append(message)


class Discord:
    """The bot lacks `lacks` in each channel."""

    def __init__(self, *lacks):
        self.lacks = list(lacks)

    def missing(self, channel, *names):
        return self.lacks

    def channels(self, server):
        return []


@pytest.fixture
def tools():
    return FakeTools(
        send_queue=Queue(), discord=Discord(), check=lambda guild, monitors: {each.id: FACTS for each in monitors}
    )


def add(tools, **form):
    return submit(monitor.new, tools=tools, **{"address": "https://shop.example/health", **MANAGER, **form})


def texts(reply):
    """All texts of a message with layout, in one."""
    found = []

    def walk(each):
        if isinstance(each, dict):
            found.extend(each[name] for name in ("content", "label") if isinstance(each.get(name), str))
            for value in each.values():
                walk(value)
        elif isinstance(each, list):
            for value in each:
                walk(value)

    walk(reply.message())
    return "\n".join(found)


def buttons(reply):
    found = []

    def walk(part):
        for each in getattr(part, "components", []):
            walk(each)
        found.extend(each for each in (part, getattr(part, "accessory", None)) if hasattr(each, "custom_id"))

    for part in reply.components:
        walk(part)
    return found


def entries(tools):
    return tools.roster(GUILD).entries


def stored(tools):
    (entry,) = entries(tools)
    return tools.monitors.get(GUILD, entry.shard, entry.id)


def test_an_address_is_enough(tools):
    reply = add(tools)
    assert "I am watching it now." in texts(reply)
    each = stored(tools)
    assert (each.name, each.kind, each.every, each.target) == ("shop.example", "http", 5, "https://shop.example/health")
    assert [entry.host for entry in entries(tools)] == ["shop.example"]


@pytest.mark.parametrize(
    ("address", "kind"),
    [("db.example:5432", "tcp"), ("github", "statuspage"), ("https://www.githubstatus.com/", "statuspage")],
)
def test_the_address_tells_the_kind(tools, address, kind):
    add(tools, address=address)
    assert stored(tools).kind == kind


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("ftp://shop.example/", "I cannot check an address of this type"),
        ("https://user:pass@shop.example/", "Leave the user name and the password out"),
        ("https://discord.com/api", "I may not check discord.com"),
        ("http://169.254.169.254/latest", "it is not a public address"),
        ("http://2130706433/", "not an IP address in its usual form"),
        ("ping://shop.example", "AWS Lambda cannot send pings"),
        ("slack", "Did you mean `slack.com`?"),
        ("https://google/search", "Did you mean `google.com`?"),
        ("db:5432", "db has no dot"),
        ("", "write the address to check"),
    ],
)
def test_an_address_that_cannot_be_checked_is_told_at_its_field(tools, address, says):
    with pytest.raises(FormError) as raised:
        add(tools, address=address)
    assert says in raised.value.faults["address"]
    assert entries(tools) == []


def test_a_server_has_so_many_monitors_at_so_many_minutes(tools):
    with pytest.raises(FieldError) as raised:
        add(tools, often="1")
    assert raised.value.faults == {"often": "in this server, a monitor is checked at most once every 5 minutes."}
    for number in range(10):
        add(tools, name=f"Shop {number}")
    with pytest.raises(FieldError, match="This server already has 10 monitors"):
        add(tools, name="One more")
    assert len(entries(tools)) == 10


def test_two_monitors_cannot_have_one_name(tools):
    add(tools, name="Shop")
    with pytest.raises(FieldError) as raised:
        add(tools, name="shop")
    assert raised.value.faults == {"name": "another monitor has this name."}


def test_monitors_are_found_as_somebody_types_and_a_wrong_name_gets_similar_ones(tools):
    add(tools, name="Shop")
    add(tools, name="Mail")
    assert autocomplete(monitor, "monitor", "sh", path="show", tools=tools, **MANAGER) == ["Shop"]
    with pytest.raises(UserError, match="Did you mean Shop"):
        run(monitor, "show", monitor="Shopp", tools=tools, **MANAGER)


def test_the_conditions_are_changed_and_a_wrong_one_is_told(tools):
    add(tools)
    each = stored(tools)
    state = {"shard": entries(tools)[0].shard, "id": each.id, "tools": tools, **MANAGER}
    submit(monitor.rules, conditions="[STATUS] == 200\n[BODY].ok == true", options="method: HEAD", seconds="3", **state)
    after = stored(tools)
    assert after.conditions == ("[STATUS] == 200", "[BODY].ok == true")
    assert (after.options, after.seconds) == ({"method": "HEAD"}, 3)
    with pytest.raises(FieldError) as raised:
        submit(monitor.rules, conditions="[STATUS] = 200", options="", seconds="3", **state)
    assert "conditions" in raised.value.faults
    with pytest.raises(FieldError) as raised:
        submit(monitor.rules, conditions="", options="metod: HEAD", seconds="3", **state)
    assert "has no option `metod`" in raised.value.faults["options"]
    with pytest.raises(FieldError) as raised:
        submit(monitor.rules, conditions="", options="", seconds="60", **state)
    assert raised.value.faults == {"seconds": "write a number from 1 to 10."}
    assert stored(tools) == after


def place(tools):
    (entry,) = entries(tools)
    return {"shard": entry.shard, "id": entry.id, "tools": tools, **MANAGER}


def test_an_option_of_several_lines_is_typed_as_several_options_and_shown_again_like_that(tools):
    add(tools)
    lines = "method: POST\nheaders: Accept: text/plain\nheaders: X-Key: {{secret:shop}}\nbody: {\nbody: }"
    reply = submit(monitor.rules, conditions="", options=lines, seconds="5", **place(tools))
    assert stored(tools).options == {
        "method": "POST",
        "headers": "Accept: text/plain\nX-Key: {{secret:shop}}",
        "body": "{\n}",
    }
    (form,) = (each for each in buttons(reply) if each.label == "What counts as up")
    assert press(form, tools=tools, **MANAGER).kept["options"] == f"{lines}\nstatus: \nslow: \nrecheck: "


def test_what_is_left_as_it_was_shown_stores_no_option(tools):
    reply = add(tools, address="", kind="heartbeat", name="Backup")
    before = stored(tools)
    (form,) = (each for each in buttons(reply) if each.label == "What counts as up")
    shown = press(form, tools=tools, **MANAGER).kept["options"]
    assert shown == "period: \ngrace: 5m\ncron: \nzone: UTC"
    submit(monitor.rules, conditions="", options=shown, seconds="5", **place(tools))
    assert stored(tools) == before
    submit(monitor.rules, conditions="", options=shown.replace("5m", "30m"), seconds="5", **place(tools))
    assert stored(tools).options == {**before.options, "grace": "30m"}
    with pytest.raises(FieldError, match="has no option `gracee`"):
        submit(monitor.rules, conditions="", options="gracee: ", seconds="5", **place(tools))


NOW = 1_795_334_400
"""Sunday, 2026-11-22, 08:00 UTC."""


@pytest.mark.parametrize(
    ("options", "pings", "told"),
    [
        ("period: 1d\ngrace: 30m", [], ["every day, at most 30 min late", "I wait for the first one"]),
        ("", [-60], ["every 5 minutes, at most 5 min late", f"<t:{NOW + 240}:t> (<t:{NOW + 240}:R>)"]),
        ("", [-400], [None, f"<t:{NOW - 100}:t> (<t:{NOW - 100}:R>), late now"]),
        ("period: 1h30m", [-60], ["every 1 h 30 min, at most 5 min late", f"<t:{NOW + 5340}:t> (<t:{NOW + 5340}:R>)"]),
        ("period: 2d", [-60], ["every 2 days, at most 5 min late", f"<t:{NOW + 172740}:f>"]),
        (
            "cron: 0 3 * * *\nzone: Europe/Berlin\ngrace: 1h",
            [-60],
            [
                "at the times of `0 3 * * *` in Europe/Berlin, at most 1 h late",
                f"<t:{NOW + 18 * 3600}:t> (<t:{NOW + 18 * 3600}:R>)",
            ],
        ),
        ("", [-900], [None]),
    ],
)
def test_the_card_of_a_heartbeat_says_when_pings_are_expected(tools, options, pings, told):
    tools.now = lambda: float(NOW)
    add(tools, address="", kind="heartbeat", name="Backup")
    for at in pings:
        key = PING.item_key(stored(tools).options["ping"])
        tools.state.update(key, *change(Ping((NOW + at) * 1000, "success"), ""))
    reply = submit(monitor.rules, conditions="", options=options, seconds="5", **place(tools))
    shown = texts(reply).replace("\xa0", " ")
    assert f"**Pings** {told[0] or 'every 5 minutes, at most 5 min late'}" in shown
    assert [line for line in shown.splitlines() if "Next ping" in line] == [
        f"**Next ping** {each}" for each in told[1:]
    ]


def test_the_card_of_a_paused_heartbeat_expects_no_ping(tools):
    add(tools, address="", kind="heartbeat", name="Backup")
    run(monitor, "pause", monitor="Backup", tools=tools, **MANAGER)
    shown = texts(run(monitor, "show", monitor="Backup", tools=tools, **MANAGER))
    assert "**Pings** every 5 minutes" in shown
    assert "Next ping" not in shown


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("method: GET\nmethod: HEAD", "`method` has two lines, but only one value. Delete one of the lines."),
        ("method: GET\n method : GET", "`method` has two lines"),
        ("slow: 5\nslow: 6", "`slow` has two lines"),
        ("headers: X-A: 1\nheaders: x-a: 2", "The header `x-a` is there twice. Put both values into one."),
    ],
)
def test_a_line_that_would_be_lost_is_told(tools, lines, says):
    add(tools)
    before = stored(tools)
    with pytest.raises(FieldError) as raised:
        submit(monitor.rules, conditions="", options=lines, seconds="5", **place(tools))
    assert says in raised.value.faults["options"]
    assert stored(tools) == before


def test_the_policy_and_the_parent_are_changed(tools):
    add(tools, name="Shop")
    add(tools, name="Database", address="db.example:5432")
    shop, database = (tools.roster(GUILD).find(name) for name in ("Shop", "Database"))
    state = {"shard": shop.shard, "id": shop.id, "tools": tools, **MANAGER}
    submit(monitor.judged, failures="5", successes="1", parent="database", **state)
    after = tools.monitors.get(GUILD, shop.shard, shop.id)
    assert (after.policy.failures, after.policy.successes, after.parent) == (5, 1, database.id)
    for wrong, says in (("Shop", "a monitor cannot be its own parent."), ("Nobody", "there is no monitor")):
        with pytest.raises(FieldError, match=says):
            submit(monitor.judged, failures="5", successes="1", parent=wrong, **state)


@pytest.mark.parametrize(("typed", "hours"), [("4", 4), ("0", 0), ("", 0)])
def test_how_often_people_are_reminded_is_changed(tools, typed, hours):
    add(tools, name="Shop")
    shop = tools.roster(GUILD).find("Shop")
    state = {"shard": shop.shard, "id": shop.id, "tools": tools, **MANAGER}
    reply = submit(monitor.judged, failures="3", successes="2", parent="", remind=typed, **state)
    assert tools.monitors.get(GUILD, shop.shard, shop.id).remind == hours
    assert ("reminder every 4 hours" in texts(reply)) is (hours == 4)
    with pytest.raises(FieldError) as raised:
        submit(monitor.judged, failures="3", successes="2", parent="", remind="169", **state)
    assert raised.value.faults == {"remind": "write a number from 0 to 168."}


def test_a_monitor_is_removed_after_a_question(tools):
    add(tools, name="Shop")
    asked = run(monitor, "remove", monitor="Shop", tools=tools, **MANAGER)
    assert "Stop watching **Shop**?" in texts(asked)
    remove, keep = buttons(asked)
    assert "**Shop**" in texts(press(remove, tools=tools, **MANAGER))
    assert entries(tools) == []
    with pytest.raises(UserError, match="This monitor has been removed"):
        press(keep, tools=tools, **MANAGER)


def test_a_paused_monitor_is_not_due_and_a_responder_can_pause_it(tools):
    add(tools, name="Shop")
    assert "is paused" in run(monitor, "pause", monitor="Shop", tools=tools, rank="responder").content
    assert stored(tools).paused
    run(monitor, "resume", monitor="Shop", tools=tools, rank="responder")
    assert not stored(tools).paused


@pytest.mark.parametrize("path", ["list", "show", "edit", "remove", "pause", "test", "test-alert"])
def test_a_member_cannot_change_what_is_watched(tools, path):
    given = {} if path == "list" else {"monitor": "Shop"}
    with pytest.raises(UserError, match="Manage Server"):
        run(monitor, path, tools=tools, **given)


def test_a_test_shows_what_a_check_sees(tools):
    add(tools, name="Shop")
    reply = run(monitor, "test", monitor="Shop", tools=tools, rank="responder")
    assert reply.content == "🔴 **Shop**\nIt answered HTTP 503 instead of 2xx, 3xx.\nIt answered after 41\xa0ms."


def test_a_test_alert_needs_a_channel_and_goes_the_real_way(tools):
    add(tools, name="Shop")
    with pytest.raises(UserError, match="No status channel is chosen"):
        run(monitor, "test-alert", monitor="Shop", tools=tools, **MANAGER)
    tools.server_settings.change(GUILD, {"status_channel": "1000000000000000999"})
    reply = run(monitor, "test-alert", monitor="Shop", tools=tools, id="7", user="1000000000000000555", **MANAGER)
    assert reply.content == "A test alert is on its way to <#1000000000000000999>."
    (message,) = tools.send_queue
    (edition,) = tools.shards.editions(GUILD, message["edition"])
    assert message["kind"] == "edition"
    assert edition.test
    assert [(entry.name, flip.new) for entry, flip in edition.news] == [("Shop", "down")]


def test_a_test_alert_where_the_bot_may_not_write_is_refused_with_what_it_lacks(tools):
    add(tools, name="Shop")
    tools.server_settings.change(GUILD, {"status_channel": "1000000000000000999"})
    tools.discord.lacks = ["SEND_MESSAGES"]
    with pytest.raises(UserError, match="I cannot post in <#1000000000000000999>: I lack Send Messages"):
        run(monitor, "test-alert", monitor="Shop", tools=tools, **MANAGER)
    assert not tools.send_queue


def test_a_test_alert_that_is_asked_for_again_later_by_the_same_interaction_is_the_same_one(tools):
    add(tools, name="Shop")
    tools.server_settings.change(GUILD, {"status_channel": "1000000000000000999"})
    asks = {"monitor": "Shop", "tools": tools, "id": "1100000000000000777", **MANAGER}
    for user, now in (("1000000000000000555", 1_795_334_400.0), ("1000000000000000556", 1_795_334_520.0)):
        tools.now = lambda now=now: now
        run(monitor, "test-alert", user=user, **asks)  # the first try died before its claim was done
    first, second = tools.send_queue
    assert first == second
    assert len(tools.shards.editions(GUILD, "~")) == 1


def test_the_alert_of_a_monitor_says_that_it_is_gone_though_the_removal_is_cut_off(tools):
    add(tools, name="Shop")
    monitor_id = entries(tools)[0].id
    asked = run(monitor, "remove", monitor="Shop", tools=tools, **MANAGER)
    remove = next(each for each in buttons(asked) if each.label == "Remove")
    again, change = Somebody(id="1100000000000000777", **MANAGER), tools.monitors.change

    def fails(*given):
        raise Unavailable("DynamoDB")

    tools.monitors.change = fails
    with pytest.raises(Unavailable):
        press(remove, tools=tools, by=again)
    tools.monitors.change = change
    press(remove, tools=tools, by=again)
    assert {edition.gone for edition in tools.shards.editions(GUILD, "~")} == {(monitor_id,)}
    assert tools.monitors.roster(GUILD).entries == []


def test_a_channel_that_refuses_alerts_is_told_in_the_list_and_with_a_test_alert(tools):
    add(tools, name="Shop")
    tools.server_settings.change(GUILD, {"status_channel": "999"})
    refusal = tools.shards.refused(GUILD, Refusal("channel:999", 403, 50013, 60, ("SEND_MESSAGES",)))
    assert told(refusal) in texts(run(monitor, "list", tools=tools, **MANAGER))
    reply = run(monitor, "test-alert", monitor="Shop", tools=tools, **MANAGER)
    assert reply.content.splitlines() == ["A test alert is on its way to <#999>.", told(refusal)]


def test_a_heartbeat_needs_no_address_and_its_url_can_be_rotated(tools):
    tools.settings = {"PING_URL": "https://bell.example/ping/"}
    reply = add(tools, address="", kind="heartbeat", name="Backup")
    first = stored(tools).options["ping"]
    assert f"https://bell.example/ping/{first}" in texts(reply)
    rotate = next(each for each in buttons(reply) if each.label == "New URL")
    again = press(rotate, tools=tools, **MANAGER)
    second = stored(tools).options["ping"]
    assert second != first
    assert f"https://bell.example/ping/{second}" in texts(again)
    assert {pk for pk, _ in tools.state.rows if pk.startswith("ping#")} == {f"ping#{second}"}


def test_only_a_server_that_may_follow_aws_gets_a_monitor_of_it(tools):
    with pytest.raises(FieldError) as raised:
        add(tools, address="checkout-5xx", kind="cloudwatch_alarm")
    assert "may not follow what happens on AWS" in raised.value.faults["kind"]
    tools.monitors.limits = lambda guild: Limits(aws=1)
    add(tools, address="checkout-5xx", kind="cloudwatch_alarm")
    assert (stored(tools).target, stored(tools).policy.failures) == ("checkout-5xx", 1)


def test_an_address_of_aws_that_no_event_names_is_told_at_its_field_when_it_is_added_and_when_it_is_changed(tools):
    tools.monitors.limits = lambda guild: Limits(aws=1)
    with pytest.raises(FieldError) as raised:
        add(tools, address="shop", kind="aws_event")
    assert "Write `pipeline:NAME`" in raised.value.faults["address"]
    add(tools, address="health:ec2", kind="aws_event", name="EC2")
    assert stored(tools).target == "health:EC2"
    with pytest.raises(FieldError) as raised:
        submit(monitor.basics, address="", name="EC2", **place(tools))
    assert "Write `pipeline:NAME`" in raised.value.faults["address"]


@pytest.mark.parametrize("name", ["errors [prod]", "pipeline", "https://shop.example/"])
def test_the_name_of_an_alarm_is_no_host(tools, name):
    tools.monitors.limits = lambda guild: Limits(aws=1)
    add(tools, address=name, kind="cloudwatch_alarm")
    (entry,) = entries(tools)
    assert (entry.name, entry.host) == (name, "")


def test_the_list_has_pages(tools):
    tools.monitors.limits = lambda guild: Limits(100, 1)
    for number in range(8):
        add(tools, name=f"Shop {number}", group="Web")
    first = run(monitor, "list", tools=tools, **MANAGER)
    assert "1 to 6 of 8" in texts(first)
    assert "⏳ **Shop 0** is not checked yet" in texts(first)


def test_a_private_address_is_refused_unless_the_operator_allows_it(tools):
    with pytest.raises(FormError) as raised:
        add(tools, address="http://10.0.0.5:8080/health")
    assert raised.value.faults == {"address": "I may not check 10.0.0.5: it is not a public address."}
    assert entries(tools) == []
    tools.monitors.limits = lambda guild: Limits(private=1)
    add(tools, address="http://10.0.0.5:8080/health")
    assert stored(tools).private


def test_a_name_without_a_dot_is_taken_where_private_addresses_are(tools):
    tools.monitors.limits = lambda guild: Limits(private=1)
    add(tools, address="http://nas/")
    assert stored(tools).target == "http://nas/"


def test_a_private_monitor_is_refused_when_it_is_changed_and_the_operator_no_longer_allows_it(tools):
    tools.monitors.limits = lambda guild: Limits(private=1)
    add(tools, address="http://10.0.0.5:8080/health", name="Inside")
    (entry,) = entries(tools)
    tools.monitors.limits = lambda guild: Limits()
    form = {"address": "http://10.0.0.5:8080/health", "name": "Inside", "often": "15"}
    with pytest.raises(FormError) as raised:
        submit(monitor.basics, tools=tools, shard=entry.shard, id=entry.id, **form, **MANAGER)
    assert raised.value.faults.keys() == {"address"}


@pytest.mark.parametrize(("locale", "label"), [("en-US", "Website or HTTP API"), ("de", "Website oder HTTP-API")])
def test_the_kinds_are_offered_in_words_of_the_language(tools, locale, label):
    with speaking(locale):
        form = run(monitor, "add", tools=tools, **MANAGER).payload()
    (kinds,) = (part["component"] for part in form["components"] if part["component"]["custom_id"] == "kind")
    offered = {each["value"]: each["label"] for each in kinds["options"]}
    assert offered["http"] == label
    assert not offered.keys() & set(offered.values())


def test_the_list_says_in_words_how_each_monitor_is_checked(tools):
    add(tools, name="Shop", group="Web")
    add(tools, name="Backup", address="", kind="heartbeat")
    shown = texts(run(monitor, "list", tools=tools, **MANAGER))
    assert "-# Web · Website or HTTP API · every 5 minutes" in shown
    assert "-# Heartbeat of a job · every 5 minutes" in shown


def test_a_form_that_is_delivered_again_adds_one_monitor(tools):
    add(tools, address="", kind="heartbeat", name="Backup", id="7")
    before = stored(tools)
    add(tools, address="", kind="heartbeat", name="Backup", id="7")
    assert stored(tools) == before


def test_a_new_monitor_and_the_list_say_that_nobody_hears_of_it_until_somebody_does(tools):
    nobody = "Nobody hears of this yet"
    tools.server_settings.change(GUILD, {"status_channel": None})
    assert nobody in texts(add(tools))
    assert nobody in texts(run(monitor, "list", tools=tools, **MANAGER))
    subscriptions = tools.data(SUBSCRIPTION, GUILD)
    subscriptions.put(Subscription("1", "role:7").item())
    subscriptions.put(Subscription("2", "user:7", "group:Web").item())
    assert nobody in texts(run(monitor, "list", tools=tools, **MANAGER))
    subscriptions.put(Subscription("2", "user:7").item())
    assert nobody not in texts(run(monitor, "list", tools=tools, **MANAGER))
    subscriptions.delete("2")
    tools.server_settings.change(GUILD, {"status_channel": "9"})
    assert nobody not in texts(add(tools, address="https://blog.example/"))


def test_a_step_that_tells_a_person_is_heard(tools):
    tools.data(STEP, GUILD).put({"step": "1", "minutes": 5, "to": "user:7", "person": "7"})
    assert "Nobody hears" not in texts(add(tools))
