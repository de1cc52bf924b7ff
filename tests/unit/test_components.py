"""Every component of a message has the fields of Discord's reference and no others."""

import pytest

from tests import judge
from watchbell import Button, Reply
from watchbell.discord import check
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

PHOTO = File("photo.png", b"png", description="A cat", spoiler=True)
URL = "https://x.example/a.png"
PRESS = Button("Press", custom_id="p")
PRESSED = {"type": 2, "style": 2, "label": "Press", "custom_id": "p"}


@pytest.mark.parametrize(
    ("component", "payload"),
    [
        (Row(PRESS), {"type": 1, "components": [PRESSED]}),
        (
            StringSelect(
                ["red", Option("Green", "g", description="like grass", emoji="🟢", default=True)],
                custom_id="c",
                placeholder="Colour",
                max_values=2,
                disabled=True,
            ),
            {
                "type": 3,
                "custom_id": "c",
                "placeholder": "Colour",
                "max_values": 2,
                "disabled": True,
                "options": [
                    {"label": "red", "value": "red"},
                    {
                        "label": "Green",
                        "value": "g",
                        "description": "like grass",
                        "emoji": {"name": "🟢"},
                        "default": True,
                    },
                ],
            },
        ),
        (
            UserSelect(custom_id="c", default_users=["1"], min_values=0),
            {"type": 5, "custom_id": "c", "min_values": 0, "default_values": [{"id": "1", "type": "user"}]},
        ),
        (
            RoleSelect(custom_id="c", default_roles=["1"], required=False),
            {"type": 6, "custom_id": "c", "required": False, "default_values": [{"id": "1", "type": "role"}]},
        ),
        (
            MentionableSelect(custom_id="c", default_users=["1"], default_roles=["2"], max_values=2),
            {
                "type": 7,
                "custom_id": "c",
                "max_values": 2,
                "default_values": [{"id": "1", "type": "user"}, {"id": "2", "type": "role"}],
            },
        ),
        (
            ChannelSelect(custom_id="c", channel_types=[0, 5], default_channels=["1"]),
            {
                "type": 8,
                "custom_id": "c",
                "channel_types": [0, 5],
                "default_values": [{"id": "1", "type": "channel"}],
            },
        ),
        (
            Section("a", Text("b", id=3), accessory=PRESS),
            {
                "type": 9,
                "components": [{"type": 10, "content": "a"}, {"type": 10, "id": 3, "content": "b"}],
                "accessory": PRESSED,
            },
        ),
        (
            Section("a", accessory=Thumbnail(PHOTO)),
            {
                "type": 9,
                "components": [{"type": 10, "content": "a"}],
                "accessory": {
                    "type": 11,
                    "media": {"url": "attachment://photo.png"},
                    "description": "A cat",
                    "spoiler": True,
                },
            },
        ),
        (
            Gallery(URL, Media(URL, description="Another", spoiler=True), PHOTO),
            {
                "type": 12,
                "items": [
                    {"media": {"url": URL}},
                    {"media": {"url": URL}, "description": "Another", "spoiler": True},
                    {"media": {"url": "attachment://photo.png"}, "description": "A cat", "spoiler": True},
                ],
            },
        ),
        (PHOTO, {"type": 13, "file": {"url": "attachment://photo.png"}, "spoiler": True}),
        (Separator(), {"type": 14}),
        (Separator(line=False, large=True), {"type": 14, "divider": False, "spacing": 2}),
        (
            Container("a", PRESS, Separator(), colour=0, spoiler=True),
            {
                "type": 17,
                "spoiler": True,
                "accent_color": 0,
                "components": [
                    {"type": 10, "content": "a"},
                    {"type": 1, "components": [PRESSED]},
                    {"type": 14},
                ],
            },
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_component_is_what_was_written(component, payload):
    assert component.payload() == payload
    reply = Reply(components=[component])
    for kind, message in (("message", reply.message()), ("edit", reply.edit())):
        assert check.faults(kind, message, reply.uploads()) == []
        judge.approve(kind, message)
