"""/digest and /remind: what is stored, who may change it, and what is refused."""

import pytest

from tests.unit.test_monitor_command import GUILD, MANAGER, Queue, buttons, texts
from tests.unit.test_notifications import ADA, BOB, CELLAR, SHOP, Discord
from watchbell.adapters.monitors import Change
from watchbell.commands import digest, remind, webhook
from watchbell.errors import UserError
from watchbell.kit import server
from watchbell.outbox import known
from watchbell.outbox.kinds import WEBHOOK
from watchbell.status.roster import entry_of
from watchbell.subscriptions.timed import MOST
from watchbell.testing import FakeTools, autocomplete, press, run

NOW = 1_795_334_400
"""2026-11-22T08:00Z, a Sunday."""
HOUR, DAY = 3600, 86_400
ROLE = "1000000000000000777"


@pytest.fixture
def tools():
    tools = FakeTools(send_queue=Queue(), discord=Discord(), now=lambda: float(NOW))
    change = Change
    tools.monitors.change(GUILD, lambda roster: change(roster.with_(entry_of(SHOP, "01")), put=("01", SHOP)))
    tools.server_settings.change(GUILD, {server.zone.name: "Europe/Berlin", server.mention_roles.name: [ROLE]})
    return tools


def ask(tools, feature, **options):
    return run(feature, tools=tools, guild=GUILD, **{"user": ADA, **options})


def stored(tools):
    return known.timed(GUILD, tools)


def due(tools):
    return [(server, each.at - NOW, each.kind, each.id) for server, each in tools.shards.later(2**31)]


def test_a_person_gets_a_digest_by_direct_messages_in_their_language(tools):
    assert f"next <t:{NOW + 23 * HOUR}:f>" in texts(ask(tools, digest.put))
    ask(tools, digest.put, locale="de")
    (kept,) = stored(tools)
    assert (kept.to, kept.cron, kept.zone, kept.locale) == (f"user:{ADA}", "0 8 * * *", "Europe/Berlin", "de")
    assert due(tools) == [(GUILD, 23 * HOUR, "timed", kept.id)]


def test_who_sets_a_digest_again_changes_it_and_each_recipient_and_cadence_has_its_own(tools):
    ask(tools, digest.put)
    ask(tools, digest.put, time="17:30", zone="america/new york")
    (kept,) = stored(tools)
    assert (kept.cron, kept.zone) == ("30 17 * * *", "America/New_York")
    assert len(due(tools)) == 1
    ask(tools, digest.put, every="weekly", weekday="monday")
    ask(tools, digest.put, user=BOB)
    ask(tools, digest.put, every="monthly", day=28, channel=CELLAR, **MANAGER)
    assert [(each.to[:4], each.cron) for each in stored(tools)] == [
        ("user", "30 17 * * *"),
        ("user", "0 8 * * *"),
        ("user", "0 8 * * 1"),
        ("chan", "0 8 28 * *"),
    ]
    assert len(due(tools)) == 4


def test_only_who_manages_the_server_makes_a_digest_for_a_channel(tools):
    with pytest.raises(UserError, match="you need the permission Manage Server or the rank admin"):
        ask(tools, digest.put, channel=CELLAR)
    ask(tools, digest.put, channel=CELLAR, **MANAGER)
    assert buttons(digest_list(tools)) == []
    (kept,) = stored(tools)
    pressed = {"tools": tools, "user": ADA, "guild": GUILD}
    for act in (lambda: ask(tools, digest.off, channel=CELLAR), lambda: press(digest.end, id=kept.id, **pressed)):
        with pytest.raises(UserError, match="Manage Server or the rank admin"):
            act()
    assert len(stored(tools)) == 1


def digest_list(tools, press_end=False, **who):
    shown = ask(tools, digest.all_of_them, **who)
    return press(buttons(shown)[0], tools=tools, user=who.get("user", ADA), guild=GUILD) if press_end else shown


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"zone": "Mars/Base"}, "no time zone with this name"),
        ({"zone": "Europe/Berlni"}, "Did you mean `Europe/Berlin`"),
        ({"time": "25:00"}, "hours and minutes, such as `08:00`"),
    ],
)
def test_a_zone_or_a_time_that_does_not_exist_is_told(tools, options, says):
    with pytest.raises(UserError, match=says):
        ask(tools, digest.put, **options)
    assert stored(tools) == []
    assert due(tools) == []


def test_a_channel_in_which_the_bot_may_not_post_is_told(tools):
    tools.discord.lacks = ["SEND_MESSAGES"]
    with pytest.raises(UserError, match="I cannot post in"):
        ask(tools, digest.put, channel=CELLAR, **MANAGER)
    with pytest.raises(UserError, match="I cannot post in"):
        ask(tools, remind.add, text="x", when="daily 09:00", **MANAGER)


def test_zones_are_suggested(tools):
    for feature in (digest.put, remind.add):
        assert autocomplete(feature, "zone", "berlin", tools=tools, guild=GUILD, **MANAGER)[0] == "Europe/Berlin"


