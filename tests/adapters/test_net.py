"""What a check can do outside: requests with secrets, connections and look-ups, each judged before a socket is used."""

import socket
import ssl
import sys
import threading
import time

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from sandbox.loopback import Response
from tests.adapters.test_enqueue import authority
from tests.adapters.test_opener import Site, names, to
from watchbell.adapters import opener, resolver
from watchbell.adapters.checker import Checker
from watchbell.adapters.net import Net
from watchbell.adapters.sessions import tls_context
from watchbell.errors import UserError
from watchbell.kit import catalogue
from watchbell.kit.monitors import define
from watchbell.status.answers import Records
from watchbell.status.monitor import Monitor
from watchbell.status.reason import Reason

KEY = "s3cr&t value"
NOT_ALLOWED = Reason("address_not_allowed")


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


def net(resolve=opener.resolve, secret=None, **limits):
    limits = opener.Limits(private=True, resolve=resolve, **limits)
    return Net(limits, secret) if secret else Net(limits)


def only_for(host, value=KEY):
    """The secrets of a server: `shop`, for requests to `host`."""

    def secret(name, asked):
        if (name, asked) != ("shop", host):
            raise LookupError(name)
        return value

    return secret


def test_a_request_has_its_method_headers_and_body(site):
    answer = net().request(f"{site.url}/x?a=1", method="PUT", headers={"X-A": "b"}, body="ü")
    assert (answer.status, answer.body, answer.ip) == (200, b"ok", "127.0.0.1")
    assert answer.latency_ms >= 0
    assert (site.requests[0].method, site.requests[0].target, site.requests[0].body) == ("PUT", "/x?a=1", "ü".encode())
    sent = site.headers(0)
    assert (sent["x-a"], sent["accept-encoding"], sent["user-agent"]) == ("b", "identity", "Watchbell/0.1")


def test_a_head_request_has_no_body_to_wait_for(site):
    site.answers["/"] = Response(200, b"x" * 500)
    assert net().request(site.url, method="HEAD").body == b""


def test_a_secret_can_be_in_a_header_the_body_and_the_query(site):
    secret = only_for("127.0.0.1")
    mark = "{{secret:shop}}"
    headers = {"X-Key": f"k {mark}"}
    net(secret=secret).request(f"{site.url}/?key={mark}", method="POST", headers=headers, body=f"<{mark}>")
    assert site.requests[0].target == "/?key=s3cr%26t%20value"
    assert site.headers(0)["x-key"] == f"k {KEY}"
    assert site.requests[0].body == f"<{KEY}>".encode()


@pytest.mark.parametrize("place", ["query", "header", "body"])
def test_without_its_secret_a_request_is_not_made(site, place):
    mark = "{{secret:shop}}"
    query, headers, body = f"/?{mark * (place == 'query')}", {"X": mark * (place == "header")}, mark * (place == "body")
    found = net(secret=only_for("elsewhere.example")).request(f"{site.url}{query}", headers=headers, body=body)
    assert found == Reason("secret_missing", {"secret": "shop"})
    assert site.requests == []


@pytest.mark.parametrize("header", ["Authorization", "Accept", "User-Agent"])
def test_a_secret_does_not_follow_a_redirect_to_another_host(site, other, header):
    site.answers = {"/": to("/here"), "/here": to(other.url)}
    secret = only_for("127.0.0.1")
    assert net(secret=secret).request(site.url, headers={header: "{{secret:shop}}"}).body == b"ok"
    assert site.headers(1)[header.lower()] == KEY
    assert KEY not in str(other.requests[0])


@pytest.mark.parametrize("status", [307, 308])
def test_a_body_does_not_follow_a_redirect_to_another_host(site, other, status):
    site.answers = {"/": to(other.url, status)}
    found = net().request(site.url, method="POST", body="x")
    assert found == Reason("unexpected_status", {"status": status, "expected": "2xx"})
    assert other.requests == []
    site.answers = {"/": to("/here", status)}
    net().request(site.url, method="POST", body="x")
    assert (site.requests[-1].method, site.requests[-1].body) == ("POST", b"x")


@pytest.mark.parametrize(("status", "method"), [(301, "POST"), (302, "POST"), (303, "POST"), (303, "PUT")])
def test_a_redirect_after_a_form_is_a_get(site, status, method):
    site.answers = {"/": to("/here", status)}
    net().request(site.url, method=method, headers={"Content-Type": "text/plain"}, body="x")
    assert (site.requests[1].method, site.requests[1].body) == ("GET", b"")
    assert "content-type" not in site.headers(1)


