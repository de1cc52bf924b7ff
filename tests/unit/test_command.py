"""A feature is declared in one file. Its signature is the schema, and its decorators say how it is acknowledged."""

import typing

import pytest

from tests import judge
from watchbell import (
    Annotated,
    Attachment,
    Button,
    Channel,
    Choice,
    Command,
    FileTypes,
    Kinds,
    Length,
    Mentionable,
    MessageCommand,
    Modal,
    Names,
    Range,
    Reply,
    Role,
    Short,
    User,
    UserCommand,
    UserError,
    anyone,
    i18n,
    permission,
)
from watchbell.errors import DefinitionError
from watchbell.interactions.responses import deferral
from watchbell.kit.options import bind, bind_state, options_of
from watchbell.registration.declare import SIZE, declare


def example():
    command = Command("order", "Order something", who=anyone)

    @command.run
    def order(
        interaction, tools, *, dish: Choice["soup", "stew"], count: int = 1, price: float = 0.0, hot: bool = True
    ):
        """Order something.

        dish: What to order
        count: How many: one when left out
        price: At most this much
        hot: Whether to warm it
        """
        return dish, count, price, hot

    @command.button(updates=True)
    def again(interaction, tools, *, dish: Choice["soup", "stew"], count: int, hot: bool):
        return dish, count, hot

    return command


def test_the_signature_is_the_schema():
    assert declare(example()) == {
        "type": 1,
        "name": "order",
        "description": "Order something",
        "integration_types": [0],
        "contexts": [0, 1],
        "options": [
            {
                "type": 3,
                "name": "dish",
                "description": "What to order",
                "required": True,
                "choices": [{"name": "soup", "value": "soup"}, {"name": "stew", "value": "stew"}],
            },
            {"type": 4, "name": "count", "description": "How many: one when left out"},
            {"type": 10, "name": "price", "description": "At most this much"},
            {"type": 5, "name": "hot", "description": "Whether to warm it"},
        ],
    }


def everything():
    command = Command("all", "Every type of option", who=anyone)

    @command.run
    def all(
        interaction,
        *,
        name: Annotated[str, Length(2, 8)],
        count: Annotated[int, Range(1, 10)],
        share: Annotated[float, Range(most=0.5)] = 0.1,
        size: Choice[1, 2, 3] = 1,
        user: User | None = None,
        channel: Annotated[Channel, Kinds("text", "thread")] | None = None,
        role: Role | None = None,
        whom: Mentionable | None = None,
        file: Annotated[Attachment, FileTypes("image", ".pdf")] | None = None,
    ):
        """All.

        name: A name
        count: A count
        share: A share
        size: A size
        user: A user
        channel: A channel
        role: A role
        whom: A user or a role
        file: A file
        """
        return {key: value for key, value in locals().items() if key != "interaction"}

    @all.autocomplete
    def name(interaction, typed):
        return ["one", "two"]

    return command


def test_all_types_of_option_have_their_rules():
    registered = declare(everything())
    judge.approve("command", {**registered, "options": [{**o, "file_types": None} for o in registered["options"]]})
    localized = [option["name"] for option in registered["options"] if "name_localizations" in option]
    assert localized == ["name", "channel", "role"]  # the bot has options with these names, and so translations of them
    assert [
        {k: v for k, v in o.items() if k not in ("name", "name_localizations", "description", "required")}
        for o in registered["options"]
    ] == [
        {"type": 3, "autocomplete": True, "min_length": 2, "max_length": 8},
        {"type": 4, "min_value": 1, "max_value": 10},
        {"type": 10, "max_value": 0.5},
        {"type": 4, "choices": [{"name": "1", "value": 1}, {"name": "2", "value": 2}, {"name": "3", "value": 3}]},
        {"type": 6},
        {"type": 7, "channel_types": [0, 10, 11, 12]},
        {"type": 8},
        {"type": 9},
        {"type": 11, "file_types": ["image", ".pdf"]},
    ]


