"""A deferred interaction always ends in something that its user sees, even if something goes wrong."""

import json
from functools import partial

import pytest

from tests import recorded
from tests.discord_side import SIGNING_KEYS, FakeDiscord, tools
from tests.fakes import Claims, Journal
from watchbell import Command, _, anyone, commands
from watchbell.adapters.batch import Delivery, NotOurs
from watchbell.adapters.monitors import Monitors
from watchbell.adapters.records import Records
from watchbell.discord import custom_id
from watchbell.discord.component import disabled
from watchbell.discord.interaction import Interaction
from watchbell.discord.seals import parse_keys
from watchbell.doors import worker as followup
from watchbell.errors import DefinitionError, DiscordError, Retry, Unavailable, Unsure, UserError
from watchbell.i18n import speaking
from watchbell.interactions import refusals
from watchbell.interactions.forms import READY
from watchbell.interactions.limits import BUSY
from watchbell.interactions.screen import TAKEN_AWAY
from watchbell.status.report import Report
from watchbell.testing.fakes import FakeServerSettings, FakeTable

NOW = 1_795_334_400


class Sources:
    """Returns healthy reports, or raises `failure`: each time, or only so many `times`."""

    def __init__(self, failure=None, times=None):
        self.failure, self.times, self.asked = failure, times, 0

    def ask(self, name=""):
        self.asked += 1
        if self.failure and (self.times is None or self.asked <= self.times):
            raise self.failure
        return [Report.parse(name or "prod", {"status": "normal"})]


class Clock:
    """A clock that advances only while something sleeps."""

    def __init__(self):
        self.now = NOW

    def sleep(self, seconds):
        self.now += seconds


class Worker:
    def __init__(self, *failures, sources=None, claims=None):
        self.clock = Clock()
        self.tools = tools(lambda: self.clock.now)
        self.discord = self.tools.discord = FakeDiscord(*failures)
        self.sources = self.tools.sources = sources or Sources()
        self.claims = self.tools.claims = claims or Claims()
        self.tools.monitors = Monitors(FakeTable(), ceiling=100, of_host=100)
        self.tools.data = partial(Records, FakeTable(), clock=lambda: self.clock.now)
        self.steps, self.sent = Journal(), []
        self.tools.journal_of = lambda interaction_id, attempt: self.steps

    def work(self, name="command_status", *, attempt=1, last=False, received_at=NOW, left=1000.0, **changes):
        body = recorded.load(name, **changes)
        kind = "event" if name.startswith("event_") else "interaction"
        self.deliver({"kind": kind, "received_at": received_at, "body": body}, attempt, last, left)
        return self.discord.calls

    def deliver(self, message, attempt=1, last=False, left=1000.0):
        """Deliver a message with `left` seconds for the function. `sent` keeps what the worker puts on the queue."""
        ends = self.clock.now + left
        delivery = Delivery(message, attempt, last, lambda: ends - self.clock.now, lambda *sent: self.sent.append(sent))
        followup.work(delivery, self.tools, self.clock.sleep)


def refused(status, code=0, wait=None):
    return DiscordError("PATCH /webhooks/…", status, code, wait=wait)


def test_the_reply_takes_the_place_of_thinking():
    worker = Worker()
    (call,) = worker.work()
    assert call[0] == "edit"
    assert call[1]["embeds"][0]["title"] == "🟢 prod"
    assert worker.claims.claim.states == ["done", "kept"]


def test_a_button_edits_its_own_message():
    ((verb, message),) = Worker().work("component_refresh")
    labels = [button["label"] for row in message["components"] for button in row["components"]]
    assert (verb, labels) == ("edit", ["Simple", "Detailed", "Refresh", "Help"])


def test_what_is_done_is_not_done_again():
    assert Worker(claims=Claims(done=True)).work() == []


def test_what_somebody_else_is_doing_goes_back_to_the_queue():
    worker = Worker(claims=Claims(held=Retry("being worked on", wait=30)))
    with pytest.raises(Retry):
        worker.work()
    assert (worker.discord.calls, worker.sent) == ([], [])


def test_what_a_killed_worker_still_holds_at_the_last_delivery_begins_again_so_that_somebody_tells_the_person():
    worker = Worker(claims=Claims(held=Retry("being worked on", wait=12)))
    worker.work(attempt=5, last=True)
    ((message, wait),) = worker.sent
    assert (message["kind"], wait, worker.discord.calls) == ("interaction", 12, [])


def test_what_has_failed_for_good_goes_to_the_dead_letters_and_is_neither_done_nor_told_again():
    worker = Worker(claims=Claims(held=Retry("has failed for good", wait=0.0)))
    for last in (False, True):
        with pytest.raises(Retry):
            worker.work(last=last)
    assert (worker.discord.calls, worker.sent) == ([], [])


def test_an_edit_that_overtook_its_acknowledgement_is_tried_again():
    worker = Worker(refused(404, 10015), refused(404, 10015))
    worker.work()
    assert [call[0] for call in worker.discord.calls] == ["edit"] * 3
    assert worker.clock.now == NOW + 0.25 + 0.5


def shown_elsewhere(worker):
    return [(call[1], call[2].get("content", "…")) for call in worker.discord.did("create")]


CHANNEL = recorded.load("command_status")["channel_id"]
ADA = "80351110224678912"


@pytest.mark.parametrize(("attempt", "wait"), [(1, 2), (2, 4), (3, 8)])
@pytest.mark.parametrize("failure", [None, UserError("No.")])
def test_a_token_that_stays_unknown_for_some_seconds_sends_the_message_back_to_the_queue(attempt, wait, failure):
    worker = Worker(*[refused(404, 10015)] * 5, sources=Sources(failure))
    with pytest.raises(Retry) as raised:
        worker.work(attempt=attempt)
    assert raised.value.wait == wait
    assert {call[0] for call in worker.discord.calls} == {"delete" if failure else "edit"}
    assert NOW + 3 < worker.clock.now <= NOW + 4
    assert worker.claims.claim.states == ["given back"]


@pytest.mark.parametrize("delivery", [{"attempt": 4}, {"attempt": 2, "last": True}])
def test_a_token_that_stays_unknown_to_the_end_is_given_up_and_the_answer_goes_to_the_channel(delivery):
    worker = Worker(*[refused(404, 10015)] * 5)
    worker.work(**delivery)
    (where, note), (_, _) = shown_elsewhere(worker)
    assert where == CHANNEL
    assert note.startswith(f"<@{ADA}> Your request took longer")
    assert worker.claims.claim.states == ["done", "kept"]


def test_a_token_that_is_unknown_a_minute_later_is_not_waited_for():
    worker = Worker(refused(404, 10015))
    worker.work(received_at=NOW - 61)
    assert [call[0] for call in worker.discord.calls] == ["edit", "create", "create"]
    assert (worker.clock.now, worker.sent) == (NOW, [])


def test_a_thinking_that_appears_beside_an_answer_posted_elsewhere_is_deleted():
    worker = Worker(*[refused(404, 10015)] * 5)
    worker.work(attempt=4)
    ((message, wait),) = worker.sent
    assert (message["kind"], wait) == ("thinking", 8)
    said, waits = len(worker.discord.calls), []
    worker.discord.failures = [refused(404, 10015), refused(503), None]
    for attempt in (1, 2):
        with pytest.raises(Retry) as raised:
            worker.deliver(message, attempt)
        waits.append(raised.value.wait)
    worker.deliver(message, 3)
    assert waits == [30, 60]
    assert worker.discord.calls[said:] == [("delete",)] * 3
    worker.discord.failures = [refused(404, 10015)]
    worker.deliver(message, 5, last=True)  # There is no thinking. The message does not end in the dead letters.


def test_a_thinking_that_appears_beside_the_news_of_a_bug_is_deleted_too():
    for calls, claims in ((5, None), (7, Claims(held=Unavailable("no table")))):
        worker = Worker(*[refused(404, 10015)] * calls, sources=Sources(KeyError("bug")), claims=claims)
        with pytest.raises((KeyError, Unavailable)):
            worker.work(attempt=5, last=True)
        assert "Reference" in shown_elsewhere(worker)[-1][1]
        assert [(message["kind"], wait) for message, wait in worker.sent] == [("thinking", 8)]


