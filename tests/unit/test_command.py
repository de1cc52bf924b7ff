"""A feature is declared in one file: its signature is the schema, its decorators say how it is acknowledged."""

import pytest

from watchbell import Choice, Command, UserError
from watchbell.errors import DefinitionError
from watchbell.manifest import declare
from watchbell.options import bind, bind_state, options_of


def example():
    command = Command("order", "Order something")

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


def test_annotations_may_be_written_as_text():
    source = "from __future__ import annotations\nfrom watchbell import Choice\n"
    source += "def f(interaction, *, a: Choice['x'], b: int = 1): ..."
    namespace: dict = {}
    exec(source, namespace)
    assert [(option.kind, option.choices) for option in options_of(namespace["f"])] == [(str, ("x",)), (int, ())]


def test_a_handler_is_still_a_plain_function():
    order = example().handlers[""]
    assert order(None, None, dish="stew") == ("stew", 1, 0.0, True)


def test_what_was_typed_arrives_by_name():
    order = example().handlers[""].function
    assert bind(order, {"dish": "soup", "count": 3}) == {"dish": "soup", "count": 3}
    assert bind(order, {"dish": "soup", "price": 3}) == {"dish": "soup", "price": 3.0}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"dish": "rock"}, "`dish` must be one of soup, stew."),
        ({"dish": 3}, "`dish` must be a text."),
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
        bind(example().handlers[""].function, given)


def test_a_button_carries_its_state():
    again = example().handlers["again"]
    button = again.button("Again", dish="stew", count=2, hot=False)
    assert button.custom_id == "order:again:stew:2:0"
    assert bind_state(again.function, ["stew", "2", "0"]) == {"dish": "stew", "count": 2, "hot": False}


@pytest.mark.parametrize(
    "values",
    [[], ["stew"], ["stew", "2"], ["rock", "2", "0"], ["stew", "x", "0"], ["stew", "2", "yes"], ["stew", "2", "0", ""]],
)
def test_state_that_does_not_fit_is_an_older_button(values):
    with pytest.raises(UserError, match="older version"):
        bind_state(example().handlers["again"].function, values)


def test_a_button_without_its_state_is_a_mistake_of_the_author():
    with pytest.raises(TypeError, match="order:again takes dish, count, hot"):
        example().handlers["again"].button("Again", dish="stew")


def test_how_a_handler_is_acknowledged():
    command = Command("x", "X", private=True)
    run = command.run(lambda interaction: None)
    assert run.deferral() == {"type": 5, "data": {"flags": 64}}
    assert command.button(lambda interaction: None, private=False).deferral() == {"type": 5}
    assert command.button(lambda interaction: None, updates=True).deferral() == {"type": 6}


def described(
    name="x", description="X", doc="Does.\n\n    a: A\n    b: B", source="def f(interaction, *, a: str = ''): ..."
):
    command = Command(name, description)
    namespace: dict = {"Choice": Choice}
    exec(source, namespace)
    namespace["f"].__doc__ = doc
    command.run(namespace["f"])
    return command


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ({"name": "Upper"}, "/Upper: name is 1-32"),
        ({"name": "x" * 33}, "name is 1-32"),
        ({"description": ""}, "/x: description has 1-100"),
        ({"description": "x" * 101}, "description has 1-100"),
        ({"doc": None}, "/x: option a is described in 1-100 characters, by a docstring line `a: …`"),
        ({"doc": "Does.\n\n a: " + "x" * 101}, "option a is described"),
        ({"source": "def f(interaction, *, a: str = '', b: str): ..."}, "/x: options have the required ones first"),
        ({"source": "def f(interaction, *, a: list): ..."}, "option a: .* is no option type"),
        (
            {"source": f"def f(interaction, *, a: Choice[{','.join(map(str, range(26)))}]): ..."},
            "option a has at most 25 choices",
        ),
        ({"source": "def f(interaction, *, a: Choice['', 'b']): ..."}, "option a choices: 1-100"),
        ({"source": "def f(interaction, *, A: str): ...", "doc": "Does.\n\n A: A"}, "option A is named"),
        (
            {"source": f"def f(interaction, *, {', '.join(f'o{i}=1' for i in range(26))}): ..."},
            "options are at most 25",
        ),
    ],
)
def test_a_limit_of_discord_fails_where_the_feature_is_defined(broken, sentence):
    with pytest.raises(DefinitionError, match=sentence):
        declare(described(**broken))


def test_a_command_that_nothing_runs_is_a_mistake_too():
    with pytest.raises(DefinitionError, match="nothing runs it"):
        declare(Command("x", "X"))
