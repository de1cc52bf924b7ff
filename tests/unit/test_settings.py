"""Settings of a server: how a feature declares them, and who may do what because of them."""

from pathlib import Path
from types import SimpleNamespace

import pytest

import watchbell
from watchbell import Setting, operator, owner, permission, role
from watchbell.errors import DefinitionError, UserError
from watchbell.i18n import speaking
from watchbell.interactions.audit import audited
from watchbell.kit import catalogue, server
from watchbell.registration.declare import manifest
from watchbell.testing import FakeTools, press, run
from watchbell.testing.calls import GUILD

CREW = "1000000000000000201"

CREWED = """
from watchbell import Command, Reply, Setting, permission, role

crew = Setting("crew_roles", "roles", label="Crew")
command = Command("crewed", "For the crew", who=permission("KICK_MEMBERS") | role(setting="crew_roles"))

@command.run(instant=True)
def crewed(interaction):
    return Reply("Aye.")

@command.button
def later(interaction, tools):
    return Reply("Aye, later.")
"""


@pytest.fixture
def crewed(feature):
    return feature("crewed", CREWED)


@pytest.fixture
def tools():
    made = FakeTools()
    made.server_settings.change(GUILD, {"crew_roles": [CREW]})
    return made


@pytest.mark.parametrize(
    ("who", "may"),
    [
        ({"roles": [CREW]}, True),
        ({"permissions": "KICK_MEMBERS"}, True),
        ({"permissions": "KICK_MEMBERS", "roles": ["7"]}, True),
        ({"permissions": "ADMINISTRATOR"}, True),
        ({"roles": ["7"]}, False),
        ({"roles": [CREW], "guild": "1000000000000000999"}, False),
        ({"rank": "admin"}, False),
        ({}, False),
    ],
)
def test_one_of_two_policies_is_enough_at_once_and_later(crewed, tools, who, may):
    for use in (lambda: run(crewed, tools=tools, **who), lambda: press(crewed.later, tools=tools, **who)):
        if may:
            assert use().content.startswith("Aye")
        else:
            with pytest.raises(UserError) as refused:
                use()
            assert str(refused.value) == (
                "To use this, you need the permission Kick Members or "
                "a role that this server has chosen for it in `/setup`."
            )


def test_a_refusal_names_all_that_is_enough_in_one_sentence_if_each_policy_has_words_for_it():
    manages = permission("MANAGE_GUILD") | role("admin")
    assert manages.refusal() == "To use this, you need the permission Manage Server or a role with the rank admin."
    with speaking("de"):
        assert manages.refusal() == (
            "Dafür brauchst du die Berechtigung „Server verwalten“ oder eine Rolle mit dem Rang admin."
        )
    assert (permission("MANAGE_GUILD") | operator).refusal().splitlines() == [
        "One of these is enough:",
        "- To use this, you need this permission: Manage Server.",
        "- Only the people who run this bot can use this.",
    ]


def test_a_command_for_one_of_two_is_shown_to_everybody_because_discord_knows_no_roles(crewed):
    (registered,) = [each for each in manifest() if each["name"] == "crewed"]
    assert "default_member_permissions" not in registered


def test_a_table_is_read_only_if_the_payload_does_not_decide(crewed):
    class Unreadable(FakeTools):
        @property
        def server_settings(self):
            raise AssertionError

        @server_settings.setter
        def server_settings(self, value): ...

    tools = Unreadable()
    assert run(crewed, permissions="KICK_MEMBERS", roles=["7"], tools=tools).content == "Aye."
    with pytest.raises(UserError):
        run(crewed, tools=tools)


def test_a_rank_lets_in_the_roles_of_the_higher_ranks_and_no_lower_ones():
    assert [role(rank).settings for rank in ("viewer", "admin")] == [
        ("viewer_roles", "responder_roles", "admin_roles"),
        ("admin_roles",),
    ]


def test_the_owner_of_a_message_cannot_be_one_of_several():
    with pytest.raises(DefinitionError, match="owner cannot be one of several policies"):
        permission("KICK_MEMBERS") | role("admin") | owner


@pytest.mark.parametrize("arguments", [(), ("chef",)])
def test_a_role_without_a_rank_or_a_setting_is_refused(arguments):
    with pytest.raises(ValueError, match=r"rank|setting"):
        role(*arguments)


