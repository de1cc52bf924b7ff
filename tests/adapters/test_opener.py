"""The guarded opener over real sockets: it connects to the judged address, and its deadline ends everything."""

import socket
import ssl
import threading
import time

import pytest

from sandbox.loopback import Response, Server, as_json
from tests.adapters.test_enqueue import authority
from watchbell.adapters import opener
from watchbell.adapters.sessions import tls_context
from watchbell.status.reason import Reason

NOT_ALLOWED = Reason("address_not_allowed")
UNREACHABLE = Reason("unreachable")


class Site:
    """A server on loopback. `answers` maps paths to responses; other paths answer 200."""

    def __init__(self, answers=None):
        self.requests = []
        self.answers = answers or {}
        self.server = Server(self._respond)
        self.url, self.port = self.server.url, self.server.port

    def _respond(self, request):
        self.requests.append(request)
        return self.answers.get(request.path) or Response(200, b"ok")

    def headers(self, number):
        return {name.lower(): value for name, value in self.requests[number].headers}


@pytest.fixture
def site():
    site = Site()
    yield site
    site.server.stop()


@pytest.fixture
def other():
    site = Site()
    yield site
    site.server.stop()


def to(location, status=302):
    return Response(status, b"moved", [("location", location)])


def names(**addresses):
    """A name server for `shop` (as shop.example) and others, and the list of what it was asked."""
    asked = []

    def resolve(host, port):
        asked.append(host)
        return addresses[host.partition(".")[0]]

    resolve.asked = asked
    return resolve


def test_an_answer_has_its_status_headers_and_body(site):
    site.answers["/x"] = Response(418, b"body", [("x-kind", "tea")])
    answer = opener.get(f"{site.url}/x?a=1", private=True)
    assert (answer.status, answer.headers["X-Kind"], answer.body) == (418, "tea", b"body")
    assert (site.requests[0].target, site.headers(0)["accept-encoding"]) == ("/x?a=1", "identity")


def test_a_name_is_resolved_once_and_is_the_host_of_the_request(site):
    resolve = names(shop=["127.0.0.1"])
    assert opener.get(f"http://shop.example:{site.port}/", private=True, resolve=resolve).body == b"ok"
    assert site.headers(0)["host"] == f"shop.example:{site.port}"
    assert resolve.asked == ["shop.example"]


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["127.0.0.1", "10.0.0.5"], []])
def test_a_name_with_an_address_that_is_not_allowed_is_not_asked(site, addresses):
    url = f"http://shop.example:{site.port}/"
    assert opener.get(url, resolve=names(shop=addresses)) == NOT_ALLOWED
    assert site.requests == []


def test_the_next_address_is_tried_if_one_does_not_accept(site):
    resolve = names(shop=["::1", "127.0.0.1"])
    assert opener.get(f"http://shop.example:{site.port}/", private=True, resolve=resolve).body == b"ok"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:1/", Reason("connection_refused")),
        ("http://2130706433/", Reason("not_a_url")),
        ("ftp://127.0.0.1/", Reason("not_a_url")),
        ("http://169.254.169.254/latest/meta-data/", NOT_ALLOWED),
        ("http://[fd00:ec2::254]/", NOT_ALLOWED),
    ],
)
def test_what_cannot_be_asked_has_a_reason(url, reason):
    assert opener.get(url, private=True) == reason


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://169.254.169.254/latest/meta-data/iam/", NOT_ALLOWED),
        ("//169.254.169.254/", NOT_ALLOWED),
        ("http://meta.example/", NOT_ALLOWED),
        ("http://2130706433/", Reason("not_a_url")),
        ("http://127。0。0。1/".encode().decode("latin-1"), Reason("not_a_url")),
        ("data:text/plain,UP", Reason("not_a_url")),
        ("http://[", Reason("not_a_url")),
        ("/again", Reason("too_many_redirects")),
    ],
)
def test_a_redirect_is_judged_too(site, location, reason):
    site.answers = {"/": to(location), "/again": to("/again")}
    resolve = names(shop=["127.0.0.1"], meta=["169.254.169.254"])
    assert opener.get(f"http://shop.example:{site.port}/", private=True, resolve=resolve) == reason


@pytest.mark.parametrize("variable", ["AWS_LAMBDA_RUNTIME_API", "AWS_CONTAINER_CREDENTIALS_FULL_URI"])
def test_not_even_a_source_with_permission_reaches_the_runtime_api(site, other, monkeypatch, variable):
    address = f"127.0.0.1:{other.port}"
    monkeypatch.setenv(variable, address if variable == "AWS_LAMBDA_RUNTIME_API" else f"http://{address}/credentials")
    path = f":{other.port}/2018-06-01/runtime/invocation/next"
    site.answers = {
        "/1": to(f"http://127.0.0.1{path}"),
        "/2": to(f"http://[::1]{path}"),
        "/3": to(f"//127.9.9.9{path}"),
    }
    for number in (1, 2, 3):
        assert opener.get(f"{site.url}/{number}", private=True) == NOT_ALLOWED
    assert opener.get(f"http://{address}/", private=True) == NOT_ALLOWED
    assert other.requests == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_three_redirects_are_followed(site, status):
    site.answers = {"/3": to("/2", status), "/2": to("/1", status), "/1": to("/0", status), "/4": to("/3", status)}
    assert opener.get(f"{site.url}/3", private=True).body == b"ok"
    assert opener.get(f"{site.url}/4", private=True) == Reason("too_many_redirects")


