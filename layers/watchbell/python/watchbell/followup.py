"""The second half of an interaction's life: claim it, run its feature, and show what came of it, whatever that is."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from . import catalogue, dispatch
from .acknowledge import BROKEN, UNKNOWN, require
from .adapters.batch import Delivery, NotOurs
from .command import Handler
from .discord.interaction import TOKEN_SECONDS, Interaction
from .discord.reply import Reply
from .errors import DiscordError, UserError
from .rows import INTERACTION
from .tools import Tools

log = logging.getLogger(__name__)

MARGIN_SECONDS = 30
"""A token is not used in the last seconds of its life: Discord's clock and ours differ, and calls take time."""

RACE_SECONDS = 10.0
"""For so long after an interaction arrived, 404/10015 can mean that our edit overtook its acknowledgement."""

UNKNOWN_WEBHOOK = 10015
GONE = {10008, UNKNOWN_WEBHOOK, 10062, 50027}
"""Codes for a message or a token that is no more: nobody is left to show anything to."""


def work(delivery: Delivery, tools: Tools, sleep: Callable[[float], None] = time.sleep) -> None:
    """Does one message of the work queue; what it raises sends the message back."""
    message = delivery.message
    body, received_at = message.get("body"), message.get("received_at")
    if not isinstance(body, dict) or not isinstance(received_at, int):
        raise NotOurs("not a message of ours: no body, or no time")
    if message.get("kind") == "event":
        happen(body, tools)
    elif message.get("kind") == "interaction":
        answer(Interaction(body), received_at, delivery, tools, sleep)
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
        event.function(data if isinstance(data, dict) else {}, tools)


def answer(
    interaction: Interaction, received_at: float, delivery: Delivery, tools: Tools, sleep: Callable[[float], None]
) -> None:
    """A deferred interaction: one visible effect, however often it is delivered."""
    if tools.now() > received_at + TOKEN_SECONDS - MARGIN_SECONDS:
        log.error("too late: the token of an interaction has expired", extra={"interaction_id": interaction.id})
        raise TimeoutError("an interaction came back after its token had expired; its user got no answer")
    claim = tools.claims.take(INTERACTION, interaction.id)
    if claim is None:
        return
    with claim:
        handler = dispatch.find(interaction)
        screen = Screen(interaction, handler, received_at, tools, sleep)
        try:
            if handler is None:  # a feature that an older deployment had when it acknowledged this
                screen.tell(UNKNOWN)
            else:
                if handler.who.reads:
                    require(handler, interaction, tools)
                screen.show(dispatch.run(handler, interaction, tools))
        except UserError as error:
            log.info("told the user: %s", error, extra={"interaction_id": interaction.id})
            screen.tell(str(error))
        except Exception as error:
            if isinstance(error, DiscordError) and error.code in GONE:
                log.warning("nobody to answer: %s", error, extra={"interaction_id": interaction.id})
            else:
                final = isinstance(error, DiscordError) and error.permanent
                if not final and not delivery.last:
                    raise
                log.exception("gave up", extra={"interaction_id": interaction.id})
                screen.tell(BROKEN.format(reference=interaction.id))
                if not final:
                    raise
        claim.done()


class Screen:
    """What the person sees of one deferred interaction."""

    def __init__(
        self,
        interaction: Interaction,
        handler: Handler | None,
        received_at: float,
        tools: Tools,
        sleep: Callable[[float], None],
    ) -> None:
        self._interaction = interaction
        self._private = handler is not None and handler.private and not handler.updates
        self._updates = handler is not None and handler.updates
        self._received_at = received_at
        self._tools = tools
        self._sleep = sleep

    def show(self, reply: Reply) -> None:
        """Puts `reply` in the place of "thinking", or of the message with the button. Doing it twice is as once."""
        self._patient(lambda: self._tools.discord.edit_original(*self._address, self._sealed(reply.edit())))

    def tell(self, text: str) -> None:
        """Shows `text` to the person who asked and to nobody else, and leaves no "thinking" behind.

        Whether a message is private was settled when it was acknowledged. So where that was public, "thinking" is
        taken away first (a follow-up before that would be absorbed into it), and a button's message is left as it is.
        """
        if self._private:
            self.show(Reply(text))
            return
        if not self._updates:
            try:
                self._patient(lambda: self._tools.discord.delete_original(*self._address))
            except DiscordError as error:
                if error.code != 10008:  # taken away by an earlier try
                    raise
        self._patient(lambda: self._tools.discord.follow_up(*self._address, Reply(text).message(private=True)))

    def _sealed(self, payload: dict) -> dict:
        sealed: dict = self._tools.seals.seal(payload, self._interaction)
        return sealed

    @property
    def _address(self) -> tuple[str, str]:
        return self._interaction.application_id, self._interaction.token

    def _patient(self, call: Callable[[], object]) -> None:
        """`call`, again while Discord may not have recorded our acknowledgement yet (404/10015)."""
        pause = 0.25
        while True:
            try:
                call()
                return
            except DiscordError as error:
                if error.code != UNKNOWN_WEBHOOK or self._tools.now() + pause > self._received_at + RACE_SECONDS:
                    raise
            self._sleep(pause)
            pause *= 2
