"""Posts digests and reminders: each turn once, although the tick may be late, doubled or missed, and any step may fail.

An item says when it is due, and its row for the tick is written with it. The sender takes a claim by the local date of
the turn, posts, and writes the next time that the item is due. By a webhook, a digest comes at least once.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from ..adapters.server_settings import Chosen
from ..data.tables import TOLD
from ..discord.mentions import Mentions
from ..discord.reply import Embed, Reply
from ..errors import DiscordError
from ..i18n import _, speaking
from ..kit import server
from ..status import states
from ..status.later import Later
from ..status.refusal import RETIRED
from ..subscriptions import digest, message
from ..subscriptions.digest import Digest, Totals
from ..subscriptions.timed import Timed, Turn, last_period, roles_in
from ..tools import reading
from ..tools.toolbox import Tools
from . import people, posting, webhooks
from .kinds import TIMED

log = logging.getLogger(__name__)


def post(guild_id: str, asked: Later, tools: Tools) -> None:
    """Post the digest or reminder that is due, unless it was ended or changed. Then write when it is due next.

    One that comes once is deleted then.

    After an outage, only the latest turn is posted. Raises what Discord or AWS raise; then the message comes again.
    """
    records = tools.data(TIMED, guild_id)
    item = records.get(asked.id)
    if item is None or item["due"] != asked.at:
        tools.shards.replace(guild_id, asked, None)
        return
    timed, now = Timed.parse(item), tools.now()
    kind, _colon, person = timed.to.partition(":")
    if kind == "user" and not people.is_member(guild_id, person, tools):
        people.forget(guild_id, person, tools)
        return
    turn = timed.latest(now)
    after = _posted(guild_id, timed, turn, tools) if turn else timed
    following = after.next(now)
    if following is None:
        records.delete(timed.id, version=item["version"])
        return
    records.put({**replace(after, due=following.due).item(), "version": item["version"]})


def _posted(guild_id: str, timed: Timed, turn: Turn, tools: Tools) -> Timed:
    """Post one turn once. Return the digest or reminder as it is afterwards."""
    chosen = tools.server_settings.of(guild_id)
    name = f"timed#{timed.id}#{timed.mark(turn)}"
    delivery = message.reference(name, timed.to)
    reply, after = _reply(guild_id, timed, turn, chosen, delivery, tools)
    after = replace(after, told=timed.mark(turn))
    claim = tools.claims.take(TOLD, guild_id, name, timed.to) if reply else None
    if reply is None or claim is None:
        return after
    with claim:
        try:
            kind, _colon, place = timed.to.partition(":")
            if kind == "webhook":  # what was sent by a webhook cannot be found again
                hook = webhooks.find(guild_id, place, tools)
                if hook is None:
                    claim.done("no_server_webhook")
                    return replace(after, refused=RETIRED[0])
                sent = hook.send(reply)
            else:
                channel_id = tools.discord.open_dm(place) if kind == "user" else place
                sent = posting.send(channel_id, reply, f"{guild_id} {name}", delivery, tools, again=claim.attempt > 1)
        except DiscordError as error:
            if not error.permanent:
                raise
            posting.refused(guild_id, timed.to, error, int(tools.now()), chosen, tools)
            claim.done(f"refused:{error.status}:{error.code}")
            return replace(after, refused=error.code or error.status)
        claim.done(sent)
    if not timed.to.startswith("user:"):
        tools.shards.accepted(guild_id, timed.to, int(tools.now()))
    log.info("told", extra={"guild_id": guild_id, "recipient": timed.to, "discord_message_id": sent})
    return replace(after, refused=0)


def _reply(
    guild_id: str, timed: Timed, turn: Turn, chosen: Chosen, delivery: str, tools: Tools
) -> tuple[Reply | None, Timed]:
    """The message of a turn, None if there is nothing to say, and the digest or reminder with what it must remember."""
    with speaking(timed.locale, server.spoken(chosen)):
        if timed.text:
            return reminder(guild_id, timed.text, chosen, delivery), timed
        foot = f"{turn.subject} · {timed.zone} · {delivery}"
        name = people.server_name(guild_id, tools) if timed.to.startswith("user:") else ""
        found = of_server(guild_id, timed, turn, name, foot, tools)
        if not found.figures:
            said = None if timed.quiet else digest.nothing_monitored(name, foot)
            return said, replace(timed, quiet=True, totals=None)
        kind = timed.to.partition(":")[0]
        button = digest.stop_button(guild_id, timed.id) if kind == "user" else digest.status_button()
        # A webhook can send no button.
        return digest.compose(found, [] if kind == "webhook" else [button]), replace(
            timed, quiet=False, totals=found.totals._asdict()
        )


def of_server(guild_id: str, timed: Timed, turn: Turn | None, name: str, foot: str, tools: Tools) -> Digest:
    """What the digest of a turn says of the server called `name`. Without a turn, what it would say now."""
    now = int(tools.now())
    span = timed.period(turn) if turn else last_period(timed.cadence, now)
    found, totals, plans = reading.digest(guild_id, timed.cadence, span, tools)
    before = Totals.parse(timed.totals)
    known = before if before and before.end == span.start else None
    return Digest(timed.cadence, found, totals, known, plans, now, name, foot)


def reminder(guild_id: str, text: str, chosen: Chosen, delivery: str) -> Reply:
    """The message of a reminder. It pings the roles in its text that the server allows, and nobody else."""
    allowed = set(chosen[server.mention_roles]) - {guild_id}
    roles = [id for id in roles_in(text) if id in allowed]
    embed = Embed(colour=states.OWN, footer=" · ".join([_("Reminder"), delivery]))
    return Reply(text, embeds=[embed], mentions=Mentions(roles=roles))
