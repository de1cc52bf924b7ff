"""The button that cancels a long job. `interactions.job` runs the jobs."""

from ..discord import custom_id
from ..discord.reply import Reply
from ..discord.seals import FOR_ANOTHER
from ..i18n import _
from .buttons import ComponentHandler
from .flow import CANCELLED
from .handler import Handler
from .policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..discord.interaction import Interaction


class _Starter(Policy):
    """The person who started the job. The state of the button has their id."""

    __slots__ = ()
    name = "starter of the job"
    needs_table = True

    def decide(self, interaction: "Interaction", tools: "Any") -> bool | None:
        address = custom_id.parse(interaction.custom_id)
        return None if address.stash else self._started(list(address.values), interaction)

    def ask(self, interaction: "Interaction", tools: "Any") -> bool:
        stored = tools.stash.get(custom_id.parse(interaction.custom_id).stash)
        return self._started(stored or [], interaction)

    def refusal(self) -> str:
        return _(FOR_ANOTHER)

    def _started(self, state: list[str], interaction: "Interaction") -> bool:
        return state[1:] == [interaction.user_id]


starter = _Starter()


class CancelHandler(ComponentHandler):
    """The button that cancels a job of `handler`. The job stops at its next checkpoint."""

    __slots__ = ()

    def __init__(self, handler: Handler) -> None:
        may = starter if handler.may_cancel is None else starter | handler.may_cancel
        name = f"cancel_{handler.function.__name__}"
        super().__init__(handler.command, name, _cancel, who=may, private=True, instant=False, quota=())


def _cancel(interaction: "Interaction", tools: "Any", *, job: str, by: str) -> Reply:
    tools.data(CANCELLED).put({"job": job, "by": interaction.user_id})
    return Reply(_("It stops at its next step. What is done stays done."))
