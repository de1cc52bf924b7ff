"""Extract all texts from the code, update the `.po` files, and compile them to the `.mo` files that the bot reads."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from watchbell.discord.fields import Note
from watchbell.discord.modal import fields
from watchbell.discord.permissions import spelt
from watchbell.i18n import LOCALES
from watchbell.kit import catalogue
from watchbell.kit.annotations import Kinds
from watchbell.kit.handler import Handler
from watchbell.registration.declare import is_text, manifest

FOLDER = Path(__file__).parent
CODE = FOLDER.parent / "layers/watchbell/python/watchbell"
COMPILED = CODE / "locales"
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
REMEDY = "Run `make translations`, translate the texts that it lists, and run it again."
SHOWN = 10
"""How many texts one sentence lists."""


def template() -> Catalog:
    """Every text of the code, in English: the marked texts and the texts that features declare."""
    found = Catalog()
    texts = extract_from_dir(CODE, keywords=KEYWORDS)
    for file, _, text, _, context in sorted(texts, key=lambda text: text[:2]):
        found.add(text, context=context, locations=[(file, 0)])
    for file, context, text in declared():
        found.add(text, context=context or None, locations=[(file, 0)])
    return found


def declared() -> Iterator[tuple[str, str, str]]:
    """The texts that commands declare, as (file, context, text).

    They are names, descriptions, choices, forms, settings, and the permissions that a command or a setting needs.
    """
    for command, registered in zip(catalogue.commands(), manifest(), strict=True):
        file = f"commands/{catalogue.file_name(command.name)}.py"
        for context, text in _registered(registered):
            yield file, context, text
        for handler in command.handlers:
            for policy in getattr(handler.who, "policies", (handler.who,)):
                for name in spelt(getattr(policy, "names", ())):
                    yield file, "permission", name
            for context, text in [*_of_options(handler), *_of_form(handler)]:
                yield file, context, text
    for setting in catalogue.settings():
        for text in filter(None, (setting.label, setting.about)):
            yield "kit/setting.py", "", text
        for name in spelt((*setting.needs, *getattr(setting.who, "names", ()))):
            yield "kit/setting.py", "permission", name


def bring_up_to_date(language: str, texts: Catalog) -> Catalog:
    """The translations in `language`, with exactly the texts in `texts`. New texts have no translation yet."""
    path = FOLDER / f"{language}.po"
    with path.open("rb") as file:
        translated = read_po(file, locale=language)
    for message in [*translated.obsolete.values()]:
        if texts.get(message.id, message.context):  # the code uses the text again
            translated[message.id] = message
    translated.update(texts, no_fuzzy_matching=True, update_creation_date=False)
    return translated


def written(translated: Catalog, *, with_obsolete: bool = False) -> bytes:
    """The bytes of a `.po` file. `with_obsolete` appends the texts that the code no longer has."""
    file = io.BytesIO()
    write_po(file, translated, width=120, ignore_obsolete=not with_obsolete, include_lineno=False)
    return file.getvalue()


def compiled(translated: Catalog) -> bytes:
    """The bytes of a `.mo` file, the format that Python's gettext reads."""
    file = io.BytesIO()
    write_mo(file, translated)
    return file.getvalue()


def missing(translated: Catalog) -> list[Message]:
    """The texts without a complete translation, or with one that is marked as fuzzy."""
    return [message for message in translated if message.id and (message.fuzzy or not _is_whole(message))]


def refresh() -> dict[str, list[Message]]:
    """Write the files of all languages. Return the texts without a translation, by language.

    While texts are missing, the file keeps the texts that the code no longer has: an old translation may help with a
    new text.
    """
    # Reading the declared texts needs the `.mo` files, so compile the translations as they are first.
    for language in LOCALES:
        (COMPILED / f"{language}.mo").write_bytes(compiled(bring_up_to_date(language, Catalog())))
    texts = template()
    left = {}
    for language in LOCALES:
        translated = bring_up_to_date(language, texts)
        left[language] = missing(translated)
        (FOLDER / f"{language}.po").write_bytes(written(translated, with_obsolete=bool(left[language])))
        (COMPILED / f"{language}.mo").write_bytes(compiled(translated))
    return left


def shortcomings(texts: Catalog) -> list[str]:
    """A sentence for each reason why files are not up to date with `texts`, with the languages that it is about."""
    found: dict[str, list[str]] = {}
    for language in LOCALES:
        translated = bring_up_to_date(language, texts)
        lacking = [repr(message.id) for message in missing(translated)]
        if lacking:
            more = [f"{len(lacking) - SHOWN} more"] if len(lacking) > SHOWN else []
            fault = f"no translation of {', '.join([*lacking[:SHOWN], *more])}"
        elif (FOLDER / f"{language}.po").read_bytes() != written(translated):
            fault = "the .po file is not up to date with the code"
        elif (COMPILED / f"{language}.mo").read_bytes() != compiled(translated):
            fault = "the .mo file is not up to date with the .po file"
        else:
            continue
        found.setdefault(fault, []).append(language)
    return [f"{', '.join(languages)}: {fault}" for fault, languages in found.items()]


def _registered(registered: dict) -> Iterator[tuple[str, str]]:
    yield "name", registered["name"]
    if registered.get("description"):
        yield "", registered["description"]
    for choice in registered.get("choices", ()):
        if is_text(choice):
            yield "choice", choice["name"]
    for option in registered.get("options", ()):
        yield from _registered(option)


def _of_options(handler: Handler) -> Iterator[tuple[str, str]]:
    """The texts for a value that breaks the rules of an option."""
    for option in handler.options:
        for name in option.rules[Kinds].names if Kinds in option.rules else ():
            yield "kind of channel", name


def _of_form(handler: Handler) -> Iterator[tuple[str, str]]:
    if handler.form is None:
        return
    yield "", handler.form._title
    for part in handler.form._parts.values():
        if isinstance(part, Note):
            yield "", part.content
    for field in fields(handler.form).values():
        texts = [field.label, field.description, getattr(field, "placeholder", "")]
        for option in getattr(field, "options", ()):
            texts += [option["label"], option.get("description", "")]
        yield from (("", text) for text in texts if text)
        kinds = getattr(field, "kinds", None)
        for name in kinds.names if kinds else ():
            yield "kind of channel", name


def _is_whole(message: Message) -> bool:
    texts = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return all(texts)
