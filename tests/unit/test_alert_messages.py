"""What an alert says: content that rings, one embed with why and since when, and a reference that finds it again."""

import pytest

from watchbell.status.flip import Flip
from watchbell.status.reason import Reason
from watchbell.status.roster import Entry
from watchbell.subscriptions import message as words
from watchbell.subscriptions.mailbox import Alert, Answer, Outage

AT = 1_795_334_400
SHOP = Entry("aaaaaaaa", "Shop", "http", "01", 5, "Web")
WHY = Reason("unexpected_status", {"status": 503, "expected": "2xx, 3xx"})


def flip(new, news, *, reason=None, old="up", at=AT):
    return Flip("aaaaaaaa", at, at, old, new, news, reason)


def alert(*outages, **more):
    return Alert("1795334400-0123456789ab", AT, list(outages), **more)


def one(opened, ended=None, entry=SHOP, **more):
    return Outage(entry, opened, opened, ended, **more)


@pytest.mark.parametrize(
    ("told", "content"),
    [
        (flip("down", "opened", reason=WHY), "🔴 **Shop** is down: it answered HTTP 503 instead of 2xx, 3xx."),
        (flip("down", "opened"), "🔴 **Shop** is down."),
        (
            flip("degraded", "opened", reason=WHY),
            "⚠️ **Shop** is degraded: it answered HTTP 503 instead of 2xx, 3xx.",
        ),
        (flip("degraded", "changed", old="down"), "⚠️ **Shop** is degraded."),
        (
            flip("down", "flapping", reason=WHY),
            "⚠️ **Shop** keeps changing between up and down. I will say how it ends.",
        ),
        (flip("up", "flapping"), "⚠️ **Shop** keeps changing between up and down. I will say how it ends."),
        (flip("down", "settled"), "🔴 **Shop** is down."),
    ],
)
def test_the_first_line_says_what_has_changed_and_rings(told, content):
    message = words.alert(alert(one(told)), "0123abcd", {}).message()
    assert message["content"] == content
    assert message["allowed_mentions"]["parse"] == []
    assert "flags" not in message
    (embed,) = message["embeds"]
    assert embed["footer"]["text"] == "Web · checked every 5 minutes · 0123abcd"
    assert embed["fields"][0]["value"] == f"<t:{AT}:t> (<t:{AT}:R>)"


def test_a_test_says_so():
    content = words.alert(alert(one(flip("down", "opened")), test=True), "0123abcd", {}).message()["content"]
    assert content == "This is a test. 🔴 **Shop** is down."


@pytest.mark.parametrize(
    ("opening", "content"),
    [
        (flip("down", "opened", reason=WHY), "✅ **Shop** was down for 12\u00a0min."),
        (flip("degraded", "opened"), "✅ **Shop** was degraded for 12\u00a0min."),
        (flip("down", "flapping"), "✅ **Shop** kept changing for 12\u00a0min."),
    ],
)
def test_the_opening_becomes_the_past_and_its_answer_is_the_news(opening, content):
    recovery = flip("up", "recovered", old="down", at=AT + 720)
    over = alert(one(opening, recovery), message="1")
    past = words.alert(over, "0123abcd", {}).message()
    assert past["content"] == content
    assert [field["value"] for field in past["embeds"][0]["fields"][:2]] == [
        f"<t:{AT}:t> (<t:{AT}:R>)",
        f"<t:{AT + 720}:t> (<t:{AT + 720}:R>)",
    ]
    news = words.answer(over, Answer("e", [("aaaaaaaa", recovery)]), "4567efgh").message()
    assert news["content"] == "✅ **Shop** is up again, after 12\u00a0min."
    assert words.shows(past, "0123abcd")
    assert words.shows(news, "4567efgh")


