"""Monitors are stored with the roster, the tick and the counts, all or nothing."""

import contextlib
from dataclasses import replace
from uuid import uuid4

import pytest

from watchbell.adapters.dynamodb import Table
from watchbell.adapters.monitors import Change, Limits, Monitors, TooMany
from watchbell.adapters.rosters import Rosters
from watchbell.adapters.shards import Shards
from watchbell.data.tables import AWS_EVENT, PING
from watchbell.errors import Unavailable, UserError
from watchbell.status import shard
from watchbell.status.monitor import Monitor, Policy
from watchbell.status.ping import Ping, change, pings
from watchbell.status.roster import Entry
from watchbell.testing.table import FakeTable


@pytest.fixture(params=["DynamoDB", "the fake"])
def table(request):
    if request.param == "the fake":
        return FakeTable()
    return Table(request.getfixturevalue("settings")["STATE_TABLE"])


@pytest.fixture
def guild():
    """The id of a server that no other test has used."""
    return str(10**18 + uuid4().int % 10**17)


@pytest.fixture
def host():
    return f"{uuid4().hex}.example"


@pytest.fixture
def monitors(table):
    return Monitors(table, ceiling=10_000, of_host=2)


def monitor(id="aaaaaaaa", name="Shop", host="shop.example", **more):
    return Monitor(id, name, "http", f"https://{host}/health", **more)


def entry(each, shard="00"):
    host = each.target.split("/")[2]
    return Entry(each.id, each.name, each.kind, shard, each.every, each.group, each.tags, host, each.paused)


def put(each, shard="00"):
    return lambda roster: Change(roster.with_(entry(each, shard)), put=(shard, each))


def due(table, guild):
    """The periods at which the tick finds the shards of the server."""
    tick = Shards(table)
    return sorted(
        (minutes, name)
        for minutes in (1, 5, 15, 60)
        for name in ("00", "01")
        for server, found in tick.due(minutes, shard.place(f"{guild}#{name}", minutes))
        if (server, found) == (guild, name)
    )


def test_what_is_put_is_read_whole(monitors, guild, host, table):
    each = monitor(
        host=host,
        group="Web",
        tags=("eu", "paid"),
        conditions=("[STATUS] == 200",),
        options={"method": "HEAD"},
        policy=Policy(5, 1),
        parent="bbbbbbbb",
        seconds=2.5,
    )
    monitors.change(guild, put(each))
    assert monitors.get(guild, "00", each.id) == each
    assert monitors.of_shard(guild, "00") == [each]
    assert Rosters(table).of(guild).entries == monitors.roster(guild).entries == [entry(each)]
    assert monitors.get(guild, "00", "bbbbbbbb") is None
    assert monitors.of_shard(guild, "01") == []


def test_a_shard_is_due_as_often_as_its_most_frequent_monitor(monitors, guild, host, table):
    slow, fast = monitor("aaaaaaaa", host=host, every=15), monitor("bbbbbbbb", "Fast", host, every=1)
    monitors.change(guild, put(slow))
    assert due(table, guild) == [(15, "00")]
    monitors.change(guild, put(fast))
    assert due(table, guild) == [(1, "00")]
    monitors.change(guild, put(replace(fast, paused=True)))
    assert due(table, guild) == [(15, "00")]
    for each in (fast, slow):
        monitors.change(guild, lambda roster, each=each: Change(roster.without(each.id), delete=("00", each.id)))
    assert due(table, guild) == []
    assert monitors.of_shard(guild, "00") == []
    assert monitors.roster(guild).entries == []


def test_a_host_has_so_many_monitors_in_all_servers_and_a_removed_one_gives_its_place_back(monitors, guild, host):
    other = str(int(guild) + 1)
    monitors.change(guild, put(monitor("aaaaaaaa", "One", host)))
    monitors.change(other, put(monitor("bbbbbbbb", "Two", host)))
    with pytest.raises(TooMany) as raised:
        monitors.change(guild, put(monitor("cccccccc", "Three", host)))
    assert raised.value.host == host
    assert [each.name for each in monitors.roster(guild).entries] == ["One"]
    monitors.change(other, lambda roster: Change(roster.without("bbbbbbbb"), delete=("00", "bbbbbbbb")))
    monitors.change(guild, put(monitor("cccccccc", "Three", host)))
    monitors.change(guild, put(monitor("cccccccc", "Three", f"www.{host}")))  # and so does one that asks another host
    monitors.change(other, put(monitor("dddddddd", "Four", host)))


