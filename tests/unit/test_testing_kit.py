"""The plain calls of the testing kit: a feature is called with all the checks of a real interaction."""

import re
from pathlib import Path

import pytest

import sandbox.testing
from watchbell import Delete, FormError, Role, User, UserError
from watchbell import testing as kit
from watchbell.adapters.locks import LEASE_SECONDS
from watchbell.errors import DefinitionError, InvalidReply
from watchbell.testing import FakeTools, Somebody, autocomplete, choose, press, run, submit
from watchbell.testing.calls import RANKED

CONTRIBUTING = Path(__file__).parents[2] / "CONTRIBUTING.md"

CAFE = """
from watchbell import (
    Annotated, Choice, Command, Modal, Paragraph, Range, Reply, Short, User, UserError, UserPick,
    anyone, operator, owner, permission, role,
)
from watchbell.discord.components import StringSelect, UserSelect

command = Command("cafe", "A cafe", who=anyone)
staff = command.group("staff", "Those who work here")
brewed = []

@command.subcommand
def order(
    interaction,
    tools,
    *,
    cups: Annotated[int, Range(1, 9)],
    kind: Choice["tea", "coffee"] = "tea",
    to: User = None,
    sort: str = "",
):
    '''Order.

    cups: How many
    kind: Of what
    to: For whom
    sort: Which sort
    '''
    if cups == 9:
        raise UserError("That is too much.")
    buttons = [again.button("Again", cups=cups, note="for: me"), again.button("Out", cups=1, note="", disabled=True)]
    return Reply(f"{cups} {kind} to {to.name if to else interaction.user_id}", buttons=buttons)

@order.autocomplete
def sort(interaction, tools, typed):
    return [*tools.source_names(), ("Of the day", "x")]

@staff.subcommand(who=permission("MANAGE_GUILD"))
def hire(interaction):
    '''Hire somebody.'''
    return Reply(f"hired in {interaction.guild_id or 'private'}, {interaction.locale}")

@command.button
def again(interaction, tools, *, cups: int, note: str):
    return [Reply(f"{cups} {note}"), Reply("and a biscuit")]

@command.select
def pick(interaction, tools, *, table: int):
    return Reply(f"{table}: {interaction.values}", components=[pick.select(StringSelect(["a", "b"]), table=table)])

@command.button
def slow(interaction, tools):
    yield Reply("grinding")
    with tools.journal.step("brew") as step:
        if step.new:
            brewed.append(1)
    yield Reply("pouring")
    return Reply("done")

@command.button(instant=True)
def quick(interaction):
    return Reply("x" * 2001)

@command.button(instant=True)
def heavy(interaction):
    return Reply("x", buttons=[again.button("Again", cups=1, note="n" * 90)])

@command.button
def nothing(interaction, tools):
    return None

@command.button(who=owner)
def mine(interaction, tools):
    return Reply("yours")

@command.button(who=operator)
def ours(interaction, tools):
    return Reply("ours")

@command.button(who=role("responder"))
def rank(interaction, tools):
    return Reply("ranked")

class Complaint(Modal, title="Complain"):
    what = Short("What", least=3)
    why = Paragraph("Why", required=False)
    about = UserPick("About whom", required=False)

@command.modal
def complain(interaction, tools, form: Complaint, *, table: int):
    return Reply(f"{table}: {form.what} {[user.name for user in form.about]}")

@command.button(instant=True, updates=True)
def open_it(interaction):
    return complain.open(table=4, what="cold")
"""


@pytest.fixture
def cafe(feature):
    return feature("cafe", CAFE)


def test_a_command_gets_its_options_checked_and_resolved(cafe):
    assert run(cafe, "cafe order", cups=2).content == f"2 tea to {kit.USER}"
    assert run(cafe.command, "order", cups=2, kind="coffee", to=User("7", {"username": "bob"})).content.endswith("bob")
    assert run(cafe.order, cups=1, user="5").content == "1 tea to 5"
    for wrong in ({"cups": 10}, {"cups": "2"}, {"cups": 2, "kind": "milk"}):
        with pytest.raises(UserError):
            run(cafe, "order", **wrong)
    for impossible in ({}, {"cups": 2, "sugar": 1}):
        with pytest.raises(TypeError, match="/cafe order takes cups, kind, to, sort, not"):
            run(cafe, "order", **impossible)
    with pytest.raises(UserError, match="too much"):
        run(cafe, "order", cups=9)


