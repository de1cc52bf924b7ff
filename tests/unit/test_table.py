"""The table in memory counts what DynamoDB bills, and refuses what DynamoDB refuses."""

import pytest

from watchbell.adapters.dynamodb import Cancelled, ConditionFailed
from watchbell.testing.table import FakeTable, size


def row(sort="a", length=0, **more):
    """An item whose keys take 8 bytes. With `length`, an attribute takes so many bytes more."""
    keys = {"pk": {"S": "p12"}, "sk": {"S": sort}}
    return {**keys, **({"text": {"S": "x" * (length - 4)}} if length else {}), **more}


@pytest.fixture
def table():
    return FakeTable()


@pytest.mark.parametrize(
    ("value", "bytes_"),
    [
        ({"S": "abc"}, 3),
        ({"S": "äb"}, 3),
        ({"B": "AAECAw=="}, 4),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"N": "0"}, 1),
        ({"N": "7"}, 2),
        ({"N": "1795334400"}, 5),  # 17953344 and zeros
        ({"N": "-12.5"}, 4),
        ({"L": [{"S": "ab"}, {"S": ""}]}, 7),
        ({"M": {"ab": {"S": "c"}}}, 7),
        ({"SS": ["ab", "c"]}, 3),
    ],
)
def test_the_size_of_an_item_is_that_of_its_names_and_values(value, bytes_):
    assert size({"name": value}) == 4 + bytes_


def test_a_write_takes_a_unit_for_each_kb_of_the_larger_item(table):
    table.put(row(length=1016))
    assert table.units["write"] == 1
    table.put(row(length=1017))
    assert table.units["write"] == 1 + 2
    table.put(row())  # it replaces 1,025 bytes
    assert table.units["write"] == 1 + 2 + 2
    table.delete(row("of nobody"))
    assert table.units["write"] == 1 + 2 + 2 + 1


def test_a_write_that_is_refused_is_billed_and_a_transaction_is_billed_twice(table):
    table.put(row(length=2000))
    table.units.clear()
    with pytest.raises(ConditionFailed):
        table.update(row(), "SET n = :n", {":n": {"N": "1"}}, condition="attribute_not_exists(pk)")
    assert table.units == {"write": 2}
    table.units.clear()
    table.transact({"Put": {"Item": row("b")}}, {"Put": {"Item": row("c", length=2000)}}, token="t")
    assert table.units == {"write": 2 * (1 + 2)}
    table.units.clear()
    new = {"Put": {"Item": row("b"), "ConditionExpression": "attribute_not_exists(pk)"}}
    with pytest.raises(Cancelled):
        table.transact(new, {"Put": {"Item": row("c")}}, token="t")
    assert table.units == {"write": 2 * (1 + 2)}


def test_a_read_takes_a_unit_for_each_4_kb_and_half_of_it_if_it_may_be_late(table):
    for sort in ("a", "b", "c"):
        table.put(row(sort, length=3000))
    table.units.clear()
    table.items.clear()
    table.query("p12", "", most=10)
    assert table.units == {"read": 3}  # 9,024 bytes together
    table.between("p12", "a", "c")
    assert table.units == {"read": 3 + 1.5}
    table.get_many([row("a"), row("b"), row("of nobody")])  # each by itself
    assert table.units == {"read": 3 + 1.5 + 3}
    table.get(row("of nobody"))
    assert table.units == {"read": 3 + 1.5 + 3 + 1}
    assert table.items == {"read": 3 + 3 + 2}


def test_a_read_of_the_same_row_twice_in_one_call_is_refused(table):
    with pytest.raises(ValueError, match="one row twice"):
        table.get_many([row(), row()])


def test_an_element_is_appended_and_the_first_one_dropped_in_one_update(table):
    table.put(row(pings={"L": [{"S": "1"}, {"S": "2"}]}))
    table.update(row(), "SET pings[9] = :ping, ended = :ping REMOVE pings[0]", {":ping": {"S": "3"}})
    item = table.get(row())
    assert (item["pings"], item["ended"]) == ({"L": [{"S": "2"}, {"S": "3"}]}, {"S": "3"})


@pytest.mark.parametrize(("owner", "held"), [("ada", True), ("bob", True), ("cy", False)])
def test_a_condition_can_name_several_values(table, owner, held):
    table.put(row(owner={"S": owner}))
    values = {":a": {"S": "ada"}, ":b": {"S": "bob"}, ":n": {"N": "1"}}
    names = {"#owner": "owner"}
    try:
        table.update(row(), "SET n = :n", values, names=names, condition="#owner IN (:a, :b)")
    except ConditionFailed:
        assert not held
    else:
        assert held
