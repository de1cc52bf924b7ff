"""The life of an interaction: acknowledged within 3 seconds, then answered with its token for 15 minutes."""

from __future__ import annotations

import copy
import secrets
import time
from typing import Any

from sandbox.discord import commands, messages
from sandbox.discord.components import every, interactive, read_modal
from sandbox.discord.permissions import USE_EXTERNAL_APPS
from sandbox.discord.validation import Form, Json, Refusal
from sandbox.discord.world import World

PING, COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 1, 2, 3, 4, 5
PONG, MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 1, 4, 5, 6, 7, 8, 9
ACK_SECONDS, TOKEN_SECONDS = 3.0, 15 * 60
MAX_FOLLOW_UPS_OF_USER_INSTALLS = 5


class Interaction:
    """One interaction as Discord remembers it: its body, its acknowledgement and its messages."""

    def __init__(self, body: Json, created: float) -> None:
        self.body, self.created = body, created  # created: epoch seconds by the clock, for the token's 15 minutes
        self.id, self.token, self.type = body["id"], body["token"], body["type"]
        self.user_id: str = (body.get("member") or body)["user"]["id"]
        self.component_message: str | None = body.get("message", {}).get("id")
        self.sent = time.monotonic()  # real time, for the 3 seconds
        self.ack: Json | None = None
        self.known_from = 0.0  # epoch seconds by the clock; before this, calls with its token get 404/10015
        self.failed: str | None = None
        self.original: str | None = None  # id of the message that @original refers to
        self.answered: float | None = None  # real time when the person saw the final answer
        self.follow_ups: list[str] = []

    @property
    def ack_type(self) -> int | None:
        return self.ack["type"] if self.ack else None

    def allowed_acks(self) -> tuple[int, ...]:
        """The valid response types. 6 and 7 need a component's message; a modal or autocomplete cannot get 9."""
        updates = (DEFERRED_UPDATE, UPDATE) if self.component_message else ()
        return {
            PING: (PONG,),
            COMMAND: (MESSAGE, DEFERRED, MODAL),
            COMPONENT: (MESSAGE, DEFERRED, *updates, MODAL),
            AUTOCOMPLETE: (CHOICES,),
            MODAL_SUBMIT: (MESSAGE, DEFERRED, *updates),
        }.get(self.type, (MESSAGE,))


