"""A pager shows a long list page by page: at once or deferred, in classic messages and in those of Components V2."""

import pytest

from tests import judge
from tests.discord_side import tools
from watchbell.errors import DefinitionError, UserError
from watchbell.kit.pager import Page
from watchbell.testing import FakeTools, press, run

SHELF = """
from watchbell import Command, Container, Embed, Reply, Row, Text, UserError, anyone

command = Command("shelf", "The shelf", who=anyone)
BOOKS = [f"book {n}" for n in range(1, 8)]

@command.subcommand(instant=True)
def quick(interaction, *, letter: str = "b"):
    '''At once.

    letter: How the title begins
    '''
    return instant(interaction, letter=letter)

@command.pager(per_page=3, instant=True, bound="user")
def instant(interaction, page, *, letter: str):
    text = "; ".join(page.of([book for book in BOOKS if book.startswith(letter)])) or "nothing"
    return Reply(text, buttons=[more.button("More")])

@command.button(instant=True)
def more(interaction):
    return Reply("more")

@command.subcommand
def calm(interaction, tools):
    '''Later.'''
    return deferred(interaction, tools)

@command.pager(per_page=3)
def deferred(interaction, tools, page, *, note: str = "n", loud: bool = False):
    if page.cut(len(BOOKS)).start >= 6 and note == "strict":
        raise UserError("Not that far.")
    return Reply(components=[Text(f"{note} {tools.now():.0f}"), *BOOKS[page.cut(len(BOOKS))]])

@command.pager(per_page=3)
def placed(interaction, page):
    return Reply(components=[Container(*page.of(BOOKS), page.row(more.button("More")))])
"""


@pytest.fixture
def shelf(feature):
    return feature("shelf", SHELF)


def row(reply):
    return reply.components[-1].components


def looks(reply):
    """The labels of the row of buttons; those that can be pressed are in capitals."""
    return " ".join(each.label if each.disabled else each.label.upper() for each in row(reply))


def ids(reply):
    return [str(button.custom_id) for button in row(reply)]


def test_an_instant_handler_pages_through_a_classic_message(shelf):
    reply = run(shelf, "quick")
    assert (reply.content, looks(reply)) == ("book 1; book 2; book 3", "Previous Page 1 of 3 NEXT")
    reply = press(row(reply)[2])
    assert (reply.content, looks(reply)) == ("book 4; book 5; book 6", "PREVIOUS Page 2 of 3 NEXT")
    reply = press(row(reply)[2])
    assert (reply.content, looks(reply)) == ("book 7", "PREVIOUS Page 3 of 3 Next")
    reply = press(row(reply)[0])
    assert (reply.content, looks(reply)) == ("book 4; book 5; book 6", "PREVIOUS Page 2 of 3 NEXT")


def test_a_deferred_handler_pages_through_a_layout_with_its_tools_and_state(shelf):
    tools = FakeTools(now=lambda: 1_800_000_000)
    reply = run(shelf, "calm", tools=tools)
    assert (reply.components[1:4], looks(reply)) == (shelf.BOOKS[:3], "Previous Page 1 of 3 NEXT")
    reply = press(row(reply)[2], tools=tools)
    assert reply.is_v2
    assert reply.components[1:-1] == ["book 4", "book 5", "book 6"]
    assert press(shelf.deferred, page=2, note="mine", loud=True, tools=tools).components[0].content.startswith("mine")
    assert ids(press(shelf.deferred, page=2, note="mine", loud=True))[0] == "shelf:deferred:1:mine:1"


@pytest.mark.parametrize("books", range(4, 10))
def test_no_two_buttons_of_a_page_have_the_same_custom_id(shelf, books):
    shelf.BOOKS[:] = [f"book {n}" for n in range(books)]
    for page in (-1, 1, 2, 3, 10**9):
        assert len(set(ids(press(shelf.instant, page=page, letter="b")))) == 3


def test_a_page_that_no_longer_exists_shows_the_last_one(shelf):
    reply = press(shelf.instant, page=3, letter="b")
    del shelf.BOOKS[4:]
    shown = press(row(reply)[0])
    assert (shown.content, looks(shown)) == ("book 4", "PREVIOUS Page 2 of 2 Next")
    assert press(shelf.instant, page=3, letter="b").content == "book 4"


