"""How Discord validates a JSON body: a form collects the errors field by field, and a refusal carries them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sandbox.discord.upload import Upload

Json = dict[str, Any]
Path = tuple[str | int, ...]

SNOWFLAKE = re.compile(r"[0-9]{1,20}")
MAX_SAFE_INTEGER = 2**53 - 1
BOOLEANS = dict.fromkeys(("true", "True", "1"), True) | dict.fromkeys(("false", "False", "0"), False)
_LABEL = r"(?:[^\W_]|[^\W_](?:[^\W_]|-){0,61}[^\W_])"
# Discord refuses a host without a dot, but takes localhost. See "Not a well formed URL" in discord-api-docs.
URL = re.compile(
    rf"https?://(?:[^\s/?#@]+@)?(?:localhost|(?:{_LABEL}\.)+(?:[^\W\d_]{{2,}}|xn--[a-z0-9-]+)\.?"
    r"|(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)|\[[0-9a-f:.]*:[0-9a-f:.]*\])"
    r"(?::\d{1,5})?(?:[/?#]\S*)?",
    re.IGNORECASE,
)
_SYMBOLS_OF_OTHER_KINDS = "‼⁉ℹ〰〽↔⤴⤵◻◼◽◾"  # emoji that are no "other symbol" (So) to Unicode


def is_emoji(text: str) -> bool:
    """Whether `text` is one emoji. It takes some symbols that Discord's list of emoji does not have."""
    if re.fullmatch("[0-9#*]\ufe0f?\u20e3|[\U0001f1e6-\U0001f1ff]{1,2}|🏴[\U000e0061-\U000e007a]+\U000e007f", text):
        return True
    parts = [re.sub("[\ufe0f\U0001f3fb-\U0001f3ff]$", "", part) for part in text.split("\u200d")]
    return all(len(part) == 1 and _is_symbol(part) for part in parts)


def _is_symbol(character: str) -> bool:
    known = unicodedata.category(character) == "So" or character in _SYMBOLS_OF_OTHER_KINDS
    return known or "\U0001fa70" <= character <= "\U0001faff"  # newer ones, which this Python may not know


class Refusal(Exception):
    """An error response with Discord's JSON code. See "Opcodes and Status Codes" in Discord's documentation."""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(f"{status}/{code} {message}" + (f": {flat(errors)}" if errors else ""))
        self.status, self.code, self.message, self.errors = status, code, message, errors

    def body(self) -> Json:
        return {"message": self.message, "code": self.code} | ({"errors": self.errors} if self.errors else {})


class NotSimulated(Refusal):
    """Real Discord can do this, but the simulated one cannot yet. It says so instead of pretending."""

    def __init__(self, what: str) -> None:
        super().__init__(501, 0, f"The simulated Discord does not support {what} yet")


def flat(errors: Json, path: str = "") -> str:
    """Nested errors on one line, for people: "data.embeds.0.title: Must be 256 or fewer in length."."""
    found = [f"{path or 'the body'}: {error['message']}" for error in errors.get("_errors", [])]
    found += [flat(inner, f"{path}.{key}".strip(".")) for key, inner in errors.items() if key != "_errors"]
    return "; ".join(found)


