"""The guide of /setup: steps that each can be left out, and a test alert along the real way at the end."""

import pytest

from tests.unit.test_monitor_command import Queue
from tests.unit.test_setup import BOT_ROLE, MANAGER, NEEDED, STATUS, Discord
from watchbell.commands import digest, escalation, notifications, setup, unsubscribe
from watchbell.discord.resolved import Channel, Role
from watchbell.errors import DiscordError, FormError, Unavailable, UserError
from watchbell.kit import server
from watchbell.outbox import known
from watchbell.subscriptions.subscription import STATUS as STATUS_CHANNEL
from watchbell.testing import FakeTools, choose, press, run, submit
from watchbell.testing.calls import GUILD

CREW = Role("1000000000000000777", {"name": "crew"})


@pytest.fixture
def tools():
    tools = FakeTools(discord=Discord(), send_queue=Queue())
    tools.server_settings.change(GUILD, {"status_channel": STATUS})
    return tools


def step(number, tools):
    return press(setup.guide, step=number, tools=tools, **MANAGER)


def labels(reply):
    return [button.label for button in reply.buttons]


def settings(tools):
    return tools.server_settings.of(GUILD)


def fail_once(tools):
    """Let the next change of a setting fail."""
    failures, change = ["once"], tools.server_settings.change

    def fails(*values):
        if failures:
            failures.clear()
            raise Unavailable("no answer")
        return change(*values)

    tools.server_settings.change = fails


def test_the_button_of_the_greeting_and_the_panel_lead_to_the_first_step():
    fresh = FakeTools(discord=Discord())
    greeted = press(setup.start, tools=fresh, **MANAGER)
    panel = run(setup, tools=fresh, **MANAGER)
    assert panel.buttons[0].label == "Guide me"
    for reply in (greeted, press(panel.buttons[0], tools=fresh, **MANAGER)):
        assert reply.embeds[0].title == "Where do I post alerts?"
        assert reply.embeds[0].description.startswith("-# Step 1 of ")
        assert labels(reply) == ["Next", "All settings"]


def test_the_steps_lead_to_each_other_and_to_all_settings(tools):
    seen, reply = [], step(1, tools)
    while True:
        seen.append(reply.embeds[0].title)
        onward = [button for button in reply.buttons if button.label == "Next"]
        if not onward:
            break
        reply = press(onward[0], tools=tools, **MANAGER)
    assert seen == [title for title, _body in setup.steps()]
    (back,) = [button for button in reply.buttons if button.label == "Back"]
    assert press(back, tools=tools, **MANAGER).embeds[0].title == seen[-2]
    (everything,) = [button for button in reply.buttons if button.label == "All settings"]
    assert press(everything, tools=tools, **MANAGER).embeds[0].title == "Settings of this server"


def test_only_who_manages_the_server_is_guided(tools):
    with pytest.raises(UserError, match="Manage Server"):
        press(setup.guide, step=1, tools=tools)


def test_a_channel_that_was_chosen_is_checked_at_once(tools):
    tools.discord.granted = 0
    reply = choose(setup.take_channel, Channel(STATUS, {"type": 0}), tools=tools, **MANAGER)
    assert settings(tools)[server.status_channel] == STATUS
    assert "⚠️ I cannot post in <#1000000000000000502>: I lack View Channel" in reply.embeds[0].description
    assert f"I post in <#{STATUS}>." not in reply.embeds[0].description
    assert "my role lacks this" in reply.embeds[1].fields[0]["value"]
    tools.discord.granted = NEEDED
    reply = choose(setup.take_channel, Channel(STATUS, {"type": 0}), tools=tools, **MANAGER)
    assert f"✅ I post in <#{STATUS}>." in reply.embeds[0].description


def test_a_role_is_mentioned_later_and_may_be_mentioned_from_then_on(tools):
    reply = choose(setup.take_role, CREW, tools=tools, **MANAGER)
    assert "1. after 15 minutes: <@&1000000000000000777>" in reply.embeds[0].description
    assert settings(tools)[server.mention_roles] == (CREW.id,)
    choose(setup.take_minutes, "30", tools=tools, **MANAGER)
    reply = choose(setup.take_role, Role(BOT_ROLE, {"name": "bot"}), tools=tools, **MANAGER)
    assert "1. after 30 minutes: <@&1000000000000000501>" in reply.embeds[0].description
    assert settings(tools)[server.mention_roles] == (CREW.id, BOT_ROLE)
    press(setup.drop_step, tools=tools, **MANAGER)
    assert known.steps(GUILD, tools) == []


def test_a_step_keeps_its_place_before_the_others_and_nobody_mentions_everybody(tools):
    run(
        escalation,
        "set",
        step=2,
        minutes=20,
        channel=Channel("1000000000000000888", {"type": 0}),
        tools=tools,
        **MANAGER,
    )
    choose(setup.take_role, CREW, tools=tools, **MANAGER)
    with pytest.raises(UserError, match="Each step comes later"):
        choose(setup.take_minutes, "30", tools=tools, **MANAGER)
    with pytest.raises(UserError, match="never mention everybody"):
        choose(setup.take_role, Role(GUILD, {"name": "everyone"}), tools=tools, **MANAGER)
    tools.server_settings.change(GUILD, {"mention_roles": [str(10**18 + n) for n in range(25)]})
    with pytest.raises(UserError, match="25 roles may be mentioned already"):
        choose(setup.take_role, CREW, tools=tools, **MANAGER)


