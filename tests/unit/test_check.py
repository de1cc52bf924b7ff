"""A payload that Discord would refuse is found before it is sent. The error gives the place and the limit."""

import pytest

from tests import judge
from watchbell.discord.check import FILE_BYTES, REQUEST_BYTES, faults, require
from watchbell.discord.files import File
from watchbell.discord.rules import what
from watchbell.errors import InvalidReply, WatchbellError

URL = "https://x.example/a.png"
TEXT = {"type": 10, "content": "x"}
V2 = 32768


def press(custom_id="p", **more):
    return {"type": 2, "style": 2, "label": "Press", "custom_id": custom_id, **more}


def row(*components):
    return {"type": 1, "components": list(components)}


def select(kind=5, custom_id="s", **more):
    return {"type": kind, "custom_id": custom_id, **more}


def options(count, **more):
    return [{"label": "x", "value": str(number), **more} for number in range(count)]


def field(name="n", value="v"):
    return {"name": name, "value": value}


def layout(*components, **more):
    return {"flags": V2, "components": list(components), **more}


def label(component, **more):
    return {"type": 18, "label": "Name", "component": component, **more}


def modal(*components, **more):
    return {"custom_id": "m", "title": "Form", "components": list(components), **more}


def typed(custom_id="t", **more):
    return {"type": 4, "custom_id": custom_id, "style": 1, **more}


def poll(**more):
    return {"poll": {"question": {"text": "?"}, "answers": [{"poll_media": {"text": "a"}}], **more}}


def answer(**media):
    return {"poll_media": {"text": "a", **media}}


