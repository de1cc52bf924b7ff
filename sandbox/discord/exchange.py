"""One interaction as its sender sees it: it is sent, acknowledged in time or not, and answered with a message."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sandbox.discord.endpoint_check import EndpointRefused
from sandbox.discord.inputs import NotPossible
from sandbox.discord.interactions import (
    ACK_SECONDS,
    CHOICES,
    DEFERRED,
    DEFERRED_UPDATE,
    MODAL,
    Interaction,
)
from sandbox.discord.signing import Reply, Signer, encode, post
from sandbox.discord.state import State
from sandbox.discord.validation import Form, Json, Refusal

ACKS = {
    1: "a pong",
    4: "an answer",
    5: "thinking…",
    6: "will update the message",
    7: "the message updated",
    8: "choices",
    9: "a modal",
}


class InteractionFailed(Exception):
    """The person reads "This interaction failed". The text says why, which real Discord never tells."""


@dataclass
class Exchange:
    """One interaction: what the endpoint answered, and the message that the person sees in the end.

    `status` and `ack_ms` are the HTTP response's status and its real milliseconds. `failed` is the reason if the
    person reads "This interaction failed", otherwise None.
    """

    state: State
    body: Json
    status: int | None = None
    ack_ms: float = 0.0
    failed: str | None = None
    interaction: Interaction | None = None

    @property
    def ack(self) -> Json | None:
        """The acknowledgement that took effect, or None."""
        return self.interaction.ack if self.interaction else None

    @property
    def ack_type(self) -> int | None:
        return self.interaction.ack_type if self.interaction else None

    @property
    def token(self) -> str:
        return self.body["token"]

    @property
    def message(self) -> Json | None:
        """The final answer as the person sees it now, or None if there is none yet."""
        return self.state.interactions.shown(self.interaction) if self.interaction else None

    @property
    def final_ms(self) -> float | None:
        """Real milliseconds from the click to the final answer, or None if there is none yet."""
        if self.interaction is None or self.interaction.answered is None:
            return None
        return (self.interaction.answered - self.interaction.sent) * 1000

    @property
    def follow_ups(self) -> list[Json]:
        """The follow-up messages that still exist."""
        world = self.state.world
        with world.lock:
            ids = self.interaction.follow_ups if self.interaction else []
            return [world.message(message_id) for message_id in ids if message_id in world.messages]

    @property
    def modal(self) -> Json:
        """The modal in the bot's answer. Raises NotPossible if it answered with something else."""
        if self.ack is None or self.ack_type != MODAL:
            raise NotPossible(f"no modal was opened: the bot answered with type {self.ack_type}")
        return self.ack["data"]

    @property
    def choices(self) -> list[Json]:
        """The autocomplete choices in the bot's answer. Raises NotPossible if it answered with something else."""
        if self.ack is None or self.ack_type != CHOICES:
            raise NotPossible(f"no choices were offered: the bot answered with type {self.ack_type}")
        return self.ack["data"]["choices"]

    def wait(self, timeout: float = 15.0) -> Json:
        """Wait for the final answer, at most `timeout` real seconds, and return it as the person sees it.

        Raises InteractionFailed if the ack was wrong or late, TimeoutError if no answer follows a deferral in time.
        """
        if self.failed:
            raise InteractionFailed(self.failed)
        with self.state.world.changed:
            if not self.state.world.changed.wait_for(lambda: self.message is not None, timeout):
                recent = "\n".join(self.state.transcript.lines[-12:])
                raise TimeoutError(f"no final answer within {timeout:g} s; the end of the transcript:\n{recent}")
            return self.message or {}


def send(state: State, body: Json, sender: str, said: str = "") -> Exchange:
    """Sign an interaction, POST it, and judge the ack. The transcript shows it as "`sender` `said`".

    `body` may be one that Discord would never make: hostile and unknown ones are sent as they are.
    """
    interaction = state.interactions.open(body)
    exchange = Exchange(state, body, interaction=interaction)
    note = state.transcript.note
    note(f"{sender} {said or 'sends an interaction of type ' + str(body['type'])}")
    interaction.sent = time.monotonic()
    reply = _post(state, body, state.signer)
    exchange.status, exchange.ack_ms = reply.status, reply.ms
    state.stopped.wait(state.ack_recorded_after)
    with state.world.lock:
        exchange.failed = _acknowledge(state, interaction, reply)
        if exchange.failed:
            state.interactions.fail(interaction, exchange.failed)
            note(f"{sender} reads: This interaction failed ({exchange.failed})")
            return exchange
        kind = interaction.ack_type
        private = ", private" if interaction.original in state.world.private_to else ""
        note(f"acknowledged in {reply.ms:.0f} ms: {ACKS.get(kind or 0)} (type {kind}{private})")
        if kind not in (DEFERRED, DEFERRED_UPDATE) and exchange.message:
            state.transcript.show(exchange.message)
    return exchange


def forge(state: State, body: Json, sender: str) -> Exchange:
    """Send an interaction that is not signed with Discord's key. Only 401 is a correct response."""
    reply = _post(state, body, Signer(state.signer.clock))
    state.transcript.note(f"somebody forges a request of {sender}: {reply.status or reply.problem}")
    return Exchange(state, body, reply.status, reply.ms, f"forged; answered {reply.status}")


def _post(state: State, body: Json, signer: Signer) -> Reply:
    if state.interactions_url is None:
        raise EndpointRefused("no interactions endpoint is set")
    raw = encode(body)
    return post(state.interactions_url, raw, signer.headers(raw))


def _acknowledge(state: State, interaction: Interaction, reply: Reply) -> str | None:
    """Apply the HTTP response as the ack. Returns the reason if the interaction failed."""
    if reply.problem or (reply.status == 202 and not reply.body):
        left = 0.0 if reply.problem else interaction.sent + ACK_SECONDS - time.monotonic()
        with state.world.changed:
            if state.world.changed.wait_for(lambda: interaction.ack is not None, max(0.0, left)):
                return None
        return reply.problem or "answered 202, but no callback call came within 3 s"
    if reply.status != 200:
        return f"answered {reply.status}"
    if not reply.is_json():
        return f"answered with Content-Type {reply.content_type!r}"
    form = Form()
    try:
        state.interactions.acknowledge(form, interaction, reply.json())
    except Refusal as refusal:
        if refusal.code == 40060:
            state.transcript.fault("an interaction was acknowledged by a callback and by its HTTP response")
            return None
        return str(refusal)
    except ValueError as wrong:
        return f"answered with a body that is not JSON: {wrong}"
    for ignored in form.ignored:
        state.transcript.fault(f"ack of type {interaction.ack_type}: {ignored}")
    return None
