"""Everything that a feature can declare, used through the ingress and the worker.

That is who may use it and where, autocomplete, subcommands, context menus, large state and instant answers.
"""

import json

import pytest

from tests import judge, recorded
from tests.discord_side import PUBLIC_KEY, FakeDiscord, request, sealed, tools
from tests.fakes import Claims, Journal
from watchbell.adapters import api_gateway
from watchbell.adapters.batch import Delivery
from watchbell.adapters.server_settings import Chosen
from watchbell.discord.signature import public_keys
from watchbell.doors import worker as followup
from watchbell.doors.ingress import Doorkeeper
from watchbell.errors import Unavailable
from watchbell.interactions.gate import UNKNOWN
from watchbell.registration.declare import manifest

NOW = 1_795_334_400
ADA = "80351110224678912"
ADMINISTRATOR, MANAGE_GUILD = 8, 32


class ServerSettings:
    def of(self, guild_id):
        return Chosen({"responder_roles": ["41771983423143936"]} if guild_id else {})


class Parameters:
    def find(self, name):
        return {"operators": f"1234567890123456, {ADA}"}.get(name)


class Bot:
    """The ingress and the worker. `ask` returns the acknowledgement, `finally_shown` the texts that Discord got."""

    def __init__(self):
        self.queue = []
        self.tools = tools(lambda: NOW, OPERATORS_PARAMETER="operators")
        self.tools.server_settings = ServerSettings()
        self.tools.parameters, self.tools.claims = Parameters(), Claims()
        self.tools.journal_of = lambda interaction_id, attempt: Journal()
        self.discord = self.tools.discord = FakeDiscord()
        self.doorkeeper = Doorkeeper(public_keys(PUBLIC_KEY), self.queue.append, self.tools, lambda: NOW)

    def ask(self, name, **changes):
        answer = self.doorkeeper.answer(*api_gateway.read(request(recorded.load(name, **changes), at=NOW)))
        assert answer.status == 200
        judge.approve("callback", answer.payload)
        return answer.payload

    def command(self, name, *options, type=1, **changes):
        data = {"name": name, "type": type, "options": list(options), **changes.pop("data", {})}
        return self.ask("command_ping", data=data, **changes)

    def press(self, address, **changes):
        data = {"custom_id": sealed(address, now=NOW), "component_type": 2, **changes.pop("data", {})}
        return self.ask("component_refresh", data=data, **changes)

    def finally_shown(self):
        for text in self.queue:
            followup.work(Delivery(json.loads(text), 1, False), self.tools)
        return [call[-1].get("content") for call in self.discord.calls if isinstance(call[-1], dict)]


@pytest.fixture
def bot():
    return Bot()


def member(permissions=0, roles=()):
    return {"user": {"id": ADA, "username": "ada"}, "roles": list(roles), "permissions": str(permissions)}


def says(payload):
    return payload["data"]["content"]


# Who may use it


GUARDED = """
from watchbell import Command, Reply, anyone, operator, owner, permission, role

command = Command("guarded", "Guarded", who=permission("MANAGE_GUILD"), instant=True)

@command.run
def guarded(interaction):
    return Reply("You may.")

@command.button(who=owner)
def mine(interaction):
    return Reply("Yours.")

@command.button(who=operator)
def ours(interaction):
    return Reply("You run me.")

@command.button(who=role("responder"), instant=False)
def respond(interaction, tools):
    return Reply("You respond.")

@command.button(who=role("admin"), instant=False)
def administer(interaction, tools):
    return Reply("You administer.")
"""


@pytest.mark.parametrize(
    ("bits", "may"), [(0, False), (16, False), (MANAGE_GUILD, True), (MANAGE_GUILD | 1, True), (ADMINISTRATOR, True)]
)
def test_a_permission_is_needed_and_administrators_have_all(bot, feature, caplog, bits, may):
    feature("guarded", GUARDED)
    payload = bot.command("guarded", member=member(bits))
    assert says(payload) == ("You may." if may else "To use this, you need this permission: Manage Server.")
    assert payload["data"].get("flags") == (None if may else 64)
    assert ("AUDIT refused /guarded: needs permission MANAGE_GUILD" in caplog.text) is not may