class Interactions:
    """All interactions of the application. Every method raises Refusal when Discord would refuse the call."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.known_after = 0.0
        """Seconds after an ack during which calls with the token still get 404/10015, as in Discord on a bad day."""
        self._by_token: dict[str, Interaction] = {}

    def new_token(self) -> str:
        return secrets.token_urlsafe(96)

    def channel_of(self, token: str) -> str:
        """The id of the channel of the interaction with this token, "" if there is none."""
        found = self._by_token.get(token)
        return str(found.body.get("channel_id", "")) if found else ""

    def open(self, body: Json) -> Interaction:
        interaction = Interaction(body, self.world.clock())
        with self.world.lock:
            self._by_token[interaction.token] = interaction
        return interaction

    def fail(self, interaction: Interaction, reason: str) -> None:
        """The person reads "This interaction failed", and the token stops working."""
        with self.world.changed:
            interaction.failed = reason
            self.world.changed.notify_all()

    # ---- acknowledging

    def acknowledge_by_call(self, form: Form, interaction_id: str, token: str, body: Any) -> Interaction:
        """The callback endpoint. Raises 10062 for an unknown interaction or after 3 seconds, 40060 for a second ack."""
        interaction = self._by_token.get(token)
        known = interaction is not None and interaction.id == interaction_id
        if interaction is None or not known or interaction.failed:
            raise Refusal(404, 10062, "Unknown interaction")
        if interaction.ack is None and time.monotonic() - interaction.sent > ACK_SECONDS:
            raise Refusal(404, 10062, "Unknown interaction")
        self.acknowledge(form, interaction, body)
        return interaction

    def acknowledge(self, form: Form, interaction: Interaction, body: Any) -> None:
        """Check an ack of any type and apply it. Raises 50035, 50006 or 40060."""
        with self.world.changed:
            if interaction.ack is not None:
                raise Refusal(400, 40060, "Interaction has already been acknowledged.")
            body = form.object((), body, ("type", "data"))
            form.one_of(("type",), body.get("type"), interaction.allowed_acks())
            form.refuse()
            self._apply(form, interaction, body["type"], body.get("data"))
            interaction.ack = copy.deepcopy(body)
            interaction.known_from = self.world.clock() + self.known_after
            if body["type"] not in (DEFERRED, DEFERRED_UPDATE) and not _is_busy(body):
                interaction.answered = time.monotonic()
            self.world.changed.notify_all()

    def _apply(self, form: Form, interaction: Interaction, kind: int, data: Any) -> None:
        if kind == MESSAGE:
            fields = messages.read_message(form, ("data",), data, messages.RESPONSE)
            interaction.original = self._answer(interaction, fields)["id"]
        elif kind == DEFERRED:
            flags = form.object(("data",), data or {}, ("flags",)).get("flags") or 0
            form.one_of(("data", "flags"), flags, (0, messages.EPHEMERAL))
            form.refuse()
            fields = {"content": "", "embeds": [], "components": [], "tts": False, "pinged": {"parse": []}}
            interaction.original = self._answer(interaction, fields | {"flags": flags | messages.LOADING})["id"]
        elif kind == DEFERRED_UPDATE:
            interaction.original = interaction.component_message
        elif kind == UPDATE:
            before = self.world.message(interaction.component_message)
            fields = messages.read_message(form, ("data",), data, messages.UPDATE, before)
            interaction.original = self.world.change(before["id"], fields)["id"]
        elif kind == CHOICES:
            _check_choices(form, interaction, data)
        elif kind == MODAL:
            read_modal(form, ("data",), data)
            form.refuse()

    def _answer(self, interaction: Interaction, fields: Json, follow_up: bool = False) -> Json:
        body = interaction.body
        metadata: Json = {
            "id": interaction.id,
            "type": interaction.type,
            "user": (body.get("member") or body)["user"],
            "authorizing_integration_owners": body.get("authorizing_integration_owners", {}),
        }
        more: Json = {"application_id": self.world.application_id, "webhook_id": self.world.application_id}
        if follow_up:
            metadata["original_response_message_id"] = interaction.original
        elif interaction.type == COMPONENT:
            metadata["interacted_message_id"] = interaction.component_message
        slash = interaction.type == COMMAND and body["data"]["type"] == commands.CHAT_INPUT
        plain = 23 if interaction.type == COMMAND else 0
        more["type"] = 19 if follow_up else 20 if slash else plain
        channel = body["channel_id"]
        if self._is_quiet(interaction):
            fields = fields | {"flags": fields["flags"] | messages.EPHEMERAL}
        private_to = interaction.user_id if fields["flags"] & messages.EPHEMERAL else None
        return self.world.post(channel, self.world.bot, fields, private_to, interaction_metadata=metadata, **more)

    def _is_quiet(self, interaction: Interaction) -> bool:
        """Whether all answers are private: the app is installed for the person only, who may not show apps here."""
        owners = interaction.body.get("authorizing_integration_owners", {})
        place = self.world.channels.get(interaction.body["channel_id"])
        if list(owners) != ["1"] or place is None or place.guild_id is None:
            return False
        return not self.world.permissions(interaction.user_id, place) & USE_EXTERNAL_APPS

    # ---- the token's 15 minutes

    def by_token(self, token: str) -> Interaction:
        """The interaction with this token.

        Raises 401/50027 after 15 minutes, 404/10015 if it is unknown, failed, or acknowledged less than `known_after`
        seconds ago or not yet.
        """
        interaction = self._by_token.get(token)
        if interaction is not None and self.world.clock() - interaction.created >= TOKEN_SECONDS:
            raise Refusal(401, 50027, "Invalid Webhook Token")
        if interaction is None or interaction.ack is None or interaction.failed or interaction.type == AUTOCOMPLETE:
            raise Refusal(404, 10015, "Unknown Webhook")
        if self.world.clock() < interaction.known_from:
            raise Refusal(404, 10015, "Unknown Webhook")
        return interaction

    def message(self, interaction: Interaction, message_id: str) -> Json:
        """One of this interaction's messages: "@original" or an id. Raises 404/10008."""
        if message_id == "@original":
            return self.world.message(interaction.original)
        if message_id not in (interaction.original, *interaction.follow_ups):
            raise Refusal(404, 10008, "Unknown Message")
        return self.world.message(message_id)

    def edit(self, form: Form, interaction: Interaction, message_id: str, body: Any) -> Json:
        """Edit one of its messages. For @original after a deferral, this is the answer itself."""
        with self.world.lock:
            before = self.message(interaction, message_id)
            return self._change(form, interaction, before, body, messages.EDIT)

    def _change(
        self, form: Form, interaction: Interaction, before: Json, body: Any, kind: messages.MessageKind
    ) -> Json:
        loading = bool(before["flags"] & messages.LOADING)
        fields = messages.read_message(form, (), body, kind, before)
        # The deferral decided who sees the message. Neither an edit nor a follow-up that acts as one changes that.
        visibility = before["flags"] & messages.EPHEMERAL
        fields["flags"] = fields["flags"] & ~(messages.LOADING | messages.EPHEMERAL) | visibility
        if before["id"] == interaction.original and interaction.answered is None:
            interaction.answered = time.monotonic()
        return self.world.change(before["id"], fields, edited=not loading)

    def follow_up(self, form: Form, interaction: Interaction, body: Any) -> Json:
        """A new message. The first follow-up after a type 5 deferral edits @original instead."""
        with self.world.lock:
            original = self.world.messages.get(interaction.original or "")
            if original and original["flags"] & messages.LOADING:
                return self._change(form, interaction, copy.deepcopy(original), body, messages.FOLLOW_UP)
            owners = interaction.body.get("authorizing_integration_owners", {})
            if list(owners) == ["1"] and len(interaction.follow_ups) >= MAX_FOLLOW_UPS_OF_USER_INSTALLS:
                raise Refusal(400, 40094, "The maximum number of follow-up messages for this interaction was reached")
            fields = messages.read_message(form, (), body, messages.FOLLOW_UP)
            message = self._answer(interaction, fields, follow_up=True)
            interaction.follow_ups.append(message["id"])
            if interaction.answered is None and original is None:
                interaction.answered = time.monotonic()
            return message

    def delete(self, interaction: Interaction, message_id: str) -> None:
        with self.world.lock:
            self.world.remove(self.message(interaction, message_id)["id"])

    # ---- what the person sees

    def shown(self, interaction: Interaction) -> Json | None:
        """The final answer as the person sees it now: @original, or the last follow-up if @original was deleted."""
        with self.world.lock:
            if interaction.answered is None:
                return None
            for message_id in (interaction.original, *reversed(interaction.follow_ups)):
                if message_id in self.world.messages:
                    return self.world.message(message_id)
            return None


def _is_busy(ack: Json) -> bool:
    """Whether the ack only disables the components of the message, so that the answer is still to come."""
    data = ack.get("data") or {}
    if ack["type"] != UPDATE or set(data) - {"components", "allowed_mentions"}:
        return False
    usable = [each for each in every(data["components"]) if interactive(each)]
    return bool(usable) and all(each.get("disabled") for each in usable)


def _check_choices(form: Form, interaction: Interaction, data: Any) -> None:
    data = form.object(("data",), data, ("choices",))
    focused = next((o for o in _leaves(interaction.body["data"].get("options", [])) if o.get("focused")), {})
    for i, choice in enumerate(form.array(("data", "choices"), data.get("choices"), 0, 25)):
        at = ("data", "choices", i)
        choice = form.object(at, choice, ("name", "name_localizations", "value"))
        if form.required(at, choice, "name"):
            form.text((*at, "name"), choice["name"], 1, 100)
        if form.required(at, choice, "value"):
            commands.read_value(form, (*at, "value"), choice["value"], focused.get("type"))
    form.refuse()


def _leaves(options: list[Json]) -> list[Json]:
    return [leaf for option in options for leaf in (_leaves(option["options"]) if "options" in option else [option])]
