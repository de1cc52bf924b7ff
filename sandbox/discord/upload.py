"""A file on its way to Discord."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass


@dataclass(frozen=True)
class Upload:
    """A file that the bot or a person sends."""

    name: str
    content: bytes
    kind: str = ""

    def __str__(self) -> str:
        return self.name

    @property
    def content_type(self) -> str:
        return self.kind or mimetypes.guess_type(self.name)[0] or "application/octet-stream"
