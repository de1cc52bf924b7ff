"""Applications from a press to the last word: the ingress, the worker and the sender, with Discord's own refusals."""

import copy
import json
from dataclasses import replace

import pytest

from sandbox.discord.components import called
from sandbox.discord.faults import InjectedFault
from sandbox.discord.permissions import MEMBER, Overwrite
from tests.applicants import World
from tests.sweep.world import Killed
from watchbell.discord.permissions import bits
from watchbell.interactions.flow import Flow
from watchbell.kit.flow import FLOWS
from watchbell.tools import applying


@pytest.fixture
def world():
    return World()


@pytest.fixture
def scene(world):
    return world.server()


def applied(scene, name="ada"):
    """A person who has applied, and the channel that they got."""
    person = scene.person(name)
    scene.apply(person)
    scene.world.work()
    (room,) = [each for each in scene.rooms if each.name == f"{name}-app"]
    return person, room


def worked(world, body):
    world.work()
    assert world.failures == []
    return world.said(body)


# Apply


def test_a_press_makes_a_private_channel_with_a_welcome_once(world, scene):
    ada, bob = scene.person("ada"), scene.person("bob")
    pressed = scene.apply(ada)
    assert world.acks[pressed["id"]] == {"type": 5, "data": {"flags": 64}}
    said = worked(world, pressed)
    (room,) = scene.rooms
    assert said == f"✅ Your channel has been created: <#{room.id}>"
    assert room.name == "ada-app"
    assert [ada.sees(room), scene.staff.sees(room), bob.sees(room)] == [True, True, False]
    (welcome,) = scene.messages(room)
    assert welcome["content"] == f"Welcome, <@{ada.id}>. <@&{scene.role.id}> will answer here."
    assert scene.application(ada).status == "open"
    assert (scene.application(ada).channel, scene.application(ada).message) == (room.id, welcome["id"])
    assert worked(world, scene.apply(ada)) == f"You have applied already: <#{room.id}>"
    assert scene.rooms == [room]
    assert [row["outcome"] for row in scene.trail()] == ["created", "existing"]
    assert scene.trail()[0]["steps"] == ["begin", "channel", "welcome", "record"]


def test_questions_are_asked_in_a_form_and_the_answers_stand_in_the_welcome(world, scene):
    scene.change(questions=("Why?", "Since when?"))
    ada = scene.person("ada")
    pressed = scene.apply(ada)
    assert [each["label"] for each in world.acks[pressed["id"]]["data"]["components"]] == ["Why?", "Since when?"]
    submitted = world.submit(ada, pressed, answer0="Because.\n[Free](https://bad.example)", answer1="May")
    assert worked(world, submitted).startswith("✅")
    (embed,) = scene.messages(scene.rooms[0])[0]["embeds"]
    shown = [(field["name"], field["value"]) for field in embed["fields"]]
    assert shown == [("Why?", "Because.\n\\[Free\\]\\(https://bad.example)"), ("Since when?", "May")]
    again = scene.apply(ada)
    assert world.acks[again["id"]]["type"] == 5  # nothing is asked again
    assert worked(world, again).startswith("You have applied already")


def test_a_question_that_has_changed_since_the_form_was_opened_is_asked_again(world, scene):
    scene.change(questions=("Why?",))
    ada = scene.person("ada")
    opened = scene.apply(ada)
    scene.change(questions=("Why not?",))
    assert "This form has changed" in worked(world, world.submit(ada, opened, answer0="Because"))
    assert scene.application(ada) is None


@pytest.mark.parametrize("state", ["paused", "draft"])
def test_nobody_loses_the_answers_that_they_typed_while_the_button_was_paused(world, scene, state):
    scene.change(questions=("Why?",))
    ada = scene.person("ada")
    opened = scene.apply(ada)
    scene.change(state=state)
    submitted = world.submit(ada, opened, answer0="Because")
    assert worked(world, submitted) == "Nobody can apply here at the moment."
    assert scene.application(ada) is None
    scene.change(state="active")
    again = world.press(ada, shown(world, submitted), "Open the form again")
    (field,) = world.acks[again["id"]]["data"]["components"]
    assert field["component"]["value"] == "Because"
    assert worked(world, world.submit(ada, again, answer0="Because")).startswith("✅")


def test_a_press_while_the_channel_is_made_says_so(world, scene):
    ada = scene.person("ada")

    def presses_again():
        presses.append(scene.apply(ada))
        world.killer.at = (world.killer.calls + 1, "after")  # the worker dies as the channel is there

    world.before = ("POST /api/v10/guilds", presses_again)
    presses = [scene.apply(ada)]
    world.work()
    assert world.said(presses[1]) == "Your channel is being made. Please wait a moment."
    assert world.said(presses[0]).startswith("✅")
    assert len(scene.rooms) == 1
    assert sorted(row["outcome"] for row in scene.trail()) == ["busy", "created"]


def test_a_channel_that_was_deleted_by_hand_is_noticed_and_the_person_can_apply_again(world, scene):
    ada, room = applied(scene)
    world.state.world.remove_channel(room)
    pressed = scene.apply(ada)
    assert "was deleted" in worked(world, pressed)
    assert scene.application(ada).status == "closed"
    assert worked(world, scene.apply(ada)).startswith("✅")
    assert (scene.application(ada).number, len(scene.rooms)) == (2, 1)


@pytest.mark.parametrize("state", ["paused", "removed", "draft"])
def test_where_nobody_can_apply_the_person_is_told_and_those_who_have_applied_find_their_channel(world, scene, state):
    ada, room = applied(scene)
    scene.change(state=state)
    assert worked(world, scene.apply(scene.person("bob"))) == "Nobody can apply here at the moment."
    assert worked(world, scene.apply(ada)) == f"You have applied already: <#{room.id}>"


def test_the_posted_button_has_the_same_id_for_ever(world, scene):
    (button,) = scene.button["components"][0]["components"]
    assert button["custom_id"].startswith("applications:apply?:0123abcd~1000000")
    world.at += 10 * 365 * 86_400
    assert worked(world, scene.apply(scene.person("ada"))).startswith("✅")


# Discord says no


def fill_category(world, scene):
    for number in range(50):
        world.discord.channel(f"c{number}", scene.guild, category=scene.category)