def test_a_subcommand_that_is_not_there_is_told_with_those_that_are(cafe):
    with pytest.raises(LookupError, match="cafe order, cafe staff hire"):
        run(cafe, "cafe pay")


def test_who_asks_and_where_is_said_by_keyword(cafe):
    with pytest.raises(UserError, match="Manage Server"):
        run(cafe, "staff hire")
    assert "hired in 8, de" in run(cafe, "staff hire", permissions="MANAGE_GUILD", guild="8", locale="de").content
    assert run(cafe, "staff hire", permissions=8)
    with pytest.raises(UserError, match="Manage Server"):
        run(cafe, "staff hire", permissions=8, guild="")


def test_every_policy_can_be_met_and_missed(cafe):
    for handler, enough in (
        (cafe.ours, {"operator": True}),
        (cafe.rank, {"rank": "admin"}),
        (cafe.rank, {"permissions": "ADMINISTRATOR"}),
    ):
        assert press(handler, **enough).content
        assert press(handler, by=Somebody(**enough)).content
        with pytest.raises(UserError):
            press(handler)
    assert press(cafe.mine).content == "yours"
    with pytest.raises(UserError, match="This is for the person who asked"):
        press(cafe.mine, asked_by="9")


def test_a_button_is_pressed_by_its_handler_or_out_of_a_reply(cafe):
    reply = run(cafe, "order", cups=2)
    assert [each.content for each in press(reply.buttons[0])] == ["2 for: me", "and a biscuit"]
    assert press(cafe.again, cups=3, note="~%")[0].content == "3 ~%"
    assert press(cafe.again, cups=3, note="long" * 40)[0].content == "3 " + "long" * 40  # stored in the table
    with pytest.raises(ValueError, match="nobody can press"):
        press(reply.buttons[1])
    with pytest.raises(DefinitionError, match="takes cups, note"):
        press(cafe.again, cups=3)


def test_a_select_gets_what_was_chosen(cafe):
    reply = choose(cafe.pick, "a", table=4)
    assert reply.content == "4: ['a']"
    assert choose(reply.components[0], "b").content == "4: ['b']"
    assert choose(cafe.pick, User("7", {}), Role("8", {}), table=4).content == "4: [User('7'), Role('8')]"
    with pytest.raises(ValueError, match="offers a, b"):
        choose(reply.components[0], "c")


def test_a_form_is_opened_and_submitted(cafe):
    opening = press(cafe.open_it)
    assert opening.kept == {"what": "cold"}
    assert press(cafe.complain, table=4, what="cold").kept == {"what": "cold"}
    assert submit(cafe.complain, table=4, what="cold tea").content == "4: cold tea []"
    assert submit(cafe.complain, table=4, what="rude", about=[User("7", {"username": "bob"})]).content.endswith(
        "['bob']"
    )
    with pytest.raises(FormError) as raised:
        submit(cafe.complain, table=4, what="no")
    assert raised.value.faults == {"what": "at least 3 characters; it has 2."}
    assert press(raised.value.reply.buttons[0]).kept == {"what": "no"}
    with pytest.raises(TypeError, match="is no modal"):
        submit(cafe.again, cups=1)


def test_progress_comes_back_as_all_that_was_shown(cafe):
    tools = FakeTools()
    for _ in range(2):
        assert [each.content for each in press(cafe.slow, tools=tools, id="7")] == ["grinding", "pouring", "done"]
    assert cafe.brewed == [1]  # in the second try of the interaction, the step was already done


def test_another_interaction_has_a_journal_of_its_own(cafe):
    tools = FakeTools()
    for _ in range(2):
        press(cafe.slow, tools=tools)
    assert cafe.brewed == [1, 1]