def test_the_longest_texts_fit_and_no_name_can_ping_or_format():
    hostile = Entry("aaaaaaaa", "@everyone *" * 6, "http", "01", 1, "<@1>" * 10)
    long = Reason("component", {"component": "`" * 4000, "said": "@here" * 4000})
    opening = flip("down", "opened", reason=long)
    recovery = flip("up", "recovered", at=AT + 60)
    over = alert(one(opening, recovery, hostile))
    many = [one(opening, entry=hostile, on_it=number % 2 == 0) for number in range(100)]
    for reply in (
        words.alert(alert(one(opening, entry=hostile), test=True), "0123abcd", {}),
        words.alert(alert(*many, mentions=tuple(str(10**18 + n) for n in range(25))), "0123abcd", {}),
        words.alert(over, "0123abcd", {}),
        words.answer(over, Answer("e", [("aaaaaaaa", recovery)]), "0123abcd"),
        words.answer(alert(*many), Answer("e", [("aaaaaaaa", opening)] * 100), "0123abcd"),
    ):
        message = reply.message()
        assert len(message["content"]) <= 2000
        (embed,) = message["embeds"]
        assert len(embed.get("fields", [])) <= 25
        assert all(0 < len(field["value"]) <= 1024 for field in embed.get("fields", []))
        assert len(embed.get("description", "")) <= 4096
        assert message["allowed_mentions"]["parse"] == []
        assert r"\*" in message["content"]


def test_a_delivery_has_the_same_reference_for_each_try_and_another_one_for_each_recipient():
    first = words.reference("flip#01#1#aaaaaaaa#0", "channel:1")
    assert first == words.reference("flip#01#1#aaaaaaaa#0", "channel:1")
    assert len(first) == 8
    assert first != words.reference("flip#01#1#aaaaaaaa#1", "channel:1")
    assert first != words.reference("flip#01#1#aaaaaaaa#0", "channel:2")


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"embeds": None},
        {"embeds": ["x"]},
        {"embeds": [{}]},
        {"embeds": [{"footer": None}]},
        {"content": "0123abcd"},
    ],
)
def test_other_messages_are_not_taken_for_an_alert(message):
    assert not words.shows(message, "0123abcd")


MAIL = Entry("bbbbbbbb", "Mail", "tcp", "01", 5)


def test_outages_that_began_together_are_one_message():
    down, slow = flip("down", "opened", reason=WHY), flip("degraded", "opened")
    message = words.alert(alert(one(down), one(slow, entry=MAIL)), "0123abcd", {}).message()
    assert message["content"] == "🔴 2 monitors are not up: **Mail**, **Shop**."
    (embed,) = message["embeds"]
    assert embed["description"].splitlines() == [
        "⚠️ **Mail** is degraded.",
        "🔴 **Shop** is down: it answered HTTP 503 instead of 2xx, 3xx.",
    ]
    assert embed["footer"]["text"] == "0123abcd"
    assert embed["fields"] == [{"name": "Since", "value": f"<t:{AT}:t> (<t:{AT}:R>)", "inline": True}]
    slow_ones = words.alert(alert(one(slow), one(slow, entry=MAIL)), "0123abcd", {}).message()
    assert slow_ones["content"] == "⚠️ 2 monitors are degraded: **Mail**, **Shop**."


def test_a_group_counts_what_goes_on_and_lists_what_is_over():
    down, up = flip("down", "opened"), flip("up", "recovered", at=AT + 720)
    message = words.alert(alert(one(down, up), one(down, entry=MAIL), one(down, entry=SHOP)), "0", {}).message()
    assert message["content"] == "🔴 2 monitors are down: **Mail**, **Shop**."
    assert message["embeds"][0]["description"].splitlines()[-1] == "✅ **Shop** was down for 12\u00a0min."
    over = words.alert(alert(one(down, up), one(down, up, MAIL)), "0", {}).message()
    assert over["content"] == "✅ 2 monitors were not up: **Mail**, **Shop**."
    assert "fields" not in over["embeds"][0]


def test_thirty_monitors_are_counted_and_not_all_named():
    entries = [Entry(f"m{number:07}", f"Site {number:02}", "http", "01", 1) for number in range(30)]
    message = words.alert(alert(*(one(flip("down", "opened"), entry=each) for each in entries)), "0", {}).message()
    named = "**Site 00**, **Site 01**, **Site 02**, **Site 03**, **Site 04**"
    assert message["content"] == f"🔴 30 monitors are down: {named} and 25 more."
    assert message["embeds"][0]["description"].splitlines()[-1] == "and 10 more"


def labels(message):
    return [button["label"] for row in message["components"] for button in row["components"]]


