"""What those who manage the applications do: the wizard, the queue, many at once, and the figures."""

import json
from dataclasses import replace

import pytest

from tests.applicants import World
from tests.doors.test_applications import applied, fill_category, labels, take_permission, worked
from watchbell.discord.permissions import bits
from watchbell.tools import applying


@pytest.fixture
def world():
    return World()


@pytest.fixture
def scene(world):
    return world.server()


def shown(world, body):
    """The message that the person sees as the answer."""
    found = world.state.interactions.shown(world.state.interactions._by_token[body["token"]])
    assert found, world.failures
    return found


def stored(scene):
    return applying.all_of(scene.guild.id, scene.world.tools)


def set_up(world, scene, **texts):
    """Run the wizard up to its panel. Return the message of the panel, and the id of the configuration."""
    opened = world.run(scene.manager, "setup")
    assert world.acks[opened["id"]]["type"] == 9
    body = world.submit(scene.manager, opened, **{"button": "Join the crew", "text": "Read the rules.", **texts})
    world.work()
    (id,) = [id for id, each in stored(scene).items() if each.button == "Join the crew"]
    return shown(world, body), id


# The wizard


def test_the_wizard_leads_from_a_form_to_the_posted_button(world, scene):
    panel, id = set_up(world, scene, keep="30")
    body = world.press(scene.manager, panel, "Preview")
    world.work()
    assert shown(world, body)["content"].startswith(
        "❌ Choose this first: where the button is posted, the category of the channels, the staff, the channel of the"
    )
    assert labels(shown(world, body)) == []
    for what, chosen in (
        ("channel", scene.lobby),
        ("category", scene.category),
        (":role", scene.role),
        ("staff_channel", scene.office),
    ):
        body = world.choose(scene.manager, panel, f"{id}:{what.strip(':')}", chosen)
        world.work()
        left = json.dumps(shown(world, body))
        assert ("Choose this first" in left) == (what != "staff_channel")
        assert "where the button is posted" not in left
    panel = shown(world, body)
    opened = world.press(scene.manager, panel, "Questions")
    world.submit(scene.manager, opened, one="Why?", two="why? ")
    world.work()
    assert stored(scene)[id].questions == ()  # two questions are the same
    world.submit(scene.manager, opened, one="Why?", two="  ")
    world.work()
    assert stored(scene)[id].questions == ("Why?",)
    previewed = world.press(scene.manager, panel, "Preview")
    world.work()
    preview = shown(world, previewed)
    assert "Message Content" in preview["content"]
    assert labels(preview) == ["Post it"]
    posted = world.press(scene.manager, preview, "Post it")
    assert worked(world, posted) == f"It is posted in <#{scene.lobby.id}>."
    (_first, message) = scene.messages(scene.lobby)
    assert (message["embeds"][0]["description"], labels(message)) == ("Read the rules.", ["Join the crew"])
    configuration = stored(scene)[id]
    assert (configuration.state, configuration.keep, configuration.message) == ("active", 30, message["id"])
    pressed = world.press(scene.person("ada"), message, "Join the crew")
    assert world.acks[pressed["id"]]["type"] == 9


def test_what_is_changed_later_changes_the_posted_message_and_the_old_button_works_on(world, scene):
    panel = shown_panel(world, scene)
    opened = world.press(scene.manager, panel, "Texts")
    filled = {each["component"]["custom_id"]: each["component"].get("value") for each in modal(world, opened)}
    assert (filled["button"], filled["text"], filled["keep"]) == ("Apply", "Join us", "90")
    world.submit(scene.manager, opened, button="Apply now", text="New text", keep="90")
    world.work()
    (message,) = scene.messages(scene.lobby)
    assert (message["id"], labels(message)) == (scene.button["id"], ["Apply now"])
    old = scene.button["components"][0]["components"][0]["custom_id"]
    body = scene.person("ada").in_channel(scene.lobby).interaction(3, {"custom_id": old, "component_type": 2})
    assert worked(world, world.send({**body, "message": message})).startswith("✅")


def shown_panel(world, scene):
    body = world.run(scene.manager, "edit", button="apply")
    world.work()
    return shown(world, body)


