"""boto3 clients, one per service, with timeouts that fit inside a Lambda's own."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 3})


@cache
def client(service: str) -> Any:
    """The client for `service` (dynamodb, sqs, ssm); region, credentials and endpoint come from the environment."""
    return boto3.client(service, config=_CONFIG)
