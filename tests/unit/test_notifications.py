"""/subscribe, /unsubscribe and /notifications, and the buttons of alerts."""

import re

import pytest

from tests.unit.test_monitor_command import GUILD, MANAGER, Queue, buttons, texts
from watchbell import Channel, Role, User
from watchbell.adapters.monitors import Change
from watchbell.commands import escalation, notifications, setup, subscribe, unsubscribe
from watchbell.errors import DiscordError, FormError, UserError
from watchbell.kit import server
from watchbell.outbox import known
from watchbell.outbox.kinds import MAILBOX, ON_IT
from watchbell.status.flip import Flip
from watchbell.status.monitor import Monitor
from watchbell.status.roster import OPERATOR, entry_of
from watchbell.subscriptions.edition import Edition
from watchbell.subscriptions.mailbox import Mailbox
from watchbell.subscriptions.subscription import Heard
from watchbell.testing import FakeTools, choose, press, run, submit

NOW = 1_795_334_400
CELLAR = Channel("1000000000000000888", {"name": "cellar", "type": 0})
ADA, BOB = "1000000000000000555", "1000000000000000556"
SHOP = Monitor("aaaaaaaa", "Shop", "http", "https://shop.example/", group="Web", tags=("eu",))


class Discord:
    """Opens direct messages, or refuses to. `lacks` are the permissions that the bot does not have."""

    def __init__(self, *, refuses=False, lacks=()):
        self.refuses, self.lacks, self.sent = refuses, list(lacks), []

    def open_dm(self, user):
        if self.refuses:
            raise DiscordError("POST /users/@me/channels", 403, 50007)
        return f"dm of {user}"

    def member(self, guild, user):
        return {"user": {"id": user}, "roles": []}

    def send(self, channel, reply, *, nonce):
        self.sent.append((channel, reply.content))

    def missing(self, channel, *names):
        return self.lacks

    def server(self, id):
        if self.refuses:
            raise DiscordError("GET /guilds/{guild}", 403, 50001)
        return {"id": id, "name": "Web_Shops"}


@pytest.fixture
def tools():
    tools = FakeTools(send_queue=Queue(), discord=Discord(), now=lambda: float(NOW))
    change = Change
    tools.monitors.change(GUILD, lambda roster: change(roster.with_(entry_of(SHOP, "01")), put=("01", SHOP)))
    return tools


def ask(tools, feature=subscribe, user=ADA, **options):
    return run(feature, tools=tools, user=user, guild=GUILD, **options)


def all_of_them(tools):
    return known.subscriptions(GUILD, tools)


def test_a_person_hears_by_direct_messages(tools):
    assert "I tell you by direct message of:\nall monitors" in ask(tools).content
    (found,) = all_of_them(tools)
    assert (found.to, found.about, found.least) == (f"user:{ADA}", "", "degraded")
    ask(tools, severity="down")  # once more changes it
    (found,) = all_of_them(tools)
    assert found.least == "down"


@pytest.mark.parametrize(("what", "subject"), [("shop", "monitor:aaaaaaaa"), ("web", "group:Web"), ("EU", "tag:eu")])
def test_a_subscription_is_about_what_somebody_names(tools, what, subject):
    ask(tools, what=what)
    assert [each.about for each in all_of_them(tools)] == [subject]


@pytest.mark.parametrize("guild", [GUILD, ""])
def test_the_buttons_of_a_test_alert_say_what_they_would_do(tools, guild):
    said = press(notifications.try_on_it, tools=tools, user=ADA, guild=guild).content
    assert said.startswith("This was a test. On a real alert, this says that you are on it")
    said = press(notifications.try_details, tools=tools, user=ADA, guild=guild).content
    assert said.startswith("This was a test. On a real alert, this shows the monitor")


def test_whom_the_operator_named_reads_who_can_take_them_out(tools):
    said = press(notifications.stop, server=OPERATOR, tools=tools, user=ADA, guild="").content
    assert "The person who runs this bot has named you" in said
    assert "`notify-users`" in said


def test_the_language_of_a_person_is_kept_with_what_they_hear_of_and_of_nobody_else(tools):
    ask(tools, locale="de")
    ask(tools, channel=CELLAR, locale="de", **MANAGER)
    assert {each.to[:4]: each.locale for each in all_of_them(tools)} == {"user": "de", "chan": ""}
    choose(notifications.snooze, "1", tools=tools, user=ADA, guild=GUILD, locale="fr")
    assert {each.to[:4]: each.locale for each in all_of_them(tools)} == {"user": "fr", "chan": ""}