def fill_server(world, scene):
    for number in range(500 - len(world.discord.channels(scene.guild))):
        world.discord.channel(f"c{number}", scene.guild)


def take_permission(world, scene):
    scene.guild.bot_role.permissions &= ~bits("MANAGE_CHANNELS")


def deny_in_category(world, scene):
    world.discord.overwrite(scene.category, scene.guild.bot_role, deny=bits("MANAGE_CHANNELS"))


def delete_role(world, scene):
    scene.guild.roles.pop(scene.role.id)


def delete_category(world, scene):
    world.state.world.remove_channel(scene.category)


OBSTACLES = [
    (fill_category, "category_full", "The category is full: Discord allows 50 channels in it.", ""),
    (fill_server, "server_full", "The server is full: Discord allows 500 channels.", ""),
    (
        take_permission,
        "missing_permission",
        "I lack a permission",
        "**Manage Channels**: my role lacks this. [Grant it]",
    ),
    (deny_in_category, "missing_permission", "I lack a permission", "denies this to"),
    (delete_role, "role_gone", "The role of the staff no longer exists.", ""),
    (delete_category, "category_gone", "The category for new channels no longer exists.", ""),
]


@pytest.mark.parametrize("between", [False, True], ids=["before the press", "while it is worked on"])
@pytest.mark.parametrize(("happens", "code", "told", "detail"), OBSTACLES, ids=[each[0].__name__ for each in OBSTACLES])
def test_what_people_must_change_is_told_to_the_person_and_to_the_staff(
    world, scene, happens, code, told, detail, between
):
    ada = scene.person("ada")
    if between:
        world.before = ("POST /api/v10/guilds", lambda: happens(world, scene))
    else:
        happens(world, scene)
    said = worked(world, scene.apply(ada))
    assert said.startswith(told)
    assert "Your application is kept" in said
    application = scene.application(ada)
    assert (application.status, application.reason, application.channel) == ("pending", code, "")
    (notice,) = scene.messages(scene.office)
    assert told in notice["content"]
    assert (detail in notice["content"]) or between
    assert [row["reason"] for row in scene.trail()] == [code]


def shown(world, body):
    """The message that the person sees as the answer."""
    return world.state.interactions.shown(world.state.interactions._by_token[body["token"]])


def test_the_staff_make_the_channel_when_there_is_room_again(world, scene):
    fill_category(world, scene)
    ada = scene.person("ada")
    scene.apply(ada)
    world.work()
    (notice,) = scene.messages(scene.office)
    refused = world.press(scene.staff, notice, "Try again")
    assert worked(world, refused).startswith("The category is full")
    world.state.world.remove_channel(scene.rooms[0])
    pressed = world.press(scene.staff, notice, "Try again")
    assert worked(world, pressed).startswith("Done: <#")
    assert scene.application(ada).status == "open"
    (room,) = [each for each in scene.rooms if each.name == "ada-app"]
    assert ada.sees(room)


def test_the_staff_have_one_message_for_each_application_however_often_somebody_presses(world, scene):
    fill_category(world, scene)
    ada, bob = scene.person("ada"), scene.person("bob")
    for _press in range(3):
        scene.apply(ada)
        world.work()
        world.at += 3600
    scene.apply(bob)
    world.work()
    take_permission(world, scene)
    scene.apply(ada)
    world.work()
    of_ada, of_bob = scene.messages(scene.office)
    assert of_ada["content"].startswith(f"<@{ada.id}> has applied, and has no channel yet.\nI lack a permission")
    assert "The category is full" in of_bob["content"]
    world.state.world.remove(of_ada["id"])
    scene.apply(ada)
    world.work()
    assert len(scene.messages(scene.office)) == 2  # somebody had deleted it


def test_a_notice_follows_the_staff_into_another_channel(world, scene):
    fill_category(world, scene)
    ada, hall = scene.person("ada"), world.discord.channel("hall", scene.guild)
    scene.apply(ada)
    world.work()
    scene.change(staff_channel=hall.id)
    scene.apply(ada)
    world.work()
    assert [len(scene.messages(room)) for room in (scene.office, hall)] == [0, 1]


def waits(world, scene):
    """A person who has applied while the category was full, and the message to the staff. Then there is room."""
    fill_category(world, scene)
    ada = scene.person("ada")
    pressed = scene.apply(ada)
    world.work()
    (notice,) = scene.messages(scene.office)
    world.state.world.remove_channel(scene.rooms[0])
    return ada, notice, pressed


def applies_again(world, scene, ada, notice, pressed):
    scene.apply(ada)


def staff_try_again(world, scene, ada, notice, pressed):
    world.press(scene.staff, notice, "Try again")


def staff_close(world, scene, ada, notice, pressed):
    world.press(scene.staff, notice, "Close")


def withdraws(world, scene, ada, notice, pressed):
    asked = world.press(ada, shown(world, pressed), "Withdraw")
    world.press(ada, shown(world, asked), "Withdraw")


def is_adopted(world, scene, ada, notice, pressed):
    orphan(world, scene, ada)
    world.errands()


def manager_makes_all(world, scene, ada, notice, pressed):
    queue = world.run(scene.manager, "queue")
    world.work()
    asked = world.press(scene.manager, shown(world, queue), "Create channels for all pending")
    world.work()
    world.press(scene.manager, shown(world, asked), "Create")


@pytest.mark.parametrize("loses", [False, True], ids=["its id is stored", "its id was lost"])
@pytest.mark.parametrize(
    ("happens", "how"),
    [
        (applies_again, "open"),
        (staff_try_again, "open"),
        (manager_makes_all, "open"),
        (is_adopted, "open"),
        (staff_close, "🔒 closed"),
        (withdraws, "↩️ withdrawn"),
    ],
)
def test_a_notice_says_how_it_ended_and_loses_its_buttons(world, scene, happens, how, loses):
    ada, notice, pressed = waits(world, scene)
    if loses:
        fill_category(world, scene)
        forget_notice(world, scene, ada)
        world.at += 3600  # Discord has forgotten the nonce
        scene.apply(ada)
        world.work()
        for room in [each for each in scene.rooms if each.name.startswith("c")]:
            world.state.world.remove_channel(room)
    happens(world, scene, ada, notice, pressed)
    world.work()
    assert world.failures == []
    (notice,) = scene.messages(scene.office)
    room = scene.application(ada).channel
    said = f"<@{ada.id}> has applied: <#{room}>" if how == "open" else f"{how}: <@{ada.id}>"
    assert (notice["content"], notice["components"]) == (said, [])
    assert scene.application(ada).notice == ""


