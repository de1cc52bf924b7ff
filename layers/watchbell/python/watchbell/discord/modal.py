"""A form: a class whose fields are what Discord shows, what it takes back, and what the feature gets, typed.

    class Apply(Modal, title="Apply"):
        why = Paragraph("Why do you want to join?", least=10, most=400)
        team = OneOf("Team", ["red", "blue"])
        proof = Files("Proof", required=False)

Discord's limits: docs/interactions, "Modal"; one has 1-5 parts, and files cannot be filled in beforehand.
"""

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
    """A form; subclass it with a `title` of 1-45 characters and 1-5 fields and Notes, in the order of their showing.

    An instance is what somebody submitted: each field's name holds its value. In a test, make one: `Apply(why="…")`.
    Raises DefinitionError, naming class, field and limit, where Discord would not show it. All names but those that
    start with `_` are free for fields.
    """

    _title = ""
    _parts: "dict[str, Any]" = {}  # noqa: RUF012 - written anew for each class

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
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


def fields(form: type[Modal]) -> dict[str, Field]:
    """The fields of a form by their names, without its Notes."""
    return {name: part for name, part in form._parts.items() if isinstance(part, Field)}


def prefill(form: type[Modal], values: "dict[str, Any]") -> "dict[str, Any]":
    """The values to fill in beforehand. Raises TypeError if the form has no such field, ValueError if the field cannot
    have the value."""
    known = fields(form)
    for name in values:
        if name not in known:
            raise TypeError(f"{form.__name__} has no field {name}")
    return {name: known[name].prefill(value) for name, value in values.items()}


def read(form: type[Modal], data: dict, resolved: dict) -> Modal:
    """What was submitted. Raises FormError with what is wrong, by the names of the fields, "" for the form itself."""
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
    """What of a submission, right or wrong, can be filled in when its form is opened again."""
    answers = _answers(form, data)[0]
    kept = {}
    for name, field in fields(form).items():
        answer = answers.get(name, {})
        kept[name] = field.keep(answer.get(field.key), resolved) if answer.get("type") == field.kind else None
    return {name: value for name, value in kept.items() if value is not None}


def packed(form: type[Modal], kept: "dict[str, Any]") -> str:
    """`kept` as a short text."""
    import json

    return json.dumps([kept.get(name) for name in fields(form)], ensure_ascii=False, separators=(",", ":"))


def unpacked(form: type[Modal], text: str) -> "dict[str, Any]":
    """What `packed` made the text of; {} where the form has other fields by now."""
    import json

    values, known = json.loads(text), fields(form)
    if len(values) != len(known):
        return {}
    pairs = zip(known.items(), values, strict=True)
    return {name: value for (name, field), value in pairs if isinstance(value, field.kept_as)}


def _answers(form: type[Modal], data: dict) -> tuple[dict[str, dict], dict[str, str]]:
    """What was sent for each field, out of Labels and of old rows; and a fault where there is more than was asked."""
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
    """What Discord would not take about a form, in the language that is spoken, each fault with class and field."""
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
