"""The library's check against Discord's own schema, with generated replies: the check is never more lenient."""

import copy

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests import judge
from watchbell import Button, Embed, Reply
from watchbell.discord.check import faults
from watchbell.discord.components import (
    ChannelSelect,
    Container,
    Gallery,
    Media,
    MentionableSelect,
    Option,
    RoleSelect,
    Row,
    Section,
    Separator,
    StringSelect,
    Text,
    Thumbnail,
    UserSelect,
)
from watchbell.discord.files import File
from watchbell.discord.mentions import Mentions
from watchbell.discord.poll import Poll

pytestmark = pytest.mark.skipif(not judge.AVAILABLE, reason="Discord's schema is not at hand")


def words(most):
    """Texts: often a few words, sometimes `most` characters, one more, or none."""
    return st.one_of(
        st.text(min_size=1, max_size=8), st.sampled_from(["x", "two words", "x" * most, "x" * (most + 1), ""])
    )


IDS = st.integers(1, 2**63).map(str)
EMOJI = st.sampled_from(["", "", "🎲", "<:bell:77>", "<a:bell:77>"])
URLS = st.sampled_from(["https://x.example/a.png", "http://x.example", "attachment://chart.png", "x"])
FILES = st.builds(
    File,
    st.sampled_from(["chart.png", "log.txt", "Größe.gif"]),
    st.binary(max_size=4),
    description=words(1024),
    spoiler=st.booleans(),
)
PICTURES = st.one_of(URLS, FILES)
COLOURS = st.sampled_from([None, 0, 0xFFFFFF, 0x1000000])
CUSTOM_IDS = st.one_of(st.uuids().map(str), st.uuids().map(str), words(100))


