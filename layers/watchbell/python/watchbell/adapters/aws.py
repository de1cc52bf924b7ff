"""Calls AWS with boto3, when no person waits. Each service has one client; its timeouts are shorter than a Lambda's."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from ..errors import Unavailable, Unsure

_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 3})


_making = threading.Lock()  # boto3: threads may share a client, but must not make one at the same time


@cache
def client(service: str) -> Any:
    """Return the client for `service` (sqs, ssm). Region, credentials and endpoint come from the environment."""
    with _making:
        return boto3.client(service, config=_CONFIG)


def write(service: str, action: str, **request: Any) -> dict:
    """Call an action such as `send_message` and return the answer.

    Raises Unavailable if AWS refused, and Unsure if it may have been done.

    After a 5xx it may have been done.
    """
    try:
        answer: dict = getattr(client(service), action)(**request)
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
        raise (Unsure if status >= 500 else Unavailable)(str(error)) from error
    except BotoCoreError as error:
        raise Unsure(f"{action}: {error}") from error
    return answer
