"""/setup: it shows and changes every setting, and says what the bot may not do and who must change what."""

import pytest

from watchbell.commands import setup, subscribe
from watchbell.commands.status import private_checks
from watchbell.discord.permissions import bits, in_channel, names_of
from watchbell.discord.resolved import Channel, Role
from watchbell.errors import DiscordError, FormError, UserError
from watchbell.kit import catalogue
from watchbell.kit.server import SETTINGS, admin_roles, language, status_channel, zone
from watchbell.outbox import posting
from watchbell.status.refusal import Refusal, told
from watchbell.testing import FakeTools, autocomplete, choose, press, run, submit
from watchbell.testing.calls import GUILD

MANAGER = {"permissions": "MANAGE_GUILD"}
ME, BOT_ROLE, STATUS = "1000000000000000500", "1000000000000000501", "1000000000000000502"
NEEDED = 1024 | 2048 | 16384


class Discord:
    """A server in which the bot's role grants `granted`, and the status channel has `overwrites`."""

    def __init__(self, granted=NEEDED, overwrites=(), refuses=None):
        self.granted, self.overwrites, self.refuses = granted, list(overwrites), refuses
        self.posted = []

    def me(self):
        return ME

    def server(self, server_id):
        if self.refuses:
            raise self.refuses
        roles = [{"id": GUILD, "permissions": "0"}, {"id": BOT_ROLE, "permissions": str(self.granted)}]
        return {"id": GUILD, "owner_id": "1", "roles": roles}

    def member(self, server_id, user_id):
        return {"user": {"id": user_id}, "roles": [BOT_ROLE]}

    def channels(self, server_id):
        if self.refuses:
            raise self.refuses
        return [{"id": STATUS, "type": 0, "permission_overwrites": self.overwrites}]

    def missing(self, channel_id, *names):
        (channel,) = self.channels(GUILD)
        held = in_channel(self.server(GUILD), self.member(GUILD, ME), channel, 0.0)
        return names_of(bits(*names) & ~held)

    def send(self, channel_id, reply, *, nonce):
        self.posted.append((channel_id, nonce))
        return {"id": "77"}


@pytest.fixture
def tools():
    return FakeTools(discord=Discord())


def fields(reply, embed=0):
    return {field["name"]: field["value"] for field in reply.embeds[embed].fields}


def checked(tools):
    tools.server_settings.change(GUILD, {"status_channel": STATUS})
    return fields(run(setup, tools=tools, **MANAGER), 1)["Status channel"]


def pick(tools, setting):
    return choose(setup.pick, setting.name, tools=tools, **MANAGER)


def test_every_setting_of_every_feature_is_shown_with_its_value_and_can_be_picked(tools):
    reply = run(setup, tools=tools, **MANAGER)
    shown = fields(reply)
    assert set(shown) == {setting.label for setting in catalogue.settings()}
    assert len(catalogue.settings()) > len(SETTINGS)
    assert (shown["Status channel"], shown["Time zone"], shown["Status checks are private"]) == ("none", "UTC", "on")
    assert [option.value for option in reply.components[0].options] == [each.name for each in catalogue.settings()]
    for setting, option in zip(catalogue.settings(), reply.components[0].options, strict=True):
        embed = pick(tools, setting).embeds[0]
        assert embed.title == setting.label
        assert embed.description.startswith(f"{setting.about}\n\nNow: ")
        assert option.description == setting.about != ""


def test_what_the_bot_may_do_has_a_heading_that_is_true_if_nothing_is_missing(tools):
    assert checked(tools).startswith("✅")
    assert run(setup, tools=tools, **MANAGER).embeds[1].title == "My permissions"


def test_only_who_manages_the_server_may_use_it(tools):
    for use in (lambda: run(setup, tools=tools), lambda: press(setup.reset, name="zone", tools=tools)):
        with pytest.raises(UserError, match="Manage Server"):
            use()


def test_a_setting_for_fewer_people_is_neither_offered_nor_changed(tools, feature):
    feature("guarded", GUARDED)
    reply = run(setup, tools=tools, **MANAGER)
    assert "secret_roles" not in [option.value for option in reply.components[0].options]
    with pytest.raises(UserError, match="Ban Members"):
        press(setup.reset, name="secret_roles", tools=tools, **MANAGER)
    both = {"permissions": ("MANAGE_GUILD", "BAN_MEMBERS")}
    choose(setup.choose, Role("7", {}), name="secret_roles", tools=tools, **both)
    assert tools.server_settings.of(GUILD).stored == {"secret_roles": ["7"]}


