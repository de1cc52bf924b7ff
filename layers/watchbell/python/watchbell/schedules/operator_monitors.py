"""The monitors of the person who runs the bot: one for each status source in Parameter Store. All servers see them."""

import hashlib
import logging
from base64 import b32encode
from collections.abc import Iterator
from datetime import datetime

from watchbell import Schedule, UserError
from watchbell.adapters.monitors import Change, TooMany
from watchbell.adapters.sources import NAME_LENGTH
from watchbell.outbox import editions
from watchbell.status.monitor import Monitor
from watchbell.status.roster import OPERATOR, Entry, Roster, entry_of
from watchbell.status.shard import joined
from watchbell.status.targets import NotAUrl, parse_target
from watchbell.tools.toolbox import Tools

log = logging.getLogger(__name__)

schedule = Schedule("operator_monitors", "Makes a monitor of each status source", every=5, switch="monitors")


@schedule.run
def operator_monitors(slot: datetime, tools: Tools) -> None:
    """Add, change and remove monitors until there is one for each status source.

    A second run finds nothing to do. A run that is cut off is finished by the next one. If the store cannot be read,
    nothing changes.
    """
    wanted = {monitor.id: monitor for monitor in _wanted(tools)}
    roster = tools.monitors.roster(OPERATOR)
    stored = {each.id: each for shard in roster.shards for each in tools.monitors.of_shard(OPERATOR, shard)}
    entries = {entry.id: entry for entry in roster.entries}
    for id, entry in entries.items():
        if id not in wanted:
            _remove(entry, tools)
    for id, monitor in wanted.items():
        before = stored.get(id)
        if before == monitor:
            continue
        if before and _measured(before) != _measured(monitor):
            tools.shards.restart(OPERATOR, entries[id].shard, id)  # first, because a later run would not do it again
        _put(monitor, tools)


def monitor_of(name: str, value: str, tools: Tools) -> Monitor:
    """The monitor of a status source. Raises NotAUrl or UserError if the source cannot be watched."""
    target = parse_target(value)
    return tools.define(
        Monitor(id_of(name), name, "status_api", str(target.url), every=1, private=target.private),
    )


def id_of(name: str) -> str:
    """8 letters and digits, always the same for a name. So a source that is set again has its history again."""
    return b32encode(hashlib.sha256(name.encode()).digest()[:5]).decode().lower()


def _wanted(tools: Tools) -> Iterator[Monitor]:
    for name, value in sorted(tools.status_sources().items()):
        why = f"a name has at most {NAME_LENGTH} characters"
        if len(name) <= NAME_LENGTH:
            try:
                yield monitor_of(name, value, tools)
                continue
            except NotAUrl:  # its message quotes the value, which can contain a secret
                why = "its value is not a URL"
            except UserError as error:
                why = str(error)
        log.error("the status source %s is not watched: %s", name[:NAME_LENGTH], why)


def _measured(monitor: Monitor) -> tuple[str, str, bool]:
    return monitor.kind, monitor.target, monitor.private


def _put(monitor: Monitor, tools: Tools) -> None:
    def decide(roster: Roster) -> Change:
        known = next((entry.shard for entry in roster.entries if entry.id == monitor.id), "")
        shard = known or f"{joined(roster.sizes):02}"
        return Change(roster.with_(entry_of(monitor, shard)), put=(shard, monitor))

    try:
        tools.monitors.change(OPERATOR, decide)
    except TooMany:
        log.error("the status source %s is not watched: the deployment has no room for a monitor", monitor.name)  # noqa: TRY400
    else:
        log.info("the status source %s is watched", monitor.name)


def _remove(entry: Entry, tools: Tools) -> None:
    """Remove a monitor. It would be new if its source were set again, so what is known of it is forgotten first."""
    tools.shards.restart(OPERATOR, entry.shard, entry.id)
    editions.put(OPERATOR, editions.gone_edition(entry.id, int(tools.now())), tools)
    tools.monitors.change(OPERATOR, lambda roster: Change(roster.without(entry.id), delete=(entry.shard, entry.id)))
    log.info("the status source %s is no longer watched", entry.name)