def test_in_a_direct_message_nobody_has_permissions_of_a_server(bot, feature):
    feature("guarded", GUARDED)
    payload = bot.ask("component_in_dm", type=2, data={"name": "guarded", "type": 1})
    assert says(payload) == "To use this, you need this permission: Manage Server."


@pytest.mark.parametrize("permissions", [None, "", "-8", "8.0", "eight", 8, "9" * 40, "٨"])
def test_permissions_that_are_not_a_number_are_none(bot, feature, permissions):
    feature("guarded", GUARDED)
    assert "you need this permission" in says(bot.command("guarded", member={**member(), "permissions": permissions}))


@pytest.mark.parametrize(("asked_by", "may"), [(ADA, True), ("1", False)])
def test_the_owner_of_a_message_is_who_asked_for_it(bot, feature, asked_by, may):
    feature("guarded", GUARDED)
    message = {"id": "9", "interaction_metadata": {"user": {"id": asked_by}}}
    data = {"custom_id": sealed("guarded:mine", now=NOW, bound="u", to=ADA)}
    payload = bot.press("guarded:mine", message=message, data=data)
    assert (says(payload) == "Yours.") is may


def test_what_is_for_its_owner_is_bound_to_them_and_a_message_that_came_late_needs_no_more(bot, feature, caplog):
    guarded = feature("guarded", GUARDED)
    address = guarded.mine.button("Mine").custom_id
    assert address.bound == "u"
    for owner, told in ((ADA, "Yours."), ("1", "This is for the person who asked")):
        data = {"custom_id": sealed("guarded:mine", now=NOW, bound="u", to=owner)}
        assert says(bot.press("guarded:mine", message={"id": "9"}, data=data)).startswith(told)
    assert "AUDIT refused a custom id" in caplog.text


ORDER = """
from watchbell import Command, Reply, anyone, owner

command = Command("order", "Order", who=anyone, instant=True)

@command.run
def order(interaction):
    return shown()

@command.button(updates=True)
def refresh(interaction):
    return shown()

@command.button(updates=True, bound="user")
def cancel(interaction):
    return shown()

def shown():
    return Reply("An order", buttons=[refresh.button("Refresh"), cancel.button("Cancel")])
"""


@pytest.mark.parametrize("late", [False, True])
def test_what_is_bound_stays_with_whose_message_it_is_whoever_updates_that(bot, feature, late):
    feature("order", ORDER)
    bob = {"member": {**member(), "user": {"id": "1"}}}

    def buttons(payload):
        return [button["custom_id"] for button in payload["data"]["components"][0]["components"]]

    def press(custom_id, **who):
        message = {"id": "9"} if late else {"id": "9", "interaction_metadata": {"user": {"id": ADA}}}
        return bot.ask("component_refresh", data={"custom_id": custom_id, "component_type": 2}, message=message, **who)

    refresh, cancel = buttons(bot.command("order"))
    _, after_bob = buttons(press(refresh, **bob))
    assert press(after_bob, **bob)["type"] == 4  # refused
    assert (press(after_bob)["type"] == 7) is not late  # the owner of a late message is unknown
    _, after_ada = buttons(press(cancel))
    assert press(after_ada)["type"] == 7
    assert press(after_ada, **bob)["type"] == 4


@pytest.mark.parametrize(("user", "may"), [(ADA, True), ("1234567890123456", True), ("123456789012345", False)])
def test_the_operators_are_those_in_the_parameter(bot, feature, user, may):
    feature("guarded", GUARDED)
    assert (says(bot.press("guarded:ours", member={**member(), "user": {"id": user}})) == "You run me.") is may


