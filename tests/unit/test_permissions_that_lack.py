"""Why a member may not do something in a channel: each reason is one that, if it is removed, lets them do it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell.discord.lacks import OVERWRITE, ROLE, TIMEOUT, Lack, lacks
from watchbell.discord.permissions import ADMINISTRATOR, BITS, bits, in_channel

SERVER, ROLE_A, ROLE_B, ME, OWNER = "100", "101", "102", "200", "300"
NEEDS = ("VIEW_CHANNEL", "SEND_MESSAGES", "EMBED_LINKS")
ALL = bits(*NEEDS)
SEND = bits("SEND_MESSAGES")


def server(everyone=0, a=0, b=0):
    granted = {SERVER: everyone, ROLE_A: a, ROLE_B: b}
    return {
        "id": SERVER,
        "owner_id": OWNER,
        "roles": [{"id": id, "permissions": str(it)} for id, it in granted.items()],
    }


def member(*roles, user=ME, **more):
    return {"user": {"id": user}, "roles": list(roles), **more}


def channel(**overwrites):
    listed = [
        {"id": id[1:], "type": int(id[1:] == ME), "allow": str(allow), "deny": str(deny)}
        for id, (allow, deny) in overwrites.items()
    ]
    return {"id": "400", "type": 0, "permission_overwrites": listed}


@pytest.mark.parametrize(
    ("roles", "place", "found"),
    [
        (server(everyone=ALL), channel(), []),
        (server(everyone=ALL & ~SEND), channel(), [Lack("SEND_MESSAGES", ROLE)]),
        (server(a=ALL), channel(), []),
        (server(b=ALL), channel(), [Lack(name, ROLE) for name in NEEDS]),
        (server(everyone=ALL), channel(_100=(0, SEND)), [Lack("SEND_MESSAGES", OVERWRITE, SERVER)]),
        (server(everyone=ALL), channel(_101=(0, SEND)), [Lack("SEND_MESSAGES", OVERWRITE, ROLE_A)]),
        (server(everyone=ALL), channel(_102=(0, SEND)), []),
        (server(everyone=ALL), channel(_200=(0, SEND)), [Lack("SEND_MESSAGES", OVERWRITE, ME)]),
        (server(everyone=ALL), channel(_100=(0, SEND), _101=(SEND, 0)), []),
        (server(everyone=ALL), channel(_101=(SEND, 0), _200=(0, SEND)), [Lack("SEND_MESSAGES", OVERWRITE, ME)]),
        (server(), channel(_200=(ALL, 0)), []),
        (server(a=ADMINISTRATOR), channel(_100=(0, ALL)), []),
    ],
)
def test_what_is_missing_is_named_with_the_one_thing_to_change(roles, place, found):
    assert lacks(NEEDS, roles, member(ROLE_A), place, 0) == found


def test_the_owner_lacks_nothing_and_a_member_in_a_timeout_may_only_look():
    assert lacks(NEEDS, server(), member(user=OWNER), channel(), 0) == []
    timed_out = member(communication_disabled_until="2026-01-01T00:00:00+00:00")
    assert lacks(NEEDS, server(everyone=ALL), timed_out, channel(), 0) == [
        Lack("SEND_MESSAGES", TIMEOUT),
        Lack("EMBED_LINKS", TIMEOUT),
    ]
    assert lacks(NEEDS, server(everyone=ALL), timed_out, channel(), 2_000_000_000) == []


SOME = st.sets(st.sampled_from(NEEDS)).map(lambda names: bits(*names))
PLACES = st.dictionaries(st.sampled_from(["_100", "_101", "_102", "_200"]), st.tuples(SOME, SOME))


@given(SOME, SOME, PLACES)
def test_nothing_is_missing_exactly_if_the_member_may_do_everything(everyone, a, overwrites):
    roles, me, place = server(everyone, a), member(ROLE_A), channel(**overwrites)
    found = lacks(NEEDS, roles, me, place, 0)
    assert (found == []) == (in_channel(roles, me, place, 0) & ALL == ALL)


@given(SOME, SOME, PLACES)
def test_who_removes_each_reason_has_removed_all(everyone, a, overwrites):
    roles, me, place = server(everyone, a), member(ROLE_A), channel(**overwrites)
    for lack in lacks(NEEDS, roles, me, place, 0):
        bit = BITS[lack.name]
        if lack.reason == ROLE:
            roles["roles"][1]["permissions"] = str(int(roles["roles"][1]["permissions"]) | bit)
        else:
            (overwrite,) = [each for each in place["permission_overwrites"] if each["id"] == lack.target]
            overwrite["allow"], overwrite["deny"] = (
                str(int(overwrite["allow"]) | bit),
                str(int(overwrite["deny"]) & ~bit),
            )
    assert lacks(NEEDS, roles, me, place, 0) == []