@pytest.mark.parametrize("books", [0, 1, 3])
def test_one_page_needs_no_buttons(shelf, books):
    del shelf.BOOKS[books:]
    reply = run(shelf, "quick")
    assert (reply.content, reply.components) == ("; ".join(shelf.BOOKS) or "nothing", [])


def test_a_page_shows_the_list_as_it_is_now(shelf):
    reply = press(shelf.instant, page=2, letter="b")
    shelf.BOOKS += ["book 8", "book 9", "book 10"]
    shown = press(row(reply)[2])
    assert (shown.content, looks(shown)) == ("book 7; book 8; book 9", "PREVIOUS Page 3 of 4 NEXT")


@pytest.mark.parametrize(("books", "labels"), [(7, "Previous Page 1 of 3 NEXT MORE"), (3, "MORE"), (0, "MORE")])
def test_a_list_can_place_the_buttons_itself_with_others_after_them(shelf, books, labels):
    del shelf.BOOKS[books:]
    reply = press(shelf.placed, page=1)
    (container,) = reply.components
    assert looks(container) == labels


def test_the_message_is_edited_and_its_other_buttons_come_below(shelf):
    assert shelf.instant.updates
    assert shelf.deferred.updates
    rows = run(shelf, "quick").message()["components"]
    assert [[button["label"] for button in each["components"]] for each in rows] == [
        ["Previous", "Page 1 of 3", "Next"],
        ["More"],
    ]


def test_a_pager_refuses_like_any_handler(shelf):
    with pytest.raises(UserError, match="Not that far"):
        press(shelf.deferred, page=3, note="strict", loud=False)
    with pytest.raises(UserError, match="for the person who asked"):
        run_of_another(shelf)


def run_of_another(shelf):
    from tests import recorded
    from watchbell.discord.interaction import Interaction

    button = row(run(shelf, "quick"))[2]
    asked = Interaction(recorded.load("component_refresh"))
    seals = tools().seals
    pressed = recorded.load("component_refresh", data={"custom_id": seals.seal(button.custom_id, asked)})
    pressed["member"]["user"]["id"] = "1000000000000000999"
    seals.check(Interaction(pressed))


def test_a_page_is_cut_out_of_any_total():
    for total in range(12):
        pages = [Page(number, 4) for number in range(1, 5)]
        cuts = [page.cut(total) for page in pages][: pages[0].count]
        assert [n for cut in cuts for n in range(total)[cut]] == list(range(total))
        assert {page.count for page in pages} == {max(1, -(-total // 4))}
        assert all(cut.stop <= total for cut in cuts)


def test_the_buttons_are_as_discord_takes_them(shelf):
    payload = FakeTools().seals.seal(run(shelf, "calm").message())
    judge.approve("followup", payload)
    assert payload["components"][-1]["components"][0] == {
        "type": 2,
        "style": 2,
        "label": "Previous",
        "custom_id": payload["components"][-1]["components"][0]["custom_id"],
        "disabled": True,
    }


@pytest.mark.parametrize(
    ("source", "advice"),
    [
        ("@command.pager(per_page=0)\ndef x(interaction, page): ...", "per_page=0 leaves no room"),
        ("@command.pager\ndef x(interaction, page): yield", "write `return`, not `yield`"),
        ("@command.pager\ndef x(interaction, it, *, page: int): ...", r"write `def x\(interaction, page, \*, …\)`"),
        ("@command.pager\ndef x(interaction): ...", "write the interaction first"),
        ("@command.pager\ndef x(interaction, tools, page, more): ...", "write the interaction first"),
    ],
)
def test_a_wrong_declaration_says_what_to_write(feature, source, advice):
    begun = "from watchbell import Command, Reply, anyone\ncommand = Command('wrong', 'Wrong', who=anyone)\n"
    with pytest.raises(DefinitionError, match=advice):
        feature("wrong", begun + source)


@pytest.mark.parametrize("answer", ["None", "[Reply('x')]", "Reply('x')"])
def test_a_pager_that_shows_no_page_is_told_how(feature, answer):
    source = (
        "from watchbell import Command, Reply, anyone\ncommand = Command('odd', 'Odd', who=anyone)\n"
        "@command.run\ndef run(interaction): return odd(interaction)\n"
        f"@command.pager\ndef odd(interaction, page): return {answer}\n"
    )
    with pytest.raises(DefinitionError, match=r"returns one Reply, and shows in it what `page.of\(items\)`"):
        press(feature("odd", source).odd, page=1)