SEEN = {
    "users": {"1": {"username": "ada", "global_name": "Ada"}},
    "members": {"1": {"nick": "Countess"}},
    "channels": {"2": {"name": "general", "type": 0}, "3": {"name": "voice", "type": 2}},
    "roles": {"4": {"name": "staff"}},
    "attachments": {"5": {"filename": "a.pdf", "size": 7, "url": "https://cdn.example/a.pdf"}},
}
NEEDED = {"name": "soup", "count": 1}


def test_people_channels_roles_and_files_arrive_as_what_they_are():
    given = {**NEEDED, "user": "1", "channel": "2", "role": "4", "whom": "4", "file": "5"}
    bound = bind(everything().runs[""].options, given, SEEN)
    assert (bound["user"], bound["channel"], bound["role"], bound["whom"]) == (
        User("1", {}),
        Channel("2", {}),
        Role("4", {}),
        Role("4", {}),
    )
    assert [bound[name].name for name in ("user", "channel", "role", "file")] == [
        "Countess",
        "general",
        "staff",
        "a.pdf",
    ]
    assert bind(everything().runs[""].options, {**NEEDED, "whom": "1"}, SEEN)["whom"].mention == "<@1>"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": "x"}, "`name` must have 2 to 8 characters."),
        ({"name": "x" * 9}, "`name` must have 2 to 8 characters."),
        ({"count": 0}, "`count` must be between 1 and 10."),
        ({"count": 11}, "`count` must be between 1 and 10."),
        ({"share": 0.6}, "`share` must be at most 0.5."),
        ({"size": 4}, "`size` must be one of 1, 2, 3."),
        ({"user": "9"}, "`user` must be a user."),
        ({"user": 1}, "`user` must be a user."),
        ({"user": "4"}, "`user` must be a user."),
        ({"channel": "3"}, "`channel` must be a channel of the kind text or thread."),
        ({"whom": "2"}, "`whom` must be a user or a role."),
        ({"file": ["5"]}, "`file` must be a file."),
    ],
)
def test_what_breaks_a_rule_is_explained(given, sentence):
    with pytest.raises(UserError) as raised:
        bind(everything().runs[""].options, {**NEEDED, **given}, SEEN)
    assert str(raised.value) == sentence


def test_annotations_may_be_written_as_text_or_with_typing():
    source = "from __future__ import annotations\nfrom watchbell import Annotated, Choice, Range\n"
    source += "def f(interaction, *, a: Choice['x'], b: Annotated[int, Range(1)] = 1, c: int | None = None): ..."
    namespace: dict = {}
    exec(source, namespace)
    assert [(o.kind, o.choices, bool(o.rules)) for o in options_of(namespace["f"])] == [
        (str, ("x",), False),
        (int, (), True),
        (int, (), False),
    ]

    def g(interaction, *, a: typing.Literal["x"], b: typing.Annotated[int, Range(1)], c: int | None = None): ...

    assert [(o.kind, o.choices, bool(o.rules)) for o in options_of(g)] == [
        (str, ("x",), False),
        (int, (), True),
        (int, (), False),
    ]


def test_a_handler_is_still_a_plain_function():
    assert example().runs[""](None, None, dish="stew") == ("stew", 1, 0.0, True)


def test_what_was_typed_arrives_by_name():
    order = example().runs[""].options
    assert bind(order, {"dish": "soup", "count": 3}, {}) == {"dish": "soup", "count": 3}
    assert bind(order, {"dish": "soup", "price": 3}, {}) == {"dish": "soup", "price": 3.0}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"dish": "rock"}, "`dish` must be one of soup, stew."),
        ({"dish": 3}, "`dish` must be text."),
        ({"dish": "soup", "count": "3"}, "`count` must be a whole number."),
        ({"dish": "soup", "count": True}, "`count` must be a whole number."),
        ({"dish": "soup", "count": 2**53}, "`count` must be a whole number."),
        ({"dish": "soup", "count": 1.5}, "`count` must be a whole number."),
        ({"dish": "soup", "price": float("nan")}, "`price` must be a number."),
        ({"dish": "soup", "price": 10**400}, "`price` must be a number."),
        ({"dish": "soup", "hot": 1}, "`hot` must be true or false."),
        ({"dish": "soup", "hot": None}, "`hot` must be true or false."),
        ({}, "has changed"),
        ({"dish": "soup", "drink": "tea"}, "has changed"),
    ],
)
def test_a_value_that_does_not_fit_is_explained(given, sentence):
    with pytest.raises(UserError, match=sentence.replace(".", r"\.")):
        bind(example().runs[""].options, given, {})


