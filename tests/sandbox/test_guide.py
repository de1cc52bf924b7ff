"""The examples of docs/features.md, deployed with the bot's own commands and used by people: the guide is true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from sandbox.discord import NotPossible
from sandbox.testing import ANSWER, CREATE_CHANNEL, EDIT, FOLLOW_UP, OPEN_DM, POST, READ, Actor, Shown, Upload, bot
from tests.sandbox import eventually

PNG = Upload("face.png", b"\x89PNG\r\n")

pytestmark = pytest.mark.xdist_group("guide")


def content(shown: Shown) -> str:
    return str(shown.message["content"])


def test_every_kind_of_option_arrives_as_what_it_is(features: Path) -> None:
    with bot(features) as discord:
        ada, bob = discord.person("ada"), discord.person("bob")
        crew, garden = discord.role("crew", bob), discord.simulated.channel("garden")
        asked = {"to": bob, "size": "small", "kilos": 1.5}
        assert content(ada.run("parcel", **asked)) == "1 small to bob, 1.5 kg"
        more = {
            "count": 3,
            "note": "fragile",
            "insured": True,
            "speed": "air",
            "near": garden,
            "team": crew,
            "copy": crew,
            "label": PNG,
        }
        shown = ada.run("parcel", **asked, **more)
        expected = "3 small to bob, 1.5 kg; fragile; insured; By air; garden; crew; crew; face.png, 6 bytes"
        assert content(shown) == expected
        for wrong in (
            {"kilos": 31},
            {"size": "huge"},
            {"speed": "By air"},
            {"to": crew},
            {"label": Upload("x.txt", b"x")},
            {"note": "n" * 201},
        ):
            with pytest.raises(NotPossible):
                ada.run("parcel", **asked | wrong)


def test_subcommands_are_run_and_complete_what_is_typed(features: Path) -> None:
    with bot(features) as discord:
        ada = discord.person()
        assert content(ada.in_dm.run("shelf count")) == "3 books"
        assert content(ada.run("shelf list")) == "Emma, Middlemarch, Persuasion"
        assert ada.autocomplete("shelf box find", "title", "em") == ["Emma", "Middlemarch"]
        assert content(ada.run("shelf box find", title="Emma")) == "Emma, by Austen"
        missed = ada.run("shelf box find", title="Emm")
        assert (content(missed), missed.private) == ("There is no such book.", True)


def test_a_context_menu_is_opened_on_a_message(features: Path) -> None:
    with bot(features) as discord:
        said = discord.person("bob").say("buy now")
        shown = discord.person("ada").run("Report message", target=said)
        assert (content(shown), shown.private) == ("bob wrote: buy now", True)


def test_files_come_with_their_descriptions_and_can_be_deleted(features: Path) -> None:
    with bot(features) as discord:
        ada = discord.person()
        shown = ada.run("gallery files")
        secret, chart = shown.message["attachments"]
        assert (discord.file(secret), secret["flags"]) == (b"psst", 8)
        assert (discord.file(chart)[:4], chart["description"]) == (b"\x89PNG", "One red dot")
        assert shown.message["embeds"][0]["image"]["url"].startswith(("attachment://chart.png", "http"))
        ada.press(shown, "Away with it")
        assert not [each for each in ada.person.messages() if each["id"] == shown.message["id"]]


def test_files_come_once_though_discord_is_unwell(features: Path) -> None:
    with bot(features) as discord:
        discord.goes_wrong(503)
        assert len(discord.person().run("gallery files").message["attachments"]) == 2
        discord.kill(after=ANSWER)
        assert len(discord.person().run("gallery files").message["attachments"]) == 2


def test_a_layout_shows_its_files_where_its_components_name_them(features: Path) -> None:
    with bot(features) as discord:
        ada = discord.person()
        shown = ada.run("gallery layout")
        assert shown.text.splitlines() == [
            *["│ # Today", "│ A dot", "│ 📎 dot.png (One red dot)", "│ ────────────────────────"],
            *["│ 📎 ||https://example.org/sea.png (The sea)||", "│ 📎 notes.txt", "│ [More ↗]", "[Away with it]"],
        ]
        ada.press(shown, "Away with it")


def test_a_poll_takes_the_place_of_thinking(features: Path) -> None:
    with bot(features) as discord:
        assert discord.person().run("gallery poll").text.splitlines() == ["📊 Tea?", "  ○ 👍 Yes", "  ○ No"]


@pytest.mark.parametrize("of_it", [True, False])
def test_what_is_too_long_comes_in_several_messages_once(features: Path, of_it: bool) -> None:
    with bot(features) as discord:
        discord.kill(after=FOLLOW_UP, of_it=of_it)
        shown = discord.person().run("gallery story")
        told = [message["content"] for message in shown.messages]
        assert "\n".join(told).split() == [*" and ".join(map(str, range(600))).split(), "and"]
        assert [len(text) <= 2000 for text in told] == [True] * 3


def test_one_is_notified_and_only_the_caller_is_told(features: Path) -> None:
    with bot(features) as discord:
        bob = discord.person("bob")
        shown = discord.person("ada").run("gallery call", who=bob)
        private, public = shown.messages
        assert (private["content"], private["flags"]) == ("Done.", 64)
        assert (public["flags"], [user["username"] for user in public["mentions"]]) == (0, ["bob"])


def test_a_table_is_reserved_by_selects_whose_state_has_no_room_in_a_custom_id(features: Path) -> None:
    with bot(features) as discord:
        ada, bob = discord.person("ada"), discord.person("bob")
        shown = ada.run("table", note="quiet, please; " * 10)
        assert bob.choose(shown, "Where?", "hall").text.startswith("This is for the person who asked")
        asked = ada.choose(shown, "Where?", "garden")
        done = ada.choose(asked, "With whom?", bob)
        assert content(done) == f"With bob in the garden, 2 seats. {'quiet, please; ' * 10}".strip()
        with pytest.raises(NotPossible, match="disabled"):
            ada.press(done, "Reserved")


def test_a_button_expires_with_the_clock(features: Path) -> None:
    with bot(features) as discord:
        ada = discord.person()
        asked = ada.choose(ada.run("table"), "Where?", "hall")
        discord.turn(700)
        assert ada.press(asked, "Alone").text.startswith("This has expired.")


def test_a_long_list_is_read_page_by_page_at_once_and_deferred(features: Path) -> None:
    with bot(features) as discord:
        ada, bob = discord.person("ada"), discord.person("bob")
        shown = ada.run("library titles")
        assert shown.text.splitlines()[1] == "│ Austen 1"
        assert shown.text.endswith("[Previous: off] [Page 1 of 3: off] [Next]")
        assert bob.press(shown, "Next").text.startswith("This is for the person who asked")
        last = ada.press(ada.press(shown, "Next"), "Next")
        assert last.message["embeds"][0]["description"].splitlines() == [f"Eliot {n}" for n in (9, 10, 11, 12)]
        assert last.text.endswith("[Previous] [Page 3 of 3: off] [Next: off]")
        assert last.message["id"] == shown.message["id"]
        assert ada.press(last, "Previous").text.endswith("[Previous] [Page 2 of 3: off] [Next]")
        assert not ada.run("library titles", author="Nobody").message["components"]

        walk = ada.run("library shelves")
        for number in (2, 3, 4):
            walk = bob.press(walk, "Next")
            assert walk.text.splitlines()[0] == f"│ # Shelf {number} of 6"
        assert walk.text.splitlines()[1:5] == [f"│ Eliot {n}" for n in (1, 2, 3, 4)]
        discord.goes_wrong(503)
        discord.kill(after=ANSWER)
        assert bob.press(walk, "Previous").text.splitlines()[:2] == ["│ # Shelf 3 of 6", "│ Austen 9"]


def test_a_form_is_corrected_without_typing_it_again_and_its_files_arrive(features: Path) -> None:
    with bot(features) as discord:
        ada, bob = discord.person("ada"), discord.person("bob")
        crew = discord.role("crew")
        opened = ada.run("join", nick="Ada")
        why = "Because I like it here."
        wrong = ada.submit(opened, name="Ada L.", why=why, agreed=False)
        assert "**I keep to the rules**: nobody joins who does not." in content(wrong)
        assert wrong.private
        again = ada.press(wrong, "Open the form again")
        fields = [label["component"] for label in again.modal["components"]]
        assert [field.get("value") for field in fields[:2]] == ["Ada L.", why]
        done = ada.submit(again, name="Ada L.", why=why, proof=[PNG], agreed=True)
        assert content(done) == f"Ada L. by command: {why}, with face.png"
        details = ada.press(done, "Details")
        final = ada.submit(details, friends=[bob], team=[crew], days=["Mon", "Wed"], half="evening")
        assert (content(final), final.message["id"]) == ("Ada L., crew, Mon+Wed, evening, with bob", done.message["id"])


def test_a_form_that_comes_too_late_is_answered_politely(features: Path) -> None:
    with bot(features) as discord:
        ada = discord.person()
        opened = ada.run("join")
        discord.turn(16 * 60)
        late = ada.submit(opened, name="Ada", why="Because I like it.", agreed=True)
        assert late.text.startswith("This form has expired")


def test_each_policy_lets_in_whom_it_says(features: Path) -> None:
    with bot(features) as discord:
        ada, eve = discord.person("ada"), discord.person("eve")
        boss = discord.person("boss", permissions="MANAGE_GUILD")
        shown = ada.run("vault")
        assert content(ada.press(shown, "Mine")) == "It is yours."
        assert content(boss.press(shown, "Keys")) == "You have the keys."
        for button, why in (
            ("Mine", "This is for the person who asked"),
            ("Keys", "To use this, you need this permission: Manage Server."),
            ("Watch", "To use this, you need a role with the rank responder in this server."),
            ("Blow up", "Only the people who run this bot can use this."),
        ):
            refused = eve.press(shown, button)
            assert content(refused).startswith(why)
            assert refused.private
        assert discord.story().count("AUDIT refused") == 4

        watch = discord.role("watch", eve)
        discord.ops("ranks", discord.simulated.home.id, f"{watch.id}=responder")
        assert content(eve.press(shown, "Watch")) == "You are on watch."
        discord.ops("set", "operators", eve.person.id)
        assert content(eve.press(shown, "Blow up")) == "Boom."


def test_what_a_feature_remembers_is_shown_page_by_page_and_changed_by_one_at_a_time(features: Path) -> None:
    with bot(features) as discord:
        ada, bob = discord.person("ada"), discord.person("bob")
        for thing in ("glove", "hat", "umbrella"):
            discord.delivers_twice()
            assert content(ada.run("lost found", place="hall", thing=thing)) == "Thank you."
        assert content(bob.run("lost found", place="hall", thing="hat")) == "Somebody has found that already."
        shown = bob.run("lost listed", place="hall")
        assert content(shown) == "glove\nhat"
        assert content(bob.press(shown, "Mine: hat")) == "Here you are: hat."
        assert content(ada.press(shown, "Mine: hat")) == "It has found its owner."
        assert content(bob.press(shown, "More")) == "umbrella"
        assert content(ada.run("lost listed", place="hall")) == f"glove\nhat (<@{bob.person.id}>)"


def test_what_a_feature_remembers_is_stored_once_though_a_table_or_a_worker_fails(features: Path) -> None:
    with bot(features) as discord:
        ada = discord.person()
        discord.table_fails("TransactWriteItems", "lost_thing#", after=True)
        assert content(ada.run("lost found", place="attic", thing="trunk")) == "Thank you."
        shown = ada.run("lost listed", place="attic")
        discord.kill(after=ANSWER, of_it=False)
        assert content(ada.press(shown, "Mine: trunk")) == "Here you are: trunk."


def test_an_operator_exports_and_erases_what_features_remember_of_a_person(features: Path) -> None:
    with bot(features) as discord:
        ada, bob = discord.person("ada"), discord.person("bob")
        ada.run("lost found", place="cellar", thing="boot")
        bob.run("lost found", place="cellar", thing="lamp")
        shown = ada.run("lost listed", place="cellar")
        ada.press(shown, "Mine: lamp")
        assert {"lost_thing#cellar#boot", "lost_thing#cellar#lamp"} <= set(
            re.findall(r'"sk": "(.*)"', discord.ops("privacy", "export", ada.person.id))
        )
        discord.ops("privacy", "erase", ada.person.id, "--yes")
        assert '"items": []' in discord.ops("privacy", "export", ada.person.id)
        assert content(bob.run("lost listed", place="cellar")) == "lamp"


def test_a_flow_goes_on_whoever_clicks_and_welcomes_once_until_it_is_ended(features: Path) -> None:
    with bot(features) as discord:
        place = discord.simulated.channel("gate")
        ada = discord.person("ada", channel=place)
        boss = discord.person("boss", permissions="MANAGE_GUILD", channel=place)

        def welcomes() -> int:
            return [message["content"] for message in boss.person.messages()].count(f"Welcome, <@{ada.person.id}>!")

        discord.kill(after=POST)
        shown = ada.run("sign")
        assert ("Signed up." in shown.text, welcomes()) == (True, 1)
        discord.turn(1000)  # Discord has forgotten the nonce
        assert content(ada.run("sign")) == "Signed up."
        assert content(boss.press(shown, "Welcome")) == "Signed up."
        assert welcomes() == 1
        discord.kill(after=ANSWER, of_it=False)
        assert content(boss.press(shown, "Part")) == "They can sign up again."
        ada.run("sign")
        assert welcomes() == 2


def told(chapters: int, ada: Actor) -> list[str]:
    """The last chapters that ada has read, then how often the saga has ended."""
    texts = [message["content"] for message in ada.person.messages()]
    read = [found[1] for text in texts if (found := re.search("chapter ([0-9]+): and then", text))]
    return [*read[-chapters:], str(texts.count("The saga has ended."))]


def test_a_job_tells_its_saga_in_slices_and_each_chapter_once_though_workers_die(features: Path) -> None:
    with bot(features) as discord:
        ada = discord.person("ada", channel=discord.simulated.channel("hall"))
        discord.is_slow(9, POST, times=5)  # so two chapters fill a slice
        discord.kill(after=POST)
        discord.kill(after=ANSWER, of_it=False)
        ada.run("saga", chapters=6)
        assert told(6, ada) == ["1", "2", "3", "4", "5", "6", "1"]
        assert '"ended": "goes_on"' in "".join(discord.sandbox.logs.lines)


def test_a_job_whose_token_dies_goes_on_in_a_message_that_the_channel_sees(features: Path) -> None:
    with bot(features) as discord:
        ada = discord.person("ada", channel=discord.simulated.channel("bay"))
        discord.is_slow(1, POST)
        discord.goes_wrong(429, POST, wait=450, times=2)  # until the token is dead
        discord.kill(after=EDIT)
        ada.run("saga", chapters=6)
        assert told(6, ada) == ["1", "2", "3", "4", "5", "6", "1"]
        assert discord.transcript.count("PATCH /webhooks") == 1


def test_a_job_is_cancelled_by_whom_it_allows_and_stops_at_its_next_step(features: Path) -> None:
    with bot(features) as discord:
        place = discord.simulated.channel("cove")
        ada, eve = discord.person("ada", channel=place), discord.person("eve", channel=place)
        boss = discord.person("boss", permissions="MANAGE_MESSAGES", channel=place)
        discord.is_slow(1, POST)
        discord.goes_wrong(429, POST, wait=100)  # while the job waits, people press
        ada.person.command("saga", chapters=6)
        eventually(lambda: "Chapter 1 of 6" in [each["content"] for each in boss.person.messages()], 20)
        (progress,) = [each for each in boss.person.messages() if each["content"] == "Chapter 1 of 6"]
        eve.person.press(progress, "Cancel")
        boss.person.press(progress, "Cancel")
        discord.rest()
        assert told(6, ada) == ["1", "0"]
        assert any(each["content"].startswith("One of these is enough:") for each in eve.person.messages())
        assert any(each["content"].startswith("It stops at its next step") for each in boss.person.messages())
        ended = f"<@{boss.person.id}> has cancelled this. What was done stays done."
        assert [each["content"] for each in ada.person.messages()].count(ended) == 1
        ada.run("saga", chapters=2)
        assert told(3, ada) == ["1", "1", "2", "1"]


def test_a_setting_of_a_feature_is_chosen_in_setup_and_the_status_channel_hears_of_it(features: Path) -> None:
    with bot(features) as discord:
        boss, eve = discord.person("boss", permissions="MANAGE_GUILD"), discord.person("eve")
        crew, news = discord.role("crew", eve), discord.simulated.channel("news")
        refused = eve.run("bell")
        assert content(refused).startswith("To use this, you need the permission Manage Server or a role that")
        assert content(boss.run("bell")) == "DING DONG!"
        chosen: tuple[tuple[str, str, Any], ...] = (
            ("crew_roles", "Choose the roles", crew),
            ("loud_bell", "Choose a value", "off"),
            ("status_channel", "Choose a channel", news),
        )
        for setting, select, value in chosen:
            boss.choose(boss.choose(boss.run("setup"), "Change a setting", setting), select, value)
        rung = eve.run("bell", private=True)
        assert (content(rung), rung.private) == ("ding", True)
        discord.kill("sender", after=POST)
        assert content(eve.run("bell")) == "ding"
        assert [each["content"] for each in discord.simulated.state.world.in_channel(news.id)] == ["The bell was rung."]
        for setting, *_ in chosen:
            boss.press(boss.choose(boss.run("setup"), "Change a setting", setting), "Reset")


def test_a_feature_behind_a_flag_is_offered_where_it_is_on_and_a_flow_does_nothing_twice(features: Path) -> None:
    with bot(features) as discord:
        ada = discord.person("ada")
        with pytest.raises(NotPossible, match="no command /brew"):
            ada.run("brew")
        discord.ops("flags", "brewing", "off", discord.simulated.home.id)
        discord.ops("commands", "apply")
        discord.kill(after=POST)
        discord.kill(after=READ)  # minutes later, when Discord has forgotten the nonce
        served = ada.run("brew")
        orders = [each for each in served.messages if each["content"].startswith("One pot, please!")]
        assert len(orders) == 1
        final = next(each for each in served.messages if each["content"].startswith("Served"))
        assert f"order {orders[0]['id']}, pot " in final["content"]

        washed = ada.press(served, "Wash up")
        assert content(washed) == "Washed up."

        assert "Served" in ada.run("brew").text
        spent = ada.run("brew")
        assert content(spent).startswith("This server has reached the limit for this. You can use it again <t:")
        assert spent.private
        discord.turn(3700)
        assert "Served" in ada.run("brew").text

        discord.ops("flags", "brewing", "off")
        off = discord.person("bob").run("brew")
        assert (content(off), off.private) == ("That is not switched on here yet.", True)
        discord.ops("commands", "apply")
        with pytest.raises(NotPossible, match="no command /brew"):
            ada.run("brew")


def test_a_private_room_is_made_once_and_seen_only_by_whom_it_is_for(features: Path) -> None:
    with bot(features) as discord:
        ada, bob = discord.person("ada"), discord.person("bob")
        assert content(ada.run("room open")).startswith("I need more permissions: MANAGE_CHANNELS, MANAGE_ROLES")
        discord.bot_may("MANAGE_CHANNELS", "MANAGE_ROLES", "CREATE_PUBLIC_THREADS")
        discord.kill(after=CREATE_CHANNEL)
        shown = ada.run("room open")
        (room,) = [each for each in discord.simulated.channels(discord.simulated.home) if each.name == "room-ada"]
        assert (content(shown), shown.private) == (f"Your room is <#{room.id}>.", True)
        (welcome,) = ada.in_channel(room).person.messages()
        assert welcome["content"] == "Welcome, ada."
        assert discord.simulated.state.world.channels[welcome["id"]].name == "Ideas"
        assert ada.sees(room)
        assert not bob.sees(room)
        assert bob.in_channel(room).person.messages() == []

        badge = discord.role("badge")
        assert content(ada.in_channel(room).run("room invite", who=bob, badge=badge)) == "bob may look in."
        assert bob.sees(room)
        assert badge.held_by == {bob.person.id}
        with pytest.raises(NotPossible, match="may not write"):
            bob.in_channel(room).say("Hello?")
        assert content(bob.in_channel(room).press(welcome, "Done")).startswith("This is for the person who asked")
        assert content(ada.in_channel(room).press(welcome, "Done")) == "Done with ideas."
        assert discord.simulated.state.world.channels[welcome["id"]].archived

        ada.run("room open")  # finds the room that is there
        assert [each for each in discord.simulated.channels(discord.simulated.home) if each.name == "room-ada"] == [
            room
        ]
        assert content(ada.run("room close")) == "It is gone."
        assert content(ada.run("room close")) == "You have no room."
        assert not ada.sees(room)
        reasons = [each["reason"] for each in discord.simulated.audit_log if each["reason"]]
        assert reasons[-3:] == ["A person asked for it", "Invited to a room", "The person left"]


def test_the_staff_are_told_of_a_person_whom_no_answer_reaches(features: Path) -> None:
    with bot(features) as discord:
        discord.bot_may("MANAGE_CHANNELS", "MANAGE_ROLES", "CREATE_PUBLIC_THREADS")
        staff = discord.simulated.channel("staff")
        eve = discord.person("eve")
        discord.goes_wrong(401, ANSWER, code=50027)
        discord.goes_wrong(403, OPEN_DM, code=50007)
        eve.person.command("room open")
        discord.rest()
        (told,) = discord.simulated.messages(staff)
        assert told["content"] == "eve has a room, and I cannot tell them."


def test_a_form_asks_what_the_server_has_decided(features: Path) -> None:
    with bot(features) as discord:
        ada = discord.person()
        asked = ada.run("survey", question="Milk?")
        assert content(ada.submit(ada.press(asked, "Answer"), text="A little")) == "Thank you: A little"