def modal(world, opened):
    return world.acks[opened["id"]]["data"]["components"]


@pytest.mark.parametrize("days", ["0", "731", "x", "-1", "1.5", "٣"])
def test_a_number_of_days_that_cannot_be_is_asked_for_again(world, scene, days):
    opened = world.run(scene.manager, "setup")
    body = world.submit(scene.manager, opened, button="Join", text="", keep=days)
    assert "write a number of days" in worked(world, body)
    assert len(stored(scene)) == 1


def test_a_server_has_ten_buttons_at_most(world, scene):
    applying.change(
        scene.guild.id, world.tools, lambda before: {**before, **{f"{n:08}": before["0123abcd"] for n in range(9)}}
    )
    opened = world.run(scene.manager, "setup")
    assert "A server can have 10" in worked(world, world.submit(scene.manager, opened, button="Join", text=""))


def test_the_preview_warns_of_a_channel_of_the_staff_that_everybody_reads(world, scene):
    warning = f"⚠️ Everybody can read <#{scene.office.id}>, and so the transcripts in it."
    previewed = answer(world, world.press(scene.manager, shown_panel(world, scene), "Preview"))
    assert warning in previewed["content"]
    assert warning in worked(world, world.run(scene.manager, "check"))
    world.discord.overwrite(scene.office, scene.guild, deny=bits("VIEW_CHANNEL"))
    world.discord.overwrite(scene.office, scene.guild.bot_role, allow=bits("VIEW_CHANNEL"))
    previewed = answer(world, world.press(scene.manager, shown_panel(world, scene), "Preview"))
    assert "Everybody can read" not in previewed["content"]
    assert labels(previewed) == ["Post it"]


def test_a_removed_button_with_open_applications_leaves_its_place_to_a_new_one(world, scene):
    gone = {f"{n:08}": replace(scene.configuration, id=f"{n:08}", state="removed") for n in range(10)}
    applying.change(scene.guild.id, world.tools, lambda before: {**before, **gone})
    _panel, id = set_up(world, scene)
    assert id in stored(scene)


def test_a_button_is_not_posted_where_the_bot_lacks_a_permission(world, scene):
    panel = shown_panel(world, scene)
    previewed = answer(world, world.press(scene.manager, panel, "Preview"))
    take_permission(world, scene)
    assert labels(answer(world, world.press(scene.manager, panel, "Preview"))) == []
    posted = world.press(scene.manager, previewed, "Post it")
    assert "**Manage Channels**: my role lacks this. [Grant it]" in worked(world, posted)


def looks(scene):
    """The text of the posted message, and whether its button is disabled."""
    (message,) = scene.messages(scene.lobby)
    return message["embeds"][0]["description"], bool(message["components"][0]["components"][0].get("disabled"))


def test_a_button_is_paused_resumed_listed_and_removed(world, scene):
    assert worked(world, world.run(scene.manager, "pause", button="Apply")) == "**Apply** is paused."
    assert "⏸️ paused" in json.dumps(answer(world, world.run(scene.manager, "list")), ensure_ascii=False)
    assert "Nobody can apply" in worked(world, scene.apply(scene.person("ada")))
    assert looks(scene) == ("Join us\n\n⏸️ Nobody can apply here at the moment.", True)
    world.errands()
    assert looks(scene)[1]
    assert worked(world, world.run(scene.manager, "resume", button="0123abcd")) == "**Apply** works again."
    assert looks(scene) == ("Join us", False)
    assert worked(world, scene.apply(scene.person("ada"))).startswith("✅")
    sure = answer(world, world.run(scene.manager, "remove", button="Apply"))
    assert worked(world, world.press(scene.manager, sure, "Remove")) == "**Apply** is removed."
    assert scene.messages(scene.lobby) == []
    assert stored(scene)["0123abcd"].state == "removed"  # ada's application is open
    assert worked(world, world.run(scene.manager, "edit", button="Apply")).startswith("There is no such button.")


def answer(world, body):
    world.work()
    return shown(world, body)


