"""The rules for components in messages and modals. Sources: Discord's reference and its OpenAPI file."""

from . import rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .rules import Look, Rule

_ROW, _BUTTON, _STRING_SELECT, _TEXT_INPUT = 1, 2, 3, 4
_SECTION, _TEXT_DISPLAY, _THUMBNAIL, _GALLERY, _FILE, _SEPARATOR, _CONTAINER = 9, 10, 11, 12, 13, 14, 17
_LABEL, _UPLOAD, _RADIO, _CHECKBOXES, _CHECKBOX = 18, 19, 21, 22, 23
_NAMES = {
    1: "Action Row",
    2: "Button",
    3: "String Select",
    4: "Text Input",
    5: "User Select",
    6: "Role Select",
    7: "Mentionable Select",
    8: "Channel Select",
    9: "Section",
    10: "Text Display",
    11: "Thumbnail",
    12: "Media Gallery",
    13: "File",
    14: "Separator",
    17: "Container",
    18: "Label",
    19: "File Upload",
    21: "Radio Group",
    22: "Checkbox Group",
    23: "Checkbox",
}


def _component(*allowed: int) -> "Rule":
    """A component of one of the `allowed` types, which follows the rule of its type."""

    def rule(value: "Any", place: str, look: "Look") -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if type(kind) is not int or kind not in allowed:
            name = _NAMES.get(kind) if type(kind) is int else None
            look.fault(
                place, f"{name or rules.what(value)}; must be {rules.either([_NAMES[each] for each in allowed])}"
            )
            return
        look.components += 1
        if _SECTION <= kind <= _CONTAINER and not look.v2:
            look.v2 = place
        _SHAPES[kind](value, place, look)

    return rule


def _id(value: "Any", place: str, look: "Look") -> None:
    rules.number(0, 2**31 - 1)(value, place, look)
    if type(value) is not int or not value:  # 0: Discord assigns the id
        return
    if value in look.ids:
        look.fault(place, f"{value} is also the id of another component")
    look.ids.add(value)


_ID_TEXT = rules.text(1, 100)


def _custom_id(value: "Any", place: str, look: "Look") -> None:
    _ID_TEXT(value, place, look)
    if not isinstance(value, str):
        return
    if value in look.custom_ids:
        look.fault(place, f"{rules.what(value)} is also the custom id of another component")
    look.custom_ids.add(value)


def _display(value: "Any", place: str, look: "Look") -> None:
    rules.text(1, 4000)(value, place, look)
    look.text += len(value) if isinstance(value, str) else 0


def _attached(value: "Any", place: str, look: "Look") -> None:
    rules.url(2048, (rules.ATTACHMENT,))(value, place, look)


def _row(row: dict, place: str, look: "Look") -> None:
    kinds = [component["type"] for component in row["components"]]
    if len(kinds) > 1 and any(kind != _BUTTON for kind in kinds):
        look.fault(rules.inside(place, "components"), "a select needs a row of its own")


_CALLS = ("custom_id", ("sku_id", "url"))
_TARGETS = {5: ("url", ("custom_id", "sku_id")), 6: ("sku_id", ("custom_id", "emoji", "label", "url"))}
"""Style of a button -> the field that it needs, and the fields that it cannot have. The other styles have _CALLS."""


def _button(button: dict, place: str, look: "Look") -> None:
    style = button["style"]
    target, barred = _TARGETS.get(style, _CALLS)
    what = {5: "a link button", 6: "a premium button"}.get(style) or f"a button of style {style}"
    if not button.get(target):
        look.fault(rules.inside(place, target), f"missing; {what} needs one")
    for key in barred:
        if button.get(key):
            look.fault(rules.inside(place, key), f"{what} cannot have one")
    if style != 6 and not button.get("label") and not button.get("emoji"):
        look.fault(place, f"{what} needs a label or an emoji")


def _range(component: dict, place: str, look: "Look", most: int = 1) -> None:
    """Check `min_values` and `max_values` against each other, the options and the defaults.

    Each defaults to 1, except that `max_values` of a Checkbox Group defaults to the number of its options (`most`).
    """
    least = component.get("min_values")
    least = 1 if least is None else least
    highest = component.get("max_values")
    highest = most if highest is None else highest
    if least > highest:
        look.fault(rules.inside(place, "min_values"), f"{least}, more than max_values ({highest})")
    options = component.get("options")
    if options is not None:
        if highest > len(options):
            look.fault(rules.inside(place, "max_values"), f"{highest}, but there are {len(options)} options")
        chosen = sum(option.get("default") is True for option in options)
        if chosen > highest:
            look.fault(rules.inside(place, "options"), f"{chosen} are selected by default; at most {highest}")
    defaults = component.get("default_values")
    if defaults and not least <= len(defaults) <= highest:
        look.fault(rules.inside(place, "default_values"), f"{len(defaults)}; must be {least} to {highest}")


