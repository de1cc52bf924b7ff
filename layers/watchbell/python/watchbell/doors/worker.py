"""The second half of an interaction's life: claim it, run its feature, and show what came of it, whatever that is."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from ..adapters.batch import Delivery, NotOurs
from ..data.tables import INTERACTION
from ..discord.interaction import Interaction
from ..discord.opening import Opening
from ..errors import DefinitionError, DiscordError, InvalidReply, NoRoom, Retry, UserError
from ..i18n import _, speaking
from ..interactions import dispatch, gate
from ..interactions.apology import BROKEN, sentence
from ..interactions.limits import admit
from ..interactions.reach import Reach
from ..interactions.screen import Screen
from ..kit import catalogue
from ..tools.toolbox import Desk, Tools

log = logging.getLogger(__name__)

CUT_OFFS = 3
"""So many tries in a row have to be cut off for the last one to be spent on telling."""

AGAIN_SECONDS = 60.0
"""While the token lives, a Discord that was unwell for all tries of a message is tried all over again after so long."""


class CutOff(Exception):
    """The function ended in the middle of a feature, time and again."""


def work(delivery: Delivery, tools: Tools, sleep: Callable[[float], None] = time.sleep) -> None:
    """Does one message of the work queue; what it raises sends the message back."""
    message = delivery.message
    body, received_at = message.get("body"), message.get("received_at")
    if not isinstance(body, dict) or not isinstance(received_at, int):
        raise NotOurs("not a message of ours: no body, or no time")
    if message.get("kind") == "event":
        happen(body, tools)
    elif message.get("kind") == "interaction":
        interaction = Interaction(body)
        with speaking(interaction.locale, interaction.guild_locale):
            answer(interaction, received_at, delivery, tools, sleep)
    else:
        raise NotOurs("not a message of ours: of no kind that we know")


def happen(body: dict, tools: Tools) -> None:
    """A webhook event: its feature runs, and one that has no feature is only logged."""
    details = body.get("event") or {}
    kind = str(details.get("type", ""))
    event = catalogue.event(kind)
    log.info("event %s%s", kind[:100], "" if event else ": nothing to do")
    if event is not None:
        data = details.get("data")
        data = data if isinstance(data, dict) else {}
        with speaking(*_locales(data)):
            event.function(data, tools)


def _locales(data: dict) -> list[str]:
    """What an event tells of the language of whom it is about: their own (rarely), then that of the server."""
    parts = ((data.get("user"), "locale"), (data.get("guild"), "preferred_locale"))
    found = (part.get(key) for part, key in parts if isinstance(part, dict))
    return [locale for locale in found if isinstance(locale, str)]


def answer(
    interaction: Interaction, received_at: float, delivery: Delivery, tools: Tools, sleep: Callable[[float], None]
) -> None:
    """A deferred interaction: one visible effect, however often it is delivered, and its user hears of every end.

    A failure that may pass goes back to the queue; the last delivery tells the user. What Discord refuses for good is
    told and not tried again. A person whom nothing reaches any more is logged."""
    details = {"interaction_id": interaction.id}
    reach = Reach(interaction, received_at, tools, sleep, delivery.seconds_left)
    screen = Screen(interaction, tools, reach)
    try:
        claim = tools.claims.take(INTERACTION, interaction.id)
        if claim is None:
            return
        with claim:
            screen.journal, screen.attempt = tools.journal_of(interaction.id, claim.attempt), claim.attempt
            screen.handler = dispatch.find(interaction)
            if delivery.last and claim.cut_off >= CUT_OFFS:  # it would be again, and its user never hear of it
                raise CutOff(f"{screen.handler} was cut off {claim.cut_off} times, by its time, its memory or a crash")
            try:
                attempt(interaction, screen, reach, delivery, tools)
            except DiscordError as error:
                if not error.permanent:
                    raise
                log.warning("nobody to answer: %s", error, extra=details)
            claim.done()
    except Retry:
        raise
    except Exception as error:
        wait = max(AGAIN_SECONDS, getattr(error, "wait", None) or 0.0)
        patient = isinstance(error, DiscordError) and reach.seconds_left() > wait + AGAIN_SECONDS
        if delivery.last and patient and delivery.begin_again(wait):
            log.warning("Discord is unwell, so once more from the start: %s", error, extra=details)
            return
        if delivery.last:
            log.exception("gave up", extra=details)
            try:
                screen.tell(_(BROKEN, reference=interaction.id))
            except DiscordError as error:
                log.error("and could not tell the user: %s", error, extra=details)  # noqa: TRY400 - logged above
        raise


def attempt(interaction: Interaction, screen: Screen, reach: Reach, delivery: Delivery, tools: Tools) -> None:
    """Runs the feature and shows its answer, or tells what was wrong. Raises for what may pass, and DiscordError where
    the person cannot be reached."""
    details = {"interaction_id": interaction.id}
    handler = screen.handler
    if handler is None:  # a feature that an older deployment had when it acknowledged this
        screen.tell(_(gate.UNKNOWN))
        return
    try:
        gate.check_tables(handler, interaction, tools)
        call = dispatch.parse(handler, interaction, tools)
        desk = Desk(tools, screen.journal, lambda: min(reach.seconds_left(), delivery.seconds_left()))
        with admit(call, desk):
            try:
                answer = dispatch.run(call, desk)
            except DiscordError as error:
                error.of_feature = True
                raise
            if isinstance(answer, Opening):  # too much for a custom id, so the ingress left it to us
                from ..interactions.forms import later

                raise later(answer)
            screen.show(answer)  # in the lock too: what yields runs only now
    except UserError as error:
        log.info("told the user: %s", error, extra=details)
        screen.tell(error.reply or sentence(error, interaction))
    except (DefinitionError, InvalidReply, NoRoom):  # a bug, and the next try would make the same reply
        log.exception("a reply that Discord would not take", extra=details)
        screen.tell(_(BROKEN, reference=interaction.id))
    except DiscordError as error:
        if not error.permanent or (error.gone and not error.of_feature):
            raise
        log.exception("Discord refused", extra=details)
        screen.tell(_(BROKEN, reference=interaction.id))