def named():
    command = Command("deploy", "Deploy", who=anyone, instant=True)
    places = {"prod": "Production", "stage": "Staging"}

    @command.run
    def deploy(
        interaction,
        *,
        to: Annotated[Choice["prod", "stage", "lab"], Names(places)],
        speed: Annotated[Choice[1, 2], Names({2: "Twice as fast"})] = 1,
    ):
        """Deploy.

        to: Where to
        speed: How fast
        """
        return to, speed

    return command


def test_a_choice_can_have_a_name_that_differs_from_its_value():
    registered = declare(named())
    judge.approve("command", registered)
    to, speed = registered["options"]
    assert to["choices"] == [
        {"name": "Production", "value": "prod"},
        {"name": "Staging", "value": "stage"},
        {"name": "lab", "value": "lab"},
    ]
    assert speed["choices"] == [{"name": "1", "value": 1}, {"name": "Twice as fast", "value": 2}]
    options = named().runs[""].options
    assert bind(options, {"to": "prod", "speed": 2}, {}) == {"to": "prod", "speed": 2}
    with pytest.raises(UserError, match=r"`to` must be one of Production, Staging, lab\."):
        bind(options, {"to": "Production"}, {})


def test_the_name_of_a_choice_is_translated_and_a_bare_number_is_not(monkeypatch):
    class Loud:
        def gettext(self, text):
            return text

        def pgettext(self, context, text):
            return text.upper() if context == "choice" else text

    monkeypatch.setitem(i18n._opened, "de", Loud())
    to, speed = declare(named())["options"]
    assert [each["name_localizations"]["de"] for each in to["choices"]] == ["PRODUCTION", "STAGING", "LAB"]
    assert [each.get("name_localizations", {}).get("de") for each in speed["choices"]] == [None, "TWICE AS FAST"]
    with i18n.speaking("de"):
        assert [option.shown_choices for option in named().runs[""].options] == [
            "PRODUCTION, STAGING, LAB",
            "1, TWICE AS FAST",
        ]


def test_a_button_carries_its_state():
    again = example().components["again"]
    button = again.button("Again", dish="stew", count=2, hot=False)
    assert str(button.custom_id) == "order:again:stew:2:0"
    assert bind_state(again.options, ["stew", "2", "0"]) == {"dish": "stew", "count": 2, "hot": False}


@pytest.mark.parametrize(
    "values",
    [[], ["stew"], ["stew", "2"], ["rock", "2", "0"], ["stew", "x", "0"], ["stew", "2", "yes"], ["stew", "2", "0", ""]],
)
def test_state_that_does_not_fit_is_an_older_button(values):
    with pytest.raises(UserError, match="I have been updated"):
        bind_state(example().components["again"].options, values)


def test_a_button_without_its_state_is_a_mistake_of_the_author():
    with pytest.raises(DefinitionError, match="/order again takes dish, count, hot, not dish"):
        example().components["again"].button("Again", dish="stew")


@pytest.mark.parametrize("wrong", [{"dish": "rock"}, {"count": "2"}, {"count": None}, {"count": 2**53}, {"hot": "yes"}])
def test_state_that_could_not_come_back_is_a_mistake_of_the_author(wrong):
    (name,) = wrong
    with pytest.raises(DefinitionError, match=f"/order again: {name} cannot be {wrong[name]!r}"):
        example().components["again"].button("Again", **{"dish": "stew", "count": 2, "hot": False, **wrong})