# (a payload at the limit, a payload that exceeds the limit by one, the fault)
LIMITS = [
    ({"content": "x" * 2000}, {"content": "x" * 2001}, "content: 2001 characters; at most 2000"),
    ({"embeds": [{"title": "x"}] * 10}, {"embeds": [{"title": "x"}] * 11}, "embeds: 11; at most 10"),
    (
        {"embeds": [{"title": "x" * 256}]},
        {"embeds": [{"title": "x" * 257}]},
        "embeds[0].title: 257 characters; at most 256",
    ),
    (
        {"embeds": [{"description": "x" * 4096}]},
        {"embeds": [{"description": "x" * 4097}]},
        "embeds[0].description: 4097 characters; at most 4096",
    ),
    ({"embeds": [{"fields": [field()] * 25}]}, {"embeds": [{"fields": [field()] * 26}]}, "embeds[0].fields: 26"),
    (
        {"embeds": [{"title": "x"}, {"title": "x"}, {"fields": [field("x" * 256)]}]},
        {"embeds": [{"title": "x"}, {"title": "x"}, {"fields": [field("x" * 257)]}]},
        "embeds[2].fields[0].name: 257 characters; at most 256",
    ),
    (
        {"embeds": [{"fields": [field(value="x" * 1024)]}]},
        {"embeds": [{"fields": [field(value="x" * 1025)]}]},
        "embeds[0].fields[0].value: 1025 characters; at most 1024",
    ),
    (
        {"embeds": [{"footer": {"text": "x" * 2048}}]},
        {"embeds": [{"footer": {"text": "x" * 2049}}]},
        "embeds[0].footer.text: 2049 characters; at most 2048",
    ),
    (
        {"embeds": [{"author": {"name": "x" * 256}}]},
        {"embeds": [{"author": {"name": "x" * 257}}]},
        "embeds[0].author.name: 257 characters; at most 256",
    ),
    (
        {"embeds": [{"title": "x", "color": 0xFFFFFF}]},
        {"embeds": [{"title": "x", "color": 0x1000000}]},
        "embeds[0].color: 16777216; must be 0 to 16777215",
    ),
    (
        {"embeds": [{"title": "x", "url": URL.ljust(2048, "x")}]},
        {"embeds": [{"title": "x", "url": URL.ljust(2049, "x")}]},
        "embeds[0].url: 2049 characters; at most 2048",
    ),
    (
        {"embeds": [{"description": "x" * 3000}, {"author": {"name": "x" * 200}, "description": "x" * 2800}]},
        {"embeds": [{"description": "x" * 3000}, {"author": {"name": "x" * 201}, "description": "x" * 2800}]},
        "embeds: 6001 characters in total; at most 6000",
    ),
    (
        {"components": [row(press(str(number))) for number in range(5)]},
        {"components": [row(press(str(number))) for number in range(6)]},
        "components: 6 rows; at most 5",
    ),
    (
        {"components": [row(*[press(str(number)) for number in range(5)])]},
        {"components": [row(*[press(str(number)) for number in range(6)])]},
        "components[0].components: 6; at most 5",
    ),
    (
        {"components": [row(press("x" * 100))]},
        {"components": [row(press("x" * 101))]},
        "components[0].components[0].custom_id: 101 characters; at most 100",
    ),
    (
        {"components": [row(press(label="x" * 80))]},
        {"components": [row(press(label="x" * 81))]},
        "components[0].components[0].label: 81 characters; at most 80",
    ),
    (
        {"components": [row({"type": 2, "style": 5, "label": "x", "url": URL.ljust(512, "x")})]},
        {"components": [row({"type": 2, "style": 5, "label": "x", "url": URL.ljust(513, "x")})]},
        "components[0].components[0].url: 513 characters; at most 512",
    ),
    (
        {"components": [row(select(placeholder="x" * 150))]},
        {"components": [row(select(placeholder="x" * 151))]},
        "components[0].components[0].placeholder: 151 characters; at most 150",
    ),
    (
        {"components": [row(select(3, options=options(25)))]},
        {"components": [row(select(3, options=options(26)))]},
        "components[0].components[0].options: 26; at most 25",
    ),
    (
        {"components": [row(select(3, options=options(1)))]},
        {"components": [row(select(3, options=[]))]},
        "components[0].components[0].options: 0; at least 1",
    ),
    (
        {"components": [row(select(3, options=options(3), max_values=3))]},
        {"components": [row(select(3, options=options(3), max_values=4))]},
        "components[0].components[0].max_values: 4, but there are 3 options",
    ),
    (
        {"components": [row(select(3, options=options(2, default=True), max_values=2))]},
        {"components": [row(select(3, options=options(3, default=True), max_values=2))]},
        "components[0].components[0].options: 3 are selected by default; at most 2",
    ),
    (
        {"components": [row(select(min_values=2, max_values=2))]},
        {"components": [row(select(min_values=3, max_values=2))]},
        "components[0].components[0].min_values: 3, more than max_values (2)",
    ),
    (
        {"components": [row(select(max_values=25))]},
        {"components": [row(select(max_values=26))]},
        "components[0].components[0].max_values: 26; must be 1 to 25",
    ),
    (
        {"components": [row(select(default_values=[{"id": "1", "type": "user"}]))]},
        {"components": [row(select(default_values=[{"id": "1", "type": "user"}, {"id": "2", "type": "user"}]))]},
        "components[0].components[0].default_values: 2; must be 1 to 1",
    ),
    (layout(*[TEXT] * 40), layout(*[TEXT] * 41), "components: 41; at most 40"),
    (
        layout(*[{"type": 17, "components": [TEXT] * 19}] * 2),
        layout(*[{"type": 17, "components": [TEXT] * 19}] * 2, TEXT),
        "components: 41 including nested ones; at most 40",
    ),
    (
        layout({"type": 9, "components": [TEXT] * 3, "accessory": press()}, *[TEXT] * 35),
        layout({"type": 9, "components": [TEXT] * 3, "accessory": press()}, *[TEXT] * 36),
        "components: 41 including nested ones; at most 40",
    ),
    (
        layout({"type": 10, "content": "x" * 4000}),
        layout({"type": 10, "content": "x" * 4001}),
        "components[0].content: 4001 characters; at most 4000",
    ),
    (
        layout({"type": 10, "content": "x" * 3999}, {"type": 17, "components": [TEXT]}),
        layout({"type": 10, "content": "x" * 4000}, {"type": 17, "components": [TEXT]}),
        "components: 4001 characters of text in total; at most 4000",
    ),
    (
        layout({"type": 9, "components": [TEXT] * 3, "accessory": press()}),
        layout({"type": 9, "components": [TEXT] * 4, "accessory": press()}),
        "components[0].components: 4; at most 3",
    ),
    (
        layout({"type": 12, "items": [{"media": {"url": URL}}] * 10}),
        layout({"type": 12, "items": [{"media": {"url": URL}}] * 11}),
        "components[0].items: 11; at most 10",
    ),
    (
        layout({"type": 12, "items": [{"media": {"url": URL}, "description": "x" * 1024}]}),
        layout({"type": 12, "items": [{"media": {"url": URL}, "description": "x" * 1025}]}),
        "components[0].items[0].description: 1025 characters; at most 1024",
    ),
    (
        layout({"type": 17, "accent_color": 0xFFFFFF, "components": [TEXT]}),
        layout({"type": 17, "accent_color": 0x1000000, "components": [TEXT]}),
        "components[0].accent_color: 16777216; must be 0 to 16777215",
    ),
    (poll(question={"text": "x" * 300}), poll(question={"text": "x" * 301}), "poll.question.text: 301 characters"),
    (poll(answers=[answer()] * 10), poll(answers=[answer()] * 11), "poll.answers: 11; at most 10"),
    (poll(answers=[answer()]), poll(answers=[]), "poll.answers: 0; at least 1"),
    (
        poll(answers=[answer(text="x" * 55)]),
        poll(answers=[answer(text="x" * 56)]),
        "poll.answers[0].poll_media.text: 56 characters; at most 55",
    ),
    (poll(duration=768), poll(duration=769), "poll.duration: 769; must be 1 to 768"),
    (
        {"content": "x", "allowed_mentions": {"users": [str(number) for number in range(100)]}},
        {"content": "x", "allowed_mentions": {"users": [str(number) for number in range(101)]}},
        "allowed_mentions.users: 101; at most 100",
    ),
]


