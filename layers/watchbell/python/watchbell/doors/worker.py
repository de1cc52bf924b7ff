"""The second half of an interaction's life: claims it, runs its feature, and shows the answer or what went wrong."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from ..adapters import logs
from ..adapters.batch import Delivery, NotOurs
from ..data.tables import EVENT, INTERACTION
from ..discord.interaction import Interaction
from ..discord.opening import Opening
from ..errors import DefinitionError, DiscordError, InvalidReply, NoRoom, Retry, Unavailable, UserError
from ..i18n import _, speaking
from ..interactions import dispatch, flow, gate, refusals
from ..interactions.apology import BROKEN, sentence
from ..interactions.audit import audited
from ..interactions.job import Job, NextSlice, Overtaken
from ..interactions.limits import admit
from ..interactions.reach import UNKNOWN_WEBHOOK, Reach
from ..interactions.screen import Screen
from ..kit import catalogue
from ..tools.toolbox import Desk, Tools

if TYPE_CHECKING:
    from ..adapters.claims import Claim
    from ..kit.handler import Handler

log = logging.getLogger(__name__)

CUT_OFFS = 3
"""After this many tries in a row that were cut off, the last one only tells the person."""

AGAIN_SECONDS = 60.0
"""If Discord was unwell for all tries of a message and the token lives, start over after this long."""

RACE_WAITS = (2.0, 4.0, 8.0)
"""If Discord does not know a token yet, the message comes back after so many seconds: the first time, the second, …"""

RECORDED = (
    *("ENTITLEMENT_CREATE", "ENTITLEMENT_UPDATE", "ENTITLEMENT_DELETE", "QUEST_USER_ENROLLMENT"),
    *("LOBBY_MESSAGE_CREATE", "LOBBY_MESSAGE_UPDATE", "LOBBY_MESSAGE_DELETE"),
    *("GAME_DIRECT_MESSAGE_CREATE", "GAME_DIRECT_MESSAGE_UPDATE", "GAME_DIRECT_MESSAGE_DELETE"),
)
"""Discord: the types of events that it may send and that the bot does nothing about."""

THINKING_WAITS = (8.0, 30.0, 60.0, 120.0, 240.0)
"""When to look for a "thinking" that may still appear, in seconds from one time to the next."""

PASSING = (DiscordError, Unavailable, Retry)
"""Errors that pass by themselves. Any other exception is a bug, and waiting does not mend it."""


class CutOff(Exception):
    """The function ended in the middle of a feature, several times in a row."""


def work(delivery: Delivery, tools: Tools, sleep: Callable[[float], None] = time.sleep) -> None:
    """Does one message of the work queue. If it raises, the message goes back to the queue."""
    message = delivery.message
    body, received_at = message.get("body"), message.get("received_at")
    if not isinstance(body, dict) or not isinstance(received_at, int):
        raise NotOurs("not a message of ours: no body, or no time")
    if message.get("kind") == "event":
        happen(body, received_at, tools)
    elif message.get("kind") == "thinking":
        stop_thinking(Interaction(body), delivery, tools)
    elif message.get("kind") == "interaction":
        interaction = Interaction(body)
        with speaking(interaction.locale, interaction.guild_locale):
            answer(interaction, received_at, delivery, tools, sleep)
    else:
        raise NotOurs("not a message of ours: unknown kind")


def happen(body: dict, received_at: int, tools: Tools) -> None:
    """Runs the feature of a webhook event, once. An event without a feature, or with one that is off, is only recorded.

    Discord gives an event no id, so its type, timestamp and data tell it from all others."""
    details = body.get("event") or {}
    kind, stamp = str(details.get("type", "")), details.get("timestamp")
    event = catalogue.event(kind)
    data = details.get("data")
    data = data if isinstance(data, dict) else {}
    named = hashlib.sha256(json.dumps([kind, stamp, data], sort_keys=True).encode()).hexdigest()[:32]
    claim = tools.claims.take(EVENT, named)
    if claim is None:
        log.info("event %s: it came before", kind[:100])
        return
    with claim:
        off = event is not None and bool(event.switch) and tools.flags.switched_off(event.switch, _place(data))
        log.info("event %s%s", kind[:100], ": nothing to do" if event is None else ": switched off" if off else "")
        if event is None:
            metric = "EventsRecorded" if kind in RECORDED else "EventsUnknown"
            logs.measured("event", {metric: 1}, "Count", **account({"body": body}), **_ids(data))
        else:
            with speaking(*_locales(data)):
                event.happen(data, tools, _moment(stamp, received_at), off=off)
        claim.done()


def _moment(stamp: object, received_at: int) -> float:
    """When an event happened, in epoch seconds. Discord writes the timestamp in UTC and without a zone."""
    try:
        time = datetime.fromisoformat(stamp) if isinstance(stamp, str) else None
    except ValueError:
        time = None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() if time else float(received_at)


def _ids(data: dict) -> dict[str, str]:
    """The ids that an event names, for its line in the log."""
    named = ("id", "sku_id", "user_id", "guild_id", "lobby_id", "channel_id")
    found = {f"of_{name}": data.get(name) for name in named}
    parts = {part: data.get(part) for part in ("user", "guild")}
    found |= {f"of_{part}": value.get("id") for part, value in parts.items() if isinstance(value, dict)}
    return {name: id for name, id in found.items() if isinstance(id, str) and id.isdigit() and len(id) <= 20}


def _place(data: dict) -> str:
    """The id of the server that an event names, else of its user, else ""."""
    ids = (part.get("id") for part in (data.get("guild"), data.get("user")) if isinstance(part, dict))
    return next((id for id in ids if isinstance(id, str)), "")


def _locales(data: dict) -> list[str]:
    """The locales that an event names: the user's (rarely), then the server's."""
    parts = ((data.get("user"), "locale"), (data.get("guild"), "preferred_locale"))
    found = (part.get(key) for part, key in parts if isinstance(part, dict))
    return [locale for locale in found if isinstance(locale, str)]


def answer(
    interaction: Interaction, received_at: float, delivery: Delivery, tools: Tools, sleep: Callable[[float], None]
) -> None:
    """Answers a deferred interaction: once, however often it is delivered, and its user hears how it ended.

    A failure that may pass goes back to the queue, and the last delivery tells the user. A bug is tried once more at
    once; then the user is told, and the message goes to the dead letters. If Discord refuses something for good, the
    user is told and it is not tried again. If nothing reaches the user any more, that is logged."""
    may_wait = not delivery.last and delivery.attempt <= len(RACE_WAITS)
    put_back = RACE_WAITS[delivery.attempt - 1] if may_wait else None
    reach = Reach(interaction, received_at, tools, sleep, delivery.seconds_left, put_back)
    screen = Screen(interaction, tools, reach)  # can tell the person if the claim fails
    claim = None
    try:
        claim = tools.claims.take(INTERACTION, interaction.id)
        if claim is None:
            delivery.ended = "done_before"
            return
        with claim:
            journal = tools.journal_of(interaction.id, claim.attempt)
            desk = Desk(tools, journal, lambda: min(reach.seconds_left(), delivery.seconds_left()))
            desk.sent_at = delivery.sent_at or received_at
            desk.flow = partial(flow.other, interaction.id, desk)
            attempt_twice(interaction, screen, desk, tools, claim, delivery)
            claim.done()
        look_for_thinking(screen, delivery)
    except Exception as error:
        what = verdict(error, delivery, reach.seconds_left(), claimed=claim is not None)
        if what.drop:
            delivery.ended = "done_before"
            return
        if what.again is not None and delivery.begin_again(what.again, what.message):
            level = logging.INFO if isinstance(error, NextSlice) else logging.WARNING
            delivery.ended = getattr(error, "ended", "begun_again")
            log.log(level, "put on the queue again: %s", error, extra={"interaction_id": interaction.id})
            return
        told = what.tell and give_up(interaction, screen, error, again=claim is None or claim.attempt > 1)
        if told or (what.tell and delivery.last):
            if claim is not None:
                claim.dead()
            look_for_thinking(screen, delivery)
        raise


@dataclass(frozen=True)
class Verdict:
    """What to do with an error.

    `again`: put the message, or `message` in its place, on the queue as a new one, to come in so many seconds. If
    `again` is None, or if that is not possible, the message goes back to the queue, and after its last delivery to the
    dead letters. `tell`: first tell the person that it is over. `drop`: nobody needs the message any more.
    """

    again: float | None = None
    message: dict | None = None
    tell: bool = False
    drop: bool = False


def verdict(error: Exception, delivery: Delivery, left: float, *, claimed: bool) -> Verdict:
    """What to do with `error`, which ended this delivery of an interaction.

    `left` is how many seconds the answer can still be shown. `claimed`: this delivery held the claim. If it did not, a
    Retry says that another delivery holds the claim, or that the interaction has failed for good.
    """
    if isinstance(error, Retry) and not claimed:
        # If its holder was killed, nobody else would tell the person. A claim that is dead has no wait.
        return Verdict(again=(delivery.last and error.wait) or None)
    if isinstance(error, Overtaken):
        return Verdict(drop=True)
    sent, message = delivery.message, None
    if isinstance(error, NextSlice):
        return Verdict(error.wait, {**sent, "slice": error.number}, tell=delivery.last)
    if "slice" in sent:  # A job outlives the token. It counts as a slice, so that the job ends some time.
        left, message = float("inf"), {**sent, "slice": sent["slice"] + 1}
    wait = max(AGAIN_SECONDS, getattr(error, "wait", None) or 0.0)
    patient = claimed and isinstance(error, DiscordError) and left > wait + AGAIN_SECONDS
    bug = claimed and not isinstance(error, PASSING)
    if delivery.last and patient:
        return Verdict(wait, message, tell=True)
    return Verdict(tell=delivery.last or bug)


def look_for_thinking(screen: Screen, delivery: Delivery) -> None:
    """Looks for "thinking" later, if it may appear beside what was said elsewhere. No later try may use the token."""
    if screen.may_think_later:
        delivery.begin_again(THINKING_WAITS[0], {**delivery.message, "kind": "thinking"})


def give_up(interaction: Interaction, screen: Screen, error: Exception, *, again: bool) -> bool:
    """Tells the person that something went wrong. Returns False if a later try may tell them.

    An answer that was shown stays if a table failed after it. `again`: an earlier try may have shown it."""
    details = {"interaction_id": interaction.id}
    log.exception("gave up", extra=details)
    if isinstance(error, Unavailable) and (screen.answered or (again and screen.may_be_answered())):
        return True
    try:
        screen.tell(_(BROKEN, reference=interaction.id), now=True)
    except DiscordError as untold:
        log.error("and could not tell the user: %s", untold, extra=details)  # noqa: TRY400 - logged above
        return untold.permanent
    return True


def stop_thinking(interaction: Interaction, delivery: Delivery, tools: Tools) -> None:
    """Deletes the "thinking" of an interaction whose answer went elsewhere, because Discord did not know the token."""
    try:
        tools.discord.delete_original(interaction.application_id, interaction.token)
    except DiscordError as error:
        if error.gone and error.code != UNKNOWN_WEBHOOK:
            return
        if delivery.last or delivery.attempt >= len(THINKING_WAITS):
            log.info("no thinking was found: %s", error, extra={"interaction_id": interaction.id})
            return
        raise Retry(f"no thinking yet: {error}", wait=error.wait or THINKING_WAITS[delivery.attempt]) from error


def attempt_twice(
    interaction: Interaction, screen: Screen, desk: Desk, tools: Tools, claim: Claim, delivery: Delivery
) -> None:
    """Attempts it, and after a bug once more at once, if there is time for that. Raises what `attempt` raises."""
    begun = tools.now()
    try:
        attempt(interaction, screen, desk, tools, claim, delivery)
    except (*PASSING, CutOff):
        raise
    except Exception:
        if delivery.seconds_left() < tools.now() - begun:  # The second try would be cut off.
            raise
        log.exception("a bug, so once more at once", extra={"interaction_id": interaction.id})
        claim.attempt += 1
        attempt(interaction, screen, desk, tools, claim, delivery)


def attempt(
    interaction: Interaction, screen: Screen, desk: Desk, tools: Tools, claim: Claim, delivery: Delivery
) -> None:
    """Finds and runs the feature, and shows its answer. If nothing reaches the person any more, that is logged.

    Raises what a retry may mend, and bugs."""
    handler = None
    try:
        handler = dispatch.find(interaction)
    finally:  # The person is told even if the feature does not load.
        screen.begin(handler, desk.journal, claim.attempt)
    if delivery.last and claim.cut_off >= CUT_OFFS:  # The feature would be cut off again, and nobody told.
        raise CutOff(f"{handler} was cut off {claim.cut_off} times, by its time, its memory or a crash")
    try:
        with audited(handler, interaction, desk, delivery):
            delivery.ended = run(interaction, handler, screen, desk, tools, claim, delivery)
    except DiscordError as error:
        if not error.permanent:
            raise
        delivery.ended = "unreachable"
        log.warning("nobody to answer: %s", error, extra={"interaction_id": interaction.id})
        tell_others(interaction, handler, desk)


def tell_others(interaction: Interaction, handler: Handler | None, desk: Desk) -> None:
    """Lets the feature tell somebody else that the person cannot be reached. Raises what a retry may mend.

    A bug or a refusal is only logged: the interaction is over, and nobody waits for its answer.
    """
    if handler is None or handler.when_unreached is None:
        return
    try:
        with speaking(interaction.guild_locale, interaction.locale):
            handler.when_unreached(interaction, desk)
    except Exception as error:
        if isinstance(error, PASSING) and not getattr(error, "permanent", False):
            raise
        log.exception("and nobody else was told", extra={"interaction_id": interaction.id})


def run(
    interaction: Interaction,
    handler: Handler | None,
    screen: Screen,
    desk: Desk,
    tools: Tools,
    claim: Claim,
    delivery: Delivery,
) -> str:
    """Runs the feature and shows its answer, or tells the person what was wrong. Returns a code for how it ended.

    Raises what a retry may mend, bugs, and DiscordError if the person cannot be reached."""
    details = {"interaction_id": interaction.id}
    if handler is None:  # An older deployment had this feature when it acknowledged the interaction.
        screen.tell(_(gate.UNKNOWN))
        return "refused"
    try:
        gate.check_switch(handler, interaction, tools)
        gate.check_tables(handler, interaction, tools)
        call = dispatch.parse(handler, interaction, tools)
        with admit(call, desk), Job(call, desk, screen.reach, delivery) if handler.is_job else nullcontext() as job:
            try:
                answer = dispatch.run(call, desk)
            except DiscordError as error:
                error.of_feature = True
                raise
            if isinstance(answer, Opening):  # The ingress leaves it to us if it is too much for a custom id.
                from ..interactions.forms import later

                raise later(answer)
            tools.in_bulk(job is not None)
            try:
                screen.show(job.run(answer) if job else answer)  # Inside the lock too: a generator runs only now.
            finally:
                tools.in_bulk(False)
            claim.done()  # Before the lock is free: the next try would find somebody else in it.
        return "answered"
    except UserError as error:
        log.info("told the user: %s", error, extra=details)
        screen.tell(error.reply or sentence(error, interaction))
        return "refused"
    except (DefinitionError, InvalidReply, NoRoom):  # A bug: the next try would make the same reply.
        log.exception("a reply that Discord would not take", extra=details)
        screen.tell(_(BROKEN, reference=interaction.id), now=True)
        return "failed"
    except DiscordError as error:
        if not error.permanent or (error.gone and not error.of_feature):
            raise
        if error.code in refusals.WORDS or error.gone:  # People can change it, so it is not a bug.
            log.warning("told the user what to change: %s", error, extra=details)
        else:
            log.exception("Discord refused", extra=details)
        screen.tell(refusals.words(error, interaction), now=True)
        return "failed"


def measured(delivery: Delivery, tools: Tools) -> None:
    """Does one message like `work`, and writes one line about it, which is also the metric WorkMs."""
    begun, calls = tools.now(), tools.discord.requests_made
    try:
        work(delivery, tools)
        delivery.ended = delivery.ended or "done"
    except Exception as error:
        delivery.ended = "gave_up" if delivery.last else "postponed" if isinstance(error, Retry) else "retried"
        raise
    finally:
        logs.measured(
            "worked",
            {"WorkMs": round((tools.now() - begun) * 1000, 1)},
            "Milliseconds",
            **account(delivery.message),
            **{name: delivery.message[name] for name in ("slice",) if name in delivery.message},
            ended=delivery.ended or "died",
            wait_ms=round((begun - delivery.sent_at) * 1000) if delivery.sent_at else 0,
            attempt=delivery.attempt,
            discord_calls=tools.discord.requests_made - calls,
        )


def account(message: dict) -> dict[str, str]:
    """Returns what the log says about a message of the queue. It holds no text of people."""
    body = message.get("body")
    body = body if isinstance(body, dict) else {}
    if message.get("kind") in ("interaction", "thinking"):
        try:
            return dispatch.account(Interaction(body))
        except ValueError:
            return {"kind": "unknown"}
    event = body.get("event")
    kind = str(event.get("type", "")) if isinstance(event, dict) else ""
    return {"kind": "event", "handler": kind[:100] if kind.isidentifier() else ""}
