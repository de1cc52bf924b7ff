"""Only a URL of Discord is accepted as a webhook."""

import pytest

from watchbell.discord.text import clip, escape
from watchbell.discord.webhook import parse, thread_id

BASE = "https://discord.com/api/v10"
SANDBOX = "http://127.0.0.1:9/api/v10"


@pytest.mark.parametrize(
    "url",
    [
        "https://discord.com/api/webhooks/123/a-B_9",
        "https://discord.com/api/v10/webhooks/123/a-B_9",
        "https://ptb.discord.com/api/webhooks/123/a-B_9",
        "https://canary.discord.com/api/v9/webhooks/123/a-B_9",
        "https://discordapp.com/api/webhooks/123/a-B_9/",
        " https://discord.com/api/webhooks/123/a-B_9\n",
        "https://discord.com/api/webhooks/123/a-B_9?thread_id=77",
        "https://discord.com/api/webhooks/123/a-B_9/?thread_id=77",
    ],
)
def test_discords_own_urls_are_taken(url):
    assert parse(url, BASE) == ("123", "a-B_9")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://discord.com/api/webhooks/123/a",
        "https://discord.com.evil.example/api/webhooks/123/a",
        "https://evil.example/api/webhooks/123/a",
        "https://discord.com@evil.example/api/webhooks/123/a",
        "https://xdiscord.com/api/webhooks/123/a",
        "https://hooks.discord.com/api/webhooks/123/a",
        "https://discord.com:8443/api/webhooks/123/a",
        "https://discord.com/api/webhooks/abc/a",
        "https://discord.com/api/webhooks/123/",
        "https://discord.com/api/webhooks/123/a/github",
        "https://discord.com/api/webhooks/123/a?wait=false",
        "https://discord.com/api/webhooks/123/a?thread_id=",
        "https://discord.com/api/webhooks/123/a?thread_id=7&wait=false",
        "https://discord.com/api/webhooks/123/a?thread_id=x",
        "https://discord.com/api/webhooks/123/a?thread_id=7#x",
        "https://discord.com/api/webhooks/123/../../users/@me",
        "https://discordxcom/api/webhooks/123/a",
        SANDBOX + "/webhooks/123/a",
    ],
)
def test_others_are_not(url):
    assert parse(url, BASE) is None


def test_the_thread_of_a_url_is_known():
    assert thread_id(" https://discord.com/api/webhooks/123/a?thread_id=77\n") == "77"
    assert thread_id("https://discord.com/api/webhooks/123/a") == ""


def test_those_of_the_configured_base_are_taken_too():
    assert parse(SANDBOX + "/webhooks/123/a", SANDBOX) == ("123", "a")
    assert parse(SANDBOX.removesuffix("/v10") + "/webhooks/123/a", SANDBOX) == ("123", "a")


def test_other_peoples_words_lose_their_markdown():
    assert escape("*a* [b](http://c) <@1>\n`d`") == r"\*a\* \[b\]\(http\://c\) \<@1\> \`d\`"


def test_a_text_is_cut_to_its_limit_and_never_after_a_lone_backslash():
    assert clip("abc", 3) == "abc"
    assert clip("abcd", 3) == "ab…"
    assert clip(r"a\*bc", 4) == r"a\*…"
    assert clip(r"ab\*c", 4) == "ab…"
