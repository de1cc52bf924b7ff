"""`ops privacy`, with AWS on loopback: it exports and erases what is kept of a person or a server, and no more."""

import itertools
import json
from contextlib import contextmanager, suppress

import pytest

from ops import privacy
from ops.__main__ import main
from watchbell.adapters.audit import Audit
from watchbell.adapters.aws import client
from watchbell.adapters.claims import Claims
from watchbell.adapters.dynamodb import Table
from watchbell.adapters.quotas import Quotas
from watchbell.adapters.records import Records
from watchbell.data.tables import INTRODUCTION, SETTINGS
from watchbell.kit.quota import Quota

GUILD, OTHER = "1100000000000000001", "1100000000000000002"
ADA, BOB = "710000000000000001", "710000000000000002"

SOURCE = """
from watchbell import Command, Data, Quota, anyone

command = Command("diary", "Keeps a diary", who=anyone)
pages = Data("page", of="person", key=("day",), fields=("text", "where"), servers=("where",))
notes = Data("note", of="server", key=("name",), fields=("text", "author", "readers"), about=("author",),
             mentions=("readers",))

@command.run(quota=(Quota(3, per=60), Quota(9, per=60, by="guild")))
def diary(interaction, tools):
    '''Write.'''
"""


@pytest.fixture
def diary(feature, settings, monkeypatch):
    for name in ("STATE_TABLE", "EPHEMERAL_TABLE"):
        monkeypatch.setenv(name, settings[name])
    return feature("diary", SOURCE)


@pytest.fixture
def state(settings):
    return Table(settings["STATE_TABLE"])


@pytest.fixture
def notes(diary, state):
    """The notes of a server: one by Ada that Bob reads, and one by Bob that Ada reads."""
    notes = Records(state, diary.notes, GUILD)
    notes.put({"name": "hers", "text": "I, Ada", "author": ADA, "readers": [BOB]})
    notes.put({"name": "his", "text": "I, Bob", "author": BOB, "readers": [ADA, OTHER]})
    return notes


@pytest.fixture
def ops(capsys):
    def run(*arguments):
        code = main(["privacy", *arguments])
        said = capsys.readouterr()
        assert code == 0, said.err
        return said.out

    return run


def exported(ops, id):
    return {f"{item['pk']} {item['sk']}" for item in json.loads(ops("export", id))["items"]}


def test_what_a_person_has_is_exported_wherever_it_lies(ops, notes, diary, state):
    Records(state, diary.pages, ADA).put({"day": "today", "text": "Dear diary"})
    Records(state, diary.pages, BOB).put({"day": "today", "text": "Dull"})
    items = json.loads(ops("export", ADA))["items"]
    found = {(item["row"], item["pk"], item["sk"], item["value"]["text"]) for item in items}
    assert found == {
        ("page (data)", f"user#{ADA}", "page#today", "Dear diary"),
        ("note (data)", f"guild#{GUILD}", "note#hers", "I, Ada"),
        ("note (data)", f"guild#{GUILD}", "note#his", "I, Bob"),
    }


def test_a_person_is_erased_only_when_it_is_said_twice_and_others_keep_their_own(ops, notes, diary, state):
    Records(state, diary.pages, ADA).put({"day": "today", "text": "Dear diary"})
    listed = ops("erase", ADA)
    assert "Nothing has been erased yet. To erase this, run: python -m ops --stage dev privacy erase " in listed
    assert len(exported(ops, ADA)) == 3
    said = ops("erase", ADA, "--yes").splitlines()
    assert {line.split(": ")[1] for line in said[:3]} == {
        "is deleted (page (data), state)",
        "is deleted (note (data), state)",
        "stays, without the id (note (data), state)",
    }
    assert exported(ops, ADA) == set()
    assert Records(state, diary.pages, ADA).get("today") is None
    assert notes.get("hers") is None
    assert {**notes.get("his"), "version": ""} == {
        **{"name": "his", "text": "I, Bob", "author": BOB, "readers": [OTHER]},
        "version": "",
    }
    assert exported(ops, BOB) == {f"guild#{GUILD} note#his"}
    assert ops("erase", ADA, "--yes").startswith(f"The tables hold nothing under {ADA}.")