class Form:
    """Reads a JSON body field by field and collects everything that is wrong with it.

    The readers return a value of the right type even for a wrong field, so one pass finds every error. Call `refuse()`
    before you use the values. `ignored` lists what Discord would silently drop.
    The inner error codes were seen in Discord's responses. Discord's documentation lists none of them.
    """

    def __init__(self) -> None:
        self.errors: Json = {}
        self.ignored: list[str] = []
        self.textual = False  # whether every value is text, because the body is an HTML form
        self.uploads: dict[int, Upload] = {}  # the files in the request, by number
        self.attached: list[tuple[Path, str]] = []  # where the body refers to a file of the message, and its name

    def error(self, path: Path, code: str, message: str) -> None:
        at = self.errors
        for key in path:
            at = at.setdefault(str(key), {})
        at.setdefault("_errors", []).append({"code": code, "message": message})

    def refuse(self) -> None:
        """Raises 400/50035 if there is any error so far."""
        if self.errors:
            raise Refusal(400, 50035, "Invalid Form Body", self.errors)

    def ignore(self, path: Path, why: str) -> None:
        self.ignored.append(f"{'.'.join(map(str, path))}: {why}")

    def required(self, path: Path, body: Json, key: str) -> bool:
        """Whether `key` is present and not null. If it is not, that is an error."""
        if body.get(key) is not None:
            return True
        self.error((*path, key), "BASE_TYPE_REQUIRED", "This field is required")
        return False

    def object(self, path: Path, value: Any, keys: Collection[str] | None = None) -> Json:
        """`value` as an object. Keys other than `keys`, if given, count as ignored."""
        if not isinstance(value, dict):
            self.error(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
            return {}
        for key in value if keys is not None else ():
            if key not in (keys or ()):
                self.ignore((*path, key), "Discord has no such field here")
        return value

    def array(self, path: Path, value: Any, least: int, most: int) -> list[Any]:
        if not isinstance(value, list):
            self.error(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return []
        if not least <= len(value) <= most:
            self._bad_length(path, least, most)
            return []
        return value

    def text(self, path: Path, value: Any, least: int, most: int) -> str:
        """`value` as text. Like Discord, it trims the text before it checks the length (limits included)."""
        if not isinstance(value, str):
            self.error(path, "STRING_TYPE_CONVERT", f'Could not interpret "{value}" as string.')
            return ""
        value = value.strip()
        if not least <= len(value) <= most:
            if not value:
                self.error(path, "BASE_TYPE_REQUIRED", "This field is required")
            else:
                self._bad_length(path, least, most)
        return value

    def _bad_length(self, path: Path, least: int, most: int) -> None:
        if least:
            self.error(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")
        else:
            self.error(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")

    def number(self, path: Path, value: Any, least: float, most: float, whole: bool = True) -> Any:
        if self.textual and isinstance(value, str) and re.fullmatch(r"-?\d{1,20}", value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            self.error(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not {"int" if whole else "number"}.')
            return least
        if value < least:
            self.error(path, "NUMBER_TYPE_MIN", f"Value should be greater than or equal to {least}.")
        if value > most:
            self.error(path, "NUMBER_TYPE_MAX", f"Value should be less than or equal to {most}.")
        return value

    def boolean(self, path: Path, value: Any) -> bool:
        if self.textual and isinstance(value, str):
            value = BOOLEANS.get(value, value)
        if not isinstance(value, bool):
            self.error(path, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")
        return value is True

    def one_of(self, path: Path, value: Any, choices: Collection[Any]) -> bool:
        if isinstance(value, (str, int)) and not isinstance(value, bool) and value in choices:
            return True
        self.error(path, "BASE_TYPE_CHOICES", f"Value must be one of {{{', '.join(map(str, choices))}}}.")
        return False

    def snowflake(self, path: Path, value: Any) -> str:
        if isinstance(value, (str, int)) and not isinstance(value, bool) and SNOWFLAKE.fullmatch(str(value)):
            return str(value)
        self.error(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
        return "0"

    def url(self, path: Path, value: Any, most: int = 2048, attachment: bool = False) -> str:
        value = self.text(path, value, 1, most)
        if value.startswith("attachment://") and attachment:
            self.attached.append((path, value.removeprefix("attachment://")))
            return value
        if value and not URL.fullmatch(value):
            self.error(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
        return value

    def timestamp(self, path: Path, value: Any) -> str:
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            self.error(path, "DATE_TIME_TYPE_PARSE", f'Could not parse "{value}". Should be ISO8601.')
            return ""
        if (offset := moment.utcoffset()) and offset.total_seconds() % 60:
            self.error(path, "DATE_TIME_TYPE_PARSE", f'Could not parse "{value}". Should be ISO8601.')
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()