@pytest.mark.parametrize(
    ("declare", "told"),
    [
        (
            lambda: Command("x", "X", who="MANAGE_GUILD").run(lambda interaction: None),
            "who='MANAGE_GUILD' is not a policy",
        ),
        (
            lambda: Command("x", "X", who=anyone).button(lambda interaction: None, bound="me"),
            "bound='me' is unknown; write nobody",
        ),
        (lambda: permission("MANAGE_SERVER"), "no permission 'MANAGE_SERVER'; did you mean MANAGE_GUILD"),
        (lambda: Button("x", style="red"), "no style 'red'; use one of primary, secondary, success, danger"),
        (lambda: Reply("x", buttons=[example().components["again"]]).message(), r"is not a component; .* \.button"),
        (lambda: Command("x", "X", who=anyone, instant=True).run(lambda interaction: (yield)), "cannot show progress"),
    ],
)
def test_a_mistake_of_the_author_is_told_with_what_to_write(declare, told):
    with pytest.raises(DefinitionError, match=told):
        declare()


def test_how_a_handler_is_acknowledged():
    command = Command("x", "X", who=anyone, private=True)
    run = command.run(lambda interaction: None)
    assert deferral(run) == {"type": 5, "data": {"flags": 64}}
    assert deferral(command.button(lambda interaction: None, private=False)) == {"type": 5}
    assert deferral(command.button(lambda interaction: None, updates=True)) == {"type": 6}


def test_a_command_that_does_not_say_who_may_use_it_is_a_mistake_of_the_author():
    with pytest.raises(TypeError, match="who"):
        Command("x", "X")


def test_what_discord_is_told_besides():
    command = Command("x", "X", who=permission("MANAGE_ROLES"), contexts=("guild",), nsfw=True, user_installs=True)
    command.run(lambda interaction: None)
    assert declare(command) == {
        "type": 1,
        "name": "x",
        "description": "X",
        "default_member_permissions": str(1 << 28),
        "nsfw": True,
        "integration_types": [0, 1],
        "contexts": [0],
    }


@pytest.mark.parametrize(
    ("contexts", "user_installs", "registered"),
    [
        (None, False, [0, 1]),
        (None, True, [0, 1, 2]),
        (("bot_dm", "guild"), False, [0, 1]),
        (("private", "bot_dm"), True, [1, 2]),
    ],
)
def test_where_a_command_can_be_used_is_always_sent_and_sorted_as_discord_stores_it(
    contexts, user_installs, registered
):
    command = Command("x", "X", who=anyone, contexts=contexts, user_installs=user_installs)
    command.run(lambda interaction: None)
    declared = declare(command)
    assert (declared["contexts"], declared["integration_types"]) == (registered, [0, 1] if user_installs else [0])


def test_kinds_of_channel_are_sorted_as_discord_stores_them():
    declared = declare(described(**takes("Annotated[Channel, Kinds('thread', 'voice', 'text')]")))
    assert declared["options"][0]["channel_types"] == [0, 2, 10, 11, 12]


def test_discord_would_ask_for_all_of_several_permissions_so_it_is_told_of_none():
    command = Command("x", "X", who=permission("MANAGE_GUILD", "MANAGE_ROLES"))
    command.run(lambda interaction: None)
    assert "default_member_permissions" not in declare(command)


# Subcommands


def tree():
    command = Command("config", "Configure the bot", who=anyone)
    source = command.group("source", "Manage the sources")

    @source.subcommand
    def attach(interaction, tools, *, url: str):
        """Attach a source.

        url: Where it is
        """
        return url

    @source.subcommand(private=True)
    def remove_all(interaction, tools):
        """Remove every source."""

    @command.subcommand(instant=True)
    def display(interaction):
        """Display the configuration."""

    return command


