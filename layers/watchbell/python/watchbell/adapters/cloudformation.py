"""Answers CloudFormation's requests for a custom resource. Without an answer, CloudFormation waits for an hour."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import requests

from ..errors import Unavailable

log = logging.getLogger(__name__)


def answer(event: dict, context: Any, change: Callable[[dict], None]) -> None:
    """Call `change` with the request, and PUT the outcome to its ResponseURL.

    If `change` raises an exception, the outcome is FAILED with the exception's message. Raises Unavailable if
    CloudFormation could not be told, so that Lambda calls again.
    """
    outcome = {"Status": "SUCCESS"}
    try:
        change(event)
    except Exception as error:  # CloudFormation must hear of every failure
        log.exception("the change failed")
        outcome = {"Status": "FAILED", "Reason": f"{type(error).__name__}: {error}"[:1000]}
    body = {
        **outcome,
        "PhysicalResourceId": event.get("PhysicalResourceId") or event["LogicalResourceId"],
        **{key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")},
    }
    # The URL is signed for an empty Content-Type.
    try:
        response = requests.put(event["ResponseURL"], json=body, headers={"Content-Type": ""}, timeout=10)
        problem = "" if response.ok else f"answered {response.status_code}"
    except requests.RequestException as error:
        problem = f"gave no answer ({type(error).__name__})"
    if problem:  # the message of requests' own error holds the signed URL
        raise Unavailable(f"CloudFormation {problem}")
