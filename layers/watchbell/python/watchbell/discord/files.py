"""A file that is sent with a message."""

from .component import FILE, Component


class File(Component):
    """A file called `name`, at most 10 MiB. A message has at most 10 files, and its request at most 25 MiB.

    `description` is the alternative text, at most 1,024 characters. A `spoiler` is hidden until somebody clicks it.
    If an embed, a gallery or a component shows the file, use only ASCII letters, digits and `_-.` in its name. Discord
    renames files with other names and then does not find them. As a component, a File is a box to download the file.
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
        """The URL that embeds and components of the same message use for the file."""
        return f"attachment://{self.name}"

    def attachment(self, number: int) -> dict:
        """The entry of the file in `attachments`. Its part of the request is `files[number]`."""
        entry = {"filename": self.name, "description": self.description, "is_spoiler": self.spoiler}
        return {"id": number, **{key: value for key, value in entry.items() if value}}

    def payload(self) -> dict:
        return self._with(FILE, file={"url": self.url}, spoiler=self.spoiler)

    def files(self) -> "tuple[File]":
        return (self,)
