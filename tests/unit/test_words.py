"""People read texts in their language, or in English if there is no translation."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from watchbell.i18n import _, language, ngettext, number, pgettext, speaking, translations


@pytest.mark.parametrize(
    ("locales", "spoken"),
    [
        (["de"], "de"),
        (["es-ES"], "es"),
        (["es-419"], "es"),
        (["ja", "fr"], "ja"),
        (["pl", "fr"], "fr"),
        (["en-GB", "fr"], "en"),
        (["", "fr"], "fr"),
        (["pl", "sv-SE"], "en"),
        (["../../etc/passwd", "DE", "d"], "en"),
        ([], "en"),
    ],
)
def test_the_first_language_that_we_speak_is_taken(locales, spoken):
    assert language(*locales) == spoken


def test_a_text_is_said_in_the_language_that_is_spoken_and_after_that_in_english_again():
    with speaking("de"):
        assert _("Ask again") == "Noch einmal fragen"
        with contextlib.suppress(LookupError), speaking("fr"):
            assert _("Ask again") == "Redemander"
            raise LookupError
        assert _("answered with HTTP {status}", status=500) == "hat mit HTTP 500 geantwortet"
    assert _("Ask again") == "Ask again"


def test_a_text_that_has_no_translation_is_said_as_it_is():
    with speaking("ja"):
        assert _("Two sugars, please") == "Two sugars, please"
        assert _("") == ""


def test_braces_in_what_is_put_in_are_left_alone():
    assert _("answered with HTTP {status}", status="{status} {0}") == "answered with HTTP {status} {0}"
    assert _("{not a field}") == "{not a field}"


@pytest.mark.parametrize(
    ("locale", "one", "several", "none"),
    [
        ("en-US", "1 update", "2 updates", "0 updates"),
        ("de", "1 Meldung", "2 Meldungen", "0 Meldungen"),
        ("fr", "1 mise à jour", "2 mises à jour", "0 mise à jour"),
        ("ja", "更新 1 件", "更新 2 件", "更新 0 件"),
    ],
)
def test_a_plural_is_the_languages_own(locale, one, several, none):
    with speaking(locale):
        assert [ngettext("{n} update", "{n} updates", n) for n in (1, 2, 0)] == [one, several, none]


@pytest.mark.parametrize(
    ("locale", "written"), [("en-US", "1,234.5"), ("de", "1.234,5"), ("fr", "1\u202f234,5"), ("ja", "1,234.5")]
)
def test_a_number_is_written_as_the_language_does(locale, written):
    with speaking(locale):
        assert number(1234.5, 1) == written


def test_the_same_word_can_be_another_in_another_context():
    with speaking("de"):
        assert (pgettext("name", "help"), _("Help")) == ("hilfe", "Hilfe")


def test_a_name_that_a_language_has_no_other_word_for_is_left_out():
    assert translations("ping", "name") == {}
    assert translations("help", "name") == {"de": "hilfe", "es-ES": "ayuda", "fr": "aide", "ja": "ヘルプ"}


def test_what_one_thread_speaks_another_does_not_hear():
    with speaking("de"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(_, "Ask again").result() == "Ask again"
