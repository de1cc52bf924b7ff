"""Runs the template's custom resources as CloudFormation does: the function answers by calling a response URL."""

from __future__ import annotations

import json
import queue
import uuid
from collections.abc import Callable
from typing import Any

from sandbox.aws.runtime_api import Outcome
from sandbox.loopback import Request, Response, Server
from sandbox.template import ACCOUNT, REGION, Template


class DeployFailed(Exception):
    """A custom resource failed. The text is the reason that its function gave."""


def run_custom_resources(template: Template, invoke: Callable[[str, object], Outcome]) -> None:
    """Create each custom resource of `template`. Raises DeployFailed for the first one that fails.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
    """
    answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def respond(request: Request) -> Response:
        answers.put(request.body)
        return Response(200)

    server = Server(respond)
    try:
        for logical_id, kind, function, properties in template.custom_resources():
            event = {
                "RequestType": "Create",
                "RequestId": str(uuid.uuid4()),
                "StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/watchbell/{uuid.uuid4()}",
                "LogicalResourceId": logical_id,
                "ResourceType": kind,
                "ServiceToken": properties["ServiceToken"],
                "ResponseURL": f"{server.url}/response",
                "ResourceProperties": properties,
            }
            outcome = invoke(function, event)
            if not outcome.ok:
                raise DeployFailed(f"{logical_id}: {outcome.error}")
            try:
                answer: dict[str, Any] = json.loads(answers.get(timeout=1))
            except queue.Empty:
                raise DeployFailed(f"{logical_id}: {function} did not call the response URL") from None
            if answer.get("Status") != "SUCCESS":
                raise DeployFailed(f"{logical_id}: {answer.get('Reason')}")
    finally:
        server.stop()
