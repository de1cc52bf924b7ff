"""What people can enter into options, selects and modals: what Discord's client and servers accept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.discord import commands, components
from sandbox.discord.validation import MAX_SAFE_INTEGER, Json

USERS, ROLES, CHANNELS, ATTACHMENTS = "users", "roles", "channels", "attachments"
RESOLVED_OPTIONS = {
    commands.USER_OPTION: (USERS,),
    commands.CHANNEL: (CHANNELS,),
    commands.ROLE: (ROLES,),
    commands.MENTIONABLE: (USERS, ROLES),
    commands.ATTACHMENT: (ATTACHMENTS,),
}
RESOLVED_SELECTS = {
    5: (USERS,),
    6: (ROLES,),
    7: (USERS, ROLES),
    8: (CHANNELS,),
    components.FILE_UPLOAD: (ATTACHMENTS,),
}


class NotPossible(Exception):
    """Discord's client does not offer what a person tried: there is no such command, button, option or message."""


class Inputs:
    """Fills in the data of one interaction. Raises NotPossible for what Discord would never send.

    `resolve(value, resolved, kinds)` returns the id of a person, role, channel or file, and adds its object to
    `resolved`. `kinds` says what is allowed: "users", "roles", "channels" or "attachments".
    """

    def __init__(self, resolve: Callable[[Any, Json, tuple[str, ...]], str]) -> None:
        self.resolve = resolve
        self.resolved: Json = {}

    def options(self, name: str, level: list[Json], given: dict[str, Any], focused: str | None) -> list[Json]:
        """The options of a command as they are sent. For autocomplete, `focused` is the one that is being typed."""
        known = {option["name"]: option for option in level}
        unknown = set(given) - set(known)
        if unknown:
            raise NotPossible(f"/{name} has no option {', '.join(sorted(unknown))}")
        if focused is None:
            for option in level:
                if option.get("required") and option["name"] not in given:
                    raise NotPossible(f"/{name} needs {option['name']}")
        elif not known.get(focused, {}).get("autocomplete"):
            raise NotPossible(f"/{name} has no autocomplete for {focused}")
        filled: list[Json] = []
        for key, value in given.items():
            one: Json = {"name": key, "type": known[key]["type"]}
            if key == focused:
                filled.append(one | {"value": str(value), "focused": True})
            else:
                filled.append(one | {"value": self.value(known[key], value)})
        if focused is not None and focused not in given:
            filled.append({"name": focused, "type": known[focused]["type"], "value": "", "focused": True})
        return filled

    def value(self, option: Json, value: Any) -> Any:
        """The value as it is sent. Raises NotPossible if Discord does not accept it."""
        kind, name = option["type"], option["name"]
        if kind in RESOLVED_OPTIONS:
            return self._resolved(name, RESOLVED_OPTIONS[kind], option, value)
        text, whole = isinstance(value, str), isinstance(value, int) and not isinstance(value, bool)
        fits: dict[int, Callable[[], bool]] = {
            commands.STRING: lambda: (
                text and option.get("min_length", 0) <= len(value) <= option.get("max_length", 6000)
            ),
            commands.INTEGER: lambda: whole and abs(value) <= MAX_SAFE_INTEGER,
            commands.BOOLEAN: lambda: isinstance(value, bool),
            commands.NUMBER: lambda: whole or isinstance(value, float),
        }
        if not fits[kind]():
            raise NotPossible(f"{name} does not accept {value!r}")
        numeric = kind in (commands.INTEGER, commands.NUMBER)
        if numeric and not option.get("min_value", value) <= value <= option.get("max_value", value):
            raise NotPossible(f"{name} must not be {value}: it is out of range")
        if "choices" in option and value not in [choice["value"] for choice in option["choices"]]:
            raise NotPossible(f"{name} has no choice {value!r}")
        return value

    def _resolved(self, name: str, kinds: tuple[str, ...], asked: Json, value: Any) -> str:
        id = self.resolve(value, self.resolved, kinds)
        channel_types, file_types = asked.get("channel_types"), asked.get("file_types")
        if channel_types and self.resolved["channels"][id]["type"] not in channel_types:
            raise NotPossible(f"{name} does not accept a channel of that type")
        if file_types and not _is_one_of(self.resolved["attachments"][id], file_types):
            raise NotPossible(f"{name} accepts only {', '.join(file_types)}")
        return id

    def selected(self, select: Json, values: tuple[Any, ...]) -> list[str]:
        least, most = select.get("min_values"), select.get("max_values")
        if not (1 if least is None else least) <= len(values) <= (1 if most is None else most):
            raise NotPossible(f"{select['custom_id']} does not accept {len(values)} values")
        if select["type"] != components.STRING_SELECT:
            kinds, name = RESOLVED_SELECTS[select["type"]], select["custom_id"]
            return [self._resolved(name, kinds, select, value) for value in values]
        offered = [option["value"] for option in select["options"]]
        if not set(values) <= set(offered):
            raise NotPossible(f"{select['custom_id']} has only {', '.join(offered)}")
        return list(values)

    def filled(self, field: Json, answers: dict[str, Any]) -> Json:
        """A component of a modal with its answer, as in a modal submission."""
        inside = "component" if field["type"] == components.LABEL else "components"
        shell: Json = {"type": field["type"], "id": field["id"]}
        if field["type"] == components.TEXT:
            return shell
        asked = field["component"] if inside == "component" else field["components"][0]
        answer: Json = {"type": asked["type"], "id": asked["id"], "custom_id": asked["custom_id"]}
        given = answers.get(asked["custom_id"])
        if given is None:
            given = _default(asked)
        if asked["type"] == components.TEXT_INPUT:
            answer["value"] = self._typed(asked, given)
        elif asked["type"] in (*components.SELECTS, components.FILE_UPLOAD):
            values = () if given is None else tuple(given) if isinstance(given, (list, tuple)) else (given,)
            optional = not asked.get("required", True) and not values
            answer["values"] = [] if optional else self.selected(asked, values)
        elif asked["type"] in (components.RADIO_GROUP, components.CHECKBOX_GROUP, components.CHECKBOX):
            answer |= self._ticked(asked, given)
        return shell | {inside: answer if inside == "component" else [answer]}

    def _typed(self, asked: Json, given: Any) -> str:
        text = given if given is not None else asked.get("value") or ""
        if not isinstance(text, str):
            raise NotPossible(f"{asked['custom_id']} accepts text, not {given!r}")
        if not text and not asked.get("required", True):
            return text
        least = max(asked.get("min_length") or 0, 1 if asked.get("required", True) else 0)
        if not least <= len(text) <= (asked.get("max_length") or 4000):
            raise NotPossible(f"{asked['custom_id']} does not accept {len(text)} characters")
        return text

    def _ticked(self, asked: Json, given: Any) -> Json:
        if asked["type"] == components.CHECKBOX:
            return {"value": bool(given if given is not None else asked.get("default", False))}
        offered = [option["value"] for option in asked["options"]]
        if asked["type"] == components.RADIO_GROUP:
            if given not in offered and (given is not None or asked.get("required", True)):
                raise NotPossible(f"{asked['custom_id']} has only {', '.join(offered)}")
            return {"value": given}
        values = [given] if isinstance(given, str) else list(given or [])
        least = 0 if not asked.get("required", True) and not values else asked.get("min_values", 1)
        if not set(values) <= set(offered) or not least <= len(values) <= asked.get("max_values", len(offered)):
            raise NotPossible(f"{asked['custom_id']} does not accept {values}")
        return {"values": values}


def prefilled(field: Json) -> list[Any]:
    """What a field of a form holds when the form opens: texts, ids, or "yes" for a ticked checkbox."""
    if field["type"] == components.TEXT_INPUT:
        return [field["value"]] if field.get("value") else []
    if field["type"] == components.CHECKBOX:
        return ["yes"] if field.get("default") else []
    chosen = _default(field)
    return [] if chosen is None else chosen if isinstance(chosen, list) else [chosen]


def _default(asked: Json) -> Any:
    """The default of a field, or None if it has none."""
    chosen = [option["value"] for option in asked.get("options", ()) if option.get("default")]
    chosen += [each["id"] for each in asked.get("default_values", ())]
    if asked["type"] == components.RADIO_GROUP:
        return chosen[0] if chosen else None
    return chosen or None


def _is_one_of(attachment: Json, types: list[str]) -> bool:
    """Whether the file has one of these types: endings such as .png, or image, video and audio."""
    name, kind = attachment["filename"].lower(), attachment["content_type"]
    return any(name.endswith(each.lower()) if each.startswith(".") else kind.startswith(f"{each}/") for each in types)
