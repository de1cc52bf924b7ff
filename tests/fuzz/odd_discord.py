"""A Discord that answers oddly: raw bytes over a real socket, and the strategies that make them."""

from __future__ import annotations

import contextlib
import gzip
import json
import socketserver
import threading
import zlib
from typing import Any

from hypothesis import strategies as st

from sandbox.discord.faults import ODD_BODIES

SECRET = "canary-token"
"""Every call is given it, as the interaction's token or as the bot's. The answers name it, and no error may."""


class OddDiscord(socketserver.ThreadingTCPServer):
    """Answers every request with the bytes in `answer`, and closes the connection. `asked` counts the requests."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer, self.asked = b"", 0
        self.url = f"http://127.0.0.1:{self.server_address[1]}/api/v10"
        threading.Thread(target=self.serve_forever, args=(0.05,), name="odd-discord", daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(socketserver.StreamRequestHandler):
    server: OddDiscord

    def handle(self) -> None:
        length = 0
        while (line := self.rfile.readline(65_536)).strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        self.rfile.read(length)  # Otherwise the client gets a reset instead of the answer.
        self.server.asked += 1
        with contextlib.suppress(ConnectionError):  # The client may have read enough.
            self.wfile.write(self.server.answer)


def head(status: object, headers: list[bytes], protocol: str = "HTTP/1.1") -> bytes:
    return b"\r\n".join([f"{protocol} {status} Odd".encode(), *headers, b"", b""])


def framed(status: int, body: bytes, *headers: bytes) -> bytes:
    """A well-formed answer with this body."""
    return head(status, [b"Content-Length: %d" % len(body), *headers]) + body


odd_numbers = st.sampled_from(
    [
        *("0", "-1", "0.001", "1.5", "NaN", "Infinity", "-Infinity", "1e999", "36000", "9" * 400, "9" * 5_000),
        *('"2"', '"x"', "null", "true", "[1]", "{}"),
    ]
)
texts = st.one_of(
    st.sampled_from([f"no route /webhooks/42/{SECRET}", f"Bot {SECRET}", "x" * 1_000, "a\r\nb\x1b[31m\u202e"]),
    st.text(max_size=30),
)
leaves = st.fixed_dictionaries({}, optional={"code": texts, "message": st.one_of(texts, st.none(), st.just([1]))})
errors = st.recursive(
    st.dictionaries(st.sampled_from(["_errors", "0", SECRET]), st.one_of(st.lists(leaves, max_size=3), leaves)),
    lambda inner: st.dictionaries(st.one_of(st.sampled_from(["_errors", "data", "0"]), texts), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def refusals(draw: st.DrawFn) -> bytes:
    """Discord's JSON for an error, with odd values in it."""
    parts = {
        "message": json.dumps(draw(texts)),
        "code": draw(st.one_of(st.sampled_from(["0", "10015", "10008", "50013", "50027", "50035"]), odd_numbers)),
        "errors": json.dumps(draw(errors)),
        "retry_after": draw(odd_numbers),
    }
    for name in draw(st.sets(st.sampled_from(sorted(parts)), max_size=2)):
        del parts[name]
    return ("{" + ", ".join(f'"{name}": {value}' for name, value in parts.items()) + "}").encode("utf-8", "replace")


ids = st.sampled_from(["7", "8", "10", "0", "", "x", "-1", "٣", "9" * 30, 7, None, ["7"], True])
digits = st.sampled_from(["7", "1024", "0", "", "x", "../8", "-8", "9" * 30, 8, None, ["8"]])
overwrites = st.fixed_dictionaries({}, optional={"id": ids, "type": digits, "allow": digits, "deny": digits})
objects = st.fixed_dictionaries(
    {},
    optional={
        # So that what is asked first is sound often enough for the next question.
        **{key: st.one_of(st.just("7"), digits) for key in ("guild_id", "parent_id", "owner_id")},
        "permission_overwrites": st.one_of(st.none(), st.just(7), st.lists(overwrites, max_size=2)),
        "roles": st.one_of(
            st.just(7),
            st.lists(digits, max_size=2),
            st.lists(st.fixed_dictionaries({}, optional={"id": ids, "permissions": digits}), max_size=2),
        ),
        "user": st.sampled_from([None, 7, {}, {"id": "7"}, {"id": "x"}]),
        "communication_disabled_until": st.sampled_from([None, 7, "", "x", "2030-01-01T00:00:00+00:00"]),
        "threads": st.sampled_from([None, 7, [], [7], [{"id": "7"}], [{"id": "7", "type": 11, "parent_id": "8"}]]),
        "id": ids,
        "name": st.sampled_from(["status", 7, None]),
        "type": st.sampled_from([0, 1, 2, 11, "1", None, [1]]),
        "components": st.sampled_from([None, 7, [7], [{"components": 7}], "x"]),
        "interaction_metadata": st.sampled_from([None, 7, [7], {"id": 7}, "x"]),
    },
)
sound = st.one_of(objects, st.lists(st.one_of(objects, st.none(), st.just([])), max_size=3)).map(
    lambda value: json.dumps(value).encode()
)
bodies = st.one_of(
    st.sampled_from(sorted(ODD_BODIES)).map(ODD_BODIES.__getitem__), refusals(), sound, st.binary(max_size=20)
)