def test_the_list_shows_ones_own_and_those_of_channels_and_ends_them(tools):
    assert "There is no digest yet" in digest_list(tools).content
    ask(tools, digest.put)
    ask(tools, digest.put, user=BOB)
    ask(tools, digest.put, every="weekly", channel=CELLAR, **MANAGER)
    shown = texts(digest_list(tools))
    assert "**Daily digest** by direct message to you" in shown
    assert f"**Weekly digest** <#{CELLAR.id}>" in shown
    assert shown.count("digest**") == 2
    after = digest_list(tools, press_end=True)
    assert "by direct message" not in texts(after)
    assert [each.to for each in stored(tools)] == [f"user:{BOB}", f"channel:{CELLAR.id}"]


def test_off_ends_one_or_all_and_the_tick_finds_nothing_more(tools):
    with pytest.raises(UserError, match="There is no such digest"):
        ask(tools, digest.off)
    for every in ("daily", "weekly", "monthly"):
        ask(tools, digest.put, every=every)
    ask(tools, digest.off, every="weekly")
    assert [each.cadence for each in stored(tools)] == ["daily", "monthly"]
    said = ask(tools, digest.off).content
    assert said.splitlines() == [
        "These come no more:",
        "- **Daily digest** by direct message to you",
        "- **Monthly digest** by direct message to you",
    ]
    assert stored(tools) == []
    assert due(tools) == []


def test_the_button_of_a_direct_message_ends_only_the_digest_of_who_presses_it(tools):
    ask(tools, digest.put)
    (kept,) = stored(tools)
    for user, left in ((BOB, 1), (ADA, 0), (ADA, 0)):
        button = digest.stop.button("x", server=GUILD, id=kept.id)
        press(button, tools=tools, user=user, guild="")
        assert len(stored(tools)) == left


def test_a_preview_is_private_and_stores_nothing(tools):
    shown = ask(tools, digest.preview, every="weekly")
    assert texts(shown).startswith("## Weekly digest")
    assert "**Shop** –" in texts(shown)
    assert stored(tools) == []
    assert digest.command.runs["preview"].private
    tools.monitors.change(GUILD, lambda roster: Change(roster.without(SHOP.id), delete=("01", SHOP.id)))
    assert "Nothing is monitored here yet" in texts(ask(tools, digest.preview))


def test_a_person_who_is_erased_leaves_nothing_behind_for_the_tick(tools):
    from watchbell.tools.departures import departures

    ask(tools, digest.put)
    ask(tools, digest.put, user=BOB)
    tools.forget(ADA, departures)
    assert [each.to for each in stored(tools)] == [f"user:{BOB}"]
    assert len(due(tools)) == 1


# /remind


def test_a_reminder_is_posted_where_it_was_asked_for_or_in_a_channel(tools):
    ask(tools, remind.add, text="Water the plants", when="mon-fri 09:00", **MANAGER)
    ask(tools, remind.add, text="Rotate <@&" + ROLE + ">", when="0 9 1 * *", channel=CELLAR, zone="utc", **MANAGER)
    one, two = sorted(stored(tools), key=lambda each: each.text)[::-1]
    assert (one.to, one.cron, one.zone) == ("channel:1000000000000000103", "0 9 * * 1,2,3,4,5", "Europe/Berlin")
    assert (two.to, two.cron, two.zone) == (f"channel:{CELLAR.id}", "0 9 1 * *", "UTC")
    assert len(due(tools)) == 2


@pytest.mark.parametrize(
    ("when", "hours"),
    [("2026-11-23 09:00", 24), ("2026-11-23t9:00", 24), ("Tomorrow 18:00", 33), ("today 09:01", 1 / 60)],
)
def test_a_reminder_can_come_once(tools, when, hours):
    said = texts(ask(tools, remind.add, text="x", when=when, **MANAGER))
    (kept,) = stored(tools)
    assert due(tools) == [(GUILD, hours * HOUR, "timed", kept.id)]
    assert f"once · next <t:{kept.due}:f>" in said


@pytest.mark.parametrize(
    ("when", "shown"),
    [
        ("mon 09:00", "mon 09:00"),
        ("daily 9:05", "daily 09:05"),
        ("mon-fri 09:00", "mon-fri 09:00"),
        ("sat,sun 10:00", "sun, sat 10:00"),
        ("0 9 1 * *", "0 9 1 * *"),
    ],
)
def test_a_reminder_shows_its_times_in_the_words_in_which_they_are_written(tools, when, shown):
    for said in (ask(tools, remind.add, text="x", when=when, **MANAGER), ask(tools, remind.all_of_them, **MANAGER)):
        assert f"`{shown}` (Europe/Berlin)" in texts(said)


