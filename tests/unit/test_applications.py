"""What becomes of an application, decided purely."""

import itertools

import pytest

from watchbell.applications import configuration, figures, labels, marker, obstacles, pages, reconcile, transcript
from watchbell.applications.application import (
    ACCEPT,
    CLOSE,
    DECLINE,
    FAILED,
    FIELDS,
    LOST,
    OPENED,
    STATUSES,
    WITHDRAW,
    Application,
    NotNow,
    begun,
    decide,
    is_done,
    read,
)
from watchbell.applications.configuration import Configuration
from watchbell.applications.obstacles import Obstacle, Place, found, refused
from watchbell.discord import check, ids
from watchbell.discord.text import with_links
from watchbell.tools.applications import APPLICATIONS

ALLOWED = {
    OPENED: {"pending": "open", "open": "open"},
    FAILED: {"pending": "pending"},
    ACCEPT: {"open": "accepted"},
    DECLINE: {"open": "declined"},
    CLOSE: dict.fromkeys(("pending", "open", "accepted", "declined"), "closed"),
    WITHDRAW: dict.fromkeys(("pending", "open", "accepted", "declined"), "withdrawn"),
    LOST: dict.fromkeys(("open", "accepted", "declined"), "closed"),
}
NOW = 1_795_334_400
OLD, YOUNG = ids.first_at(NOW - 3600), ids.first_at(NOW - 60)


@pytest.mark.parametrize(("what", "status"), list(itertools.product(ALLOWED, (*STATUSES, ""))))
def test_what_may_be_done_in_which_state(what, status):
    before = Application("c", "7", status=status, channel="9") if status else None
    if status in ALLOWED[what]:
        after, effects = decide(before, what, by="1", now=NOW)
        assert (after.status, after.by, after.changed) == (ALLOWED[what][status], "1", NOW)
        assert is_done(after, what, "1")
        assert not is_done(after, what, "2")
        assert ("finish" in effects) == (what in (CLOSE, WITHDRAW))
    else:
        with pytest.raises(NotNow) as error:
            decide(before, what, now=NOW)
        assert error.value.status == status


def test_an_application_without_a_channel_has_nothing_to_lock_or_to_say():
    assert decide(Application("c", "7"), CLOSE, now=NOW)[1] == ()


def test_an_application_survives_the_table():
    there = Application("c", "7", "ada", "open", "9", "8", (("Why?", "So."),), by="", number=2, version="v")
    assert read({**there.item}) == there
    assert read(None) is None
    assert set(FIELDS) == set(APPLICATIONS.fields)


def test_a_new_application_replaces_one_that_is_over_and_goes_on_with_a_pending_one():
    first = begun(None, "c", "7", "ada", (("Why?", "So."),), NOW)
    assert (first.number, first.status, first.version) == (1, "pending", "")
    over = Application("c", "7", status="closed", number=1, version="v", note="no", channel="9")
    again = begun(over, "c", "7", "ada", (), NOW)
    assert (again.number, again.version, again.note, again.channel) == (2, "v", "", "")
    assert begun(first, "c", "7", "", (), NOW + 9) == first


def test_configurations_survive_the_table_and_are_found_by_id_or_label():
    there = {"1": Configuration("1", "Apply", questions=("Why?",)), "2": Configuration("2", "Gone", state="removed")}
    assert configuration.read(configuration.written(there)) == there
    assert configuration.read(None) == {}
    assert configuration.named(there, " apply ") == configuration.named(there, "1") == there["1"]
    assert configuration.named(there, "Gone") is None
    assert there["1"].missing == ("channel", "category", "role", "staff_channel")


VIEW = str(1 << 10)
HIDDEN = [{"id": "5", "type": 0, "deny": VIEW}, *({"id": id, "type": 1, "allow": VIEW} for id in ("6", "7", "1"))]
"""Seen by the staff (6), the person (7) and the bot (1), and by nobody else in the server (5)."""


def channel(id, topic="", parent=None, kind=0, overwrites=HIDDEN):
    shown = {"id": id, "type": kind, "topic": topic, "parent_id": parent}
    return {**shown, "permission_overwrites": overwrites}


@pytest.mark.parametrize(
    "topic",
    ["", None, "watchbell-application/0123abcd", "watchbell-application/xyz/7", "watchbell-application/0123abcd/7x"],
)
def test_a_topic_without_the_whole_marker_is_no_marker(topic):
    assert marker.find([channel("9", topic)], "5") == []


def test_the_marker_survives_a_long_topic_and_only_text_channels_have_one():
    topic = marker.topic("x" * 2000, "0123abcd", "7")
    assert len(topic) <= 1024
    (found,) = marker.find([channel("9", topic), channel("10", topic, kind=2)], "5")
    assert found == ("9", "0123abcd", "7", False, {"1", "6", "7"})
    over = channel("10", marker.topic("", "0123abcd", "7", over=True))
    assert found_of(over) == ""
    assert found_of(over, channel("9", topic)) == "9"


