"""While a deferred button works, nobody can press the buttons of its message, whatever kind of message it is."""

from __future__ import annotations

from pathlib import Path

from sandbox import testing
from sandbox.testing import bot

SOURCE = '''
"""/board: a message of Components V2 with a button that works on it."""

from watchbell import Button, Command, Container, Reply, Section, Text, UserError, anyone

command = Command("board", "Shows a board", who=anyone)


@command.run
def board(interaction, tools):
    """Show a board."""
    return shown("Fresh")


@command.button(updates=True)
def again(interaction, tools):
    (message,) = tools.discord.recent_messages(interaction.channel_id)[:1]
    buttons = message["components"][0]["components"]
    return shown("Busy" if all(each.get("disabled") for each in found(buttons)) else "Idle")


@command.button(updates=True)
def fail(interaction, tools):
    raise UserError("Not now.")


def found(components):
    return [each.get("accessory") or each["components"][0] for each in components]


def shown(text):
    return Reply(components=[Container(Section(text, accessory=again.button("Again")), fail.button("Fail"))])
'''


def test_the_buttons_of_a_layout_are_busy_while_one_works_and_enabled_if_there_is_no_new_answer(tmp_path: Path) -> None:
    (tmp_path / "board.py").write_text(SOURCE)
    try:
        with bot(tmp_path) as discord:
            ada = discord.person()
            board = ada.run("board")
            busy = ada.press(board, "Again")
            assert "Busy" in busy.text
            refused = ada.press(busy, "Fail")
            assert "Not now." in refused.text
            assert "Busy" in ada.press(busy, "Again").text
    finally:
        testing.end()