def test_a_deployment_has_so_many_monitors(table, guild, host):
    few = Monitors(table, ceiling=1, of_host=9)
    with contextlib.suppress(TooMany):  # other tests have filled the deployment, if the table is theirs too
        few.change(guild, put(monitor("aaaaaaaa", "One", host)))
    with pytest.raises(TooMany) as raised:
        few.change(guild, put(monitor("bbbbbbbb", "Two", host)))
    assert raised.value.host == ""
    assert len(few.of_shard(guild, "00")) < 2


def test_two_changes_at_once_are_both_made(monitors, guild, host):
    other = monitor("bbbbbbbb", "Other", f"www.{host}")
    decided = []

    def decide(roster):
        if not decided:
            monitors.change(guild, put(other))  # somebody else, in between
        decided.append(roster)
        return put(monitor(host=host))(roster)

    monitors.change(guild, decide)
    assert [each.name for each in monitors.roster(guild).entries] == ["Other", "Shop"]
    assert len(decided) == 2


def test_a_decision_that_raises_changes_nothing(monitors, guild):
    def decide(roster):
        raise UserError("no")

    with pytest.raises(UserError):
        monitors.change(guild, decide)
    assert monitors.roster(guild).version == 0


def test_a_roster_that_never_rests_is_unavailable(monitors, guild, host):
    names = iter("bcdefghijk")

    def decide(roster):
        letter = next(names)
        monitors.change(guild, put(monitor(letter * 8, letter, f"{letter}.{host}")))
        return put(monitor(host=host))(roster)

    with pytest.raises(Unavailable, match="busy"):
        monitors.change(guild, decide)


def test_a_server_without_limits_of_its_own_has_the_usual_ones(monitors, guild):
    assert monitors.limits(guild) == Limits(10, 5)


def test_a_heartbeat_keeps_its_pings_when_it_gets_a_new_url(monitors, table, guild):
    old, new = str(uuid4()), str(uuid4())
    job = Monitor("aaaaaaaa", "Backup", "heartbeat", options={"ping": old})
    of_job = Entry(job.id, job.name, job.kind, "00", job.every)
    monitors.change(guild, lambda roster: Change(roster.with_(of_job), put=("00", job), ping=old))
    expression, values = change(Ping(1000, "success"), "all is well")
    table.update(PING.item_key(old), expression, values)
    before = table.get(PING.item_key(old))
    rotated = replace(job, options={"ping": new})
    monitors.change(guild, lambda roster: Change(roster.with_(of_job), put=("00", rotated), ping=new, gone=old))
    assert table.get(PING.item_key(old)) == {}
    assert table.get(PING.item_key(new)) == {**before, **PING.item_key(new)}


def test_a_ping_that_comes_while_the_url_changes_is_not_lost(monitors, table, guild):
    old, new = str(uuid4()), str(uuid4())
    job = Monitor("aaaaaaaa", "Backup", "heartbeat", options={"ping": old})
    of_job = Entry(job.id, job.name, job.kind, "00", job.every)
    monitors.change(guild, lambda roster: Change(roster.with_(of_job), put=("00", job), ping=old))
    expression, values = change(Ping(1000, "success"), "")
    transact, tries = table.transact, []

    def ping_before(*writes, token):
        if not tries:
            table.update(PING.item_key(old), expression, values)
        tries.append(token)
        transact(*writes, token=token)

    table.transact = ping_before
    rotated = replace(job, options={"ping": new})
    monitors.change(guild, lambda roster: Change(roster.with_(of_job), put=("00", rotated), ping=new, gone=old))
    assert len(tries) == 2
    assert [str(ping) for ping in pings(table.get(PING.item_key(new)))] == ["1000 success"]


def test_two_monitors_can_be_fed_by_the_same_row(table, guild):
    row, other = AWS_EVENT.item_key(f"alarm {guild}"), AWS_EVENT.item_key(f"nobody {guild}")
    table.put({**row, "at": {"N": "1"}})
    found = Shards(table).fed({"aaaaaaaa": row, "bbbbbbbb": row, "cccccccc": other})
    assert found == {"aaaaaaaa": {**row, "at": {"N": "1"}}, "bbbbbbbb": {**row, "at": {"N": "1"}}}
    assert Shards(table).fed({}) == {}