def found_of(*channels, **more):
    return marker.of(list(channels), "0123abcd", "7", guild="5", team={"6", "1"}, **more)


@pytest.mark.parametrize(
    ("overwrites", "expected"),
    [
        (HIDDEN, "9"),
        ([*HIDDEN, {"id": "8", "type": 1, "deny": VIEW}], "9"),
        ([*HIDDEN, {"id": "8", "type": 1, "allow": VIEW}], ""),
        (HIDDEN[1:], ""),
        ([{"id": "5", "type": 0, "allow": VIEW}, *HIDDEN[1:]], ""),
        ([each for each in HIDDEN if each["id"] != "7"], ""),
        ([], ""),
        (None, ""),
    ],
)
def test_a_channel_is_of_a_person_if_they_see_it_and_only_the_team_besides(overwrites, expected):
    assert found_of(channel("9", marker.topic("", "0123abcd", "7"), overwrites=overwrites)) == expected


ME = {"user": {"id": "1"}, "roles": []}
SERVER = {
    "id": "5",
    "owner_id": "0",
    "roles": [{"id": "5", "permissions": str(2**40)}, {"id": "6", "permissions": "0"}],
}
APPLY = Configuration("0123abcd", "Apply", category="9", role="6")


@pytest.mark.parametrize(
    ("channels", "member", "role", "expected"),
    [
        ([], True, "6", "category_gone"),
        ([channel("9", kind=4)], False, "6", "person_left"),
        ([channel("9", kind=4)], True, "4", "role_gone"),
        ([channel("9", kind=4)], True, "6", "missing_permission"),
    ],
)
def test_an_obstacle_is_found_before_anything_is_tried(channels, member, role, expected):
    wanted = Configuration("0123abcd", "Apply", category="9", role=role)
    obstacle = found(wanted, Place(SERVER, ME, channels, member), NOW)
    assert isinstance(obstacle, Obstacle)
    assert obstacle.code == expected
    assert bool(obstacle.lacks) == (expected == "missing_permission")


@pytest.mark.parametrize(
    ("inside", "elsewhere", "expected"), [(50, 0, "category_full"), (49, 0, None), (0, 499, "server_full")]
)
def test_a_full_category_and_a_full_server_are_counted(inside, elsewhere, expected):
    owned = {**SERVER, "owner_id": "1"}
    channels = [channel("9", kind=4), *(channel(str(n + 10), parent="9") for n in range(inside))]
    channels += [channel(str(n + 1000)) for n in range(elsewhere)]
    obstacle = found(APPLY, Place(owned, ME, channels, True), NOW)
    assert (obstacle and obstacle.code) == expected


def parent(code):
    return {"parent_id": {"_errors": [{"code": code, "message": "no"}]}}


@pytest.mark.parametrize(
    ("code", "errors", "expected"),
    [
        (50035, parent("CHANNEL_PARENT_MAX_CHANNELS"), "category_full"),
        (50035, parent("CHANNEL_PARENT_INVALID"), "category_gone"),
        (50035, parent("SOMETHING"), ""),
        *((50035, odd, "") for odd in (None, [], {"parent_id": []}, {"parent_id": {"_errors": [7, None]}}, "x")),
        (30013, None, "server_full"),
        (50013, None, "missing_permission"),
        (10009, None, "role_gone"),
        (0, None, ""),
    ],
)
def test_discords_codes_tell_of_obstacles(code, errors, expected):
    assert refused(code, errors) == expected
    assert expected in ("", *obstacles.CODES.values(), "category_full", "category_gone")


ROOM = marker.topic("x", "0123abcd", "7")


def repairs(application, *channels, state="active"):
    known = {"0123abcd": Configuration("0123abcd", "Apply", role="6", state=state)} if state else {}
    stored = [application] if application else []
    found = reconcile.decide(known, stored, list(channels), NOW, guild="5", me="1")
    return [(each.what, each.channel, each.double) for each in found]


def an(status, room, **more):
    return Application("0123abcd", "7", status=status, channel=room, **more)


