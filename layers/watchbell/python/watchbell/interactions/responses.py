"""Builds the response that Discord gets within 3 seconds: "thinking", or the answer of an instant handler."""

from ..discord.component import disabled
from ..discord.opening import Opening
from ..discord.reply import COMPONENTS_V2, Reply
from ..errors import DefinitionError

MEDIA = (11, 12, 13)
"""Discord: the types of a thumbnail, a gallery and a file."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..discord.interaction import Interaction
    from ..kit.handler import Handler


def deferral(handler: "Handler", interaction: "Interaction | None" = None) -> dict:
    """Return the response that says "thinking": type 5, or type 6 or 7 if the answer edits the component's message.

    Type 7 disables the buttons and selects of that message until the work is done.
    """
    if handler.edits(interaction):
        message = interaction.message if interaction else {}
        if not can_be_busy(message):
            return {"type": 6}
        data = {**components_of(message, disabled(message["components"])), "allowed_mentions": {"parse": []}}
        return {"type": 7, "data": data}
    return {"type": 5, "data": {"flags": 64}} if handler.is_private(interaction) else {"type": 5}


def can_be_busy(message: dict) -> bool:
    """Return whether an edit could disable buttons or selects of `message`, as Discord sent it.

    False for a layout of Components V2 with pictures or files: Discord does not take those back as it sent them.
    """
    components = message.get("components")
    if not isinstance(components, list) or not all(isinstance(each, dict) for each in components):
        return False
    return not any(map(_has_media, components)) and disabled(components) != components


def components_of(message: dict, components: list[dict]) -> dict:
    """Return the edit that gives `message` these components, and changes nothing else."""
    flags = message.get("flags")
    v2 = isinstance(flags, int) and flags & COMPONENTS_V2
    return {"components": components, **({"flags": COMPONENTS_V2} if v2 else {})}


def _has_media(component: dict) -> bool:
    inner = (*(component.get("components") or ()), component.get("accessory"))
    return component.get("type") in MEDIA or any(_has_media(each) for each in inner if isinstance(each, dict))


def response(handler: "Handler", answer: object, interaction: "Interaction") -> dict:
    """Return the response for the `answer` of an instant handler.

    It has type 9 for a form, type 7 if the answer edits the component's message, else type 4.
    Raises DefinitionError for an answer that only a deferred handler can give.
    """
    if isinstance(answer, Opening):
        return {"type": 9, "data": answer.payload()}
    if not isinstance(answer, Reply):
        raise DefinitionError(
            f"{handler} returned {answer!r}, but an instant handler returns a Reply or a form; remove instant=True to "
            "return anything else"
        )
    if answer.uploads():
        raise DefinitionError(f"{handler} is instant, so it cannot send files; remove instant=True")
    if edits_with(handler, answer, interaction):
        return {"type": 7, "data": answer.edit(v2=bool(interaction.message_flags & COMPONENTS_V2))}
    private = handler.is_private(interaction) if answer.private is None else answer.private
    return {"type": 4, "data": answer.message(private=private)}


def edits_with(handler: "Handler", reply: Reply, interaction: "Interaction") -> bool:
    """Return whether `reply` edits the component's message. A private reply never does.

    Raises DefinitionError for an edit with a poll, which Discord refuses.
    """
    edits = handler.edits(interaction) and not reply.private
    if edits and reply.poll:
        raise DefinitionError(f"{handler} updates a message, and an edit cannot add a poll; remove updates=True")
    return edits