@pytest.mark.parametrize(
    ("handler", "roles", "bits", "shown"),
    [
        ("respond", ["41771983423143936"], 0, "You respond."),
        ("respond", ["1"], 0, "To use this, you need a role with the rank responder in this server."),
        ("respond", [], ADMINISTRATOR, "You respond."),
        ("administer", ["41771983423143936"], 0, "To use this, you need a role with the rank admin in this server."),
    ],
)
def test_a_role_that_the_server_mapped_is_asked_for_by_the_worker(bot, feature, handler, roles, bits, shown):
    feature("guarded", GUARDED)
    assert bot.press(f"guarded:{handler}", member=member(bits, roles)) == {"type": 5}
    assert bot.finally_shown() == [shown]


# Where it may be used


@pytest.mark.parametrize(
    ("owners", "works"), [({"0": "1"}, True), ({"0": "1", "1": "2"}, True), ({"1": "2"}, False), ({}, True)]
)
def test_a_command_works_where_the_bot_is_installed_and_not_where_a_person_brought_it(bot, feature, owners, works):
    feature("guarded", GUARDED)
    payload = bot.command("guarded", member=member(ADMINISTRATOR), authorizing_integration_owners=owners)
    assert (says(payload) == "You may.") is works
    assert works or "a server that has added me" in says(payload)


def test_a_command_that_says_so_works_where_a_person_brought_it(bot):
    assert says(bot.command("ping", authorizing_integration_owners={"1": "2"})) == "Pong! I am awake."


# Autocomplete


FINDER = """
from watchbell import Command, Reply, anyone, permission

command = Command("find", "Find", who=anyone, instant=True)

@command.run
def find(interaction, *, fruit: str = "", count: int = 0, broken: str = "", pair: str = ""):
    return Reply(fruit)

@find.autocomplete
def fruit(interaction, typed):
    return ["pineapple", "apple", "banana", "x" * 300, *(f"apple {number}" for number in range(40))]

@find.autocomplete
def count(interaction, tools, typed):
    return [("one", 1), ("two", 2)]

@find.autocomplete
def broken(interaction, typed):
    raise KeyError(typed)

@find.autocomplete
def pair(interaction, typed):
    return None

private = Command("secret", "Secret", who=permission("ADMINISTRATOR"))
"""


def choices(bot, option, typed="", name="find", **changes):
    focused = {"name": option, "type": 3, "value": typed, "focused": True}
    payload = bot.ask("autocomplete", data={"name": name, "type": 1, "options": [focused]}, **changes)
    assert payload["type"] == 8
    return [choice["value"] for choice in payload["data"]["choices"]]


def test_texts_are_filtered_with_those_that_begin_so_first_and_at_most_25(bot, feature):
    feature("find", FINDER)
    found = choices(bot, "fruit", " APPLE")
    assert found[:2] == ["apple", "apple 0"]
    assert len(found) == 25
    assert choices(bot, "fruit", "ana") == ["banana"]
    assert choices(bot, "fruit", "xx") == ["x" * 100]


def test_pairs_are_shown_as_they_are(bot, feature):
    feature("find", FINDER)
    assert choices(bot, "count", "t") == [1, 2]


LOOSE = """
from watchbell import Annotated, Command, Range, Reply, anyone, role

command = Command("loose", "Loose", who=role("responder"))

@command.run
def loose(interaction, tools, *, word: str = "", year: Annotated[int, Range(1, 9999)] = 1, share: float = 0):
    '''Loose.

    word: A word
    year: A year
    share: A share
    '''
    return Reply("x")

@loose.autocomplete
def word(interaction, typed):
    return ["ok", "", " ", ("All", ""), ("", "x"), ("  padded ", " x "), ("set", {1}), ("number", 5)]

@loose.autocomplete
def year(interaction, typed):
    return ["2024", 2025, "soon", 2**60, ("no", None), ("yes", True)]

@loose.autocomplete
def share(interaction, typed):
    return ["0.5", float("nan"), float("inf"), "1e400", (" half", 0.5)]
"""


