"""The rule for names of commands and options takes what Discord takes, and the simulated Discord judges alike."""

import sys

import pytest

from sandbox.discord.commands import _valid_name
from watchbell.registration.declare import is_name

DEVANAGARI_VIRAMA, DANDA, UDATTA, THAI_MAI_EK, BAHT = "\u094d", "\u0964", "\u0951", "\u0e48", "\u0e3f"


@pytest.mark.parametrize(
    "name",
    [
        *("status", "page-user_2", "lʼhôte", "größe", "статус", "状態", "ステータス", "상태", "x" * 32, "١٢", "²"),
        *(f"स{DEVANAGARI_VIRAMA}थिति", f"สั{THAI_MAI_EK}ง", "๏"),
    ],
)
def test_letters_digits_hyphens_and_underscores_of_any_script_are_taken(name):
    assert is_name(name)
    assert _valid_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "l'hôte",
            "l’hôte",
            "Status",
            "СТАТУС",
            "ǅ",
            "a b",
            "a.b",
            "a/b",
            "é\u0301",
            "😀",
            "a\n",
            "a\u200b",
            "\ud800",
        ),
        *(f"स{DANDA}", f"स{UDATTA}", f"ก{BAHT}"),
    ],
)
def test_other_characters_and_capitals_are_refused(name):
    assert not is_name(name)
    assert not _valid_name(name)


@pytest.mark.parametrize("name", ["", "x" * 33])
def test_a_name_has_1_to_32_characters(name):
    assert not is_name(name)


def test_the_simulated_discord_judges_every_character_alike():
    everything = map(chr, range(sys.maxunicode + 1))
    assert [hex(ord(each)) for each in everything if is_name(each) != _valid_name(each)] == []