def test_an_alert_can_be_acknowledged_until_somebody_is_on_it():
    down = flip("down", "opened")
    assert labels(words.alert(alert(one(down)), "0", {}).message()) == ["Acknowledge", "Details"]
    message = words.alert(alert(one(down, on_it=True)), "0", {"aaaaaaaa": "7"}).message()
    assert labels(message) == ["Details"]
    assert message["embeds"][0]["fields"][-1] == {"name": "Shop", "value": "👀 <@7> is on it.", "inline": False}
    erased = words.alert(alert(one(down, on_it=True)), "0", {}).message()
    assert erased["embeds"][0]["fields"][-1]["value"] == "👀 somebody is on it."
    over = words.alert(alert(one(down, flip("up", "recovered"), on_it=True)), "0", {"aaaaaaaa": "7"}).message()
    assert labels(over) == ["Details"]
    assert over["embeds"][0]["fields"][-1] == {"name": "Shop", "value": "👀 <@7> was on it.", "inline": False}


def test_the_buttons_of_a_test_are_those_of_an_alert_and_ask_for_no_monitor():
    real, test = (
        words.alert(alert(one(flip("down", "opened")), test=test), "0123abcd", {}).message() for test in (False, True)
    )
    assert labels(real) == labels(test) == ["Acknowledge", "Details"]
    told = words.alert(alert(one(flip("down", "opened")), test=True), "0123abcd", {})
    assert [(each.custom_id.handler, each.custom_id.values) for each in told.buttons] == [
        ("try_on_it", ()),
        ("try_details", ()),
    ]
    direct = words.alert(alert(one(flip("down", "opened")), test=True), "0123abcd", {}, server="77", direct=True)
    assert labels(direct.message())[-1] == "No more messages"


def test_a_direct_message_names_its_server_and_has_details_and_a_way_out():
    told, place = alert(one(flip("down", "opened"))), {"server": "11", "direct": True}
    message = words.alert(told, "0", {}, name="Web *Shops*", url="https://discord.com/channels/11", **place).message()
    assert labels(message) == ["Acknowledge", "Details", "No more messages"]
    assert message["embeds"][0]["author"] == {"name": "Web *Shops*", "url": "https://discord.com/channels/11"}
    unnamed = words.alert(told, "0", {}, url="https://discord.com/channels/11", **place).message()
    assert "author" not in unnamed["embeds"][0]


def test_roles_are_mentioned_in_the_first_line_and_only_they_may_ring():
    told = alert(one(flip("down", "opened")), mentions=("7", "8"))
    message = words.alert(told, "0", {}).message()
    assert message["content"] == "🔴 **Shop** is down. <@&7> <@&8>"
    assert message["allowed_mentions"] == {"parse": [], "roles": ["7", "8"]}


def test_quiet_hours_make_a_silent_message():
    assert words.alert(alert(one(flip("down", "opened")), silent=True), "0", {}).message()["flags"] == 4096


def test_what_ended_together_is_told_in_one_line():
    down, up = flip("down", "opened"), flip("up", "recovered", at=AT + 720)
    over = alert(one(down, up), one(down, up, MAIL), message="1")
    both = [("aaaaaaaa", up), ("bbbbbbbb", up)]
    assert words.answer(over, Answer("e", both), "0").message()["content"] == "✅ **Mail**, **Shop** are up again."
    assert words.answer(over, Answer("e", both, ring=False), "0").message()["flags"] == 4096
    settled = Answer("e", [("aaaaaaaa", flip("degraded", "settled"))])
    worse = words.answer(alert(one(down), message="1"), settled, "0").message()
    assert worse["content"] == "⚠️ **Shop** is degraded."


def test_of_several_outages_only_those_that_are_not_paused_go_on():
    down, mail = flip("down", "opened"), MAIL.but(paused=True)
    some = words.alert(alert(one(down), one(down, entry=mail)), "0", {}).message()
    assert some["content"] == "🔴 1 monitor is down: **Shop**."
    assert "⏸️ **Mail** is paused. It was not up before." in some["embeds"][0]["description"]
    both = alert(one(down, entry=SHOP.but(paused=True)), one(down, entry=mail), wording="{monitor}!")
    none = words.alert(both, "0", {}).message()
    assert none["content"] == "⏸️ 2 monitors that were not up are paused: **Mail**, **Shop**."
    assert labels(none) == ["Details"]