def test_a_posted_message_that_somebody_deleted_is_posted_again(world, scene):
    world.state.world.remove(scene.button["id"])
    assert "The posted message is gone" in worked(world, world.run(scene.manager, "check"))
    previewed = answer(world, world.press(scene.manager, shown_panel(world, scene), "Preview"))
    worked(world, world.press(scene.manager, previewed, "Post it"))
    (message,) = scene.messages(scene.lobby)
    assert stored(scene)["0123abcd"].message == message["id"]


def test_a_button_that_is_posted_elsewhere_leaves_its_old_place(world, scene):
    panel, hall = shown_panel(world, scene), world.discord.channel("hall", scene.guild)
    world.choose(scene.manager, panel, ":channel", hall)
    world.work()
    assert len(scene.messages(scene.lobby)) == 1  # until the new one is posted
    previewed = answer(world, world.press(scene.manager, panel, "Preview"))
    assert worked(world, world.press(scene.manager, previewed, "Post it")) == f"It is posted in <#{hall.id}>."
    assert (len(scene.messages(scene.lobby)), len(scene.messages(hall))) == (0, 1)


def test_a_paused_button_that_is_posted_elsewhere_stays_paused(world, scene):
    worked(world, world.run(scene.manager, "pause", button="Apply"))
    panel, hall = shown_panel(world, scene), world.discord.channel("hall", scene.guild)
    world.choose(scene.manager, panel, ":channel", hall)
    world.work()
    previewed = answer(world, world.press(scene.manager, panel, "Preview"))
    assert worked(world, world.press(scene.manager, previewed, "Post it")).startswith(f"It is posted in <#{hall.id}>.")
    assert stored(scene)["0123abcd"].state == "paused"
    assert "⏸️" in scene.messages(hall)[0]["embeds"][0]["description"]


def test_a_button_is_posted_once_though_the_worker_dies_before_it_knows(world, scene):
    world.state.world.remove(scene.button["id"])
    previewed = answer(world, world.press(scene.manager, shown_panel(world, scene), "Preview"))
    world.before = ("POST /api/v10/channels", lambda: setattr(world.killer, "at", (world.killer.calls + 1, "after")))
    assert worked(world, world.press(scene.manager, previewed, "Post it")) == f"It is posted in <#{scene.lobby.id}>."
    (message,) = scene.messages(scene.lobby)
    assert stored(scene)["0123abcd"].message == message["id"]


def removed(world, scene):
    """The answer that asks whether to remove the button."""
    return answer(world, world.run(scene.manager, "remove", button="Apply"))


@pytest.mark.parametrize("label", ["Texts", "Questions"])
def test_an_old_form_does_not_make_a_removed_button_again(world, scene, label):
    opened = world.press(scene.manager, shown_panel(world, scene), label)
    world.press(scene.manager, removed(world, scene), "Remove")
    world.work()
    given = {"one": "Why?"} if label == "Questions" else {"button": "Apply now", "text": "New", "keep": "90"}
    world.submit(scene.manager, opened, **given)
    world.work()
    assert world.failures == []
    assert stored(scene) == {}


@pytest.mark.parametrize("path", ["pause", "resume"])
def test_a_button_that_is_removed_in_the_same_moment_does_not_come_back(world, scene, path):
    sure, read = removed(world, scene), world.raw_table.get
    gets = []

    def get(key, *more, **named):
        found = read(key, *more, **named)
        if key["sk"]["S"].startswith("application_configs"):
            gets.append(key)
            if len(gets) == 2:  # after `path` has looked for the button, and before it stores anything
                world.press(scene.manager, sure, "Remove")
                world.work()
        return found

    body = world.run(scene.manager, path, button="Apply")
    world.raw_table.get = get
    assert worked(world, body).startswith("There is no such button.")
    assert stored(scene) == {}
    assert "Something went wrong" not in worked(world, world.run(scene.manager, "list"))


def test_everyone_cannot_be_the_staff(world, scene):
    for role, kept in ((scene.guild.everyone, scene.role), (world.discord.role("crew", guild=scene.guild), None)):
        world.choose(scene.manager, shown_panel(world, scene), ":role", role)
        world.work()
        assert stored(scene)["0123abcd"].role == (kept or role).id