def test_groups_and_subcommands_are_registered_as_a_tree():
    registered = declare(tree())
    judge.approve("command", registered)
    assert registered["options"] == [
        {
            "type": 2,
            "name": "source",
            "description": "Manage the sources",
            "options": [
                {
                    "type": 1,
                    "name": "attach",
                    "description": "Attach a source",
                    "options": [{"type": 3, "name": "url", "description": "Where it is", "required": True}],
                },
                {"type": 1, "name": "remove-all", "description": "Remove every source"},
            ],
        },
        {"type": 1, "name": "display", "description": "Display the configuration"},
    ]
    runs = tree().runs
    assert (runs["display"].instant, runs["source attach"].instant, runs["source remove-all"].private) == (
        True,
        False,
        True,
    )


def test_a_subcommand_can_have_another_name_than_its_function():
    command = Command("shelf", "A shelf", who=anyone)

    @command.subcommand(name="list")
    def listed(interaction):
        """List the books."""

    @command.group("box", "The boxes").subcommand(name="list", private=True)
    def boxes(interaction):
        """List the boxes."""

    assert list(command.runs) == ["list", "box list"]
    assert [option["name"] for option in declare(command)["options"]] == ["list", "box"]
    assert command.runs["box list"].private


def test_a_name_of_a_subcommand_that_discord_would_refuse_is_a_mistake():
    for name, fault in (
        ("List", "subcommand List must be 1-32 lower-case letters"),
        ("box list", "subcommand box list has a space in its name, but no group is called box"),
    ):
        command = Command("shelf", "A shelf", who=anyone)
        command.subcommand(lambda interaction: None, name=name)
        with pytest.raises(DefinitionError, match=f"/shelf: {fault}"):
            declare(command)


def test_two_subcommands_with_one_name_are_a_mistake():
    command = Command("shelf", "A shelf", who=anyone)
    command.subcommand(lambda interaction: None, name="list")
    with pytest.raises(DefinitionError, match="/shelf list: two subcommands have this name"):
        command.subcommand(lambda interaction: None, name="list")


# Context menus


def test_a_context_menu_has_a_name_and_no_description():
    command = UserCommand("Report user", who=anyone)
    command.run(lambda interaction, tools: None)
    assert declare(command) == {**{"type": 2, "name": "Report user", "integration_types": [0], "contexts": [0, 1]}}
    message = MessageCommand("Pin it", who=anyone)
    message.run(lambda interaction, tools: None)
    assert declare(message)["type"] == 3


# Limits


def described(
    name="x", description="X", doc="Does.\n\n    a: A\n    b: B", source="def f(interaction, *, a: str = ''): ..."
):
    command = Command(name, description, who=anyone)
    offered = (Annotated, Attachment, Channel, FileTypes, Kinds, Length, Names, Range)
    namespace: dict = {"Choice": Choice, "Annotated": Annotated, **{each.__name__: each for each in offered[1:]}}
    exec(source, namespace)
    namespace["f"].__doc__ = doc
    command.run(namespace["f"])
    return command