def test_nothing_is_deleted_later_if_the_answer_came_by_token_or_if_there_was_no_thinking():
    known = Worker(refused(404, 10015))
    known.work(attempt=4)
    button = Worker(*[refused(404, 10015)] * 5)
    button.work("component_refresh", attempt=4)
    assert shown_elsewhere(button)
    assert (known.sent, button.sent) == ([], [])


def test_after_one_message_went_elsewhere_thinking_cannot_absorb_the_next(feature):
    feature("long", LONG)
    worker = Worker(*[refused(404, 10015)] * 5)
    press(worker, "several", attempt=4)
    assert [call[0] for call in worker.discord.calls] == ["edit"] * 5 + ["create"] * 4


def test_progress_that_overtook_its_acknowledgement_does_not_stop_the_work(feature):
    feature("long", LONG)
    worker = Worker(*[refused(404, 10015)] * 5)
    assert long(worker, "returns")[-1] == "finished"
    assert worker.claims.claim.states == ["done", "kept"]


@pytest.mark.parametrize("code", [10062, 50027])
def test_a_token_that_died_on_the_way_sends_the_answer_to_the_channel(code):
    worker = Worker(refused(401 if code == 50027 else 404, code))
    worker.work()
    assert [call[0] for call in worker.discord.calls] == ["edit", "create", "create"]


def test_a_message_that_its_person_took_away_is_not_sent_again():
    worker = Worker(refused(404, 10008))
    assert [call[0] for call in worker.work()] == ["edit"]
    assert worker.claims.claim.states == ["done", "kept"]


def test_a_token_past_its_deadline_is_not_used_and_the_answer_goes_to_the_channel():
    worker = Worker()
    worker.work(received_at=NOW - 14 * 60 - 31)
    assert [call[0] for call in worker.discord.calls] == ["create", "create"]
    note = worker.discord.calls[0][2]
    assert note["allowed_mentions"] == {"parse": [], "users": [ADA]}
    nonces = [call[3] for call in worker.discord.calls]
    assert len(set(nonces)) == 2
    assert all(len(nonce) <= 25 for nonce in nonces)
    in_time = Worker()
    assert [call[0] for call in in_time.work(received_at=NOW - 14 * 60 - 29)] == ["edit"]


def test_a_channel_that_is_closed_to_us_is_replaced_by_a_direct_message():
    worker = Worker(refused(403, 50001))
    worker.work(received_at=NOW - 1000)
    assert [call[0] for call in worker.discord.calls] == ["create", "open dm", "create", "create"]
    assert shown_elsewhere(worker)[1][0] == f"dm-{ADA}"


def test_what_is_wrong_after_the_deadline_is_told_by_direct_message():
    worker = Worker(sources=Sources(UserError("No.")))
    worker.work(received_at=NOW - 1000)
    assert [call[0] for call in worker.discord.calls] == ["open dm", "create", "create"]
    assert shown_elsewhere(worker)[1] == (f"dm-{ADA}", "No.")


def test_a_person_whom_nothing_reaches_is_logged_and_done(caplog):
    worker = Worker(refused(403, 50001), None, refused(403, 50007))
    worker.work(received_at=NOW - 1000)
    assert "nobody to answer" in caplog.text
    assert worker.claims.claim.states == ["done", "kept"]


def unreached(function, **changes):
    """Run `function` as the `unreached` of a handler, for a person in a German server."""
    command = Command("tea", "Tea", who=anyone)
    handler = command.run(lambda interaction, tools: None)
    assert handler.unreached(function) is function
    interaction = Interaction(recorded.load("command_status", guild_locale="de", locale="ja", **changes))
    followup.tell_others(interaction, handler, "the tools")


def test_the_feature_of_a_person_whom_nothing_reaches_is_told_in_the_language_of_the_server():
    told = []
    unreached(lambda interaction, tools: told.append((interaction.user_id, tools, _(BUSY))))
    ((user, tools, text),) = told
    assert (user, tools) == (ADA, "the tools")
    with speaking("de"):
        assert text == _(BUSY)


def test_what_a_retry_may_mend_is_tried_again_and_a_bug_is_only_logged(caplog):
    def raising(error):
        def tell(interaction, tools):
            raise error

        return tell

    for error in (refused(503), refused(429, wait=3), Unavailable("DynamoDB")):
        with pytest.raises(type(error)):
            unreached(raising(error))
    assert "nobody else was told" not in caplog.text
    for number, error in enumerate((refused(403, 50013), ZeroDivisionError()), 1):
        unreached(raising(error))
        assert caplog.text.count("nobody else was told") == number


def test_only_a_deferred_handler_tells_of_a_person_whom_it_cannot_reach():
    instant = Command("tea", "Tea", who=anyone, instant=True).run(lambda interaction: None)
    deferred = Command("tea", "Tea", who=anyone).run(lambda interaction, tools: None)
    for handler, function in ((instant, lambda interaction, tools: None), (deferred, lambda interaction: None)):
        with pytest.raises(DefinitionError, match="only a deferred handler"):
            handler.unreached(function)


def test_what_the_user_got_wrong_is_told_in_private_under_a_public_thinking():
    worker = Worker(sources=Sources(UserError("I watch no service of that name.")))
    taken_away, told = worker.work()
    assert taken_away == ("delete",)
    assert told[0] == "follow up"
    assert told[1]["content"] == "I watch no service of that name."
    assert told[1]["flags"] == 64
    assert worker.claims.claim.states == ["done", "kept"]


def test_a_second_try_to_tell_does_not_mind_that_thinking_is_gone():
    worker = Worker(refused(404, 10008), sources=Sources(UserError("No.")))
    assert [call[0] for call in worker.work()] == ["delete", "follow up"]


def test_what_a_button_got_wrong_leaves_its_message_alone():
    worker = Worker(sources=Sources(UserError("No.")))
    assert [call[0] for call in worker.work("component_refresh")] == ["follow up"]


def test_a_bug_is_tried_once_more_at_once_and_if_that_helps_the_person_sees_the_answer():
    worker = Worker(sources=Sources(KeyError("bug"), times=1))
    assert [call[0] for call in worker.work() if call[0] != "read"] == ["edit"]
    assert worker.sources.asked == 2
    assert worker.claims.claim.states == ["done", "kept"]


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_bug_that_stays_is_told_at_once_and_its_message_is_dead(attempt):
    worker = Worker(sources=Sources(KeyError("bug")))
    with pytest.raises(KeyError):
        worker.work(attempt=attempt)
    assert [call[0] for call in worker.discord.calls if call[0] != "read"] == ["delete", "follow up"]
    assert "Reference" in worker.discord.did("follow up")[0][1]["content"]
    assert (worker.clock.now, worker.sources.asked) == (NOW, 2)
    assert worker.claims.claim.states == ["given back", "dead"]


def test_a_bug_before_discord_knows_the_token_is_tried_twice_in_all_and_told_elsewhere():
    worker = Worker(*[refused(404, 10015)] * 5, sources=Sources(KeyError("bug")))
    with pytest.raises(KeyError):
        worker.work()
    assert "Reference" in shown_elsewhere(worker)[-1][1]
    assert (worker.sources.asked, worker.claims.claim.states) == (2, ["given back", "dead"])
    assert [message["kind"] for message, _wait in worker.sent] == ["thinking"]


@pytest.mark.parametrize("failure", [refused(400, 50035), DefinitionError("a reply that nobody can show")])
def test_what_the_next_try_would_do_again_is_told_elsewhere_before_discord_knows_the_token(failure):
    if isinstance(failure, DiscordError):
        failure.of_feature = True
    worker = Worker(*[refused(404, 10015)] * 5, sources=Sources(failure))
    worker.work()
    assert "Reference" in shown_elsewhere(worker)[-1][1]
    assert (worker.sources.asked, worker.claims.claim.states) == (1, ["done", "kept"])


def test_a_bug_that_could_not_be_told_is_not_dead_before_the_person_hears_of_it():
    worker = Worker(refused(503), sources=Sources(KeyError("bug")))
    with pytest.raises(KeyError):
        worker.work()
    assert worker.claims.claim.states == ["given back"]
    nobody = Worker(None, refused(403, 50007), sources=Sources(KeyError("bug")))
    with pytest.raises(KeyError):
        nobody.work("component_refresh")
    assert nobody.claims.claim.states == ["given back", "dead"]