STATUSES = [200, 200, 200, 201, 202, 204, 206, 226, 299, 100, 101, 103, 301, 302, 304, 307, 400, 401, 403, 404, 405]
STATUSES += [408, 409, 413, 415, 422, 429, 429, 429, 431, 451, 499, 500, 501, 502, 503, 504, 520, 522, 530, 599]
ODD_STATUSES: list[object] = [*STATUSES, 0, 99, 600, 999, 1000, -200, "2OO", "", "٢٠٠"]

ODD_HEADERS = [
    b"Content-Type: application/json; charset=utf-16",
    b"Content-Type: text/html; charset=zip",
    b"Content-Type: \xff",
    b"Content-Encoding: gzip",
    b"Content-Encoding: deflate",
    b"Content-Encoding: br, zstd, x-unknown",
    b"Content-Length: -1",
    b"Content-Length: 5",
    b"Content-Length: x",
    b"Content-Length: 1, 2",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: identity",
    b"Location: http://[::1",
    b"Location: //",
    b"Location: http://127.0.0.1:1/\xff\x00",
    b"Location: http://127.0.0.1:99999999/",
    b"Location: http://\xe2\x80\xae.example/%zz",
    b"Set-Cookie: a=\xff\x7f; Domain=127.0.0.1; Path=/; Expires=x; Max-Age=" + b"9" * 400,
    b"Set-Cookie: ;;;=",
    b"Retry-After: Wed, 21 Oct 2026 07:28:00 GMT",
    b"Retry-After: -5",
    b"Retry-After: 0",
    b"Retry-After: nan",
    b"Retry-After: inf",
    b"Retry-After: " + b"9" * 400,
    b"X-RateLimit-Reset-After: x",
    b"Connection: upgrade",
    b"no colon in this line",
    b": no name",
    b" folded",
    b"X-Nul: \x00",
    b"X-Long",  # made long below, to keep what Hypothesis prints short
]


BOMB = gzip.compress(b"0" * 50_000_000, 1)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """The bytes of an answer: any status, body and headers, and perhaps cut off."""
    body = draw(bodies)
    headers = draw(st.lists(st.sampled_from(ODD_HEADERS), max_size=3))
    headers = [b"X-Long: " + b"x" * 70_000 if header == b"X-Long" else header for header in headers]
    if draw(st.integers(0, 30)) == 30:
        headers += [b"X-Many: 1"] * 150
    packing = draw(st.sampled_from(["", "", "", "gzip", "deflate", "bomb"]))
    if packing:
        body = BOMB if packing == "bomb" else zlib.compress(body) if packing == "deflate" else gzip.compress(body, 1)
        headers.append(b"Content-Encoding: " + (b"deflate" if packing == "deflate" else b"gzip"))
    framing = draw(st.sampled_from(["length", "length", "length", "chunked", "close"]))
    if framing == "chunked":
        size = draw(st.sampled_from([b"%x" % len(body), b"%x" % len(body), b"ffff", b"x", b"-1", b""]))
        body = size + b"\r\n" + body + b"\r\n0\r\n\r\n"
        headers.append(b"Transfer-Encoding: chunked")
    elif framing == "length":
        headers.append(b"Content-Length: %d" % len(body))
    protocol = draw(st.sampled_from(["HTTP/1.1"] * 6 + ["HTTP/1.0", "HTTP/2", "HTTP/9.9", "ICY", ""]))
    raw = head(draw(st.sampled_from(ODD_STATUSES)), headers, protocol) + body
    cut = draw(st.sampled_from([None, None, None, "anywhere"]))
    return raw[: draw(st.integers(0, len(raw)))] if cut else raw


def printable(text: Any) -> bool:
    return isinstance(text, str) and text.isprintable()
