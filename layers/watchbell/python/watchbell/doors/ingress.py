"""The first half of an interaction's life: verify, then answer now, or say "thinking" once the work is queued.

This is what Discord waits for, 3 seconds at most with a cold start inside them, so nothing here may import what it
does not need: a test keeps the list.
"""

import json
import logging

from ..discord import signature
from ..discord.interaction import AUTOCOMPLETE, PING, Interaction
from ..errors import NoRoom, Unavailable, Unsure, UserError
from ..i18n import N_, _, speaking
from ..interactions import dispatch, gate, responses
from ..interactions.apology import BROKEN, private, sentence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..kit.handler import Handler
    from ..tools.toolbox import Tools

log = logging.getLogger(__name__)

UNSURE = N_("I could not make sure that I took that on. If no answer comes within a minute, please try again.")
NOT_QUEUED = N_("I could not take that on just now, and nothing has been done. Please try again in a minute.")


class TooDeep(ValueError):
    """Nested so deeply that JSON can be read and, a level further in, not be written."""


class Answer:
    """An HTTP answer: `status`, and `payload` to be sent as JSON, None for no body."""

    __slots__ = ("payload", "status")

    def __init__(self, status: int, payload: dict | None = None) -> None:
        self.status = status
        self.payload = payload


class Doorkeeper:
    """Answers Discord's HTTP requests. `keys` are the public keys that may sign; `enqueue` puts a text on the work
    queue and raises Unavailable where it could not, Unsure where it may have; `clock` gives epoch seconds."""

    __slots__ = ("clock", "enqueue", "keys", "tools")

    def __init__(
        self, keys: tuple[bytes, ...], enqueue: "Callable[[str], None]", tools: "Tools", clock: "Callable[[], float]"
    ) -> None:
        self.keys = keys
        self.enqueue = enqueue
        self.tools = tools
        self.clock = clock

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """The answer to a request; header names are lower case. By path, since type 1 is a PING to one URL and an
        event to the other."""
        events = path.rstrip("/").endswith("/events")
        window = signature.EVENT_WINDOW if events else signature.INTERACTION_WINDOW
        signed, stamp = headers.get("x-signature-ed25519"), headers.get("x-signature-timestamp")
        if not signature.is_authentic(self.keys, signed, stamp, body, self.clock(), window):
            return Answer(401, {"error": "invalid request signature"})
        try:
            payload = json.loads(body.decode())
            if events:
                return self._event(payload)
            interaction = Interaction(payload)
            with speaking(interaction.locale, interaction.guild_locale):
                return self._interaction(interaction)
        except (ValueError, RecursionError) as error:
            log.warning("refused a signed body: %s", error)
            return Answer(400, {"error": "not something that Discord sends here"})

    def _interaction(self, interaction: Interaction) -> Answer:
        if interaction.type == PING:
            return Answer(200, {"type": 1})
        try:
            return Answer(200, self._acknowledge(interaction))
        except UserError as error:
            return Answer(200, private(sentence(error, interaction)))
        except Unavailable as error:
            log.exception("could not queue", extra={"interaction_id": interaction.id})
            return Answer(200, private(_(UNSURE if isinstance(error, Unsure) else NOT_QUEUED)))
        except TooDeep:  # no person sent it, so nobody need be told
            raise
        except Exception:  # a bug in a feature: its user must hear of it in time, whatever it is
            log.exception("failed to answer", extra={"interaction_id": interaction.id})
            return Answer(200, private(_(BROKEN, reference=interaction.id)))

    def _acknowledge(self, interaction: Interaction) -> dict:
        if interaction.type == AUTOCOMPLETE:
            return {"type": 8, "data": {"choices": self._choices(interaction)}}
        handler = gate.enter(interaction, self.tools)
        if not handler.answers_at_once(interaction):
            self._queue("interaction", interaction.raw)
            return responses.deferral(handler, interaction)
        try:
            answer = dispatch.run(dispatch.parse(handler, interaction, self.tools), self.tools)
        except UserError as error:
            if error.reply is None:
                raise
            return self._mendable(handler, interaction, private(error.reply))
        return self._mendable(handler, interaction, responses.response(handler, answer, interaction))

    def _mendable(self, handler: "Handler", interaction: Interaction, response: dict) -> dict:
        """`response`, or where what it carries has no room in a custom id, a deferral: the worker, who may write the
        table, comes to the same end and shows it."""
        try:
            return self._ready(handler, interaction, response)
        except NoRoom:
            self._queue("interaction", interaction.raw)
            return responses.deferral(handler, interaction)

    def _ready(self, handler: "Handler", interaction: Interaction, response: dict) -> dict:
        """The response with its custom ids sealed; InvalidReply where Discord would not take it."""
        from ..discord import check  # only for answers that are made here: a deferral need not wait for it

        sealed: dict = self.tools.seals.seal(response, interaction, edits=response["type"] == 7)
        check.require("callback", sealed, whose=handler)
        return sealed

    def _choices(self, interaction: Interaction) -> list[dict]:
        """Never raises. Without a list, Discord shows none, and the person can still send what they typed."""
        try:
            handler = gate.enter(interaction, self.tools)
            return dispatch.complete(handler, interaction, self.tools)
        except UserError:
            return []
        except Exception:  # for any exception, Discord would show "Loading options failed"
            log.exception("no choices", extra={"interaction_id": interaction.id})
            return []

    def _event(self, payload: object) -> Answer:
        if not isinstance(payload, dict) or payload.get("type") not in (0, 1):
            raise ValueError("not a webhook event")
        if payload["type"] == 0:
            return Answer(204)
        if not isinstance(payload.get("event"), dict) or not isinstance(payload["event"].get("type"), str):
            raise ValueError("not a webhook event: it has no event")
        try:
            self._queue("event", payload)
        except Unavailable:
            log.exception("could not queue an event; Discord will send it again")
            return Answer(503, {"error": "try again"})
        return Answer(204)

    def _queue(self, kind: str, body: dict) -> None:
        # Dumped anew, not passed on as it came: pure ASCII, since SQS refuses some characters that JSON may hold.
        message = {"kind": kind, "received_at": int(self.clock()), "body": body}
        try:
            text = json.dumps(message, separators=(",", ":"))
        except RecursionError as error:
            raise TooDeep("nested too deeply to be queued") from error
        self.enqueue(text)