def test_what_does_not_exist_and_too_much_is_told(tools):
    with pytest.raises(UserError, match="no monitor, group or tag"):
        ask(tools, what="nothing")
    for number in range(subscribe.MOST_OF_A_PERSON):
        each = Monitor(f"m{number:07}", f"M{number}", "tcp", "db.example:1")
        tools.monitors.change(GUILD, lambda roster, each=each: Change(roster.with_(entry_of(each, "02"))))
        ask(tools, what=f"M{number}")
    with pytest.raises(UserError, match="You already have 25 subscriptions"):
        ask(tools)


def test_only_who_manages_the_server_changes_what_roles_and_channels_hear(tools):
    tools.server_settings.change(GUILD, {server.mention_roles.name: ["1000000000000000777"]})
    role = Role("1000000000000000777", {"name": "on-call"})
    with pytest.raises(UserError, match="you need the permission Manage Server or the rank admin"):
        ask(tools, role=role)
    ask(tools, role=role, **MANAGER)
    assert [each.to for each in all_of_them(tools)] == ["role:1000000000000000777"]
    with pytest.raises(UserError, match="you need the permission Manage Server or the rank admin"):
        ask(tools, unsubscribe, role=role)


def test_a_role_must_be_allowed_and_is_never_everybody(tools):
    for id, says in (("1000000000000000778", "phones would stay silent"), (GUILD, "I never mention everybody")):
        with pytest.raises(UserError, match=says):
            ask(tools, role=Role(id, {"name": "x"}), permissions="MANAGE_GUILD")


def test_a_channel_in_which_the_bot_may_not_post_is_told(tools):
    tools.discord.lacks = ["EMBED_LINKS"]
    with pytest.raises(UserError, match="I cannot post in <#1000000000000000888>: I lack Embed Links"):
        ask(tools, channel=CELLAR, permissions="MANAGE_GUILD")
    tools.discord.lacks = []
    ask(tools, channel=CELLAR, permissions="MANAGE_GUILD")
    assert [each.to for each in all_of_them(tools)] == ["channel:1000000000000000888"]


def test_somebody_ends_only_their_own(tools):
    ask(tools)
    ask(tools, what="Web")
    ask(tools, user=BOB)
    ask(tools, unsubscribe, what="web")
    assert [(each.to, each.about) for each in all_of_them(tools) if each.to == f"user:{ADA}"] == [(f"user:{ADA}", "")]
    ask(tools, unsubscribe)
    assert [each.to for each in all_of_them(tools)] == [f"user:{BOB}"]
    with pytest.raises(UserError, match="There is no such subscription"):
        ask(tools, unsubscribe)


def test_the_panel_lists_what_somebody_hears_and_nobody_elses(tools):
    assert "You hear of nothing by direct messages yet" in texts(ask(tools, notifications))
    ask(tools, what="Web")
    ask(tools, user=BOB, what="eu")
    shown = texts(ask(tools, notifications))
    assert "the group **Web**" in shown
    assert "the tag" not in shown
    assert "What channels and roles hear of" not in shown


def test_the_form_of_quiet_hours_begins_with_the_time_zone_of_the_server(tools):
    tools.server_settings.change(GUILD, {"zone": "Asia/Tokyo"})
    ask(tools)
    form = next(each for each in buttons(ask(tools, notifications)) if each.label == "Quiet hours")
    assert "Asia/Tokyo" in str(press(form, tools=tools, user=ADA, guild=GUILD).payload())


def test_quiet_hours_are_set_for_all_and_new_subscriptions_have_them(tools):
    ask(tools)
    form = {"span": "22:00-07:00", "zone": "Europe/Berlin", "breaks": "down"}
    submit(notifications.quiet, **form, tools=tools, user=ADA, guild=GUILD)
    ask(tools, what="Web")
    assert {(each.quiet, each.zone, each.breaks) for each in all_of_them(tools)} == {
        ("22:00-07:00", "Europe/Berlin", "down")
    }
    for wrong, says in (
        ({"span": "late"}, "such as `22:00-07:00`"),
        ({"zone": "Berlin time"}, "no time zone with this name"),
    ):
        with pytest.raises(FormError, match=says):
            submit(notifications.quiet, **(form | wrong), tools=tools, user=ADA, guild=GUILD)