GUARDED = """
from watchbell import Command, Reply, Setting, anyone, permission

secret = Setting("secret_roles", "roles", label="Secret", who=permission("BAN_MEMBERS"))
command = Command("guarded", "Guarded", who=anyone)

@command.run(instant=True)
def guarded(interaction):
    return Reply("x")
"""


def test_channels_roles_languages_and_switches_are_chosen_in_selects(tools):
    for setting, values, stored in (
        (status_channel, [Channel(STATUS, {"type": 0})], STATUS),
        (admin_roles, [Role("7", {}), Role("8", {})], ["7", "8"]),
        (language, ["ja"], "ja"),
        (private_checks, ["off"], False),
    ):
        select = pick(tools, setting).components[0]
        reply = choose(select, *values, tools=tools, **MANAGER)
        assert reply.embeds[0].description == f"Saved: {setting.label}."
        assert tools.server_settings.of(GUILD).stored[setting.name] == stored
    shown = fields(run(setup, tools=tools, **MANAGER))
    assert (shown["Status channel"], shown["Admin roles"]) == (f"<#{STATUS}>", "<@&7> <@&8>")
    assert (shown["Language"], shown["Status checks are private"]) == ("日本語", "off")
    choose(pick(tools, language).components[0], "server", tools=tools, **MANAGER)
    assert tools.server_settings.of(GUILD)[language] == ""


def test_no_roles_at_all_can_be_chosen(tools):
    tools.server_settings.change(GUILD, {"admin_roles": ["7"]})
    select = pick(tools, admin_roles).components[0]
    assert (select.default_roles, select.min_values) == (["7"], 0)
    choose(setup.choose, name="admin_roles", tools=tools, **MANAGER)
    assert tools.server_settings.of(GUILD)[admin_roles] == ()


@pytest.mark.parametrize(
    ("setting", "values"),
    [("status_channel", [Channel("9", {"type": 2})]), ("status_channel", []), ("language", ["pt"]), ("zone", ["UTC"])],
)
def test_what_the_select_did_not_offer_is_refused(tools, setting, values):
    with pytest.raises(UserError, match="cannot be chosen here"):
        choose(setup.choose, *values, name=setting, tools=tools, **MANAGER)
    assert tools.server_settings.of(GUILD).stored == {}


def test_a_setting_that_a_later_version_dropped_is_refused(tools):
    with pytest.raises(UserError, match="no such setting any more"):
        press(setup.reset, name="old_roles", tools=tools, **MANAGER)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (" europe/berlin ", "Europe/Berlin"),
        ("america/new york", "America/New_York"),
    ],
)
def test_a_time_zone_is_typed_and_stored_with_its_own_capitals(tools, typed, stored):
    submit(setup.enter, text=typed, name="zone", tools=tools, **MANAGER)
    assert tools.server_settings.of(GUILD)[zone] == stored


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("Berlin", "Did you mean Europe/Berlin"),
        ("Europe/Berlim", "Europe/Berlin"),
        ("nowhere at all", "Write one such"),
    ],
)
def test_a_time_zone_that_does_not_exist_is_corrected_in_the_form(tools, typed, told):
    with pytest.raises(FormError, match=told):
        submit(setup.enter, text=typed, name="zone", tools=tools, **MANAGER)
    assert tools.server_settings.of(GUILD).stored == {}


def labels(reply):
    return [button.label for button in reply.buttons]


def test_a_time_zone_is_suggested_while_it_is_typed():
    suggested = autocomplete(setup, "zone", "new", **MANAGER)
    assert suggested[0] == "America/New_York"
    assert len(suggested) < 25
    assert len(autocomplete(setup, "zone", "", **MANAGER)) == 25


def test_a_time_zone_that_was_typed_is_stored_by_a_button(tools):
    offered = run(setup, zone="europe/berlin", tools=tools, **MANAGER)
    assert offered.embeds[0].description.endswith("\n\nNow: UTC")
    assert labels(offered) == ["Change to Europe/Berlin", "Enter a time zone", "Reset", "Back"]
    assert tools.server_settings.of(GUILD).stored == {}
    reply = press(offered.buttons[0], tools=tools, **MANAGER)
    assert (reply.embeds[0].description, fields(reply)["Time zone"]) == ("Saved: Time zone.", "Europe/Berlin")
    assert "Change to Europe/Berlin" not in labels(run(setup, zone="Europe/Berlin", tools=tools, **MANAGER))


