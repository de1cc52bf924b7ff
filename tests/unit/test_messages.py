"""Whatever is shown already and whatever goes wrong, the person finally sees each wanted message once.

Nobody else sees more than they should. `Chat` is the oracle: a plain list of the messages that the person sees. It does
what Discord does, and checks the rules independently.
"""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from watchbell import Embed, Poll, Reply, Text
from watchbell.discord.files import File
from watchbell.interactions.messages import (
    ANSWER,
    ELSEWHERE,
    NOTICE,
    ORIGINAL,
    THINKING,
    UNKNOWN,
    Begin,
    Edit,
    Message,
    Place,
    RecordAnswer,
    Remove,
    Send,
    Standing,
    Sweep,
    plan,
)

KINDS = {
    "plain": lambda text: Reply(text),
    "layout": lambda text: Reply(components=[Text(text)]),
    "embed": lambda text: Reply(embeds=[Embed(text)]),
    "file": lambda text: Reply(text, files=[File("a.txt", text.encode())]),
    "poll": lambda text: Reply(poll=Poll("Tea?", ["Yes", "No"])),
}
BUTTON = "the message with the button"


def text_of(reply):
    if reply.poll:
        return reply.poll.question
    return reply.content or (reply.embeds[0].title if reply.embeds else reply.components[0].content)


def kind_of(reply):
    return "layout" if reply.is_v2 else "poll" if reply.poll else "plain"


class Seen:
    """A message that the person sees. `number` is the number of the wanted message for which it was sent."""

    def __init__(self, id, private, text, kind="plain", number=ANSWER):
        self.id, self.private, self.text, self.kind, self.number = id, private, text, kind, number

    def become(self, message):
        """Edit the message. Return False if Discord refuses the edit."""
        new, layout = message.reply, self.kind == "layout"
        if self.kind == "poll" or (new.poll and self.text != THINKING) or (layout and (new.embeds or new.poll)):
            return False
        assert self.private == message.private, "an edit does not change who sees a message"
        self.text, self.kind = text_of(new), "layout" if layout else kind_of(new)
        return True


class Interrupted(Exception):
    """Discord or the table did not answer, so nothing more was done."""


