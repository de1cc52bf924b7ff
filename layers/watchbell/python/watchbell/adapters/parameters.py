"""SSM Parameter Store: secrets, webhook URLs and the status sources, kept for a minute in a warm function."""

from __future__ import annotations

from aws_lambda_powertools.utilities.parameters import SSMProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from botocore.exceptions import ClientError

from ..errors import Unavailable
from .aws import client

SECONDS = 60
"""How long a value may be old."""


class Parameters:
    """Reads parameters by full name. Raises Unavailable where the store cannot be asked; never echoes a value."""

    def __init__(self) -> None:
        self._store = SSMProvider(boto3_client=client("ssm"))

    def secret(self, name: str, *, fresh: bool = False) -> str:
        """The decrypted value; Unavailable, saying what to do, where there is none. `fresh` skips the cache."""
        value = self.find(name, fresh=fresh)
        if value is None:
            raise Unavailable(f"the parameter {name} is not set; `python -m ops setup` sets it")
        return value

    def find(self, name: str, *, fresh: bool = False) -> str | None:
        """The decrypted value, None where there is no such parameter."""
        try:
            return str(self._store.get(name, max_age=SECONDS, decrypt=True, force_fetch=fresh))
        except GetParameterError as error:
            cause = error.__context__
            if isinstance(cause, ClientError) and cause.response["Error"]["Code"] == "ParameterNotFound":
                return None
            raise Unavailable(f"the parameter {name} could not be read: {type(cause).__name__}") from error

    def below(self, path: str) -> dict[str, str]:
        """The parameters directly below `path`: last part of the name -> value."""
        try:
            found = self._store.get_multiple(path, max_age=SECONDS, decrypt=True)
        except GetParameterError as error:
            raise Unavailable(
                f"the parameters below {path} could not be read: {type(error.__context__).__name__}"
            ) from error
        return {name.rsplit("/", 1)[-1]: str(value) for name, value in found.items()}