def _all_of_them(group: dict, place: str, look: "Look") -> None:
    _range(group, place, look, len(group["options"]))


def _options(least: int, most: int, **more: "Rule") -> "Rule":
    option = rules.object_of(
        "label value",
        label=rules.text(1, 100),
        value=rules.text(1, 100),
        description=rules.text(0, 100),
        default=rules.flag,
        **more,
    )
    every = rules.list_of(option, least, most)

    def rule(value: "Any", place: str, look: "Look") -> None:
        before = len(look.faults)
        every(value, place, look)
        if len(look.faults) == before:
            seen: set[str] = set()
            for number, each in enumerate(value):
                if each["value"] in seen:
                    look.fault(f"{place}[{number}].value", f"{rules.what(each['value'])} is used twice")
                seen.add(each["value"])

    return rule


def _one_default(group: dict, place: str, look: "Look") -> None:
    chosen = sum(option.get("default") is True for option in group["options"])
    if chosen > 1:
        look.fault(rules.inside(place, "options"), f"{chosen} are selected by default; at most 1")


def _lengths(field: dict, place: str, look: "Look") -> None:
    least, most = field.get("min_length") or 0, field.get("max_length") or 4000
    if least > most:
        look.fault(rules.inside(place, "min_length"), f"{least}, more than max_length ({most})")
    if len(field.get("value") or "") > most:
        look.fault(rules.inside(place, "value"), f"{len(field['value'])} characters; its max_length is {most}")


def _file_type(value: "Any", place: str, look: "Look") -> None:
    if not isinstance(value, str) or not (value in ("image", "video", "audio") or (value[:1] == "." and value[1:])):
        look.fault(place, f"{rules.what(value)}; must be image, video, audio or an ending such as .pdf")


def _select(types: tuple[str, ...], **more: "Rule") -> "Rule":
    default = rules.object_of("id type", id=rules.snowflake, type=rules.one_of(*types))
    defaults = {"default_values": rules.list_of(default, 0, 25, unique=True)} if types else {}
    return rules.object_of(
        "type custom_id" + (" options" if "options" in more else ""),
        _range,
        **_BASE,
        custom_id=_custom_id,
        placeholder=rules.text(0, 150),
        min_values=rules.number(0, 25),
        max_values=rules.number(1, 25),
        required=rules.flag,
        disabled=rules.flag,
        **defaults,
        **more,
    )


def _is_emoji(emoji: dict, place: str, look: "Look") -> None:
    if emoji.get("id"):
        return
    from .emoji import is_unicode  # 0.3 ms of a cold start, which most messages do without

    if not is_unicode(emoji["name"]):
        look.fault(
            rules.inside(place, "name"), f"{rules.what(emoji['name'])} is not an emoji; write 🎲 itself, or <:name:id>"
        )


