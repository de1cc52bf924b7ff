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

    from ..discord.components import Row
    from ..discord.reply import Button
    from .handler import Rules
    from .options import Option

    Item = TypeVar("Item")

    class PagerRules(Rules, total=False):
        """The additional arguments of `@command.pager`."""

        expires: int | None
        bound: str


NUMBER = "page"
"""The name of the page number in the state."""


class Page:
    """The page to show: a part of `per_page` items of a list.

    `number` counts from 1, and `count` is the number of pages, at least 1. Both are 0 until `of` or `cut` is called.
    `has_row`: whether the function has placed the buttons to the other pages itself.
    """

    __slots__ = ("_asked", "_buttons", "count", "has_row", "number", "per_page")

    def __init__(self, asked: int, per_page: int, buttons: "Callable[[Page], list[Button]]" = lambda page: []) -> None:
        self._asked, self._buttons = asked, buttons
        self.per_page = per_page
        self.number = self.count = 0
        self.has_row = False

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

    def row(self, *buttons: "Button") -> "Row":
        """A row with the buttons to the other pages, if there are any, and then `buttons`: one or two.

        Call it after `of` or `cut`. The pager then adds no row of its own.
        """
        from ..discord.components import Row  # 5 ms of a cold start, which a list of one page does without

        self.has_row = True
        return Row(*(self._buttons(self) if self.count > 1 else []), *buttons)


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
        if NUMBER in self.parameters:
            raise DefinitionError(f"{self}: the page comes before `*`; write `def {name}(interaction, page, *, …)`")
        self.parameters = (NUMBER, *self.parameters)

    def __call__(self, *arguments: "Any", page: int = 1, **state: "Any") -> Reply:
        """The Reply for that page, with a row of buttons if there are other pages.

        `arguments` are the interaction, and the tools if the function takes them.
        """
        kept = {**(self.function.__kwdefaults__ or {}), **state}
        shown = Page(page, self.per_page, lambda page: self._buttons(page, kept))
        reply = self.function(*arguments, shown, **state)
        if not isinstance(reply, Reply) or not shown.count:
            raise DefinitionError(
                f"{self}: a pager returns one Reply, and shows in it what `page.of(items)` returns, or reads what "
                "`page.cut(total)` says"
            )
        if shown.count == 1 or shown.has_row:
            return reply
        from copy import copy

        reply = copy(reply)
        reply.components = [*reply.components, shown.row()]
        return reply

    @property
    def options(self) -> "tuple[Option, ...]":
        from .options import Option

        return (Option(NUMBER, int, True, ""), *super().options)

    def _buttons(self, page: Page, state: "dict[str, Any]") -> "list[Button]":
        number, count = page.number, page.count
        where = _("Page {number} of {count}", number=number, count=count)
        return [
            self.button(_("Previous"), disabled=number == 1, page=number - 1, **state),
            self.button(where, disabled=True, page=number, **state),
            self.button(_("Next"), disabled=number == count, page=number + 1, **state),
        ]