def test_a_journal_keeps_json_as_the_table_does():
    journal = FakeTools().journal
    with journal.of("a").step("x") as step:
        step.value = {"pair": (1, 2), 3: None}
    again = journal.of("a").step("x")
    assert (again.new, again.unsure, again.value) == (False, False, {"pair": [1, 2], "3": None})
    with again:
        again.value = "changed after it was done"
    assert journal.of("a").step("x").value["pair"] == [1, 2]
    assert journal.of("b").step("x").new
    with pytest.raises(TypeError, match="not JSON serializable"), journal.of("c").step("x") as step:
        step.value = object()
    assert (journal.of("c").step("x").new, journal.of("c").step("x").unsure) == (True, True)


def test_somebody_has_the_roles_that_they_are_given(feature):
    source = "from watchbell import Command, Reply, anyone\ncommand = Command('x', 'X', who=anyone)\n"
    x = feature("x", f"{source}@command.run\ndef x(interaction): return Reply(' '.join(interaction.roles) or 'none')\n")
    assert run(x, roles=["7", "8"]).content == "7 8"
    assert run(x, roles=["7"], rank="viewer").content == f"7 {RANKED}"
    assert run(x).content == "none"


def test_autocomplete_offers_what_fits(cafe):
    tools = FakeTools(source_names=lambda: ["green tea", "black tea", "coffee"])
    assert autocomplete(cafe, "sort", "TEA", path="order", tools=tools) == [
        "green tea",
        "black tea",
        ("Of the day", "x"),
    ]


def test_what_discord_would_refuse_fails_with_its_place(cafe):
    with pytest.raises(InvalidReply, match=r"data\.content: 2001 characters"):
        press(cafe.quick)
    assert press(cafe.heavy).content == "x"  # the worker answers, because it has the table
    with pytest.raises(DefinitionError, match="/cafe nothing answered None"):
        press(cafe.nothing)


def test_a_message_that_is_deleted_and_one_that_is_private_come_back_as_such(feature):
    gone = feature(
        "gone",
        """
from watchbell import Command, Delete, Reply, anyone

command = Command("gone", "Gone", who=anyone)

@command.run
def gone(interaction, tools):
    return [Delete(), Reply("for you", private=True)]

@command.button(instant=True)
def wrong(interaction):
    return Delete()
""",
    )
    first, second = run(gone)
    assert isinstance(first, Delete)
    assert second.private
    with pytest.raises(DefinitionError, match=r"/gone wrong returned Delete\(\), but an instant handler"):
        press(gone.wrong)


POLLS = """
from watchbell import Command, Poll, Reply, anyone

command = Command("polls", "Polls", who=anyone)
poll = Poll("Tea?", ["Yes", "No"])

@command.run
def polls(interaction, tools):
    return Reply(poll=poll)

@command.button(updates=True)
def instead(interaction, tools):
    return Reply(poll=poll)

@command.button(updates=True, instant=True)
def at_once(interaction):
    return Reply(poll=poll)

@command.button(updates=True)
def below(interaction, tools):
    return [Reply("Tea?"), Reply(poll=poll)]

@command.button(updates=True)
def aside(interaction, tools):
    return Reply(poll=poll, private=True)
"""


def test_a_poll_may_be_a_message_of_its_own_and_never_takes_the_place_of_one_that_stands(feature):
    polls = feature("polls", POLLS)
    for handler in (polls.instead, polls.at_once):
        with pytest.raises(DefinitionError, match="updates a message, and an edit cannot add a poll"):
            press(handler)
    assert run(polls).poll
    assert press(polls.below)[1].poll
    assert press(polls.aside).poll


def test_a_command_that_discord_would_not_register_fails_with_its_place(feature):
    source = "from watchbell import Command, Reply, anyone\ncommand = Command('dumb', 'Dumb', who=anyone)\n"
    dumb = feature("dumb", f"{source}@command.run\ndef dumb(interaction, tools, *, word: str): return Reply(word)\n")
    with pytest.raises(DefinitionError, match="/dumb: option word needs a description of 1-100 characters"):
        run(dumb, word="x")


def test_an_instant_handler_has_what_the_ingress_has(feature):
    source = "from watchbell import Command, Reply, anyone\ncommand = Command('x', 'X', who=anyone, instant=True)\n"
    source += "@command.run\ndef run(interaction): return Reply('x')\n"
    feature("x", f"{source}@command.button\ndef steps(interaction, tools): return tools.journal.step('a')\n")
    from watchbell.commands import x

    with pytest.raises(
        AttributeError, match=r"the ingress has no tools\.journal; the worker has it, so drop instant=True"
    ):
        press(x.steps)