def test_a_time_zone_that_does_not_exist_gets_the_nearest_names(tools):
    offered = run(setup, zone="Berlim", tools=tools, **MANAGER)
    assert offered.embeds[0].description.endswith("Now: UTC\nThere is no time zone with this name.")
    assert labels(offered)[0] == "Change to Europe/Berlin"
    nothing = run(setup, zone="nowhere at all", tools=tools, **MANAGER)
    assert labels(nothing) == ["Enter a time zone", "Reset", "Back"]


@pytest.fixture
def many(feature):
    """A feature that adds so many settings that there are two pages."""
    declared = "\n".join(
        f'extra_{number} = Setting("extra_{number}", "switch", label="Extra {number}")' for number in range(20)
    )
    feature("crowded", CROWDED.format(settings=declared))


CROWDED = """
from watchbell import Command, Reply, Setting, anyone

{settings}
command = Command("crowded", "Crowded", who=anyone)

@command.run(instant=True)
def crowded(interaction):
    return Reply("x")
"""


def test_more_settings_than_fit_are_shown_in_pages(tools, many):
    first = run(setup, tools=tools, **MANAGER)
    assert len(fields(first)) == 25
    following = next(button for button in first.components[-1].components if button.label == "Next")
    second = press(following, tools=tools, **MANAGER)
    assert [*fields(first), *fields(second)] == [setting.label for setting in catalogue.settings()]
    assert len(fields(second)) == len(catalogue.settings()) - 25
    offered = [option.value for reply in (first, second) for option in reply.components[0].options]
    assert offered == [setting.name for setting in catalogue.settings()]


def test_a_change_on_the_second_page_shows_that_page(tools, many):
    last = catalogue.settings()[-1]
    select = pick(tools, last)
    saved = choose(select.components[0], "on", tools=tools, **MANAGER)
    assert fields(saved)[last.label] == "on"
    back = next(button for button in select.buttons if button.label == "Back")
    again = next(button for button in saved.buttons if button.label == "Check again")
    for button in (back, again):
        assert fields(press(button, tools=tools, **MANAGER))[last.label] == "on"


def test_a_reset_goes_back_to_the_default(tools):
    tools.server_settings.change(GUILD, {"zone": "Asia/Tokyo"})
    assert fields(press(setup.reset, name="zone", tools=tools, **MANAGER))["Time zone"] == "UTC"


@pytest.mark.parametrize("handler", [setup.choose, setup.enter, setup.take, setup.reset])
def test_each_change_is_in_the_audit(handler):
    assert handler.audit == "settings.change"


def test_what_is_allowed_is_said_so(tools):
    assert checked(tools) == f"✅ Everything that I need in <#{STATUS}> is allowed."


def test_what_the_role_lacks_has_a_link_that_grants_it_and_keeps_the_rest(tools):
    tools.discord.granted = 1024 | 64
    line = checked(tools)
    assert line.startswith(
        "❌ **Send Messages, Embed Links**: my role lacks this. [Grant it](https://discord.com/oauth2/"
    )
    assert f"&permissions={NEEDED | 64}&guild_id={GUILD}&" in line


@pytest.mark.parametrize(("target", "who"), [(GUILD, "@everyone"), (BOT_ROLE, f"<@&{BOT_ROLE}>"), (ME, f"<@{ME}>")])
def test_what_an_overwrite_denies_names_the_channel_and_whom_it_is_denied(tools, target, who):
    tools.discord.overwrites = [{"id": target, "type": 0, "allow": "0", "deny": "2048"}]
    told = f"❌ **Send Messages**: <#{STATUS}> denies this to {who}. Edit that channel's permissions and allow it."
    assert checked(tools) == told


def test_a_channel_that_is_gone_is_said_to_be_gone(tools):
    tools.server_settings.change(GUILD, {"status_channel": "9"})
    reply = run(setup, tools=tools, **MANAGER)
    assert fields(reply, 1)["Status channel"].startswith("❌ This channel no longer exists.")


def test_a_bot_that_is_no_member_is_added_by_a_link_and_other_errors_are_tried_again(tools):
    tools.server_settings.change(GUILD, {"status_channel": STATUS})
    tools.discord.refuses = DiscordError("GET", 404, 10004)
    assert f"&permissions={NEEDED}&" in run(setup, tools=tools, **MANAGER).embeds[1].description
    tools.discord.refuses = DiscordError("GET", 503)
    with pytest.raises(DiscordError):
        run(setup, tools=tools, **MANAGER)


