"""What an alert says: content that rings, one embed with why and since when, and a reference that finds it again."""

import pytest

from watchbell.status import alert
from watchbell.status.flip import Flip
from watchbell.status.monitor import Monitor
from watchbell.status.reason import Reason

AT = 1_795_334_400
SHOP = Monitor("aaaaaaaa", "Shop", "http", "https://shop.example/", every=5, group="Web")
WHY = Reason("unexpected_status", {"status": 503, "expected": "2xx, 3xx"})


def flip(new, news, *, reason=None, old="up", at=AT):
    return Flip("aaaaaaaa", at, at, old, new, news, reason)


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
        (flip("up", "settled"), "✅ **Shop** no longer keeps changing. It is up."),
        (flip("down", "settled"), "🔴 **Shop** is down."),
        (flip("up", "recovered", old="down"), "✅ **Shop** is up again."),
    ],
)
def test_the_first_line_says_what_has_changed_and_rings(told, content):
    reply = alert.told(SHOP, told, "0123abcd")
    message = reply.message()
    assert message["content"] == content
    assert message["allowed_mentions"]["parse"] == []
    assert "flags" not in message
    (embed,) = message["embeds"]
    assert embed["footer"]["text"] == "Web · checked every 5 minutes · 0123abcd"
    assert embed["fields"][0]["value"] == f"<t:{AT}:t> (<t:{AT}:R>)"


def test_a_test_says_so():
    content = alert.told(SHOP, flip("down", "opened"), "0123abcd", test=True).message()["content"]
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
    past = alert.ended(SHOP, opening, recovery, "0123abcd").message()
    assert past["content"] == content
    assert [field["value"] for field in past["embeds"][0]["fields"][:2]] == [
        f"<t:{AT}:t> (<t:{AT}:R>)",
        f"<t:{AT + 720}:t> (<t:{AT + 720}:R>)",
    ]
    news = alert.recovered(SHOP, opening, recovery, "4567efgh").message()
    assert news["content"] == "✅ **Shop** is up again, after 12\u00a0min."
    assert alert.shows(past, "0123abcd")
    assert alert.shows(news, "4567efgh")


def test_the_longest_texts_fit_and_no_name_can_ping_or_format():
    hostile = Monitor("aaaaaaaa", "@everyone *" * 6, "http", group="<@1>" * 10, every=1)
    long = Reason("component", {"component": "`" * 4000, "said": "@here" * 4000})
    opening = flip("down", "opened", reason=long)
    for reply in (
        alert.told(hostile, opening, "0123abcd", test=True),
        alert.ended(hostile, opening, flip("up", "recovered", at=AT + 60), "0123abcd"),
        alert.recovered(hostile, opening, flip("up", "recovered", at=AT + 60), "0123abcd"),
    ):
        message = reply.message()
        assert len(message["content"]) <= 2000
        assert all(0 < len(field["value"]) <= 1024 for field in message["embeds"][0].get("fields", []))
        assert message["allowed_mentions"]["parse"] == []
        assert r"\*" in message["content"]


def test_a_delivery_has_the_same_reference_for_each_try_and_another_one_for_each_recipient():
    first = alert.reference("flip#01#1#aaaaaaaa#0", "channel:1")
    assert first == alert.reference("flip#01#1#aaaaaaaa#0", "channel:1")
    assert len(first) == 8
    assert first != alert.reference("flip#01#1#aaaaaaaa#1", "channel:1")
    assert first != alert.reference("flip#01#1#aaaaaaaa#0", "channel:2")


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
    assert not alert.shows(message, "0123abcd")
