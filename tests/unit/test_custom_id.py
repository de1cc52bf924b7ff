"""A custom id returns its exact contents, only to the person it was made for, and only until it expires.

Every other custom id is refused.
"""

import base64
import hmac
import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell.discord import custom_id
from watchbell.discord.custom_id import Address, BadSeal, parse, seal, verify
from watchbell.discord.interaction import Interaction
from watchbell.discord.seals import EXPIRED, FOR_ANOTHER, Seals, parse_keys
from watchbell.errors import UserError

NOW = 1_795_334_400.0
KEYS = {"1": b"a" * 32, "2": b"b" * 32}
ADA, BOB, GUILD = "80351110224678912", "80351110224678913", "197038439483310086"


def accepted(text, *, now=NOW, keys=KEYS, user=ADA, guild=GUILD):
    try:
        verify(text, keys, now, user, guild)
    except BadSeal:
        return False
    return True


@given(st.lists(st.text(max_size=5), max_size=4))
def test_values_survive_the_round_trip(values):
    address = Address("status", "view", tuple(values))
    if len(str(address)) <= custom_id.ROOM:
        text = seal(address, "1", KEYS["1"], NOW, "")
        assert len(text) <= 100
        assert accepted(text)
        assert (parse(text).feature, parse(text).handler, parse(text).values) == ("status", "view", tuple(values))


def test_it_is_sealed_with_96_bits_of_hmac_sha256_in_base64_for_urls():
    for number in range(50):  # enough for each character to occur
        text = seal(Address("status", "view", (str(number),)), "1", KEYS["1"], NOW, "")
        mac = hmac.digest(KEYS["1"], f"{text[:-16]}\0".encode(), "sha256")
        assert text[-16:] == base64.urlsafe_b64encode(mac[:12]).decode()


def test_a_custom_id_of_100_characters_fits_and_one_more_does_not():
    assert len(seal(Address("status", "view", ("x" * 64,)), "1", KEYS["1"], NOW, "")) == 100
    with pytest.raises(ValueError, match="room for 76"):
        seal(Address("status", "view", ("x" * 65,)), "1", KEYS["1"], NOW, "")


@given(st.text())
def test_anything_can_be_parsed_and_nothing_made_up_is_accepted(text):
    address = parse(text)
    assert all(isinstance(part, str) for part in (address.feature, address.handler, address.stash, *address.values))
    assert not accepted(text)


def test_it_expires_within_a_minute_after_its_time_and_not_before():
    text = seal(Address("a", "b", seconds=3600), "1", KEYS["1"], NOW, "")
    assert accepted(text, now=NOW + 3600)
    assert not accepted(text, now=NOW + 3661)
    assert accepted(seal(Address("a", "b", seconds=None), "1", KEYS["1"], NOW, ""), now=NOW + 10**9)


def test_two_keys_are_accepted_and_one_that_was_dropped_is_not():
    old = seal(Address("a", "b"), "1", KEYS["1"], NOW, "")
    new = seal(Address("a", "b"), "2", KEYS["2"], NOW, "")
    assert accepted(old)
    assert accepted(new)
    assert not accepted(old, keys={"2": KEYS["2"]})
    assert not accepted(old, keys={"1": KEYS["2"]})


@pytest.mark.parametrize(("bound", "to"), [("u", ADA), ("g", GUILD)])
def test_what_is_bound_to_one_is_of_no_use_to_another(bound, to):
    text = seal(Address("a", "b", bound=bound), "1", KEYS["1"], NOW, to)
    assert accepted(text)
    assert not accepted(text, user=BOB, guild="1")
    freed = text.replace(f"~1{bound}", "~10")
    assert not accepted(freed)


