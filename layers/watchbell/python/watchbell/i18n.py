"""What people read, in their language: gettext, over one catalogue for replies and for definitions.

    Reply(_("Pong! I am awake."))
    _("I know no service called {name}.", name=name)
    ngettext("{n} update", "{n} updates", n)

The English text is the key, so the code reads as what it says. What a feature declares (a description, the label of a
field) is written as it is, and translated when it is shown. The repository's `translations/` has the translations.
"""

import os
from contextlib import contextmanager
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from gettext import GNUTranslations

LOCALES = {"de": "de", "es": "es-ES", "fr": "fr", "ja": "ja"}
"""The languages besides English, each with Discord's locale for it; es-419 falls back to es-ES there."""

_FOLDER = os.path.join(os.path.dirname(__file__), "locales")

_spoken = ContextVar("spoken", default="en")
_opened: "dict[str, GNUTranslations]" = {}


def language(*locales: str) -> str:
    """The language of the first of these locales (as Discord writes them, such as es-419) that we speak; else en."""
    for locale in locales:
        name = locale.partition("-")[0]
        if name == "en" or name in LOCALES:
            return name
    return "en"


@contextmanager
def speaking(*locales: str) -> "Iterator[None]":
    """What is said inside is said in the language of these locales."""
    before = _spoken.set(language(*locales))
    try:
        yield
    finally:
        _spoken.reset(before)


def N_(text: str) -> str:
    """`text`, marked for the catalogue: it is translated where it is shown, by `_`."""
    return text


def _(text: str, /, **values: object) -> str:
    """`text` in the language that is spoken, `values` put in for its {names}."""
    catalogue = _catalogue()
    said = catalogue.gettext(text) if catalogue and text else text  # to gettext, "" is the catalogue's own description
    return said.format_map(values) if values else said


def ngettext(one: str, many: str, n: int, /, **values: object) -> str:
    """`one` or `many`, as the language wants it for `n`, which may be in them as {n}."""
    catalogue = _catalogue()
    said = catalogue.ngettext(one, many, n) if catalogue else one if n == 1 else many
    return said.format_map({"n": n, **values})


def pgettext(context: str, text: str) -> str:
    """`text` as it is said in that context: `name` for what a command or option is called, ..."""
    catalogue = _catalogue()
    return catalogue.pgettext(context, text) if catalogue else text


def either(words: "Iterable[str]") -> str:
    """The words as a list of which one is enough."""
    return pgettext("in a list", " or ").join(words)


def number(value: float, digits: int = 0) -> str:
    """`value` with so many digits after the point, written as the language writes it."""
    point, group = pgettext("decimal point", "."), pgettext("between thousands", ",")
    return f"{value:,.{digits}f}".translate({ord("."): point, ord(","): group})


def translations(text: str, context: str = "") -> dict[str, str]:
    """Discord's locales -> `text` in their language, without those that have no other word for it."""
    found = {}
    for language, locale in LOCALES.items():
        catalogue = _open(language)
        said = catalogue.pgettext(context, text) if context else catalogue.gettext(text)
        if said != text:
            found[locale] = said
    return found


def _catalogue() -> "GNUTranslations | None":
    language = _spoken.get()
    return None if language == "en" else _open(language)


def _open(language: str) -> "GNUTranslations":
    if language not in _opened:
        from gettext import GNUTranslations  # nobody who is answered in English waits for it

        with open(os.path.join(_FOLDER, f"{language}.mo"), "rb") as file:
            _opened[language] = GNUTranslations(file)
    return _opened[language]