def test_what_watchbell_itself_keeps_of_a_person_is_erased_too(ops, diary, settings):
    tables = {"state": settings["STATE_TABLE"], "ephemeral": settings["EPHEMERAL_TABLE"]}
    Claims(tables).take(INTRODUCTION, ADA).done("sent")
    for quota in (Quota(3, per=60), Quota(9, per=60, by="guild")):
        subject = ADA if quota.by == "user" else f"dm-{ADA}"
        Quotas(tables["ephemeral"]).use(quota, "diary:run:", subject, "1")
    assert exported(ops, ADA) == {
        f"introduction#{ADA} claim",
        f"quota#diary:run:#user#60#{ADA} quota",
        f"quota#diary:run:#guild#60#dm-{ADA} quota",
    }
    ops("erase", ADA, "--yes")
    assert exported(ops, ADA) == set()


def test_a_server_is_erased_whole_and_the_pointers_to_its_items_go_too(ops, notes, state):
    Audit(state.name).begin(GUILD, actor=ADA, action="note.delete", interaction_id="1").ended("done")
    state.put({**SETTINGS.item_key(GUILD), "version": {"N": "1"}})
    state.put({**SETTINGS.item_key(OTHER), "version": {"N": "1"}})
    assert exported(ops, GUILD) == {
        f"guild#{GUILD} {sort}" for sort in ("audit", "audit#0000000001", "settings", "note#hers", "note#his")
    }
    ops("erase", GUILD, "--yes")
    assert exported(ops, GUILD) == exported(ops, ADA) == exported(ops, BOB) == set()
    assert state.query(f"user#{ADA}", "in#", most=9)[0] == []
    assert exported(ops, OTHER) == {f"guild#{OTHER} settings"}


def test_an_item_of_a_person_that_belongs_to_a_server_too_is_erased_with_the_server(ops, diary, state):
    pages = Records(state, diary.pages, ADA)
    pages.put({"day": "today", "where": GUILD})
    pages.put({"day": "tomorrow", "where": OTHER})
    assert exported(ops, GUILD) == {f"user#{ADA} page#today"}
    ops("erase", GUILD, "--yes")
    assert [page["day"] for page in pages.page()[0]] == ["tomorrow"]
    assert exported(ops, GUILD) == set()


def test_a_pointer_whose_item_is_gone_or_names_somebody_else_is_erased_and_the_item_stays(ops, notes, state):
    for item in ("note#gone", "note#his"):
        state.put({"pk": {"S": f"user#{OTHER}9"}, "sk": {"S": f"in#guild#{GUILD}#{item}"}})
    ops("erase", f"{OTHER}9", "--yes")
    assert exported(ops, f"{OTHER}9") == set()
    assert notes.get("his")["text"] == "I, Bob"


def test_an_erasure_is_in_the_audit_without_the_persons_id(ops, notes, aws, settings):
    ops("erase", ADA, "--yes")
    rows = aws.dynamodb.scan(TableName=settings["STATE_TABLE"])["Items"]
    (row,) = [row for row in rows if row["sk"]["S"].startswith("audit#")]
    assert (row["action"]["S"], row["ended"]["S"], "subject" in row) == ("privacy.erase", "done", False)
    assert ADA not in str(row)


def test_an_item_that_the_bot_changes_meanwhile_is_erased_as_it_is_then(notes, diary, settings, monkeypatch, state):
    tables = {"state": settings["STATE_TABLE"], "ephemeral": settings["EPHEMERAL_TABLE"]}
    found = [each for each in privacy._find(tables, ADA) if each.key["sk"] == "note#hers"]
    notes.put({**notes.get("hers"), "readers": [OTHER]})
    privacy._erase(tables, found[0], ADA)
    assert notes.get("hers") is None
    assert [item["sk"]["S"] for item in state.query(f"user#{OTHER}", "in#", most=9)[0]] == [
        f"in#guild#{GUILD}#note#his"
    ]


WRITES = ("DeleteItem", "TransactWriteItems", "UpdateItem")


class Killed(BaseException):
    """Stands for the end of the process."""


@contextmanager
def killed_after(number):
    """Kill the process after so many writes to DynamoDB. Yields the list of the writes."""
    events, made = client("dynamodb").meta.events, []

    def count(model, **_more):
        if model.name in WRITES and len(made) < number:
            made.append(model.name)
            if len(made) == number:
                raise Killed

    events.register("after-call.dynamodb", count)
    try:
        yield made
    finally:
        events.unregister("after-call.dynamodb", count)