def takes(annotation):
    return {"source": f"def f(interaction, *, a: {annotation}): ..."}


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ({"name": "Upper"}, "/Upper: name must be 1-32 lower-case letters"),
        ({"name": "x" * 33}, "name must be 1-32"),
        ({"name": "a b"}, "name must be 1-32"),
        ({"name": ""}, "name must be 1-32"),
        ({"name": "l'hôte"}, r"digits, - or _; write the apostrophe as ʼ \(U\+02BC\)"),
        ({"name": "l’hôte"}, r"digits, - or _; write the apostrophe as ʼ \(U\+02BC\)"),
        ({"description": ""}, "/x: description must have 1-100"),
        ({"description": "x" * 101}, "description must have 1-100"),
        ({"doc": None}, "/x: option a needs a description of 1-100 characters; add a docstring line `a: …`"),
        ({"doc": "Does.\n\n a: " + "x" * 101}, "option a needs a description"),
        (
            {"source": "def f(interaction, *, a: str = '', b: str): ..."},
            "/x: write the required options before the optional ones",
        ),
        (takes("list"), "option a: .* is not an option type"),
        (takes("int | str"), "option a: .* is not an option type"),
        (takes("Choice[1, 'b']"), "option a: .* is not an option type"),
        (takes("Annotated[str, Range(1)]"), "option a: Range is not for str; drop it"),
        (takes("Annotated[int, Range(3, 1)]"), "option a has a range from 3 to 1; swap them"),
        (takes("Annotated[int, Range(0, 2**53)]"), r"option a: its range must be within ±\(2\^53 - 1\)"),
        (takes("Annotated[int, Range(0.5, 3)]"), "option a is an int, so the bounds of its range must be ints"),
        (takes("Annotated[str, Length(0.5, 3)]"), "option a has a length from 0.5 to 3; write whole numbers"),
        (takes("Choice[2**60, 1]"), r"option a: choices must be within ±\(2\^53 - 1\)"),
        (takes("Choice['a', 'a ']"), "option a has the same choice twice"),
        (takes("Choice[' ', 'b']"), "option a: each choice must have 1-100"),
        (takes("Annotated[str, Names({'a': 'A'})]"), "option a: Names is for a Choice; drop it"),
        (takes("Annotated[Choice['a', 'b'], Names({'c': 'C'})]"), "option a has names for c, which are not among its"),
        (takes("Annotated[Choice['a', 'b'], Names({'a': 'b '})]"), "option a shows two choices under the same name"),
        (takes("Annotated[Choice['a', 'b'], Names({'a': ''})]"), "option a: the name of each choice must have 1-100"),
        (takes("Annotated[Choice['a', 'b'], Names({'a': 'x' * 101})]"), "the name of each choice must have 1-100"),
        (takes("Annotated[Choice['a', 'b'], Names({'a': 1})]"), "option a: the name of a choice must be text"),
        (takes("Choice['a' * 101, 'b']"), "option a: each choice must have 1-100"),
        (takes("Choice[True, False]"), "option a has boolean choices; write `bool`"),
        (
            takes("Annotated[Channel, Kinds('text', 'text')]"),
            "option a: write one or more kinds of channel, each once: text, voice",
        ),
        (
            takes("Annotated[Channel, Kinds('pigeon')]"),
            "option a: write one or more kinds of channel, each once: text, voice",
        ),
        (
            takes("Annotated[Attachment, FileTypes('pdf')]"),
            "option a: file types can be image, video, audio, or endings",
        ),
        (takes("Annotated[str, Length(9, 2)]"), "option a has a length from 9 to 2"),
        (takes("Annotated[str, Length(0, 6001)]"), "option a: its greatest length must be 1-6000"),
        (takes(f"Choice[{','.join(map(str, range(26)))}]"), "option a can have at most 25 choices"),
        (takes("Choice['', 'b']"), "option a: each choice must have 1-100"),
        (takes("Choice['b', 'b']"), "option a has the same choice twice"),
        ({"source": "def f(interaction, *, a=6): ..."}, "/x: option a has no type; write `a: str`"),
        ({"source": "def f(interaction, tools, a=6): ..."}, r"/x: write the interaction first, .* else after `\*`"),
        ({"source": "def f(): ..."}, "/x: write the interaction first"),
        ({"source": "def f(interaction, a: int): ..."}, r"/x: f: to make a an option, write it after `\*`"),
        ({"source": "def f(interaction, a: Choice['x']): ..."}, "to make a an option, write it after"),
        ({"source": "async def f(interaction): ..."}, "/x: handlers are plain functions"),
        ({"source": "def f(interaction, *, A: str): ...", "doc": "Does.\n\n A: A"}, "option A must be 1-32"),
        (
            {"source": f"def f(interaction, *, {', '.join(f'o{i}: int' for i in range(26))}): ..."},
            "there can be at most 25 options",
        ),
    ],
)
def test_a_limit_of_discord_fails_where_the_feature_is_defined(broken, sentence):
    with pytest.raises(DefinitionError, match=sentence):
        declare(described(**broken))


