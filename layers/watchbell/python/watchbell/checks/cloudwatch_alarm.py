"""Follows an alarm of CloudWatch in the account and region of the bot."""

from watchbell import N_
from watchbell.adapters.shards import event_of
from watchbell.checks import Check
from watchbell.data.tables import AWS_EVENT
from watchbell.status.aws_events import alarm

check = Check(
    "cloudwatch_alarm",
    N_("CloudWatch alarm"),
    example="shop-errors",
    row=lambda monitor: AWS_EVENT.item_key(f"alarm:{monitor.target}"),
)


check.validate_target(alarm)


@check.fed
def cloudwatch_alarm(monitor, row, before, at):
    """Follow an alarm of CloudWatch. The address is its name or its ARN."""
    return [event_of(monitor.target, row).facts(at)] if row else []