def test_a_field_that_is_not_there_is_told_to_the_author(feature):
    form = feature(
        "form",
        """
from watchbell import Command, FieldError, Modal, Reply, Short, anyone

command = Command("form", "Form", who=anyone)

class Form(Modal, title="Form"):
    name = Short("Name")

@command.run
def form(interaction, tools):
    return Reply("x")

@command.modal
def send(interaction, tools, form: Form):
    raise FieldError("nmae", "No.")
""",
    )
    with pytest.raises(LookupError, match="Form has no field nmae"):
        submit(form.send, name="x")


def test_a_tool_that_the_test_did_not_give_is_named(cafe):
    with pytest.raises(AttributeError, match=re.escape("FakeTools(source_names=…)")):
        autocomplete(cafe.order, "sort")
    tools = FakeTools()
    tools.source_names = list
    assert autocomplete(cafe.order, "sort", tools=tools) == [("Of the day", "x")]


# Tables and parameters


BAR = """
from watchbell import Command, Modal, Quota, Reply, Short, UserError, anyone

command = Command("bar", "A bar", who=anyone, quota=(Quota(5, per=600, by="guild"), Quota(2, per=60)), flag="beta")
fences, meanwhile = [], []

@command.run
def bar(interaction, tools, *, drink: str = ""):
    '''Go to the bar.

    drink: Which
    '''
    if drink == "poison":
        raise UserError("No.")
    return Reply("cheers")

@bar.autocomplete
def drink(interaction, typed):
    return ["water"]

@command.button(cooldown=30)
def nuts(interaction, tools):
    return Reply("nuts")

@command.button(quota=Quota(1, per=60, by="channel"))
def music(interaction, tools):
    return Reply("music")

@command.button(lock="till:{guild}:{number}", cooldown=30)
def pay(interaction, tools, *, number: int):
    fences.append(tools.fence)
    yield Reply("counting")
    for each in meanwhile[:1]:
        del meanwhile[:1]
        each()
    yield Reply("paid")

@command.button(quota=())
def fence(interaction, tools):
    return Reply(f"fence {tools.fence}")

class Name(Modal, title="Reserve"):
    name = Short("Name")

@command.modal(quota=Quota(1, per=60))
def reserve(interaction, tools, form: Name):
    return Reply(f"reserved for {form.name}")
"""
NOW = 1_795_334_400.0


@pytest.fixture
def bar(feature):
    return feature("bar", BAR)


@pytest.fixture
def tools():
    made = FakeTools(now=lambda: made.time)
    made.time = NOW
    return made


def spent(at):
    return pytest.raises(UserError, match=rf"reached the limit for this. You can use it again <t:{at:.0f}:R>")


def test_a_spent_quota_is_told_with_the_time_when_it_is_free_again(bar, tools):
    for _ in range(2):
        assert run(bar, tools=tools).content == "cheers"
        tools.time += 10
    with spent(NOW + 60):
        run(bar, tools=tools)
    tools.time = NOW + 60  # the first of the two uses is outside of the window
    assert run(bar, tools=tools).content == "cheers"
    with spent(NOW + 70):
        run(bar, tools=tools)


def test_quotas_are_counted_for_whom_they_are_declared(bar, tools):
    assert [run(bar, tools=tools, user=user).content for user in "55667"] == ["cheers"] * 5
    with spent(NOW + 600):
        run(bar, tools=tools, user="7")
    assert run(bar, tools=tools, user="7", guild="8").content == "cheers"
    assert run(bar, tools=tools, user="8", guild="").content == "cheers"
    assert press(bar.music, tools=tools, user="5").content == "music"
    with spent(NOW + 60):
        press(bar.music, tools=tools, user="6")
    assert press(bar.music, tools=tools, user="6", channel="9").content == "music"


def test_a_cooldown_is_a_handlers_own(bar, tools):
    assert [press(bar.nuts, tools=tools).content, run(bar, tools=tools).content] == ["nuts", "cheers"]
    with spent(NOW + 30):
        press(bar.nuts, tools=tools)
    tools.time += 30
    assert press(bar.nuts, tools=tools).content == "nuts"


