"""requests with a shared TLS context trusts the same servers as it does by default, and no others."""

import ssl

import pytest
import requests

from sandbox.loopback import Server, as_json
from tests.adapters.test_enqueue import authority
from watchbell.adapters.sessions import session, tls_context


@pytest.fixture
def tls(tmp_path):
    """A server over TLS at localhost, and the file with the authority that issued its certificate."""
    root, certificate, key = authority()
    (tmp_path / "root.pem").write_bytes(root)
    (tmp_path / "server.pem").write_bytes(certificate + key)
    server = Server(lambda request: as_json(200, {"path": request.path}))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "server.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    yield server, tmp_path / "root.pem"
    server.stop()


def test_a_server_that_nobody_vouches_for_is_not_asked(tls):
    server, _ = tls
    with pytest.raises(requests.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        session().get(f"https://localhost:{server.port}/status")


def test_a_server_whose_authority_is_in_the_context_is_asked_by_its_own_name_only(tls):
    server, root = tls
    tls_context().load_verify_locations(root)
    assert session().get(f"https://localhost:{server.port}/status").json() == {"path": "/status"}
    with pytest.raises(requests.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        session().get(f"https://127.0.0.1:{server.port}/status")


def test_other_authorities_can_be_named_in_the_environment(tls, monkeypatch):
    server, root = tls
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(root))
    assert session().get(f"https://localhost:{server.port}/status").ok


def test_all_sessions_share_onetls_context():
    pools = [session().get_adapter("https://discord.com").poolmanager for _ in range(2)]
    assert {pool.connection_pool_kw["ssl_context"] for pool in pools} == {tls_context()}
