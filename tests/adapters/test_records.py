"""The data of features: the table and the fake follow the same rules, and a lost answer or a race loses nothing."""

import pytest

from watchbell.adapters import records
from watchbell.adapters.dynamodb import Cancelled, Table
from watchbell.adapters.records import Reader, Records
from watchbell.errors import Changed, DefinitionError, Unavailable
from watchbell.kit.data import MOST_BYTES, Data
from watchbell.testing.fakes import FakeTable

GUILD, OTHER = "1100000000000000001", "1100000000000000002"
ADA, BOB, EVE = "71", "72", "73"

NOTES = Data(
    "note",
    of="server",
    key=("shelf", "name"),
    fields=("text", "author", "readers"),
    keep=10,
    about=("author",),
    mentions=("readers",),
)
BOARD = Data("board", of="own", fields=("text",))
DAY = 24 * 60 * 60


@pytest.fixture(params=["DynamoDB", "the fake"])
def table(request):
    if request.param == "the fake":
        return FakeTable()
    return Table(request.getfixturevalue("settings")["STATE_TABLE"])


@pytest.fixture
def notes(table, clock):
    begun = clock.now
    yield (notes := Records(table, NOTES, GUILD, clock))
    clock.now = begun  # so that no item has expired
    for item in notes.page(first=100)[0]:  # the register of the suite does not know this test's data
        notes.delete(item["shelf"], item["name"])


def note(name="milk", **fields):
    return {"shelf": "shop", "name": name, **fields}


def pointers(table):
    """Return the people to whom pointers belong."""
    return [person for person in (ADA, BOB, EVE) if table.query(f"user#{person}", "in#", most=9)[0]]


def test_what_is_put_is_read_whole_and_what_was_never_stored_is_none(notes):
    stored = notes.put(note(text={"a": [1, 2.5, None, "ä"]}, author=ADA))
    assert stored == {**note(text={"a": [1, 2.5, None, "ä"]}, author=ADA, readers=None), "version": stored["version"]}
    assert notes.get("shop", "milk") == stored
    assert notes.get("shop", "tea") is None


def test_an_item_that_was_read_is_written_only_as_long_as_nobody_changes_it(notes):
    first = notes.put(note(text="one"))
    second = notes.put({**first, "text": "two"})
    with pytest.raises(Changed):
        notes.put({**first, "text": "three"})
    with pytest.raises(Changed):
        notes.delete("shop", "milk", version=first["version"])
    assert notes.get("shop", "milk") == second
    notes.put(note(text="four"))
    assert notes.get("shop", "milk")["text"] == "four"


def test_an_empty_version_creates_and_never_overwrites_not_even_after_a_deletion(notes):
    first = notes.put({**note(text="one"), "version": ""})
    with pytest.raises(Changed):
        notes.put({**note(text="two"), "version": ""})
    notes.delete("shop", "milk")
    notes.delete("shop", "milk")
    second = notes.put({**note(text="one"), "version": ""})
    with pytest.raises(Changed):
        notes.put({**first, "text": "two"})  # an earlier item of that name, which only looks the same
    assert notes.get("shop", "milk") == second


def test_an_earlier_holder_of_a_lock_cannot_overwrite_what_a_later_one_wrote(notes):
    notes.put(note(text="one"), fence=5)
    notes.put(note(text="two"), fence=6)
    notes.put(note(text="three"))
    with pytest.raises(Changed):
        notes.put(note(text="late"), fence=5)
    with pytest.raises(Changed):
        notes.delete("shop", "milk", fence=5)
    assert notes.get("shop", "milk")["text"] == "three"


def test_an_expired_item_is_gone_though_the_table_still_has_it(notes, table, clock):
    first = notes.put(note(text="one"), fence=9)
    clock.now += 10 * DAY
    assert table.get(records.packed(NOTES.item_key(GUILD, ("shop", "milk"))))
    assert notes.get("shop", "milk") is None
    assert notes.page() == ([], "")
    with pytest.raises(Changed):
        notes.put({**first, "text": "two"})
    assert notes.put({**note(text="two"), "version": ""}, fence=1)["text"] == "two"


def test_a_page_has_the_items_of_one_owner_in_order_and_says_where_the_next_begins(notes, table, clock):
    elsewhere = Records(table, NOTES, OTHER, clock)
    elsewhere.put(note("a"))
    for name in ("d", "b", "c", "a#1", "100%", "a"):
        notes.put(note(name))
    notes.put({"shelf": "shopping", "name": "z"})
    names, after = [], ""
    while True:
        items, after = notes.page("shop", first=4, after=after)
        names.append([item["name"] for item in items])
        if not after:
            break
    assert names == [["100%", "a", "a#1", "b"], ["c", "d"]]
    assert len(notes.page()[0]) == 7
    assert notes.page("shop", first=6)[1] == ""
    elsewhere.delete("shop", "a")


def test_a_page_is_full_though_expired_items_lie_between(notes, clock):
    for name in ("a", "b", "c"):
        notes.put(note(name))
    clock.now += 5 * DAY
    for name in ("d", "e", "f"):
        notes.put(note(name))
    clock.now += 6 * DAY
    items, after = notes.page(first=2)
    assert ([item["name"] for item in items], bool(after)) == (["d", "e"], True)