def test_a_refused_host_is_not_asked_even_by_a_redirect(site):
    resolve = names(shop=["127.0.0.1"], discord=["127.0.0.1"])
    site.answers = {"/": to(f"http://discord.com:{site.port}/api")}
    for host in ("shop.example", "discord.com", "canary.discord.com"):
        found = net(resolve, refused=("discord.com",)).request(f"http://{host}:{site.port}/")
        assert found == NOT_ALLOWED
    assert [request.path for request in site.requests] == ["/"]


def test_a_header_that_could_add_another_one_is_not_sent_and_not_logged(site, caplog):
    caplog.set_level("DEBUG")
    secret = only_for("127.0.0.1", "x\r\nX-Evil: 1")
    assert net(secret=secret).request(site.url, headers={"X": "{{secret:shop}}"}) == Reason("unreachable")
    assert site.requests == []
    assert "X-Evil" not in caplog.text


def test_all_calls_of_a_check_share_its_time(site):
    def resolve(host, port):
        time.sleep(0.15)
        return ["127.0.0.1"]

    together = net(resolve, seconds=0.2)
    url = f"http://shop.example:{site.port}/"
    assert together.request(url).body == b"ok"
    assert together.request(url) == Reason("timeout", {"seconds": 1})
    assert together.connect("shop.example", site.port) == Reason("timeout", {"seconds": 1})
    assert len(site.requests) == 1


# Connections


def test_a_connection_is_made_and_closed(site):
    found = net().connect("127.0.0.1", site.port)
    assert (found.ip, found.certificate) == ("127.0.0.1", None)
    assert net().connect("127.0.0.1", 1) == Reason("connection_refused")


@pytest.fixture
def tls(tmp_path):
    """`tls(days)` starts a server whose certificate for localhost expires in that many days. Returns its port."""
    listeners = []

    def start(days, trusted=True):
        root, certificate, key = authority(days)
        (tmp_path / "root.pem").write_bytes(root)
        (tmp_path / "server.pem").write_bytes(certificate + key)
        if trusted:
            tls_context().load_verify_locations(tmp_path / "root.pem")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(tmp_path / "server.pem")
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve():
            while True:
                try:
                    plain, _ = listener.accept()
                except OSError:
                    return
                try:
                    context.wrap_socket(plain, server_side=True).close()
                except OSError:
                    plain.close()

        threading.Thread(target=serve, daemon=True).start()
        return listener.getsockname()[1]

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def test_the_certificate_is_judged_and_its_days_are_counted(tls):
    resolve = names(localhost=["127.0.0.1"], shop=["127.0.0.1"])
    good, expired, unknown = tls(30), tls(-1), tls(30, trusted=False)
    assert net(resolve).connect("localhost", good, tls=True).certificate in range(30 * 86_400 - 60, 30 * 86_400 + 1)
    assert net(resolve).connect("shop.example", good, tls=True) == Reason("certificate_name")
    assert net(resolve).connect("localhost", expired, tls=True) == Reason("certificate_expired")
    assert net(resolve).connect("localhost", unknown, tls=True) == Reason("certificate_invalid")


def test_a_server_without_tls_did_not_agree_on_it(site):
    assert net().connect("127.0.0.1", site.port, tls=True).code in ("tls_failed", "timeout", "unreachable")


@pytest.mark.parametrize(
    ("errno", "code"),
    [(socket.EAI_NONAME, "name_not_found"), (socket.EAI_NODATA, "name_not_found"), (socket.EAI_AGAIN, "unreachable")],
)
def test_a_name_without_address_is_told_from_a_silent_name_server(errno, code):
    def resolve(host, port):
        raise socket.gaierror(errno, "no")

    assert net(resolve).connect("shop.example", 443) == Reason(code)


# Name servers


class NameServer:
    """A name server on loopback. `answer(query)` returns the bytes to send, or None for silence."""

    def __init__(self, answer):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.asked = 0
        self._answer = answer
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                data, client = self.socket.recvfrom(65536)
            except OSError:
                return
            if not data:
                return
            self.asked += 1
            sent = self._answer(dns.message.from_wire(data))
            if sent is not None:
                self.socket.sendto(sent, client)


@pytest.fixture
def lookup(tmp_path):
    """`lookup(answer, type)` asks a name server that answers like that for shop.example."""
    servers = []

    def ask(answer, type="A", **options):
        server = NameServer(answer)
        servers.append(server)
        (tmp_path / "resolv.conf").write_text("# ours\nnameserver 127.0.0.1\nsearch x\n")
        options = {"seconds": 0.5, **options}
        return resolver.lookup("shop.example", type, servers=tmp_path / "resolv.conf", port=server.port, **options)

    yield ask
    for server in servers:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", server.port))


def with_records(*records, rcode=dns.rcode.NOERROR):
    def answer(query):
        made = dns.message.make_response(query)
        made.set_rcode(rcode)
        for type, *texts in records:
            made.answer.append(dns.rrset.from_text("shop.example.", 60, "IN", type, *texts))
        return made.to_wire()

    return answer


