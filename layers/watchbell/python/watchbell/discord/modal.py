"""Forms. A form is a class with fields, and an instance of it has the submitted values, with types.

    class Apply(Modal, title="Apply"):
        why = Paragraph("Why do you want to join?", least=10, most=400)
        team = OneOf("Team", ["red", "blue"])
        proof = Files("Proof", required=False)

A form has 1-5 parts. Its fields can be filled in when it opens, except files.

Source of the limits: docs/interactions, "Modal".
"""

import json

from ..errors import DefinitionError, FormError
from ..i18n import N_, _
from . import component_rules, rules
from .fields import OTHER_KIND, Field, Note, Wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ROW = 1

CHANGED = N_("This form has changed since you opened it.")


class Modal:
    """A form. Subclass it with a `title` of 1-45 characters and 1-5 fields and Notes. They appear in the same order.

    An instance is one submission: its attributes have the values of the fields. In a test, create one yourself:
    `Apply(why="…")`. The name of a field must not start with `_`.

    Subclassing raises DefinitionError if Discord would refuse the form. The error names the class, field and limit.
    """

    _title = ""
    _parts: "dict[str, Any]" = {}  # noqa: RUF012 - each subclass gets its own

    def __init_subclass__(cls, *, title: str = "", **more: "Any") -> None:
        super().__init_subclass__(**more)
        cls._title = title or cls._title
        own = {name: part for name, part in vars(cls).items() if isinstance(part, (Field, Note))}
        cls._parts = {**cls._parts, **own}
        for name in own:
            if name[:1] == "_":
                raise DefinitionError(f"{cls.__name__}.{name}: the name of a field cannot start with _")
        found = broken_limits(cls)
        if found:
            raise DefinitionError("; ".join(found))

    def __init__(self, **values: "Any") -> None:
        for name, field in fields(type(self)).items():
            setattr(self, name, values.pop(name) if name in values else field.empty())
        if values:
            raise TypeError(f"{type(self).__name__} has no field {', '.join(values)}")

    def __repr__(self) -> str:
        known = fields(type(self))
        hidden = {name for name in known if known[name].secret}
        shown = (f"{name}={'…' if name in hidden else repr(value)}" for name, value in vars(self).items())
        return f"{type(self).__name__}({', '.join(shown)})"


def fields(form: type[Modal]) -> dict[str, Field]:
    """Return the fields of a form by their names, without its Notes."""
    return {name: part for name, part in form._parts.items() if isinstance(part, Field)}


def has_secret(form: type[Modal]) -> bool:
    """Whether a field of the form is secret."""
    return any(field.secret for field in fields(form).values())


def prefill(form: type[Modal], values: "dict[str, Any]") -> "dict[str, Any]":
    """Return `values` by field, converted to what `Field.payload` can fill in.

    Raises TypeError if the form has no such field, and ValueError if a field cannot have the value.
    """
    known = fields(form)
    for name in values:
        if name not in known:
            raise TypeError(f"{form.__name__} has no field {name}")
    return {name: known[name].prefill(value) for name, value in values.items()}


def read(form: type[Modal], data: dict, resolved: dict) -> Modal:
    """Return the submitted form. Raises FormError with the faults by field name; "" is the form itself."""
    answers, faults = _answers(form, data)
    values = {}
    for name, field in fields(form).items():
        answer = answers.get(name, {})
        try:
            if answer and answer.get("type") != field.kind:
                raise Wrong(_(OTHER_KIND))
            values[name] = field.read(answer.get(field.key), resolved)
        except Wrong as wrong:
            faults[name] = str(wrong)
    if faults:
        raise FormError(faults)
    return form(**values)


def keep(form: type[Modal], data: dict, resolved: dict) -> "dict[str, Any]":
    """Return the values of a submission, valid or not, that can be filled in when the form is opened again."""
    answers = _answers(form, data)[0]
    kept = {}
    for name, field in fields(form).items():
        answer = answers.get(name, {})
        kept[name] = field.keep(answer.get(field.key), resolved) if answer.get("type") == field.kind else None
    return {name: value for name, value in kept.items() if value is not None}


def packed(form: type[Modal], kept: "dict[str, Any]") -> str:
    """Return `kept` as a short string for a custom id."""
    return json.dumps([kept.get(name) for name in fields(form)], ensure_ascii=False, separators=(",", ":"))


def unpacked(form: type[Modal], text: str) -> "dict[str, Any]":
    """Return the values from a string made by `packed`, without the ones that no longer fit the form."""
    values, known = json.loads(text), fields(form)
    if len(values) != len(known):
        return {}
    pairs = zip(known.items(), values, strict=True)
    return {name: value for (name, field), value in pairs if isinstance(value, field.kept_as)}


def _answers(form: type[Modal], data: dict) -> tuple[dict[str, dict], dict[str, str]]:
    """Return the answers by field name, from Labels and from action rows, and a fault if there are unknown answers."""
    known, answers, faults = fields(form), {}, {}
    for entry in _objects(data.get("components")):
        inner = entry.get("components") if entry.get("type") == _ROW else [entry.get("component")]
        for answer in _objects(inner):
            name = answer.get("custom_id")
            if not isinstance(name, str) or name not in known or name in answers:
                faults[""] = _(CHANGED)
            else:
                answers[name] = answer
    return answers, faults


def _objects(value: "Any") -> list[dict]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def broken_limits(form: type[Modal]) -> list[str]:
    """Return what Discord would refuse in a form, in the current language. Each fault names the class and field."""
    look = rules.Look(())
    parts = [part.payload(name) for name, part in form._parts.items()]
    component_rules.MODAL({"custom_id": "x", "title": _(form._title), "components": parts}, "", look)
    found = []
    for fault in look.faults:
        for number, name in enumerate(form._parts):
            fault = fault.replace(f"components[{number}].component.", f"{name}.")
            fault = fault.replace(f"components[{number}]", name)
        found.append(f"{form.__name__}.{fault}")
    return found
