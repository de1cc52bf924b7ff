"""The worker's handler: batches may fail in part, each message has one visible effect, and no message is lost."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import recorded
from tests.discord_side import FakeDiscord
from tests.sandbox import eventually
from watchbell.errors import DiscordError, Unavailable

ADA = "80351110224678912"


def message(name="command_status", *, received_at=None, **changes):
    body = recorded.load(name, **changes)
    kind = "event" if name.startswith("event_") else "interaction"
    return json.dumps({"kind": kind, "received_at": int(received_at or time.time()), "body": body})


def run(door, event):
    return door.handler(event, None)


def failures(answer):
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_a_batch_is_done_and_only_what_failed_comes_back(door, work):
    discord = FakeDiscord()
    worker = door("worker", discord)
    work.put(message(id="1"))
    work.put("not json")
    work.put(message(id="2"))
    event = work.take()
    answer = run(worker, event)
    (bad,) = failures(answer)
    assert [record["body"] for record in event["Records"] if record["messageId"] == bad] == ["not json"]
    assert len(discord.did("edit")) == 2
    work.settle(event, answer)
    assert work.waiting() == 1


def test_ten_concurrent_deliveries_make_one_visible_effect(door, work):
    discord = FakeDiscord()
    worker = door("worker", discord)
    work.put(message())
    event = work.take()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: run(worker, event), range(10)))
    assert len(discord.did("edit")) == 1
    # Deliveries that found the work claimed return to the queue. If the first one dies, one of them does the work.
    assert sum(not failures(answer) for answer in answers) >= 1
    assert run(worker, event) == {"batchItemFailures": []}
    assert len(discord.did("edit")) == 1


def test_a_failure_comes_back_after_its_own_wait(door, work):
    discord = FakeDiscord(DiscordError("PATCH", 429, wait=2.1))  # longer than the worker waits itself
    worker = door("worker", discord)
    work.put(message())
    event = work.take()
    answer = run(worker, event)
    assert failures(answer) == [event["Records"][0]["messageId"]]
    came = []
    assert eventually(lambda: bool(again := work.take()["Records"]) and (came.extend(again) or True), 6)
    again = {"Records": came}  # It came back before the queue's visibility timeout.
    assert again["Records"][0]["attributes"]["ApproximateReceiveCount"] == "2"
    assert run(worker, again) == {"batchItemFailures": []}
    assert len(discord.did("edit")) == 2


def test_the_last_delivery_tells_the_user(door, work):
    discord = FakeDiscord(DiscordError("PATCH", 500))
    worker = door("worker", discord)
    work.put(message(received_at=time.time() - 13 * 60))
    event = work.take()
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = "5"
    assert failures(run(worker, event)) != []
    assert "Reference" in discord.did("follow up")[0][1]["content"]


def test_where_it_cannot_begin_again_the_user_is_told(door, work):
    discord = FakeDiscord(DiscordError("PATCH", 500))
    worker = door("worker", discord)
    worker.queue.url = "http://127.0.0.1:1/nobody"
    work.put(message())
    event = work.take()
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = "5"
    assert failures(run(worker, event)) != []
    assert "Reference" in discord.did("follow up")[0][1]["content"]


def test_while_the_token_lives_a_sick_discord_has_the_last_delivery_begin_again(door, work):
    worker = door("worker", FakeDiscord(DiscordError("PATCH", 500)))
    work.put(message())
    event = work.take()
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = "5"
    answer = run(worker, event)
    assert failures(answer) == []
    work.settle(event, answer)
    delayed = work.sqs.get_queue_attributes(QueueUrl=work.url, AttributeNames=["ApproximateNumberOfMessagesDelayed"])
    assert delayed["Attributes"]["ApproximateNumberOfMessagesDelayed"] == "1"


def test_a_worker_that_died_between_claim_and_edit_is_followed(door, work, aws, settings):
    discord = FakeDiscord()
    worker = door("worker", discord)
    work.put(message(id="77"))
    event = work.take()
    from watchbell.data.tables import INTERACTION

    worker.tools.claims.take(INTERACTION, "77")  # then the process is killed
    assert failures(run(worker, event)) != []
    worker.tools.claims._clock = lambda: time.time() + 41
    assert run(worker, event) == {"batchItemFailures": []}
    assert len(discord.did("edit")) == 1


@pytest.mark.parametrize("body", ["", "null", "[]", '{"kind": "interaction"}', '{"Records": []}', "[" * 100_000, '"x"'])
def test_a_message_that_is_not_ours_comes_back_at_once_and_so_to_the_dead_letters(door, work, body):
    worker = door("worker", FakeDiscord())
    work.put(body or " ")
    for _ in range(2):
        event = work.take()
        assert len(failures(run(worker, event))) == 1


def test_a_queue_that_is_away_does_not_hide_the_failure(door, work):
    worker = door("worker", FakeDiscord(DiscordError("PATCH", 500)), WORK_QUEUE_URL=work.url + "-gone")
    work.put(message())
    assert len(failures(run(worker, work.take()))) == 1


def test_a_table_that_is_away_does_nothing_and_comes_back(door, work):
    discord = FakeDiscord()
    worker = door("worker", discord, EPHEMERAL_TABLE="gone")
    work.put(message())
    assert len(failures(run(worker, work.take()))) == 1
    assert discord.calls == []


def test_a_parameter_store_without_sources_is_told_in_the_view(door, work):
    discord = FakeDiscord()
    worker = door("worker", discord)
    work.put(message(data={"name": "status", "type": 1}))
    run(worker, work.take())
    assert discord.did("edit")[0][1]["embeds"][0]["title"] == "Nothing to watch"


# The introduction, end to end from the queue


def test_an_installation_delivered_five_times_at_once_greets_once(door, work):
    discord = FakeDiscord()
    worker = door("worker", discord)
    for _ in range(5):
        work.put(message("event_application_authorized"))
    event = work.take()
    batches = [{"Records": [record]} for record in event["Records"]]
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda batch: run(worker, batch), batches))
    for batch in batches:
        assert run(worker, batch) == {"batchItemFailures": []}
    assert len(discord.did("create")) == 1


def test_two_users_in_one_instant_are_two(door, work):
    discord = FakeDiscord()
    worker = door("worker", discord)
    event = recorded.load("event_application_authorized")["event"]
    for user in (ADA, "80351110224678913"):
        work.put(message("event_application_authorized", event={**event, "data": {"user": {"id": user}}}))
    batch = work.take()
    assert run(worker, batch) == {"batchItemFailures": []}
    assert [call[1] for call in discord.did("create")] == [f"dm-{ADA}", "dm-80351110224678913"]


def test_a_crash_between_claim_and_send_neither_loses_nor_doubles_the_greeting(door, work):
    from watchbell.data.tables import INTRODUCTION

    discord = FakeDiscord()
    worker = door("worker", discord)
    work.put(message("event_application_authorized"))
    event = work.take()
    worker.tools.claims.take(INTRODUCTION, ADA)  # then the process is killed before it sends
    assert len(failures(run(worker, event))) == 1
    worker.tools.claims._clock = lambda: time.time() + 41
    assert run(worker, event) == {"batchItemFailures": []}
    assert [call[0] for call in discord.calls] == ["open dm", "read", "create"]


def test_a_crash_between_send_and_record_does_not_double_the_greeting(door, work):
    from watchbell.data.tables import INTRODUCTION
    from watchbell.events.application_authorized import introduction

    discord = FakeDiscord()
    worker = door("worker", discord)
    work.put(message("event_application_authorized"))
    event = work.take()
    worker.tools.claims.take(INTRODUCTION, ADA)
    discord.conversation = [
        worker.tools.seals.seal(introduction().message())
    ]  # It was sent, then the process was killed.
    worker.tools.claims._clock = lambda: time.time() + 41
    assert run(worker, event) == {"batchItemFailures": []}
    assert discord.did("create") == []


STAFF = """
from watchbell import Command, Modal, Reply, Short, UserError, permission

