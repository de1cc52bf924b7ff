"""The fields of a form: how Discord shows each one, which answers it accepts, and the typed value the feature gets.

A client can send anything, so answers are checked against the same limits that the form shows. The selects for
messages are in `components`. Their names differ from the names here, so that one file can import both.

Source of the limits: docs/interactions, "Label" and the components that fit into it.
"""

from ..i18n import N_, _, ngettext
from . import rules
from .resolved import Attachment, Channel, Mentionable, Role, User, find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .components import Option

_STRING_SELECT, _TEXT_INPUT, _TEXT_DISPLAY, _LABEL, _UPLOAD = 3, 4, 10, 18, 19
_RADIO, _CHECKBOXES, _CHECKBOX = 21, 22, 23

NEEDED = N_("an answer is needed.")
OTHER_KIND = N_("this answer could not be read. Please open the form again.")


class Wrong(Exception):
    """What is wrong with one answer. The text is shown after the label and a colon."""


class Note:
    """Markdown text between the fields, 1-4,000 characters."""

    __slots__ = ("content",)

    def __init__(self, content: str) -> None:
        self.content = content

    def payload(self, name: str, value: "Any" = None) -> dict:
        return {"type": _TEXT_DISPLAY, "content": _(self.content)}


class Field:
    """The base class of all fields.

    `label` has 1-45 characters and `description` at most 100. A `required` field must be answered.

    Subclasses set `kind`, the number of Discord's component type, and `key`, the key of the answer in what Discord
    sends. `kept_as` is the type of the values that `keep` returns. The value of a `secret` field is never stored or
    shown.
    """

    __slots__ = ("description", "label", "required")
    secret = False
    kind = 0
    key = "values"
    kept_as: type = list

    def __init__(self, label: str, *, description: str = "", required: bool = True) -> None:
        self.label = label
        self.description = description
        self.required = required

    def payload(self, name: str, value: "Any" = None) -> dict:
        """The field inside its Label. `value` comes from `keep` or `prefill` and is filled in when the form opens."""
        component: dict = {"type": self.kind, "custom_id": name, **self.parts(value)}
        if not self.required:
            component["required"] = False
        label: dict = {"type": _LABEL, "label": _(self.label), "component": component}
        return {**label, "description": _(self.description)} if self.description else label

    def parts(self, value: "Any") -> dict:
        """The parts of the component besides `type`, `custom_id` and `required`."""
        raise NotImplementedError

    def empty(self) -> "Any":
        """The value of a field without an answer."""
        return None

    def read(self, answer: "Any", resolved: dict) -> "Any":
        """The value of `answer`, which is what Discord sent under `key` and can be any JSON type.

        Raises Wrong if it breaks a rule.
        """
        raise NotImplementedError

    def keep(self, answer: "Any", resolved: dict) -> "Any":
        """The part of `answer` that can be filled in when the form is opened again, as JSON. None if there is none."""
        raise NotImplementedError

    def prefill(self, value: "Any") -> "Any":
        """The `value` that a feature gives, converted to the JSON that `keep` returns."""
        return value


class _Text(Field):
    """A text of `least` to `most` characters, at most 4,000.

    `placeholder` has at most 100 characters and is shown while the field is empty.
    """

    __slots__ = ("least", "most", "placeholder")
    kind = _TEXT_INPUT
    key = "value"
    kept_as = str
    style = 0

    def __init__(self, label: str, *, least: int = 0, most: int = 4000, placeholder: str = "", **common: "Any") -> None:
        super().__init__(label, **common)
        self.least = least
        self.most = most
        self.placeholder = placeholder

    def parts(self, value: "Any") -> dict:
        parts: dict = {"style": self.style}
        parts |= {"min_length": self.least} if self.least else {}
        parts |= {"max_length": self.most} if self.most != 4000 else {}
        parts |= {"placeholder": _(self.placeholder)} if self.placeholder else {}
        return {**parts, "value": value} if value else parts

    def empty(self) -> str:
        return ""

    def read(self, answer: "Any", resolved: dict) -> str:
        text = "" if answer is None else answer
        if not isinstance(text, str):
            raise Wrong(_(OTHER_KIND))
        if not text.replace("\0", "").strip():  # Discord drops U+0000
            if self.required:
                raise Wrong(_(NEEDED))
            return ""
        if len(text) < self.least:
            raise Wrong(
                ngettext(
                    "at least {n} character; it has {given}.",
                    "at least {n} characters; it has {given}.",
                    self.least,
                    given=len(text),
                )
            )
        if len(text) > self.most:
            raise Wrong(
                ngettext(
                    "at most {n} character; it has {given}.",
                    "at most {n} characters; it has {given}.",
                    self.most,
                    given=len(text),
                )
            )
        return text

    def keep(self, answer: "Any", resolved: dict) -> str | None:
        return answer[: self.most] if isinstance(answer, str) and answer else None

    def prefill(self, value: "Any") -> str:
        return "" if value is None else str(value)[: self.most]

    if TYPE_CHECKING:

        def __get__(self, form: "Any", owner: "Any") -> str: ...