def forget_notice(world, scene, person):
    """Make the application one whose worker died before it could store the id of its notice."""
    applying.store(scene.guild.id, replace(scene.application(person), notice="", notice_in=""), None, world.tools)


def press_old(world, scene, message, label):
    """Press a button that a message had when it was read."""
    (custom,) = [
        each["custom_id"] for row in message["components"] for each in row["components"] if each["label"] == label
    ]
    there = scene.staff.in_channel(world.state.world.channels[message["channel_id"]])
    return world.send({**there.interaction(3, {"custom_id": custom, "component_type": 2}), "message": message})


@pytest.mark.parametrize("label", ["Try again", "Close"])
def test_an_old_notice_does_nothing_to_an_application_that_has_its_channel(world, scene, label):
    ada, notice, _pressed = waits(world, scene)
    forget_notice(world, scene, ada)  # as an earlier version left it
    scene.apply(ada)
    world.work()
    room = scene.application(ada).channel
    said = worked(world, press_old(world, scene, notice, label))
    assert said.startswith({"Close": "There is a channel by now. Close it there: <#"}.get(label, "Somebody was faster"))
    assert scene.application(ada).status == "open"
    (notice,) = scene.messages(scene.office)
    assert (notice["content"], notice["components"]) == (f"<@{ada.id}> has applied: <#{room}>", [])


def test_an_application_without_a_channel_can_be_withdrawn_or_closed(world, scene):
    fill_category(world, scene)
    ada, bob = scene.person("ada"), scene.person("bob")
    pressed = scene.apply(ada)
    world.work()
    asked = world.press(ada, shown(world, pressed), "Withdraw")
    world.press(ada, shown(world, asked), "Withdraw")
    scene.apply(bob)
    world.work()
    notice = scene.messages(scene.office)[-1]
    assert worked(world, world.press(scene.staff, notice, "Close")) == f"🔒 closed: <@{bob.id}>"
    assert [scene.application(person).status for person in (ada, bob)] == ["withdrawn", "closed"]
    assert worked(world, press_old(world, scene, notice, "Try again")).startswith("Somebody was faster")


def test_a_try_that_comes_again_after_it_was_stored_says_the_same_though_there_is_room_by_now(world, scene):
    fill_category(world, scene)
    ada = scene.person("ada")

    def room_is_made_and_the_worker_dies():
        world.state.world.remove_channel(scene.rooms[0])
        world.killer.at = (world.killer.calls + 1, "before")

    world.before = ("POST /api/v10/channels", room_is_made_and_the_worker_dies)
    assert worked(world, scene.apply(ada)).startswith("The category is full")
    assert len(scene.messages(scene.office)) == 1
    assert (scene.application(ada).status, len(scene.rooms)) == ("pending", 49)
    assert worked(world, scene.apply(ada)).startswith("✅")


def test_nobody_is_asked_twice_who_applies_again_after_an_obstacle(world, scene):
    scene.change(questions=("Why?",))
    fill_category(world, scene)
    ada = scene.person("ada")
    opened = scene.apply(ada)
    world.submit(ada, opened, answer0="Because")
    world.work()
    world.state.world.remove_channel(scene.rooms[0])
    assert worked(world, scene.apply(ada)).startswith("✅")
    assert scene.application(ada).answers == (("Why?", "Because"),)


def test_a_person_who_has_left_gets_no_channel(world, scene):
    ada = scene.person("ada")
    pressed = scene.apply(ada)
    ada.leave(scene.guild)
    assert worked(world, pressed).startswith("The person is no longer in this server.")
    assert scene.rooms == []


@pytest.mark.parametrize("allowed", [True, False])
def test_who_has_left_and_comes_back_sees_their_channel_again_after_a_press(world, scene, allowed):
    ada, room = applied(scene)
    ada.leave(scene.guild)
    ada.come_back(scene.guild)
    assert not ada.sees(room)
    if not allowed:
        take_roles(world, scene, room)
    assert worked(world, scene.apply(ada)) == f"You have applied already: <#{room.id}>"
    assert ada.sees(room) == allowed
    held = ada.in_channel(room).permissions if allowed else 0
    assert bool(held & bits("SEND_MESSAGES")) == allowed


def test_a_rate_limit_is_waited_for_with_a_word_to_the_person_and_the_work_goes_on(world, scene):
    fault = InjectedFault("POST", f"/guilds/{scene.guild.id}/channels", status=429, retry_after=90.0)
    world.state.injected.add(fault)
    pressed = scene.apply(scene.person("ada"))
    world.work(1)
    assert world.said(pressed).startswith("⏳ Discord does not let me go on yet.")
    assert worked(world, pressed).startswith("✅")
    assert len(scene.rooms) == 1


def test_work_that_takes_more_than_ten_minutes_ends_and_the_staff_go_on(world, scene):
    world.before = ("POST /api/v10/guilds", lambda: setattr(world, "unwell", 1.0))
    ada = scene.person("ada")
    scene.apply(ada)
    world.work(3)
    world.at += 11 * 60
    world.unwell = 0.0
    world.work()
    assert (scene.application(ada).status, scene.application(ada).reason) == ("pending", "took_too_long")
    (notice,) = scene.messages(scene.office)
    world.press(scene.staff, notice, "Try again")
    world.work()
    assert scene.application(ada).status == "open"


def test_a_press_has_its_own_ten_minutes_though_an_earlier_one_died_for_good(world, scene):
    ada = scene.person("ada")
    scene.apply(ada)
    for _try in range(5):
        world.killer.at = (world.killer.calls + 12, "before")
        world.work(1)
    world.killer.at = None
    assert len(world.dead) == 1
    world.at += 3600
    assert worked(world, scene.apply(ada)).startswith("✅")
    assert len(scene.rooms) == 1


