"""A reply keeps what its author wrote: as a new message, as an edit, in several messages, and with disabled buttons."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell import Button, Embed, Reply
from watchbell.discord.component import disabled
from watchbell.discord.components import ChannelSelect, Container, Row, Section, Text, Thumbnail, UserSelect
from watchbell.discord.files import File
from watchbell.discord.mentions import Mentions
from watchbell.discord.poll import Poll
from watchbell.discord.split import pieces

CHART = File("chart.png", b"png", description="CPU, by hour")


def button(label="Again"):
    return Button(label, custom_id=label)


def test_a_plain_reply_is_its_text_and_notifies_nobody():
    assert Reply("Pong!").message() == {"content": "Pong!", "allowed_mentions": {"parse": []}}


@pytest.mark.parametrize(
    ("reply", "private", "flags"),
    [
        (Reply("x"), True, 64),
        (Reply("x", silent=True), False, 4096),
        (Reply("x", suppress_embeds=True), False, 4),
        (Reply(components=["x"]), False, 32768),
        (Reply(components=["x"], silent=True, suppress_embeds=True), True, 4 | 64 | 4096 | 32768),
    ],
)
def test_flags_follow_from_what_was_asked(reply, private, flags):
    assert reply.message(private=private)["flags"] == flags


def test_an_edit_takes_away_what_the_reply_does_not_have():
    assert Reply("Done.").edit() == {
        "content": "Done.",
        "embeds": [],
        "components": [],
        "attachments": [],
        "allowed_mentions": {"parse": []},
    }


def test_an_edit_to_components_v2_nulls_what_stood_there():
    edit = Reply(components=["# Done"]).edit()
    assert (edit["content"], edit["embeds"], edit["attachments"], edit["flags"]) == (None, [], [], 32768)


def test_an_edit_changes_neither_privacy_nor_sound():
    assert "flags" not in Reply("x", silent=True).edit()
    assert Reply("x", silent=True, suppress_embeds=True).edit()["flags"] == 4


def test_loose_buttons_share_rows_of_five():
    rows = Reply("x", buttons=[button(str(number)) for number in range(7)]).message()["components"]
    assert [[part["label"] for part in row["components"]] for row in rows] == [list("01234"), list("56")]


def test_a_loose_select_has_a_row_of_its_own_and_buttons_come_last():
    reply = Reply(
        "x", components=[button("a"), UserSelect(custom_id="u"), Row(button("b")), button("c")], buttons=[button("d")]
    )
    kinds = [[part["type"] for part in row["components"]] for row in reply.message()["components"]]
    assert kinds == [[2], [5], [2], [2, 2]]
    assert "flags" not in reply.message()


@pytest.mark.parametrize(
    ("given", "payload"),
    [
        (Button("a", custom_id="x"), {"type": 2, "style": 2, "label": "a", "custom_id": "x"}),
        (
            Button("a", custom_id="x", style="danger", disabled=True),
            {"type": 2, "style": 4, "label": "a", "custom_id": "x", "disabled": True},
        ),
        (Button("a", url="https://x.example"), {"type": 2, "style": 5, "label": "a", "url": "https://x.example"}),
        (Button(sku_id="123"), {"type": 2, "style": 6, "sku_id": "123"}),
        (
            Button(emoji="🎲", custom_id="x", id=4),
            {"type": 2, "id": 4, "style": 2, "emoji": {"name": "🎲"}, "custom_id": "x"},
        ),
        (
            Button(emoji="<a:bell:77>", custom_id="x"),
            {"type": 2, "style": 2, "emoji": {"name": "bell", "id": "77", "animated": True}, "custom_id": "x"},
        ),
    ],
)
def test_a_button_is_pressed_followed_or_bought(given, payload):
    assert given.payload() == payload


def test_a_custom_id_that_is_yet_to_be_sealed_is_put_through_untouched():
    class Address:
        is_address = True

    mine = Address()
    message = Reply("x", buttons=[Button("a", custom_id=mine)], components=[ChannelSelect(custom_id=mine)]).message()
    assert all(row["components"][0]["custom_id"] is mine for row in message["components"])


def test_an_embed_has_all_its_parts():
    embed = Embed(
        "Title",
        "Text",
        url="https://x.example",
        colour=0,
        author="Ann",
        author_url="https://x.example/ann",
        author_icon="https://x.example/ann.png",
        image=CHART,
        thumbnail="https://x.example/t.png",
        footer="end",
        footer_icon=CHART,
        timestamp="2026-01-31T12:00:00Z",
    )
    embed.field("a", "b", inline=True)
    assert embed.payload() == {
        "title": "Title",
        "description": "Text",
        "url": "https://x.example",
        "color": 0,
        "author": {"name": "Ann", "url": "https://x.example/ann", "icon_url": "https://x.example/ann.png"},
        "image": {"url": "attachment://chart.png"},
        "thumbnail": {"url": "https://x.example/t.png"},
        "footer": {"text": "end", "icon_url": "attachment://chart.png"},
        "timestamp": "2026-01-31T12:00:00Z",
        "fields": [{"name": "a", "value": "b", "inline": True}],
    }
    assert len(embed) == len("Title" + "Text" + "Ann" + "end" + "a" + "b")


def test_a_file_that_is_shown_is_sent_once_and_without_being_named_again():
    log = File("log.txt", b"text", spoiler=True)
    reply = Reply(
        components=[Container(Section("CPU", accessory=Thumbnail(CHART)), log), log],
        embeds=[Embed(image=CHART)],
        files=[log],
    )
    assert reply.uploads() == [log, CHART]
    assert reply.message()["attachments"] == [
        {"id": 0, "filename": "log.txt", "is_spoiler": True},
        {"id": 1, "filename": "chart.png", "description": "CPU, by hour"},
    ]


@pytest.mark.parametrize(
    ("mentions", "payload"),
    [
        (None, {"parse": []}),
        (Mentions(), {"parse": []}),
        (Mentions(users=["1"], roles=["2", "3"]), {"parse": [], "users": ["1"], "roles": ["2", "3"]}),
        (Mentions(users=True, roles=["2"]), {"parse": ["users"], "roles": ["2"]}),
        (Mentions(roles=True, everyone=True), {"parse": ["roles", "everyone"]}),
    ],
)
def test_only_who_is_named_is_notified(mentions, payload):
    reply = Reply("x", mentions=mentions)
    assert reply.message()["allowed_mentions"] == reply.edit()["allowed_mentions"] == payload


def test_a_poll_has_answers_with_and_without_emoji():
    poll = Poll("Lunch?", ["Soup", ("Stew", "🍲"), ("Ours", "<:ours:5>")], hours=2, multiple=True)
    assert Reply(poll=poll).message()["poll"] == {
        "question": {"text": "Lunch?"},
        "answers": [
            {"poll_media": {"text": "Soup"}},
            {"poll_media": {"text": "Stew", "emoji": {"name": "🍲"}}},
            {"poll_media": {"text": "Ours", "emoji": {"id": "5"}}},
        ],
        "duration": 2,
        "allow_multiselect": True,
    }


def test_after_use_everything_that_can_be_pressed_is_out_of_use():
    link = Button("Docs", url="https://x.example")
    reply = Reply("x", buttons=[button(), link], components=[UserSelect(custom_id="u")])
    after = reply.disabled().message()["components"]
    assert [part.get("disabled", False) for row in after for part in row["components"]] == [True, True, False]
    assert "disabled" not in str(reply.message())


def test_a_message_as_discord_sent_it_is_put_out_of_use():
    sent = [
        {
            "type": 17,
            "id": 1,
            "components": [
                {"type": 9, "id": 2, "components": [{"type": 10, "id": 3, "content": "x"}], "accessory": _sent(4)},
                {"type": 1, "id": 5, "components": [_sent(6), {**_sent(7), "style": 5}, {**_sent(8), "style": 6}]},
                {"type": 13, "id": 9, "name": "a.txt", "size": 3, "file": {"url": "https://cdn.example/a.txt?ex=1"}},
            ],
        },
        {"type": 1, "id": 10, "components": [{"type": 3, "id": 11, "custom_id": "s", "options": []}]},
    ]
    before = repr(sent)
    after = disabled(sent)
    section, row, file = after[0]["components"]
    assert section["accessory"]["disabled"]
    assert [part.get("disabled", False) for part in row["components"]] == [True, False, False]
    assert after[1]["components"][0]["disabled"]
    assert file == {"type": 13, "id": 9, "file": {"url": "attachment://a.txt"}}
    assert repr(sent) == before


def _sent(number):
    return {"type": 2, "id": number, "style": 1, "label": "x", "custom_id": str(number)}


def test_what_is_short_enough_is_one_reply():
    reply = Reply("x" * 2000, buttons=[button()])
    assert [one.message() for one in reply.split()] == [reply.message()]
    assert len(Reply().split()) == 1


def test_of_several_replies_the_last_has_all_but_the_text():
    reply = Reply(
        "\n".join(["x" * 999] * 5),
        embeds=[Embed("e")],
        buttons=[button()],
        files=[CHART],
        mentions=Mentions(users=True),
        silent=True,
    )
    *firsts, last = (one.message() for one in reply.split())
    assert [message["content"] for message in (*firsts, last)] == [*["x" * 999 + "\n" + "x" * 999] * 2, "x" * 999]
    assert all(message.keys() == {"content", "allowed_mentions", "flags"} for message in firsts)
    assert {"embeds", "components", "attachments"} <= last.keys()
    assert all(message["allowed_mentions"] == {"parse": ["users"]} for message in (*firsts, last))
    assert {message["flags"] for message in (*firsts, last)} == {4096}


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("a" * 60 + "\n" + "b" * 60, ["a" * 60, "b" * 60]),
        ("a" * 50 + " " + "b" * 60, ["a" * 50, "b" * 60]),
        ("a" * 150, ["a" * 100, "a" * 50]),
        ("a b\n" + "c" * 60 + " " + "d" * 60, ["a b\n" + "c" * 60, "d" * 60]),
        (
            "see\n```py\n" + "x = 1\n" * 20 + "```\nend",
            ["see\n```py\n" + "x = 1\n" * 13 + "x = 1\n```", "```py\n" + "x = 1\n" * 6 + "```\nend"],
        ),
        ("a" * 90 + "\n```py\n" + "b" * 20 + "\n```", ["a" * 90, "```py\n" + "b" * 20 + "\n```"]),
        ("a" * 92 + "```py\n" + "b" * 20 + "\n```", ["a" * 92, "```py\n" + "b" * 20 + "\n```"]),
        ("```" + "a" * 150 + "```", ["```" + "a" * 93 + "\n```", "```\n" + "a" * 57 + "```"]),
        ("```\nnever closed\n" + "a" * 90, ["```\nnever closed\n" + "a" * 79 + "\n```", "```\n" + "a" * 11 + "\n```"]),
    ],
)
def test_text_is_split_where_a_reader_would(text, split):
    assert pieces(text, 100) == split


SCRAPS = ["word ", "a" * 40, " ", "\n", "`", "```", "\n```py\n", "\n```\n"]


@given(st.lists(st.sampled_from(SCRAPS), max_size=100).map("".join))
def test_every_piece_fits_says_something_and_closes_its_code(text):
    split = pieces(text, 64)
    assert all(len(piece) <= 64 for piece in split)
    assert len(split) == 1 or all(piece.strip() and piece.count("```") % 2 == 0 for piece in split)


@given(st.lists(st.text(alphabet="abcdefg", min_size=1, max_size=25), min_size=1, max_size=60))
def test_no_word_is_lost_or_broken(words):
    split = pieces(" ".join(words), 64)
    assert re.split(r"\s+", " ".join(split)) == words


def test_text_displays_count_as_text_whether_written_out_or_not():
    written = Reply(components=[Container(Text("a"), "b"), Text("c")])
    short = Reply(components=[Container("a", Text("b")), "c"])
    assert written.message() == short.message()


LAYER = Path(__file__).parents[2] / "layers/watchbell/python"
PROGRAM = """
import json, sys
from watchbell.discord.reply import Button, Reply
message = Reply("Pong!", buttons=[Button("Again", custom_id="p")]).message()
plain = set(sys.modules)
from watchbell.discord import check
check.require("message", message)
print(json.dumps([sorted(plain), sorted(set(sys.modules) - plain)]))
"""


def test_a_plain_reply_loads_nothing_that_it_does_not_use_and_its_check_only_itself():
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(LAYER)}
    answer = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    )
    plain, checked = json.loads(answer.stdout)
    rest = ("check", "components", "emoji", "files", "mentions", "poll", "split")
    assert {f"watchbell.discord.{name}" for name in rest} & set(plain) == set()
    ours = ("check", "component_rules", "rules")
    assert set(checked) == {f"watchbell.discord.{name}" for name in ours}