class Short(_Text):
    """A text of one line.

    With `secret`, the text cannot be read in a queue, a dead letter or a log. It is never filled in, so a form that is
    opened again has an empty field. Discord shows the text to the person who types it.
    """

    __slots__ = ("secret",)
    style = 1

    def __init__(self, label: str, *, secret: bool = False, **common: "Any") -> None:
        super().__init__(label, **common)
        self.secret = secret

    def keep(self, answer: "Any", resolved: dict) -> str | None:
        return None if self.secret else super().keep(answer, resolved)

    def prefill(self, value: "Any") -> str:
        if self.secret:
            raise ValueError(f"{self.label!r} is secret, so it cannot be filled in")
        return super().prefill(value)

    def read(self, answer: "Any", resolved: dict) -> str:
        text = super().read(answer, resolved)
        if "\n" in text:
            raise Wrong(_("one line only."))
        return text


class Paragraph(_Text):
    """A text of one or more lines."""

    __slots__ = ()
    style = 2


class _Several(Field):
    """A choice of `least` to `most` things. A field that is not required can also be left empty."""

    __slots__ = ("least", "most")

    def __init__(self, label: str, *, least: int = 1, most: int = 1, **common: "Any") -> None:
        super().__init__(label, **common)
        self.least = least
        self.most = most

    def empty(self) -> list:
        return []

    def bounds(self) -> dict:
        return {key: number for key, number in (("min_values", self.least), ("max_values", self.most)) if number != 1}

    def count(self, number: int) -> None:
        if not number and not self.required:
            return
        if not number and self.least:
            raise Wrong(_(NEEDED))
        if not self.least <= number <= self.most:
            text = N_("choose {least} to {most}. You chose {number}.")
            if self.least == self.most:
                text = N_("choose {most}. You chose {number}.")
            raise Wrong(_(text, least=self.least, most=self.most, number=number))


class _Options(_Several):
    """A choice among `options` with different values. A string stands for an Option with that label and value."""

    __slots__ = ("options",)

    def __init__(self, label: str, options: "Iterable[Option | str]", **common: "Any") -> None:
        super().__init__(label, **common)
        self.options = [
            {"label": option, "value": option} if isinstance(option, str) else option.payload() for option in options
        ]

    def parts(self, value: "Any") -> dict:
        return {"options": self._marked(value), **self.bounds()}

    def read(self, answer: "Any", resolved: dict) -> "Any":
        values = _texts(answer)
        offered = [option["value"] for option in self.options]
        if any(value not in offered for value in values):
            raise Wrong(_("choose from the options in the form."))
        self.count(len(values))
        return values

    def keep(self, answer: "Any", resolved: dict) -> list[str] | None:
        given = answer if isinstance(answer, list) else [answer]
        return [option["value"] for option in self.options if option["value"] in given][: self.most]

    def prefill(self, value: "Any") -> list[str]:
        values = [value] if isinstance(value, str) else [] if value is None else list(value)
        for each in values:
            if each not in [option["value"] for option in self.options]:
                raise ValueError(f"{self.label!r} has no option {each!r}")
        return values

    def _marked(self, value: "Any") -> list[dict]:
        """The options with those in `value` selected. If `value` is None, the author's defaults are selected."""
        options = [
            {key: _(part) if key in ("label", "description") else part for key, part in option.items()}
            for option in self.options
        ]
        if value is None:
            return options
        plain = [{key: part for key, part in option.items() if key != "default"} for option in options]
        return [{**option, "default": True} if option["value"] in value else option for option in plain]


class SomeOf(_Options):
    """A select of 1-25 options (String Select). People choose `least` to `most` of them."""

    __slots__ = ("placeholder",)
    kind = _STRING_SELECT

    def __init__(
        self, label: str, options: "Iterable[Option | str]", *, placeholder: str = "", **common: "Any"
    ) -> None:
        super().__init__(label, options, **common)
        self.placeholder = placeholder

    def parts(self, value: "Any") -> dict:
        parts = super().parts(value)
        return {**parts, "placeholder": _(self.placeholder)} if self.placeholder else parts

    if TYPE_CHECKING:

        def __get__(self, form: "Any", owner: "Any") -> list[str]: ...