def test_the_test_message_goes_to_the_channel_once_for_each_press(tools):
    with pytest.raises(UserError, match="Choose one first"):
        press(setup.test, name="status_channel", tools=tools, **MANAGER)
    tools.server_settings.change(GUILD, {"status_channel": STATUS})
    tools.now = lambda: 1_800_000_000
    reply = press(setup.test, name="status_channel", tools=tools, id="1234", **MANAGER)
    assert reply.content.endswith(f"https://discord.com/channels/{GUILD}/{STATUS}/77")
    press(setup.test, name="status_channel", tools=tools, id="1234", **MANAGER)  # a second delivery
    assert tools.discord.posted[0] == tools.discord.posted[1]
    assert tools.discord.posted[0][0] == STATUS


def test_the_panel_fits_into_a_message_even_with_every_role_and_everything_missing(tools):
    roles = [str(10**19 + number) for number in range(25)]
    values = {f"{rank}_roles": roles for rank in ("viewer", "responder", "admin")}
    tools.server_settings.change(GUILD, {**values, "status_channel": STATUS})
    tools.discord.granted = 0
    for locale in ("en-US", "de", "es-ES", "fr", "ja"):
        run(setup, tools=tools, locale=locale, **MANAGER)


def test_a_channel_that_refuses_alerts_is_told_on_the_first_page_until_a_test_arrives_there(tools):
    tools.server_settings.change(GUILD, {"status_channel": STATUS})
    assert run(setup, tools=tools, **MANAGER).embeds[1].description == ""
    tools.shards.refused(GUILD, Refusal(f"channel:{STATUS}", 404, 10003, 60))
    tools.shards.refused(GUILD, Refusal("channel:77", 404, 10003, 60))  # it is no longer chosen
    shown = run(setup, tools=tools, **MANAGER).embeds[1].description
    assert shown == told(Refusal(f"channel:{STATUS}", 404, 10003, 60))
    press(setup.test, name="status_channel", tools=tools, **MANAGER)
    assert run(setup, tools=tools, **MANAGER).embeds[1].description == ""


def test_the_panel_and_the_guide_fit_if_27_channels_refuse(tools):
    tools.server_settings.change(GUILD, {"status_channel": STATUS})
    refused = [Channel(f"10000000000000{number:05}", {"name": "x", "type": 0}) for number in range(27)]
    for channel in refused:
        run(subscribe, tools=tools, channel=channel, **MANAGER)
        tools.shards.refused(GUILD, Refusal(f"channel:{channel.id}", 403, 50013, 60, ("SEND_MESSAGES",)))
    for locale in ("en-US", "de", "es-ES", "fr", "ja"):
        panel = run(setup, tools=tools, locale=locale, **MANAGER)
        guide = press(setup.guide, step=5, tools=tools, locale=locale, **MANAGER)
        for text in (panel.embeds[1].description, guide.embeds[0].description):
            assert text.count("⚠️") == 5
            assert "22" in text.splitlines()[-1]


def test_a_channel_that_got_its_permission_back_is_told_as_fine_and_not_also_as_refusing(tools):
    tools.server_settings.change(GUILD, {"status_channel": STATUS})
    refusal = tools.shards.refused(GUILD, Refusal(f"channel:{STATUS}", 403, 50013, 60, ("SEND_MESSAGES",)))
    tools.discord.granted = 1024
    assert run(setup, tools=tools, **MANAGER).embeds[1].description == told(refusal)
    assert posting.troubles(GUILD, tools) == [told(refusal)]
    tools.discord.granted = NEEDED
    panel = run(setup, tools=tools, **MANAGER)
    assert panel.embeds[1].description == ""
    assert fields(panel, 1)["Status channel"].startswith("✅")
    assert posting.troubles(GUILD, tools) == []
    tools.discord.refuses = DiscordError("GET", 503)  # who does not know leaves it as it was
    assert posting.troubles(GUILD, tools) == [told(refusal)]


def test_who_presses_test_in_a_channel_where_the_bot_may_not_write_reads_what_is_missing(tools):
    tools.server_settings.change(GUILD, {"status_channel": STATUS})
    tools.discord.granted = 1024
    with pytest.raises(UserError, match=f"I cannot post in <#{STATUS}>: I lack Send Messages"):
        press(setup.test, name="status_channel", tools=tools, **MANAGER)
    assert tools.discord.posted == []