def test_a_bug_is_not_tried_again_if_the_function_would_end_meanwhile():
    class Slow(Sources):
        def ask(self, name=""):
            worker.clock.sleep(16)
            return super().ask(name)

    worker = Worker(sources=Slow(KeyError("bug")))
    with pytest.raises(KeyError):
        worker.work(left=30)
    assert worker.sources.asked == 1
    assert "Reference" in worker.discord.did("follow up")[0][1]["content"]


@pytest.mark.parametrize("failure", [Unavailable("throttled"), Retry("not yet")])
def test_what_passes_is_not_a_bug_and_goes_back_to_the_queue_until_the_last_delivery_tells_the_person(failure):
    worker = Worker(sources=Sources(failure))
    with pytest.raises(type(failure)):
        worker.work()
    assert (worker.discord.calls, worker.sources.asked) == ([], 1)
    assert worker.claims.claim.states == ["given back"]
    with pytest.raises(type(failure)):
        worker.work(attempt=5, last=True)
    assert "Reference" in worker.discord.did("follow up")[0][1]["content"]
    assert worker.claims.claim.states[-1] == "dead"


def test_the_last_delivery_tells_the_user_and_still_fails():
    worker = Worker(sources=Sources(KeyError("bug")))
    with pytest.raises(KeyError):
        worker.work(attempt=5, last=True)
    told = worker.discord.did("follow up")[0][1]
    assert recorded.load("command_status")["id"] in told["content"]
    assert told["flags"] == 64


@pytest.mark.parametrize("failure", [refused(0), refused(500), refused(503, 130000), refused(429, wait=7.5)])
def test_a_discord_that_is_unwell_is_tried_again_later(failure):
    worker = Worker(failure)
    with pytest.raises(DiscordError) as raised:
        worker.work()
    assert raised.value.wait == failure.wait
    assert worker.claims.claim.states == ["given back"]


def test_a_reply_that_discord_refuses_is_not_tried_again_and_the_user_hears_of_it():
    worker = Worker(refused(400, 50035), None, refused(400, 50035))
    assert [call[0] for call in worker.work()] == ["edit", "delete", "follow up", "follow up"]
    assert "Reference" in worker.discord.calls[3][1]["content"]
    assert worker.claims.claim.states == ["done", "kept"]


def test_what_no_edit_can_become_is_a_message_of_its_own():
    for failure, journal in (
        (refused(400, 520003), Journal()),
        (refused(404, 10008), Journal(begun=(TAKEN_AWAY,))),
        (refused(404, 10008), Journal(done={TAKEN_AWAY: None})),
    ):
        worker = Worker(failure)
        worker.steps = journal
        worker.work()
        assert [call[0] for call in worker.discord.calls if call[0] != "read"] in (
            ["edit", "delete", "follow up"],
            ["edit", "follow up"],
        )


def test_a_feature_that_is_cut_off_each_time_is_not_begun_a_last_time_and_its_user_is_told():
    claims = Claims()
    claims.claim.cut_off = 3
    assert [call[0] for call in Worker(claims=claims).work(attempt=4)] == ["edit"]
    claims.claim.cut_off = 2
    assert [call[0] for call in Worker(claims=claims).work(attempt=5, last=True)] == ["edit"]
    claims.claim.cut_off = 4
    worker = Worker(claims=claims)
    with pytest.raises(followup.CutOff, match="/status was cut off 4 times"):
        worker.work(attempt=5, last=True)
    assert [call[0] for call in worker.discord.calls] == ["delete", "follow up"]
    assert "Reference" in worker.discord.calls[1][1]["content"]


def test_a_discord_that_was_unwell_for_all_tries_is_tried_all_over_while_the_token_lives():
    again = []
    worker = Worker(refused(503))
    body = recorded.load("command_status")
    message = {"kind": "interaction", "received_at": NOW - 100, "body": body}
    followup.work(Delivery(message, 5, True, send=lambda *sent: again.append(sent)), worker.tools, worker.clock.sleep)
    assert again == [(message, followup.AGAIN_SECONDS)]
    assert worker.claims.claim.states == ["given back"]
    late = Worker(refused(503))
    with pytest.raises(DiscordError):
        late.work(last=True, received_at=NOW - 14 * 60)
    assert [call[0] for call in late.discord.calls] == ["edit", "delete", "follow up"]


def test_an_option_that_no_client_would_send_is_explained():
    options = [{"name": "detailed", "type": 5, "value": "yes"}, {"name": "private", "type": 5, "value": False}]
    worker = Worker()
    worker.work(data={"name": "status", "type": 1, "options": options})
    assert worker.discord.did("follow up")[0][1]["content"] == "`detailed` must be true or false."


def test_a_feature_that_is_gone_since_it_was_acknowledged_is_told():
    worker = Worker()
    worker.work(data={"name": "bygone", "type": 1})
    assert "/help" in worker.discord.did("follow up")[0][1]["content"]


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"kind": "interaction"},
        {"kind": "interaction", "received_at": "now", "body": {}},
        {"kind": "interaction", "received_at": NOW, "body": []},
        {"kind": "other", "received_at": NOW, "body": {}},
        {"Records": []},
    ],
)
def test_a_message_that_is_not_ours_fails(message):
    with pytest.raises(NotOurs):
        followup.work(Delivery(message, 1, False), Worker().tools)


def test_a_button_whose_feature_is_gone_leaves_its_message_alone():
    worker = Worker()
    worker.work("component_refresh", data={"custom_id": "bygone:refresh", "component_type": 2})
    assert [call[0] for call in worker.discord.calls] == ["follow up"]


def test_a_feature_that_no_longer_loads_is_a_bug_that_the_last_delivery_tells(tmp_path, monkeypatch):
    (tmp_path / "torn.py").write_text("import no_such_module_at_all")
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])
    worker = Worker()
    with pytest.raises(DefinitionError, match=r"commands/torn\.py cannot be imported: ModuleNotFoundError"):
        worker.work(data={"name": "torn", "type": 1}, attempt=5, last=True)
    assert "Reference" in worker.discord.did("follow up")[0][1]["content"]
    assert TAKEN_AWAY in worker.steps.asked


def test_the_last_delivery_tells_the_user_when_the_table_is_away_too():
    worker = Worker(claims=Claims(held=ConnectionError("no table")))
    with pytest.raises(ConnectionError):
        worker.work()
    assert worker.discord.calls == []
    with pytest.raises(ConnectionError):
        worker.work(attempt=5, last=True)
    assert [call[0] for call in worker.discord.calls] == ["delete", "follow up"]


@pytest.mark.parametrize("failure", [refused(403, 50001), refused(400, 50035)])
def test_a_sentence_that_discord_refuses_for_good_is_logged_and_not_tried_again(failure, caplog):
    worker = Worker(failure, sources=Sources(UserError("No.")))
    worker.work()
    assert "nobody to answer" in caplog.text
    assert worker.claims.claim.states == ["done", "kept"]


def test_a_discord_that_is_away_while_the_user_is_told_is_tried_again():
    worker = Worker(refused(503), sources=Sources(UserError("No.")))
    with pytest.raises(DiscordError):
        worker.work()
    assert worker.claims.claim.states == ["given back"]


# Long work


def test_a_message_that_began_again_though_nobody_could_tell_is_answered_after_all():
    def lost(message, wait):
        on_the_queue.append(message)
        raise Unsure("no answer")

    on_the_queue = []
    worker = Worker(refused(503))
    message = {"kind": "interaction", "received_at": NOW - 100, "body": recorded.load("command_status")}
    with pytest.raises(DiscordError):
        followup.work(Delivery(message, 5, True, send=lost), worker.tools, worker.clock.sleep)
    assert [call[0] for call in worker.discord.calls] == ["edit", "delete", "follow up"]
    assert "Reference" in worker.discord.calls[-1][1]["content"]
    again = Worker(refused(404, 10008))  # "thinking" was deleted
    again.steps = Journal(done=worker.steps.done, begun=worker.steps.asked)
    again.claims.claim.attempt = 2
    for delivered in on_the_queue:
        followup.work(Delivery(delivered, 1, False), again.tools, again.clock.sleep)
    assert [call[0] for call in again.discord.calls if call[0] != "read"] == ["edit", "follow up"]
    assert again.discord.did("follow up")[0][1]["embeds"][0]["title"] == "🟢 prod"