class Checkboxes(_Options):
    """1-10 boxes (Checkbox Group). People tick `least` to `most` of them. Without `most` they can tick all."""

    __slots__ = ()
    kind = _CHECKBOXES

    def __init__(
        self, label: str, options: "Iterable[Option | str]", *, most: int | None = None, **common: "Any"
    ) -> None:
        options = list(options)
        super().__init__(label, options, most=len(options) if most is None else most, **common)

    def bounds(self) -> dict:
        bounds = {"min_values": self.least} if self.least != 1 else {}
        return bounds if self.most == len(self.options) else {**bounds, "max_values": self.most}

    if TYPE_CHECKING:

        def __get__(self, form: "Any", owner: "Any") -> list[str]: ...


class _One(_Options):
    """A choice of one of `options`."""

    __slots__ = ()

    def empty(self) -> None:  # type: ignore[override]
        return None

    def read(self, answer: "Any", resolved: dict) -> str | None:
        values = super().read(answer, resolved)
        return values[0] if values else None

    if TYPE_CHECKING:

        def __get__(self, form: "Any", owner: "Any") -> Any: ...


class OneOf(_One):
    """A select of 1-25 options (String Select). People choose one. The value is None if they chose none."""

    __slots__ = ("placeholder",)
    kind = _STRING_SELECT

    def __init__(
        self,
        label: str,
        options: "Iterable[Option | str]",
        *,
        placeholder: str = "",
        description: str = "",
        required: bool = True,
    ) -> None:
        super().__init__(label, options, description=description, required=required)
        self.placeholder = placeholder

    def parts(self, value: "Any") -> dict:
        parts = super().parts(value)
        return {**parts, "placeholder": _(self.placeholder)} if self.placeholder else parts


class Radio(_One):
    """2-10 radio buttons (Radio Group). People choose one. The value is None if they chose none."""

    __slots__ = ()
    kind = _RADIO
    key = "value"

    def __init__(
        self, label: str, options: "Iterable[Option | str]", *, description: str = "", required: bool = True
    ) -> None:
        super().__init__(label, options, description=description, required=required)

    def read(self, answer: "Any", resolved: dict) -> str | None:
        if answer is not None and not isinstance(answer, str):
            raise Wrong(_(OTHER_KIND))
        return super().read(None if answer is None else [answer], resolved)


class Checkbox(Field):
    """One box to tick (Checkbox). With `default` it is ticked when the form opens."""

    __slots__ = ("default",)
    kind = _CHECKBOX
    key = "value"
    kept_as = bool

    def __init__(self, label: str, *, description: str = "", default: bool = False) -> None:
        super().__init__(label, description=description)
        self.default = default

    def parts(self, value: "Any") -> dict:
        return {"default": True} if (self.default if value is None else value) else {}

    def empty(self) -> bool:
        return False

    def read(self, answer: "Any", resolved: dict) -> bool:
        if answer is not None and not isinstance(answer, bool):
            raise Wrong(_(OTHER_KIND))
        return bool(answer)

    def keep(self, answer: "Any", resolved: dict) -> bool | None:
        return answer if isinstance(answer, bool) else None

    if TYPE_CHECKING:

        def __get__(self, form: "Any", owner: "Any") -> bool: ...


class _Found(_Several):
    """A choice of things that an answer names by id. Discord sends the things themselves in `resolved`."""

    __slots__ = ()
    found: "Any" = None
    missing = N_("this choice was not found. Please choose again.")

    def read(self, answer: "Any", resolved: dict) -> "Any":
        things = [find(self.found, id, resolved) for id in _texts(answer)]
        for thing in things:
            if thing is None:
                raise Wrong(_(self.missing))
            self.suits(thing)
        self.count(len(things))
        return things

    def suits(self, thing: "Any") -> None:
        """Raise Wrong if `thing` is not of the kind that the field asks for."""


