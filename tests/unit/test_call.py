"""One parsed call: its state and form are read only once, even if several parts of the kit need them."""

import pytest

from tests.discord_side import sealed
from tests.fakes import Claims
from tests.unit.test_platform import NOW, Bot
from watchbell.discord import modal
from watchbell.discord.seals import FORM_EXPIRED
from watchbell.interactions import forms as submission
from watchbell.interactions.call import Call
from watchbell.kit.handler import Handler
from watchbell.testing.fakes import FakeLocks, FakeQuotas

ORDER = """
from watchbell import Command, Modal, Quota, Reply, Short, User, anyone

class Tea(Modal, title="Tea"):
    kind = Short("Kind", least=3)

command = Command("order", "Order", who=anyone, quota=Quota(1, per=60))

@command.run(lock="for:{guest}:{hot}:{cups}")
def order(interaction, tools, *, guest: User, hot: bool = True, cups: int = 1):
    '''Order.

    guest: Who drinks it
    hot: Whether it is hot
    cups: How many
    '''
    return Reply("ordered")

@command.button(lock="seat:{place}")
def seat(interaction, tools, *, place: str, note: str):
    return Reply(f"{place} {len(note)}")

@command.modal(lock="tea:{table}")
def tea(interaction, tools, form: Tea, *, table: str):
    return Reply(f"{form.kind} for {table}")
"""


class Stash:
    """The table for large state. It counts how often it is read."""

    def __init__(self):
        self.rows, self.reads = {}, 0

    def put(self, values, seconds):
        self.rows[f"key{len(self.rows)}"] = values
        return f"key{len(self.rows) - 1}"

    def get(self, key):
        self.reads += 1
        return self.rows.get(key)


@pytest.fixture
def bot(feature):
    made = Bot()
    made.order = feature("order", ORDER)
    made.tools.stash = made.tools.seals._stash = made.stash = Stash()
    made.tools.locks, made.tools.quotas = FakeLocks(lambda: NOW), FakeQuotas(lambda: NOW)
    return made


def test_large_state_is_read_from_the_table_once_for_lock_quota_and_handler(bot):
    custom_id = bot.tools.seals.seal(bot.order.seat.button("x", place="7", note="n" * 300).custom_id)
    bot.ask("component_refresh", data={"custom_id": custom_id, "component_type": 2})
    assert bot.stash.reads == 0
    assert bot.finally_shown() == ["7 300"]
    assert bot.stash.reads == 1
    assert list(bot.tools.locks.taken) == ["seat:7"]


def test_a_form_is_parsed_once_and_the_refusal_of_a_quota_still_offers_it_again(bot, monkeypatch):
    parsed = []
    read = modal.read
    monkeypatch.setattr(submission.modal, "read", lambda *given: parsed.append(1) or read(*given))
    custom_id = bot.tools.seals.seal(bot.order.tea.open(table="t" * 200).address, interaction_of(bot))
    answer = {"type": 18, "component": {"type": 4, "custom_id": "kind", "value": "green"}}
    for told in ("green for " + "t" * 200, "You have reached the limit for this."):
        bot.stash.reads, bot.tools.claims = 0, Claims()
        parsed.clear()
        bot.ask("modal", id=str(len(told)), data={"custom_id": custom_id, "components": [answer]})
        assert bot.finally_shown()[-1].startswith(told)
        assert (len(parsed), bot.stash.reads) == (1, 1)
        bot.queue.clear()
    assert bot.discord.calls[-1][1]["components"][0]["components"][0]["label"] == submission.AGAIN


def interaction_of(bot):
    from tests import recorded
    from watchbell.discord.interaction import Interaction

    return Interaction(recorded.load("modal"))


def test_options_that_do_not_fit_cost_no_use_and_take_no_lock(bot):
    bot.command("order", {"name": "guest", "type": 6, "value": "9"})
    assert bot.finally_shown()[-1] == "`guest` must be a user."
    assert (bot.tools.locks.taken, bot.tools.quotas.uses) == ({}, {})


def test_a_lock_names_what_the_handler_gets_defaults_and_people_by_id(bot):
    options = [{"name": "guest", "type": 6, "value": "9"}, {"name": "cups", "type": 4, "value": 2}]
    bot.command("order", *options, data={"resolved": {"users": {"9": {"username": "bob"}}}})
    assert bot.finally_shown() == ["ordered"]
    assert list(bot.tools.locks.taken) == ["for:9:1:2"]


def test_a_call_knows_whether_a_press_opens_the_form(bot):
    handler = bot.order.tea
    assert isinstance(handler, Handler)
    assert not Call(handler, interaction_of(bot)).opens_form


def test_a_form_whose_state_is_gone_from_the_table_says_that_the_answers_were_not_used(bot):
    custom_id = sealed("order:tea*gone", now=NOW)
    answer = {"type": 18, "component": {"type": 4, "custom_id": "kind", "value": "green"}}
    bot.ask("modal", data={"custom_id": custom_id, "components": [answer]})
    assert bot.finally_shown()[-1] == FORM_EXPIRED