def test_a_reminder_shows_its_mentions_as_names_and_nothing_else_of_its_markdown(tools):
    text = f"**Ask** <@&{ROLE}> <@!{ADA}> in <#{CELLAR.id}>, <t:0:R> \\<@{BOB}> <@x>"
    for shown in (
        ask(tools, remind.add, text=text, when="daily 09:00", **MANAGER),
        ask(tools, remind.all_of_them, **MANAGER),
    ):
        said = texts(shown)
        assert f"\\*\\*Ask\\*\\* <@&{ROLE}> <@!{ADA}> in <#{CELLAR.id}>, \\<t\\:0\\:R\\> " in said
        assert f"\\\\<@{BOB}> \\<@x\\>" in said
        assert shown.message()["allowed_mentions"] == {"parse": []}


def test_a_second_delivery_of_the_command_makes_no_second_reminder(tools):
    for hours in (0, 24):
        tools.now = lambda hours=hours: float(NOW + hours * HOUR)
        ask(tools, remind.add, text="x", when="tomorrow 09:00", id="1100000000000000777", **MANAGER)
    assert len(stored(tools)) == 1
    assert len(due(tools)) == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"text": "x" * 2001}, "2001 characters. A message of Discord has at most 2000"),
        ({"text": " "}, "A reminder needs a text"),
        ({"text": "come @everyone"}, "I never mention everybody"),
        ({"text": "come <@&1000000000000000778>"}, "I may not mention <@&1000000000000000778>"),
        ({"text": f"come <@&{GUILD}>"}, "I never mention everybody"),
        ({"when": "now and then"}, "Write when it comes as `2026-12-01 09:00`"),
        ({"when": "2026-11-31 09:00"}, "no such date or time"),
        ({"when": "2026-12-01 24:00"}, "no such date or time"),
        ({"when": "2026-11-22 09:00"}, "This time is over already"),
        ({"when": "today 08:59"}, "This time is over already"),
        ({"when": "daily 25:00"}, "no such date or time"),
        ({"when": "0 9 31 2 *"}, "must exist in one of the months"),
        ({"when": "99 9 * * *"}, "The minute"),
        ({"when": "* * * * *"}, "at most once an hour"),
        ({"zone": "Mars"}, "no time zone with this name"),
    ],
)
def test_a_reminder_that_nobody_can_post_is_told(tools, options, says):
    with pytest.raises(UserError, match=says):
        ask(tools, remind.add, **{"text": "x", "when": "daily 09:00", **options}, **MANAGER)
    assert stored(tools) == []


def test_only_who_manages_the_server_makes_reminders(tools):
    with pytest.raises(UserError):
        ask(tools, remind.add, text="x", when="daily 09:00")
    ask(tools, remind.add, text="x", when="daily 09:00", rank="admin")


def test_reminders_are_listed_and_removed(tools):
    assert "There is no reminder yet" in ask(tools, remind.all_of_them, **MANAGER).content
    ask(tools, remind.add, text="**Water** the plants", when="daily 09:00", **MANAGER)
    ask(tools, remind.add, text="Feed the fish", when="daily 10:00", **MANAGER)
    ask(tools, digest.put)
    shown = ask(tools, remind.all_of_them, **MANAGER)
    listed = texts(shown)
    assert "\\*\\*Water\\*\\* the plants" in listed
    assert "digest" not in listed
    fish = next(each for each in stored(tools) if "fish" in each.text)
    with pytest.raises(UserError, match="no reminder with this id"):
        ask(tools, remind.remove, reminder=stored(tools)[-1].id + "x", **MANAGER)
    ask(tools, remind.remove, reminder=f"`{fish.id}`", **MANAGER)
    press(buttons(shown)[1], tools=tools, user=ADA, guild=GUILD, **MANAGER)
    assert [each.text for each in stored(tools)] == [""]


def test_the_channels_of_a_server_have_a_limit_that_direct_messages_do_not_use_up(tools):
    for number in range(MOST):
        ask(tools, remind.add, text=str(number), when="daily 09:00", **MANAGER)
    with pytest.raises(UserError, match="already has 50 digests and reminders"):
        ask(tools, remind.add, text="one more", when="daily 09:00", **MANAGER)
    ask(tools, digest.put)


def test_a_digest_by_a_webhook_needs_a_manager_and_a_webhook_and_goes_with_it(tools):
    with pytest.raises(UserError, match="you need the permission Manage Server"):
        ask(tools, digest.put, webhook="status")
    with pytest.raises(UserError, match="There is no webhook with this name"):
        ask(tools, digest.put, webhook="status", **MANAGER)
    tools.data(WEBHOOK, GUILD).put({"name": "status", "life": "1", "post": "", "retired": ""})
    assert "the webhook `status`" in texts(ask(tools, digest.put, webhook="status", **MANAGER))
    (kept,) = stored(tools)
    assert (kept.to, kept.locale) == ("webhook:status", "")
    assert "the webhook `status`" in texts(ask(tools, digest.all_of_them))
    ask(tools, webhook.remove, name="status", **MANAGER)
    assert stored(tools) == []