SECOND, THIRD = "watchbell: message 2", "watchbell: message 3"

LONG = """
from watchbell import Command, Delete, Reply, UserError, anyone

command = Command("long", "Long", who=anyone)

@command.run
def long(interaction, tools, *, how: str = "returns"):
    for share in (10, 20, 30, 40):
        if how != "quick":
            tools.sleep(1)
        yield Reply(f"{share} %")
    if how == "returns":
        return Reply("finished")
    if how == "fails":
        raise UserError("No more.")

@command.button
def several(interaction, tools):
    return [Reply("one"), Reply("two"), Reply("three")]

@command.button(updates=True)
def growing(interaction, tools):
    for texts in (["a", "b"], ["a", "b", "c"], ["A", "B"]):
        tools.sleep(1)
        yield [Reply(text) for text in texts]

@command.button(updates=True)
def dismiss(interaction, tools):
    return Delete()

@command.button
def hush(interaction, tools):
    return [Delete(), Reply("Done.")]

@command.button
def whisper(interaction, tools):
    return [Reply("for you", private=True), Reply("for all")]

@command.button(updates=True)
def aside(interaction, tools):
    return Reply("for you", private=True)

@command.button
def both(interaction, tools):
    return [Reply("for all"), Reply("for you", private=True)]

@command.button(private=True)
def closed(interaction, tools):
    return [Reply("one"), Reply("two")]

@command.button
def upside_down(interaction, tools):
    return [Reply("one"), Delete()]

@command.button
def nothing(interaction, tools):
    return None

@command.button
def broken(interaction, tools):
    return Reply("x" * 2001)

@command.button
def budget(interaction, tools):
    return Reply(f"{tools.seconds_left():.0f}")
"""


def long(worker, how, **more):
    worker.tools.sleep = worker.clock.sleep
    options = [{"name": "how", "type": 3, "value": how}]
    worker.work(data={"name": "long", "type": 1, "options": options}, **more)
    return [text for _, text in told(worker)]


def told(worker):
    """Return (verb, text) for each call that has a message."""
    messages = [
        (call[0], next((part for part in call if isinstance(part, dict)), None)) for call in worker.discord.calls
    ]
    return [(verb, message.get("content", "")) for verb, message in messages if message]


@pytest.mark.parametrize(
    ("how", "shown"),
    [
        ("returns", ["10 %", "20 %", "30 %", "40 %", "finished"]),
        ("yields last", ["10 %", "20 %", "30 %", "40 %"]),
        ("quick", ["10 %", "40 %"]),
        ("fails", ["10 %", "20 %", "30 %", "40 %", "No more."]),
    ],
)
def test_a_handler_that_yields_shows_its_progress_at_discords_pace(feature, how, shown):
    feature("long", LONG)
    assert long(Worker(), how) == shown


@pytest.mark.parametrize("failure", [refused(503), refused(429, wait=3), refused(401, 50027)])
def test_progress_that_cannot_be_shown_does_not_stop_the_work(feature, failure, caplog):
    feature("long", LONG)
    worker = Worker(None, failure)
    assert long(worker, "returns") == ["10 %", "20 %", "30 %", "40 %", "finished"]
    assert worker.claims.claim.states == ["done", "kept"]
    assert "progress is not shown" in caplog.text


def test_progress_after_the_deadline_is_left_out_and_the_answer_comes_once(feature):
    feature("long", LONG)
    worker = Worker()
    long(worker, "returns", received_at=NOW - 14 * 60 - 28)  # the deadline is between the second and the third message
    assert [call[0] for call in worker.discord.calls] == ["edit", "create", "create"]
    assert shown_elsewhere(worker)[1] == (CHANNEL, "finished")


def press(worker, handler, **more):
    worker.tools.sleep = worker.clock.sleep
    worker.work("component_refresh", data={"custom_id": f"long:{handler}", "component_type": 2}, **more)
    return told(worker)


def test_several_messages_follow_each_other_and_a_retry_does_not_repeat_them(feature):
    feature("long", LONG)
    assert press(Worker(), "several") == [("edit", "one"), ("follow up", "two"), ("follow up", "three")]
    cut_off = Worker(None, None, refused(503))
    with pytest.raises(DiscordError):
        press(cut_off, "several")
    again = Worker()
    again.steps = Journal(done=cut_off.steps.done)
    assert press(again, "several") == [("edit", "one"), ("edit follow up", "two"), ("follow up", "three")]
    done = Worker()
    done.steps = Journal(done={SECOND: ["77", False, ""], THIRD: ["", False, ""]})
    assert press(done, "several") == [("edit", "one"), ("edit follow up", "two")]
    assert done.discord.did("edit follow up")[0][2] == "77"


def test_what_an_earlier_try_said_and_took_back_is_said_anew(feature):
    feature("long", LONG)
    for failure in (refused(404, 10008), refused(400, 50035)):
        worker = Worker(None, failure)
        worker.steps = Journal(done={SECOND: ["77", False, ""]})
        assert press(worker, "several") == [
            *[("edit", "one"), ("edit follow up", "two"), ("follow up", "two"), ("follow up", "three")],
        ]


def said_in(worker, *ids, **more):
    about = {"id": recorded.load("component_refresh")["id"], "original_response_message_id": "1"}
    worker.discord.conversation = [{"id": id, "interaction_metadata": about, **more} for id in ids]
    worker.discord.conversation += [{"id": "5"}, {"id": "6", "interaction_metadata": {"id": about["id"]}}]


def test_a_message_that_an_earlier_try_may_have_sent_is_looked_for(feature):
    feature("long", LONG)
    worker = Worker()
    worker.steps = Journal(done={SECOND: ["77", False, ""]}, begun=(THIRD,))
    said_in(worker, "78", "77")
    assert press(worker, "several") == [("edit", "one"), ("edit follow up", "two"), ("edit follow up", "three")]
    assert [call[2] for call in worker.discord.did("edit follow up")] == ["77", "78"]
    unsent = Worker()
    unsent.steps = Journal(done={SECOND: ["77", False, ""]}, begun=(THIRD,))
    said_in(unsent, "77")
    assert press(unsent, "several")[-1] == ("follow up", "three")


def test_a_poll_that_an_earlier_try_may_have_made_is_left_as_it_is(feature):
    feature("long", SCREENS)
    worker = Worker()
    worker.steps = Journal(begun=(SECOND,))
    said_in(worker, "78", poll={"question": {}})
    press(worker, "vote")
    assert [call[0] for call in worker.discord.calls] == ["edit", "read"]


def test_what_an_earlier_try_or_a_lost_call_has_left_is_taken_back_in_the_end(feature):
    feature("long", LONG)
    worker = Worker()
    worker.claims.claim.attempt = 2
    said_in(worker, "79", "78")
    press(worker, "budget")
    assert [call for call in worker.discord.calls if call[0] == "delete follow up"] == [
        ("delete follow up", "78"),
        ("delete follow up", "79"),
    ]
    lost = Worker(None, refused(0))
    said_in(lost, "78")
    press(lost, "growing")
    assert ("delete follow up", "78") in lost.discord.calls


def test_an_answer_that_was_shown_is_not_said_again_when_the_rest_is_late(feature):
    feature("long", LONG)
    first = Worker(None, refused(429, wait=900))
    with pytest.raises(DiscordError):
        press(first, "several")
    again = Worker()
    again.steps = Journal(done=first.steps.done)
    press(again, "several", received_at=NOW - 1000)
    assert [text for _, text in shown_elsewhere(again)][1:] == ["two", "three"]


def test_a_sentence_that_was_cut_short_does_not_lose_the_answer_of_the_next_try(feature):
    worker = Worker(None, refused(503), sources=Sources(UserError("Busy.")))
    with pytest.raises(DiscordError):
        worker.work()
    again = Worker(refused(404, 10008))
    again.steps = Journal(begun=worker.steps.asked)
    again.work()
    assert [call[0] for call in again.discord.calls if call[0] != "read"] == ["edit", "follow up"]