def test_if_the_token_has_expired_the_answer_goes_to_the_new_channel(world, scene):
    ada = scene.person("ada")
    scene.apply(ada)
    world.at += 16 * 60
    world.work()
    (room,) = scene.rooms
    welcome, note, answer = scene.messages(room)
    assert "Welcome" in welcome["content"]
    assert f"<@{ada.id}> Your request took longer" in note["content"]
    assert answer["content"] == f"✅ Your channel has been created: <#{room.id}>"


def test_if_nothing_reaches_the_person_the_staff_are_told_and_can_send_it_again(world, scene):
    ada, room = applied(scene)
    ada.close_dms()
    scene.apply(ada)
    world.at += 16 * 60
    world.work()
    (notice,) = scene.messages(scene.office)
    assert notice["content"] == f"I could not tell <@{ada.id}> about their application."
    assert worked(world, world.press(scene.staff, notice, "Send it again")) == "Sent."
    assert scene.messages(room)[-1]["content"] == f"<@{ada.id}>, this is about your application: <#{room.id}>"
    assert worked(world, world.press(scene.person("bob"), notice, "Send it again")).startswith("One of these")


# Staff, and the person


def press_in(scene, room, person, label):
    return scene.world.press(person, scene.messages(room)[0], label)


def labels(message):
    return [each["label"] for row in message["components"] for each in row["components"]]


def test_an_application_is_accepted_once_and_its_channel_says_so(world, scene):
    ada, room = applied(scene)
    assert worked(world, press_in(scene, room, scene.staff, "Accept")) == f"✅ accepted: <@{ada.id}>"
    assert scene.messages(room)[-1]["content"] == f"<@{ada.id}>, your application was accepted by <@{scene.staff.id}>."
    assert labels(scene.messages(room)[0]) == ["Close"]
    assert scene.application(ada).by == scene.staff.id


def test_of_two_members_of_the_staff_the_second_reads_what_the_first_has_done(world, scene):
    ada, room = applied(scene)
    first = press_in(scene, room, scene.staff, "Accept")
    opened = press_in(scene, room, scene.staff, "Decline")
    second = world.submit(scene.staff, opened, reason="Too late")
    world.work()
    assert world.said(first).startswith("✅ accepted")
    assert world.said(second).startswith("Somebody was faster, or this is over already: ✅ accepted")
    assert scene.application(ada).status == "accepted"
    assert [row["outcome"] for row in scene.trail()] == ["created", "done", "refused"]


def pressed_three_times(world, person, message, label):
    """Press a button of a message as it is on the screen now, three times, each after the work on the last is done."""
    message = copy.deepcopy(message)
    (found,) = called(message["components"], label)
    there = person.in_channel(world.state.world.channels[message["channel_id"]])
    data = {"custom_id": found["custom_id"], "component_type": 2}
    return [worked(world, world.send(there.interaction(3, data) | {"message": message})) for _press in range(3)]


def test_who_presses_accept_three_times_accepts_once(world, scene):
    _ada, room = applied(scene)
    first, *more = pressed_three_times(world, scene.staff, scene.messages(room)[0], "Accept")
    assert first.startswith("✅ accepted")
    assert [each.partition(":")[0] for each in more] == ["Somebody was faster, or this is over already"] * 2
    assert len([each for each in scene.messages(room) if "was accepted" in each["content"]]) == 1
    assert [row["outcome"] for row in scene.trail()] == ["created", "done", "refused", "refused"]


@pytest.mark.parametrize("label", ["Close", "Withdraw"])
def test_who_closes_or_withdraws_three_times_gets_one_transcript(world, scene, label):
    world.state.world.message_content = True
    ada, room = applied(scene)
    message, person = scene.messages(room)[0], scene.staff
    if label == "Withdraw":
        message, person = shown(world, press_in(scene, room, ada, "Withdraw")), ada
    pressed_three_times(world, person, message, label)
    assert len(transcripts(scene)) == 1


def test_a_declined_person_reads_the_reason(world, scene):
    ada, room = applied(scene)
    opened = press_in(scene, room, scene.staff, "Decline")
    assert worked(world, world.submit(scene.staff, opened, reason="Not *now*\nLater")) == f"❌ declined: <@{ada.id}>"
    said = scene.messages(room)[-1]["content"]
    assert said == f"<@{ada.id}>, your application was declined by <@{scene.staff.id}>.\n> Not \\*now\\*\n> Later"
    assert worked(world, scene.apply(ada)) == f"You have applied already: <#{room.id}>"


def test_only_the_staff_decide_and_only_the_person_withdraws(world, scene):
    ada, room = applied(scene)
    for label in ("Accept", "Close"):
        assert "Only the staff" in worked(world, press_in(scene, room, ada, label))
    refused = press_in(scene, room, scene.staff, "Withdraw")
    assert "Only the person who applied" in json.dumps(world.acks[refused["id"]])
    assert scene.application(ada).status == "open"


def test_the_result_stays_beside_closed(world, scene):
    world.state.world.message_content = True
    ada, room = applied(scene)
    press_in(scene, room, scene.staff, "Accept")
    world.work()
    assert worked(world, press_in(scene, room, scene.staff, "Close")) == f"🔒 closed · ✅ accepted: <@{ada.id}>"
    assert scene.messages(room)[0]["embeds"][0]["description"] == "🔒 closed · ✅ accepted"
    (archived,) = scene.messages(scene.office)
    staff = scene.staff.id
    assert archived["content"] == f"🗃️ 🔒 closed · ✅ accepted: <@{ada.id}>, closed by <@{staff}> · **Apply**"
    text = world.discord.file(archived["attachments"][0]).decode()
    assert f"- user: ada ({ada.id})\n- status: closed\n- result: accepted\n- by: " in text
    assert "> @ada, your application was accepted by" in text
    queue = world.run(scene.manager, "queue")
    world.work()
    for chosen, lines in (("accepted", 1), ("closed", 1), ("declined", 0)):
        only = world.choose(scene.manager, shown(world, queue), "applications:only", chosen)
        world.work()
        assert shown(world, only)["embeds"][0]["description"].count("🔒 closed · ✅ accepted") == lines
    scene.apply(ada)
    world.work()
    assert scene.application(ada).judged == ""


def letters(world, person):
    """What a person reads in direct messages."""
    return [each["content"] for each in world.discord.dms(person)]


