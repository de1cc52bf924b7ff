"""Which message components and modals Discord accepts: rows, buttons, selects, the V2 layout, modal fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sandbox.discord.validation import Form, Json, Path, is_emoji

ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER, LABEL = 9, 10, 11, 12, 13, 14, 17, 18
FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 19, 21, 22, 23
SELECTS = (3, 5, 6, 7, 8)
LINK, PREMIUM = 5, 6
CHANNEL_TYPES = (0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 16)
MADE_BY_DISCORD = ("id", "proxy_url", "height", "width", "content_type", "attachment_id")
"""Fields of a picture or a file that Discord fills in, and ignores in a request."""

TOP_OF_V2 = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR, CONTAINER)
IN_A_CONTAINER = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR)
IN_A_LABEL = (STRING_SELECT, TEXT_INPUT, 5, 6, 7, 8, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX)
KEYS = {
    ROW: "components",
    BUTTON: "style label emoji custom_id url sku_id disabled",
    STRING_SELECT: "custom_id options placeholder min_values max_values required disabled",
    TEXT_INPUT: "custom_id style label min_length max_length required value placeholder",
    SECTION: "components accessory",
    TEXT: "content",
    THUMBNAIL: "media description spoiler",
    GALLERY: "items",
    FILE: "file spoiler name size",
    SEPARATOR: "divider spacing",
    CONTAINER: "components accent_color spoiler",
    LABEL: "label description component",
    FILE_UPLOAD: "custom_id min_values max_values required file_types",
    RADIO_GROUP: "custom_id options required",
    CHECKBOX_GROUP: "custom_id options min_values max_values required",
    CHECKBOX: "custom_id default",
} | dict.fromkeys(
    (5, 6, 7, 8), "custom_id placeholder default_values channel_types min_values max_values required disabled"
)


def every(components: list[Json]) -> Iterator[Json]:
    """Every component of a message or modal, including nested ones, in the order in which they are shown."""
    for component in components:
        yield component
        yield from every(component.get("components") or [])
        yield from every([component[key] for key in ("component", "accessory") if component.get(key)])


def called(components: list[Json], name: str) -> list[Json]:
    """The components, nested ones included, with this label, placeholder or custom id."""
    about = ("label", "placeholder", "custom_id")
    return [each for each in every(components) if name in (each.get(key) for key in about)]


def interactive(component: Json) -> bool:
    """Whether using it sends an interaction. Link and premium buttons never do."""
    if component["type"] == BUTTON:
        return component["style"] not in (LINK, PREMIUM)
    return component["type"] in SELECTS


def read_message_components(form: Form, path: Path, components: Any, v2: bool) -> list[Json]:
    """The checked components of a message. Like Discord, it gives each an `id`, in sequence from 1."""
    reader = _Reader(form, modal=False)
    if v2:
        rows = [reader.read((*path, i), c, TOP_OF_V2) for i, c in enumerate(form.array(path, components, 0, 40))]
    else:
        rows = [reader.read((*path, i), c, (ROW,)) for i, c in enumerate(form.array(path, components, 0, 5))]
    return reader.finished(path, rows)


def read_modal(form: Form, path: Path, modal: Any) -> Json:
    """A checked modal: custom_id 1-100, title 1-45, 1-5 components (Label, Text Display, old rows of a text input)."""
    modal = form.object(path, modal, ("custom_id", "title", "components"))
    for key, most in (("custom_id", 100), ("title", 45)):
        if form.required(path, modal, key):
            form.text((*path, key), modal[key], 1, most)
    inner: list[Json] = []
    if form.required(path, modal, "components"):
        at = (*path, "components")
        reader = _Reader(form, modal=True)
        found = form.array(at, modal["components"], 1, 5)
        inner = reader.finished(at, [reader.read((*at, i), c, (LABEL, TEXT, ROW)) for i, c in enumerate(found)])
    return modal | {"components": inner}


class _Reader:
    """Reads the components of one message or modal. It tracks what must be unique or counted over all of them."""

    def __init__(self, form: Form, modal: bool) -> None:
        self.form, self.modal = form, modal
        self.custom_ids: set[str] = set()
        self.text_shown = 0

    def finished(self, path: Path, components: list[Json]) -> list[Json]:
        found = list(every(components))
        if len(found) > 40:
            self.form.error(path, "BASE_TYPE_MAX_LENGTH", "Must be 40 or fewer components in total.")
        if self.text_shown > 4000:
            self.form.error(path, "BASE_TYPE_MAX_LENGTH", "All text displays together must be 4000 or fewer in length.")
        given = [component["id"] for component in found if component.get("id")]
        if len(set(given)) < len(given):
            self.form.error(path, "COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated")
        free = (number for number in range(1, 1000) if number not in given)
        for component in found:
            if not component.get("id"):
                component["id"] = next(free)
        return components

    def read(self, path: Path, component: Any, allowed: tuple[int, ...]) -> Json:
        form = self.form
        component = dict(form.object(path, component))
        if not form.one_of((*path, "type"), component.get("type"), allowed):
            return {"type": 0}
        kind = component["type"]
        form.object(path, component, ("type", "id", *KEYS[kind].split()))
        if component.get("id") is not None:
            form.number((*path, "id"), component["id"], 0, 2**31 - 1)
        if "custom_id" in KEYS[kind].split() and kind != BUTTON and form.required(path, component, "custom_id"):
            self.custom_id(path, component["custom_id"])
        if self.modal and component.get("disabled"):
            form.error((*path, "disabled"), "COMPONENT_DISABLED_NOT_ALLOWED", "Modals cannot hold disabled components")
        for flag in ("disabled", "required", "spoiler", "divider"):
            if component.get(flag) is not None:
                form.boolean((*path, flag), component[flag])
        if kind == ROW:
            self.row(path, component)
        elif kind == BUTTON:
            self.button(path, component)
        elif kind in SELECTS:
            self.select(path, component)
        elif kind == TEXT_INPUT:
            self.text_input(path, component)
        elif kind == LABEL:
            self.label(path, component)
        elif kind in (RADIO_GROUP, CHECKBOX_GROUP):
            self.group(path, component)
        elif kind == FILE_UPLOAD:
            self.bounds(path, component, least=0, most=10)
        elif kind != CHECKBOX:
            self.layout(path, component)
        return component

    def custom_id(self, path: Path, custom_id: Any) -> None:
        text = self.form.text((*path, "custom_id"), custom_id, 1, 100)
        if text and text in self.custom_ids:
            self.form.error(
                (*path, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated"
            )
        self.custom_ids.add(text)

    def row(self, path: Path, row: Json) -> None:
        inside = (TEXT_INPUT,) if self.modal else (BUTTON, *SELECTS)
        if not self.form.required(path, row, "components"):
            row["components"] = []
            return
        at = (*path, "components")
        found = self.form.array(at, row["components"], 1, 5)
        row["components"] = [self.read((*at, i), component, inside) for i, component in enumerate(found)]
        if len(found) > 1 and any(component["type"] != BUTTON for component in row["components"]):
            self.form.error(
                at, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "A row holds up to five buttons, or one select or text input"
            )

    def button(self, path: Path, button: Json) -> None:
        form = self.form
        if not form.one_of((*path, "style"), button.get("style"), (1, 2, 3, 4, LINK, PREMIUM)):
            return
        needed = {LINK: "url", PREMIUM: "sku_id"}.get(button["style"], "custom_id")
        unfit = {"custom_id", "url", "sku_id"} - {needed} | ({"label", "emoji"} if needed == "sku_id" else set())
        for key in sorted(unfit):
            if button.get(key) is not None:
                form.error((*path, key), "BUTTON_COMPONENT_FIELD_NOT_ALLOWED", f"This button style has no {key}")
        if form.required(path, button, needed):
            if needed == "custom_id":
                self.custom_id(path, button["custom_id"])
            elif needed == "url":
                form.url((*path, "url"), button["url"], 512)
            else:
                button["sku_id"] = form.snowflake((*path, "sku_id"), button["sku_id"])
        if button.get("label") is not None:
            form.text((*path, "label"), button["label"], 1 if not button.get("emoji") else 0, 80)
        elif button.get("emoji") is None and needed != "sku_id":
            form.error((*path, "label"), "BASE_TYPE_REQUIRED", "A button needs a label or an emoji")
        self.emoji(path, button)

    def emoji(self, path: Path, holder: Json) -> None:
        if holder.get("emoji") is None:
            return
        at = (*path, "emoji")
        emoji = holder["emoji"] = dict(self.form.object(at, holder["emoji"], ("id", "name", "animated")))
        if emoji.get("id") is not None:
            emoji["id"] = self.form.snowflake((*at, "id"), emoji["id"])
        elif not isinstance(emoji.get("name"), str) or not is_emoji(emoji["name"]):
            self.form.error((*at, "name"), "BUTTON_COMPONENT_INVALID_EMOJI", "Invalid emoji")

    def select(self, path: Path, select: Json) -> None:
        if select.get("placeholder") is not None:
            self.form.text((*path, "placeholder"), select["placeholder"], 0, 150)
        self.bounds(path, select, least=0, most=25)
        if select.get("channel_types") is not None:
            for i, kind in enumerate(self.form.array((*path, "channel_types"), select["channel_types"], 0, 20)):
                self.form.one_of((*path, "channel_types", i), kind, CHANNEL_TYPES)
        if select.get("default_values") is not None:
            self.defaults(path, select)
        if select["type"] == STRING_SELECT and self.form.required(path, select, "options"):
            select["options"] = self.options((*path, "options"), select["options"], 1, 25)

    def defaults(self, path: Path, select: Json) -> None:
        """The people, roles or channels that are chosen at first: as many as can be chosen, each of a fitting type."""
        form, at = self.form, (*path, "default_values")
        fitting = {5: ("user",), 6: ("role",), 7: ("user", "role"), 8: ("channel",)}.get(select["type"], ())
        given = form.array(at, select["default_values"], 0, 25)
        for i, each in enumerate(given):
            each = form.object((*at, i), each, ("id", "type"))
            form.snowflake((*at, i, "id"), each.get("id"))
            form.one_of((*at, i, "type"), each.get("type"), fitting)
        least, most = (1 if select.get(key) is None else select[key] for key in ("min_values", "max_values"))
        counts = isinstance(least, int) and isinstance(most, int)
        if given and counts and not least <= len(given) <= most:
            message = f"The number of default values must be between {least} and {most}."
            form.error(at, "SELECT_COMPONENT_INVALID_DEFAULT_VALUES", message)

    def options(self, path: Path, options: Any, least: int, most: int) -> list[Json]:
        values: Counter[str] = Counter()
        read: list[Json] = []
        for i, option in enumerate(self.form.array(path, options, least, most)):
            at = (*path, i)
            option = dict(self.form.object(at, option, ("label", "value", "description", "emoji", "default")))
            read.append(option)
            for key in ("label", "value"):
                if self.form.required(at, option, key):
                    self.form.text((*at, key), option[key], 1, 100)
            if option.get("description") is not None:
                self.form.text((*at, "description"), option["description"], 0, 100)
            self.emoji(at, option)
            values[str(option.get("value"))] += 1
        if any(count > 1 for count in values.values()):
            self.form.error(path, "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The option values must be unique")
        return read

    def bounds(self, path: Path, component: Json, least: int, most: int) -> None:
        low, high = component.get("min_values"), component.get("max_values")
        low = 1 if low is None else self.form.number((*path, "min_values"), low, least, most)
        high = 1 if high is None else self.form.number((*path, "max_values"), high, 1, most)
        if low > high:
            self.form.error((*path, "min_values"), "NUMBER_TYPE_MAX", "min_values must not be above max_values.")
        if self.modal and low == 0 and component.get("required", True):
            self.form.error((*path, "min_values"), "NUMBER_TYPE_MIN", "A required component takes at least one value.")

    def text_input(self, path: Path, field: Json) -> None:
        form = self.form
        form.one_of((*path, "style"), field.get("style"), (1, 2))
        for key, least in (("min_length", 0), ("max_length", 1)):
            if field.get(key) is not None:
                form.number((*path, key), field[key], least, 4000)
        for key, most in (("value", 4000), ("placeholder", 100)):
            if field.get(key) is not None:
                form.text((*path, key), field[key], 0, most)
        if path[-1] == "component":
            if field.get("label") is not None:
                form.error((*path, "label"), "BASE_TYPE_BAD_LENGTH", "A text input inside a Label has no label")
        elif form.required(path, field, "label"):
            form.text((*path, "label"), field["label"], 1, 45)

    def label(self, path: Path, label: Json) -> None:
        if self.form.required(path, label, "label"):
            self.form.text((*path, "label"), label["label"], 1, 45)
        if label.get("description") is not None:
            self.form.text((*path, "description"), label["description"], 1, 100)
        if self.form.required(path, label, "component"):
            label["component"] = self.read((*path, "component"), label["component"], IN_A_LABEL)

    def group(self, path: Path, group: Json) -> None:
        if self.form.required(path, group, "options"):
            group["options"] = self.options(
                (*path, "options"), group["options"], 2 if group["type"] == RADIO_GROUP else 1, 10
            )
        if group["type"] == CHECKBOX_GROUP:
            self.bounds(path, {"max_values": 10} | group, least=0, most=10)

    def layout(self, path: Path, component: Json) -> None:
        """The V2 components that only show something."""
        form, kind = self.form, component["type"]
        inner = {SECTION: ((TEXT,), 1, 3), CONTAINER: (IN_A_CONTAINER, 1, 40)}.get(kind)
        if inner and form.required(path, component, "components"):
            allowed, least, most = inner
            at = (*path, "components")
            found = form.array(at, component["components"], least, most)
            component["components"] = [self.read((*at, i), each, allowed) for i, each in enumerate(found)]
        if kind == SECTION and form.required(path, component, "accessory"):
            component["accessory"] = self.read((*path, "accessory"), component["accessory"], (BUTTON, THUMBNAIL))
        if kind == TEXT and form.required(path, component, "content"):
            self.text_shown += len(form.text((*path, "content"), component["content"], 1, 4000))
        if kind == THUMBNAIL:
            self.media(path, component)
        if kind == GALLERY and form.required(path, component, "items"):
            for i, item in enumerate(form.array((*path, "items"), component["items"], 1, 10)):
                at = (*path, "items", i)
                self.media(at, form.object(at, item, ("media", "description", "spoiler")))
        if kind == FILE and form.required(path, component, "file"):
            url = form.object((*path, "file"), component["file"], ("url", *MADE_BY_DISCORD)).get("url")
            if not form.url((*path, "file", "url"), url, attachment=True).startswith("attachment://"):
                form.error((*path, "file", "url"), "URL_TYPE_INVALID_SCHEME", "Scheme must be one of ('attachment',).")
        if kind == SEPARATOR and component.get("spacing") is not None:
            form.one_of((*path, "spacing"), component["spacing"], (1, 2))
        if component.get("accent_color") is not None:
            form.number((*path, "accent_color"), component["accent_color"], 0, 0xFFFFFF)

    def media(self, path: Path, holder: Json) -> None:
        if self.form.required(path, holder, "media"):
            media = self.form.object((*path, "media"), holder["media"], ("url", *MADE_BY_DISCORD))
            self.form.url((*path, "media", "url"), media.get("url"), attachment=True)
        if holder.get("description") is not None:
            self.form.text((*path, "description"), holder["description"], 1, 1024)
