"""The first half of an interaction's life: verify it, then answer it at once, or queue it and answer "thinking".

Discord waits for this for 3 seconds at most, cold start included. So this module imports only what it needs; a test
has the list.
"""

import json
import logging

from ..discord import signature
from ..discord.interaction import AUTOCOMPLETE, MODAL, PING, Interaction
from ..errors import NoRoom, Unavailable, Unsure, UserError
from ..i18n import N_, _, speaking
from ..interactions import dispatch, gate, responses
from ..interactions.apology import BROKEN, private, sentence
from ..interactions.time_limit import TimeLimit, TooSlow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..kit.handler import Handler
    from ..tools.toolbox import Tools

log = logging.getLogger(__name__)

UNSURE = N_("I am not sure whether your request got through. If no answer comes within a minute, please try again.")
NOT_QUEUED = N_("Your request did not get through, so nothing has been done. Please try again in a minute.")
TOO_SLOW = N_("This took too long, so I stopped. Please try again.")
TOO_LARGE = N_("That is too large for me. Please try it with less.")

MESSAGE_BYTES = 1024 * 1024
"""SQS takes no larger message (1 MiB)."""


class TooDeep(ValueError):
    """A body is nested too deeply. It could be read as JSON, but cannot be written one level deeper."""


ENDED = {1: "pong", 4: "answered", 5: "deferred", 6: "deferred", 7: "answered", 8: "answered", 9: "form_opened"}
"""How an interaction ended, by the type of the response, unless something went wrong."""

SAMPLE_SECONDS = 60.0
"""Of the refused requests of one reason, one is logged in this time. Anybody can send them."""


class Answer:
    """An HTTP answer. `payload` is sent as JSON; None means no body.

    `ended` is the code for how it ended. `account` is for the log: the ids and the name of the interaction, and
    `ended`. It is None for a request that was refused.
    """

    __slots__ = ("account", "ended", "payload", "status")

    def __init__(self, status: int, payload: dict | None = None, ended: str = "") -> None:
        self.status = status
        self.payload = payload
        self.ended = ended or (ENDED.get(payload["type"], "answered") if payload and status == 200 else "")
        self.account: dict[str, str] | None = None


