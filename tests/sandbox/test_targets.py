"""The made-up targets do what their scripts say, over real sockets."""

from __future__ import annotations

import gzip
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPResponse

import pytest

from sandbox.authority import Authority
from sandbox.sandbox import START
from sandbox.targets import Script, Target, Targets, parse
from tests.sandbox import eventually


@pytest.fixture
def targets(authority: Authority) -> Iterator[Targets]:
    targets = Targets(authority)
    yield targets
    targets.stop()


@pytest.fixture
def shop(targets: Targets) -> Target:
    return targets.target("shop")


def connect(address: str) -> socket.socket:
    host, port = address.removeprefix("http://").removeprefix("https://").rstrip("/").split(":")
    return socket.create_connection((host, int(port)), 10)


def ask(connection: socket.socket, request: bytes = b"GET / HTTP/1.1\r\nhost: shop\r\n\r\n") -> socket.socket:
    connection.sendall(request)
    return connection


def get(target: Target, method: str = "GET") -> tuple[int, bytes, dict[str, str]]:
    with ask(
        connect(target.url), f"{method} /x HTTP/1.1\r\nhost: shop\r\ncontent-length: 2\r\n\r\n{{}}".encode()
    ) as it:
        answer = HTTPResponse(it, method=method)
        answer.begin()
        return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}


def in_tls(target: Target, authority: Authority) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(authority.trusted))
    return context.wrap_socket(connect(target.https), server_hostname="127.0.0.1")


def read(connection: socket.socket, most: int = 1 << 20) -> bytes:
    """What comes until the other side closes, or the first bytes of it."""
    data = b""
    while len(data) < most and (piece := connection.recv(65536)):
        data += piece
    return data


def test_a_target_is_up_at_first_on_its_three_ports(shop: Target, authority: Authority) -> None:
    assert get(shop)[:2] == (200, b"ok\n")
    with in_tls(shop, authority) as connection:
        assert read(ask(connection)).startswith(b"HTTP/1.1 200 OK\r\n")
    connect(shop.tcp).close()
    assert eventually(lambda: shop.asked == 3)


def test_a_target_that_is_down_refuses_connections_and_comes_back_on_the_same_ports(shop: Target) -> None:
    for _ in range(2):
        shop.set("down")
        for address in (shop.url, shop.https, shop.tcp):
            with pytest.raises(ConnectionRefusedError):
                connect(address)
        shop.set("up")
        assert get(shop)[0] == 200
    assert shop.asked == 2


def test_status_headers_and_body_are_as_the_script_says(shop: Target) -> None:
    shop.set('503\nheader Retry-After: 5\nheader Content-Type: application/json\nbody {"up": false}')
    status, body, headers = get(shop)
    assert (status, body, headers["retry-after"]) == (503, b'{"up": false}\n', "5")
    assert headers["content-type"] == "application/json"
    assert get(shop, "HEAD")[:2] == (503, b"")
    with connect(shop.tcp) as connection:
        assert connection.recv(100) == b'{"up": false}'


@pytest.mark.parametrize(
    ("rest", "location"),
    [("169.254.169.254", "http://169.254.169.254/"), ("/x", "/x"), ("http://[::1]:22/", "http://[::1]:22/")],
)
def test_a_redirect_leads_to_any_address(shop: Target, rest: str, location: str) -> None:
    shop.set(f"redirect {rest}")
    status, _, headers = get(shop)
    assert (status, headers["location"]) == (302, location)


@pytest.mark.parametrize(("script", "code"), [("expired-certificate", 10), ("certificate -30", 10)])
def test_an_expired_certificate_does_not_verify(shop: Target, authority: Authority, script: str, code: int) -> None:
    shop.set(script)
    with pytest.raises(ssl.SSLCertVerificationError) as raised:
        in_tls(shop, authority)
    assert raised.value.verify_code == code  # X509_V_ERR_CERT_HAS_EXPIRED
    shop.set("up")
    in_tls(shop, authority).close()


def test_a_certificate_expires_when_the_script_says(shop: Target, authority: Authority) -> None:
    def expires() -> float:
        with in_tls(shop, authority) as connection:
            return ssl.cert_time_to_seconds(str((connection.getpeercert() or {})["notAfter"]))

    usual = expires()
    shop.set("certificate 5")
    assert (usual - expires()) // 86_400 in (84, 85)


def test_nobody_but_the_sandbox_trusts_the_authority(shop: Target) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(connect(shop.https), server_hostname="127.0.0.1")


def test_a_function_finds_the_authority_where_it_looks_for_certifi(authority: Authority) -> None:
    environment = {"PYTHONPATH": str(START), "SANDBOX_AUTHORITIES": str(authority.trusted)}
    code = "import certifi; print(certifi.where()); print(certifi.contents().count('BEGIN'))"
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    where, count = said.stdout.split()
    assert where == str(authority.trusted)
    assert int(count) > 100


def test_nonsense_is_not_http(shop: Target) -> None:
    shop.set("nonsense")
    with ask(connect(shop.url)) as connection:
        assert not read(connection).startswith(b"HTTP")
    with connect(shop.tcp) as connection:
        assert connection.recv(100)


@pytest.mark.parametrize("script", ["endless-headers", "endless-body"])
def test_what_is_endless_does_not_end(shop: Target, script: str) -> None:
    shop.set(script)
    with ask(connect(shop.url)) as connection:
        data = read(connection, 4_000_000)
    assert len(data) >= 4_000_000
    assert (b"\r\n\r\n" in data) == (script == "endless-body")


def test_a_small_gzip_body_is_a_large_one(shop: Target) -> None:
    shop.set("gzip-bomb")
    _, body, headers = get(shop)
    assert headers["content-encoding"] == "gzip"
    assert len(body) < 256 * 1024
    assert len(gzip.decompress(body)) == 192 << 20


@pytest.mark.parametrize("script", ["drip", "slow"])
def test_a_slow_answer_is_not_there_at_once(shop: Target, script: str) -> None:
    shop.set(script)
    with ask(connect(shop.url)) as connection:
        connection.settimeout(0.2)
        assert len(connection.recv(1) if script == "drip" else b"") <= 1
        with pytest.raises(TimeoutError):
            read(connection)


def test_a_target_that_is_slow_for_a_moment_answers_then(shop: Target) -> None:
    shop.set("slow 0.05")
    assert get(shop)[0] == 200


def test_the_lines_of_a_script_add_up() -> None:
    assert parse("") == parse(" up \n") == Script()
    assert parse("500\nslow 2.5\ncertificate 3\nheader A:  b") == Script(
        status=500, seconds=2.5, certificate_days=3, headers=(("A", "b"),)
    )


@pytest.mark.parametrize(
    "line",
    [
        *(
            "sleepy",
            "99",
            "600",
            "slow nan",
            "slow -1",
            "slow x",
            "certificate",
            "certificate 1e9",
            "header",
            "header a",
        ),
        *("header a b: c", "down now", "redirect", "header a: \x00", "header é: x"),
    ],
)
def test_a_line_that_makes_no_sense_is_told_the_words(shop: Target, line: str) -> None:
    with pytest.raises(ValueError, match="endless-headers"):
        shop.set(f"503\n{line}")
    assert (shop.script, shop.mode) == (Script(), "up")
