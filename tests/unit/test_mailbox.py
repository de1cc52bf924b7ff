"""A mailbox: what one recipient hears of the news of a server, in which messages, and what becomes of them."""

import json

from hypothesis import given
from hypothesis import strategies as some

from watchbell.outbox.kinds import MAILBOX
from watchbell.status.flip import Flip
from watchbell.status.reason import Reason
from watchbell.status.roster import Entry
from watchbell.subscriptions.edition import Edition, sort
from watchbell.subscriptions.mailbox import Alert, Mailbox
from watchbell.subscriptions.subscription import Heard

AT = 1_795_334_400
SHOP, MAIL = (Entry(id, name, "http", "01", 1) for id, name in (("a", "Shop"), ("b", "Mail")))
WHY = Reason("http_status", {"status": 503})


def flip(entry, new, news, at=AT):
    return Flip(entry.id, at, at, "up", new, news, WHY if new != "up" else None)


def edition(number, *news, at=AT, **more):
    return Edition(f"e{number}", at, tuple(news), **more)


def down(entry, at=AT):
    return entry, flip(entry, "down", "opened", at)


def up(entry, at=AT):
    return entry, flip(entry, "up", "recovered", at)


BOTH = {"a": Heard(), "b": Heard()}


def sent(box):
    """Do as if a sender had sent and edited all that is due. Return how many messages and edits that takes."""
    calls = sum((not alert.message or alert.stale) + len(alert.answers) for alert in box.alerts)
    for number, alert in enumerate(box.alerts):
        alert.message, alert.stale, alert.answers = alert.message or f"m{number}", False, []
    box.clean()
    return calls


def test_what_begins_together_is_one_message_and_the_same_edition_adds_nothing():
    box = Mailbox()
    for _twice in range(2):
        box.fold(edition(1, down(SHOP), down(MAIL)), BOTH)
    (alert,) = box.alerts
    assert [outage.entry.name for outage in alert.outages] == ["Shop", "Mail"]


def test_what_begins_within_a_minute_is_added_to_the_message_and_what_begins_later_is_another():
    box = Mailbox()
    box.fold(edition(1, down(SHOP)), BOTH)
    sent(box)
    box.fold(edition(2, down(MAIL), at=AT + 59), BOTH)
    (alert,) = box.due
    assert alert.stale
    assert len(alert.outages) == 2
    later = Mailbox()
    later.fold(edition(1, down(SHOP)), BOTH)
    sent(later)
    later.fold(edition(2, down(MAIL), at=AT + 60), BOTH)
    assert [len(each.outages) for each in later.alerts] == [1, 1]


def test_an_edit_rings_nobody_so_another_role_gets_a_message_of_its_own():
    box = Mailbox()
    box.fold(edition(1, down(SHOP)), {"a": Heard(("7",))})
    box.fold(edition(2, down(MAIL)), {"b": Heard(("8",))})  # not sent yet: both are mentioned
    assert [each.mentions for each in box.alerts] == [("7", "8")]
    sent(box)
    box.fold(edition(3, down(Entry("c", "Blog", "http", "01", 1))), {"c": Heard(("9",))})
    assert [each.mentions for each in box.alerts] == [("7", "8"), ("9",)]


def test_a_recovery_edits_and_answers_and_then_nothing_is_kept():
    box = Mailbox()
    box.fold(edition(1, down(SHOP)), BOTH)
    assert sent(box) == 1
    box.fold(edition(2, up(SHOP, AT + 300), at=AT + 300), BOTH)
    assert sent(box) == 2
    assert box.alerts == []


def test_who_has_not_heard_of_an_outage_does_not_hear_of_its_end_or_of_a_reminder():
    box = Mailbox()
    box.fold(edition(1, down(SHOP)), {})
    box.fold(edition(2, (SHOP, flip(SHOP, "down", "reminder"))), BOTH)
    box.fold(edition(3, up(SHOP)), BOTH)
    assert box.alerts == []
    assert box.read == ["e1", "e2", "e3"]


def test_who_hears_only_of_what_is_down_hears_when_it_gets_worse():
    box = Mailbox()
    box.fold(edition(1, (SHOP, flip(SHOP, "degraded", "opened"))), {})
    box.fold(edition(2, (SHOP, flip(SHOP, "down", "changed"))), BOTH)
    (alert,) = box.alerts
    assert alert.outages[0].latest.new == "down"


def test_what_is_over_before_it_is_told_is_one_message():
    box = Mailbox()
    box.fold(edition(1, down(SHOP), up(SHOP, AT + 1)), BOTH)
    assert sent(box) == 1
    assert box.alerts == []


def test_two_outages_of_one_monitor_in_one_edition_are_two_messages():
    box = Mailbox()
    box.fold(edition(1, down(SHOP), up(SHOP), down(SHOP)), BOTH)
    assert len({alert.id for alert in box.alerts}) == 2


def test_a_recovery_can_be_silent_or_only_shown():
    for recoveries, calls in (("told", 2), ("silent", 2), ("shown", 1)):
        box = Mailbox()
        box.fold(edition(1, down(SHOP)), {"a": Heard(recoveries=recoveries)})
        sent(box)
        box.fold(edition(2, up(SHOP)), {})
        assert [answer.ring for alert in box.due for answer in alert.answers] == [recoveries == "told"] * (calls - 1)
        assert sent(box) == calls