def test_what_stands_is_not_said_again_when_the_rest_is_late(feature):
    feature("long", LONG)
    first = Worker(None, None, refused(429, wait=900))
    with pytest.raises(DiscordError):
        press(first, "several")
    again = Worker()
    again.steps = Journal(done=first.steps.done)
    press(again, "several", received_at=NOW - 1000)
    assert [text for _, text in shown_elsewhere(again)][1:] == ["three"]


def test_a_delete_takes_a_message_of_its_own_away_too(feature):
    feature("long", SCREENS)
    worker = Worker()
    press(worker, "vanished")
    assert [call[0] for call in worker.discord.calls] == ["delete", "follow up", "delete follow up"]


def test_a_message_that_somebody_has_taken_back_already_is_taken_back(feature):
    feature("long", SCREENS)
    worker = Worker(None, None, refused(404, 10008))
    press(worker, "left_over")
    assert [call[0] for call in worker.discord.calls] == [
        "edit",
        "follow up",
        "delete follow up",
        "follow up",
        "delete",
    ]
    assert worker.claims.claim.states == ["done", "kept"]


@pytest.mark.parametrize(("done", "failure"), [(False, refused(503)), (True, refused(0))])
def test_a_message_that_could_not_be_taken_back_is_by_the_next_try(feature, done, failure):
    feature("long", SCREENS)
    cut_off = Worker(None, None, failure)
    with pytest.raises(DiscordError):
        press(cut_off, "left_over")
    again = Worker(None, refused(404, 10008) if done else None)
    again.steps, again.claims.claim.attempt = Journal(done=cut_off.steps.done), 2
    press(again, "left_over")
    assert again.discord.did("delete follow up")[0][1] == "1002"
    assert again.discord.did("follow up")[-1][1]["content"] == "No seats."


def test_a_message_that_progress_could_not_take_back_is_taken_back_in_the_end(feature):
    feature("long", SCREENS)
    worker = Worker(None, None, refused(503))
    said_in(worker, "1002")
    press(worker, "shrinking")
    assert worker.discord.did("delete follow up") == [("delete follow up", "1002")] * 2


def test_an_edit_that_may_have_been_made_is_made_again(feature):
    feature("long", SCREENS)
    assert press(Worker(None, refused(0)), "undecided") == [("edit", "a"), ("edit", "b"), ("edit", "a")]


class NoTable(Journal):
    """A journal whose table is away for the steps `begin`, and never records that a step is done."""

    class Done(dict):
        def __setitem__(self, name, value):
            raise Unsure("no answer")

    def __init__(self, begin=()):
        super().__init__(self.Done({None: None}))
        self.begin = begin

    def step(self, name):
        if name in self.begin:
            raise Unavailable("no table")
        return super().step(name)


def test_messages_that_could_not_be_recorded_stay_and_the_rest_follows(feature, caplog):
    feature("long", LONG)
    worker = Worker()
    worker.steps = NoTable()
    assert press(worker, "several") == [("edit", "one"), ("follow up", "two"), ("follow up", "three")]
    assert "could not record a message" in caplog.text
    assert worker.claims.claim.states == ["done", "kept"]


def test_an_answer_that_was_shown_stays_though_a_table_fails_after_it_until_the_end(feature):
    feature("long", LONG)
    for last in (False, True):
        worker = Worker()
        worker.steps = NoTable(begin=(SECOND,))
        with pytest.raises(Unavailable):
            press(worker, "several", attempt=5 if last else 1, last=last)
        assert told(worker) == [("edit", "one")]
        assert worker.claims.claim.states == (["given back", "dead"] if last else ["given back"])


@pytest.mark.parametrize("last_try", [{"claims": Claims(held=Unavailable("no table"))}, {"failure": True}])
def test_an_answer_that_an_earlier_try_has_shown_stays_though_the_tables_are_away_to_the_end(last_try):
    worker = Worker(claims=last_try.get("claims"), sources=Sources(Unavailable("no table")))
    worker.claims.claim.attempt = 2
    worker.discord.flags = 0
    with pytest.raises(Unavailable):
        worker.work(attempt=5, last=True)
    assert [call[0] for call in worker.discord.calls] == ["read original"]


def test_a_thinking_that_an_earlier_try_has_left_is_replaced_when_the_tables_are_away_to_the_end():
    for failures in ((), (refused(503),)):
        worker = Worker(*failures, claims=Claims(held=Unavailable("no table")))
        with pytest.raises(Unavailable):
            worker.work(attempt=5, last=True)
        assert [call[0] for call in worker.discord.calls] == ["read original", "delete", "follow up"]


def test_progress_is_no_answer_so_a_table_that_fails_after_it_is_told(feature):
    feature("long", LONG.replace('yield Reply(f"{share} %")', 'yield Reply(f"{share} %"); tools.fail()'))
    worker = Worker()

    def fail():
        raise Unavailable("no table")

    worker.tools.fail = fail
    with pytest.raises(Unavailable):
        long(worker, "returns", attempt=5, last=True)
    assert [verb for verb, *_ in worker.discord.calls][:3] == ["edit", "follow up", "delete"]
    assert "Reference" in told(worker)[-1][1]


def test_what_is_left_over_is_not_taken_back_after_the_deadline(feature):
    feature("long", LONG)
    worker = Worker()
    press(worker, "growing", received_at=NOW - 14 * 60 - 27)  # the deadline is between the second and the third message
    assert [text for _, text in shown_elsewhere(worker)][1:] == ["A", "B"]
    assert worker.discord.did("delete follow up") == []


@pytest.mark.parametrize("handler", ["closed_dm", "closed_dm_later"])
def test_a_persons_closed_messages_are_no_reason_to_leave_them_waiting(feature, handler):
    feature("long", SCREENS)
    ((_, text),) = press(Worker(), handler)
    assert text.startswith("I cannot send that person a direct message")


def test_what_said_something_stays_until_the_person_is_told_otherwise(feature):
    feature("long", SCREENS)
    worker = Worker(None, refused(503))
    with pytest.raises(DiscordError):
        press(worker, "refused_in_public")
    assert [call[0] for call in worker.discord.calls] == ["edit", "follow up"]


def test_an_update_that_comes_late_is_bound_to_whose_message_it_was(feature):
    feature("long", SCREENS)
    for metadata, holder in (({"user": {"id": "5"}}, "5"), (None, "nobody")):
        worker = Worker()
        message = {**recorded.load("component_refresh")["message"], "interaction_metadata": metadata}
        press(worker, "bound", received_at=NOW - 1000, message=message)
        (sealed_id,) = [
            button["custom_id"] for row in worker.discord.calls[-1][2]["components"] for button in row["components"]
        ]
        custom_id.verify(sealed_id, parse_keys(SIGNING_KEYS), NOW, holder, "")


def test_what_follows_a_message_that_is_made_anew_still_follows_it(feature):
    feature("long", SCREENS)
    worker = Worker()
    press(worker, "reordered")
    assert [call[1].get("content") for call in worker.discord.did("follow up")] == ["w2", "w3", "private", "f3"]


def test_a_link_preview_can_be_hidden_by_an_edit(feature):
    feature("long", SCREENS)
    worker = Worker()
    press(worker, "hiding")
    assert [call[1].get("flags", 0) for call in worker.discord.calls] == [0, 4]


def test_where_it_cannot_be_looked_for_it_is_said_again(feature, caplog):
    feature("long", LONG)
    closed = Worker(None, refused(403, 50001))
    closed.steps = Journal(begun=(SECOND,))
    assert ("follow up", "two") in press(closed, "several")
    assert "cannot look for what may have been said" in caplog.text
    private = Worker()
    private.steps = Journal(begun=(f"{SECOND}, private",))
    assert press(private, "closed")[-1] == ("follow up", "two")
    assert private.discord.did("read") == []


def test_several_messages_each_come_elsewhere_when_the_token_is_dead(feature):
    feature("long", LONG)
    worker = Worker()
    press(worker, "several", received_at=NOW - 1000)
    said = worker.discord.did("create")
    assert [call[2]["content"] for call in said[1:]] == ["one", "two", "three"]
    assert len({nonce for *_, nonce in said}) == 4
    half = Worker(None, None, refused(401, 50027))
    press(half, "several")
    assert [call[0] for call in half.discord.calls] == ["edit", "follow up", "follow up", "create", "create"]
    assert shown_elsewhere(half)[1] == (CHANNEL, "three")