class Chat:
    """The messages that the person sees, oldest first, and the journal.

    `stays`: whether the original is the message with the button. `faults`: a number for each call, 0 if it succeeds.
    """

    def __init__(self, seen, stays, faults=()):
        self.seen, self.stays, self.faults = seen, stays, faults
        self.journal, self.last_id, self.tries = {}, 1000, 1
        self.calls_left = float("inf")  # until the token dies
        self.elsewhere = []
        self.overlooked = False  # whether there may be a message that only a sweep finds, or nothing finds
        self.found_poll = False

    def perform(self, standing, wanted, progress=False):
        """Do what `plan` says until nothing is left to do. Afterwards, `self.standing` is what is known."""
        self.standing, effects = standing, 0
        while effect := plan(self.standing, wanted, progress=progress):
            effects += 1
            assert effects < 100, "it never ends"
            getattr(self, type(effect).__name__)(effect)

    def fault(self, *possible):
        number, *self.faults = self.faults or [0]
        return possible[number % len(possible)] if number else ""

    def is_late(self):
        self.calls_left -= 1
        return self.calls_left < 0

    def Edit(self, effect):
        if self.is_late():
            self.elsewhere.append(effect.message)
            self.standing = effect.done(self.standing)
            return
        original, fault = effect.place.id == ORIGINAL, self.fault("deleted", "refused", "down", "lost")
        if fault == "deleted" and not (original and self.stays):
            self.delete(effect.place.id)
        seen = next((seen for seen in self.seen if seen.id == effect.place.id), None)
        done = seen and fault not in ("down", "refused") and seen.become(effect.message)
        if fault in ("down", "lost"):
            self.standing = effect.lost(self.standing)
            raise Interrupted
        if not done and original and self.stays:
            raise Interrupted
        outcome = effect.done if done else effect.gone if original and not seen else effect.refused
        self.standing = outcome(self.standing)

    def Remove(self, effect):
        if self.is_late():
            self.standing = effect.done(self.standing)
            return
        fault = self.fault("down", "lost")
        if fault != "down":
            self.delete(effect.place.id)
        if fault:
            self.overlooked = self.overlooked or effect.place.id != ORIGINAL
            self.standing = effect.failed(self.standing)
            raise Interrupted
        self.standing = effect.done(self.standing)

    def Begin(self, effect):
        if self.fault("down"):
            raise Interrupted
        entry = self.journal.setdefault(effect.step, "new")
        if entry == "new":
            self.journal[effect.step] = "begun"
        if entry == "begun" and not effect.message.private:
            for seen in self.unknown()[:1]:
                self.overlooked = self.overlooked or seen.number != effect.message.number
                seen.number = effect.message.number
                entry = self.journal[effect.step] = seen.id, seen.kind == "poll"
        if entry in ("new", "begun"):
            self.standing = effect.nothing(self.standing)
            return
        id, poll = entry
        assume(not poll or id in [seen.id for seen in self.seen])  # Nobody knows that an earlier try deleted a poll.
        self.found_poll = self.found_poll or poll
        self.standing = effect.found(self.standing, id, poll=poll)

    def Send(self, effect):
        message = effect.message
        if self.is_late():
            self.elsewhere.append(message)
            self.standing = effect.sent(self.standing, ELSEWHERE)
            return
        fault = self.fault("down", "lost", "refused")
        assert not any(seen.text == THINKING for seen in self.seen), "it would take the place of thinking"
        unknowable = self.overlooked or (message.number == NOTICE and self.tries > 1)  # The journal has no notices.
        for seen in self.seen:
            same = (seen.number, seen.private) == (message.number, message.private) and seen.id != ORIGINAL
            assert unknowable or not same, "it is sent twice"
        if fault in ("", "lost"):
            self.last_id += 1
            text, kind = text_of(message.reply), kind_of(message.reply)
            self.seen.append(Seen(str(self.last_id), message.private, text, kind, message.number))
        if fault:
            if fault != "refused":
                self.overlooked = self.overlooked or message.private
                self.standing = effect.lost(self.standing)
            raise Interrupted
        self.standing = effect.sent(self.standing, str(self.last_id))
        if effect.step:
            self.journal[effect.step] = str(self.last_id), message.poll

    def RecordAnswer(self, effect):
        if self.fault("down"):
            raise Interrupted
        self.standing = effect.done(self.standing)

    def Sweep(self, effect):
        for seen in self.unknown():
            if self.fault("down"):
                raise Interrupted
            self.delete(seen.id)
        self.standing = effect.done(self.standing)

    def delete(self, id):
        self.seen = [seen for seen in self.seen if seen.id != id]

    def unknown(self):
        known = {ORIGINAL, *(place.id for place in self.standing.others)}
        return [seen for seen in self.seen if not seen.private and seen.id not in known]

    def check(self, wanted):
        """Assert that the person sees `wanted` in order, and besides it at most the message with the button."""
        known = {ORIGINAL, *(place.id for place in self.standing.others)}
        # Discord does not list private messages, so those of an earlier try stay forever.
        forgotten = self.overlooked or self.tries > 1
        seen = [seen for seen in self.seen if seen.id in known or not (seen.private and forgotten)]
        may_stay = self.stays and wanted and wanted[0].number <= ANSWER and not wanted[0].updates
        besides = [each for each in seen if not (may_stay and each.id == ORIGINAL)]
        expected = [(text_of(message.reply), message.private) for message in wanted]
        found = [[(each.text, each.private) for each in those] for those in (seen, besides)]
        if self.found_poll:  # The poll is kept for its votes, even if it is above a message that it should follow.
            expected, found = sorted(expected), [sorted(each) for each in found]
        assert expected in found