def test_choices_that_discord_would_refuse_are_left_out_or_made_fit(bot, feature):
    feature("loose", LOOSE)
    administrator = {"member": member(ADMINISTRATOR)}
    assert choices(bot, "word", name="loose", **administrator) == ["ok", "x", "{1}", "5"]
    assert choices(bot, "year", name="loose", **administrator) == [2024, 2025, 1]
    assert choices(bot, "share", name="loose", **administrator) == [0.5, 0.5]


class NoSettings:
    def of(self, guild_id):
        raise Unavailable("ThrottlingException")


def test_where_nobody_can_tell_whose_roles_are_what_nothing_is_offered_and_nothing_fails(bot, feature, caplog):
    feature("loose", LOOSE)
    bot.tools.server_settings = NoSettings()
    assert choices(bot, "word", name="loose", member=member(roles=["41771983423143936"])) == []
    assert "no choices" in caplog.text


@pytest.mark.parametrize(("roles", "offered"), [(["41771983423143936"], 4), (["1"], 0)])
def test_choices_are_offered_by_a_role_that_the_server_mapped(bot, feature, roles, offered):
    feature("loose", LOOSE)
    assert len(choices(bot, "word", name="loose", member=member(roles=roles))) == offered


@pytest.mark.parametrize("option", ["broken", "pair", "unknown"])
def test_an_autocomplete_never_throws(bot, feature, option):
    feature("find", FINDER)
    assert choices(bot, option) == []


def test_an_autocomplete_of_nothing_we_know_is_empty(bot):
    assert choices(bot, "x", name="../../os") == []
    assert bot.ask("autocomplete", data={"name": "status", "type": 1, "options": "x"})["data"]["choices"] == []


def test_an_autocomplete_shows_nothing_to_those_who_may_not(bot, feature):
    feature("guarded", GUARDED + "\n@guarded.autocomplete\ndef x(interaction, typed):\n    return ['secret']\n")
    assert choices(bot, "x", name="guarded", member=member(0)) == []
    assert choices(bot, "x", name="guarded", member=member(ADMINISTRATOR)) == ["secret"]


# Subcommands and context menus


CONFIG = """
from watchbell import Command, Reply, anyone

command = Command("config", "Configure", who=anyone, instant=True)
source = command.group("source", "Sources")

@source.subcommand
def add(interaction, *, url: str):
    '''Add a source.

    url: Where
    '''
    return Reply(f"added {url}")

@command.subcommand
def show(interaction):
    '''Show it.'''
    return Reply("shown")

@command.button
def undo(interaction):
    return Reply("undone")
"""


def test_a_subcommand_is_found_by_its_path(bot, feature):
    feature("config", CONFIG)
    url = {"name": "url", "type": 3, "value": "http://x"}
    added = {"name": "source", "type": 2, "options": [{"name": "add", "type": 1, "options": [url]}]}
    assert says(bot.command("config", added)) == "added http://x"
    assert says(bot.command("config", {"name": "show", "type": 1})) == "shown"


@pytest.mark.parametrize(
    "options",
    [
        [],
        [{"name": "undo", "type": 1}],
        [{"name": "source", "type": 2}],
        [
            {
                "name": "source",
                "type": 2,
                "options": [{"name": "source", "type": 2, "options": [{"name": "add", "type": 1}]}],
            }
        ],
        [{"name": "show", "type": 2, "options": [{"name": "", "type": 1}]}],
    ],
)
def test_a_path_that_leads_nowhere_gets_a_polite_answer(bot, feature, options):
    feature("config", CONFIG)
    assert says(bot.command("config", *options)) == UNKNOWN