_EMOJI = rules.object_of("name", _is_emoji, id=rules.snowflake, name=rules.text(1, 32), animated=rules.flag)
_BASE: "dict[str, Rule]" = {"type": rules.anything, "id": _id}
_MEDIA = rules.object_of("url", url=rules.media_url)
_MEDIA_FIELDS: "dict[str, Rule]" = {"media": _MEDIA, "description": rules.text(1, 1024), "spoiler": rules.flag}
_IN_ROWS = (_BUTTON, _STRING_SELECT, 5, 6, 7, 8)
_IN_CONTAINERS = (_ROW, _SECTION, _TEXT_DISPLAY, _GALLERY, _FILE, _SEPARATOR)
_TOP = (*_IN_CONTAINERS, _CONTAINER)
_SHAPES: "dict[int, Rule]" = {
    _ROW: rules.object_of("type components", _row, **_BASE, components=rules.list_of(_component(*_IN_ROWS), 1, 5)),
    _BUTTON: rules.object_of(
        "type style",
        _button,
        **_BASE,
        style=rules.one_of(1, 2, 3, 4, 5, 6),
        label=rules.text(0, 80),
        emoji=_EMOJI,
        custom_id=_custom_id,
        url=rules.url(512, ("http://", "https://", "discord://")),
        sku_id=rules.snowflake,
        disabled=rules.flag,
    ),
    _STRING_SELECT: _select((), options=_options(1, 25, emoji=_EMOJI)),
    5: _select(("user",)),
    6: _select(("role",)),
    7: _select(("user", "role")),
    8: _select(
        ("channel",),
        channel_types=rules.list_of(rules.one_of(0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 16), 0, 13, unique=True),
    ),
    _SECTION: rules.object_of(
        "type components accessory",
        **_BASE,
        components=rules.list_of(_component(_TEXT_DISPLAY), 1, 3),
        accessory=_component(_BUTTON, _THUMBNAIL),
    ),
    _TEXT_DISPLAY: rules.object_of("type content", **_BASE, content=_display),
    _THUMBNAIL: rules.object_of("type media", **_BASE, **_MEDIA_FIELDS),
    _GALLERY: rules.object_of(
        "type items", **_BASE, items=rules.list_of(rules.object_of("media", **_MEDIA_FIELDS), 1, 10)
    ),
    _FILE: rules.object_of("type file", **_BASE, file=rules.object_of("url", url=_attached), spoiler=rules.flag),
    _SEPARATOR: rules.object_of("type", **_BASE, divider=rules.flag, spacing=rules.one_of(1, 2)),
    _CONTAINER: rules.object_of(
        "type components",
        **_BASE,
        components=rules.list_of(_component(*_IN_CONTAINERS), 1, 40),
        accent_color=rules.number(0, 0xFFFFFF),
        spoiler=rules.flag,
    ),
    _TEXT_INPUT: rules.object_of(
        "type custom_id style",
        _lengths,
        **_BASE,
        custom_id=_custom_id,
        style=rules.one_of(1, 2),
        label=rules.text(1, 45),
        min_length=rules.number(0, 4000),
        max_length=rules.number(1, 4000),
        required=rules.flag,
        value=rules.text(0, 4000),
        placeholder=rules.text(0, 100),
    ),
    _UPLOAD: rules.object_of(
        "type custom_id",
        _range,
        **_BASE,
        custom_id=_custom_id,
        min_values=rules.number(0, 10),
        max_values=rules.number(1, 10),
        required=rules.flag,
        file_types=rules.list_of(_file_type, 0, 10),
    ),
    _RADIO: rules.object_of(
        "type custom_id options",
        _one_default,
        **_BASE,
        custom_id=_custom_id,
        options=_options(2, 10),
        required=rules.flag,
    ),
    _CHECKBOXES: rules.object_of(
        "type custom_id options",
        _all_of_them,
        **_BASE,
        custom_id=_custom_id,
        options=_options(1, 10),
        min_values=rules.number(0, 10),
        max_values=rules.number(1, 10),
        required=rules.flag,
    ),
    _CHECKBOX: rules.object_of("type custom_id", **_BASE, custom_id=_custom_id, default=rules.flag),
}

IN_MESSAGE = rules.list_of(_component(*_TOP), 0, 40)


# Modals.


def _field(label: dict, place: str, look: "Look") -> None:
    component, place = label["component"], rules.inside(place, "component")
    if component.get("disabled") is not None:
        look.fault(rules.inside(place, "disabled"), "there is no such field in a modal")
    if component["type"] == _TEXT_INPUT and component.get("label") is not None:
        look.fault(rules.inside(place, "label"), "must not be set; the Label has it")
    if component.get("min_values") == 0 and component.get("required") is not False:
        look.fault(rules.inside(place, "min_values"), "0, but the field is required; at least 1")


def _old_row(row: dict, place: str, look: "Look") -> None:
    if not row["components"][0].get("label"):
        look.fault(f"{place}.components[0].label", "missing")


_SHAPES[_LABEL] = rules.object_of(
    "type label component",
    _field,
    **_BASE,
    label=rules.text(1, 45),
    description=rules.text(1, 100),
    component=_component(_STRING_SELECT, _TEXT_INPUT, 5, 6, 7, 8, _UPLOAD, _RADIO, _CHECKBOXES, _CHECKBOX),
)
_OLD_ROW = rules.object_of(
    "type components", _old_row, **_BASE, components=rules.list_of(_component(_TEXT_INPUT), 1, 1)
)
_PART = _component(_LABEL, _TEXT_DISPLAY)


def _modal_part(value: "Any", place: str, look: "Look") -> None:
    old = isinstance(value, dict) and value.get("type") == _ROW
    (_OLD_ROW if old else _PART)(value, place, look)


MODAL = rules.object_of(
    "custom_id title components",
    custom_id=rules.text(1, 100),
    title=rules.text(1, 45),
    components=rules.list_of(_modal_part, 1, 5),
)
