"""A subscription in its own words, and which states ring."""

import json

import pytest

from watchbell.commands import subscribe
from watchbell.discord.reply import Reply
from watchbell.errors import UserError
from watchbell.outbox import known
from watchbell.status.flip import Flip
from watchbell.status.reason import Reason
from watchbell.status.roster import Entry
from watchbell.subscriptions import message
from watchbell.subscriptions.edition import Edition
from watchbell.subscriptions.mailbox import Mailbox
from watchbell.subscriptions.subscription import Heard, Subscription, hear
from watchbell.subscriptions.wording import checked, fill
from watchbell.testing import FakeTools, run

AT = 1_795_334_400
SHOP = Entry("a", "Shop *1*", "http", "01", 1, "Web")
MAIL = Entry("b", "Mail", "http", "01", 1)
WHY = Reason("http_status", {"status": 503})
WORDS = "{icon} {group}: {monitor} is {state} ({reason}) since {since}, for {duration}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("   ", "needs some text"),
        ("x" * 301, "at most 300 characters. Yours has 301"),
        ("{monitr} is down", "Braces only stand around these names: `{icon}`, `{monitor}`"),
        ("{monitor.name}", "Braces only"),
        ("{monitor!r}", "Braces only"),
        ("{{monitor}}", "Braces only"),
        ("{monitor", "Braces only"),
        ("{}", "Braces only"),
        ("down @everyone", "mentions nobody"),
        ("down @Here", "mentions nobody"),
        ("<@&1000000000000000777> down", "mentions nobody"),
        ("<@1000000000000000555>", "mentions nobody"),
    ],
)
def test_a_wording_that_cannot_be_says_why(text, says):
    with pytest.raises(UserError) as refused:
        checked(text)
    assert says in str(refused.value)


def test_a_wording_is_kept_on_one_line_and_a_value_is_never_filled_again():
    assert checked("  {monitor}\n is   {state} ") == "{monitor} is {state}"
    assert checked("Ring the bell") == "Ring the bell"
    values = {"monitor": "{state} {icon}", "state": "down"}
    assert fill("{monitor} is {state}", values) == "{state} {icon} is down"


def flip(entry, new, news, at=AT, since=AT):
    return Flip(entry.id, at, since, "up", new, news, WHY if new != "up" else None)


def told(*news, heard=None, more=()):
    """The mailbox of somebody who hears in WORDS, after an edition was sent and then another one was added."""
    heard = heard or Heard(wording=WORDS)
    box = Mailbox()
    box.fold(Edition("e1", AT, tuple(news)), {entry.id: heard for entry, _flip in news})
    (alert,) = box.alerts
    if more:
        alert.message, alert.stale = "m", False
        box.fold(Edition("e2", AT + 300, tuple(more)), {entry.id: heard for entry, _flip in more})
    return Mailbox.parse(box.value()).alerts[0]


def shown(alert) -> Reply:
    return message.alert(alert, "12345678", {})


def test_a_wording_takes_the_place_of_the_first_line_of_an_alert_and_of_its_answer():
    alert = told((SHOP, flip(SHOP, "down", "opened", AT + 60)))
    assert shown(alert).content == (
        rf"🔴 Web: **Shop \*1\*** is down (answered with HTTP 503) since <t:{AT}:t>, for 1{chr(160)}min"
    )
    alert = told((SHOP, flip(SHOP, "down", "opened")), more=[(SHOP, flip(SHOP, "up", "recovered", AT + 300, AT + 300))])
    said = rf"✅ Web: **Shop \*1\*** is up (works again) since <t:{AT + 300}:t>, for 5{chr(160)}min"
    assert shown(alert).content == said
    assert message.answer(alert, alert.answers[0], "12345678").content == said


def test_a_reason_completes_a_sentence_also_if_nobody_knows_it():
    words = Heard(wording="{monitor}: it {reason}.")
    alert = told((MAIL, Flip("b", AT, AT, "up", "down", "opened")), heard=words)
    assert shown(alert).content == "**Mail**: it does not work."
    over = [(MAIL, Flip("b", AT + 300, AT + 300, "down", "up", "recovered"))]
    assert shown(told((MAIL, Flip("b", AT, AT, "up", "down", "opened")), heard=words, more=over)).content == (
        "**Mail**: it works again."
    )


def test_of_several_monitors_a_wording_names_all_and_the_worst_state():
    alert = told((MAIL, flip(MAIL, "degraded", "opened")), (SHOP, flip(SHOP, "down", "opened")))
    assert shown(alert).content.startswith(r"🔴 Web: **Mail**, **Shop \*1\*** is down (")
    assert shown(alert).embeds[0].description is not None


def test_a_test_says_that_it_is_one_in_any_words():
    box = Mailbox()
    box.fold(Edition("e1", AT, ((SHOP, flip(SHOP, "down", "opened")),), test=True), {"a": Heard(wording="Down!")})
    assert shown(box.alerts[0]).content == "This is a test. Down!"


