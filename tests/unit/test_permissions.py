"""A member may do in a channel what Discord's roles, overwrites and implied denials leave. Source: docs/permissions."""

import pytest

from watchbell.discord.permissions import ALL, BITS, bits, in_channel, in_server, is_timed_out, names_of

NOW = 1_800_000_000.0  # 2027-01-15 08:00 UTC
SERVER, OWNER, ADA, STAFF, MUTED, OTHER = "1", "2", "3", "4", "5", "6"
VIEW, SEND, FILES = "VIEW_CHANNEL", "SEND_MESSAGES", "ATTACH_FILES"


def server(everyone="", staff="", muted=""):
    given = {SERVER: everyone, STAFF: staff, MUTED: muted, OTHER: "ADMINISTRATOR"}
    roles = [{"id": id, "permissions": str(bits(*names.split()))} for id, names in given.items()]
    return {"id": SERVER, "owner_id": OWNER, "roles": roles}


def member(*roles, id=ADA, until=None):
    return {"user": {"id": id}, "roles": list(roles), "communication_disabled_until": until}


def channel(*overwrites, type=0):
    return {"type": type, "permission_overwrites": list(overwrites)}


def overwrite(id, allow="", deny=""):
    kind = int(id == ADA)
    return {"id": id, "type": kind, "allow": str(bits(*allow.split())), "deny": str(bits(*deny.split()))}


def allowed(there, place, who, **more):
    return set(names_of(in_channel(there, who, place, NOW, **more)))


def test_all_bits_together_are_what_discord_documents():
    assert ALL == 8866461766385663
    assert names_of(ALL) == list(BITS)
    assert names_of(1 << 47 | 1024) == [VIEW]


def test_roles_add_up_and_nobody_else_s_count():
    assert in_server(server(VIEW, SEND), member()) == bits(VIEW)
    assert in_server(server(VIEW, SEND), member(STAFF)) == bits(VIEW, SEND)
    assert in_server(server(VIEW, SEND), member("77")) == bits(VIEW)


def test_the_owner_and_administrators_may_do_everything_whatever_a_channel_or_a_timeout_denies():
    nothing = channel(overwrite(SERVER, deny=VIEW), overwrite(ADA, deny=VIEW))
    assert in_channel(server(), member(id=OWNER), nothing, NOW) == ALL
    assert in_channel(server(), member(OTHER, until="2030-01-01T00:00:00+00:00"), nothing, NOW) == ALL


@pytest.mark.parametrize(
    ("overwrites", "sees"),
    [
        ([], True),
        ([overwrite(SERVER, deny=VIEW)], False),
        ([overwrite(SERVER, deny=VIEW), overwrite(STAFF, allow=VIEW)], True),
        ([overwrite(STAFF, deny=VIEW)], False),
        ([overwrite(SERVER, allow=VIEW), overwrite(STAFF, deny=VIEW)], False),
        # What one role allows wins over what another denies, in any order.
        ([overwrite(STAFF, deny=VIEW), overwrite(MUTED, allow=VIEW)], True),
        ([overwrite(MUTED, allow=VIEW), overwrite(STAFF, deny=VIEW)], True),
        ([overwrite(ADA, deny=VIEW), overwrite(STAFF, allow=VIEW)], False),
        ([overwrite(SERVER, deny=VIEW), overwrite(STAFF, deny=VIEW), overwrite(ADA, allow=VIEW)], True),
        ([overwrite(OTHER, deny=VIEW)], True),
        ([overwrite(ADA, allow=VIEW, deny=VIEW)], True),
    ],
)
def test_overwrites_apply_everyone_first_then_all_roles_together_then_the_member(overwrites, sees):
    ada = member(STAFF, MUTED)
    assert allowed(server(VIEW), channel(*overwrites), ada) == ({VIEW} if sees else set())
    assert allowed(server(VIEW), channel(*reversed(overwrites)), ada) == ({VIEW} if sees else set())


def test_an_overwrite_may_leave_out_what_it_allows_or_denies():
    assert allowed(server(VIEW), channel({"id": SERVER, "type": 0}), member()) == {VIEW}
    assert allowed(server(VIEW), channel({"id": SERVER, "type": 0, "allow": None, "deny": "1024"}), member()) == set()
    assert allowed(server(VIEW), {"type": 4, "permission_overwrites": None}, member()) == {VIEW}


def test_who_cannot_see_a_channel_may_do_nothing_there():
    assert allowed(server(f"{SEND} {FILES} MANAGE_CHANNELS"), channel(), member()) == set()


def test_who_cannot_send_cannot_send_files_embeds_or_mentions_either():
    rest = f"{VIEW} {FILES} EMBED_LINKS MENTION_EVERYONE SEND_TTS_MESSAGES ADD_REACTIONS"
    assert allowed(server(rest), channel(), member()) == {VIEW, "ADD_REACTIONS"}


def test_a_thread_asks_for_its_own_permission_to_post():
    posts, threads = server(f"{VIEW} {SEND} {FILES}"), server(f"{VIEW} SEND_MESSAGES_IN_THREADS {FILES}")
    assert allowed(posts, channel(), member(), thread=True) == {VIEW}
    assert allowed(threads, channel(), member(), thread=True) == {VIEW, SEND, FILES, "SEND_MESSAGES_IN_THREADS"}
    assert allowed(threads, channel(), member()) == {VIEW, "SEND_MESSAGES_IN_THREADS"}


@pytest.mark.parametrize(("type", "may"), [(0, {VIEW, SEND}), (2, {VIEW}), (13, {VIEW})])
def test_nothing_works_in_a_voice_channel_that_one_cannot_join(type, may):
    assert allowed(server(f"{VIEW} {SEND}"), channel(type=type), member()) == may


@pytest.mark.parametrize(
    ("until", "timed_out"),
    [
        (None, False),
        (7, False),
        ("2027-01-15T07:59:59.999000+00:00", False),
        ("2027-01-15T08:00:01+00:00", True),
        ("2027-02-01T00:00:00+00:00", True),
    ],
)
def test_a_timeout_leaves_reading_until_it_is_over(until, timed_out):
    ada = member(until=until)
    assert is_timed_out(ada, NOW) == timed_out
    may = allowed(server(f"{VIEW} {SEND} READ_MESSAGE_HISTORY"), channel(overwrite(ADA, allow=FILES)), ada)
    assert may == ({VIEW, "READ_MESSAGE_HISTORY"} if timed_out else {VIEW, SEND, FILES, "READ_MESSAGE_HISTORY"})