@pytest.mark.parametrize(
    ("application", "channels", "expected"),
    [
        (None, [channel(OLD, ROOM)], [("adopt", OLD, False)]),
        (None, [channel(YOUNG, ROOM)], []),
        (an("pending", ""), [channel(OLD, ROOM)], [("adopt", OLD, False)]),
        (an("open", OLD), [channel(OLD, ROOM)], []),
        (an("open", "44"), [channel(OLD, ROOM)], [("lost", "44", False), ("adopt", OLD, False)]),
        (an("open", "44"), [channel("44", "changed by hand"), channel(OLD, ROOM)], [("remove", OLD, True)]),
        (an("open", "44"), [], [("lost", "44", False)]),
        (None, [channel(OLD, ROOM, overwrites=[])], [("leave", OLD, False)]),
        (an("open", "44"), [channel("44"), channel(OLD, ROOM, overwrites=[])], [("leave", OLD, False)]),
        (an("open", OLD), [channel(OLD, ROOM, overwrites=[])], []),
        (None, [channel(OLD, ROOM, overwrites=[HIDDEN[0]])], [("remove", OLD, False)]),
        (an("closed", OLD), [channel(OLD, ROOM)], [("finish", OLD, False)]),
        (an("closed", OLD, finished=True), [channel(OLD, ROOM)], []),
        (None, [channel(OLD, marker.topic("", "0123abcd", "7", over=True))], []),
        (
            an("closed", "44", finished=True),
            [channel("44", marker.topic("", "0123abcd", "7", over=True)), channel(OLD, ROOM)],
            [("adopt", OLD, False)],
        ),
        (
            None,
            [channel(OLD, ROOM), channel(str(int(OLD) + 1), ROOM)],
            [("adopt", OLD, False), ("remove", str(int(OLD) + 1), True)],
        ),
    ],
)
def test_what_does_not_fit_together_is_put_right(application, channels, expected):
    assert repairs(application, *channels) == expected


@pytest.mark.parametrize(
    ("status", "changed", "expected"),
    [
        ("closed", NOW, "finish"),
        ("withdrawn", NOW, "finish"),
        ("closed", NOW - 7200, "adopt"),
        ("pending", NOW, "adopt"),
    ],
)
def test_a_channel_of_an_application_that_was_over_later_is_not_adopted(status, changed, expected):
    assert repairs(an(status, "", changed=changed), channel(OLD, ROOM)) == [(expected, OLD, False)]


@pytest.mark.parametrize(
    ("number", "applied", "expected"),
    [(2, NOW, ("finish", OLD, False)), (1, NOW, ("remove", OLD, True)), (2, NOW - 7200, ("remove", OLD, True))],
)
def test_a_channel_of_an_earlier_application_is_no_double(number, applied, expected):
    there = an("open", "44", number=number, applied=applied)
    assert repairs(there, channel("44"), channel(OLD, ROOM)) == [expected]


def test_a_channel_that_was_made_before_is_not_that_of_a_new_application():
    made = ids.made_at(OLD)
    found = [found_of(channel(OLD, ROOM), since=made + late) for late in (-1, 0, 1)]
    assert found == [OLD, OLD, ""]


def test_a_channel_of_no_configuration_is_removed_and_left_if_its_staff_are_unknown():
    assert repairs(None, channel(OLD, ROOM), state="removed") == [("remove", OLD, False)]
    assert repairs(None, channel(OLD, ROOM), state="") == [("leave", OLD, False)]


def row(action="apply", outcome="created", reason="", acknowledged=10, worked=100, user="7"):
    times = {"acknowledged": acknowledged, "worked": worked}
    return {"action": action, "outcome": outcome, "reason": reason, "config": "c", "user": user, **times}


def test_the_figures_of_a_trail():
    rows = [row(worked=100), row(worked=300, acknowledged=30), row(outcome="busy"), row(outcome="refused")]
    rows += [row(outcome="failed", reason="server_full", user="8"), row("withdraw", "done")]
    rows += [row("repair_remove", "duplicate"), row(outcome="failed", reason="server_full")]
    found = figures.added_up(rows)
    assert (found.presses, found.acknowledged, found.worked, found.withdrawn, found.duplicates) == (6, 10, 200, 1, 1)
    assert (found.people, found.made, found.waiting, found.reasons["server_full"]) == (2, 2, 1, 2)
    assert found.success == (2, 3)
    assert figures.added_up([]) == figures.Figures()
    assert figures.added_up([]).success == (0, 0)


@pytest.mark.parametrize(
    "more",
    [
        {"message_snapshots": [{"message": {"content": "these\nwords"}}]},
        {"message_snapshots": [{"message": {"attachments": [{"filename": "these"}], "embeds": [{"title": "words"}]}}]},
        {"poll": {"question": {"text": "these"}, "answers": [{"answer_id": 1, "poll_media": {"text": "words"}}]}},
        {"embeds": [{"fields": [{"name": "these", "value": "words", "inline": False}]}]},
        {"embeds": [{"author": {"name": "these"}, "image": {"url": "words"}}]},
        {"sticker_items": [{"id": "1", "name": "these"}, {"id": "2", "name": "words"}]},
        {"components": [{"type": 17, "components": [{"type": 10, "content": "these\nwords"}]}]},
    ],
)
def test_a_transcript_has_the_texts_of_all_parts_of_a_message(more):
    message = {"id": "1", "author": {"id": "2", "username": "x"}, "content": "", "type": 0, **more}
    assert "> these\n> words\n" in transcript.written(an("closed", "9"), "x", [message]).decode()
    assert transcript.tells_all_of([message])