def test_8000_characters_fit_and_one_more_does_not():
    def sized(last):
        names = [f"o{number:02}" for number in range(25)]
        doc = "Does.\n\n" + "\n".join(f" {name}: {'d' * 100}" for name in names)
        choices = ",".join(f"'{number:02}{'c' * 52}'" for number in range(25))
        long = [f"{name}: Choice[{choices}]" for name in names[:2]]
        rest = [f"{names[2]}: Choice['{'x' * last}']", *(f"{name}: int" for name in names[3:])]
        return described(doc=doc, source=f"def f(interaction, *, {', '.join(long + rest)}): ...")

    base = len("x") + len("X") + 25 * 103 + 2 * 25 * 2 * 54
    fits = (SIZE - base) // 2
    assert base + 2 * fits in (SIZE, SIZE - 1)
    assert fits <= 100
    declare(sized(fits))
    with pytest.raises(DefinitionError, match="characters in all; at most 8000 are allowed"):
        declare(sized(fits + 1))


def test_a_command_that_nothing_runs_is_a_mistake():
    with pytest.raises(DefinitionError, match="/x: it has no function; decorate one"):
        declare(Command("x", "X", who=anyone))


def test_a_command_with_subcommands_cannot_be_run_itself():
    command = tree()
    command.run(lambda interaction: None)
    with pytest.raises(DefinitionError, match="it has subcommands, so it cannot be run itself"):
        declare(command)


def test_a_group_without_subcommands_is_a_mistake():
    command = tree()
    command.group("empty", "Nothing")
    with pytest.raises(DefinitionError, match="group empty has no subcommand; add one"):
        declare(command)


def test_a_context_menu_with_options_is_a_mistake():
    command = UserCommand("Report", who=anyone)

    @command.run
    def report(interaction, tools, *, why: str): ...

    with pytest.raises(
        DefinitionError, match="/Report: a context menu command has exactly one function, without options"
    ):
        declare(command)


def test_an_autocomplete_for_no_option_or_beside_choices_is_a_mistake():
    command = example()
    command.runs[""].autocompletes["drink"] = print
    with pytest.raises(DefinitionError, match="autocomplete drink has no option of that name"):
        declare(command)
    command = example()
    command.runs[""].autocompletes["dish"] = print
    with pytest.raises(DefinitionError, match="option dish has choices, so it cannot be autocompleted"):
        declare(command)


# Colliding names


@pytest.mark.parametrize("name", ["style", "emoji", "disabled"])
def test_state_that_is_called_as_a_buttons_looks_is_refused_when_declared(name):
    command = Command("x", "X", who=anyone)
    namespace: dict = {}
    exec(f"def press(interaction, tools, *, {name}: str): ...", namespace)
    with pytest.raises(
        DefinitionError, match=f"/x press: {name} is reserved for the look of a button; rename the parameter"
    ):
        command.button(namespace["press"])


def test_a_field_that_is_called_as_a_buttons_looks_is_refused_when_declared():
    class Paint(Modal, title="Paint"):
        style = Short("Style")

    command = Command("x", "X", who=anyone)
    with pytest.raises(
        DefinitionError, match="/x paint: style is reserved for the look of a button; rename the parameter or f"
    ):

        @command.modal
        def paint(interaction, form: Paint): ...


def test_a_decorator_is_written_with_or_without_rules():
    command = Command("x", "X", who=anyone)
    assert command.button(lambda interaction: 1)(None) == 1
    assert command.button(expires=None)(lambda interaction: 2)(None) == 2
    with pytest.raises(TypeError, match="expire"):
        command.button(expire=None)(lambda interaction: 2)
    with pytest.raises(TypeError, match="updates"):
        command.run(updates=True)(lambda interaction: 2)
