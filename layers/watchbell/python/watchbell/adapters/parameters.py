"""Reads secrets, webhook URLs and status sources from SSM Parameter Store, and caches them for a minute."""

import time

from ..errors import Unavailable
from .aws_json import Refused, of_region

SECONDS = 60
"""How old a cached value may be."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def is_secret(name: str) -> bool:
    """Return whether a parameter is stored as SecureString. `name` is without the stage."""
    return name in ("discord/bot-token", "signing-keys") or name.startswith("webhooks/")


class Parameters:
    """Reads parameters by their full names. Raises Unavailable if the store cannot be reached. Errors hold no value.

    Uses no SDK, because the ingress reads parameters too.
    """

    def __init__(self, clock: "Callable[[], float]" = time.time) -> None:  # time.monotonic stops while frozen
        self._ssm = of_region("ssm", "1.1")
        self._clock = clock
        self._kept: dict[str, tuple[float, Any]] = {}

    def secret(self, name: str, *, fresh: bool = False) -> str:
        """Return the decrypted value. `fresh` skips the cache.

        Raises Unavailable if the parameter is not set; the error says how to set it.
        """
        value = self.find(name, fresh=fresh)
        if value is None:
            raise Unavailable(f"the parameter {name} is not set; `python -m ops setup` sets it")
        return value

    def find(self, name: str, *, fresh: bool = False) -> str | None:
        """Return the decrypted value, or None if there is no such parameter."""
        return self._cached(name, self._get, fresh)

    def set_at(self, name: str) -> str:
        """Return when the parameter was last set, as the store writes it. It is "" if there is no such parameter.

        This is not cached.
        """
        found = self._parameter(name)
        return str(found["LastModifiedDate"]) if found else ""

    def below(self, path: str) -> dict[str, str]:
        """Return the parameters directly below `path`: last part of the name -> value."""
        return self._cached(path, self._list, False)

    def _cached(self, name: str, read: "Callable[[str], Any]", fresh: bool) -> "Any":
        read_at, value = self._kept.get(name, (float("-inf"), None))
        if fresh or not 0 <= self._clock() - read_at <= SECONDS:
            value = read(name)
            self._kept[name] = (self._clock(), value)
        return value

    def _get(self, name: str) -> str | None:
        found = self._parameter(name)
        return found["Value"] if found else None

    def _parameter(self, name: str) -> "dict[str, Any] | None":
        try:
            return self._ssm.call("AmazonSSM.GetParameter", {"Name": name, "WithDecryption": True})["Parameter"]
        except Refused as error:
            if error.code == "ParameterNotFound":
                return None
            raise

    def _list(self, path: str) -> dict[str, str]:
        found: dict[str, str] = {}
        request: dict = {"Path": path, "WithDecryption": True, "MaxResults": 10}
        while True:
            page = self._ssm.call("AmazonSSM.GetParametersByPath", request)
            found |= {each["Name"].rsplit("/", 1)[-1]: each["Value"] for each in page["Parameters"]}
            if not page.get("NextToken"):
                return found
            request["NextToken"] = page["NextToken"]