def test_progress_of_several_messages_edits_what_changes_and_takes_back_what_is_left_over(feature):
    feature("long", LONG)
    worker = Worker()
    assert press(worker, "growing") == [
        *[("edit", "a"), ("follow up", "b")],
        ("follow up", "c"),
        *[("edit", "A"), ("edit follow up", "B")],
    ]
    assert worker.discord.did("delete follow up") == [("delete follow up", "1003")]


SCREENS = """
from watchbell import Button, Command, Delete, Embed, Poll, Reply, Text, UserError, anyone
from watchbell.errors import DiscordError

command = Command("long", "Long", who=anyone)

def slowly(tools, *answers):
    for answer in answers:
        tools.sleep(1)
        yield answer

def told(tools, *answers):
    yield from slowly(tools, *answers)
    raise UserError("No seats.")

@command.button
def secret(interaction, tools):
    return slowly(tools, [Reply("a"), Reply("b")], [Reply("c"), Reply("Secret", private=True)])

@command.button
def looking(interaction, tools):
    return slowly(tools, Reply("Looking", private=True), Reply("Answer"))

@command.button
def vanishing(interaction, tools):
    return slowly(tools, Delete(), Reply("Answer"))

@command.button
def voting(interaction, tools):
    return slowly(tools, Reply("Counting"), Reply(poll=Poll("Tea?", ["Yes", "No"])))

@command.button
def plainer(interaction, tools):
    return slowly(tools, Reply(components=[Text("Working")]), Reply("Done."))

@command.button
def richer(interaction, tools):
    return slowly(tools, Reply(components=[Text("Working")]), Reply(embeds=[Embed("Done")]))

@command.button(private=True)
def refused(interaction, tools):
    return told(tools, Reply(components=[Text("Working")]))

@command.button
def left_over(interaction, tools):
    return told(tools, [Reply("a"), Reply("b")])

@command.button(updates=True)
def answered(interaction, tools):
    return Reply("Done.")

@command.button(updates=True)
def embedded(interaction, tools):
    return Reply(embeds=[Embed("Done")])

@command.button
def vote(interaction, tools):
    return [Reply("Vote:"), Reply(poll=Poll("Tea?", ["Yes", "No"]))]

@command.button(updates=True)
def voted(interaction, tools):
    return Reply(poll=Poll("Tea?", ["Yes", "No"]))

@command.button(updates=True)
def voted_below(interaction, tools):
    return [Reply("Tea?"), Reply(poll=Poll("Tea?", ["Yes", "No"]))]

@command.button
def reordered(interaction, tools):
    first = [Reply("w1"), Reply("w2"), Reply("w3")]
    return slowly(tools, first, [Reply("f1"), Reply("private", private=True), Reply("f3")])

@command.button
def hiding(interaction, tools):
    return slowly(tools, Reply("https://x.example"), Reply("https://x.example", suppress_embeds=True))

@command.button
def shrinking(interaction, tools):
    return slowly(tools, [Reply("a"), Reply("b")], Reply("a"))

@command.button
def undecided(interaction, tools):
    return slowly(tools, Reply("a"), Reply("b"), Reply("a"))

@command.button
def vanished(interaction, tools):
    return slowly(tools, Reply("w", private=True), Delete())

def fails():
    raise DiscordError("POST /channels", 403, 50007)

@command.button
def closed_dm(interaction, tools):
    fails()

@command.button
def closed_dm_later(interaction, tools):
    fails()
    yield Reply("x")

@command.button
def refused_in_public(interaction, tools):
    return told(tools, Reply("Working"))

@command.button(updates=True, bound="user")
def bound(interaction, tools):
    return Reply("x", buttons=[bound.button("Mine")])

@command.button
def crowd(interaction, tools):
    return [Reply(str(number)) for number in range(7)]

@command.button(updates=True)
def nothing(interaction, tools):
    raise UserError("")

@command.button
def wordy(interaction, tools):
    raise UserError("x" * 3000)
"""


def calls(worker, handler, **more):
    press(worker, handler, **more)
    return [
        (call[0], next((part.get("flags", 0) & 64 for part in call if isinstance(part, dict)), None))
        for call in worker.discord.calls
    ]


def test_a_message_that_others_see_never_becomes_a_private_one(feature):
    feature("long", SCREENS)
    worker = Worker()
    press(worker, "secret")
    assert [call for call in worker.discord.calls if call[0] != "edit"] == [
        ("follow up", worker.discord.calls[1][1]),
        ("delete follow up", "1002"),
        ("follow up", worker.discord.calls[4][1]),
    ]
    assert worker.discord.calls[4][1]["content"] == "Secret"
    assert worker.discord.calls[4][1]["flags"] == 64


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        ("looking", [("delete", None), ("follow up", 64), ("delete follow up", None), ("follow up", 0)]),
        ("vanishing", [("delete", None), ("follow up", 0)]),
        ("voting", [("edit", 0), ("delete", None), ("follow up", 0)]),
        ("richer", [("edit", 0), ("delete", None), ("follow up", 0)]),
        ("left_over", [("edit", 0), ("follow up", 0), ("delete follow up", None), ("follow up", 64), ("delete", None)]),
    ],
)
def test_an_answer_comes_whatever_its_progress_was(feature, handler, expected):
    feature("long", SCREENS)
    assert calls(Worker(), handler) == expected


@pytest.mark.parametrize("handler", ["plainer", "refused"])
def test_plain_words_become_a_text_in_a_message_of_components_v2(feature, handler):
    feature("long", SCREENS)
    worker = Worker()
    press(worker, handler)
    last = worker.discord.calls[-1][1]
    assert worker.discord.calls[-1][0] == "edit"
    assert (last["content"], last["flags"] & 32768) == (None, 32768)
    assert last["components"][0]["content"] in ("Done.", "No seats.")


def test_a_button_on_a_message_of_components_v2_edits_it_in_its_kind(feature, caplog):
    feature("long", SCREENS)
    on_v2 = {**recorded.load("component_refresh")["message"], "flags": 32768}
    worker = Worker()
    press(worker, "answered", message=on_v2)
    assert worker.discord.calls[0][1]["components"] == [{"type": 10, "content": "Done."}]
    press(Worker(), "embedded", message=on_v2)
    assert "cannot show embeds or a poll" in caplog.text


def test_a_message_that_stands_takes_no_poll_and_one_below_it_does(feature, caplog):
    feature("long", SCREENS)
    ((_, text),) = press(Worker(), "voted")
    assert "Reference" in text
    assert "/long voted updates a message, and an edit cannot add a poll" in caplog.text
    worker = Worker()
    press(worker, "voted_below")
    assert [("poll" in call[1]) for call in worker.discord.calls] == [False, True]


def test_a_short_wait_is_waited_for_and_a_long_one_goes_back_to_the_queue(feature):
    feature("long", LONG)
    worker = Worker(None, refused(429, wait=1.5), refused(429, wait=0.5))
    press(worker, "several")
    assert [call[0] for call in worker.discord.calls] == ["edit", *["follow up"] * 4]
    assert worker.clock.now == NOW + 2
    for failures in ([refused(429, wait=2.5)], [refused(429, wait=2.0)] * 6):
        with pytest.raises(DiscordError):
            press(Worker(*failures), "several")


def test_a_person_waits_for_a_few_short_waits_only_and_the_queue_for_the_rest():
    for wait in (0, 0.25):
        worker = Worker(*[refused(429, wait=wait)] * 1_000)
        with pytest.raises(DiscordError):
            worker.work()
        assert len(worker.discord.calls) == 11


def test_a_refusal_that_is_not_discords_is_tried_again_and_nobody_is_told_of_it():
    for status in (400, 401, 403, 404):
        worker = Worker(DiscordError("PATCH /webhooks/…", status, by_discord=False))
        with pytest.raises(DiscordError):
            worker.work()
        assert [call[0] for call in worker.discord.calls] == ["edit"]
        assert worker.claims.claim.states == ["given back"]


def test_a_channel_that_is_gone_leaves_its_person_an_answer_by_direct_message():
    worker = Worker(refused(404, 10003), refused(404, 10003))
    assert [call[0] for call in worker.work()] == ["edit", "create", "open dm", "create", "create"]
    assert worker.claims.claim.states == ["done", "kept"]


