"""The scheduler's handler: the digest of each local date is queued once, even if ticks are late, lost or repeated."""

import json

import pytest

from sandbox.loopback import Server, as_json
from watchbell.data.tables import SCHEDULE_SLOT
from watchbell.errors import Unavailable

MORNING = "2026-11-22T08:00:00Z"  # 09:00 in Berlin


@pytest.fixture
def source(aws, settings):
    server = Server(lambda request: as_json(200, {"status": "normal", "metrics": {"cpu": {"usage": 12}}}))
    aws.put_parameter("/watchbell/test/status-sources/prod", f"{server.url} private", secret=False)
    return server


def tick(scheduler, at=MORNING):
    return scheduler.handler({"schedule": "daily_digest", "at": at}, None)


def queued(send):
    return [json.loads(record["body"]) for record in send.take()["Records"]]


def test_a_digest_is_queued_for_the_webhook(door, send, source):
    assert tick(door("scheduler")) == {"schedule": "daily_digest", "date": "2026-11-22", "ran": True}
    (message,) = queued(send)
    assert (message["kind"], message["webhook"], message["delivery"]) == ("webhook", "digest", "digest#2026-11-22")
    embed = message["message"]["embeds"][0]
    assert embed["title"] == "Daily digest, 2026-11-22"
    assert embed["description"] == "**All OK.**\n\n🟢 **prod** normal · CPU 12.0 %"


def test_a_digest_is_in_the_language_of_the_deployment(door, send, source, monkeypatch):
    scheduler = door("scheduler")
    monkeypatch.setitem(scheduler.tools.settings, "CHOICE_DIGEST_LANGUAGE", "de")
    tick(scheduler)
    (message,) = queued(send)
    embed = message["message"]["embeds"][0]
    assert embed["title"] == "Tagesübersicht, 2026-11-22"
    assert embed["description"] == "**Alles in Ordnung.**\n\n🟢 **prod** normal · CPU 12,0 %"


def test_the_ticks_of_a_day_make_one_digest_and_the_next_day_another(door, send, source):
    scheduler = door("scheduler")
    ran = [tick(scheduler, f"2026-11-22T{hour:02}:00:00Z")["ran"] for hour in (8, 8, 9, 22)]
    assert ran == [True, False, False, False]
    assert tick(scheduler, "2026-11-23T07:59:59Z")["ran"] is False
    assert tick(scheduler, "2026-11-23T08:00:00Z")["ran"] is True
    assert len(queued(send)) == 2


def test_a_date_that_was_missed_is_caught_up_by_a_later_tick(door, send, source):
    scheduler = door("scheduler")
    assert tick(scheduler, "2026-11-22T07:00:00Z")["ran"] is False  # too early; then no tick comes all day
    assert tick(scheduler, "2026-11-23T03:00:00Z") == {"schedule": "daily_digest", "date": "2026-11-22", "ran": True}


def test_a_new_deployment_sends_nothing_for_the_time_before_it(door, send, source):
    scheduler = door("scheduler")
    assert tick(scheduler, "2026-11-22T03:00:00Z") == {"schedule": "daily_digest", "date": "2026-11-21", "ran": False}
    assert tick(scheduler, "2026-11-22T07:00:00Z")["ran"] is False
    assert tick(scheduler)["ran"] is True
    assert len(queued(send)) == 1


def test_a_bot_deployed_after_the_time_of_day_waits_for_the_next(door, send, source):
    scheduler = door("scheduler")
    assert [tick(scheduler, f"2026-11-22T{hour}:00:00Z")["ran"] for hour in (10, 11, 22)] == [False, False, False]
    assert tick(scheduler, "2026-11-23T08:00:00Z")["ran"] is True


def test_a_run_by_hand_is_todays_and_its_tick_is_not_another(door, send, source):
    scheduler = door("scheduler")
    event = {"schedule": "daily_digest", "at": "2026-11-22T03:00:00Z", "run": "now"}
    assert scheduler.handler(event, None) == {"schedule": "daily_digest", "date": "2026-11-22", "ran": True}
    assert scheduler.handler(event, None)["ran"] is False
    assert tick(scheduler)["ran"] is False
    assert tick(scheduler, "2026-11-23T08:00:00Z")["ran"] is True
    assert len(queued(send)) == 2


def test_a_digest_that_is_switched_off_says_so_and_is_caught_up_when_it_is_on_again(door, send, source, aws, caplog):
    caplog.set_level("INFO")
    scheduler = door("scheduler")
    aws.put_parameter("/watchbell/test/flags/digest", "off", secret=False)
    assert tick(scheduler)["ran"] is False
    (line,) = [record for record in caplog.records if record.message == "switched off"]
    assert (line.schedule, line.switch) == ("daily_digest", "digest")
    aws.put_parameter("/watchbell/test/flags/digest", "on", secret=False)
    assert tick(door("scheduler"), "2026-11-22T09:00:00Z")["ran"] is True  # a new process: the parameter is read again
    assert len(queued(send)) == 1


class Request:
    def __init__(self, id):
        self.aws_request_id = id


DOUBLED = """
from watchbell import Schedule

schedule = Schedule("doubled", "Is called twice at once", every=15)
meanwhile = []
ran = []


@schedule.run
def doubled(slot, tools):
    ran.append(slot)
    for each in meanwhile[:1]:
        del meanwhile[:1]
        each()
"""