def test_a_posted_button_outlives_a_rotation_of_the_signing_keys(world, scene):
    newest = f"2:{'cd' * 32}"
    world.keys = f"{newest},{world.keys}"
    world.errands()  # on one of the days between the two steps of a rotation
    world.keys = newest
    assert worked(world, scene.apply(scene.person("ada"))).startswith("✅")


def test_the_names_of_the_buttons_are_offered_while_somebody_types(world, scene):
    typed = [{"name": "button", "type": 3, "value": "app", "focused": True}]
    data = {"id": "1", "name": "applications", "type": 1, "options": [{"name": "edit", "type": 1, "options": typed}]}
    body = world.send(scene.manager.interaction(4, data))
    assert world.acks[body["id"]]["data"]["choices"] == [{"name": "Apply", "value": "0123abcd"}]
    scene.change(state="removed")
    body = world.send(scene.manager.interaction(4, data))
    assert world.acks[body["id"]]["data"]["choices"] == []


# The queue


def test_the_queue_shows_pages_and_a_filter(world, scene):
    rooms = [applied(scene, f"p{number}")[1] for number in range(12)]
    world.press(scene.staff, scene.messages(rooms[0])[0], "Accept")
    queue = answer(world, world.run(scene.manager, "queue"))
    assert "12 applications" in json.dumps(queue)
    assert "Page 1 of 2" in labels_of(queue)
    second = world.press(scene.manager, queue, "Next")
    assert len(answer(world, second)["embeds"][0]["description"].splitlines()) == 2
    only = answer(world, world.choose(scene.manager, shown(world, second), "applications:only", "accepted"))
    assert "1 application" in json.dumps(only)
    assert "✅ accepted" in only["embeds"][0]["description"]
    assert "only_of" not in json.dumps(only)


def test_the_queue_has_a_filter_for_the_button_too(world, scene):
    other = world.server(id="1")
    applied(scene, "ada")
    applied(other, "bob")
    applied(other, "cy")
    queue = answer(world, world.run(scene.manager, "queue"))
    of_other = answer(world, world.choose(scene.manager, queue, "applications:only_of", "1123abcd"))
    assert "2 applications" in json.dumps(of_other)
    none = answer(world, world.choose(scene.manager, of_other, "applications:only:", "declined"))
    assert "0 applications" in json.dumps(none)
    every = answer(world, world.choose(scene.manager, none, "applications:only:", "all"))
    assert "2 applications" in json.dumps(every)


def labels_of(message):
    return [each.get("label") for row in message["components"] for each in row["components"]]


def many(world, scene, queue, label, sure):
    """Press a button for many applications, and confirm it."""
    asked = answer(world, world.press(scene.manager, queue, label))
    return world.press(scene.manager, asked, sure)


def test_many_at_once_is_offered_if_there_is_something_to_do_and_asks_first(world, scene):
    fill_category(world, scene)
    queue = answer(world, world.run(scene.manager, "queue"))
    assert [each for each in labels_of(queue) if each] == []
    ada = scene.person("ada")
    scene.apply(ada)
    world.work()
    world.state.world.remove_channel(scene.rooms[0])
    queue = answer(world, world.run(scene.manager, "queue"))
    assert [each for each in labels_of(queue) if each] == ["Create channels for all pending"]
    asked = answer(world, world.press(scene.manager, queue, "Create channels for all pending"))
    assert (asked["content"], scene.application(ada).status) == ("Create the channel of 1 application?", "pending")
    done = answer(world, world.press(scene.manager, asked, "Create"))
    assert done["content"] == "Finished. 1 in all: 1 done, 0 skipped, 0 failed."
    shown_again = answer(world, world.press(scene.manager, done, "Show the applications"))
    assert shown_again["embeds"][0]["description"].startswith("📨 open")


