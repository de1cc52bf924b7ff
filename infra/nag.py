"""The cdk-nag rules that every synthesis must pass, and exceptions to them with their reasons."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Acknowledgment, App, Validations
from cdk_nag import AwsSolutionsChecks, ServerlessChecks
from constructs import IConstruct


def check(app: App) -> None:
    """Make the synthesis of `app` fail on every finding that is not acknowledged."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))


def acknowledge(resource: IConstruct, reasons: Mapping[str, str]) -> None:
    """Accept findings at `resource`. `reasons` maps the id of a rule to the reason why it does not apply."""
    for rule, reason in reasons.items():
        pack = rule.split("-")[0]
        Validations.of(resource).acknowledge(Acknowledgment(id=f"{pack}::{rule}", reason=reason))
