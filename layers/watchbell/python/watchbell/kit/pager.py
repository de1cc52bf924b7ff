"""Long lists, shown a page at a time with buttons to the other pages."""

from ..discord.reply import Reply
from ..errors import DefinitionError
from ..i18n import _
from .buttons import ComponentHandler
from .handler import YIELDS, Declaration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar, Unpack

    from ..discord.reply import Button
    from .handler import Rules
    from .options import Option

    Item = TypeVar("Item")

    class PagerRules(Rules, total=False):
        """The additional arguments of `@command.pager`."""

        expires: int | None
        bound: str


FIRST, LAST = -1, 10**9
"""The pages that the buttons "First" and "Last" ask for. No other button asks for them, so no two custom ids are equal:
"Previous" on page 1 asks for page 0, and "Next" on the last page for the page after it."""

NUMBER = "page"
"""The name of the page number in the state."""


class Page:
    """The page to show: a part of `per_page` items of a list.

    `number` counts from 1, and `count` is the number of pages, at least 1. Both are 0 until `of` or `cut` is called.
    """

    __slots__ = ("_asked", "count", "number", "per_page")

    def __init__(self, asked: int, per_page: int) -> None:
        self._asked = asked
        self.per_page = per_page
        self.number = self.count = 0

    def of(self, items: "Sequence[Item]") -> "Sequence[Item]":
        """The items of this page. `items` is the whole list."""
        return items[self.cut(len(items))]

    def cut(self, total: int) -> slice:
        """Where this page starts and stops in a list of `total` items, for a feature that reads only this page.

        If the page that was asked for no longer exists, it is the last page.
        """
        self.count = max(1, -(-total // self.per_page))
        self.number = min(max(1, self._asked), self.count)
        stop = min(self.number * self.per_page, total)
        return slice((self.number - 1) * self.per_page, stop)


class PagerHandler(ComponentHandler):
    """A function that shows one page of a list. It gets a Page after the interaction and the tools.

    The page number is the first value of the state in the custom id. Calling the handler shows the first page.
    """

    __slots__ = ("per_page",)
    own = 1

    def __init__(
        self,
        command: Declaration,
        name: str,
        function: "Callable[..., Any]",
        *,
        per_page: int = 10,
        **rules: "Unpack[PagerRules]",
    ) -> None:
        self.per_page = per_page
        super().__init__(command, name, function, updates=True, **rules)
        if per_page < 1:
            raise DefinitionError(f"{self}: per_page={per_page} leaves no room for an item; write 1 or more")
        if function.__code__.co_flags & YIELDS:
            raise DefinitionError(f"{self}: a pager shows one page and no progress; write `return`, not `yield`")
        if NUMBER in super().parameters:
            raise DefinitionError(f"{self}: the page comes before `*`; write `def {name}(interaction, page, *, …)`")

    def __call__(self, *arguments: "Any", page: int = FIRST, **state: "Any") -> Reply:
        """The Reply for that page, with a row of buttons if there are other pages.

        `arguments` are the interaction, and the tools if the function takes them.
        """
        shown = Page(page, self.per_page)
        reply = self.function(*arguments, shown, **state)
        if not isinstance(reply, Reply) or not shown.count:
            raise DefinitionError(
                f"{self}: a pager returns one Reply, and shows in it what `page.of(items)` returns, or reads what "
                "`page.cut(total)` says"
            )
        if shown.count == 1:
            return reply
        from copy import copy

        from ..discord.components import Row  # 5 ms of a cold start, which a list of one page does without

        reply = copy(reply)
        state = {**(self.function.__kwdefaults__ or {}), **state}
        reply.components = [*reply.components, Row(*self._buttons(shown, state))]
        return reply

    @property
    def parameters(self) -> tuple[str, ...]:
        return (NUMBER, *super().parameters)

    @property
    def options(self) -> "tuple[Option, ...]":
        from .options import Option

        return (Option(NUMBER, int, True, ""), *super().options)

    def _buttons(self, page: Page, state: "dict[str, Any]") -> "list[Button]":
        number, first, last = page.number, page.number == 1, page.number == page.count
        return [
            self.button(_("First"), disabled=first, page=FIRST, **state),
            self.button(_("Previous"), disabled=first, page=number - 1, **state),
            self.button(f"{number} / {page.count}", disabled=True, page=number, **state),
            self.button(_("Next"), disabled=last, page=number + 1, **state),
            self.button(_("Last"), disabled=last, page=LAST, **state),
        ]