def linked(url):
    return {"embeds": [{"title": "x", "url": url}]}


GOOD_URLS = [
    "https://example.com",
    "http://a.example.:8080/x?y#z",
    "https://user:word@x.example/",
    "http://LOCALHOST:8000/x",
    "http://localhost?x",
    "https://10.0.0.1/",
    "http://255.255.255.255:1",
    "http://[2001:db8::1]:8000/x",
    "http://xn--bcher-kva.xn--p1ai/",
    "https://bücher.example/ü",
    "https://a-b.c1.example/_",
]
BAD_URLS = [
    "http://bugsink:8000/x",
    "http://a..b/",
    "https://-/",
    "https://",
    "https:///x",
    "https://?x",
    "https://a-.example/",
    "https://-a.example/",
    "https://a_b.example/",
    "https://.example/",
    "https://example.com../",
    "https://example.c/",
    "https://example.c0m/",
    "https://1.2.3/",
    "https://1.2.3.256/",
    "https://example.com:port/",
    "https://example.com:/",
    "https://example.com:123456/",
    "https://[::1/",
    "https://[]/",
    "https://[localhost]/",
    "https://[::1]x/",
    "https://user@/",
    f"https://{'a' * 64}.example/",
    f"https://{'a.' * 125}example/",
]


@pytest.mark.parametrize("url", GOOD_URLS)
def test_a_url_with_a_host_that_discord_takes_is_taken(url):
    assert faults("message", linked(url)) == []


@pytest.mark.parametrize("url", BAD_URLS)
def test_a_url_with_a_host_that_discord_refuses_is_a_fault_wherever_it_stands(url):
    told = f"{what(url)}; its host must be a full name such as example.com, or an address"
    assert faults("message", linked(url)) == [f"embeds[0].url: {told}"]
    assert faults("message", {"embeds": [{"image": {"url": url}}]}) == [f"embeds[0].image.url: {told}"]
    assert faults("webhook", {"content": "x", "avatar_url": url}) == [f"avatar_url: {told}"]
    shown = layout({"type": 12, "items": [{"media": {"url": url}}]})
    assert faults("message", shown) == [f"components[0].items[0].media.url: {told}"]
    link = {"type": 2, "style": 5, "label": "x", "url": url}
    assert faults("callback", {"type": 4, "data": {"components": [row(link)]}}) == [
        f"data.components[0].components[0].url: {told}"
    ]


def test_a_link_into_the_app_has_no_host():
    link = {"type": 2, "style": 5, "label": "x", "url": "discord://-/channels/1"}
    assert faults("message", {"components": [row(link)]}) == []


GOOD_EMOJI = [
    "🎲",
    "✅",
    "❤",
    "❤️",
    "☃️",
    "©",
    "👍🏽",
    "1️⃣",
    "#⃣",
    "🇩🇪",
    "🇦",
    "👩‍🚒",
    "🏳️‍🌈",
    "👩🏽‍❤️‍💋‍👨🏻",
    "🐦‍⬛",
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "🫩",
]
BAD_EMOJI = [
    "é",
    "→",
    "日",
    "✅✅",
    "✅ ",
    "x✅",
    "1",
    "🇩🇩",
    "🇩🇪🇩🇪",
    "✅🏽",
    "🏽",
    "✅‍✅",
    "✅‍",
    "‍",
    "\ufe0f",
    "🏴󠁧󠁢󠁿",
    "\U0001f000",
]


@pytest.mark.parametrize("emoji", GOOD_EMOJI)
def test_an_emoji_of_unicode_is_taken(emoji):
    assert faults("message", {"components": [row(press(emoji={"name": emoji}))]}) == []