def test_of_a_hundred_thousand_forgeries_none_is_accepted_and_of_twenty_thousand_genuine_ones_all_are():
    chance = random.Random(1)
    alphabet = string.ascii_letters + string.digits + "-_:~%*"
    for _ in range(20_000):
        values = tuple("".join(chance.choices(alphabet, k=chance.randint(0, 9))) for _ in range(chance.randint(0, 3)))
        bound = chance.choice("0ug")
        to = {"0": "", "u": ADA, "g": GUILD}[bound]
        key_id = chance.choice("12")
        address = Address("feature", "handler", values, seconds=chance.choice([None, 60, 86_400]), bound=bound)
        text = seal(address, key_id, KEYS[key_id], NOW, to)
        assert accepted(text)
        place = chance.randrange(len(text))
        changed = text[:place] + chance.choice(alphabet.replace(text[place], "")) + text[place + 1 :]
        cut = text[: -chance.randint(1, len(text) - 1)]
        swapped = text[:-16] + text[-15:] + text[-16]
        forged = seal(address, key_id, b"another key, made up by somebody", NOW, to)
        assert not accepted(changed), (text, changed)
        assert not accepted(cut)
        assert swapped == text or not accepted(swapped)
        assert not accepted(forged)
        assert bound == "0" or not accepted(text, user=BOB, guild="2")


# Sealing custom ids that are sent, and checking those that come back


class Table:
    def __init__(self):
        self.kept = {}

    def put(self, values, seconds):
        self.kept["key-0123456789"] = values
        return "key-0123456789"


def interaction(text, user=ADA):
    raw = {"type": 3, "id": "1", "application_id": "2", "token": "t", "data": {"custom_id": text}}
    return Interaction({**raw, "guild_id": GUILD, "member": {"user": {"id": user}}})


def seals(keys="1:" + "ab" * 32, stash=None, now=NOW):
    return Seals(lambda fresh: keys, lambda: now, stash)


def test_every_address_in_a_payload_is_sealed_wherever_it_is():
    payload = {"components": [{"components": [{"custom_id": Address("a", "b")}, {"label": "x"}]}], "content": "c"}
    made = seals().seal(payload)
    text = made["components"][0]["components"][0]["custom_id"]
    seals().check(interaction(text))
    assert made["components"][0]["components"][1] == {"label": "x"}
    assert made["content"] == "c"


def test_a_bound_address_is_sealed_for_who_asked():
    text = seals().seal(Address("a", "b", bound="u"), interaction("", ADA))
    seals().check(interaction(text, ADA))
    with pytest.raises(UserError, match=FOR_ANOTHER):
        seals().check(interaction(text, BOB))
    with pytest.raises(ValueError, match="there is no interaction to bind it to"):
        seals().seal(Address("a", "b", bound="u"))


def test_large_state_goes_to_the_table_by_itself():
    table = Table()
    values = ("x" * 50, "y" * 50)
    text = seals(stash=table).seal(Address("a", "b", values, seconds=60))
    seals().check(interaction(text))
    assert parse(text).stash == "key-0123456789"
    assert table.kept == {"key-0123456789": list(values)}


@pytest.mark.parametrize(("stash", "seconds"), [(None, 60), (Table(), None)])
def test_large_state_without_a_table_or_an_end_is_a_mistake_of_the_author(stash, seconds):
    with pytest.raises(ValueError, match="defer the handler and let the button expire"):
        seals(stash=stash).seal(Address("a", "b", ("x" * 99,), seconds=seconds))


def test_an_expired_one_is_told_so():
    text = seals(now=NOW - 999).seal(Address("a", "b", seconds=60))
    with pytest.raises(UserError, match=EXPIRED):
        seals().check(interaction(text))


def test_a_key_that_was_added_since_is_read_at_once():
    new = f"2:{'cd' * 32}"
    asked = []
    sealing = Seals(
        lambda fresh: asked.append(fresh) or (f"{new},1:{'ab' * 32}" if fresh else f"1:{'ab' * 32}"), lambda: NOW, None
    )
    sealing.check(interaction(seals(new).seal(Address("a", "b"))))
    assert asked == [False, True]


@pytest.mark.parametrize("text", ["", "1", "1:zz", f"12:{'ab' * 32}", "1:abab", f":{'ab' * 32}"])
def test_keys_that_are_written_otherwise_are_refused(text):
    with pytest.raises(ValueError, match=r"written|hexadecimal"):
        parse_keys(text)