def test_somebody_is_told_nothing_new_for_a_while_and_then_again(tools):
    ask(tools)
    choose(notifications.snooze, "8", tools=tools, user=ADA, guild=GUILD)
    assert [each.snoozed - NOW for each in all_of_them(tools)] == [8 * 3600]
    choose(notifications.snooze, "0", tools=tools, user=ADA, guild=GUILD)
    assert [each.snoozed for each in all_of_them(tools)] == [0]


def test_a_subscription_is_ended_in_the_panel_and_nobody_elses(tools):
    ask(tools)
    ask(tools, user=BOB)
    ids = {each.to: each.id for each in all_of_them(tools)}
    choose(notifications.end, ids[f"user:{BOB}"], tools=tools, user=ADA, guild=GUILD)
    assert len(all_of_them(tools)) == 2
    choose(notifications.end, ids[f"user:{ADA}"], tools=tools, user=ADA, guild=GUILD)
    assert [each.to for each in all_of_them(tools)] == [f"user:{BOB}"]


def test_a_test_message_says_what_to_do_if_direct_messages_are_closed(tools):
    press(notifications.try_it, tools=tools, user=ADA, guild=GUILD)
    assert tools.discord.sent == [(f"dm of {ADA}", "This is a test. Alerts reach you here.")]
    tools.discord.refuses = True
    with pytest.raises(UserError, match="Allow them in the privacy settings"):
        press(notifications.try_it, tools=tools, user=BOB, guild=GUILD)


# The buttons of alerts.

CHANNEL = "1000000000000000999"


def told(tools, to):
    """Somebody has been told that the shop is down. Return the id of the alert."""
    flip = Flip("aaaaaaaa", NOW, NOW, "up", "down", "opened")
    box = Mailbox()
    box.fold(Edition("e1", NOW, ((entry_of(SHOP, "01"), flip),)), {"aaaaaaaa": Heard()})
    box.alerts[0].message = "1"
    tools.data(MAILBOX, GUILD).put({"recipient": to, "person": "", **box.value()})
    return box.alerts[0].id


def acknowledge(tools, alert, user=ADA):
    return press(
        notifications.on_it,
        alert=alert,
        tools=tools,
        user=user,
        guild=GUILD,
        channel=CHANNEL,
        permissions="MANAGE_GUILD",
    )


def test_somebody_is_on_it_and_everybody_hears_of_that(tools):
    alert = told(tools, f"channel:{CHANNEL}")
    assert "You are on it" in acknowledge(tools, alert).content
    assert tools.data(ON_IT, GUILD).get("aaaaaaaa")["person"] == ADA
    (message,) = tools.send_queue
    (edition,) = tools.shards.editions(GUILD, message["edition"])
    assert edition.on_it == ("aaaaaaaa",)
    with pytest.raises(UserError, match=f"<@{ADA}> is on it already"):
        acknowledge(tools, alert, BOB)
    assert tools.data(ON_IT, GUILD).get("aaaaaaaa")["person"] == ADA


def test_an_alert_that_is_over_or_of_another_channel_cannot_be_acknowledged(tools):
    with pytest.raises(UserError, match="This is over already"):
        acknowledge(tools, told(tools, "channel:1000000000000000111"))


def test_only_who_hears_of_it_by_direct_messages_acknowledges_there(tools):
    alert = told(tools, f"user:{ADA}")
    with pytest.raises(UserError, match="This is over already"):
        press(notifications.i_am_on_it, server=GUILD, alert=alert, tools=tools, user=BOB, guild="")
    shown = press(notifications.i_am_on_it, server=GUILD, alert=alert, tools=tools, user=ADA, guild="")
    assert "You are on it" in shown.content


def test_a_direct_message_can_end_all_of_them(tools):
    ask(tools)
    ask(tools, what="Web")
    ask(tools, user=BOB)
    press(notifications.stop, server=GUILD, tools=tools, user=ADA, guild="")
    assert [each.to for each in all_of_them(tools)] == [f"user:{BOB}"]


