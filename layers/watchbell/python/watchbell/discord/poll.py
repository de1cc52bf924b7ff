"""A poll under a message."""

from .emoji import to_payload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Poll:
    """A question of 1-300 characters with 1-10 answers of 1-55 characters.

    An answer is a text, or a pair of a text and an emoji. The poll is open for 1-768 `hours` (32 days). With `multiple`
    people can choose several answers. A message with a poll cannot be edited.
    """

    __slots__ = ("answers", "hours", "multiple", "question")

    def __init__(
        self, question: str, answers: "Iterable[str | tuple[str, str]]", *, hours: int = 24, multiple: bool = False
    ) -> None:
        self.question = question
        self.answers = list(answers)
        self.hours = hours
        self.multiple = multiple

    def payload(self) -> dict:
        return {
            "question": {"text": self.question},
            "answers": [{"poll_media": _media(answer)} for answer in self.answers],
            "duration": self.hours,
            "allow_multiselect": self.multiple,
        }


def _media(answer: "str | tuple[str, str]") -> dict:
    text, emoji = (answer, "") if isinstance(answer, str) else answer
    if not emoji:
        return {"text": text}
    full = to_payload(emoji)
    return {"text": text, "emoji": {"id": full["id"]} if "id" in full else full}  # a poll takes only an id or a name