# What can be shown already, what can be wanted, and what can go wrong

TEXTS = st.sampled_from(["a", "b"])
KIND_NAMES = st.sampled_from(["plain"] * 5 + list(KINDS))
PRIVATE = st.sampled_from([False, False, True])
PARTS = st.tuples(KIND_NAMES, TEXTS, PRIVATE)
SCRIPTS = st.lists(st.tuples(st.none() | PARTS, st.lists(PARTS, max_size=2)), max_size=4)
"""What a handler yields and last answers: (kind, text, private) of the first message, None for a Delete, and of those
that follow. It answers nothing if it raises an error."""

FAULTS = st.lists(st.sampled_from([0] * 16 + [1, 2, 3, 4]), min_size=30, max_size=30)
"""A number for each call: 0 if the call succeeds, otherwise it selects one of the call's faults."""

WRONG = [Message(NOTICE, Reply("Something went wrong."), private=True)]


@st.composite
def scenes(draw):
    """A Chat with any messages, a Standing that knows some of them, and whether the handler is private."""
    stays, private = draw(st.booleans()), draw(PRIVATE)
    original, seen, others = None, [], []
    if stays:
        kind = draw(st.sampled_from(["plain", "layout"]))
        seen.append(Seen(ORIGINAL, private, BUTTON, kind))
        original = Place(ANSWER, ORIGINAL, private, UNKNOWN, kind == "layout")
    elif draw(st.booleans()):
        seen.append(Seen(ORIGINAL, private, THINKING))
        original = Place(ANSWER, ORIGINAL, private, THINKING)
    elif draw(st.booleans()):
        said, original = draw(stood(ANSWER, ORIGINAL, private))
        seen.append(said)
    for number in sorted(draw(st.sets(st.integers(NOTICE, 4), max_size=4))):
        said, place = draw(stood(number, str(number + 10), private or number == NOTICE or draw(PRIVATE)))
        if draw(st.booleans()):
            place = Place(number, place.id, place.private, UNKNOWN, poll=place.poll)
        seen.append(said)
        others.append(place)
    unsure = not private and draw(st.booleans())
    if unsure and draw(st.booleans()):
        seen.append(Seen("99", False, draw(TEXTS)))
    chat = Chat(seen, stays)
    chat.overlooked = unsure
    return chat, Standing(original, stays, tuple(others), unsure=unsure), private


@st.composite
def stood(draw, number, id, private):
    kind, text, _ = draw(PARTS)
    said = Message(number, KINDS[kind](text), private)
    place = Place(number, id, private, said.digest, said.v2, said.poll, fixed=draw(st.booleans()))
    return Seen(id, private, text_of(said.reply), kind_of(said.reply), number), place


def wanted_of(parts, standing, private):
    first, following = parts
    wanted = []
    for number, part in enumerate([first, *following], ANSWER):
        if part is not None:
            kind, text, alone = part
            updates = number == ANSWER and standing.stays and standing.original is not None and not alone
            if updates and kind not in ("plain", "layout"):  # a handler that does this is wrong
                kind = "plain"
            wanted.append(Message(number, KINDS[kind](text), private or alone, updates))
    return wanted


def shows_or_tells(chat, standing, private, script, answers, tells):
    """Run one try of a handler. Return whether the person was told how it ended.

    If it `answers`, the last part of its script is the answer. Otherwise it raises an error. If the answer is
    interrupted and it `tells`, the person is told that something went wrong.
    """
    for left, parts in zip(reversed(range(len(script))), script, strict=True):
        last = answers and left == 0
        wanted = wanted_of(parts, standing, private)
        try:
            chat.perform(standing, wanted, progress=not last)
        except Interrupted:
            standing = chat.standing
        else:
            standing = chat.standing
            if last:
                chat.check(wanted)
                return True
    if answers and not tells:
        return False
    try:
        chat.perform(standing, WRONG)
    except Interrupted:
        return False
    chat.check(WRONG)
    return True