def test_the_staff_of_a_button_see_its_applications_and_nothing_for_many(world, scene):
    other = world.server(id="1")
    other.change(role=world.discord.role("crew", guild=scene.guild).id)
    ada, room = applied(scene, "ada")
    applied(other, "bob")
    fill_category(world, scene)
    cy = scene.person("cy")
    scene.apply(cy)
    world.work()
    every = answer(world, world.run(scene.manager, "queue"))
    assert "**Apply** <#" in every["embeds"][0]["description"]
    mine = answer(world, world.run(scene.staff, "queue"))
    lines = mine["embeds"][0]["description"].splitlines()
    told = {f"📨 open <@{ada.id}> <#{room.id}>", f"🕓 waits for a channel <@{cy.id}>"}
    assert {line.split(" <t:")[0] for line in lines} == told
    assert [each for each in labels_of(mine) if each] == []
    world.state.world.remove_channel(room)
    mine = answer(world, world.run(scene.staff, "queue"))
    assert f"<#{room.id}>" not in mine["embeds"][0]["description"]
    assert "One of these is enough" in worked(world, world.run(scene.person("dan"), "queue"))


def test_channels_are_made_for_all_who_wait_with_a_result(world, scene):
    fill_category(world, scene)
    people = [scene.person(f"p{number}") for number in range(4)]
    for person in people:
        scene.apply(person)
    world.work()
    for room in scene.rooms:
        world.state.world.remove_channel(room)
    people[3].leave(scene.guild)
    queue = answer(world, world.run(scene.manager, "queue"))
    held = world.tools.locks.take(f"apply:{scene.guild.id}:0123abcd:{people[2].id}", "somebody")
    body = many(world, scene, queue, "Create channels for all pending", "Create")
    assert worked(world, body) == "Finished. 4 in all: 2 done, 1 skipped, 1 failed."
    assert [scene.application(person).status for person in people] == ["open", "open", "pending", "pending"]
    assert scene.application(people[3]).reason == "person_left"
    held.release()
    again = answer(world, world.run(scene.manager, "queue"))
    body = many(world, scene, again, "Create channels for all pending", "Create")
    assert worked(world, body) == "Finished. 2 in all: 1 done, 0 skipped, 1 failed."
    assert len(scene.rooms) == 3


def test_all_declined_are_closed(world, scene):
    for name in ("ada", "bob", "cy"):
        _person, room = applied(scene, name)
        if name != "cy":
            opened = world.press(scene.staff, scene.messages(room)[0], "Decline")
            world.submit(scene.staff, opened, reason="No")
            world.work()
    queue = answer(world, world.run(scene.manager, "queue"))
    body = many(world, scene, queue, "Close all declined", "Close")
    assert worked(world, body) == "Finished. 2 in all: 2 done, 0 skipped, 0 failed."
    statuses = [each.status for each in applying.everybody(scene.guild.id, world.tools)]
    assert sorted(statuses) == ["closed", "closed", "open"]
    assert [row["outcome"] for row in scene.trail() if row["action"] == "batch_close"] == ["done", "done"]


def test_a_batch_goes_on_where_its_worker_died_and_makes_nothing_twice(world, scene):
    fill_category(world, scene)
    for number in range(3):
        scene.apply(scene.person(f"p{number}"))
    world.work()
    for room in scene.rooms:
        world.state.world.remove_channel(room)
    queue = answer(world, world.run(scene.manager, "queue"))
    world.before = ("POST /api/v10/guilds", lambda: setattr(world.killer, "at", (world.killer.calls + 1, "after")))
    body = many(world, scene, queue, "Create channels for all pending", "Create")
    assert worked(world, body) == "Finished. 3 in all: 3 done, 0 skipped, 0 failed."
    assert len(scene.rooms) == 3


# Figures and trail


