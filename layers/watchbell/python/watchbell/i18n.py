"""Texts in the language of the person who reads them. One gettext catalogue serves replies and declarations.

    Reply(_("Pong! I am awake."))
    _("I do not know a service called {name}.", name=name)
    ngettext("{n} update", "{n} updates", n)

The key of a translation is the English text. Texts that a feature declares, such as a description or the label of a
field, are written without `_()` and translated when they are shown. The translations are in `translations/`, at the
top of the repository.
"""

import os
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from gettext import GNUTranslations

LOCALES = {"de": "de", "es": "es-ES", "fr": "fr", "ja": "ja"}
"""The languages besides English, each with its locale in Discord. Discord falls back from es-419 to es-ES."""

_FOLDER = os.path.join(os.path.dirname(__file__), "locales")

_spoken = ContextVar("spoken", default="en")
_opened: "dict[str, GNUTranslations]" = {}


def language(*locales: str) -> str:
    """The language of the first of these locales that has translations, "en" if none has.

    Locales are written as in Discord, such as es-419.
    """
    for locale in locales:
        name = locale.partition("-")[0]
        if name == "en" or name in LOCALES:
            return name
    return "en"


class speaking:
    """Translate texts into the language of these locales inside the `with` block."""

    __slots__ = ("_before", "_language")

    def __init__(self, *locales: str) -> None:
        self._language = language(*locales)

    def __enter__(self) -> None:
        self._before = _spoken.set(self._language)

    def __exit__(self, *_: object) -> None:
        _spoken.reset(self._before)


def N_(text: str) -> str:
    """`text` unchanged. This marks it for the catalogue; `_` translates it when it is shown."""
    return text


def _(text: str, /, **values: object) -> str:
    """`text` in the current language, with `values` filled in for its {names}."""
    catalogue = _catalogue()
    said = catalogue.gettext(text) if catalogue and text else text  # gettext("") would return the catalogue's header
    return said.format_map(values) if values else said


def ngettext(one: str, many: str, n: int, /, **values: object) -> str:
    """The English text `one` or `many` in the form for `n` of the current language, with {n} and `values` filled in."""
    catalogue = _catalogue()
    said = catalogue.ngettext(one, many, n) if catalogue else one if n == 1 else many
    return said.format_map({"n": n, **values})


def pgettext(context: str, text: str) -> str:
    """`text` in the current language, translated for `context`, such as "name" for names of commands and options."""
    catalogue = _catalogue()
    return catalogue.pgettext(context, text) if catalogue else text


def either(words: "Iterable[str]") -> str:
    """The words joined with "or" in the current language."""
    return pgettext("in a list", " or ").join(words)


def number(value: float, digits: int = 0) -> str:
    """`value` with `digits` decimal places, formatted for the current language."""
    point, group = pgettext("decimal point", "."), pgettext("between thousands", ",")
    return f"{value:,.{digits}f}".translate({ord("."): point, ord(","): group})


def translations(text: str, context: str = "") -> dict[str, str]:
    """The translations of `text`, by Discord's locale. Locales whose translation equals `text` are left out."""
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
        from gettext import GNUTranslations  # 1.4 ms of a cold start, which an answer in English does without

        with open(os.path.join(_FOLDER, f"{language}.mo"), "rb") as file:
            _opened[language] = GNUTranslations(file)
    return _opened[language]