command = Command("staff", "Change the staff", who=permission("MANAGE_GUILD"))


@command.run(audit="staff.change")
def staff(interaction, tools, *, fails: bool = False):
    '''Change the staff.

    fails: Whether it fails
    '''
    if fails:
        raise UserError("No.")
    return Reply("Done.")
"""


def staff(feature, **changes):
    feature("staff", STAFF)
    member = {**recorded.load("command_status")["member"], "permissions": "32", **changes.pop("member", {})}
    options = [{"name": "fails", "type": 5, "value": changes.pop("fails", False)}]
    return message(member=member, data={"id": "1", "name": "staff", "type": 1, "options": options}, **changes)


def audited(aws, settings):
    items = aws.dynamodb.scan(TableName=settings["STATE_TABLE"])["Items"]
    rows = sorted((item for item in items if item["sk"]["S"].startswith("audit#")), key=lambda item: item["sk"]["S"])
    return [(row["action"]["S"], row["actor"]["S"], row["ended"]["S"]) for row in rows]


@pytest.mark.parametrize(("fails", "ended"), [(False, "answered"), (True, "refused")])
def test_an_administrative_action_is_in_the_audit_with_its_end(door, work, aws, settings, feature, fails, ended):
    worker = door("worker", FakeDiscord())
    work.put(staff(feature, fails=fails))
    event = work.take()
    assert run(worker, event) == run(worker, event) == {"batchItemFailures": []}  # the second delivery does nothing
    assert audited(aws, settings) == [("staff.change", ADA, ended)]


def test_each_failed_try_of_an_administrative_action_is_in_the_audit(door, work, aws, settings, feature):
    worker = door("worker", FakeDiscord(DiscordError("PATCH", 503), DiscordError("PATCH", 503)))
    work.put(staff(feature))
    run(worker, work.take())
    assert audited(aws, settings)[0] == ("staff.change", ADA, "error:DiscordError")


def test_without_the_audit_an_administrative_action_does_not_begin(door, work, aws, settings, feature):
    discord = FakeDiscord()
    worker = door("worker", discord)
    worker.tools.audit = type("Audit", (), {"begin": lambda *_, **__: (_ for _ in ()).throw(Unavailable("down"))})()
    work.put(staff(feature))
    assert failures(run(worker, work.take()))
    assert discord.calls == []


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"worked"' in line]


def test_each_try_is_one_line_with_the_wait_the_work_the_attempt_and_the_calls(door, work, capsys):
    discord = FakeDiscord(DiscordError("PATCH", 503))
    worker = door("worker", discord)
    work.put(message(id="1300000000000000001"))
    event = work.take()
    sent = int(event["Records"][0]["attributes"]["SentTimestamp"])
    run(worker, event)
    run(worker, event)
    first, second = lines(capsys)
    assert (first["ended"], second["ended"]) == ("retried", "answered")
    assert (first["discord_calls"], first["discord_calls"] + second["discord_calls"]) == (1, len(discord.calls))
    assert (first["kind"], first["handler"], first["user"]) == ("command", "/status", ADA)
    assert first["interaction_id"] == "1300000000000000001"
    assert (first["attempt"], first["cold"], second["cold"]) == (1, first["cold"], False)
    assert 0 <= first["wait_ms"] <= time.time() * 1000 - sent
    assert first["WorkMs"] >= 0


@pytest.mark.parametrize(
    ("failures", "ended"),
    [
        ((DiscordError("PATCH", 404, 10062),) * 9, "unreachable"),
        ((DiscordError("PATCH", 403, 50013),), "failed"),
    ],
)
def test_the_line_says_how_it_ended(door, work, capsys, failures, ended):
    worker = door("worker", FakeDiscord(*failures))
    work.put(message(received_at=time.time() - 60))
    run(worker, work.take())
    assert [line["ended"] for line in lines(capsys)] == [ended]


def test_an_event_is_a_line_too(door, work, capsys):
    work.put(message("event_entitlement_create"))
    run(door("worker", FakeDiscord()), work.take())
    (line,) = lines(capsys)
    assert (line["kind"], line["handler"], line["ended"]) == ("event", "ENTITLEMENT_CREATE", "done")


def test_what_will_be_tried_again_is_a_warning_without_a_stack_and_the_last_try_an_error(door, work, caplog):
    worker = door("worker", FakeDiscord(*[DiscordError("PATCH", 429, wait=30.0)] * 4))
    work.put(message(received_at=time.time() - 3600))
    event = work.take()
    run(worker, event)
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = "5"
    run(worker, event)
    ours = [each for each in caplog.records if each.name == "watchbell.adapters.batch"]
    assert [(each.levelname, bool(each.exc_info)) for each in ours] == [("WARNING", False), ("ERROR", True)]
    assert ours[0].error == "DiscordError"
    assert ours[0].wait == 30.0