def test_what_the_person_got_wrong_is_counted_and_other_tools_have_their_own_count(bar, tools):
    for _ in range(2):
        with pytest.raises(UserError, match="No"):
            run(bar, drink="poison", tools=tools)
    with spent(NOW + 60):
        run(bar, tools=tools)
    assert [run(bar).content for _ in range(3)] == ["cheers"] * 3


def test_an_interaction_that_is_delivered_again_is_counted_once(bar, tools):
    assert [press(bar.nuts, tools=tools, id="1").content for _ in range(2)] == ["nuts", "nuts"]
    with spent(NOW + 30):
        press(bar.nuts, tools=tools, id="2")


def test_a_press_that_opens_a_form_is_not_counted_and_its_submission_is(bar, tools):
    assert [press(bar.reserve, tools=tools).kept for _ in range(3)] == [{}] * 3
    assert submit(bar.reserve, name="Ada", tools=tools).content == "reserved for Ada"
    with spent(NOW + 60):
        submit(bar.reserve, name="Ada", tools=tools)
    assert press(bar.reserve, tools=tools).kept == {}


def test_the_second_click_is_told_that_the_first_is_being_worked_on(bar, tools):
    def click():
        with pytest.raises(UserError, match="already being worked on"):
            press(bar.pay, number=1, tools=tools, user="5")
        assert len(press(bar.pay, number=2, tools=tools, user="5")) == 2

    bar.meanwhile.append(click)
    assert [each.content for each in press(bar.pay, number=1, tools=tools)] == ["counting", "paid"]
    assert bar.meanwhile == []
    assert press(bar.pay, number=1, tools=tools, user="6")  # the lock was released when the first press was done


def test_a_test_can_hold_a_lock_and_who_finds_it_taken_is_not_counted(bar, tools):
    lock = tools.locks.take(f"till:{kit.GUILD}:1", "somebody")
    with pytest.raises(UserError, match="already being worked on"):
        press(bar.pay, number=1, tools=tools)
    lock.release()
    assert press(bar.pay, number=1, tools=tools)
    with spent(NOW + 30):
        press(bar.pay, number=1, tools=tools)


def test_a_failure_keeps_its_lock_for_its_own_retry_until_the_lease_is_over(bar, tools):
    def fail():
        raise KeyError("a bug")

    bar.meanwhile.extend([fail, fail])
    with pytest.raises(KeyError):
        press(bar.pay, number=1, tools=tools, id="7")
    with pytest.raises(UserError, match="already being worked on"):
        press(bar.pay, number=1, tools=tools, user="5")
    with pytest.raises(KeyError):  # the retry gets the lock again
        press(bar.pay, number=1, tools=tools, id="7")
    tools.time += LEASE_SECONDS + 1
    assert press(bar.pay, number=1, tools=tools, user="5")


def test_the_fence_grows_with_each_holder_and_is_0_without_a_lock(bar, tools):
    for user in "567":
        press(bar.pay, number=1, tools=tools, user=user)
    assert 0 < bar.fences[0] < bar.fences[1] < bar.fences[2]
    assert press(bar.fence, tools=tools).content == "fence 0"


@pytest.mark.parametrize(
    "flags", [{"beta": "off"}, {"beta": "0%"}, {"beta": f"on -{kit.GUILD}"}, {"gamma": "on"}, {}], ids=str
)
def test_a_feature_whose_flag_is_off_says_so_and_completes_nothing(bar, flags):
    tools = FakeTools(flags=flags)
    for call in (run, press):
        with pytest.raises(UserError, match="not switched on here yet"):
            call(bar if call is run else bar.nuts, tools=tools)
    assert autocomplete(bar, "drink", tools=tools) == []


def test_a_flag_is_on_where_it_says_and_everywhere_where_a_test_says_nothing(bar):
    there = "1000000000000000107"
    tools = FakeTools(flags={"beta": f"off {there}"})
    assert run(bar, guild=there, tools=tools).content == "cheers"
    assert run(bar, guild="", user=there, tools=tools).content == "cheers"
    with pytest.raises(UserError, match="not switched on"):
        run(bar, tools=tools)
    assert run(bar).content == "cheers"
    assert autocomplete(bar, "drink") == ["water"]
    with pytest.raises(ValueError, match="begins with on, off or a percentage"):
        run(bar, tools=FakeTools(flags={"beta": "perhaps"}))


