"""What a feature answers with. Plain classes, since the ingress imports them in every cold start."""

from .interaction import PRIVATE

_STYLES = {"primary": 1, "secondary": 2, "success": 3, "danger": 4}
_PER_ROW = 5


class Button:
    """A button under a message: `custom_id` is pressed, `url` is followed. The label has at most 80 characters."""

    __slots__ = ("custom_id", "disabled", "label", "style", "url")

    def __init__(
        self, label: str, *, custom_id: str = "", url: str = "", style: str = "secondary", disabled: bool = False
    ) -> None:
        self.label = label
        self.custom_id = custom_id
        self.url = url
        self.style = style
        self.disabled = disabled

    def payload(self) -> dict:
        target = (
            {"style": 5, "url": self.url} if self.url else {"style": _STYLES[self.style], "custom_id": self.custom_id}
        )
        return {"type": 2, "label": self.label, **target, **({"disabled": True} if self.disabled else {})}


class Embed:
    """A card in a message. Limits: title 256, description 4,096, 25 fields (name 256, value 1,024), footer 2,048;
    6,000 over all embeds of one message. `colour` is 0xRRGGBB, `timestamp` ISO 8601."""

    __slots__ = ("colour", "description", "fields", "footer", "timestamp", "title")

    def __init__(
        self,
        title: str = "",
        description: str = "",
        *,
        colour: int | None = None,
        footer: str = "",
        timestamp: str = "",
    ) -> None:
        self.title = title
        self.description = description
        self.colour = colour
        self.footer = footer
        self.timestamp = timestamp
        self.fields: list[dict] = []

    def field(self, name: str, value: str, *, inline: bool = False) -> None:
        self.fields.append({"name": name, "value": value, "inline": inline})

    def __len__(self) -> int:
        """The characters that count towards the 6,000."""
        words = [self.title, self.description, self.footer]
        words += [text for field in self.fields for text in (field["name"], field["value"])]
        return sum(map(len, words))

    def payload(self) -> dict:
        parts = {
            "title": self.title,
            "description": self.description,
            "fields": self.fields,
            "footer": {"text": self.footer} if self.footer else None,
            "timestamp": self.timestamp,
        }
        payload: dict = {key: value for key, value in parts.items() if value}
        if self.colour is not None:
            payload["color"] = self.colour
        return payload


class Reply:
    """A message: at most 2,000 characters of `content`, 10 `embeds`, 25 `buttons`. Mentions in it notify nobody."""

    __slots__ = ("buttons", "content", "embeds")

    def __init__(self, content: str = "", *, embeds: tuple | list = (), buttons: tuple | list = ()) -> None:
        self.content = content
        self.embeds = list(embeds)
        self.buttons = list(buttons)

    def message(self, *, private: bool = False) -> dict:
        """A new message as Discord takes it in an interaction response, a follow-up, a webhook or a channel."""
        message: dict = {"allowed_mentions": {"parse": []}}
        if self.content:
            message["content"] = self.content
        if self.embeds:
            message["embeds"] = [embed.payload() for embed in self.embeds]
        if self.buttons:
            message["components"] = self._rows()
        if private:
            message["flags"] = PRIVATE
        return message

    def edit(self) -> dict:
        """The same as an edit: what this reply does not have, the edited message loses."""
        return {
            "content": self.content,
            "embeds": [embed.payload() for embed in self.embeds],
            "components": self._rows(),
            "allowed_mentions": {"parse": []},
        }

    def _rows(self) -> list[dict]:
        buttons = [button.payload() for button in self.buttons]
        return [
            {"type": 1, "components": buttons[start : start + _PER_ROW]} for start in range(0, len(buttons), _PER_ROW)
        ]