class _Pick(_Found):
    """A select of `least` to `most` users, roles or channels of the server, at most 25.

    `placeholder` has at most 150 characters.
    """

    __slots__ = ("placeholder",)

    def __init__(self, label: str, *, placeholder: str = "", **common: "Any") -> None:
        super().__init__(label, **common)
        self.placeholder = placeholder

    def parts(self, value: "Any") -> dict:
        parts: dict = {"placeholder": _(self.placeholder)} if self.placeholder else {}
        if value:  # "R1" is the id of a role in a MentionablePick; other ids have no prefix
            parts["default_values"] = [{"id": id.removeprefix("R"), "type": self._type(id)} for id in value]
        return {**parts, **self.bounds()}

    def keep(self, answer: "Any", resolved: dict) -> list[str] | None:
        kept = []
        for id in answer if isinstance(answer, list) else ():
            thing = find(self.found, id, resolved) if rules.is_snowflake(id) else None
            if thing is not None and self._suitable(thing) and (name := self._name(thing)) not in kept:
                kept.append(name)
        return kept[: self.most] if len(kept) >= self.least else None  # Discord refuses fewer than `least`

    def prefill(self, value: "Any") -> list[str]:
        values = value if isinstance(value, (list, tuple)) else [] if value is None else [value]
        return [each if isinstance(each, str) else self._name(each) for each in values]

    def _suitable(self, thing: "Any") -> bool:
        try:
            self.suits(thing)
        except Wrong:
            return False
        return True

    def _name(self, thing: "Any") -> str:
        return str(thing.id)

    def _type(self, id: str) -> str:
        return {User: "user", Role: "role", Channel: "channel"}.get(self.found, "role" if id[:1] == "R" else "user")


class UserPick(_Pick):
    """Users of the server (User Select)."""

    __slots__ = ()
    kind = 5
    found = User

    if TYPE_CHECKING:

        def __get__(self, form: "Any", owner: "Any") -> list[User]: ...


class RolePick(_Pick):
    """Roles of the server (Role Select)."""

    __slots__ = ()
    kind = 6
    found = Role

    if TYPE_CHECKING:

        def __get__(self, form: "Any", owner: "Any") -> list[Role]: ...


class MentionablePick(_Pick):
    """Users and roles of the server (Mentionable Select). Prefill it with User and Role objects, or with user ids."""

    __slots__ = ()
    kind = 7
    found = Mentionable

    def _name(self, thing: "Any") -> str:
        return f"R{thing.id}" if isinstance(thing, Role) else str(thing.id)

    if TYPE_CHECKING:

        def __get__(self, form: "Any", owner: "Any") -> list[User | Role]: ...


class ChannelPick(_Pick):
    """Channels of the server (Channel Select). `kinds` limits the choice, for example `Kinds("text", "forum")`."""

    __slots__ = ("kinds",)
    kind = 8
    found = Channel

    def __init__(self, label: str, kinds: "Any" = None, **common: "Any") -> None:
        super().__init__(label, **common)
        self.kinds = kinds

    def parts(self, value: "Any") -> dict:
        parts = super().parts(value)
        return {**parts, "channel_types": self.kinds.types} if self.kinds else parts

    def suits(self, thing: "Any") -> None:
        if self.kinds and thing.raw.get("type") not in self.kinds.types:
            raise Wrong(_("choose a channel of this type: {kinds}.", kinds=self.kinds.shown))

    if TYPE_CHECKING:

        def __get__(self, form: "Any", owner: "Any") -> list[Channel]: ...


class Files(_Found):
    """`least` to `most` files, at most 10 (File Upload).

    `types` limits the files by their names, for example `FileTypes("image", ".pdf")`. Files cannot be filled in, not
    even when the form is opened again. Their URLs expire, so fetch them soon.
    """

    __slots__ = ("types",)
    kind = _UPLOAD
    found = Attachment
    missing = N_("the file did not arrive. Please upload it again.")

    def __init__(self, label: str, types: "Any" = None, **common: "Any") -> None:
        super().__init__(label, **common)
        self.types = types

    def parts(self, value: "Any") -> dict:
        return {**self.bounds(), **({"file_types": list(self.types.names)} if self.types else {})}

    def suits(self, thing: "Any") -> None:
        if self.types and not self.types.take(thing):
            raise Wrong(_("only files of these types: {types}.", types=", ".join(self.types.names)))

    def keep(self, answer: "Any", resolved: dict) -> None:
        return None

    def prefill(self, value: "Any") -> None:
        raise ValueError(f"{self.label!r} asks for files, which cannot be filled in; leave it out")

    if TYPE_CHECKING:

        def __get__(self, form: "Any", owner: "Any") -> list[Attachment]: ...


def _texts(answer: "Any") -> list[str]:
    """`answer` as a list of different strings, [] for None. Raises Wrong for anything else."""
    if answer is None:
        return []
    if not isinstance(answer, list) or not all(isinstance(each, str) for each in answer):
        raise Wrong(_(OTHER_KIND))
    if len(set(answer)) < len(answer):
        raise Wrong(_("choose each option only once."))
    return answer