def test_a_policy_that_reads_a_setting_that_nobody_declares_is_refused(feature):
    feature("crewed", CREWED.replace('setting="crew_roles"', 'setting="crow_roles"'))
    with pytest.raises(DefinitionError, match=r"/crewed.* no feature declares a setting of roles called crow_roles"):
        manifest()


def test_the_catalogue_finds_the_settings_of_the_server_and_of_each_feature(crewed):
    found = catalogue.settings()
    assert found[: len(server.SETTINGS)] == [*server.SETTINGS]
    assert crewed.crew in found


def test_two_settings_of_one_name_are_refused_and_one_that_two_files_use_is_found_once(feature, crewed):
    too = CREWED.replace('"crewed"', '"crewed-too"')
    line = 'crew = Setting("crew_roles", "roles", label="Crew")'
    feature("crewed_too", too.replace(line, "from watchbell.commands.crewed import crew"))
    assert catalogue.settings().count(crewed.crew) == 1
    feature("crewed_too", too)
    with pytest.raises(DefinitionError, match="there is another setting called crew_roles"):
        catalogue.settings()


@pytest.mark.parametrize(
    ("arguments", "more", "fault"),
    [
        (("Crew", "roles"), {}, "needs a name such as"),
        (("crew", "people"), {}, "no kind 'people'; write one of channel, roles, zone, language, switch"),
        (("crew", "roles"), {"label": "x" * 46}, "needs a label of 1-45 characters"),
        (("crew", "roles"), {"about": "x" * 101}, "a sentence of 101 characters; write at most 100"),
        (("crew", "roles", ["7"]), {}, "its default cannot be"),
        (("crew", "switch", 1), {}, "its default cannot be"),
        (("crew", "channel", "general"), {}, "its default cannot be"),
        (("crew", "language", "pt"), {}, "its default cannot be"),
        (("crew", "roles"), {"needs": ("VIEW_CHANNEL",)}, "is no channel"),
    ],
)
def test_a_setting_that_cannot_work_says_what_to_write(arguments, more, fault):
    with pytest.raises(DefinitionError, match=fault):
        Setting(*arguments, **{"label": "Crew", **more})


def test_a_value_that_does_not_fit_is_not_stored():
    tools = FakeTools()
    with pytest.raises(ValueError, match="cannot be"):
        tools.change_setting(GUILD, server.language, "pt")
    tools.change_setting(GUILD, server.language, "de")
    assert tools.server_settings.of(GUILD)[server.language] == "de"
    tools.change_setting(GUILD, server.language, None)
    assert tools.server_settings.of(GUILD).stored == {}


class FakeAudit:
    def begin(self, server, **about):
        return SimpleNamespace(ended=lambda how: None)


@pytest.mark.parametrize(
    ("guild_locale", "chosen", "spoken"),
    [("de", "", "de"), ("de", "ja", "ja"), ("pt-BR", "", "en"), ("es-419", "", "es"), ("", "", "")],
)
def test_the_language_of_a_server_is_learnt_when_somebody_administers_it(guild_locale, chosen, spoken):
    desk = FakeTools(audit=FakeAudit())
    desk.server_settings.change(GUILD, {"language": chosen or None})
    interaction = SimpleNamespace(guild_id=GUILD, guild_locale=guild_locale, user_id="7", id="8", type=2)
    handler = SimpleNamespace(audit="monitor.add", form=None)
    with audited(handler, interaction, desk, SimpleNamespace(ended="answered")):
        pass
    assert server.spoken(desk.server_settings.of(GUILD)) == spoken


def test_a_language_that_is_known_is_not_written_again():
    tools = FakeTools()
    server.learn_language(GUILD, "de", tools)
    tools.change_setting = None
    server.learn_language(GUILD, "de", tools)
    server.learn_language(GUILD, "", tools)
    server.learn_language("", "fr", tools)
    assert server.spoken(tools.server_settings.of(GUILD)) == "de"


def test_what_speaks_without_an_interaction_takes_its_language_from_one_function():
    library = Path(watchbell.__file__).parent
    rooms = ("outbox", "tools", "events", "schedules", "doors")
    files = [path for room in rooms for path in sorted((library / room).glob("*.py"))]
    assert any("server.spoken(" in path.read_text() for path in files)
    assert [path.name for path in files if "[server.language]" in path.read_text()] == []