@pytest.mark.parametrize("finish", ["lock", "delete"])
@pytest.mark.parametrize("by", ["the staff", "a batch"])
def test_the_result_reaches_somebody_whose_channel_is_deleted(world, scene, finish, by):
    world.state.world.message_content = True
    scene.change(finish=finish)
    ada, room = applied(scene)
    opened = press_in(scene, room, scene.staff, "Decline")
    worked(world, world.submit(scene.staff, opened, reason="Not *now*"))
    if by == "the staff":
        closer, _body = scene.staff, press_in(scene, room, scene.staff, "Close")
    else:
        closer, queue = scene.manager, world.run(scene.manager, "queue")
        world.work()
        asked = world.press(closer, shown(world, queue), "Close all declined")
        world.work()
        world.press(closer, shown(world, asked), "Close")
    world.work()
    assert world.failures == []
    if finish == "delete":
        name = scene.guild.name
        told = f"Your application **Apply** in **{name}** is over: 🔒 closed · ❌ declined\n> Not \\*now\\*"
        assert letters(world, ada) == [told]
    else:
        assert letters(world, ada) == []
        said = scene.messages(room)[-1]["content"]
        assert said == f"<@{ada.id}>, your application was closed by <@{closer.id}>."


def test_somebody_who_never_got_a_channel_reads_that_the_staff_have_closed_it(world, scene):
    ada, notice, _pressed = waits(world, scene)
    worked(world, world.press(scene.staff, notice, "Close"))
    assert letters(world, ada) == [f"Your application **Apply** in **{scene.guild.name}** is over: 🔒 closed"]


def test_somebody_who_takes_no_direct_messages_is_no_obstacle(world, scene):
    world.state.world.message_content = True
    scene.change(finish="delete")
    ada, room = applied(scene)
    ada.close_dms()
    press_in(scene, room, scene.staff, "Close")
    world.work()
    assert (world.failures, scene.rooms) == ([], [])


def test_an_earlier_application_is_kept_for_its_time_and_the_next_welcome_names_it(world, scene):
    scene.change(keep=30)
    ada, room = applied(scene)
    press_in(scene, room, scene.staff, "Accept")
    world.work()
    press_in(scene, room, scene.staff, "Close")
    world.work()
    over = int(world.at)
    world.at += 20 * 86_400
    scene.apply(ada)
    world.work()
    (_old, new) = scene.rooms
    described = scene.messages(new)[0]["embeds"][0]["description"]
    assert described == f"📨 open\n-# Earlier: 🔒 closed · ✅ accepted, <t:{over}:d>"

    def queued():
        queue = world.run(scene.manager, "queue")
        world.work()
        return shown(world, queue)["embeds"][0]["description"].splitlines()

    assert [f"<#{each.id}>" in line for each, line in zip((new, room), queued(), strict=True)] == [True, True]
    world.at += 11 * 86_400
    assert len(queued()) == 1
    press_in(scene, new, scene.staff, "Accept")
    world.work()
    assert scene.messages(new)[0]["embeds"][0]["description"] == "✅ accepted"


@pytest.mark.parametrize("finish", ["lock", "delete"])
def test_a_closed_channel_is_archived_and_then_locked_or_deleted(world, scene, finish):
    world.state.world.message_content = True
    scene.change(finish=finish)
    ada, room = applied(scene)
    for number in range(130):
        ada.in_channel(room).say(f"Line {number}")
    said = worked(world, press_in(scene, room, scene.staff, "Close"))
    assert said == ("" if finish == "delete" else f"🔒 closed: <@{ada.id}>")  # it is gone with the channel
    (archived,) = scene.messages(scene.office)
    text = world.discord.file(archived["attachments"][0]).decode()
    assert text.startswith("# ada-app\n")
    assert [f"> Line {number}\n" in text for number in (0, 129)] == [True, True]
    assert text.index("Line 0\n") < text.index("Line 129\n")
    if finish == "delete":
        assert scene.rooms == []
    else:
        assert ada.sees(room)
        assert not ada.in_channel(room).permissions & bits("SEND_MESSAGES")
        assert labels(scene.messages(room)[0]) == []
    assert (scene.application(ada).status, scene.application(ada).finished) == ("closed", True)
    assert worked(world, scene.apply(ada)).startswith("✅")


def test_without_the_message_content_intent_a_channel_is_locked_and_never_deleted(world, scene):
    scene.change(finish="delete")
    _ada, room = applied(scene)
    said = worked(world, press_in(scene, room, scene.staff, "Close"))
    assert "the channel is only locked" in said
    assert scene.rooms == [room]
    assert scene.messages(scene.office) == []


def test_a_channel_with_more_than_a_transcript_holds_is_never_deleted(world, scene):
    world.state.world.message_content = True
    scene.change(finish="delete")
    ada, room = applied(scene)
    for number in range(1000):
        ada.in_channel(room).say(str(number))
    press_in(scene, room, scene.staff, "Close")
    world.work()
    assert (len(scene.messages(scene.office)), scene.rooms) == (1, [room])


def test_a_transcript_that_cannot_be_posted_keeps_the_channel(world, scene):
    world.state.world.message_content = True
    scene.change(finish="delete")
    _ada, room = applied(scene)
    world.discord.overwrite(scene.office, scene.guild.bot_role, deny=bits("ATTACH_FILES"))
    world.press(scene.staff, scene.messages(room)[0], "Close")
    world.work()
    assert scene.rooms == [room]


@pytest.mark.parametrize("archived", [False, True])
def test_a_channel_with_a_thread_is_not_deleted_and_the_person_no_longer_writes_in_it(world, scene, archived):
    scene.guild.bot_role.permissions |= bits("CREATE_PUBLIC_THREADS", "SEND_MESSAGES_IN_THREADS")
    world.state.world.message_content = True
    scene.change(finish="delete")
    ada, room = applied(scene)
    thread = world.state.world.add_thread("details", room)
    ada.in_channel(thread).say("in the thread")
    thread.archived = archived
    press_in(scene, room, scene.staff, "Close")
    world.work()
    assert room in scene.rooms
    held = ada.in_channel(room).permissions
    assert not held & bits("SEND_MESSAGES", "SEND_MESSAGES_IN_THREADS", "CREATE_PUBLIC_THREADS")
    assert ada.sees(room)


