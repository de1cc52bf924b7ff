"""Faults that the simulated Discord finds in messages, components, modals and commands, besides Discord's schema."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.discord import messages, render
from sandbox.discord.commands import COMMAND_KEYS, CommandRegistry
from sandbox.discord.components import KEYS, read_modal
from sandbox.discord.messages import EMBED_KEYS
from sandbox.discord.upload import Upload
from sandbox.discord.validation import Form, Json, Refusal
from tests import judge


def read(body: Any, kind: messages.MessageKind = messages.CREATE, before: Json | None = None) -> Json:
    return messages.read_message(Form(), (), body, kind, before)


def refused(body: Any, kind: messages.MessageKind = messages.CREATE, before: Json | None = None) -> Json:
    with pytest.raises(Refusal) as refusal:
        read(body, kind, before)
    return refusal.value.body()


def button(**more: Any) -> Json:
    return {"type": 2, "style": 1, "label": "Go", "custom_id": "go"} | more


def row(*inside: Json) -> Json:
    return {"type": 1, "components": list(inside)}


def select(**more: Any) -> Json:
    return {"type": 3, "custom_id": "pick", "options": [{"label": "A", "value": "a"}]} | more


FULL = {
    "content": "x" * 2000,
    "embeds": [
        {
            "title": "t" * 256,
            "description": "d" * 1000,
            "url": "https://example.org",
            "color": 0xFFFFFF,
            "timestamp": "2026-11-22T09:00:00Z",
            "footer": {"text": "f" * 2048},
            "author": {"name": "a" * 256},
            "fields": [{"name": "n", "value": "v", "inline": True}] * 25,
        }
    ],
    "components": [row(*(button(custom_id=f"b{r}{b}") for b in range(5))) for r in range(4)] + [row(select())],
    "allowed_mentions": {"parse": [], "users": ["5"]},
    "flags": 4,
}


def test_local_hosts_addresses_and_every_kind_of_emoji_are_taken() -> None:
    for url in ("http://localhost:8000/x", "http://10.0.0.1", "https://[::1]/", "https://bücher.example."):
        read({"embeds": [{"title": "t", "url": url}]})
    for emoji in ("🎲", "❤️", "👍🏽", "1️⃣", "🇩🇪", "👩‍🚒", "↔", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"):
        read({"components": [row(button(emoji={"name": emoji}))]})


def test_a_message_full_to_the_limits_is_taken() -> None:
    judge.approve("message", FULL)
    fields = read(FULL)
    assert (len(fields["content"]), len(fields["components"])) == (2000, 5)
    ids = [inner["id"] for each in fields["components"] for inner in (each, *each["components"])]
    assert ids == list(range(1, 27))  # Discord assigns them in the order of display.


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"content": "x" * 2001}, "content"),
        ({"content": 5}, "content"),
        ({"embeds": [{"title": "t"}] * 11}, "embeds"),
        ({"embeds": [{"title": "t" * 257}]}, "embeds.0.title"),
        ({"embeds": [{"color": 5}]}, "embeds.0.description"),
        ({"embeds": [{"title": "t", "color": 0x1000000}]}, "embeds.0.color"),
        ({"embeds": [{"title": "t", "url": "ftp://x"}]}, "embeds.0.url"),
        ({"embeds": [{"title": "t", "url": "http://bugsink:8000/x"}]}, "embeds.0.url"),
        ({"embeds": [{"title": "t", "url": "http://a..b/"}]}, "embeds.0.url"),
        ({"embeds": [{"title": "t", "url": "https://-/"}]}, "embeds.0.url"),
        ({"embeds": [{"title": "t", "timestamp": "2026-11-22T09:00:00+01:00:30"}]}, "embeds.0.timestamp"),
        ({"embeds": [{"title": "t", "timestamp": "today"}]}, "embeds.0.timestamp"),
        ({"embeds": [{"fields": [{"name": "n", "value": " "}]}]}, "embeds.0.fields.0.value"),
        ({"embeds": [{"fields": [{"name": "n", "value": "v" * 1025}]}]}, "embeds.0.fields.0.value"),
        ({"embeds": [{"description": "d" * 3001}] * 2}, "embeds"),
        ({"components": [row(button(custom_id=str(n))) for n in range(6)]}, "components"),
        ({"components": [button()]}, "components.0.type"),
        ({"components": [row(*(button(custom_id=str(n)) for n in range(6)))]}, "components.0.components"),
        ({"components": [row(button(), select())]}, "components.0.components"),
        ({"components": [row(button(), button())]}, "components.0.components.1.custom_id"),
        ({"components": [row(button(custom_id=None))]}, "components.0.components.0.custom_id"),
        ({"components": [row(button(custom_id="c" * 101))]}, "components.0.components.0.custom_id"),
        ({"components": [row(button(label="l" * 81))]}, "components.0.components.0.label"),
        ({"components": [row(button(label=None))]}, "components.0.components.0.label"),
        ({"components": [row(button(url="https://x.org"))]}, "components.0.components.0.url"),
        ({"components": [row(button(style=5, url="https://x.org"))]}, "components.0.components.0.custom_id"),
        ({"components": [row(button(style=7))]}, "components.0.components.0.style"),
        ({"components": [row(button(emoji={"name": "smile"}))]}, "components.0.components.0.emoji.name"),
        ({"components": [row(button(emoji={"name": "é"}))]}, "components.0.components.0.emoji.name"),
        ({"components": [row(button(emoji={"name": "→"}))]}, "components.0.components.0.emoji.name"),
        ({"components": [row(button(emoji={"name": "日"}))]}, "components.0.components.0.emoji.name"),
        ({"components": [row(button(emoji={"name": "✅✅"}))]}, "components.0.components.0.emoji.name"),
        ({"components": [row(select(options=[]))]}, "components.0.components.0.options"),
        ({"components": [row(select(min_values=2))]}, "components.0.components.0.min_values"),
        ({"components": [row(select(min_values=3, max_values=2))]}, "components.0.components.0.min_values"),
        (
            {"components": [row(select(options=[{"label": "A", "value": "a"}] * 2))]},
            "components.0.components.0.options",
        ),
        ({"allowed_mentions": {"parse": ["users"], "users": ["5"]}}, "allowed_mentions"),
        ({"allowed_mentions": {"parse": ["all"]}}, "allowed_mentions.parse.0"),
        ({"flags": 64}, "flags"),
        ({"flags": 128}, "flags"),
        ({"content": "x", "flags": 32768, "components": [{"type": 10, "content": "y"}]}, "content"),
        ({"flags": 32768, "components": [{"type": 10, "content": "y" * 2001}] * 2}, "components"),
    ],
)
def test_what_discord_refuses_in_a_message_is_named_by_its_path(wrong: Json, path: str) -> None:
    body = wrong if "embeds" in wrong or wrong.get("flags") == 32768 else {"content": "x"} | wrong
    answer = refused(body)
    assert (answer["code"], answer["message"]) == (50035, "Invalid Form Body")
    at = answer["errors"]
    for key in path.split("."):
        at = at[key]
    assert at["_errors"][0].keys() == {"code", "message"}


@pytest.mark.parametrize("empty", [{}, {"content": "  "}, {"content": None, "embeds": []}, {"components": []}])
def test_an_empty_message_is_50006(empty: Json) -> None:
    assert refused(empty)["code"] == 50006


def test_an_edit_keeps_what_it_does_not_name_and_clears_what_it_empties() -> None:
    before = read({"content": "x", "embeds": [{"title": "t"}], "components": [row(button())]})
    kept = read({"content": None}, messages.EDIT, before)
    assert (kept["content"], kept["embeds"], len(kept["components"])) == ("", before["embeds"], 1)
    assert read({"embeds": [], "components": []}, messages.EDIT, before)["content"] == "x"
    assert refused({"content": "", "embeds": [], "components": []}, messages.EDIT, before)["code"] == 50006
    assert refused({"flags": 64}, messages.EDIT, before)["code"] == 50035


def test_a_message_becomes_v2_only_with_its_old_fields_cleared_and_never_back() -> None:
    before, text = read({"content": "x"}), [{"type": 10, "content": "y"}]
    assert "content" in refused({"flags": 32768, "components": text}, messages.EDIT, before)["errors"]
    after = read({"flags": 32768, "components": text, "content": None}, messages.EDIT, before)
    assert read({"flags": 0}, messages.EDIT, after)["flags"] == 32768


def test_mentions_ping_only_from_the_text_and_only_whom_is_allowed() -> None:
    everything = {"content": "<@5> <@&6> @everyone", "embeds": [{"title": "<@7>"}]}
    assert messages.pings(read(everything)) == ({"5"}, {"6"}, True)
    assert messages.pings(read(everything, messages.WEBHOOK)) == ({"5"}, set(), False)
    nobody = everything | {"allowed_mentions": {"parse": []}}
    assert messages.pings(read(nobody)) == (set(), set(), False)


# ---- modals


def modal(*components: Json, **more: Any) -> Json:
    return {"custom_id": "m", "title": "T", "components": list(components)} | more


def label(inner: Json) -> Json:
    return {"type": 18, "label": "L", "component": inner}


TEXT_INPUT = {"type": 4, "custom_id": "q", "style": 1}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (modal(label(TEXT_INPUT), title="T" * 46), "title"),
        (modal(*(label(TEXT_INPUT | {"custom_id": str(n)}) for n in range(6))), "components"),
        (modal(row(button())), "components.0.components.0.type"),
        (modal(label(TEXT_INPUT | {"label": "twice"})), "components.0.component.label"),
        (modal(label(select(disabled=True))), "components.0.component.disabled"),
        (modal(label(select(min_values=0))), "components.0.component.min_values"),
        (modal(row(TEXT_INPUT)), "components.0.components.0.label"),
    ],
)
def test_what_discord_refuses_in_a_modal(body: Json, path: str) -> None:
    form = Form()
    read_modal(form, (), body)
    at = form.errors
    for key in path.split("."):
        at = at[key]
    assert at["_errors"]


def test_a_right_modal_is_taken() -> None:
    form = Form()
    body = modal(label(TEXT_INPUT), label(select(required=False, min_values=0)), {"type": 10, "content": "Read me"})
    judge.approve("callback", {"type": 9, "data": body})
    read_modal(form, (), body)
    assert form.errors == {}


# ---- commands


def registered(body: Json) -> Json:
    form = Form()
    registry = CommandRegistry("1", iter(map(str, range(100, 200))).__next__, lambda: 0.0)
    return registry.create(form, None, body)[1]


def option(kind: int = 3, **more: Any) -> Json:
    return {"type": kind, "name": "o", "description": "d"} | more


def command(*options: Json, **more: Any) -> Json:
    return {"name": "c", "description": "d", "options": list(options)} | more


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (command(name="Upper"), "name"),
        (command(name="with space"), "name"),
        (command(name="l'hôte"), "name"),
        (command(name="n" * 33), "name"),
        (command(description=None), "description"),
        (command(description="d" * 101), "description"),
        (command(option(), option()), "options.1.name"),
        (command(option(), option(name="p", required=True)), "options.1"),
        (command(*(option(name=f"o{n}") for n in range(26))), "options"),
        (command(option(choices=[{"name": "a", "value": "a"}], autocomplete=True)), "options.0.autocomplete"),
        (command(option(choices=[{"name": "a", "value": 1}])), "options.0.choices.0.value"),
        (command(option(4, choices=[{"name": "a", "value": "1"}])), "options.0.choices.0.value"),
        (command(option(choices=[{"name": str(n), "value": "v"} for n in range(26)])), "options.0.choices"),
        (command(option(min_length=6001)), "options.0.min_length"),
        (command(option(4, min_value=2, max_value=1)), "options.0.min_value"),
        (command(option(12)), "options.0.type"),
        (command(option(1, options=[option(1)])), "options.0.options.0.type"),
        (command(option(2, options=[option(3)])), "options.0.options.0.type"),
        (command(option(1), option(3, name="p")), "options"),
        (command(name_localizations={"xx": "n"}), "name_localizations.xx"),
        (command(default_member_permissions="all"), "default_member_permissions"),
        (command(contexts=[3]), "contexts.0"),
        (command(option(7, channel_types=[0, 99])), "options.0.channel_types.1"),
        ({"name": "Context", "type": 2, "description": "none allowed"}, "description"),
    ],
)
def test_what_discord_refuses_in_a_command(body: Json, path: str) -> None:
    with pytest.raises(Refusal) as refusal:
        registered(body)
    at = refusal.value.errors or {}
    for key in path.split("."):
        at = at[key]
    assert at["_errors"]


def test_a_command_above_8000_characters_is_too_large() -> None:
    choices = [{"name": f"{n:02}" + "n" * 98, "value": "v" * 100} for n in range(25)]
    with pytest.raises(Refusal, match="8000") as refusal:
        registered(command(option(choices=choices), option(name="p", choices=choices)))
    assert (refusal.value.errors or {})["_errors"][0]["code"] == "APPLICATION_COMMAND_TOO_LARGE"


def test_a_right_command_is_kept_without_what_only_repeats_the_default() -> None:
    room = option(7, name="lʼendroit", channel_types=[2, 0])
    body = command(option(required=False, choices=[]), option(4, name="höhe", min_value=0), room, nsfw=False)
    judge.approve("command", body)
    kept = registered(body)
    assert (kept["type"], kept["default_member_permissions"], kept["contexts"]) == (1, None, None)
    assert "required" not in kept["options"][0]
    assert "choices" not in kept["options"][0]
    assert kept["options"][1]["min_value"] == 0
    assert kept["options"][2]["channel_types"] == [0, 2]


# ---- how a message looks


def test_a_rendered_message_shows_embeds_in_a_box_and_buttons_below() -> None:
    fields = read(
        {
            "content": "**INC\\-1** since <t:0:R>",
            "embeds": [
                {"title": "prod", "color": 0x2ECC71, "fields": [{"name": "CPU", "value": "3 %", "inline": True}]}
            ],
            "components": [row(button(label="Refresh"), button(label="Old", custom_id="old", disabled=True))],
        }
    )
    text = render(fields | {"author": {"username": "Watchbell"}})
    assert text.splitlines() == ["INC-1 since 1970-01-01 00:00 UTC", "│ 🟩 prod", "│ CPU: 3 %", "[Refresh] [Old: off]"]


def test_a_rendered_message_shows_its_files_and_its_poll() -> None:
    answers = [{"poll_media": {"text": "Yes", "emoji": {"name": "👍"}}}, {"poll_media": {"text": "No"}}]
    fields = read({"content": "x", "poll": {"question": {"text": "Tea?"}, "answers": answers}})
    fields["attachments"] = [
        {"filename": "a.png", "flags": 0, "description": "a chart"},
        {"filename": "b.txt", "flags": 8},
    ]
    text = render(fields | {"author": {"username": "Watchbell"}})
    assert text.splitlines() == ["x", "📎 a.png (a chart)", "📎 ||b.txt||", "📊 Tea?", "  ○ 👍 Yes", "  ○ No"]


def test_a_rendered_layout_shows_the_files_that_its_components_name() -> None:
    item = {"media": {"url": "attachment://a.png"}, "description": "a chart"}
    form = Form()
    form.uploads = {0: Upload("a.png", b"x"), 1: Upload("b.pdf", b"x")}
    gallery = {"type": 12, "items": [item, {"media": {"url": "https://example.org/x.png"}}]}
    file = {"type": 13, "file": {"url": "attachment://b.pdf"}, "spoiler": True}
    body = {"flags": 32768, "components": [{"type": 17, "components": [gallery, file]}]}
    fields = messages.read_message(form, (), body, messages.CREATE)
    shown = ["│ 📎 a.png (a chart)", "│ 📎 https://example.org/x.png", "│ 📎 ||b.pdf||"]
    assert render(fields | {"author": {"username": "Watchbell"}}).splitlines() == shown
    assert not form.ignored


# ---- any input

_LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-5, 10**9), st.floats(), st.text(max_size=5))
_KEYS = st.sampled_from(
    sorted({*messages.CREATE.keys, *COMMAND_KEYS, *EMBED_KEYS, *" ".join(KEYS.values()).split(), "type"})
)
_BODIES = st.recursive(
    st.one_of(_LEAVES, st.integers(0, 24)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=6)),
    max_leaves=25,
)


@settings(max_examples=100, deadline=None)
@given(_BODIES)
def test_no_body_whatever_is_more_than_refused(body: Any) -> None:
    for kind in (messages.CREATE, messages.EDIT, messages.WEBHOOK):
        with suppress(Refusal):
            messages.pings(read(body, kind))
    with suppress(Refusal):
        registered(body)
    with suppress(Refusal):
        read_modal(Form(), (), body)


def pick(kind: int, **more: Any) -> Json:
    return {"components": [row({"type": kind, "custom_id": "pick"} | more)]}


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (8, {"default_values": [{"id": "5", "type": "channel"}], "channel_types": [0, 5]}),
        (6, {"default_values": [{"id": "5", "type": "role"}, {"id": "6", "type": "role"}], "max_values": 25}),
        (6, {"default_values": [], "min_values": 0}),
        (7, {"default_values": [{"id": "5", "type": "user"}]}),
    ],
)
def test_a_select_can_have_default_values(kind: int, more: Json) -> None:
    assert read(pick(kind, **more))["components"]


@pytest.mark.parametrize(
    ("kind", "more", "key"),
    [
        (8, {"default_values": [{"id": "5", "type": "role"}]}, "default_values"),
        (6, {"default_values": [{"id": "5", "type": "role"}, {"id": "6", "type": "role"}]}, "default_values"),
        (5, {"default_values": [{"id": "ada", "type": "user"}]}, "default_values"),
        (5, {"default_values": [{"id": "5"}]}, "default_values"),
        (8, {"channel_types": [0, 77]}, "channel_types"),
    ],
)
def test_default_values_that_do_not_fit_the_select_are_refused(kind: int, more: Json, key: str) -> None:
    errors = refused(pick(kind, **more))["errors"]["components"]["0"]["components"]["0"]
    assert list(errors) == [key]