def test_the_data_of_nobody_without_a_key_is_one_item(table, clock):
    board = Records(table, BOARD, clock=clock)
    board.put({"text": "hello"})
    assert board.get()["text"] == "hello"
    assert [item["text"] for item in board.page()[0]] == ["hello"]
    board.delete()
    assert board.get() is None


def test_each_person_whom_an_item_names_has_a_pointer_to_it_as_long_as_it_names_them(notes, table):
    notes.put(note(author=ADA, readers=[BOB, ADA]))
    assert pointers(table) == [ADA, BOB]
    notes.put(note(author=ADA, readers=[EVE]))
    assert pointers(table) == [ADA, EVE]
    notes.put(note(author=BOB))
    assert pointers(table) == [BOB]
    notes.delete("shop", "milk")
    assert pointers(table) == []


@pytest.mark.parametrize(
    ("item", "sentence"),
    [
        ({"shelf": "shop"}, "''"),
        (note(colour="red"), "data note has shelf, name, text, author, readers: colour is unknown or missing"),
        (note(text=object()), "a field is no JSON"),
        (note(text=float("nan")), "a field is no JSON"),
        (note(text="x" * MOST_BYTES), f"at most {MOST_BYTES} bytes"),
        (note("x" * 1000), "longer than 900 bytes"),
        (note("\ud800"), "no valid text"),
        (note(7), "7 cannot be a part of its key; write a text"),
        (note(author="Ada"), "author holds an id of Discord"),
        (note(readers=[ADA] * 41), "a list of at most 40"),
    ],
)
def test_what_cannot_be_stored_is_refused_with_a_sentence(notes, table, item, sentence):
    with pytest.raises(DefinitionError, match=sentence):
        notes.put(item)
    assert notes.page() == ([], "")


def test_data_is_asked_for_with_its_owner_and_its_whole_key(table, clock):
    for owner in ("", "home"):
        with pytest.raises(
            DefinitionError, match=r"data note belongs to a server, not to '.*'; write tools.data\(…, ID"
        ):
            Records(table, NOTES, owner, clock)
    with pytest.raises(DefinitionError, match=r"data board belongs to nobody, not to '71'; write tools.data\(…\)"):
        Records(table, BOARD, ADA, clock)
    with pytest.raises(DefinitionError, match="its key is shelf, name, so it cannot be"):
        Records(table, NOTES, GUILD, clock).get("shop")
    with pytest.raises(DefinitionError, match="a page takes fewer than all parts"):
        Records(table, NOTES, GUILD, clock).page("shop", "milk")


class Between:
    """A table in which something happens before or after each of the next transactions."""

    def __init__(self, table, *, before=lambda: None, after=lambda: None, times=1):
        self._table, self._before, self._after, self._times = table, before, after, times

    def __getattr__(self, name):
        return getattr(self._table, name)

    def transact(self, *writes, token):
        self._times -= 1
        if self._times >= 0:
            self._before()
        self._table.transact(*writes, token=token)
        if self._times >= 0:
            self._after()


def test_a_write_whose_answer_is_lost_counts_as_done(notes, table, clock):
    first = notes.put(note(text="one"))

    def lost():
        raise Cancelled("TransactWriteItems", 400, {})

    late = Records(Between(table, after=lost), NOTES, GUILD, clock)
    assert late.put({**first, "text": "two"})["text"] == "two"
    late = Records(Between(table, after=lost), NOTES, GUILD, clock)
    late.delete("shop", "milk", version=notes.get("shop", "milk")["version"])
    assert notes.get("shop", "milk") is None


def test_a_write_that_comes_in_between_is_noticed(notes, table, clock):
    first = notes.put(note(text="one"))
    racing = Between(table, before=lambda: notes.put(note(text="theirs", author=BOB)))
    with pytest.raises(Changed):
        Records(racing, NOTES, GUILD, clock).put({**first, "text": "mine", "author": ADA})
    assert (notes.get("shop", "milk")["text"], pointers(table)) == ("theirs", [BOB])
    racing = Between(table, before=lambda: notes.put(note(text="theirs", author=EVE)))
    Records(racing, NOTES, GUILD, clock).put(note(text="mine", author=ADA))
    assert (notes.get("shop", "milk")["text"], pointers(table)) == ("mine", [ADA])


def test_a_write_gives_up_if_others_always_come_in_between(notes, table, clock):
    racing = Between(table, before=lambda: notes.put(note(text="theirs")), times=99)
    with pytest.raises(Unavailable, match="busy"):
        Records(racing, NOTES, GUILD, clock).put(note(text="mine"))


def test_the_ingress_reads_an_item_and_can_do_nothing_else(notes, table, clock):
    stored = notes.put(note(text="one"))
    assert Reader(table, NOTES, GUILD, clock).get("shop", "milk") == stored
    assert {name for name in vars(Reader) if name[0] != "_"} == {"get"}