@pytest.mark.parametrize("sees_all", [False, True], ids=["unseen", "seen"])
@pytest.mark.parametrize("denied", [False, True])
def test_a_channel_that_may_have_a_private_thread_is_not_deleted(world, scene, denied, sees_all):
    world.state.world.message_content = True
    scene.change(finish="delete")
    scene.guild.everyone.permissions |= bits("CREATE_PRIVATE_THREADS")
    scene.guild.bot_role.permissions |= bits("MANAGE_THREADS") * sees_all
    _ada, room = applied(scene)
    assert not scene.staff.in_channel(room).permissions & bits("CREATE_PRIVATE_THREADS")
    if not denied:  # somebody has changed the channel since
        world.discord.overwrite(room, scene.guild, deny=bits("VIEW_CHANNEL"))
    press_in(scene, room, scene.staff, "Close")
    world.work()
    assert scene.rooms == [room] * (not denied and not sees_all)


def test_a_message_that_is_written_after_the_transcript_keeps_the_channel(world, scene):
    world.state.world.message_content = True
    scene.change(finish="delete")
    ada, room = applied(scene)
    world.before = (f"POST /api/v10/channels/{scene.office.id}", lambda: ada.in_channel(room).say("Wait!"))
    press_in(scene, room, scene.staff, "Close")
    world.work()
    assert scene.rooms == [room]


def test_a_message_with_a_part_that_the_transcript_does_not_tell_keeps_the_channel(world, scene):
    world.state.world.message_content = True
    scene.change(finish="delete")
    ada, room = applied(scene)
    world.state.world.messages[ada.in_channel(room).say("x")["id"]]["future_part"] = {"text": "?"}
    press_in(scene, room, scene.staff, "Close")
    world.work()
    assert scene.rooms == [room]


def test_to_end_an_application_lets_nobody_into_its_channel(world, scene):
    ada, room = applied(scene)
    del room.overwrites[ada.id]
    press_in(scene, room, scene.staff, "Close")
    world.work()
    assert not ada.sees(room)
    assert room.topic.endswith("/over")


def test_a_page_of_messages_that_is_missing_keeps_the_channel(world, scene):
    world.state.world.message_content = True
    scene.change(finish="delete")
    ada, room = applied(scene)
    for number in range(130):
        ada.in_channel(room).say(str(number))
    for fails in (False, True):  # the second page is missing
        fault = InjectedFault("GET", f"/channels/{room.id}/messages", status=200, body=b"[]", fails=fails)
        world.state.injected.add(fault)
    press_in(scene, room, scene.staff, "Close")
    world.work()
    assert (len(scene.messages(scene.office)), scene.rooms) == (1, [room])


@pytest.mark.parametrize("gone", [False, True], ids=["there", "deleted by hand"])
def test_a_person_withdraws_after_a_confirmation_even_if_the_channel_is_gone(world, scene, gone):
    ada, room = applied(scene)
    asked = press_in(scene, room, ada, "Withdraw")
    assert "cannot be undone" in world.said(asked)
    confirm = world.state.interactions.shown(world.state.interactions._by_token[asked["token"]])
    body = ada.in_channel(room).interaction(
        3, {"custom_id": confirm["components"][0]["components"][0]["custom_id"], "component_type": 2}
    )
    if gone:
        world.state.world.remove_channel(room)
    world.send({**body, "message": confirm})
    world.work()
    assert world.failures == world.dead == []
    assert (scene.application(ada).status, scene.application(ada).finished) == ("withdrawn", True)
    assert [each["content"] for each in scene.messages(scene.office)] == [f"↩️ withdrawn: <@{ada.id}> · **Apply**"]
    if not gone:
        assert scene.messages(room)[-1]["content"] == f"<@{ada.id}> has withdrawn the application."
    assert worked(world, scene.apply(ada)).startswith("✅")


# Kept and erased


def test_an_application_is_kept_for_its_time_after_it_is_over_and_erased_on_request(world, scene):
    scene.change(keep=30)
    ada, room = applied(scene)
    world.at += 400 * 86_400
    assert scene.application(ada)
    world.press(scene.staff, scene.messages(room)[0], "Close")
    world.work()
    world.at += 29 * 86_400
    assert scene.application(ada)
    world.at += 2 * 86_400
    assert scene.application(ada) is None

    bob, room = applied(scene, "bob")
    world.press(scene.staff, scene.messages(room)[0], "Close")
    world.work()
    scene.apply(bob)
    world.work()
    world.press(scene.staff, scene.messages(scene.rooms[-1])[0], "Accept")
    world.work()
    world.forget(bob.id)
    assert scene.application(bob) is None
    assert [
        key
        for key, row in world.raw_table.rows.items()
        if bob.id in json.dumps([key, row]) and key[0].startswith(("guild", "user", "data"))
    ] == []


# The check


def orphan(world, scene, person, *, old=True, name="anything", public=False, over=""):
    """A channel with the marker of a person's application, as a worker leaves it that died for good."""
    room = world.discord.channel(name, scene.guild, category=scene.category)
    room.topic = f"x watchbell-application/0123abcd/{person.id}{over}"
    if not public:
        world.discord.overwrite(room, scene.guild, deny=bits("VIEW_CHANNEL"))
        sees = bits("VIEW_CHANNEL", "SEND_MESSAGES", "READ_MESSAGE_HISTORY", "EMBED_LINKS")
        world.discord.overwrite(room, scene.role, allow=sees)
        for id in (person.id, world.state.world.application_id):
            room.overwrites[id] = Overwrite(id, MEMBER, sees)
    name = f"apply:{scene.guild.id}:0123abcd:{person.id}"
    flow = Flow(world.tools.data(FLOWS), name, "1", 0, {person.id}, {scene.guild.id})
    flow.step("channel")
    world.at += 3600 if old else 60
    return room


def test_an_orphan_is_adopted_by_its_marker_with_a_welcome(world, scene):
    ada = scene.person("ada")
    room = orphan(world, scene, ada)
    world.errands()
    assert (scene.application(ada).status, scene.application(ada).channel) == ("open", room.id)
    world.errands()
    (welcome,) = scene.messages(room)
    assert "Welcome" in welcome["content"]
    assert worked(world, scene.apply(ada)) == f"You have applied already: <#{room.id}>"