def test_a_part_of_a_message_that_is_not_known_is_missing_in_a_transcript():
    assert transcript.tells_all_of([{"id": "1", "content": "x", "thread": None, "new": []}])
    assert not transcript.tells_all_of([{"id": "1", "content": "x"}, {"id": "2", "thread": {"id": "2"}}])


@pytest.mark.parametrize("part", [None, "x", 7, [[["x"]]], {"text": {"text": 7}}, [None]])
def test_a_part_of_a_strange_shape_does_no_harm(part):
    assert transcript.written(an("closed", "9"), "x", [{"embeds": part, "poll": part}])


def test_a_transcript_quotes_everything_that_was_said():
    application = an("closed", "9", answers=(("Why?", "So.\nReally."),))
    said = {"author": {"id": "7", "username": "ada"}, "timestamp": "2026-11-22T08:00:00+00:00", "content": "a\n# b"}
    text = transcript.written(application, "ada-app", [said, {"attachments": [{"filename": "x", "url": "u"}]}]).decode()
    assert "- Why?: So. Really.\n" in text
    assert "**ada** (7), 2026-11-22 08:00:00 UTC\n\n> a\n> # b\n" in text
    assert "> [x](u)" in text


def test_a_transcript_names_the_people_whom_it_knows():
    sam = {"id": "8", "username": "sam", "global_name": "Sam\nS."}
    said = {"author": {"id": "9", "username": "bot"}, "content": "<@7>, <@!8>, <@99>, <@&8>", "mentions": [sam]}
    text = transcript.written(an("closed", "9", name="ada", by="8"), "ada-app", [said]).decode()
    assert "- user: ada (7)\n- status: closed\n- by: @Sam S.\n" in text
    assert "> @ada, @Sam S., <@99>, <@&8>\n" in text


QUESTIONS = tuple(f"Question {number}?" for number in range(5))
ANSWERS = {
    "words": "word " * 200,
    "one word": "w" * 1000,
    "lines": "- (a)\n" * 166,
    "signs": "*" * 1000,
    "code": "`" * 1000,
    "links": "https://vera.example/cv?x=1_2_3 " * 31,
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
@pytest.mark.parametrize("count", [1, 5])
def test_no_character_of_an_answer_is_lost(answer, count):
    answers = tuple((question, answer) for question in QUESTIONS[:count])
    reply = pages.welcome(an("open", "9", answers=answers), Configuration("0123abcd", "B" * 80, role="6"), [], [])
    check.require("message", reply.message(), reply.uploads(), whose="welcome")
    (embed,) = reply.embeds
    shown = "".join(field["value"] for field in embed.fields)
    shown = "".join(shown.replace("```", "").replace("ˋ", "`").replace("\\", "").split())
    assert shown == "".join((answer * count).split())
    assert [field["name"] for field in embed.fields if field["name"] != "…"] == list(QUESTIONS[:count])


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("See https://vera.example/cv?x=1_2_3 *now*", "See https://vera.example/cv?x=1_2_3 \\*now\\*"),
        ("(https://a.example/~ada)", "\\(https://a.example/~ada)"),
        ("[bank](https://bad.example)", "\\[bank\\]\\(https://bad.example)"),
        ("https://a.example/[b](https://c.example)", "https://a.example/\\[b\\]\\(https://c.example)"),
        ("<https://a.example|x>", "\\<https://a.example\\|x\\>"),
        ("one\n\ntwo", "one\n\ntwo"),
    ],
)
def test_addresses_stay_links_and_everything_else_is_escaped(written, shown):
    assert with_links(written) == shown


@pytest.mark.parametrize("note", ["No.", "*" * 1000, "\n".join("x" * 500)])
def test_no_character_of_the_reason_is_lost(note):
    reply = pages.judged("decline", "7", "8", note)
    check.require("message", reply.message(), [], whose="judged")
    text = reply.content + "".join(embed.description for embed in reply.embeds)
    assert all(text.count(sign) >= note.count(sign) for sign in set(note) - {"\n"})


def test_every_outcome_in_the_trail_has_words_and_an_unknown_one_is_shown_as_it_is():
    codes = [value for name, value in vars(figures).items() if name.isupper() and isinstance(value, str)]
    assert {"created", "failed", "duplicate", "retry"} <= {*codes}
    for code in set(codes) - {figures.APPLY, figures.RETRY, figures.WITHDRAW}:
        assert labels.outcome(code) != code or code in ("failed", "refused")
    assert [labels.action("later"), labels.outcome("later")] == ["later", "later"]
    assert [labels.why(code) for code in (None, "", "closed")] == ["", "", "🔒 closed"]
