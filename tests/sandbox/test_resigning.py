"""A request that was signed on real time is signed again on the sandbox's clock."""

from __future__ import annotations

import pytest
from nacl.signing import SigningKey, VerifyKey

from sandbox.clock import Clock
from sandbox.loopback import Request
from sandbox.resigning import Resigner

KEY = SigningKey.generate()


def request(key: SigningKey = KEY, stamp: str = "1700000000", **changed: str) -> Request:
    signature = key.sign(stamp.encode() + b"{}").signature.hex()
    headers = {"X-Signature-Ed25519": signature, "X-Signature-Timestamp": stamp, "Accept": "*/*", **changed}
    return Request("POST", "/interactions", list(headers.items()), b"{}")


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.advance(3600)
    return clock


@pytest.fixture
def resigner(clock: Clock) -> Resigner:
    return Resigner([SigningKey.generate().verify_key.encode().hex(), KEY.verify_key.encode().hex()], clock)


def test_the_timestamp_moves_with_the_clock_and_the_new_signature_is_valid(resigner: Resigner) -> None:
    signed = resigner(request())
    headers = dict(signed.headers)
    assert headers.keys() == {"Accept", "x-signature-ed25519", "x-signature-timestamp"}
    assert headers["x-signature-timestamp"] == "1700003600"
    key = VerifyKey(bytes.fromhex(resigner.public_key))
    key.verify(b"1700003600{}", bytes.fromhex(headers["x-signature-ed25519"]))
    assert signed.body == b"{}"


@pytest.mark.parametrize(
    "asked",
    [
        request(SigningKey.generate()),
        request(stamp="now"),
        request(stamp="1" * 13),
        request(**{"X-Signature-Ed25519": "zz"}),
        request(**{"X-Signature-Timestamp": "1700000001"}),
        Request("POST", "/interactions", [], b"{}"),
    ],
)
def test_a_request_that_nobody_known_signed_stays_as_it_is(resigner: Resigner, asked: Request) -> None:
    assert resigner(asked) is asked


def test_nothing_is_signed_again_before_the_clock_is_turned() -> None:
    resigner = Resigner([KEY.verify_key.encode().hex()], Clock())
    asked = request()
    assert resigner(asked) is asked
