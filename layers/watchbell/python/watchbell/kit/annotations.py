"""The annotations of options that a feature can write. `read` is the only code that interprets them.

    server: Choice["prod", "staging"]
    region: Annotated[Choice["eu", "us"], Names({"eu": "Europe", "us": "United States"})]
    count: Annotated[int, Range(1, 10)] = 1
    name: Annotated[str, Length(2, 32)]
    channel: Annotated[Channel, Kinds("text", "announcement")] | None = None

For a type checker, `Choice` is `typing.Literal` and `Annotated` is `typing.Annotated`; a feature may use those too.
These are plain classes: feature files are imported in cold starts, and `typing` alone would cost 3 ms.
"""

import sys
from types import UnionType

from ..errors import DefinitionError
from ..i18n import either, pgettext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class OneOf:
    """The choices of an option; feature files write `Choice["prod", "staging"]`."""

    __slots__ = ("values",)
    values: "tuple[Any, ...]"

    def __class_getitem__(cls, values: "Any") -> "OneOf":
        choice = cls()
        choice.values = values if isinstance(values, tuple) else (values,)
        return choice

    def __or__(self, other: None) -> "OneOf":
        return self


class Constrained:
    """A type with rules; feature files write `Annotated[int, Range(1, 10)]`."""

    __slots__ = ("rules", "type")
    type: "Any"
    rules: "tuple[Any, ...]"

    def __class_getitem__(cls, parts: "tuple[Any, ...]") -> "Constrained":
        constrained = cls()
        constrained.type, *rules = parts
        constrained.rules = tuple(rules)
        return constrained

    def __or__(self, other: None) -> "Constrained":
        return self


if TYPE_CHECKING:
    from typing import Annotated as Annotated
    from typing import Any
    from typing import Literal as Choice
else:
    Annotated, Choice = Constrained, OneOf


class Names:
    """The names under which the choices of an option are shown, by value. Each has 1-100 characters.

    A choice without a name is shown as its value. The function gets the value.
    """

    __slots__ = ("by_value",)

    def __init__(self, by_value: "dict[Any, str]") -> None:
        self.by_value = by_value


class Range:
    """The least and the greatest number, both inclusive. None means no limit on that side."""

    __slots__ = ("least", "most")

    def __init__(self, least: float | None = None, most: float | None = None) -> None:
        self.least = least
        self.most = most


class Length:
    """The fewest and the most characters of a text, each from 0 to 6,000."""

    __slots__ = ("least", "most")

    def __init__(self, least: int = 0, most: int = 6000) -> None:
        self.least = least
        self.most = most


class Kinds:
    """The kinds of channel that can be chosen: text, voice, category, announcement, thread, stage, forum, media."""

    __slots__ = ("names",)
    TYPES = {  # noqa: RUF012 - a table, never written
        "text": (0,),
        "voice": (2,),
        "category": (4,),
        "announcement": (5,),
        "thread": (10, 11, 12),
        "stage": (13,),
        "forum": (15,),
        "media": (16,),
    }

    def __init__(self, *names: str) -> None:
        self.names = names

    @property
    def types(self) -> list[int]:
        return [number for name in self.names for number in self.TYPES[name]]

    @property
    def shown(self) -> str:
        return either(pgettext("kind of channel", name) for name in self.names)


class FileTypes:
    """The types of file that can be attached, at most 10: image, video, audio, or file name endings such as .png."""

    __slots__ = ("names",)

    def __init__(self, *names: str) -> None:
        self.names = names

    def take(self, file: "Any") -> bool:
        """Whether `file`, an Attachment, has one of these types.

        An ending is compared with the file's name, and the other types with the content type that Discord gives. A file
        without a content type passes as image, video or audio, because it may be one.
        """
        kind, name = str(file.raw.get("content_type") or ""), file.name.lower()
        return any(
            name.endswith(each.lower()) if each[:1] == "." else kind.startswith(f"{each}/") or not kind
            for each in self.names
        )


def annotation_of(function: "Callable[..., Any]", name: str) -> "Any":
    """The annotation of the parameter `name`. DefinitionError if there is none."""
    if name not in function.__annotations__:
        raise DefinitionError(f"option {name} has no type; write `{name}: str`, or another option type")
    annotation = function.__annotations__[name]
    if isinstance(annotation, str):  # the module has `from __future__ import annotations`
        annotation = eval(annotation, function.__globals__)  # noqa: S307 - the author's source text, never input
    return annotation


def read(annotation: "Any") -> "tuple[Any, tuple[Any, ...], tuple[Any, ...]]":
    """The type, the choices and the rules of an annotation. It can use the classes here or those of `typing`.

    `Choice["a", "b"] | None` gives `(str, ("a", "b"), ())`. If the choices have different types, the type is None.
    """
    typing = sys.modules.get("typing")  # `typing` annotations can only exist if `typing` has been imported
    rules: tuple[Any, ...] = ()
    while True:
        origin = getattr(annotation, "__origin__", None)
        if isinstance(annotation, Constrained):
            annotation, rules = annotation.type, rules + annotation.rules
        elif hasattr(annotation, "__metadata__"):  # typing.Annotated
            rules += annotation.__metadata__
            annotation = origin
        elif isinstance(annotation, UnionType) or (typing is not None and origin is typing.Union):
            parts = [part for part in annotation.__args__ if part is not type(None)]
            if len(parts) != 1:
                return annotation, (), rules
            annotation = parts[0]
        elif isinstance(annotation, OneOf) or (typing is not None and origin is typing.Literal):
            choices = annotation.values if isinstance(annotation, OneOf) else annotation.__args__
            types = {type(choice) for choice in choices}
            return types.pop() if len(types) == 1 else None, choices, rules
        else:
            return annotation, (), rules
