"""The audit of a server: rows without gaps, whoever writes them at the same time, and whatever fails."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from watchbell.adapters.audit import TRIES, Audit, number_after, writes
from watchbell.adapters.dynamodb import Cancelled, Table
from watchbell.data.tables import AUDIT
from watchbell.errors import Unavailable

NOW = 1_795_334_400
GUILD, ADA = "197038439483310086", "80351110224678912"


@pytest.fixture
def audit(settings):
    return Audit(settings["STATE_TABLE"], lambda: NOW)


def rows(aws, settings, guild=GUILD):
    items = aws.dynamodb.query(
        TableName=settings["STATE_TABLE"],
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": {"S": f"guild#{guild}"}, ":sk": {"S": "audit#"}},
    )["Items"]
    return [{name: next(iter(value.values())) for name, value in item.items()} for item in items]


def begin(audit, guild=GUILD, action="monitor.delete"):
    return audit.begin(guild, actor=ADA, action=action, interaction_id="7")


def test_a_row_says_who_did_what_and_how_it_ended(audit, aws, settings):
    begin(audit).ended("answered")
    assert rows(aws, settings) == [
        {
            "pk": f"guild#{GUILD}",
            "sk": "audit#0000000001",
            "at": str(NOW),
            "actor": ADA,
            "action": "monitor.delete",
            "interaction_id": "7",
            "ended": "answered",
            "expires_at": str(NOW + AUDIT.keep),
        }
    ]


def test_the_row_is_there_before_the_action_and_stays_begun_if_nobody_knows_how_it_ended(audit, aws, settings):
    begin(audit)
    assert [row["ended"] for row in rows(aws, settings)] == ["begun"]


def test_rows_are_numbered_for_each_server_without_gaps_also_at_the_same_time(audit, aws, settings):
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda number: begin(audit, action=f"act{number}"), range(3)))
    begin(audit, guild="")
    assert [row["sk"] for row in rows(aws, settings)] == [f"audit#{number:010}" for number in (1, 2, 3)]
    assert [row["sk"] for row in rows(aws, settings, "deployment")] == ["audit#0000000001"]


def test_a_number_that_somebody_else_took_is_not_overwritten(settings):
    table = Table(settings["STATE_TABLE"])
    table.transact(*writes(GUILD, 1, NOW, actor="first"), token="a" * 32)
    with pytest.raises(Cancelled):
        table.transact(*writes(GUILD, 1, NOW, actor="second"), token="b" * 32)
    with pytest.raises(Cancelled):
        table.transact(*writes(GUILD, 3, NOW, actor="leaves a gap"), token="c" * 32)


class Busy:
    """A table in which somebody else is always faster."""

    asked = 0

    def get(self, key):
        return {}

    def transact(self, *writes, token):
        self.asked += 1
        raise Cancelled("TransactWriteItems", 400, {})


def test_an_action_that_cannot_be_recorded_does_not_begin(audit):
    audit._table = Busy()
    with pytest.raises(Unavailable, match="busy"):
        begin(audit)
    assert audit._table.asked == TRIES


def test_a_table_that_fails_at_the_end_undoes_nothing_and_is_logged(audit, caplog):
    entry = begin(audit)
    entry._table = Table("missing")
    entry.ended("answered")
    (line,) = caplog.records
    assert (line.levelname, line.ended, line.row) == ("ERROR", "answered", 1)


def test_the_number_of_a_server_without_rows_is_one():
    assert (number_after({}), number_after({"last": {"N": "41"}})) == (1, 42)