def test_the_check_does_not_store_an_erased_person_again(world, scene):
    ada, room = applied(scene)
    bob = scene.person("bob")
    orphan(world, scene, bob)
    for person in (ada, bob):
        world.forget(person.id)
    world.at += 3600
    world.errands()
    said = worked(world, world.run(scene.manager, "check"))
    assert f"<#{room.id}> looks like an application of <@{ada.id}>. I leave it" in said
    rows = json.dumps([[key, row] for key, row in world.raw_table.rows.items() if not key[0].startswith("lock")])
    assert [person.id in rows for person in (ada, bob)] == [False, False]
    assert room in scene.rooms


def test_a_press_finds_the_channel_that_was_left_instead_of_making_another(world, scene):
    ada = scene.person("ada")
    room = orphan(world, scene, ada, old=False)
    world.errands()
    assert scene.application(ada) is None  # it is young: somebody may be at work
    assert worked(world, scene.apply(ada)).endswith(f"<#{room.id}>")
    assert scene.rooms == [room]


def test_a_double_is_removed_and_counted_and_never_one_in_which_somebody_has_written(world, scene):
    ada, room = applied(scene)
    double, written = orphan(world, scene, ada), orphan(world, scene, ada)
    ada.in_channel(written).say("Keep me")
    public = orphan(world, scene, ada, name="general", public=True)
    world.errands()
    assert scene.rooms == [room, written, public]
    assert double not in scene.rooms
    repairs = [row["outcome"] for row in scene.trail() if row["action"].startswith("repair")]
    assert repairs == ["duplicate", "duplicate", "left"]  # anybody can copy a marker into #general


@pytest.mark.parametrize("shown", ["to everybody", "to one person more"])
def test_a_channel_with_a_copied_marker_gets_no_answers(world, scene, shown):
    """Whoever can edit a topic can write the marker of another person's application into it."""
    scene.change(questions=("Why?",))
    ada, eve = scene.person("ada"), scene.person("eve")
    copied = orphan(world, scene, ada, name="eves-corner", public=shown == "to everybody")
    world.discord.overwrite(copied, eve, allow=bits("VIEW_CHANNEL"))
    world.submit(ada, scene.apply(ada), answer0="my secret")
    world.work()
    assert scene.application(ada).channel not in ("", copied.id)
    assert not any(eve.sees(room) and scene.messages(room) for room in scene.rooms)


def test_the_check_does_not_adopt_a_channel_with_a_copied_marker(world, scene):
    scene.change(questions=("Why?",))
    fill_category(world, scene)
    ada = scene.person("ada")
    world.submit(ada, scene.apply(ada), answer0="my secret")
    world.work()
    public = orphan(world, scene, ada, name="eves-corner", public=True)
    real = orphan(world, scene, ada)
    world.errands()
    assert scene.application(ada).channel == real.id  # though the other one is older
    assert scene.messages(public) == []


def test_a_channel_that_the_person_does_not_see_is_not_theirs(world, scene):
    """Otherwise a copied marker would let somebody into a channel of the staff."""
    ada = scene.person("ada")
    copied = orphan(world, scene, ada, name="staff-only")
    del copied.overwrites[ada.id]
    scene.staff.in_channel(copied).say("Between us")
    worked(world, scene.apply(ada))
    world.errands()
    assert scene.application(ada).channel != copied.id
    assert not ada.sees(copied)
    assert copied in scene.rooms


def test_a_channel_with_other_messages_of_the_bot_is_not_removed(world, scene):
    ada, _room = applied(scene)
    copied = orphan(world, scene, ada, name="alerts")
    world.tools.discord.create_message(copied.id, {"content": "Shop is down"}, nonce="1")
    world.errands()
    assert copied in scene.rooms


def test_the_channel_of_an_application_that_is_over_is_finished_and_a_locked_one_is_left_for_ever(world, scene):
    ada, room = applied(scene)
    world.before = ("PUT /api/v10/channels", lambda: setattr(world, "unwell", 1.0))
    world.press(scene.staff, scene.messages(room)[0], "Close")
    world.work()
    world.unwell = 0.0
    assert (scene.application(ada).status, scene.application(ada).finished) == ("closed", False)
    world.at += 3600
    world.errands()
    assert scene.application(ada).finished
    assert not ada.in_channel(room).permissions & bits("SEND_MESSAGES")
    world.at += 200 * 86_400
    world.errands()
    assert (scene.application(ada), scene.rooms) == (None, [room])


@pytest.mark.parametrize("written", [False, True], ids=["empty", "written in"])
def test_who_has_withdrawn_is_not_made_to_apply_again(world, scene, written):
    world.again = 700.0
    ada = scene.person("ada")
    world.before = ("POST /api/v10/guilds", lambda: setattr(world.killer, "at", (world.killer.calls + 1, "after")))
    pressed = scene.apply(ada)
    world.work()  # the channel is made, the worker dies, and it took too long
    (room,) = scene.rooms
    if written:
        ada.in_channel(room).say("Hello?")
    asked = world.press(ada, shown(world, pressed), "Withdraw")
    assert worked(world, world.press(ada, shown(world, asked), "Withdraw")).startswith("↩️ withdrawn")
    world.at += 3600
    for _day in range(2):
        world.errands()
    assert scene.application(ada).status == "withdrawn"
    assert scene.rooms == [room] * written
    assert not (written and ada.in_channel(room).permissions & bits("SEND_MESSAGES"))
    repairs = [row["outcome"] for row in scene.trail() if row["action"].startswith("repair")]
    assert repairs == ["lock" if written else "removed"]


def test_a_new_application_does_not_get_the_channel_of_one_that_is_over(world, scene):
    ada, room = applied(scene)
    world.before = ("PUT /api/v10/channels", lambda: take_roles(world, scene, room))
    press_in(scene, room, scene.staff, "Close")
    world.work()
    assert (scene.application(ada).status, scene.application(ada).finished) == ("closed", False)
    world.at += 60
    assert worked(world, scene.apply(ada)).startswith("✅")
    (_old, new) = scene.rooms
    assert scene.application(ada).channel == new.id
    del room.overwrites[scene.guild.bot_role.id]
    for _day in range(2):
        world.at += 86_400
        world.errands()
    sends = [ada.in_channel(each).permissions & bits("SEND_MESSAGES") > 0 for each in (room, new)]
    assert sends == [False, True]
    assert [row["outcome"] for row in scene.trail() if row["action"].startswith("repair")] == ["lock"]


