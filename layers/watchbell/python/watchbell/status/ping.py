"""A ping: what the request of a job to its URL says, and what the heartbeat function writes down of it.

A ping is one update of one row, without a read and without a condition on what the row says. It appends the ping and
drops the oldest one. So pings that come at the same time, or in the wrong order, do no harm: each carries its time, and
`status.heartbeat` reads them in that order. The heartbeat function imports this module on a cold start, so the module
imports nothing.
"""

KEPT = 10
"""How many starts and ends of runs a row has."""

BODY = 1000
"""How many characters of the body of a ping are kept: the first ones. The others are dropped without an error."""

METHODS = ("GET", "HEAD", "POST")

_HEX = frozenset("0123456789abcdef")
_SHAPE = (8, 4, 4, 4, 12)


class BadPing(Exception):
    """The request is no ping. `status` is the HTTP status of the answer, and the text says why."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Ping:
    """What a job, or an operator, said at a time.

    `at` is in milliseconds since the epoch. `what` is "start", "success", "fail", "log", "pause", "resume" or an exit
    status from "1" to "255". `run` is the id of the run, a UUID, or "".
    """

    __slots__ = ("at", "run", "what")

    def __init__(self, at: int, what: str, run: str = "") -> None:
        self.at, self.what, self.run = at, what, run

    def __str__(self) -> str:
        """The ping as the row has it."""
        return f"{self.at} {self.what} {self.run}".rstrip()


def parse(method: str, path: str, run: "str | None" = None) -> "tuple[str, str, str]":
    """Return the UUID of a ping URL, and `what` and `run` of its Ping. `run` is the parameter `rid` of the URL.

    The path is `/ping/UUID`, `/ping/UUID/start`, `…/fail`, `…/log`, or `…/3` for the exit status 3. A slash may follow.
    Raises BadPing for everything else.
    """
    before, uuid, rest, *more = [*path.removesuffix("/").split("/")[1:], "", "", ""]
    if before != "ping" or any(more) or not uuid:
        raise BadPing(404, "There is nothing at this URL.")
    if not is_uuid(uuid):
        if rest:
            raise BadPing(400, "Pings by key and slug are not supported. Use the URL of the monitor, which has a UUID.")
        raise BadPing(404, "No monitor has this URL.")
    if method not in METHODS:
        raise BadPing(405, f"Send a ping with {', '.join(METHODS)}.")
    if run is not None and not is_uuid(run):
        raise BadPing(400, "The run id (rid) must be a UUID.")
    return uuid.lower(), _what(rest), (run or "").lower()


def _what(word: str) -> str:
    if word in ("start", "fail", "log"):
        return word
    if not word:
        return "success"
    if not (word.isascii() and word.isdigit()):
        raise BadPing(404, "After the UUID comes start, fail, log or an exit status.")
    if len(word) > 9 or int(word) > 255:
        raise BadPing(400, "An exit status is at most 255.")
    return str(int(word)) if int(word) else "success"


def is_uuid(text: str) -> bool:
    """Whether this is a UUID in its usual form. The module `uuid` would take 2 ms of a cold start."""
    parts = text.lower().split("-")
    return tuple(map(len, parts)) == _SHAPE and all(_HEX.issuperset(part) for part in parts)


def change(ping: Ping, body: str) -> "tuple[str, dict[str, dict]]":
    """Return the update expression that writes the ping into its row, and the values of the expression.

    DynamoDB: a SET beyond the end of a list appends, and a REMOVE moves the later elements.
    """
    values: dict[str, dict] = {":ping": {"S": str(ping)}}
    if ping.what != "start":
        values[":body"] = {"S": body[:BODY].encode(errors="replace").decode()}
    if ping.what == "log":
        return "SET logged = :ping, body = :body", values
    if ping.what == "start":
        return f"SET pings[{KEPT}] = :ping REMOVE pings[0]", values
    return f"SET pings[{KEPT}] = :ping, ended = :ping, body = :body REMOVE pings[0]", values


def unpinged() -> "dict[str, dict]":
    """Return the fields of a new row. The list has its length from the start, so that each ping can drop one."""
    return {"pings": {"L": [{"S": ""}] * KEPT}}


def pings(row: "dict[str, dict]") -> "list[Ping]":
    """Return the pings of a row, the oldest first.

    `ended` is the last ping that is not a start or a log. It stays if there are many starts after it. The elements of a
    row without a ping, and what cannot be read, are left out.
    """
    texts = [row.get("ended", {}).get("S", ""), *(each.get("S", "") for each in row.get("pings", {}).get("L", ()))]
    found = (text.split(" ") for text in dict.fromkeys(texts))
    read = [Ping(int(at), *rest) for at, *rest in found if at.isdigit() and 1 <= len(rest) <= 2]
    return sorted(read, key=lambda ping: ping.at)