@pytest.mark.parametrize(
    ("refuses", "says"), [(False, r"of **Web\_Shops**. "), (True, "of the server that this message was about")]
)
def test_who_ends_them_leaves_the_escalation_too_and_the_server_hears_of_that(tools, refuses, says):
    tools.discord.refuses = refuses
    tools.server_settings.change(GUILD, {"status_channel": CHANNEL, "language": "de"})
    escalate(tools, step=1, minutes=5, person=User(BOB, {"username": "bob"}))
    escalate(tools, step=2, minutes=10, person=User(ADA, {"username": "ada"}))
    said = press(notifications.stop, server=GUILD, tools=tools, user=ADA, guild="").content
    assert says in said
    assert "You are out of it" in said
    assert [step["to"] for step in known.steps(GUILD, tools)] == [f"user:{BOB}"]
    (notice,) = [each["detail"] for each in tools.send_queue]
    assert notice["guild"] == GUILD
    assert notice["content"].startswith(f"<@{ADA}> hat die Eskalation verlassen.")
    assert "escalation" not in press(notifications.stop, server=GUILD, tools=tools, user=ADA, guild="").content


def test_the_buttons_of_the_panel_are_few(tools):
    ask(tools)
    shown = [each.label for each in buttons(ask(tools, notifications)) if hasattr(each, "label")]
    assert shown == ["Quiet hours", "Send me a test"]


def test_the_panel_shows_as_many_subscriptions_as_have_room_and_says_how_many_are_left_out(tools):
    for n in range(25):
        entry = entry_of(Monitor(f"m{n:07}", f"Monitor {n:02} of the shop", "tcp", "db.example:1"), "02")
        tools.monitors.change(GUILD, lambda roster, entry=entry: Change(roster.with_(entry)))
        ask(tools, what=entry.name, wording="_" * 300, severity="quiet", recoveries="silent")
    for n in range(30):
        place = Channel(f"10000000000000{n:05}", {"name": "cellar", "type": 0})
        ask(tools, channel=place, wording="_" * 300, **MANAGER)
    form = {"span": "22:00-07:00", "zone": "America/Argentina/Buenos_Aires", "breaks": "down"}
    for locale in ("de", "es-ES", "fr", "ja", "en-US"):
        shown = submit(notifications.quiet, **form, tools=tools, user=ADA, guild=GUILD, locale=locale, **MANAGER)
        assert len([each for each in buttons(shown) if hasattr(each, "options")][1].options) == 25
    for part, count in zip(texts(shown).split("### ")[1:], (25, 30), strict=True):
        listed = len(re.findall(r"^.*all monitors|^\*\*Monitor", part, re.MULTILINE))
        assert 5 < listed == count - int(re.search(r"^and ([0-9]+) more$", part, re.MULTILINE)[1])
    assert "_" * 300 in ask(tools, what="Shop", user=BOB, wording="_" * 300).content.replace("\\", "")


# /escalation


def test_two_people_cannot_change_the_steps_at_once(tools):
    on_call = Role("1000000000000000777", {"name": "on call"})
    who = {"tools": tools, "guild": GUILD, **MANAGER}
    tools.locks.take(f"escalation:{GUILD}", "somebody")
    for change in (
        lambda: escalate(tools, step=1, minutes=10, person=User(BOB, {})),
        lambda: run(escalation, "off", **who),
        lambda: choose(setup.take_role, on_call, **who),
        lambda: choose(setup.take_minutes, "30", **who),
        lambda: press(setup.drop_step, **who),
    ):
        with pytest.raises(UserError, match="already"):
            change()
    assert known.steps(GUILD, tools) == []


def escalate(tools, **options):
    return run(escalation, "set", tools=tools, guild=GUILD, **options, **MANAGER)


def test_steps_are_set_in_their_order_and_removed(tools):
    nothing = texts(run(escalation, "show", tools=tools, guild=GUILD, **MANAGER))
    assert ("There are no steps" in nothing, "It ends when" in nothing) == (True, False)
    escalate(tools, step=1, minutes=10, person=User(ADA, {"username": "ada"}))
    shown = texts(escalate(tools, step=2, minutes=30, channel=CELLAR))
    assert f"1. after 10 minutes: <@{ADA}>" in shown
    assert "2. after 30 minutes: <#1000000000000000888>" in shown
    with pytest.raises(UserError, match="Each step comes later"):
        escalate(tools, step=3, minutes=30, channel=CELLAR)
    with pytest.raises(UserError, match="Choose one of"):
        escalate(tools, step=3, minutes=60)
    run(escalation, "off", tools=tools, guild=GUILD, **MANAGER)
    assert known.steps(GUILD, tools) == []