def seed(diary, settings, state, person, server):
    """Store something of each kind of a person and a server. One item is of a feature that is no longer there."""
    other = f"{person[:-1]}9"
    Records(state, diary.pages, person).put({"day": "one", "where": server})
    Records(state, diary.notes, server).put({"name": "his", "author": other, "readers": [person, other]})
    value = json.dumps({"author": person})
    state.put({"pk": {"S": f"guild#{server}"}, "sk": {"S": "gone#1"}, "value": {"S": value}})
    state.put({"pk": {"S": f"user#{person}"}, "sk": {"S": f"in#guild#{server}#gone#1"}})
    Quotas(settings["EPHEMERAL_TABLE"]).use(Quota(3, per=60), "diary:run:", person, "1")


def orphans(aws, settings, *ids):
    """Return the items that still name one of the ids, and the pointers that lead nowhere."""
    items = [
        item
        for table in (settings["STATE_TABLE"], settings["EPHEMERAL_TABLE"])
        for item in aws.dynamodb.scan(TableName=table, ConsistentRead=True)["Items"]
    ]
    keys = {(item["pk"]["S"], item["sk"]["S"]) for item in items}
    lost = [key for key in keys if key[1].startswith("in#") and not leads(key[1]) <= keys]
    return [item for item in items if any(id in str(item) for id in ids)], lost


def leads(sort):
    room, owner, rest = sort.removeprefix("in#").split("#", 2)
    return {(f"{room}#{owner}", rest)}


@pytest.mark.parametrize("whose", ["person", "server"])
def test_an_erasure_that_is_killed_after_any_write_is_finished_by_the_next_one(ops, diary, state, settings, aws, whose):
    for number in itertools.count(1):
        person, server = f"7100000000000{number:03}10", f"1100000000000{number:03}10"
        seed(diary, settings, state, person, server)
        id = person if whose == "person" else server
        with killed_after(number) as made, suppress(Killed):
            main(["privacy", "erase", id, "--yes"])
        ops("erase", id, "--yes")
        assert orphans(aws, settings, id) == ([], [])
        if len(made) < number:  # nothing was killed, so every write has had its turn
            break
    assert number > 6


def test_it_says_what_cannot_be_found_by_an_id(ops, diary, capsys):
    for verb in ("erase", "export"):
        assert main(["privacy", verb, ADA]) == 0
        said = capsys.readouterr()
        told = said.out if verb == "erase" else said.err
        assert "step (1 d), component's state (30 d), lock (1 d)" in told
        assert "in the audit of each server (400 d)" in told


def test_only_an_id_is_accepted(diary, capsys):
    assert main(["privacy", "erase", "ada"]) == 1
    assert "'ada' is not the id of a person or a server. An id has 15 to 20 digits." in capsys.readouterr().err


def test_the_secrets_of_a_server_are_exported_by_name_only_and_erased(ops, diary, aws):
    for guild, name in ((GUILD, "shop"), (GUILD, "mail"), (OTHER, "shop")):
        value = json.dumps({"host": "shop.example", "value": f"hunter2 of {guild}"})
        aws.put_parameter(f"/watchbell/dev/servers/{guild}/secrets/{name}", value, secret=True)
    said = ops("export", GUILD)
    assert json.loads(said)["secrets"] == ["mail", "shop"]
    assert "hunter2" not in said
    assert f"/watchbell/dev/servers/{GUILD}/secrets/shop: is deleted" in ops("erase", GUILD)
    assert json.loads(ops("export", GUILD))["secrets"] == ["mail", "shop"]  # nothing is erased without --yes
    ops("erase", GUILD, "--yes")
    assert "secrets" not in json.loads(ops("export", GUILD))
    assert json.loads(ops("export", OTHER))["secrets"] == ["shop"]


def test_the_webhooks_of_a_server_are_exported_by_name_only_and_erased(ops, diary, aws):
    aws.put_parameter(f"/watchbell/dev/server-webhooks/{GUILD}/status", '{"url": "canary"}', secret=True)
    aws.put_parameter(f"/watchbell/dev/server-webhooks/{OTHER}/status", '{"url": "canary"}', secret=True)
    said = ops("export", GUILD)
    assert json.loads(said)["secrets"] == ["status"]
    assert "canary" not in said
    assert f"/watchbell/dev/server-webhooks/{GUILD}/status: is deleted" in ops("erase", GUILD, "--yes")
    assert "secrets" not in json.loads(ops("export", GUILD))
    assert "status" in json.loads(ops("export", OTHER))["secrets"]
