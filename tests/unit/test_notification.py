"""What is on the bus is checked before anything is posted, and pings nobody whom the server does not allow."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import judge
from watchbell.discord import check
from watchbell.status import notification
from watchbell.status.notification import REASONS, Notification, Refused, letter, read, reply

GUILD, CHANNEL, ROLE = "1000000000000000102", "1000000000000000301", "1000000000000000401"
TOKEN = "abcdefghijklmnopqrstuvwxyz-0123456789"


def event(**detail):
    return {
        "version": "0",
        "id": "7bf73129-1428-4cd3-a780-95db273d1602",
        "detail-type": "notification",
        "source": "backup",
        "account": "123456789012",
        "time": "2026-11-26T02:13:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {"content": "The backup has failed.", **detail},
    }


def code(it):
    with pytest.raises(Refused) as refused:
        read(it)
    return refused.value.code


def test_the_smallest_notification_is_a_text():
    found = read(event())
    assert (found.content, found.source, found.time) == (
        "The backup has failed.",
        "backup",
        "2026-11-26T02:13:00+00:00",
    )
    assert (found.guild, found.channel, found.webhook, found.severity, found.mention) == ("", "", "", "", ())


def test_null_is_as_if_it_were_not_there():
    assert read(event(**dict.fromkeys(notification.FIELDS[1:]))) == read(event())


@pytest.mark.parametrize(
    ("detail", "reason"),
    [
        *(({"content": value}, "no_content") for value in ("", " \n", "\0", None, 5, ["x"], {"x": 1})),
        *(({name: value}, "bad_id") for name in ("guild", "channel") for value in ("", "x", 5, 1e3, "1" * 21, [GUILD])),
        ({"guild": "１２３"}, "bad_id"),
        ({"guild_id": GUILD}, "unknown_field"),
        ({"webhook": f"https://discord.com/api/webhooks/1/{TOKEN}"}, "webhook_is_a_url"),
        ({"webhook": "../discord/bot-token"}, "webhook_is_a_url"),
        *(({"webhook": value}, "bad_webhook") for value in ("", "a b", 5, "x" * 61, None or [], "ops\n")),
        ({"webhook": "ops", "channel": CHANNEL, "guild": GUILD}, "two_targets"),
        ({"webhook": "ops", "channel": CHANNEL}, "two_targets"),
        *(({"severity": value}, "bad_severity") for value in ("", "loud", "INFO", 5, [], {})),
        *(({"mention": value}, "bad_mention") for value in ("", "everyone", "<@&1>", 5, [5], [ROLE] * 26, {}, True)),
        *(({"dedupe_key": value}, "bad_dedupe_key") for value in ("", "x" * 257, 5, [])),
    ],
)
def test_a_bad_notification_is_refused_with_a_reason(detail, reason):
    assert code(event(**detail)) == reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        *(({"source": value}, "no_source") for value in (None, "", 5)),
        *(({"id": value}, "no_id") for value in (None, "", 5)),
        *(({"detail": value}, "no_detail") for value in (None, [], "x")),
    ],
)
def test_what_is_no_event_of_eventbridge_is_refused(changes, reason):
    assert code({**event(), **changes}) == reason


def test_every_reason_is_a_sentence_that_repeats_no_secret():
    for name in REASONS:
        assert "{" not in str(Refused(name, "x"))
    with pytest.raises(Refused) as refused:
        read(event(webhook=f"https://discord.com/api/webhooks/1/{TOKEN}"))
    assert TOKEN not in str(refused.value)


def test_the_same_dedupe_key_is_the_same_notification_only_from_the_same_source_to_the_same_target():
    def key(source="backup", id="1", **detail):
        return read({**event(**detail), "source": source, "id": id}).key

    assert key(id="1") == key(id="1") != key(id="2")
    assert key(id="1", dedupe_key="k") == key(id="2", dedupe_key="k", severity="info")
    keys = [
        key(),
        key(dedupe_key="k"),
        key(dedupe_key="1"),
        key(dedupe_key="l"),
        key(source="shop", dedupe_key="k"),
        key(dedupe_key="k", guild=GUILD),
        key(dedupe_key="k", channel=GUILD),
        key(dedupe_key="k", webhook=GUILD),
    ]
    assert len(set(keys)) == len(keys)


def test_a_long_text_is_cut_with_a_mark_and_a_mention_still_fits():
    message = reply(read(event(content="x" * 10_000, severity="critical")), [ROLE], "ref").message()
    assert len(message["content"]) == 2000
    assert message["content"].startswith(f"<@&{ROLE}> 🚨 xxx")
    assert message["content"].endswith("x…")
    assert reply(read(event(content="x" * 2000)), [], "ref").message()["content"] == "x" * 2000


def test_a_text_pings_only_the_roles_that_are_allowed():
    text = f"@everyone @here <@1> <@&2> <@&{ROLE}>"
    message = reply(read(event(content=text)), [], "ref").message()
    assert message["content"] == text
    assert message["allowed_mentions"] == {"parse": []}
    message = reply(read(event(content=text, mention=[ROLE, ROLE])), [ROLE], "ref").message()
    assert message["content"] == f"<@&{ROLE}> {text}"
    assert message["allowed_mentions"] == {"parse": [], "roles": [ROLE]}


def test_the_message_says_who_sends_it_and_when():
    (embed,) = reply(read(event(severity="error")), [], "ref").message()["embeds"]
    assert embed == {"footer": {"text": "backup · ref"}, "timestamp": "2026-11-26T02:13:00+00:00", "color": 0xE74C3C}
    (embed,) = reply(read({**event(), "source": "\u202e" + "s" * 256, "time": "yesterday"}), [], "ref").message()[
        "embeds"
    ]
    assert embed == {"footer": {"text": f"{'s' * 79}… · ref"}}


def test_a_dead_letter_holds_the_event_without_the_tokens_of_webhooks():
    urls = [f"https://discord.com/api{version}/webhooks/12{slash}{TOKEN}" for version in ("", "/v10") for slash in "/"]
    it = event(webhook=urls[0], content=f"see {' '.join(urls)}?thread_id=1")
    assert TOKEN not in json.dumps(letter(it))
    assert letter(it)["detail"]["webhook"] == "https://discord.com/api/webhooks/12/***"
    assert letter(event(channel=CHANNEL)) == event(channel=CHANNEL)
    assert len(json.dumps(letter(event(content=f"{'é' * 250_000} webhooks/1/{TOKEN}")))) < 200_000


TEXTS = st.text(st.characters(exclude_categories=()), max_size=300)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*notification.FIELDS, "else"]), ANYTHING), ANYTHING, ANYTHING, ANYTHING)
def test_whatever_an_event_holds_it_is_refused_with_a_reason_or_discord_takes_the_message(detail, source, id, time):
    it = {"source": source, "id": id, "time": time, "detail": {"content": "x", **detail}}
    try:
        found = read(it)
    except Refused:
        json.dumps(letter(it)).encode()
        return
    assert isinstance(found, Notification)
    message = reply(found, found.mention, "ref").message()
    check.require("message", message)
    judge.approve("message", message)
    assert message["allowed_mentions"]["parse"] == []