@pytest.mark.parametrize("address", ["config:source add", "config:show", "config:add", "config:"])
def test_a_button_cannot_reach_a_subcommand_even_with_a_seal(bot, feature, address):
    feature("config", CONFIG)
    assert says(bot.press(address)) == UNKNOWN
    assert says(bot.press("config:undo")) == "undone"


MENU = """
from watchbell import Reply, User, UserCommand, anyone

command = UserCommand("Greet user", who=anyone, instant=True)

@command.run
def greet(interaction):
    return Reply(f"Hello {interaction.target.name}", buttons=[again.button("Again")])

@command.button
def again(interaction):
    return Reply("Hello again")
"""


def test_a_context_menu_gets_its_target_and_has_buttons(bot, feature):
    feature("greet_user", MENU)
    data = {"target_id": "7", "resolved": {"users": {"7": {"username": "bob", "global_name": "Bob"}}}}
    payload = bot.command("Greet user", type=2, data=data)
    assert says(payload) == "Hello Bob"
    custom_id = payload["data"]["components"][0]["components"][0]["custom_id"]
    assert says(bot.ask("component_refresh", data={"custom_id": custom_id, "component_type": 2})) == "Hello again"
    assert says(bot.command("Greet user", type=1)) == UNKNOWN
    assert [command["name"] for command in manifest() if command["type"] == 2] == ["Greet user"]


# State that is too large for a custom id


LARGE = """
from watchbell import Command, Reply, anyone

command = Command("large", "Large", who=anyone)

@command.button(updates=True)
def show(interaction, tools, *, text: str, count: int):
    return Reply(f"{text} {count}")
"""


class Stash:
    kept = None

    def put(self, values, seconds):
        self.kept = values
        return "abcdef"

    def get(self, key):
        return self.kept if key == "abcdef" else None


def test_large_state_comes_back_from_the_table(bot, feature):
    show = feature("large", LARGE).show
    bot.tools.stash = bot.tools.seals._stash = Stash()
    custom_id = bot.tools.seals.seal(show.button("x", text="é" * 200, count=7).custom_id)
    assert len(custom_id) < 50
    assert bot.ask("component_refresh", data={"custom_id": custom_id, "component_type": 2}) == {"type": 6}
    assert bot.finally_shown() == ["é" * 200 + " 7"]


def test_large_state_that_is_gone_says_so(bot, feature):
    feature("large", LARGE)
    bot.tools.stash = Stash()
    assert bot.press("large:show*other") == {"type": 6}
    assert bot.finally_shown() == [
        "This has expired. Run the command again, or ask the server's staff for a new message."
    ]


# Answers of an instant handler

INSTANT = """
from watchbell import Command, Delete, File, Reply, anyone

command = Command("instant", "Instant", who=anyone, instant=True)
ANSWERS = {"none": None, "delete": Delete(), "file": Reply("x", files=[File("a", b"x")]), "list": [Reply("x")]}

@command.run
def instant(interaction, *, what: str = ""):
    '''Instant.

    what: Which answer
    '''
    return ANSWERS.get(what, Reply("for you", private=True))

@command.button(updates=True)
def aside(interaction):
    return Reply("for you", private=True)
"""


@pytest.mark.parametrize("what", ["none", "delete", "file", "list"])
def test_what_only_a_deferred_handler_can_answer_is_logged_as_such(bot, feature, what, caplog):
    feature("instant", INSTANT)
    answer = bot.command("instant", {"name": "what", "type": 3, "value": what})
    assert "Reference" in answer["data"]["content"]
    told = "cannot send files" if what == "file" else "an instant handler returns a Reply or a form"
    assert told in caplog.text


def test_an_instant_reply_can_be_private_though_its_handler_is_not(bot, feature):
    feature("instant", INSTANT)
    for answer in (bot.command("instant"), bot.press("instant:aside")):
        assert (answer["type"], answer["data"]["flags"]) == (4, 64)