@pytest.mark.parametrize("emoji", BAD_EMOJI)
def test_what_is_not_exactly_one_emoji_is_a_fault_in_a_button_and_in_an_option(emoji):
    told = f'"{emoji}" is not an emoji; write 🎲 itself, or <:name:id>'
    button, menu = press(emoji={"name": emoji}), select(3, options=options(1, emoji={"name": emoji}))
    assert faults("message", {"components": [row(button)]}) == [f"components[0].components[0].emoji.name: {told}"]
    assert faults("message", {"components": [row(menu)]}) == [
        f"components[0].components[0].options[0].emoji.name: {told}"
    ]
    assert faults("message", {"components": [row(press(emoji={"id": "1", "name": emoji}))]}) == []


def test_a_time_whose_offset_has_seconds_is_a_fault():
    assert faults("message", {"embeds": [{"title": "x", "timestamp": "2026-01-31T12:00:00+01:30"}]}) == []
    assert faults("message", {"embeds": [{"title": "x", "timestamp": "2026-01-31T12:00:00+01:00:30"}]}) == [
        'embeds[0].timestamp: "2026-01-31T12:00:00+01:00:30"; an offset has hours and minutes only'
    ]


@pytest.mark.parametrize(("fits", "exceeds", "fault"), LIMITS, ids=[fault for *_, fault in LIMITS])
def test_a_limit_holds_to_the_last_one_and_no_further(fits, exceeds, fault):
    for kind in ("message", "followup", "edit"):
        assert faults(kind, fits) == []
        judge.approve(kind, fits)
        assert [found[: len(fault)] for found in faults(kind, exceeds)] == [fault]
    if "poll" not in fits:
        assert faults("callback", {"type": 7, "data": fits}) == []
        assert faults("callback", {"type": 7, "data": exceeds})[0].startswith(f"data.{fault}")
    assert faults("callback", {"type": 4, "data": exceeds})[0].startswith(f"data.{fault}")