def test_a_monitor_that_is_removed_is_told_in_the_usual_words():
    box = Mailbox()
    box.fold(Edition("e1", AT, ((SHOP, flip(SHOP, "down", "opened")),)), {"a": Heard(wording="Down!")})
    box.alerts[0].message = "m"
    box.fold(Edition("e2", AT, gone=("a",)), {})
    assert "is no longer watched" in shown(box.alerts[0]).content


def test_a_name_in_a_wording_pings_nobody_and_an_allowed_role_is_mentioned_after_it():
    loud = Entry("a", "@everyone", "http", "01", 1)
    alert = told((loud, flip(loud, "down", "opened")), heard=Heard(("777",), wording="{monitor}!"))
    payload = shown(alert).message()
    assert payload["content"] == "**@everyone**! <@&777>"
    assert payload["allowed_mentions"] == {"parse": [], "roles": ["777"]}


def test_a_mailbox_from_before_there_were_wordings_is_read():
    value = Mailbox().value()
    assert Mailbox.parse(value).alerts == []
    alert = told((SHOP, flip(SHOP, "down", "opened")))
    box = Mailbox([alert])
    old = box.value()
    rows = [row[:-1] for row in json.loads(old["alerts"])]
    assert Mailbox.parse({**old, "alerts": json.dumps(rows)}).alerts[0].wording == ""


def heard(subscriptions, new="down", entry=SHOP):
    return hear(entry, flip(entry, new, "opened"), subscriptions, status_channel="", allowed=["777"], at=AT)


def test_the_words_of_the_narrowest_subscription_are_said():
    wide = Subscription("1", "webhook:ops", wording="wide")
    group = Subscription("2", "webhook:ops", "group:Web", wording="group")
    narrow = Subscription("3", "webhook:ops", "monitor:a")
    assert heard([wide, group])["webhook:ops"].wording == "group"
    assert heard([wide, group, narrow])["webhook:ops"].wording == "group"
    assert heard([wide, Subscription("4", "webhook:ops", "monitor:a", wording="own")])["webhook:ops"].wording == "own"
    assert heard([wide, group], entry=MAIL)["webhook:ops"].wording == "wide"


@pytest.mark.parametrize(
    ("least", "new", "silent"),
    [
        ("degraded", "degraded", False),
        ("degraded", "down", False),
        ("quiet", "degraded", True),
        ("quiet", "down", False),
        ("down", "degraded", None),
        ("down", "down", False),
    ],
)
def test_a_subscription_says_which_states_it_hears_and_which_ring(least, new, silent):
    found = heard([Subscription("1", "role:777", channel="9", least=least)], new)
    assert {to: how.silent for to, how in found.items()} == ({} if silent is None else {"channel:9": silent})
    if silent is not None:
        assert found["channel:9"].mentions == (() if silent else ("777",))


@pytest.mark.parametrize("is_sent", [True, False])
def test_what_was_degraded_silently_rings_when_it_goes_down(is_sent):
    box, loud = Mailbox(), Heard(("777",))
    box.fold(Edition("e1", AT, ((SHOP, flip(SHOP, "degraded", "opened")),)), {"a": Heard(silent=True)})
    (alert,) = box.alerts
    if is_sent:
        alert.message = "m"
    box.fold(Edition("e2", AT + 90, ((SHOP, flip(SHOP, "down", "changed", AT + 90)),)), {"a": loud})
    (alert,) = box.alerts
    reply = message.answer(alert, alert.answers[0], "12345678") if is_sent else shown(alert)
    assert not reply.silent
    assert reply.content.endswith("<@&777>")
    assert list(reply.mentions.roles) == ["777"]


def test_what_is_down_in_quiet_hours_stays_silent():
    box = Mailbox()
    box.fold(Edition("e1", AT, ((SHOP, flip(SHOP, "degraded", "opened")),)), {"a": Heard(silent=True)})
    box.alerts[0].message = "m"
    box.fold(Edition("e2", AT + 90, ((SHOP, flip(SHOP, "down", "changed", AT + 90)),)), {"a": Heard(silent=True)})
    assert message.answer(box.alerts[0], box.alerts[0].answers[0], "12345678").silent


def test_a_person_writes_the_words_of_their_subscription_and_leaves_them_out_to_have_the_usual_ones():
    tools = FakeTools(now=lambda: float(AT))
    said = run(subscribe, tools=tools, guild="1000000000000000102", wording="{monitor} is *{state}*", severity="quiet")
    assert r"rings only if it is down · says: {monitor} is \*{state}\*" in said.content
    (stored,) = known.subscriptions("1000000000000000102", tools)
    assert (stored.wording, stored.least) == ("{monitor} is *{state}*", "quiet")
    with pytest.raises(UserError, match="Braces only"):
        run(subscribe, tools=tools, guild="1000000000000000102", wording="{who}")
    run(subscribe, tools=tools, guild="1000000000000000102")
    assert [each.wording for each in known.subscriptions("1000000000000000102", tools)] == [""]
