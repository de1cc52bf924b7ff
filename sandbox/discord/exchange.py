"""One interaction as its sender lived it: the ack, how long it took, and the message that came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.discord.inputs import NotPossible
from sandbox.discord.interactions import CHOICES, MODAL, Interaction
from sandbox.discord.validation import Json

if TYPE_CHECKING:
    from sandbox.discord.service import Discord


class InteractionFailed(Exception):
    """The person reads "This interaction failed"; the text says why, which real Discord never tells."""


@dataclass
class Exchange:
    """One interaction as its sender lived it: what the endpoint answered and what became of it.

    `status`, `ack` and `ack_ms` are the HTTP answer's status, its JSON as acted upon, and its real milliseconds;
    `failed` is why "This interaction failed" is shown, or None.
    """

    discord: Discord
    body: Json
    status: int | None = None
    ack_ms: float = 0.0
    failed: str | None = None
    interaction: Interaction | None = None

    @property
    def ack(self) -> Json | None:
        return self.interaction.ack if self.interaction else None

    @property
    def ack_type(self) -> int | None:
        return self.interaction.ack_type if self.interaction else None

    @property
    def token(self) -> str:
        return self.body["token"]

    @property
    def message(self) -> Json | None:
        """The final answer as the person sees it now; None while there is none."""
        return self.discord.interactions.shown(self.interaction) if self.interaction else None

    @property
    def final_ms(self) -> float | None:
        """Real milliseconds from the click to the final answer; None while there is none."""
        if self.interaction is None or self.interaction.answered is None:
            return None
        return (self.interaction.answered - self.interaction.sent) * 1000

    @property
    def follow_ups(self) -> list[Json]:
        """The follow-up messages that are still there."""
        world = self.discord.world
        with world.lock:
            ids = self.interaction.follow_ups if self.interaction else []
            return [world.message(message_id) for message_id in ids if message_id in world.messages]

    @property
    def modal(self) -> Json:
        """The modal that was answered. Raises NotPossible where none was."""
        if self.ack is None or self.ack_type != MODAL:
            raise NotPossible(f"no modal was answered but type {self.ack_type}")
        return self.ack["data"]

    @property
    def choices(self) -> list[Json]:
        """The autocomplete choices that were answered. Raises NotPossible where none were."""
        if self.ack is None or self.ack_type != CHOICES:
            raise NotPossible(f"no choices were answered but type {self.ack_type}")
        return self.ack["data"]["choices"]

    def wait(self, timeout: float = 15.0) -> Json:
        """The final answer as the person sees it, waited for at most `timeout` real seconds.

        Raises InteractionFailed where the ack was no good, TimeoutError where a deferral is not answered in time.
        """
        if self.failed:
            raise InteractionFailed(self.failed)
        with self.discord.world.changed:
            if not self.discord.world.changed.wait_for(lambda: self.message is not None, timeout):
                recent = "\n".join(self.discord.transcript[-12:])
                raise TimeoutError(f"no final answer within {timeout:g} s; last in the transcript:\n{recent}")
            return self.message or {}
