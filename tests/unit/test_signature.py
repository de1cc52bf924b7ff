"""Only a request that Discord has just signed is accepted."""

import pytest

from tests.discord_side import KEY, OTHER_KEY, PUBLIC_KEY, signed
from watchbell.discord.signature import _opens, public_keys, refusal

NOW = 1_795_334_400
BODY = b'{"type":1}'
KEYS = public_keys(PUBLIC_KEY)

# RFC 8032, section 7.1: public key, message, signature.
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


def authentic(body=BODY, *, now=NOW, window=300, keys=KEYS, **headers):
    return not why(body, now=now, window=window, keys=keys, **headers)


def why(body=BODY, *, now=NOW, window=300, keys=KEYS, **headers):
    given = {**signed(BODY, at=NOW), **headers}
    return refusal(keys, given["x-signature-ed25519"], given["x-signature-timestamp"], body, now, window)


@pytest.mark.parametrize(("key", "message", "signature"), RFC_8032)
def test_the_vectors_of_rfc_8032_verify(key, message, signature):
    assert _opens(bytes.fromhex(signature + message), bytes.fromhex(key))


@pytest.mark.parametrize(("key", "message", "signature"), RFC_8032)
def test_the_vectors_of_rfc_8032_with_another_message_do_not(key, message, signature):
    assert not _opens(bytes.fromhex(signature + message + "00"), bytes.fromhex(key))


def test_what_discord_signed_is_authentic():
    assert authentic()


def test_every_single_bit_matters():
    good = signed(BODY, at=NOW)
    signature = bytes.fromhex(good["x-signature-ed25519"])
    for part, original in (("signature", signature), ("body", BODY), ("key", KEYS[0])):
        for bit in range(len(original) * 8):
            changed = bytearray(original)
            changed[bit // 8] ^= 1 << bit % 8
            given = {"signature": signature, "body": BODY, "key": KEYS[0], part: bytes(changed)}
            stamp = good["x-signature-timestamp"]
            assert refusal((given["key"],), given["signature"].hex(), stamp, given["body"], NOW, 300), (
                part,
                bit,
            )


def test_another_timestamp_does_not_fit_the_signature():
    assert not authentic(**{"x-signature-timestamp": str(NOW + 1)})


def test_any_of_several_keys_may_have_signed():
    other = OTHER_KEY.verify_key.encode()
    assert authentic(keys=(other, KEYS[0]))
    assert not authentic(keys=(other,))
    assert not authentic(keys=())


@pytest.mark.parametrize("age", [0, 299, 300, -300])
def test_a_fresh_timestamp_passes(age):
    assert authentic(now=NOW + age)


@pytest.mark.parametrize("age", [301, -301, 86_400])
def test_a_stale_or_future_timestamp_does_not(age):
    assert not authentic(now=NOW + age)


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "0" * 127,
        "0" * 129,
        "g" * 128,
        "0" * 128,
        "é" * 128,
        " " * 128,
        "00 " * 42 + "00",
        "0x" + "0" * 126,
        "٣" * 128,
        "\ud800" * 128,
    ],
)
def test_a_malformed_signature_is_not_authentic(signature):
    assert not authentic(**{"x-signature-ed25519": signature})


@pytest.mark.parametrize(
    "stamp", [None, "", "now", "-1", "1e9", "1_795_334_400", f" {NOW}", f"{NOW}.0", "٣", "9" * 400]
)
def test_a_malformed_timestamp_is_not_authentic(stamp):
    assert not authentic(**{"x-signature-timestamp": stamp})


def test_a_doubled_header_is_not_authentic():
    good = KEY.sign(str(NOW).encode() + BODY).signature.hex()
    assert not authentic(**{"x-signature-ed25519": f"{good},{good}"})
    assert not authentic(**{"x-signature-timestamp": f"{NOW},{NOW}"})


def test_keys_are_read_with_commas_and_spaces():
    assert public_keys(f" {PUBLIC_KEY},\n{'00' * 32} ") == (KEYS[0], bytes(32))
    assert public_keys("") == ()


@pytest.mark.parametrize("text", ["abc", "zz" * 32, "00" * 31, "00" * 33])
def test_a_wrong_key_is_named(text):
    with pytest.raises(ValueError, match="64 hex digits"):
        public_keys(text)


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("", {}),
        ("missing_header", {"x-signature-ed25519": None}),
        ("missing_header", {"x-signature-timestamp": None}),
        ("malformed_header", {"x-signature-ed25519": "g" * 128}),
        ("malformed_header", {"x-signature-timestamp": "yesterday"}),
        ("stale", {"now": NOW + 301}),
        ("empty_body", {"body": b""}),
        ("wrong_key", {"body": BODY + b" "}),
        ("wrong_key", {"keys": (OTHER_KEY.verify_key.encode(),)}),
    ],
)
def test_a_refusal_has_the_code_of_its_reason(reason, changes):
    assert why(**changes) == reason