def test_the_records_of_the_type_are_returned_in_order(lookup):
    found = lookup(with_records(("CNAME", "x.example."), ("A", "8.8.8.8", "8.8.4.4")))
    assert (found.rcode, found.records) == ("NOERROR", ("8.8.4.4", "8.8.8.8"))
    assert lookup(with_records(("MX", "10 mail.example.")), "MX").records == ("10 mail.example.",)
    assert len(lookup(with_records(("A", *(f"8.8.8.{n}" for n in range(60))))).records) == 50


@pytest.mark.parametrize("rcode", ["NXDOMAIN", "SERVFAIL", "REFUSED"])
def test_a_response_code_is_an_answer(lookup, rcode):
    found = lookup(with_records(rcode=dns.rcode.from_text(rcode)))
    assert isinstance(found, Records)
    assert (found.rcode, found.records) == (rcode, ())


@pytest.mark.parametrize("sent", [None, b"", b"\0" * 5, b"x" * 600], ids=["silence", "nothing", "short", "rubbish"])
def test_a_name_server_that_answers_nothing_useful_is_asked_no_longer_than_allowed(lookup, sent):
    assert lookup(lambda query: sent).code in ("timeout", "unreachable")


def test_a_name_server_that_was_typed_is_judged_too(lookup):
    answer = with_records(("A", "8.8.8.8"))
    assert lookup(answer, server="127.0.0.1") == NOT_ALLOWED
    assert lookup(answer, server="shop.example") == NOT_ALLOWED
    assert lookup(answer, server="127.0.0.1", private=True).records == ("8.8.8.8",)


def test_without_name_servers_nothing_is_asked(tmp_path):
    assert resolver.lookup("shop.example", "A", servers=tmp_path / "none") == Reason("unreachable")


# A refused target reaches no socket


class Sockets:
    """The addresses to which this process connects or sends, while it is `watching`."""

    def __init__(self):
        self.used = []
        self.watching = False
        sys.addaudithook(self._hear)  # it stays for the whole process

    def _hear(self, event, arguments):
        if self.watching and event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            self.used.append(arguments[1])


SOCKETS = Sockets()


@pytest.fixture
def used():
    """The addresses that a test used."""
    SOCKETS.used.clear()
    SOCKETS.watching = True
    yield SOCKETS.used
    SOCKETS.watching = False


KINDS = ("http", "statuspage", "gatus", "kuma", "status_api", "tcp", "tls")
SPELLINGS = [
    *("127.0.0.1", "127.9.9.9", "2130706433", "0x7f.1", "0177.0.0.1", "0", "10.1.2.3", "169.254.169.254", "100.64.0.1"),
    *("172.31.0.1", "192.168.1.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "[::1]", "[::ffff:127.0.0.1]"),
    *("[fd00:ec2::254]", "[fe80::1]", "[64:ff9b::a00:1]", "[2002:7f00:1::]"),
    *("１２７.0.0.1", "ⓛⓞⓒⓐⓛ.localhost", "localhost"),
]
RESOLVED = ["127.0.0.1", "10.0.0.5", "169.254.169.254", "::1", "fd00:ec2::254", "::ffff:10.0.0.1", "0.0.0.0"]


def watched(kind, host, port=443):
    target = f"{host}:{port}" if catalogue.check(kind).target != "url" else f"https://{host}:{port}/status/x"
    return Monitor("m", "M", kind, target, seconds=1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("host", SPELLINGS)
def test_a_special_address_is_refused_when_it_is_defined_and_again_when_it_is_asked(used, kind, host):
    monitor = watched(kind, host)
    with pytest.raises(UserError):
        define(monitor)
    resolve = names(localhost=["127.0.0.1"])
    found = Checker(resolve=resolve).run([monitor])["m"]
    assert found.outcome in ("down", "unknown")
    assert used == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("address", RESOLVED)
def test_a_name_for_a_special_address_is_not_asked(used, kind, address):
    monitor = define(watched(kind, "shop.example"))
    for addresses in ([address], ["93.184.216.34", address]):
        found = Checker(resolve=names(shop=addresses)).run([monitor])["m"]
        assert (found.outcome, found.reason) == ("down", NOT_ALLOWED)
    assert used == []


@pytest.mark.parametrize("server", ["127.0.0.1", "169.254.169.253", "10.0.0.2", "::1"])
def test_a_special_name_server_is_not_asked(used, server):
    monitor = define(Monitor("m", "M", "dns", "shop.example", options={"server": server}))
    assert Checker().run([monitor])["m"].reason == NOT_ALLOWED
    assert used == []


def test_the_sockets_that_are_used_are_seen(used, site):
    Checker().run([Monitor("m", "M", "tcp", f"127.0.0.1:{site.port}", private=True)])
    assert used == [("127.0.0.1", site.port)]