def take_roles(world, scene, room):
    world.discord.overwrite(room, scene.guild.bot_role, deny=bits("MANAGE_ROLES"))


def test_a_channel_that_refuses_does_not_stop_the_check(world, scene):
    ada, room = applied(scene)
    bob, other = applied(scene, "bob")
    for each in (room, other):
        world.before = ("PUT /api/v10/channels", lambda: setattr(world, "unwell", 1.0))
        press_in(scene, each, scene.staff, "Close")
        world.work()
        world.unwell = 0.0
    world.discord.overwrite(room, scene.guild.bot_role, deny=bits("MANAGE_ROLES"))
    world.at += 3600
    said = worked(world, world.run(scene.manager, "check"))
    assert f"Discord does not let me put <#{room.id}> right." in said
    assert f"<#{other.id}> is locked" in said
    assert [scene.application(each).finished for each in (ada, bob)] == [False, True]
    repairs = [row["outcome"] for row in scene.trail() if row["action"].startswith("repair")]
    assert repairs == ["refused", "lock"]


def transcripts(scene):
    return [message for message in scene.messages(scene.office) if message["attachments"]]


def test_the_check_leaves_a_channel_that_somebody_is_closing(world, scene):
    world.state.world.message_content = True
    _ada, room = applied(scene)
    world.at += 3600
    world.before = ("PUT /api/v10/channels", world.errands)  # just before the worker locks the channel
    press_in(scene, room, scene.staff, "Close")
    world.work()
    assert len(transcripts(scene)) == 1
    assert [row["action"] for row in scene.trail()] == ["apply", "close"]


def test_the_check_posts_no_second_transcript_though_its_worker_died(world, scene):
    world.state.world.message_content = True
    ada, room = applied(scene)
    world.before = ("PATCH /api/v10/channels", lambda: setattr(world, "unwell", 1.0))
    press_in(scene, room, scene.staff, "Close")
    world.work()
    world.unwell = 0.0
    assert (transcripts(scene), scene.application(ada).status) == ([], "closed")
    world.at += 3600
    post = f"POST /api/v10/channels/{scene.office.id}"
    world.before = (post, lambda: setattr(world.killer, "at", (world.killer.calls + 1, "after")))
    with pytest.raises(Killed):
        world.errands()
    world.killer.at = None
    for later in (600, 86_400):  # the message comes again, and another day passes
        world.at += later
        world.errands()
    assert len(transcripts(scene)) == 1
    assert scene.application(ada).finished
    assert not ada.in_channel(room).permissions & bits("SEND_MESSAGES")


def test_the_check_goes_on_with_a_close_that_was_refused_without_a_second_transcript(world, scene):
    world.state.world.message_content = True
    ada, room = applied(scene)
    world.before = ("PUT /api/v10/channels", lambda: take_roles(world, scene, room))
    press_in(scene, room, scene.staff, "Close")
    world.work()
    for _day in range(3):
        world.at += 86_400
        world.errands()
    assert len(transcripts(scene)) == 1
    del room.overwrites[scene.guild.bot_role.id]
    world.at += 86_400
    world.errands()
    assert (len(transcripts(scene)), scene.application(ada).finished) == (1, True)


def test_a_check_that_is_interrupted_has_noted_what_it_did(world, scene):
    ada, room = applied(scene)
    _bob, other = applied(scene, "bob")
    for each in (room, other):
        world.state.world.remove_channel(each)
    world.before = (
        f"GET /api/v10/channels/{other.id}",
        lambda: setattr(world.killer, "at", (world.killer.calls + 1, "before")),
    )
    with pytest.raises(Killed):
        world.errands()
    assert scene.application(ada).status == "closed"
    assert [row["outcome"] for row in scene.trail() if row["action"].startswith("repair")] == ["closed"]


def test_a_channel_that_is_gone_closes_its_application(world, scene):
    ada, room = applied(scene)
    world.state.world.remove_channel(room)
    world.errands()
    assert (scene.application(ada).status, scene.application(ada).reason) == ("closed", "channel_gone")


def test_a_list_of_channels_that_is_not_whole_closes_no_application(world, scene):
    ada, room = applied(scene)
    world.at += 3600
    for _list in range(2):
        world.state.injected.add(InjectedFault("GET", f"/guilds/{scene.guild.id}/channels", status=200, body=b"[]"))
        world.errands()
    assert (scene.application(ada).status, scene.rooms) == ("open", [room])
    assert len(scene.trail()) == 1


def test_a_list_of_channels_that_is_not_whole_does_not_hide_the_category(world, scene):
    world.state.injected.add(InjectedFault("GET", f"/guilds/{scene.guild.id}/channels", status=200, body=b"[]"))
    assert worked(world, scene.apply(scene.person("ada"))).startswith("✅")


def test_a_channel_whose_messages_cannot_be_read_is_not_removed(world, scene):
    ada, room = applied(scene)
    double = orphan(world, scene, ada)
    ada.in_channel(double).say("Keep me")
    world.state.injected.add(InjectedFault("GET", f"/channels/{double.id}/messages*", status=200, body=b"[]"))
    world.errands()
    assert scene.rooms == [room, double]


def test_somebody_who_has_left_leaves_no_orphan(world, scene):
    ada = scene.person("ada")
    orphan(world, scene, ada)
    ada.leave(scene.guild)
    world.errands()
    assert scene.rooms == []


def test_the_check_says_what_it_did_and_what_the_bot_may_not_do(world, scene):
    ada = scene.person("ada")
    room = orphan(world, scene, ada)
    take_permission(world, scene)
    asked = world.run(scene.manager, "check")
    said = worked(world, asked)
    assert f"<#{room.id}> belongs to <@{ada.id}> again." in said
    assert "**Manage Channels**" in said
    assert "Message Content" in said


def test_a_removed_configuration_stays_until_its_last_application_is_over(world, scene):
    _ada, room = applied(scene)
    scene.change(state="removed")
    world.errands()
    world.press(scene.staff, scene.messages(room)[0], "Close")
    world.work()
    world.errands()
    assert [sort for _pk, sort in world.raw_table.rows if sort.startswith("application_server")] == []