def test_of_two_ticks_at_once_the_second_is_quiet(feature, door):
    job = feature("doubled", DOUBLED, room="schedules")
    scheduler, second = door("scheduler"), []
    event = {"schedule": "doubled", "at": MORNING}
    job.meanwhile.append(lambda: second.append(scheduler.handler(event, Request("2"))))
    assert scheduler.handler(event, Request("1"))["ran"] is True
    assert [answer["ran"] for answer in second] == [False]
    assert len(job.ran) == 1


def test_a_run_that_was_killed_is_taken_over_by_lambdas_own_retry_before_the_lease_ends(feature, door):
    feature("doubled", DOUBLED, room="schedules")
    scheduler, event = door("scheduler"), {"schedule": "doubled", "at": MORNING}
    scheduler.tools.claims.take(SCHEDULE_SLOT, "doubled", "2026-11-22T08:00:00+00:00", owner="1")  # then it is killed
    assert scheduler.handler(event, Request("2"))["ran"] is False
    assert scheduler.handler(event, Request("1"))["ran"] is True  # Lambda's retry has the same id.
    assert scheduler.handler(event, Request("1"))["ran"] is False


def test_a_digest_that_failed_is_made_by_the_next_tick(door, send, source):
    failing = door("scheduler", SEND_QUEUE_URL=send.url + "-gone")
    with pytest.raises(Unavailable):
        tick(failing)
    assert tick(door("scheduler", SEND_QUEUE_URL=send.url), "2026-11-22T09:00:00Z")["ran"] is True
    assert len(queued(send)) == 1


def test_a_source_that_is_down_is_in_the_digest(door, send, aws, settings):
    aws.put_parameter("/watchbell/test/status-sources/prod", "http://127.0.0.1:1/ private", secret=False)
    tick(door("scheduler"))
    assert "❌ **prod** refuses connections" in queued(send)[0]["message"]["embeds"][0]["description"]


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"schedule": "weekly"},
        {"schedule": "../x", "at": MORNING},
        {"schedule": "daily_digest"},
        {"schedule": "daily_digest", "at": "soon"},
    ],
)
def test_an_event_that_is_no_schedules_is_refused(door, event):
    with pytest.raises(ValueError, match=r"the event names no schedule|Invalid isoformat"):
        door("scheduler").handler(event, None)


TEA = """
from watchbell import Schedule, _

schedule = Schedule("tea", "Calls for tea", {cadence})


@schedule.run
def tea(subject, tools):
    tools.send_queue.send({{"subject": repr(subject), "said": _("**All OK.**")}})
"""


@pytest.fixture
def tea(feature, door):
    """`tea("every=15")("2026-11-22T08:15:00Z")` ticks a schedule with this cadence at this time."""

    def declared(cadence):
        feature("tea", TEA.format(cadence=cadence), room="schedules")
        scheduler = door("scheduler")
        return lambda at, **more: scheduler.handler({"schedule": "tea", "at": at, **more}, None)

    return declared


def test_a_slot_runs_once_and_gets_its_start(tea, send):
    tick = tea("every=15")
    assert tick("2026-11-22T08:15:00Z") == {"schedule": "tea", "slot": "2026-11-22T08:15:00+00:00", "ran": True}
    assert [tick(f"2026-11-22T08:{minute}:00Z")["ran"] for minute in (15, 29, 30)] == [False, False, True]
    subjects = sorted(message["subject"] for message in queued(send))
    assert subjects == [
        "datetime.datetime(2026, 11, 22, 8, 15, tzinfo=datetime.timezone.utc)",
        "datetime.datetime(2026, 11, 22, 8, 30, tzinfo=datetime.timezone.utc)",
    ]


def test_a_long_slot_that_was_missed_is_caught_up_until_the_next_begins(tea, send):
    tick = tea("every=360")
    assert tick("2026-11-22T06:00:00Z")["ran"] is True
    assert tick("2026-11-23T03:00:00Z") == {"schedule": "tea", "slot": "2026-11-23T00:00:00+00:00", "ran": True}
    assert len(queued(send)) == 2  # the slots of 12:00 and 18:00 are superseded


def test_a_new_deployment_waits_for_the_next_slot(tea, send):
    tick = tea("every=360")
    assert [tick(f"2026-11-22T{hour}:00:00Z")["ran"] for hour in ("07", "11", "12", "13")] == [
        False,
        False,
        True,
        False,
    ]


def test_a_run_by_hand_is_the_current_slots(tea, send):
    tick = tea("every=360")
    assert tick("2026-11-22T07:10:00Z", run="now") == {
        "schedule": "tea",
        "slot": "2026-11-22T06:00:00+00:00",
        "ran": True,
    }
    assert tick("2026-11-22T11:00:00Z")["ran"] is False
    assert tick("2026-11-22T12:00:00Z")["ran"] is True


def test_a_schedule_with_a_fixed_time_needs_no_choice(tea, send, settings):
    for name in [name for name in settings if name.startswith("CHOICE_")]:
        del settings[name]
    tick = tea('at="12:30", zone="Asia/Kolkata", language="de"')
    assert tick("2026-11-22T06:30:00Z")["ran"] is False
    assert tick("2026-11-22T07:00:00Z") == {"schedule": "tea", "date": "2026-11-22", "ran": True}
    assert queued(send) == [{"subject": "datetime.date(2026, 11, 22)", "said": "**Alles in Ordnung.**"}]