BAD = [
    # content and unknown fields
    ({}, "content: empty; a message needs content, an embed, a component, a file or a poll"),
    ({"content": "  \n"}, "content: empty; a message needs content, an embed, a component, a file or a poll"),
    ({"content": 5}, "content: 5, not a string"),
    ({"content": "x", "colour": 1}, "colour: there is no such field, or it cannot be set here"),
    ({"content": "x", "username": "Ann"}, "username: there is no such field, or it cannot be set here"),
    ({"content": "x", "tts": 1}, "tts: 1, not true or false"),
    ([], "message: a list, not an object"),
    # flags
    ({"content": "x", "flags": 64}, "flags: EPHEMERAL (64) cannot be set here"),
    ({"content": "x", "flags": 128}, "flags: the flag (128) cannot be set here"),
    ({"content": "x", "flags": -1}, "flags: -1; must be 0 to 2147483647"),
    # embeds
    ({"embeds": [{}]}, "embeds[0]: empty"),
    ({"embeds": [{"color": 1}]}, "embeds[0]: empty"),
    ({"embeds": [{"title": "x", "colour": 1}]}, "embeds[0].colour: there is no such field, or it cannot be set here"),
    ({"embeds": [{"video": {}}]}, "embeds[0].video: there is no such field, or it cannot be set here"),
    ({"embeds": [{"fields": [field(" ")]}]}, "embeds[0].fields[0].name: empty"),
    ({"embeds": [{"fields": [{"name": "x"}]}]}, "embeds[0].fields[0].value: missing"),
    ({"embeds": [{"footer": {"icon_url": URL}}]}, "embeds[0].footer.text: missing"),
    (
        {"embeds": [{"title": "x", "timestamp": "yesterday"}]},
        'embeds[0].timestamp: "yesterday", not a time like 2026-01-31T12:00:00Z',
    ),
    (
        {"embeds": [{"title": "x", "url": "javascript:alert(1)"}]},
        'embeds[0].url: "javascript:alert(1)", not a URL that starts with http:// or https://',
    ),
    (
        {"embeds": [{"image": {"url": "ftp://x"}}]},
        'embeds[0].image.url: "ftp://x", not a URL that starts with http://, https:// or attachment://',
    ),
    (
        {"embeds": [{"image": {"url": "attachment://a.pdf"}}]},
        'embeds[0].image.url: "attachment://a.pdf"; an embed can only show .jpg, .jpeg, .png, .webp or .gif',
    ),
    ({"embeds": [{"image": {"url": "attachment://a.png"}}]}, 'embeds[0].image.url: no file is named "a.png"'),
    # mentions
    (
        {"content": "x", "allowed_mentions": {"parse": ["here"]}},
        'allowed_mentions.parse[0]: "here"; must be users, roles or everyone',
    ),
    (
        {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
        'allowed_mentions.users: has ids, but "users" is in parse too; use one or the other',
    ),
    ({"content": "x", "allowed_mentions": {"roles": [1]}}, "allowed_mentions.roles[0]: 1, not an id"),
    ({"content": "x", "allowed_mentions": {"roles": ["1", "1"]}}, 'allowed_mentions.roles[1]: "1" is used twice'),
    # buttons
    (
        {"components": [row({"type": 2, "style": 1, "label": "x"})]},
        "components[0].components[0].custom_id: missing; a button of style 1 needs one",
    ),
    ({"components": [row(press(url=URL))]}, "components[0].components[0].url: a button of style 2 cannot have one"),
    (
        {"components": [row(press(sku_id="1"))]},
        "components[0].components[0].sku_id: a button of style 2 cannot have one",
    ),
    (
        {"components": [row({"type": 2, "style": 5, "label": "x"})]},
        "components[0].components[0].url: missing; a link button needs one",
    ),
    (
        {"components": [row(press(style=5, url=URL))]},
        "components[0].components[0].custom_id: a link button cannot have one",
    ),
    (
        {"components": [row({"type": 2, "style": 6})]},
        "components[0].components[0].sku_id: missing; a premium button needs one",
    ),
    (
        {"components": [row({"type": 2, "style": 6, "sku_id": "1", "label": "x"})]},
        "components[0].components[0].label: a premium button cannot have one",
    ),
    (
        {"components": [row(press(label=""))]},
        "components[0].components[0]: a button of style 2 needs a label or an emoji",
    ),
    (
        {"components": [row(press(style="loud"))]},
        'components[0].components[0].style: "loud"; must be 1, 2, 3, 4, 5 or 6',
    ),
    ({"components": [row(press(""))]}, "components[0].components[0].custom_id: empty"),
    (
        {"components": [row(press(emoji={"name": ":tada:"}))]},
        'components[0].components[0].emoji.name: ":tada:" is not an emoji; write 🎲 itself, or <:name:id>',
    ),
    ({"components": [row(press(object()))]}, "components[0].components[0].custom_id: object, not a string"),
    # rows and their contents
    ({"components": [row()]}, "components[0].components: 0; at least 1"),
    ({"components": [press()]}, "components[0]: Button; must be Action Row, Section, Text Display, Media Gallery,"),
    ({"components": [{"type": 99}]}, "components[0]: an object; must be Action Row, Section"),
    ({"components": [row(press(), select())]}, "components[0].components: a select needs a row of its own"),
    ({"components": [row(select(), select(6, "r"))]}, "components[0].components: a select needs a row of its own"),
    ({"components": [row(typed())]}, "components[0].components[0]: Text Input; must be Button, String Select,"),
    (
        {"components": [row(press(), press())]},
        'components[0].components[1].custom_id: "p" is also the custom id of another component',
    ),
    (
        {"components": [row(press(id=3)), row(press("q", id=3))]},
        "components[1].components[0].id: 3 is also the id of another component",
    ),
    ({"components": [row(press(id=[]))]}, "components[0].components[0].id: a list, not a whole number"),
    # selects
    (
        {"components": [row(select(3, options=options(1) * 2))]},
        'components[0].components[0].options[1].value: "0" is used twice',
    ),
    ({"components": [row(select(3))]}, "components[0].components[0].options: missing"),
    (
        {"components": [row(select(6, default_values=[{"id": "1", "type": "user"}]))]},
        'components[0].components[0].default_values[0].type: "user"; must be role',
    ),
    (
        {"components": [row(select(8, channel_types=[7]))]},
        "components[0].components[0].channel_types[0]: 7; must be 0, 1, 2,",
    ),
    (
        {"components": [row(select(min_values=2))]},
        "components[0].components[0].min_values: 2, more than max_values (1)",
    ),
    # Components V2
    ({"components": [TEXT]}, "components[0]: needs the flag IS_COMPONENTS_V2 (32768)"),
    (layout(TEXT, content="x"), "content: cannot be used with Components V2"),
    (layout(TEXT, embeds=[{"title": "x"}]), "embeds: cannot be used with Components V2"),
    (layout(TEXT, **poll()), "poll: cannot be used with Components V2"),
    (layout({"type": 10, "content": " "}), "components[0].content: empty"),
    (layout({"type": 9, "components": [TEXT]}), "components[0].accessory: missing"),
    (
        layout({"type": 9, "components": [TEXT], "accessory": select()}),
        "components[0].accessory: User Select; must be Button or Thumbnail",
    ),
    (
        layout({"type": 17, "components": [{"type": 17, "components": [TEXT]}]}),
        "components[0].components[0]: Container; must be Action Row, Section,",
    ),
    (
        layout({"type": 13, "file": {"url": URL}}),
        f'components[0].file.url: "{URL}", not a URL that starts with attachment://',
    ),
    (layout({"type": 13, "file": {"url": "attachment://a"}}), 'components[0].file.url: no file is named "a"'),
    (layout({"type": 14, "spacing": 3}), "components[0].spacing: 3; must be 1 or 2"),
    # polls
    (poll(question={}), "poll.question.text: missing"),
    (
        poll(question={"text": "?", "emoji": {}}),
        "poll.question.emoji: there is no such field, or it cannot be set here",
    ),
    (
        poll(answers=[answer(emoji={"id": "1", "name": "x"})]),
        "poll.answers[0].poll_media.emoji: needs either an id or a name, not both",
    ),
    (poll(layout_type=2), "poll.layout_type: 2; must be 1"),
    # attachments
    ({"attachments": [{"id": 0}]}, "attachments[0].id: there is no files[0]"),
    (
        {"content": "x", "attachments": [{"id": "x"}]},
        'attachments[0].id: "x", not the number of a file or the id of an',
    ),
]


@pytest.mark.parametrize(("payload", "fault"), BAD, ids=[fault for _, fault in BAD])
def test_a_message_that_discord_would_refuse_is_told_why(payload, fault):
    found = faults("message", payload)
    assert len(found) == 1
    assert found[0].startswith(fault)


def test_every_fault_is_told_at_once():
    payload = {"content": "x" * 2001, "embeds": [{"title": "x" * 257, "color": -1}], "components": [row()]}
    assert faults("followup", payload) == [
        "content: 2001 characters; at most 2000",
        "embeds[0].title: 257 characters; at most 256",
        "embeds[0].color: -1; must be 0 to 16777215",
        "components[0].components: 0; at least 1",
    ]


@pytest.mark.parametrize(
    ("kind", "allowed"),
    [
        ("message", 4 | 4096 | 8192),
        ("followup", 4 | 64 | 4096),
        ("webhook", 4 | 4096),
        ("edit", 4),
    ],
)
def test_each_way_to_send_has_its_flags(kind, allowed):
    for bit in range(15):
        refused = faults(kind, {"content": "x", "flags": 1 << bit})
        assert bool(refused) != bool(allowed >> bit & 1)


def test_each_way_to_send_has_its_fields():
    assert faults("webhook", {"content": "x", "username": "Ann", "avatar_url": URL, "thread_name": "t"}) == []
    assert faults("message", {"content": "x", "nonce": "n" * 25, "enforce_nonce": True, "sticker_ids": ["1"]}) == []
    assert faults("message", {"content": "x", "nonce": "n" * 26}) == ["nonce: 26 characters; at most 25"]
    assert faults("edit", {"content": "x", "tts": True}) != []


def test_an_edit_may_name_one_thing_but_may_not_take_everything_away():
    assert faults("edit", {"components": []}) == []
    emptied = {"content": None, "embeds": [], "components": [], "attachments": []}
    assert faults("edit", emptied) == [
        "content: empty; a message needs content, an embed, a component, a file or a poll"
    ]
    assert faults("edit", {**emptied, "attachments": [{"id": "1100000000000000000"}]}) == []


def test_an_edit_may_show_a_file_that_the_message_has_already():
    picture = {"embeds": [{"image": {"url": "attachment://a.png"}}]}
    assert faults("edit", picture) == []
    assert faults("edit", {**picture, "attachments": [{"id": "1100000000000000000"}]}) == []
    assert faults("edit", {**picture, "attachments": []}) == ['embeds[0].image.url: no file is named "a.png"']


# Files.


def test_files_are_counted_and_weighed():
    file = File("a.txt", b"12345")
    assert faults("message", {}, [file] * 10) == []
    assert faults("message", {}, [file] * 11) == ["files: 11; at most 10"]
    assert faults("message", {}, [file], file_bytes=5) == []
    assert faults("message", {}, [file], file_bytes=4) == ["files[0]: 5 bytes; at most 4"]
    assert faults("message", {}, [File("a", bytes(FILE_BYTES))]) == []
    assert faults("message", {}, [File("a", bytes(FILE_BYTES + 1))]) == ["files[0]: 10485761 bytes; at most 10485760"]
    half = File("a", bytes(REQUEST_BYTES // 2 + 1))
    assert faults("message", {}, [half] * 2, file_bytes=REQUEST_BYTES) == [
        f"files: {REQUEST_BYTES + 2} bytes in total; at most {REQUEST_BYTES}"
    ]
    assert faults("message", {}, [File("", b"")]) == ["files[0].name: empty"]


def test_files_and_attachments_belong_together():
    file = File("a.txt", b"")
    assert faults("message", {"attachments": [{"id": 0}, {"id": "1"}]}, [file] * 2) == []
    assert faults("message", {"attachments": [{"id": 0}]}, [file] * 2) == [
        "attachments: there is no entry for files[1]"
    ]
    assert faults("message", {"attachments": [{"id": 0}, {"id": 0}]}, [file]) == ["attachments[1].id: 0 is used twice"]
    assert faults("message", {"attachments": [{"id": 0}] * 11}, [file])[0] == "attachments: 11; at most 10"


def test_a_name_leads_to_one_file():
    shown = layout({"type": 13, "file": {"url": "attachment://a.txt"}})
    assert faults("message", shown, [File("a.txt", b"")]) == []
    assert faults("message", shown, [File("a.txt", b"")] * 2) == ['components[0].file.url: 2 files are named "a.txt"']
    assert faults("message", layout({"type": 13, "file": {"url": "attachment://Größe"}}), [File("Größe", b"")]) == [
        'components[0].file.url: "Größe"; use only ASCII letters, digits and _-. in the name of a shown file'
    ]
    assert faults("message", layout(TEXT), [File("a.txt", b"")]) == [
        'files[0]: no component shows "a.txt", so nobody would see it'
    ]


# Responses and modals.


@pytest.mark.parametrize(
    "response",
    [
        {"type": 1},
        {"type": 4, "data": {"content": "x", "flags": 64}},
        {"type": 5},
        {"type": 5, "data": {"flags": 64}},
        {"type": 6},
        {"type": 7, "data": {"components": []}},
        {"type": 8, "data": {"choices": []}},
        {"type": 8, "data": {"choices": [{"name": "x" * 100, "value": "x" * 100}] * 25}},
        {"type": 8, "data": {"choices": [{"name": "x", "value": 2**53 - 1, "name_localizations": {"de": "y"}}]}},
        {"type": 9, "data": modal(label(typed()))},
        {"type": 12},
    ],
    ids=str,
)
def test_a_response_that_discord_takes_has_no_fault(response):
    assert faults("callback", response) == []
    judge.approve("callback", response)


@pytest.mark.parametrize(
    ("response", "fault"),
    [
        ({}, "type: nothing is not a type of interaction response"),
        ({"type": 10}, "type: 10 is not a type of interaction response"),
        ({"type": True}, "type: true is not a type of interaction response"),
        ({"type": 4}, "data: missing"),
        (
            {"type": 4, "data": {}},
            "data.content: empty; a message needs content, an embed, a component, a file or a poll",
        ),
        ({"type": 4, "data": {"content": "x"}, "content": "x"}, "content: there is no such field, or it cannot be"),
        ({"type": 5, "data": {"flags": 4096}}, "data.flags: SUPPRESS_NOTIFICATIONS (4096) cannot be set here"),
        ({"type": 5, "data": {"content": "x"}}, "data.content: there is no such field, or it cannot be set here"),
        ({"type": 6, "data": {}}, "data: a response of type 6 has no data"),
        ({"type": 7, "data": poll()}, "data.poll: there is no such field, or it cannot be set here"),
        ({"type": 7, "data": {"content": "x", "flags": 64}}, "data.flags: EPHEMERAL (64) cannot be set here"),
        ({"type": 8, "data": {"choices": [{"name": "x", "value": "y"}] * 26}}, "data.choices: 26; at most 25"),
        ({"type": 8, "data": {"choices": [{"name": "", "value": "y"}]}}, "data.choices[0].name: empty"),
        (
            {"type": 8, "data": {"choices": [{"name": "x", "value": "y" * 101}]}},
            "data.choices[0].value: 101 characters; at most 100",
        ),
        ({"type": 8, "data": {"choices": [{"name": "x", "value": 2**53}]}}, "data.choices[0].value: 9007199254740992,"),
        (
            {"type": 8, "data": {"choices": [{"name": "x", "value": 1}, {"name": "x", "value": "1"}]}},
            "data.choices: has both strings and numbers; an option has one type",
        ),
    ],
    ids=str,
)
def test_a_response_that_discord_would_refuse_is_told_why(response, fault):
    found = faults("callback", response)
    assert len(found) == 1
    assert found[0].startswith(fault)


def test_only_a_message_response_has_files():
    file = File("a.txt", b"")
    assert faults("callback", {"type": 4, "data": {"attachments": [{"id": 0}]}}, [file]) == []
    for response in ({"type": 5}, {"type": 5, "data": {"flags": 64}}, {"type": 9, "data": modal(TEXT)}):
        assert faults("callback", response, [file]) == [f"files: a response of type {response['type']} has no files"]


@pytest.mark.parametrize(
    "form",
    [
        modal(label(typed(max_length=5, value="12345")), title="x" * 45, custom_id="x" * 100),
        modal(*[label(typed(str(number)), description="x" * 100) for number in range(5)]),
        modal(TEXT, row(typed(label="x" * 45))),
        modal(label(select(3, options=options(2), min_values=0, required=False))),
        modal(*[label(select(kind, str(kind))) for kind in (5, 6, 7, 8)]),
        modal(label({"type": 19, "custom_id": "f", "max_values": 10, "file_types": ["image", ".pdf"]})),
        modal(label({"type": 21, "custom_id": "r", "options": options(2)})),
        modal(label({"type": 22, "custom_id": "c", "options": options(10), "min_values": 10})),
        modal(label({"type": 23, "custom_id": "c", "default": True})),
    ],
    ids=str,
)
def test_a_modal_that_discord_takes_has_no_fault(form):
    assert faults("modal", form) == []
    judge.approve("callback", {"type": 9, "data": form})


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        (modal(TEXT, title="x" * 46), "title: 46 characters; at most 45"),
        (modal(TEXT, title=""), "title: empty"),
        (modal(TEXT, custom_id=""), "custom_id: empty"),
        (modal(TEXT, custom_id="x" * 101), "custom_id: 101 characters; at most 100"),
        (modal(), "components: 0; at least 1"),
        (modal(*[TEXT] * 6), "components: 6; at most 5"),
        (modal(press()), "components[0]: Button; must be Label or Text Display"),
        (modal(row(press())), "components[0].components[0]: Button; must be Text Input"),
        (modal(row(typed())), "components[0].components[0].label: missing"),
        (modal(label(press())), "components[0].component: Button; must be String Select, Text Input,"),
        (modal(label(typed(), label="x" * 46)), "components[0].label: 46 characters; at most 45"),
        (modal(label(typed(), description="x" * 101)), "components[0].description: 101 characters; at most 100"),
        (modal(label(typed(label="x"))), "components[0].component.label: must not be set; the Label has it"),
        (
            modal(label(typed(min_length=5, max_length=4))),
            "components[0].component.min_length: 5, more than max_length",
        ),
        (
            modal(label(typed(max_length=4, value="12345"))),
            "components[0].component.value: 5 characters; its max_length",
        ),
        (
            modal(label(typed(placeholder="x" * 101))),
            "components[0].component.placeholder: 101 characters; at most 100",
        ),
        (modal(label(typed(style=3))), "components[0].component.style: 3; must be 1 or 2"),
        (
            modal(label(typed()), label(typed())),
            'components[1].component.custom_id: "t" is also the custom id of another component',
        ),
        (modal(label(select(disabled=False))), "components[0].component.disabled: there is no such field in a modal"),
        (
            modal(label(select(min_values=0))),
            "components[0].component.min_values: 0, but the field is required; at least 1",
        ),
        (modal(label({"type": 19, "custom_id": "f", "max_values": 11})), "components[0].component.max_values: 11;"),
        (
            modal(label({"type": 19, "custom_id": "f", "file_types": ["pdf"]})),
            'components[0].component.file_types[0]: "pdf"; must be image, video, audio or an ending such as .pdf',
        ),
        (modal(label({"type": 21, "custom_id": "r", "options": options(1)})), "components[0].component.options: 1; at"),
        (
            modal(label({"type": 21, "custom_id": "r", "options": options(2, default=True)})),
            "components[0].component.options: 2 are selected by default; at most 1",
        ),
        (
            modal(label({"type": 22, "custom_id": "c", "options": options(11)})),
            "components[0].component.options: 11; at",
        ),
        (
            modal(label({"type": 23, "custom_id": "c", "required": True})),
            "components[0].component.required: there is no such field, or it cannot be set here",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_modal_that_discord_would_refuse_is_told_why(form, fault):
    found = faults("modal", form)
    assert len(found) == 1
    assert found[0].startswith(fault)
    assert faults("callback", {"type": 9, "data": form}) == [f"data.{found[0]}"]


def test_what_is_required_is_raised_with_every_fault():
    assert require("message", {"content": "x"}) is None
    with pytest.raises(InvalidReply) as raised:
        require("message", {"content": "x" * 2001, "flags": "x"})
    assert raised.value.faults == ["content: 2001 characters; at most 2000", 'flags: "x", not a whole number']
    assert str(raised.value).startswith("Discord would refuse this message: content: 2001 characters; at most 2000; ")
    assert isinstance(raised.value, WatchbellError)