def test_a_role_whose_permission_could_not_be_stored_is_stored_whole_by_the_second_try(tools):
    fail_once(tools)
    same = {"id": "1100000000000000042", **MANAGER}  # the worker tries the interaction again, which holds the lock
    with pytest.raises(Unavailable):
        choose(setup.take_role, CREW, tools=tools, **same)
    choose(setup.take_role, CREW, tools=tools, **same)
    assert [each["to"] for each in known.steps(GUILD, tools)] == [f"role:{CREW.id}"]
    assert settings(tools)[server.mention_roles] == (CREW.id,)


def test_quiet_hours_hold_for_the_status_channel_whichever_it_is(tools):
    reply = submit(setup.take_hours, span="23:00-06:30", zone="europe/berlin", breaks="down", tools=tools, **MANAGER)
    assert "✅ Quiet from **23:00-06:30** (Europe/Berlin). A monitor that is down rings" in reply.embeds[0].description
    reply = submit(setup.take_hours, span="23:00-06:30", zone="europe/berlin", tools=tools, **MANAGER)
    assert "(Europe/Berlin). Nothing rings then." in reply.embeds[0].description
    submit(setup.take_hours, span="23:00-06:30", zone="europe/berlin", breaks="down", tools=tools, **MANAGER)
    (found,) = known.subscriptions(GUILD, tools)
    assert (found.to, found.quiet, found.zone, found.breaks) == (STATUS_CHANNEL, "23:00-06:30", "Europe/Berlin", "down")
    assert settings(tools)[server.zone] == "Europe/Berlin"
    panel = run(notifications, tools=tools, guild=GUILD, **MANAGER)
    assert "the status channel: all monitors" in str(panel.components[0].payload())
    press(setup.drop_hours, tools=tools, **MANAGER)
    assert [each.quiet for each in known.subscriptions(GUILD, tools)] == [""]
    run(unsubscribe, channel=Channel(STATUS, {"type": 0}), tools=tools, guild=GUILD, **MANAGER)
    assert known.subscriptions(GUILD, tools) == []


@pytest.mark.parametrize(("field", "value"), [("span", "at night"), ("zone", "Berlin/Europe")])
def test_hours_that_cannot_be_are_told_with_their_field(tools, field, value):
    given = {"span": "23:00-06:30", "zone": "UTC", field: value}
    with pytest.raises(FormError) as error:
        submit(setup.take_hours, tools=tools, **given, **MANAGER)
    assert list(error.value.faults) == [field]
    assert known.subscriptions(GUILD, tools) == []


def test_no_step_with_a_form_says_of_something_else_that_it_is_saved(tools):
    """A form that must be corrected is told in a message of its own, and the step above stays as it was."""
    for reply in (
        submit(setup.take_hours, span="23:00-06:30", zone="UTC", tools=tools, **MANAGER),
        press(setup.drop_hours, tools=tools, **MANAGER),
        choose(setup.take_digests, "daily", tools=tools, **MANAGER),
        submit(setup.take_zone, text="UTC", step=setup.DIGESTS, tools=tools, **MANAGER),
    ):
        assert "Saved" not in reply.embeds[0].description


@pytest.mark.parametrize("number", [setup.QUIET_HOURS, setup.DIGESTS])
def test_the_time_zone_is_shown_where_times_are_chosen_and_can_be_changed_there(tools, number):
    reply = step(number, tools)
    assert "The time zone of this server is **UTC**." in reply.embeds[0].description
    assert "Change the time zone" in labels(reply)
    reply = submit(setup.take_zone, text="europe/berlin", step=number, tools=tools, **MANAGER)
    assert "The time zone of this server is **Europe/Berlin**." in reply.embeds[0].description
    assert settings(tools)[server.zone] == "Europe/Berlin"
    with pytest.raises(FormError, match="no time zone"):
        submit(setup.take_zone, text="Berlin/Europe", step=number, tools=tools, **MANAGER)


def test_what_was_set_by_the_time_zone_moves_with_it_and_the_rest_stays(tools):
    submit(setup.take_hours, span="23:00-06:30", zone="UTC", tools=tools, **MANAGER)
    choose(setup.take_digests, "daily", tools=tools, **MANAGER)
    weekly = {"every": "weekly", "zone": "Asia/Tokyo", "channel": Channel(STATUS, {"type": 0})}
    run(digest, "set", **weekly, tools=tools, **MANAGER)
    fail_once(tools)
    with pytest.raises(Unavailable):
        submit(setup.take_zone, text="Europe/Berlin", step=4, tools=tools, **MANAGER)
    submit(setup.take_zone, text="Europe/Berlin", step=4, tools=tools, **MANAGER)
    zones = {each.cadence: each.zone for each in known.timed(GUILD, tools)}
    assert zones == {"daily": "Europe/Berlin", "weekly": "Asia/Tokyo"}
    assert [each.zone for each in known.subscriptions(GUILD, tools)] == ["Europe/Berlin"]


