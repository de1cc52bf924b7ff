"""Follows the events of a pipeline, a service or a task in the account and region of the bot."""

from watchbell import N_
from watchbell.adapters.shards import event_of
from watchbell.checks import Check
from watchbell.data.tables import AWS_EVENT
from watchbell.status.aws_events import subject

check = Check(
    "aws_event",
    N_("AWS event"),
    example="pipeline:shop",
    row=lambda monitor: AWS_EVENT.item_key(monitor.target),
)


check.validate_target(subject)


@check.fed
def aws_event(monitor, row, before, at):
    """Follow events of AWS. The address is `pipeline:NAME`, `health:SERVICE` or `task:GROUP`."""
    return [event_of(monitor.target, row).facts(at)] if row else []