def test_who_is_on_it_and_what_is_no_longer_watched_are_shown_and_ring_nobody():
    box = Mailbox()
    box.fold(edition(1, down(SHOP)), BOTH)
    sent(box)
    box.fold(edition(2, on_it=("a", "z")), {})
    assert box.alerts[0].outages[0].on_it
    assert sent(box) == 1
    box.fold(edition(3, gone=("a",)), {})
    assert sent(box) == 1
    assert box.alerts == []


def test_a_test_touches_no_outage():
    box = Mailbox()
    box.fold(edition(1, down(SHOP)), BOTH)
    sent(box)
    box.fold(edition(2, down(SHOP), test=True), BOTH)
    assert [alert.test for alert in box.alerts] == [False, True]
    sent(box)
    box.fold(edition(3, up(SHOP)), BOTH)
    assert [outage.ended is not None for alert in box.alerts for outage in alert.outages] == [True]


NEWS = some.tuples(
    some.sampled_from([SHOP, MAIL]),
    some.sampled_from(
        [
            ("down", "opened"),
            ("degraded", "opened"),
            ("down", "changed"),
            ("up", "recovered"),
            ("down", "flapping"),
            ("up", "flapping"),
            ("up", "settled"),
            ("down", "reminder"),
        ]
    ),
)


@given(some.lists(some.tuples(some.lists(NEWS, max_size=4), some.booleans(), some.integers(0, 100)), max_size=12))
def test_whatever_happens_nothing_is_left_over_and_a_stored_mailbox_is_the_same(editions):
    box, at = Mailbox(), AT
    for number, (news, is_sent, later) in enumerate(editions):
        at += later
        told = [(entry, flip(entry, *what, at=at)) for entry, what in news]
        box.fold(edition(number, *told, at=at), BOTH)
        box = Mailbox.parse(json.loads(json.dumps(box.value())))
        open_ones = [outage for alert in box.alerts for outage in alert.outages if not outage.ended]
        assert len({outage.entry.id for outage in open_ones}) == len(open_ones)  # one open outage for each monitor
        assert len({alert.id for alert in box.alerts}) == len(box.alerts)
        if is_sent:
            sent(box)
            assert not box.due
            assert not any(alert.is_over for alert in box.alerts)
    box.fold(edition("end", up(SHOP, at), up(MAIL, at), at=at), BOTH)
    sent(box)
    assert box.alerts == []


def test_800_outages_of_one_server_fit_into_an_item():
    names = [Entry(f"{number:08}", "A name that is quite long " * 2, "http", "01", 1, "Web") for number in range(800)]
    box = Mailbox()
    box.fold(edition(1, *(down(each) for each in names)), {each.id: Heard() for each in names})
    item = {"recipient": "channel:1100000000000000009", "person": "", **box.value()}
    assert MAILBOX.written("1100000000000000001", {}, item, version="1", fence=0, now=AT)


def test_a_mailbox_that_was_never_stored_is_empty():
    assert Mailbox.parse({}) == Mailbox()
    assert Mailbox.parse({"alerts": None, "read": None, "until": None}) == Mailbox()
    assert not Alert("x", 1, message="1").is_due


# What becomes of flips that wait.

KEY = "flip#01#1795334400#a"


def sorted_out(*rows, held=(), down=(), known=("a", "b"), on_it=()):
    waiting = dict(rows)
    found = sort(waiting, was_held=held, parent_is_down=down, known=known, on_it=on_it)
    return found.told, found.held, found.dropped


def test_a_flip_of_a_monitor_that_is_gone_or_was_erased_is_dropped():
    assert sorted_out(("k", (flip(SHOP, "down", "opened"),)), known=()) == ([], [], ["k"])
    assert sorted_out(("k", ())) == ([], [], ["k"])


def test_a_parent_that_is_down_holds_back_bad_news_and_no_recovery():
    opened, recovered = (flip(SHOP, "down", "opened"),), (flip(SHOP, "up", "recovered"),)
    assert sorted_out(("k", opened), down=("a",)) == ([], ["k"], [])
    assert sorted_out(("k", recovered), down=("a",)) == (["k"], [], [])
    assert sorted_out(("k", opened), ("l", recovered), down=("a",), held=("k",)) == (["l"], [], ["k"])


def test_a_reminder_is_needless_while_the_news_waits_or_somebody_is_on_it():
    opened, reminder = (flip(SHOP, "down", "opened"),), (flip(SHOP, "down", "reminder"),)
    assert sorted_out(("k", reminder)) == (["k"], [], [])
    assert sorted_out(("k", reminder), on_it=("a",)) == ([], [], ["k"])
    assert sorted_out(("k", reminder), down=("a",)) == ([], [], ["k"])
    assert sorted_out(("k", opened), ("l", reminder), down=("a",)) == ([], ["k"], ["l"])
    assert sorted_out(("k", opened), on_it=("a",)) == (["k"], [], [])


def test_an_edition_is_stored_as_it_is():
    whole = edition(1, down(SHOP), up(MAIL), on_it=("a",), gone=("b",), also=("user:7",), test=True)
    assert Edition.parse("e1", whole.text()) == whole
