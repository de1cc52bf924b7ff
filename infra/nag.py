"""The rules of cdk-nag that every synthesis must pass, and how a resource says why one is not for it."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Acknowledgment, App, Validations
from cdk_nag import AwsSolutionsChecks, ServerlessChecks
from constructs import IConstruct


def check(app: App) -> None:
    """Let the synthesis of `app` fail on any finding that is not acknowledged."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))


def acknowledge(resource: IConstruct, reasons: Mapping[str, str]) -> None:
    """Take responsibility for findings at `resource`: rule id -> why it is right as it is."""
    for rule, reason in reasons.items():
        pack = rule.split("-")[0]
        Validations.of(resource).acknowledge(Acknowledgment(id=f"{pack}::{rule}", reason=reason))