def test_the_figures_add_up(world, scene):
    ada, _room = applied(scene)
    scene.apply(ada)
    world.work()
    fill_category(world, scene)
    scene.apply(scene.person("bob"))
    figures = answer(world, world.run(scene.manager, "stats"))["embeds"][0]["fields"]
    assert [(each["name"], each["value"].replace("\N{NO-BREAK SPACE}", " ")) for each in figures] == [
        ("🕓 waits for a channel", "1"),
        ("📨 open", "1"),
        ("✅ accepted", "0"),
        ("❌ declined", "0"),
        ("↩️ withdrawn", "0"),
        ("🔒 closed", "0"),
        ("People who pressed", "2"),
        ("Presses", "3"),
        ("Channels made", "1"),
        ("Had one already", "1"),
        ("Pressed while it was made", "0"),
        ("Withdrawn", "0"),
        ("Acknowledged (median)", "0 ms"),
        ("Done (median)", "0 ms"),
        ("Success", "50.00 %"),
        ("Duplicates", "0"),
        ("What failed", "The category is full: Discord allows 50 channels in it. × 1"),
    ]
    metrics = [name for _message, each in world.measured for name in each]
    assert metrics == [
        *("ApplicationsCreated", "ApplicationsAckMs", "ApplicationsMs"),
        *("ApplicationsExisting", "ApplicationsFailed"),
    ]


def test_the_log_has_the_daily_check_at_its_time(world, scene):
    _ada, room = applied(scene)
    world.state.world.remove_channel(room)
    world.at += 86_400
    world.errands()
    world.at += 60
    applied(scene, "bob")
    rows = applying.trail(scene.guild.id, world.tools)
    assert [row["action"] for row in rows] == ["apply", "repair_lost", "apply"]


def test_what_the_staff_try_again_counts_and_stands_in_the_log(world, scene):
    fill_category(world, scene)
    bob = scene.person("bob")
    for _press in range(3):
        scene.apply(bob)
        world.work()
    (notice,) = scene.messages(scene.office)
    world.press(scene.staff, notice, "Try again")
    world.work()
    assert stats(world, scene)["Success"] == "0.00 %"
    world.state.world.remove_channel(scene.rooms[0])
    world.press(scene.staff, notice, "Try again")
    world.work()
    found = stats(world, scene)
    assert (found["People who pressed"], found["Presses"]) == ("1", "3")
    assert (found["Channels made"], found["Success"]) == ("1", "100 %")
    assert found["What failed"] == "The category is full: Discord allows 50 channels in it. × 1"
    rows = [(row["action"], row["actor"], row["user"], row["outcome"], row["reason"]) for row in scene.trail()]
    assert rows[-2:] == [
        ("retry", scene.staff.id, bob.id, "failed", "category_full"),
        ("retry", scene.staff.id, bob.id, "created", ""),
    ]
    assert [each for _message, each in world.measured if "ApplicationsCreated" in each] == [{"ApplicationsCreated": 1}]


def stats(world, scene):
    """The figures by their names."""
    fields = answer(world, world.run(scene.manager, "stats"))["embeds"][0]["fields"]
    return {each["name"]: each["value"].replace("\N{NO-BREAK SPACE}", " ") for each in fields}


def test_the_log_says_who_did_what_and_how_it_ended(world, scene):
    ada, room = applied(scene)
    world.press(scene.staff, scene.messages(room)[0], "Accept")
    world.work()
    fill_category(world, scene)
    bob = scene.person("bob")
    scene.apply(bob)
    world.work()

    def logged():
        body = answer(world, world.run(scene.manager, "log"))
        return [line.partition("> ")[2] for line in body["embeds"][0]["description"].splitlines()]

    assert logged() == [
        f"**Apply** <@{bob.id}>: failed, The category is full: Discord allows 50 channels in it.",
        f"**Accept** <@{scene.staff.id}> → <@{ada.id}>: done",
        f"**Apply** <@{ada.id}>: channel made",
    ]
    scene.manager.account.locale = "de"
    assert logged()[1:] == [
        f"**Annehmen** <@{scene.staff.id}> → <@{ada.id}>: erledigt",
        f"**Bewerben** <@{ada.id}>: Kanal erstellt",
    ]


@pytest.mark.parametrize("path", ["list", "check", "stats", "log", "setup"])
def test_only_those_who_manage_the_server_use_the_command(world, scene, path):
    body = world.run(scene.staff, path)
    world.work()
    refused = world.said(body) or json.dumps(world.acks[body["id"]])
    assert "you need the permission Manage Server or a role with the rank admin" in refused
