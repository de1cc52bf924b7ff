"""The small HTTP client of the ingress: it reads every answer correctly, or raises an OSError in time."""

import contextlib
import socket
import threading
import time

import pytest

from watchbell.adapters.post import BadAnswer, Connection

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def serve():
    """`serve(pieces, …)` answers each request on one connection with its pieces, with pauses between, then closes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def start(*answers, pause=0.01):
        def run():
            connection, _ = listener.accept()
            with connection, contextlib.suppress(ConnectionError):  # the client may have disconnected
                for pieces in answers:
                    if not connection.recv(65536):
                        return
                    for piece in pieces:
                        connection.sendall(piece)
                        time.sleep(pause)

        threading.Thread(target=run, daemon=True).start()
        return Connection(f"127.0.0.1:{listener.getsockname()[1]}", None, time.monotonic() + 1)

    yield start
    listener.close()


def post(connection, seconds=0.5):
    return connection.post("/", {"host": "sqs"}, b"{}", time.monotonic() + seconds)


def test_an_answer_may_come_byte_by_byte(serve):
    connection = serve([bytes([byte]) for byte in OK], [OK], pause=0.001)
    assert post(connection) == (200, b"{}")
    assert connection.reusable
    assert post(connection) == (200, b"{}")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: Close\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        OK + b"HTTP/1.1 403 Forbidden",  # the rest would be read as the next answer
    ],
)
def test_a_connection_that_cannot_be_used_again_is_known(serve, answer):
    connection = serve([answer])
    assert post(connection) == (200, b"{}")
    assert not connection.reusable


@pytest.mark.parametrize(
    "framing",
    [
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 2",
        b"Content-Length: -2",
        b"Content-Length: 1000000",
        b"Content-Length: " + b"9" * 5000,
        b"Content-Length: \xb2",
        b"X: y",
    ],
)
def test_an_answer_of_no_good_length_tells_its_status_and_is_not_read(serve, framing):
    connection = serve([b"HTTP/1.1 500 Oh\r\n" + framing + b"\r\n\r\n2\r\n{}\r\n0\r\n\r\n"])
    assert post(connection) == (500, b"")
    assert not connection.reusable


@pytest.mark.parametrize(
    "answer",
    [
        b"220 mail.example ESMTP\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 \xb200 OK\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"\r\n\r\n",
        b"a" * 100_000,
    ],
)
def test_what_is_no_answer_is_refused(serve, answer):
    with pytest.raises(BadAnswer):
        post(serve([answer]))


@pytest.mark.parametrize("answer", [b"", OK[:20], OK[:-1]])
def test_an_answer_that_breaks_off_is_a_broken_connection(serve, answer):
    connection = serve([answer])
    with pytest.raises(ConnectionError):
        post(connection)
    assert not connection.reusable


def test_a_server_that_only_ever_sends_a_little_does_not_hold_us_past_the_deadline(serve):
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        post(serve([b"a"] * 1000, pause=0.05), seconds=0.3)
    assert time.monotonic() - started < 1
