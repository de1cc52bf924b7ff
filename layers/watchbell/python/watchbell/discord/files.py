"""A file that goes with a message."""

from .reply import Component


class File(Component):
    """A file called `name`, of at most 10 MiB; a message has at most 10, and its request 25 MiB.

    `description` is its alternative text, at most 1,024 characters; a `spoiler` is hidden until it is clicked.
    Name one that is shown (as an embed's picture, in a gallery, as a component) with ASCII letters, digits, `_-.` only:
    Discord renames others, and then does not find them. As a component it is a box to download it from.
    """

    __slots__ = ("content", "description", "name", "spoiler")

    def __init__(self, name: str, content: bytes, *, description: str = "", spoiler: bool = False, id: int = 0) -> None:
        super().__init__(id)
        self.name = name
        self.content = content
        self.description = description
        self.spoiler = spoiler

    @property
    def url(self) -> str:
        """What an embed or a component of the same message calls it."""
        return f"attachment://{self.name}"

    def attachment(self, number: int) -> dict:
        """Its entry in `attachments`; `number` is that of its part `files[number]` of the request."""
        entry = {"filename": self.name, "description": self.description, "is_spoiler": self.spoiler}
        return {"id": number, **{key: value for key, value in entry.items() if value}}

    def payload(self) -> dict:
        return self._with(13, file={"url": self.url}, spoiler=self.spoiler)

    def files(self) -> "tuple[File]":
        return (self,)
