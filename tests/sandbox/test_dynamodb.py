"""The simulated DynamoDB takes shortcuts, and answers as DynamoDB does."""

import pytest
from botocore.exceptions import ClientError

from sandbox.template import SNAPSHOT, Template


@pytest.fixture
def table(aws):
    """The client, and the name of a table with a partition and a sort key."""
    aws.empty()
    described = Template.read(SNAPSHOT).tables()[0]
    names = {each["KeyType"]: each["AttributeName"] for each in described.key}

    class Table:
        name = described.name

        def key(self, sort: str) -> dict:
            return {names["HASH"]: {"S": "watchers"}, names["RANGE"]: {"S": sort}}

        def update(self, sort: str, expression: str, **more) -> dict:
            return aws.dynamodb.update_item(
                TableName=self.name, Key=self.key(sort), UpdateExpression=expression, ReturnValues="ALL_NEW", **more
            )["Attributes"]

        def query(self, condition: str, values: dict, **more) -> dict:
            values = {":hash": {"S": "watchers"}} | {name: {"S": value} for name, value in values.items()}
            return aws.dynamodb.query(
                TableName=self.name,
                KeyConditionExpression=f"#hash = :hash AND {condition}",
                ExpressionAttributeNames={"#hash": names["HASH"], "#range": names["RANGE"]},
                ExpressionAttributeValues=values,
                **more,
            )

        def sorts(self, answer: dict) -> list[str]:
            return [item[names["RANGE"]]["S"] for item in answer["Items"]]

    return Table()


def test_an_update_that_is_sent_again_uses_the_values_and_the_item_of_its_own(table):
    expression = "SET #n = if_not_exists(#n, :none) + :more, seen = :who REMOVE gone"
    names = {"#n": "n"}

    def count(sort, more, who):
        values = {":none": {"N": "0"}, ":more": {"N": more}, ":who": {"L": [{"S": who}]}}
        return table.update(sort, expression, ExpressionAttributeNames=names, ExpressionAttributeValues=values)

    first, second = count("a", "1", "ada"), count("a", "2", "ben")
    other = count("b", "5", "cleo")

    assert (first["n"], first["seen"]) == ({"N": "1"}, {"L": [{"S": "ada"}]})
    assert (second["n"], second["seen"]) == ({"N": "3"}, {"L": [{"S": "ben"}]})
    assert (other["n"], other["seen"]) == ({"N": "5"}, {"L": [{"S": "cleo"}]})


@pytest.mark.parametrize(
    "expression",
    [
        "SET n = :one, n = :one",
        "SET m.inner = :one, m = :one",
        "SET n = :one SET o = :one",
        "SET n = :one REMOVE n",
        "SET n = :missing",
    ],
)
def test_an_update_that_dynamodb_refuses_is_refused_each_time(table, expression):
    for _ in range(2):
        with pytest.raises(ClientError, match="ValidationException"):
            table.update("a", expression, ExpressionAttributeValues={":one": {"N": "1"}})


def test_a_query_of_a_range_finds_what_lies_in_it_page_by_page_in_both_directions(table):
    for sort in ("a#1", "b#1", "b#2", "b#3", "c#1"):
        table.update(sort, "SET n = :n", ExpressionAttributeValues={":n": {"N": "1"}})

    of_b = table.query("begins_with(#range, :start)", {":start": "b#"})
    between = table.query("#range BETWEEN :first AND :last", {":first": "b#2", ":last": "c#1"})
    nothing = table.query("#range > :last", {":last": "d"})
    backwards = table.query("#range <= :last", {":last": "b#2"}, ScanIndexForward=False)

    assert table.sorts(of_b) == ["b#1", "b#2", "b#3"]
    assert table.sorts(between) == ["b#2", "b#3", "c#1"]
    assert table.sorts(nothing) == []
    assert table.sorts(backwards) == ["b#2", "b#1", "a#1"]

    pages, start = [], {}
    while True:
        page = table.query("begins_with(#range, :start)", {":start": "b#"}, Limit=2, **start)
        pages.append(table.sorts(page))
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert [sort for page in pages for sort in page] == ["b#1", "b#2", "b#3"]
