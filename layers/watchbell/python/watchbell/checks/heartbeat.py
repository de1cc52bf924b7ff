"""Waits for the pings of a job, as healthchecks does. It is down if no ping comes in time."""

from watchbell import N_, Annotated, Length, UserError, _
from watchbell.checks import Check
from watchbell.data.tables import PING
from watchbell.status import condition, cron, measures, ping
from watchbell.status.heartbeat import Rhythm, facts
from watchbell.status.heartbeat import heartbeat as judged

check = Check("heartbeat", N_("Heartbeat of a job"), row=lambda monitor: PING.item_key(monitor.options["ping"]))

Duration = Annotated[str, Length(0, 20)]


@check.fed
def heartbeat(
    monitor,
    row,
    before,
    at,
    *,
    period: Duration = "",
    grace: Duration = "5m",
    cron: Annotated[str, Length(0, 100)] = "",
    zone: Annotated[str, Length(0, 64)] = "UTC",
):
    """Wait for the pings of a job.

    period: The time between two pings, such as `1d` (default: as often as the monitor is checked)
    grace: How late a ping may be, and how long a run may take, such as `30m`
    cron: When the job runs, such as `0 3 * * *`, instead of a period
    zone: The time zone of `cron`
    """
    return facts(now(monitor, row, at, period, grace, cron, zone), after=before)


@check.describe
def describe(monitor, row, at, *, period="", grace="5m", cron="", zone="UTC"):
    """When pings are expected, and the next one if that is known."""
    late = measures.duration(seconds(grace))
    if cron:
        when = _("at the times of {cron} in {zone}, at most {time} late", cron=f"`{cron}`", zone=zone, time=late)
    else:
        often = measures.often(seconds(period) if period else monitor.every * 60)
        when = _("{often}, at most {time} late", often=often, time=late)
    lines = ["**" + _("Pings") + f"** {when}"]
    found = now(monitor, row, at, period, grace, cron, zone)
    if monitor.paused:
        return lines
    if found.status == "new":
        lines.append("**" + _("Next ping") + "** " + _("I wait for the first one"))
    elif found.due is not None:
        due = measures.moment(found.due, at)
        lines.append("**" + _("Next ping") + "** " + (_("{time}, late now", time=due) if found.due < at else due))
    return lines


def now(monitor, row, at, period, grace, cron, zone):
    """How the heartbeat is at a time, from the pings in its row."""
    rhythm = Rhythm(seconds(grace), seconds(period) if period else monitor.every * 60, cron, zone)
    return judged(ping.pings(row), rhythm, at=at, next_after=next_after)


@check.validate_options
def validate(*, period="", grace="5m", cron="", zone="UTC"):
    for text in filter(None, (period, grace)):
        seconds(text)
    if cron:
        next_after(cron, zone, 0.0)


def next_after(expression, zone, after):
    return cron.next_after(expression, zone, after)


def seconds(text):
    """The seconds of a duration such as 1h30m. Raises UserError."""
    found = condition.duration(text)
    if found is None or not 60 <= found <= 366 * 86400:
        raise UserError(_("Write a duration from one minute to a year, such as `30m`, `1h30m` or `1d`."))
    return found
