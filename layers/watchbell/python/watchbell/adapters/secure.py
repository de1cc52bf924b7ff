"""Sets and deletes secrets in SSM Parameter Store, as SecureString. `parameters` reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import Unavailable
from .aws_json import Refused, of_region


class Secure:
    """`call(target, request)` calls the store. Methods raise Unavailable if it is unreachable."""

    def __init__(self, call: Callable[[str, dict], Any] | None = None) -> None:
        self._call = call or of_region("ssm", "1.1").call

    def put(self, name: str, value: str, what: str) -> None:
        """Set a parameter, or replace it. `what` is what an error calls it: nothing of the value is in a log."""
        request = {"Name": name, "Value": value, "Type": "SecureString", "Overwrite": True}
        try:
            self._call("AmazonSSM.PutParameter", request)
        except Unavailable:
            raise Unavailable(f"AmazonSSM.PutParameter: the {what} was not set") from None

    def delete(self, name: str) -> None:
        """Delete a parameter. It is no error if there is none."""
        try:
            self._call("AmazonSSM.DeleteParameter", {"Name": name})
        except Refused as error:
            if error.code != "ParameterNotFound":
                raise