def test_who_may_not_use_a_command_is_offered_nothing(feature):
    source = CAFE.replace('"A cafe", who=anyone', '"A cafe", who=permission("MANAGE_GUILD")')
    cafe, tools = feature("cafe", source), FakeTools(source_names=lambda: ["tea"])
    assert autocomplete(cafe.order, "sort", tools=tools) == []
    assert "tea" in autocomplete(cafe.order, "sort", tools=tools, permissions="MANAGE_GUILD")


MENU = """
from watchbell import Reply, UserCommand, anyone

command = UserCommand("Greet user", who=anyone, instant=True)

@command.run
def greet(interaction):
    return Reply(f"Hello {interaction.target.name}")
"""


def test_a_context_menu_is_opened_on_somebody(feature):
    assert run(feature("greet_user", MENU), target=User("7", {"global_name": "Bob"})).content == "Hello Bob"


NAMED = """
from watchbell import Command, Reply, User, anyone

command = Command("named", "Named", who=anyone, instant=True)

@command.run
def named(interaction, *, user: User):
    '''Ask about somebody.

    user: About whom
    '''
    return Reply(f"{interaction.user_id} asks about {user.name}")
"""


def test_an_option_named_as_one_of_ours_is_the_features(feature):
    bob = User("7", {"username": "bob"})
    assert run(feature("named", NAMED), user=bob, by=Somebody(user="5")).content == "5 asks about bob"


def test_the_product_is_called_like_any_feature():
    from watchbell.commands import help, ping, status

    assert "Still here" in press(run(ping).buttons[0]).content
    assert "/ping" in run(help, command="ping").embeds[0].title
    assert autocomplete(status, "server", "ST", tools=FakeTools(source_names=lambda: ["prod", "staging"])) == [
        "staging"
    ]


def test_the_guide_to_testing_is_true():
    guide = (CONTRIBUTING.parent / "docs" / "testing.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", guide, flags=re.DOTALL)
    names: dict = {}
    exec(example, names)
    names["test_a_flag_can_be_hoisted_once_a_minute"]()
    plain, people = guide.split("## People")
    for name in re.findall(r"`(\w+)\(", plain.split("```python")[0]):
        assert hasattr(kit, name), name
    asked = re.findall(r"`(\w+)`", plain.split("Who asks is said by keyword:")[1].split("or all at once")[0])
    assert set(asked) == set(Somebody.__init__.__kwdefaults__)
    for name in re.findall(r"`(?:\w+ = )?(?:discord|ada)\.(\w+)", people):
        assert hasattr(sandbox.testing.Block, name) or hasattr(sandbox.testing.Actor, name) or name == "simulated", name
    for name in re.findall(r"`([A-Z_]{4,})`", people):
        assert hasattr(sandbox.testing, name), name


def test_the_example_of_contributing_is_true_and_short(feature, monkeypatch):
    section = CONTRIBUTING.read_text().split("## Test it")[1]
    source, test, _ = re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)
    assert len(source.splitlines()) + len(test.splitlines()) <= 25
    from watchbell import commands

    monkeypatch.setattr(commands, "tea", feature("tea", source), raising=False)
    names: dict = {}
    exec(test, names)
    names["test_tea_can_be_spilt"]()


def test_the_example_that_remembers_is_true_and_short(feature, monkeypatch):
    section = CONTRIBUTING.read_text().split("### Remember something")[1].split("### ")[0]
    source, test = re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)
    assert len(source.splitlines()) + len(test.splitlines()) <= 36
    from watchbell import commands

    monkeypatch.setattr(commands, "note", feature("note", source), raising=False)
    names: dict = {}
    exec(test, names)
    names["test_a_note_is_remembered"]()


SLOW = """
import time
from watchbell import Command, Reply, anyone

command = Command("slow", "Too slow", who=anyone, instant=True)

@command.run
def slow(interaction):
    time.sleep(60)
"""


def test_an_instant_handler_that_takes_too_long_fails_its_test(feature):
    with pytest.raises(DefinitionError, match=r"/slow took longer than 2\.2 seconds; remove instant=True"):
        run(feature("slow", SLOW))