def test_credentials_follow_a_redirect_within_the_origin_only(site, other):
    site.answers = {"/": to("/here"), "/here": to(other.url)}
    headers = {"Authorization": "Bearer x", "X-Api-Key": "y", "Cookie": "z", "Accept": "application/json"}
    assert opener.get(site.url, private=True, headers=headers).body == b"ok"
    assert site.headers(1)["x-api-key"] == "y"
    assert site.headers(1)["authorization"] == "Bearer x"
    assert other.headers(0)["accept"] == "application/json"
    assert {"authorization", "x-api-key", "cookie"} & other.headers(0).keys() == set()


def test_no_proxy_is_taken_from_the_environment(site, other, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, other.url)
    assert opener.get(site.url, private=True).body == b"ok"
    assert other.requests == []


def test_a_body_over_the_limit_is_not_read(site):
    site.answers = {"/at": Response(200, b"x" * opener.BYTES), "/over": Response(200, b"x" * (opener.BYTES + 1))}
    assert len(opener.get(f"{site.url}/at", private=True).body) == opener.BYTES
    assert opener.get(f"{site.url}/over", private=True) == Reason("too_large", {"kilobytes": 256})


@pytest.fixture
def tls(tmp_path):
    """A server over TLS whose certificate is for localhost, and the names that clients asked it for."""
    root, certificate, key = authority()
    (tmp_path / "root.pem").write_bytes(root)
    (tmp_path / "server.pem").write_bytes(certificate + key)
    tls_context().load_verify_locations(tmp_path / "root.pem")
    server = Server(lambda request: as_json(200, {"host": dict(request.headers)["Host"]}))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "server.pem")
    wanted = []
    context.sni_callback = lambda connected, name, context: wanted.append(name)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    yield server.port, wanted
    server.stop()


def test_the_certificate_is_checked_against_the_name_and_not_the_address(tls):
    port, wanted = tls
    resolve = names(localhost=["127.0.0.1"], shop=["127.0.0.1"])
    answer = opener.get(f"https://localhost:{port}/", private=True, resolve=resolve)
    assert answer.body == f'{{"host": "localhost:{port}"}}'.encode()
    wrong_name = Reason("certificate_name")
    assert opener.get(f"https://shop.example:{port}/", private=True, resolve=resolve) == wrong_name
    assert opener.get(f"https://127.0.0.1:{port}/", private=True) == wrong_name
    assert wanted == ["localhost", "shop.example", None]


class Slow:
    """A server that sends `first` and then `piece` again and again, until the client closes the connection."""

    def __init__(self, first, piece, pause):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(10)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, args=(first, piece, pause), daemon=True)
        self.thread.start()

    def _serve(self, first, piece, pause):
        connection, _ = self.listener.accept()
        self.listener.close()
        with connection:
            try:
                connection.sendall(first)
                for _ in range(1000):
                    connection.sendall(piece)
                    time.sleep(pause)
            except OSError:  # the client is gone
                self.left = True

    left = False


@pytest.mark.parametrize(
    ("scheme", "first", "piece"),
    [
        ("http", b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        ("http", b"", b"H"),
        ("http", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b" "),
        ("http", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        ("http", b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        ("https", b"\x16\x03\x03\x02\x00", b"\x02"),
    ],
    ids=["header", "status line", "body", "chunks", "continue", "handshake"],
)
def test_who_drips_is_cut_off_and_leaves_no_thread_or_socket(scheme, first, piece):
    slow = Slow(first, piece, pause=0.02)
    threads = threading.active_count()
    url = f"{scheme}://127.0.0.1:{slow.port}/"
    assert opener.get(url, private=True, seconds=0.3) == Reason("timeout", {"seconds": 1})
    assert threading.active_count() <= threads
    slow.thread.join(5)  # it would go on for 20 seconds
    assert slow.left


def test_endless_headers_are_cut_off_before_the_deadline():
    slow = Slow(b"HTTP/1.1 200 OK\r\n", b"X-A: " + b"x" * 60_000 + b"\r\n", pause=0)
    assert opener.get(f"http://127.0.0.1:{slow.port}/", private=True, seconds=5) == UNREACHABLE
    slow.thread.join(5)
    assert slow.left


def test_one_deadline_holds_for_all_redirects():
    def respond(request):
        time.sleep(0.2)
        return to("/")

    server = Server(respond)
    assert opener.get(server.url, private=True, seconds=0.3) == Reason("timeout", {"seconds": 1})
    server.stop()


def test_a_slow_name_server_counts_too(site):
    def resolve(host, port):
        time.sleep(0.2)
        return ["127.0.0.1"]

    url = f"http://shop.example:{site.port}/"
    assert opener.get(url, private=True, seconds=0.1, resolve=resolve) == Reason("timeout", {"seconds": 1})
    assert site.requests == []


@pytest.mark.parametrize("sent", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"])
def test_a_broken_answer_is_none(sent):
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(sent)

    threading.Thread(target=serve, daemon=True).start()
    with listener:
        assert opener.get(f"http://127.0.0.1:{listener.getsockname()[1]}/", private=True) == UNREACHABLE