@settings(max_examples=300, deadline=None)
@given(scenes(), SCRIPTS, st.booleans(), FAULTS)
def test_whatever_stands_the_person_sees_what_was_wanted_in_the_end(scene, script, answers, faults):
    chat, standing, private = scene
    chat.faults = faults
    shows_or_tells(chat, standing, private, script, answers, tells=True)


@settings(max_examples=300, deadline=None)
@given(
    PRIVATE, st.booleans(), st.lists(st.tuples(SCRIPTS, st.booleans(), st.booleans()), min_size=1, max_size=2), FAULTS
)
def test_a_retry_shows_what_was_wanted_and_repeats_nothing(private, stays, tries, faults):
    chat = Chat([Seen(ORIGINAL, private, BUTTON if stays else THINKING)], stays, faults)
    for chat.tries, (script, answers, tells) in enumerate([*tries, tries[-1], tries[-1]], 1):
        # A try knows only the interaction and the journal.
        original = Place(ANSWER, ORIGINAL, private, UNKNOWN if stays else THINKING)
        standing = Standing(original, stays, unsure=chat.tries > 1 and not private)
        if shows_or_tells(chat, standing, private, script, answers, tells):
            break


@settings(max_examples=200, deadline=None)
@given(scenes(), SCRIPTS.filter(bool), st.integers(0, 8))
def test_what_comes_too_late_for_the_token_is_sent_elsewhere_once(scene, script, calls_left):
    chat, standing, private = scene
    chat.calls_left = calls_left
    wanted = wanted_of(script[-1], standing, private)
    chat.perform(standing, wanted)
    for message in wanted:
        place = chat.standing.other(message.number) or chat.standing.original
        here = any((seen.id, seen.text) == (place.id, text_of(message.reply)) for seen in chat.seen)
        assert here or message in chat.elsewhere
    chat.perform(chat.standing, wanted)
    assert len(chat.elsewhere) == len({*chat.elsewhere}), "it is sent twice"


# Examples


REPLIES = {text: Reply(text) for text in "ab"}


def answer(number=ANSWER, text="a"):
    return Message(number, REPLIES[text], private=False)


def thinking(private=False):
    return Standing(Place(ANSWER, ORIGINAL, private, THINKING))


def test_the_answer_takes_the_place_of_thinking_and_the_rest_follows():
    first, second = wanted = [answer(), answer(2)]
    standing = thinking()
    edit = plan(standing, wanted)
    assert edit == Edit(standing.original, first)
    standing = edit.done(standing)
    assert plan(standing, wanted) == RecordAnswer()
    assert plan(standing, wanted, progress=True) == Begin(second, "watchbell: message 2")
    standing = RecordAnswer().done(standing)
    begin = plan(standing, wanted)
    standing = begin.nothing(standing)
    send = plan(standing, wanted)
    assert send == Send(second, "watchbell: message 2")
    assert plan(send.sent(standing, "7"), wanted) is None


def test_a_public_thinking_is_removed_before_a_notice_and_progress_after_it():
    standing = thinking()
    assert plan(standing, WRONG) == Remove(standing.original)
    standing = Edit(standing.original, answer()).done(standing)
    send = plan(standing, WRONG)
    assert send == Send(WRONG[0], "")
    standing = send.sent(standing, "7")
    assert plan(standing, WRONG) == Remove(standing.original)


def test_a_notice_leaves_the_message_with_the_button_and_a_delete_removes_it():
    standing = Standing(Place(ANSWER, ORIGINAL, True, UNKNOWN), stays=True)
    assert plan(standing, WRONG) == Send(WRONG[0], "")
    assert plan(standing, []) == Remove(standing.original)