OTHER = "1000000000000000999"


@pytest.mark.parametrize("handler", [setup.take_channel, setup.choose])
def test_the_digests_of_the_status_channel_go_to_the_one_that_takes_its_place(tools, handler):
    choose(setup.take_digests, "daily", "weekly", tools=tools, **MANAGER)
    elsewhere = {"every": "daily", "time": "09:30", "channel": Channel(OTHER, {"type": 0})}
    run(digest, "set", **elsewhere, tools=tools, **MANAGER)
    state = {} if handler is setup.take_channel else {"name": "status_channel"}
    choose(handler, Channel(OTHER, {"type": 0}), tools=tools, **state, **MANAGER)
    found = {(each.to, each.cadence, each.cron) for each in known.timed(GUILD, tools)}
    assert found == {(f"channel:{OTHER}", "daily", "30 9 * * *"), (f"channel:{OTHER}", "weekly", "0 8 * * 1")}
    assert f"**Weekly digest** <#{OTHER}>" in step(setup.DIGESTS, tools).embeds[0].description


def test_digests_of_the_status_channel_are_chosen_and_what_comes_already_stays(tools):
    def chosen(*values):
        reply = choose(setup.take_digests, *values, tools=tools, **MANAGER)
        return reply, {each.cadence: each.cron for each in known.timed(GUILD, tools)}

    reply, found = chosen("daily", "monthly")
    assert found == {"daily": "0 8 * * *", "monthly": "0 8 1 * *"}
    assert "Daily digest" in reply.embeds[0].description
    run(digest, "set", every="daily", time="09:30", channel=Channel(STATUS, {"type": 0}), tools=tools, **MANAGER)
    assert chosen("daily", "weekly")[1] == {"daily": "30 9 * * *", "weekly": "0 8 * * 1"}
    assert chosen()[1] == {}


def test_the_last_step_sends_a_test_alert_along_the_real_way(tools):
    (button, *_others) = step(len(setup.steps()), tools).buttons
    assert press(button, tools=tools, **MANAGER).content == f"A test alert is on its way to <#{STATUS}>."
    (message,) = tools.send_queue
    assert message["kind"] == "edition"
    edition = tools.shards.edition(GUILD, message["edition"])
    assert edition.test
    assert edition.news[0][0].name == "example.com"


def test_the_guide_is_ready_if_the_bot_may_post_and_can_be_ended_then(tools):
    tools.discord.granted = 1024
    reply = step(len(setup.steps()), tools)
    assert "I lack Send Messages" in reply.embeds[0].description
    assert labels(reply) == ["Check again", "Back", "Done", "All settings"]
    tools.discord.granted = NEEDED
    reply = press(reply.buttons[0], tools=tools, **MANAGER)
    assert "✅ I am ready." in reply.embeds[0].description
    ended = press(reply.buttons[-2], tools=tools, **MANAGER)
    assert (ended.embeds[0].title, labels(ended)) == ("Done", ["All settings"])
    assert f"I post in <#{STATUS}>." in ended.embeds[0].description


def test_who_sends_a_test_alert_where_the_bot_may_not_write_is_told_so_at_once(tools):
    tools.discord.granted = 1024
    with pytest.raises(UserError, match=f"I cannot post in <#{STATUS}>: I lack Send Messages"):
        press(setup.try_alert, tools=tools, **MANAGER)
    assert not tools.send_queue


def test_a_channel_that_is_gone_is_told_in_words(tools):
    def gone(channel, *names):
        raise DiscordError("GET /channels", 404, 10003)

    tools.discord.missing = gone
    with pytest.raises(UserError, match="no longer exists"):
        press(setup.try_alert, tools=tools, **MANAGER)
    reply = choose(setup.take_channel, Channel(STATUS, {"type": 0}), tools=tools, **MANAGER)
    assert "⚠️ This channel no longer exists." in reply.embeds[0].description


def test_without_a_channel_there_is_no_test_and_the_guide_says_what_to_do(tools):
    tools.server_settings.change(GUILD, {"status_channel": None})
    reply = step(len(setup.steps()), tools)
    assert labels(reply) == ["Back", "Done", "All settings"]
    assert "eady" not in f"{reply.embeds[0].title}{reply.embeds[0].description}"
    with pytest.raises(UserError, match="Choose one first"):
        choose(setup.take_digests, "daily", tools=tools, **MANAGER)
    assert known.timed(GUILD, tools) == []
    assert "nobody hears of an outage" in press(setup.done, tools=tools, **MANAGER).embeds[0].description
    assert "Choose a channel in the first step" in reply.embeds[0].description
    with pytest.raises(UserError, match="Choose one first"):
        press(setup.try_alert, tools=tools, **MANAGER)