REFUSED = """
from watchbell import Command, anyone
from watchbell.errors import DiscordError

command = Command("refused", "Refused", who=anyone)

@command.run
def refused(interaction, tools):
    raise DiscordError("POST /channels", 403, CODE, "Missing Permissions", faults=["name: too long"])
"""


@pytest.mark.parametrize("code", refusals.WORDS)
def test_what_people_can_change_is_told_in_words_that_say_how(feature, caplog, code):
    feature("refused", REFUSED.replace("CODE", str(code)))
    worker = Worker()
    told = worker.work(data={"name": "refused", "type": 1})[-1][1]
    assert (told["content"], told["flags"]) == (refusals.WORDS[code], 64)
    assert f"403 {code} Missing Permissions; name: too long" in caplog.text
    assert {record.levelname for record in caplog.records} == {"WARNING"}
    assert worker.claims.claim.states == ["done", "kept"]


def test_what_only_we_can_change_is_a_bug_with_a_reference(feature, caplog):
    feature("refused", REFUSED.replace("CODE", "50035"))
    worker = Worker()
    assert "Reference" in worker.work(data={"name": "refused", "type": 1})[-1][1]["content"]
    assert "50035 Missing Permissions; name: too long" in caplog.text


def test_what_people_can_change_is_told_in_their_language(feature):
    feature("refused", REFUSED.replace("CODE", "30013"))
    told = Worker().work(data={"name": "refused", "type": 1}, locale="de")[-1][1]
    assert told["content"].startswith("Discord erlaubt auf diesem Server keine weiteren Kanäle.")


def test_what_discord_takes_no_more_of_goes_to_the_channel_or_the_person(feature):
    feature("long", SCREENS)
    full = [None] * 6 + [refused(400, 40094), refused(403, 50001)]
    worker = Worker(*full)
    press(worker, "crowd", authorizing_integration_owners={"1": ADA})
    (_, note), (where, rest) = shown_elsewhere(worker)[-2:]
    assert (where, rest) == (f"dm-{ADA}", "6")
    assert note.startswith(f"<@{ADA}> Discord takes no more of my messages there")


@pytest.mark.parametrize(("handler", "begins"), [("wordy", "xxx"), ("nothing", "Something went wrong")])
def test_a_sentence_of_any_length_is_shown(feature, handler, begins):
    feature("long", SCREENS)
    ((_, text),) = press(Worker(), handler)
    assert text.startswith(begins)
    assert len(text) <= 2000


def test_a_message_can_be_deleted_by_its_button(feature):
    feature("long", LONG)
    worker = Worker()
    press(worker, "dismiss")
    assert worker.discord.calls == [("delete",)]
    for code in (10008, 50027):
        gone = Worker(refused(404, code))
        press(gone, "dismiss")
        assert gone.claims.claim.states == ["done", "kept"]
    late = Worker()
    press(late, "dismiss", received_at=NOW - 1000)
    assert late.discord.calls == []


def test_thinking_can_give_way_to_nothing_or_to_other_messages(feature):
    feature("long", LONG)
    worker = Worker()
    assert press(worker, "hush") == [("follow up", "Done.")]
    assert [call[0] for call in worker.discord.calls] == ["delete", "follow up"]
    ((_, text),) = press(Worker(), "upside_down")
    assert "Reference" in text


def privacy(worker, handler, **more):
    press(worker, handler, **more)
    return [(call[0], call[1].get("flags", 0)) if len(call) > 1 else call[0] for call in worker.discord.calls]


def test_a_reply_can_be_private_though_its_handler_is_not(feature):
    feature("long", LONG)
    assert privacy(Worker(), "whisper") == ["delete", ("follow up", 64), ("follow up", 0)]
    assert privacy(Worker(), "aside") == [("follow up", 64)]
    assert privacy(Worker(), "both") == [("edit", 0), ("follow up", 64)]
    assert privacy(Worker(), "closed") == [("edit", 0), ("follow up", 64)]


@pytest.mark.parametrize("handler", ["closed", "aside", "growing"])
def test_what_was_private_stays_so_when_it_comes_late(feature, handler):
    feature("long", LONG)
    worker = Worker()
    on_private = {**recorded.load("component_refresh")["message"], "flags": 64}
    press(worker, handler, received_at=NOW - 1000, message=on_private)
    assert {where for where, _ in shown_elsewhere(worker)} == {f"dm-{ADA}"}


def test_an_answer_that_discord_would_not_take_is_told_and_not_tried_again(feature, caplog):
    feature("long", LONG)
    ((_, text),) = press(Worker(), "broken")
    assert "Reference" in text
    assert "2001 characters" in caplog.text


def test_no_answer_at_all_is_told_and_not_tried_again(feature, caplog):
    feature("long", LONG)
    ((_, text),) = press(Worker(), "nothing")
    assert "Reference" in text
    assert "/long nothing answered None, and not a Reply" in caplog.text


def test_a_handler_knows_how_long_it_may_go_on(feature):
    feature("long", LONG)
    assert press(Worker(), "budget", received_at=NOW - 100) == [("edit", str(15 * 60 - 30 - 100))]


def test_a_message_of_ours_with_a_body_that_is_no_interaction_fails():
    message = {"kind": "interaction", "received_at": NOW, "body": {"type": 2}}
    with pytest.raises(ValueError, match="not an interaction"):
        followup.work(Delivery(message, 1, False), Worker().tools)


# Events


def measured(capsys):
    """The lines about events, which are metrics too."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if line["message"] == "event"]


def test_an_event_that_nobody_handles_is_logged_and_counted(caplog, capsys):
    caplog.set_level("INFO")
    assert Worker().work("event_entitlement_create") == []
    assert "ENTITLEMENT_CREATE: nothing to do" in caplog.text
    entitlement = recorded.load("event_entitlement_create")["event"]["data"]
    (line,) = measured(capsys)
    assert (line["handler"], line["EventsRecorded"], line["of_id"]) == ("ENTITLEMENT_CREATE", 1, entitlement["id"])
    assert line["of_sku_id"] == entitlement["sku_id"]


@pytest.mark.parametrize("kind", ["../../os", "OS.SYSTEM", "", "__INIT__", 7, None, "NEW_TYPE"])
@pytest.mark.parametrize("data", [{}, None, 7, {"id": "<@1>", "user": {"id": ["1"]}, "guild": "x"}])
def test_an_event_of_a_strange_type_is_logged_too(kind, data, capsys):
    event = {"type": kind, "timestamp": "2026-11-22T00:00:00", "data": data}
    assert Worker().work("event_entitlement_create", event=event) == []
    (line,) = measured(capsys)
    assert line["EventsUnknown"] == 1
    assert [name for name in line if name.startswith("of_")] == []


EVENT = """
from watchbell.kit.event import Event

event = Event("SOMETHING_NEW")
seen = []


@event.run
def happen(data, tools, at):
    seen.append((data, at))
    if data.get("fails") and len(seen) < 2:
        raise LookupError