@pytest.mark.parametrize("private", [True, False])
def test_a_message_that_says_the_same_to_others_is_not_the_same(private):
    place = Place(2, "7", not private, answer().digest)
    standing = Standing(None, others=(place,))
    assert plan(standing, [Message(2, REPLIES["a"], private)]) == Remove(place)


def test_a_step_has_a_name_of_its_own_for_each_time_that_a_message_is_sent():
    standing = Standing(None, removed=((2, False), (2, True), (2, False)))
    assert standing.step(answer(2)) == "watchbell: message 2, again 2"
    assert standing.step(Message(2, Reply("a"), private=True)) == "watchbell: message 2, private, again 1"
    assert standing.step(answer(3)) == "watchbell: message 3"
    assert standing.step(WRONG[0]) == ""


def test_progress_leaves_a_poll_that_an_earlier_try_sent():
    poll = Message(ANSWER, KINDS["poll"](""), private=False)
    place = Place(ANSWER, "7", False, UNKNOWN, poll=True)
    standing = Standing(None, others=(place,))
    assert plan(standing, [answer()], progress=True) is None
    assert plan(standing, [poll]) is None
    assert plan(standing, [answer()]) == Remove(place)


def test_a_message_that_was_lost_is_looked_for_before_it_is_sent_again():
    wanted = [answer()]
    standing = Standing(None, begun=frozenset(["watchbell: message 1"]))
    send = plan(standing, wanted)
    standing = send.lost(standing)
    begin = plan(standing, wanted)
    assert begin == Begin(wanted[0], "watchbell: message 1")
    found = begin.found(standing, "7")
    assert plan(found, wanted) == Edit(found.others[0], wanted[0])
    assert plan(Edit(found.others[0], wanted[0]).done(found), wanted) == Sweep()


def test_what_may_or_may_not_have_been_done_is_done_again():
    standing = Edit(thinking().original, answer()).done(thinking())
    place = standing.original
    lost = Edit(place, answer(text="b")).lost(standing)
    assert plan(lost, [answer()]) == Edit(lost.original, answer())
    failed = Remove(place).failed(standing)
    assert plan(failed, [answer()]) == Edit(failed.original, answer())
    assert plan(Edit(thinking().original, answer()).lost(thinking()), WRONG) == Remove(thinking().original)


def test_a_message_that_an_earlier_try_sent_elsewhere_stays_there():
    found = Begin(answer(), "watchbell: message 1").found(Standing(None), ELSEWHERE)
    assert plan(found, [answer()]) is None


def test_a_message_that_was_found_above_those_that_it_follows_is_sent_again():
    first = Place(1, "8", False, answer().digest)
    standing = Standing(None, others=(first,), answered=True)
    begin = Begin(answer(2), "watchbell: message 2")
    below, above = begin.found(standing, "9"), begin.found(standing, "7")
    wanted = [answer(), answer(2)]
    assert plan(below, wanted) == Edit(below.other(2), wanted[1])
    assert plan(above, wanted) == Remove(above.other(2))


def test_one_message_that_was_found_cannot_stand_for_two():
    first = Place(1, "7", False, answer().digest)
    standing = Standing(None, others=(first,), answered=True)
    standing = Begin(answer(2), "watchbell: message 2").found(standing, "7")
    assert standing.others == (first,)
    assert plan(standing, [answer(), answer(2)]) == Begin(answer(2), "watchbell: message 2, again 1")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Reply("a"), Reply("a", silent=True, private=True), True),
        (Reply("a"), Reply("b"), False),
        (Reply("https://x.example"), Reply("https://x.example", suppress_embeds=True), False),
        (Reply(files=[File("a.txt", b"a")]), Reply(files=[File("a.txt", b"a")]), True),
        (Reply(files=[File("a.txt", b"a")]), Reply(files=[File("a.txt", b"b")]), False),
    ],
)
def test_a_digest_tells_what_a_message_says(one, other, same):
    assert (Message(1, one, False).digest == Message(1, other, True).digest) == same