@st.composite
def embeds(draw):
    embed = Embed(
        draw(words(256)),
        draw(words(4096)),
        url=draw(st.one_of(st.just(""), URLS)),
        colour=draw(COLOURS),
        author=draw(words(256)),
        author_icon=draw(st.one_of(st.just(""), PICTURES)),
        image=draw(st.one_of(st.just(""), PICTURES)),
        thumbnail=draw(st.one_of(st.just(""), URLS)),
        footer=draw(words(2048)),
        timestamp=draw(st.sampled_from(["", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00.5+02:00", "soon"])),
    )
    for name, value, inline in draw(st.lists(st.tuples(words(256), words(1024), st.booleans()), max_size=3)):
        embed.field(name, value, inline=inline)
    return embed


BUTTONS = st.one_of(
    st.builds(
        Button,
        words(80),
        custom_id=CUSTOM_IDS,
        style=st.sampled_from(["primary", "secondary", "success", "danger"]),
        emoji=EMOJI,
        disabled=st.booleans(),
    ),
    st.builds(Button, words(80), url=URLS, emoji=EMOJI),
    st.builds(Button, sku_id=IDS),
)
COMMON = {
    "custom_id": CUSTOM_IDS,
    "placeholder": words(150),
    "min_values": st.integers(0, 3),
    "max_values": st.integers(1, 26),
    "disabled": st.booleans(),
}
SOME_IDS = st.lists(IDS, max_size=3)
OPTIONS = st.builds(Option, words(100), words(100), description=words(100), emoji=EMOJI, default=st.booleans())
CHANNEL_TYPES = st.integers(-1, 15)  # 16, media channels, is in Discord's reference but not in its schema.
SELECTS = st.one_of(
    st.builds(StringSelect, st.lists(OPTIONS, max_size=26), **COMMON),
    st.builds(UserSelect, default_users=SOME_IDS, **COMMON),
    st.builds(RoleSelect, default_roles=SOME_IDS, **COMMON),
    st.builds(MentionableSelect, default_users=SOME_IDS, default_roles=SOME_IDS, **COMMON),
    st.builds(ChannelSelect, channel_types=st.lists(CHANNEL_TYPES, max_size=3), default_channels=SOME_IDS, **COMMON),
)
ROWS = st.one_of(st.lists(BUTTONS, max_size=6).map(lambda buttons: Row(*buttons)), SELECTS.map(Row), BUTTONS, SELECTS)
TEXTS = st.one_of(words(4000), st.builds(Text, words(4000), id=st.integers(0, 3)))
SPOILER = {"description": words(1024), "spoiler": st.booleans()}
LAYOUT = st.one_of(
    ROWS,
    TEXTS,
    st.builds(
        lambda texts, accessory: Section(*texts, accessory=accessory),
        st.lists(TEXTS, max_size=4),
        st.one_of(BUTTONS, st.builds(Thumbnail, PICTURES, **SPOILER)),
    ),
    st.lists(st.one_of(PICTURES, st.builds(Media, PICTURES, **SPOILER)), max_size=11).map(
        lambda items: Gallery(*items)
    ),
    FILES,
    st.builds(Separator, line=st.booleans(), large=st.booleans()),
)
CONTAINERS = st.builds(
    lambda parts, colour, spoiler: Container(*parts, colour=colour, spoiler=spoiler),
    st.lists(LAYOUT, max_size=4),
    COLOURS,
    st.booleans(),
)
POLLS = st.builds(
    Poll,
    words(300),
    st.lists(st.one_of(words(55), st.tuples(words(55), EMOJI)), max_size=11),
    hours=st.sampled_from([1, 24, 768, 769]),
)
WHOM = st.one_of(st.booleans(), SOME_IDS)
MENTIONS = st.one_of(st.none(), st.builds(Mentions, users=WHOM, roles=WHOM, everyone=st.booleans()))
REST = {"files": st.lists(FILES, max_size=2), "mentions": MENTIONS, "silent": st.booleans()}
REPLIES = st.one_of(
    st.builds(
        Reply,
        words(2000),
        embeds=st.lists(embeds(), max_size=2),
        components=st.lists(ROWS, max_size=3),
        buttons=st.lists(BUTTONS, max_size=3),
        poll=st.one_of(st.none(), POLLS),
        **REST,
    ),
    st.builds(Reply, components=st.lists(st.one_of(LAYOUT, CONTAINERS), max_size=3), **REST),
)


def in_all_ways(reply):
    """Yield (kind, payload) for each way to send `reply`. An update cannot have a poll."""
    yield "message", reply.message()
    yield "followup", reply.message(private=True)
    yield "edit", reply.edit()
    yield "callback", {"type": 4, "data": reply.message(private=True)}
    if not reply.poll:
        yield "callback", {"type": 7, "data": reply.edit()}


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(REPLIES)
def test_a_reply_that_we_take_is_one_that_discord_takes(reply):
    for kind, payload in in_all_ways(reply):
        if not faults(kind, payload, reply.uploads()):
            event(f"{kind} without fault")
            judge.approve(kind, payload)


PHOTO = "https://x.example/a.png"
GOOD = [
    (
        "followup",
        {
            "content": "x",
            "flags": 64,
            "tts": False,
            "allowed_mentions": {"parse": ["roles"], "users": ["1"], "replied_user": False},
            "embeds": [
                {
                    "title": "x",
                    "description": "x",
                    "url": PHOTO,
                    "color": 1,
                    "timestamp": "2026-01-31T12:00:00Z",
                    "author": {"name": "x", "url": PHOTO, "icon_url": PHOTO},
                    "footer": {"text": "x", "icon_url": PHOTO},
                    "image": {"url": PHOTO},
                    "thumbnail": {"url": PHOTO},
                    "fields": [{"name": "x", "value": "x", "inline": True}],
                }
            ],
            "components": [
                {
                    "type": 1,
                    "id": 1,
                    "components": [
                        {"type": 2, "style": 1, "label": "x", "custom_id": "a", "emoji": {"id": "1", "name": "x"}},
                        {"type": 2, "style": 5, "label": "x", "url": PHOTO, "disabled": True},
                        {"type": 2, "style": 6, "sku_id": "1"},
                    ],
                },
                {
                    "type": 1,
                    "components": [
                        {
                            "type": 3,
                            "custom_id": "b",
                            "placeholder": "x",
                            "min_values": 1,
                            "max_values": 1,
                            "options": [{"label": "x", "value": "x", "description": "x", "default": True}],
                        }
                    ],
                },
                {
                    "type": 1,
                    "components": [
                        {
                            "type": 7,
                            "custom_id": "c",
                            "max_values": 2,
                            "default_values": [{"id": "1", "type": "user"}, {"id": "2", "type": "role"}],
                        }
                    ],
                },
                {"type": 1, "components": [{"type": 8, "custom_id": "d", "channel_types": [0, 5]}]},
            ],
            "poll": {
                "question": {"text": "x"},
                "answers": [{"poll_media": {"text": "x", "emoji": {"name": "x"}}}],
                "duration": 1,
                "allow_multiselect": True,
                "layout_type": 1,
            },
        },
    ),
    (
        "edit",
        {
            "flags": 32768,
            "content": None,
            "embeds": [],
            "attachments": [{"id": "1100000000000000000", "filename": "x", "description": "x", "is_spoiler": True}],
            "components": [
                {
                    "type": 17,
                    "accent_color": 1,
                    "spoiler": True,
                    "components": [
                        {
                            "type": 9,
                            "components": [{"type": 10, "content": "x"}],
                            "accessory": {"type": 11, "media": {"url": PHOTO}, "description": "x", "spoiler": False},
                        },
                        {"type": 12, "items": [{"media": {"url": PHOTO}, "description": "x", "spoiler": True}]},
                        {"type": 14, "divider": True, "spacing": 1},
                        {"type": 13, "file": {"url": "attachment://x"}, "spoiler": True},
                    ],
                }
            ],
        },
    ),
    (
        "callback",
        {
            "type": 9,
            "data": {
                "custom_id": "m",
                "title": "x",
                "components": [
                    {
                        "type": 18,
                        "label": "x",
                        "description": "x",
                        "component": {
                            "type": 4,
                            "custom_id": "a",
                            "style": 1,
                            "min_length": 0,
                            "max_length": 9,
                            "required": True,
                            "value": "x",
                            "placeholder": "x",
                        },
                    },
                    {
                        "type": 18,
                        "label": "x",
                        "component": {"type": 19, "custom_id": "b", "min_values": 1, "max_values": 2, "required": True},
                    },
                    {
                        "type": 18,
                        "label": "x",
                        "component": {
                            "type": 21,
                            "custom_id": "c",
                            "options": [{"label": "x", "value": "x", "default": True}, {"label": "x", "value": "y"}],
                        },
                    },
                    {
                        "type": 18,
                        "label": "x",
                        "component": {
                            "type": 22,
                            "custom_id": "d",
                            "min_values": 1,
                            "max_values": 1,
                            "options": [{"label": "x", "value": "x", "description": "x"}],
                        },
                    },
                    {"type": 10, "content": "x"},
                ],
            },
        },
    ),
    (
        "callback",
        {"type": 8, "data": {"choices": [{"name": "x", "value": "x", "name_localizations": {"de": "x"}}]}},
    ),
    ("callback", {"type": 5, "data": {"flags": 64}}),
]
JUNK = st.sampled_from(
    [None, True, -1, 0, 7, 1.5, 10**30, "", "x", "x" * 101, "x" * 5000, [], ["x"], [None], [{}] * 41, {}, {"type": 2}]
)


def places(value, path=()):
    """Yield the path of everything inside `value`."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield (*path, key)
        yield from places(inner, (*path, key))


@st.composite
def spoiled(draw):
    """A valid payload in which some parts are replaced, removed or repeated."""
    kind, payload = draw(st.sampled_from(GOOD))
    payload = copy.deepcopy(payload)
    for _ in range(draw(st.integers(1, 2))):
        paths = [path for path in places(payload) if path != ("type",)]  # The judge selects its schema by the type.
        if not paths:
            break
        *path, last = draw(st.sampled_from(paths))
        holder = payload
        for key in path:
            holder = holder[key]
        change = draw(st.sampled_from(["replace", "remove", "repeat"]))
        if change == "replace":
            holder[last] = copy.deepcopy(draw(JUNK))
        elif change == "remove":
            del holder[last]
        elif isinstance(holder, list):
            holder *= draw(st.sampled_from([2, 6, 41]))
    return kind, payload


@pytest.mark.parametrize(("kind", "payload"), GOOD)
def test_the_payloads_to_be_spoiled_are_good(kind, payload):
    assert faults(kind, payload) == []
    judge.approve(kind, payload)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(spoiled())
def test_a_payload_that_discord_refuses_is_refused_by_us(spoilt):
    kind, payload = spoilt
    try:
        judge.approve(kind, payload)
    except AssertionError:
        assert faults(kind, payload) != []
    else:
        assert isinstance(faults(kind, payload), list)