"""


def happened(worker, feature, *events):
    """Bring events to the feature, and return what it saw."""
    module = feature("something_new", EVENT, room="events")
    for event in events:
        worker.work("event_entitlement_create", event={"type": "SOMETHING_NEW", **event})
    return module.seen


CLAIMED = {"type": "SOMETHING_NEW", "timestamp": "2026-11-22T00:00:00.250000", "data": {"user": {"id": "1"}}}


def test_an_event_is_the_same_if_its_type_time_and_data_are(feature):
    worker, claimed = Worker(), []
    take = worker.claims.take
    worker.claims.take = lambda row, *names: claimed.append((row.name, *names)) or take(row, *names)
    again = {"data": CLAIMED["data"], "timestamp": CLAIMED["timestamp"]}
    others = [{**CLAIMED, "data": {"user": {"id": "2"}}}, {**CLAIMED, "timestamp": "2026-11-22T00:00:00.250001"}]
    happened(worker, feature, CLAIMED, again, *others)
    assert {name for name, _ in claimed} == {"webhook event"}
    first, same, *different = [key for _, key in claimed]
    assert first == same
    assert len({first, *different}) == 3


def test_an_event_that_was_handled_is_not_handled_again(feature):
    assert happened(Worker(claims=Claims(done=True)), feature, CLAIMED) == []


def test_an_event_whose_feature_fails_is_given_back(feature):
    worker = Worker()
    with pytest.raises(LookupError):
        happened(worker, feature, {**CLAIMED, "data": {"fails": True}})
    assert worker.claims.claim.states == ["given back"]


@pytest.mark.parametrize(
    ("stamp", "at"),
    [
        ("2026-11-22T00:00:00.250000", 1795305600.25),
        ("2026-11-22T00:00:00+01:00", 1795302000.0),
        *((odd, float(NOW)) for odd in ("yesterday", None, 7, "")),
    ],
)
def test_a_feature_that_asks_for_it_hears_when_the_event_happened(feature, stamp, at):
    assert happened(Worker(), feature, {"timestamp": stamp, "data": {}}) == [({}, at)]


# A message whose buttons show that work is going on


def press_refresh(worker, *, now_disabled=True, flags=0, **changes):
    """Press a button whose message has two. `now_disabled`: they are still as the acknowledgement left them."""
    buttons = [{"type": 2, "style": 2, "label": label, "custom_id": label, "disabled": label == "b"} for label in "ab"]
    message = {**recorded.load("component_refresh")["message"], "components": [{"type": 1, "components": buttons}]}
    message["flags"] = flags
    worker.discord.stands = {**message, "components": disabled(message["components"]) if now_disabled else []}
    worker.work("component_refresh", message=message, **changes)
    return message["components"]


def test_an_answer_replaces_the_disabled_buttons():
    worker = Worker()
    press_refresh(worker)
    assert [call[0] for call in worker.discord.calls] == ["edit"]


def test_buttons_are_enabled_again_if_there_is_no_new_answer():
    worker = Worker(sources=Sources(UserError("not now")))
    before = press_refresh(worker)
    assert worker.discord.calls[:2] == [("read original",), ("edit", {"components": before})]
    assert [call[0] for call in worker.discord.calls[2:]] == ["follow up"]


def test_buttons_in_a_layout_are_enabled_again_too():
    worker = Worker(sources=Sources(UserError("not now")))
    before = press_refresh(worker, flags=32768)
    assert worker.discord.calls[1] == ("edit", {"components": before, "flags": 32768})


def test_buttons_that_somebody_else_has_changed_are_left_alone():
    worker = Worker(sources=Sources(UserError("not now")))
    press_refresh(worker, now_disabled=False)
    assert [call[0] for call in worker.discord.calls] == ["read original", "follow up"]


@pytest.mark.parametrize("failures", [[refused(404, 10008)], [None, refused(500)]])
def test_a_person_is_told_even_if_the_buttons_cannot_be_enabled(failures, caplog):
    worker = Worker(*failures, sources=Sources(UserError("not now")))
    press_refresh(worker)
    assert worker.discord.calls[-1][0] == "follow up"
    assert "stay disabled" in caplog.text


def test_a_second_press_while_the_first_works_is_told_so():
    worker = Worker()
    message = recorded.load("component_refresh")["message"]["id"]
    worker.tools.locks.take(f"status:{message}", "somebody")
    press_refresh(worker)
    assert [call[1].get("content") for call in worker.discord.did("follow up")] == [BUSY]


def test_quick_presses_of_one_person_run_once():
    worker = Worker()
    for number in range(4):
        press_refresh(worker, id=str(1000 + number))
    answers = [call for call in worker.discord.did("edit") if "embeds" in call[1]]
    assert (len(answers), len(worker.discord.did("follow up"))) == (1, 3)


def test_thirty_status_of_one_person_in_a_minute_run_ten_times():
    worker = Worker()
    for number in range(30):
        worker.work(id=str(1000 + number))
    assert len([call for call in worker.discord.did("edit") if "embeds" in call[1]]) == 10


ASKED = {"data": {"name": "status", "type": 1, "options": [{"name": "server", "type": 3, "value": "prod"}]}}


def sharing(worker, shares):
    worker.tools.server_settings = FakeServerSettings()
    guild = recorded.load("command_status")["guild_id"]
    worker.tools.server_settings.change(guild, {"private_status_checks": not shares})
    return worker


def test_a_status_check_stays_private_where_the_server_has_not_chosen_otherwise():
    (call,) = sharing(Worker(), False).work(**ASKED)
    assert call[0] == "edit"


def test_a_status_check_is_for_all_where_the_server_shares_them():
    worker = sharing(Worker(), True)
    worker.work(**ASKED)
    deleted, sent = worker.discord.calls
    assert (deleted[0], sent[0]) == ("delete", "follow up")
    assert "flags" not in sent[1]


@pytest.mark.parametrize("private", [True, False])
def test_what_the_person_says_counts_more_than_the_server(private):
    options = [{"name": "private", "type": 5, "value": private}]
    for shares in (True, False):
        (call,) = sharing(Worker(), shares).work(data={"name": "status", "type": 1, "options": options})
        assert call[0] == "edit"


def test_an_answer_for_all_under_a_private_thinking_is_not_sent_again_by_the_next_try():
    worker = sharing(Worker(), True)
    worker.claims.claim.attempt = 2
    worker.steps = Journal(begun=("watchbell: message 1",))
    metadata = {"id": recorded.load("command_status")["id"], "original_response_message_id": "1"}
    worker.discord.conversation = [{"id": "7", "content": "", "interaction_metadata": metadata}]
    worker.work(attempt=2, **ASKED)
    assert worker.discord.did("follow up") == []
    assert worker.discord.did("edit follow up")


FORM = """
from watchbell import Command, Modal, Reply, Short, anyone

command = Command("staff", "Change the staff", who=anyone)

class Staff(Modal, title="Staff"):
    name = Short("Name")

@command.run
def staff(interaction, tools):
    '''Change the staff.'''
    return Reply("Who?", buttons=[change.button("Change")])

@command.modal(audit="staff.change")
def change(interaction, tools, form: Staff):
    return Reply(f"Hello, {form.name}.")
"""


class Audit:
    """Keeps the rows: the action, and how it ended."""

    def __init__(self):
        self.rows = []

    def begin(self, server, *, actor, action, interaction_id):
        row = [action, "begun"]
        self.rows.append(row)
        return type("Entry", (), {"ended": staticmethod(lambda code: row.__setitem__(1, code))})


def test_a_button_that_opens_an_administrative_form_is_not_in_the_audit_and_what_is_sent_with_it_is(feature):
    feature("staff", FORM)
    worker = Worker()
    audit = worker.tools.audit = Audit()
    worker.work("component_refresh", data={"custom_id": f"staff:change{custom_id.OPENS}", "component_type": 2})
    assert (worker.discord.did("follow up")[-1][1]["content"], audit.rows) == (READY, [])
    why = recorded.load("modal")["data"]["components"][0]
    name = {**why, "component": {**why["component"], "custom_id": "name", "value": "Bob"}}
    sent = Worker()
    sent.tools.audit, sent.tools.server_settings = audit, FakeServerSettings()
    sent.work("modal", data={"custom_id": "staff:change", "components": [name]})
    assert audit.rows == [["staff.change", "answered"]]


HURRIED = """
from watchbell import Command, Reply, anyone
from watchbell.errors import Retry

command = Command("hurried", "Hurried", who=anyone)

@command.run(private=True)
def hurried(interaction, tools, *, late: bool = False):
    '''Hurried.

    late: Whether the answer comes late'''
    if late:
        return Reply("Your room is ready.", late_in="777")
    yield Reply("Begun")
    yield Reply("Discord asks me to wait.")
    raise Retry("paced", wait=60)
"""

LATE_ROOM = HURRIED.replace('    yield Reply("Begun")\n    yield Reply("Discord asks me to wait.")\n', "")


def test_the_last_word_before_a_wait_is_shown_however_soon_it_comes(feature):
    feature("hurried", HURRIED)
    worker = Worker()
    with pytest.raises(Retry):
        worker.work(data={"name": "hurried", "type": 1})
    assert [text for _verb, text in told(worker)] == ["Begun", "Discord asks me to wait."]


def test_a_private_answer_that_comes_too_late_is_posted_where_the_reply_says(feature):
    feature("hurried", LATE_ROOM)
    worker = Worker()
    options = [{"name": "late", "type": 5, "value": True}]
    worker.work(data={"name": "hurried", "type": 1, "options": options}, received_at=NOW - 15 * 60)
    assert shown_elsewhere(worker)[1] == ("777", "Your room is ready.")