class Doorkeeper:
    """Answers Discord's HTTP requests.

    `keys` are the public keys that may sign. `enqueue` puts a text on the work queue; it raises Unavailable if it could
    not, and Unsure if it may have. `clock` returns epoch seconds.
    """

    __slots__ = ("clock", "enqueue", "keys", "refused", "tools")

    def __init__(
        self, keys: tuple[bytes, ...], enqueue: "Callable[[str], None]", tools: "Tools", clock: "Callable[[], float]"
    ) -> None:
        self.keys = keys
        self.enqueue = enqueue
        self.tools = tools
        self.clock = clock
        self.refused: dict[str, tuple[float, int]] = {}

    def answer(self, path: str, headers: dict[str, str], body: bytes, spent: float = 0.0) -> Answer:
        """Return the answer to a request. Header names are lower case. `spent` is how many seconds old the request is.

        The path decides what the body means: type 1 is a PING at one URL, and an event at the other.
        """
        limit = TimeLimit(spent)
        events = path.rstrip("/").endswith("/events")
        window = signature.EVENT_WINDOW if events else signature.INTERACTION_WINDOW
        signed, stamp = headers.get("x-signature-ed25519"), headers.get("x-signature-timestamp")
        reason = signature.refusal(self.keys, signed, stamp, body, self.clock(), window)
        if reason:
            self._log_refusal(reason, body)
            return Answer(401, {"error": "invalid request signature"})
        try:
            payload = json.loads(body.decode())
            if events:
                return self._event(payload)
            interaction = Interaction(payload)
            with speaking(interaction.locale, interaction.guild_locale):
                answer = self._interaction(interaction, limit)
            answer.account = {**dispatch.account(interaction), "ended": answer.ended}
            return answer
        except (ValueError, RecursionError) as error:
            log.warning("refused a signed body: %s", error)
            return Answer(400, {"error": "not something that Discord sends here"})

    def _interaction(self, interaction: Interaction, limit: TimeLimit) -> Answer:
        if interaction.type == PING:
            return Answer(200, {"type": 1})
        try:
            if interaction.type == AUTOCOMPLETE:
                choices, ended = self._choices(interaction, limit)
                return Answer(200, {"type": 8, "data": {"choices": choices}}, ended)
            return Answer(200, self._acknowledge(interaction, limit))
        except UserError as error:
            return Answer(200, private(sentence(error, interaction)), "refused")
        except Unavailable as error:
            log.exception("could not take an interaction: %s", error, extra={"interaction_id": interaction.id})
            return Answer(200, private(_(UNSURE if isinstance(error, Unsure) else NOT_QUEUED)), "unavailable")
        except TooSlow:
            log.error("stopped an instant handler that took too long", extra={"interaction_id": interaction.id})  # noqa: TRY400
            return Answer(200, private(_(TOO_SLOW)), "too_slow")
        except TooDeep:  # no person sent this, so nobody waits for an answer
            raise
        except Exception:  # a bug in a feature: the person must hear of it in time
            log.exception("failed to answer", extra={"interaction_id": interaction.id})
            return Answer(200, private(_(BROKEN, reference=interaction.id)), "failed")

    def _log_refusal(self, reason: str, body: bytes) -> None:
        """Log a request whose signature is refused. The line says enough to find the cause, and nothing of the body."""
        now = self.clock()
        until, unsaid = self.refused.get(reason, (0.0, 0))
        if now < until:
            self.refused[reason] = until, unsaid + 1
            return
        self.refused[reason] = now + SAMPLE_SECONDS, 0
        details = {"reason": reason, "body_bytes": len(body), "body_is_object": body[:1] == b"{", "unsaid": unsaid}
        log.warning("refused a request: %s", reason, extra=details)

    def _acknowledge(self, interaction: Interaction, limit: TimeLimit) -> dict:
        handler = gate.enter(interaction, self.tools)
        if not handler.answers_at_once(interaction):
            return self._deferred(handler, interaction)
        try:
            with limit:  # A feature can make its form as it is parsed.
                call = dispatch.parse(handler, interaction, self.tools)
                answer = None if call.needs_worker else dispatch.run(call, self.tools)
            if call.needs_worker:
                return self._deferred(handler, interaction)
        except UserError as error:
            if error.reply is None:
                raise
            return self._sealed_or_deferred(handler, interaction, private(error.reply))
        return self._sealed_or_deferred(handler, interaction, responses.response(handler, answer, interaction))

    def _sealed_or_deferred(self, handler: "Handler", interaction: Interaction, response: dict) -> dict:
        """Return `response`, ready to be sent, or a deferral if its state does not fit into a custom id.

        Then the worker runs the handler again and shows the same answer. Only the worker can store state in a table.
        """
        try:
            return self._sealed(handler, interaction, response)
        except NoRoom:
            return self._deferred(handler, interaction)

    def _deferred(self, handler: "Handler", interaction: Interaction) -> dict:
        secret = handler.is_secret and interaction.type == MODAL
        self._queue("interaction", self.tools.seals.conceal(interaction) if secret else interaction.raw)
        return responses.deferral(handler, interaction)

    def _sealed(self, handler: "Handler", interaction: Interaction, response: dict) -> dict:
        """Return the response with its custom ids sealed. Raises InvalidReply if Discord would refuse it."""
        from ..discord.check import require  # 1.3 ms of a cold start, which a deferral does without

        sealed: dict = self.tools.seals.seal(response, interaction, edits=response["type"] == 7)
        require("callback", sealed, whose=handler)
        return sealed

    def _choices(self, interaction: Interaction, limit: TimeLimit) -> tuple[list[dict], str]:
        """Return the choices for an autocomplete, [] if there is an error, and how it ended.

        Without choices, the person can still send what they typed.
        """
        try:
            handler = gate.enter(interaction, self.tools)
            with limit:
                return dispatch.complete(handler, interaction, self.tools), "answered"
        except UserError:
            return [], "refused"
        except TooSlow:
            log.error("stopped an autocomplete that took too long", extra={"interaction_id": interaction.id})  # noqa: TRY400
            return [], "too_slow"
        except Unavailable as error:  # the person types on, and so asks again
            log.warning("no choices: %s", error, extra={"interaction_id": interaction.id})
            return [], "unavailable"
        except Exception:  # otherwise Discord would show "Loading options failed"
            log.exception("no choices", extra={"interaction_id": interaction.id})
            return [], "failed"

    def _event(self, payload: object) -> Answer:
        if not isinstance(payload, dict) or payload.get("type") not in (0, 1):
            raise ValueError("not a webhook event")
        if payload["type"] == 0:
            return Answer(204, ended="pong")
        if not isinstance(payload.get("event"), dict) or not isinstance(payload["event"].get("type"), str):
            raise ValueError("not a webhook event: it has no event")
        try:
            self._queue("event", payload)
        except UserError:  # too large, and Discord would send it again for ten minutes
            log.error("an event is too large for the queue, and is left out: %s", payload["event"]["type"][:100])  # noqa: TRY400
            return Answer(204)
        except Unavailable as error:
            log.warning("could not queue an event; Discord will send it again: %s", error)
            return Answer(503, {"error": "try again"})
        return Answer(204)

    def _queue(self, kind: str, body: dict) -> None:
        """Put a message on the work queue. Raises UserError if it is too large for one."""
        # json.dumps makes the text pure ASCII: SQS refuses some characters that JSON may hold.
        message = {"kind": kind, "received_at": int(self.clock()), "body": body}
        try:
            text = json.dumps(message, separators=(",", ":"))
        except RecursionError as error:
            raise TooDeep("nested too deeply to be queued") from error
        if len(text) > MESSAGE_BYTES:
            raise UserError(_(TOO_LARGE))
        self.enqueue(text)
