"""What the heartbeat function does: it writes down a ping of a job, and nothing else.

It imports little, because a job waits for it. It reads nothing, so it can tell nobody anything about a monitor.
"""

import logging

from ..errors import Unavailable
from ..status.ping import BODY, BadPing, Ping, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..adapters.pings import Pings

log = logging.getLogger(__name__)


def answer(pings: "Pings", method: str, path: str, run: "str | None", body: bytes, at: int) -> tuple[int, str]:
    """Write down a ping that came at `at`, in milliseconds since the epoch. Return the HTTP status and the text.

    `run` is the parameter `rid` of the URL. A ping that was not written is a 503, which tells a job to try again.
    """
    try:
        uuid, what, run = parse(method, path, run)
        text = body[: 4 * BODY].decode("utf-8", "replace")  # a character has at most 4 bytes
        if not pings.write(uuid, Ping(at, what, run), text):
            raise BadPing(404, "No monitor has this URL.")
    except BadPing as refused:
        return refused.status, str(refused)
    except Unavailable as error:
        log.warning("could not write a ping: %s", error)
        return 503, "The ping may not have been recorded. Send it again."
    return 200, "OK"
