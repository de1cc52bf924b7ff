"""The commands are sent as a whole and only if something changed. The error after a refusal names the command."""

from functools import reduce

import pytest

from tests import judge
from watchbell import Command, anyone
from watchbell.errors import DiscordError
from watchbell.registration.declare import declare, manifest
from watchbell.registration.diff import Rejected, apply, explain, plan, scope

PING = {"type": 1, "name": "ping", "description": "Ping"}
STATUS = {
    "type": 1,
    "name": "status",
    "description": "Status",
    "options": [
        {
            "type": 3,
            "name": "server",
            "description": "Which",
            "required": True,
            "choices": [{"name": "x", "value": "x"}],
        },
        {"type": 5, "name": "detailed", "description": "All"},
    ],
}


def as_discord_has_it(command, id="1"):
    """Return the command with everything that Discord adds to it."""
    options = [
        {"name_localizations": None, "description_localizations": None, **option}
        for option in command.get("options", [])
    ]
    extras = {
        "id": id,
        "application_id": "2",
        "version": "3",
        "default_member_permissions": None,
        "nsfw": False,
        "dm_permission": True,
        "contexts": None,
        "integration_types": [0],
        "name_localizations": None,
        "description_localizations": None,
    }
    return {**extras, **command, **({"options": options} if options else {})}


class Api:
    def __init__(self, failure=None):
        self.calls, self.failure = [], failure

    def replace_commands(self, scope, commands):
        self.calls.append((scope, commands))
        if self.failure:
            raise self.failure
        return []

    def commands(self, scope):
        return []


def changes(wanted, existing):
    return list(map(str, plan(wanted, existing, "42").changes))


def test_the_same_commands_need_no_call():
    assert changes([PING, STATUS], [as_discord_has_it(STATUS, "8"), as_discord_has_it(PING, "9")]) == []
    wanted = manifest()
    assert changes(wanted, [as_discord_has_it(command) for command in wanted]) == []


def test_a_new_command_a_changed_one_and_one_to_delete_are_one_call_with_the_whole_set():
    renamed = {**STATUS, "description": "How are they?"}
    old = {"id": "7", "type": 1, "name": "old", "description": "Old"}
    kept = {"type": 1, "name": "kept", "description": "Kept"}
    update = plan([kept, PING, renamed], [as_discord_has_it(STATUS, "8"), as_discord_has_it(kept, "6"), old], "42")
    assert list(map(str, update.changes)) == ["delete /old", "create /ping", "edit /status (description)"]
    api = Api()
    apply(update, api)
    ((sent_to, sent),) = api.calls
    assert sent_to == "42"
    assert [command["name"] for command in sent] == ["kept", "ping", "status"]
    assert sent[2] == {**UNDECLARED, **renamed}
    for command in sent:
        judge.approve("command", command)


UNDECLARED = {
    "default_member_permissions": None,
    "nsfw": False,
    "name_localizations": None,
    "description_localizations": None,
}


def test_an_option_that_goes_is_a_change_and_so_is_its_order():
    without = {key: value for key, value in STATUS.items() if key != "options"}
    assert changes([without], [as_discord_has_it(STATUS)]) == ["edit /status (options)"]
    turned = {**STATUS, "options": STATUS["options"][::-1]}
    assert changes([turned], [as_discord_has_it(STATUS)]) == ["edit /status (options)"]


def test_the_entry_point_of_an_activity_is_sent_back_as_it_is():
    launch = {
        **{"id": "7", "type": 4, "name": "launch", "description": "", "handler": 2, "version": "1", "contexts": [0, 2]},
        **{"application_id": "42", "integration_types": [0, 1], "dm_permission": True, "nsfw": False},
        **{"name_localizations": {"de": "los"}, "default_member_permissions": "32"},
    }
    assert changes([PING], [as_discord_has_it(PING), launch]) == []
    assert plan([PING], [launch], "42").commands == [
        {**UNDECLARED, **PING},
        {
            **{"id": "7", "type": 4, "name": "launch", "handler": 2, "contexts": [0, 2], "integration_types": [0, 1]},
            **{"name_localizations": {"de": "los"}, "default_member_permissions": "32", "nsfw": False},
        },
    ]


def test_a_permission_that_somebody_took_away_is_given_back_and_one_that_we_drop_is_dropped():
    guarded = {**PING, "default_member_permissions": "32"}
    assert changes([guarded], [as_discord_has_it(PING)]) == ["edit /ping (default_member_permissions)"]
    update = plan([PING], [{**as_discord_has_it(PING), **guarded}], "42")
    assert list(map(str, update.changes)) == ["edit /ping (default_member_permissions)"]
    assert update.commands[0]["default_member_permissions"] is None
    assert changes([{**PING, "integration_types": [0]}], [as_discord_has_it(PING)]) == []
    assert changes([PING], [{**as_discord_has_it(PING), "integration_types": [0, 1], "contexts": [0, 1, 2]}]) == []


def test_the_order_of_contexts_and_of_kinds_of_channel_and_spaces_around_a_text_are_no_difference():
    channel = {"type": 7, "name": "room", "description": " Where ", "channel_types": [2, 0]}
    declared = {**PING, "options": [channel], "contexts": [1, 0], "integration_types": [1, 0]}
    stored = {"options": [{**channel, "description": "Where", "channel_types": [0, 2]}]}
    there = {**as_discord_has_it(PING), **stored, "contexts": [0, 1], "integration_types": [0, 1]}
    assert changes([declared], [there]) == []
    assert changes([declared], [{**there, "contexts": [0, 1, 2]}]) == ["edit /ping (contexts)"]


def test_a_command_that_becomes_usable_in_more_places_is_edited():
    command = Command("ping", "Ping", who=anyone, user_installs=True)
    command.run(lambda interaction: None)
    there = {**as_discord_has_it(PING), "contexts": [0], "integration_types": [0]}
    update = plan([declare(command)], [there], "42")
    assert list(map(str, update.changes)) == ["edit /ping (integration_types, contexts)"]
    assert (update.commands[0]["integration_types"], update.commands[0]["contexts"]) == ([0, 1], [0, 1, 2])


def test_a_least_of_nought_is_a_difference():
    bounded = {**STATUS, "options": [{"type": 4, "name": "n", "description": "N", "min_value": 0}]}
    unbounded = {**STATUS, "options": [{"type": 4, "name": "n", "description": "N"}]}
    assert changes([bounded], [as_discord_has_it(unbounded)]) == ["edit /status (options)"]
    assert changes([bounded], [as_discord_has_it(bounded)]) == []


def test_commands_of_another_type_with_the_same_name_are_others():
    user = {"id": "7", "type": 2, "name": "ping", "description": ""}
    assert changes([PING], [as_discord_has_it(PING), user]) == ["delete /ping"]


def test_a_guild_has_commands_of_its_own():
    assert (scope("42"), scope("42", "7")) == ("42", "42/guilds/7")


def test_a_refusal_is_explained_by_name():
    errors = {
        "description": {
            "_errors": [{"code": "BASE_TYPE_BAD_LENGTH", "message": "Must be between 1 and 100 in length."}]
        },
        "options": {
            "0": {
                "choices": {
                    "0": {"name": {"_errors": [{"code": "BASE_TYPE_REQUIRED", "message": "This field is required"}]}}
                }
            },
            "1": {"_errors": [{"code": "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "message": "Wrong type"}]},
        },
        "_errors": [{"code": "APPLICATION_COMMAND_TOO_LARGE", "message": "Command exceeds maximum size (8000)"}],
    }
    assert explain(errors, STATUS) == [
        "Command exceeds maximum size (8000)",
        "description: Must be between 1 and 100 in length.",
        "option “server” choice “x” name: This field is required",
        "option “detailed”: Wrong type",
    ]
    refused = DiscordError("PUT", 400, 50035, errors={"1": errors, "0": {"name": {"_errors": [{"message": "Taken"}]}}})
    with pytest.raises(Rejected) as told:
        apply(plan([PING, STATUS], [as_discord_has_it(PING)], "42"), Api(refused))
    assert str(told.value).startswith("Discord refused to keep /ping: name: Taken; to create /status: Command exceeds")
    assert str(told.value).endswith("option “detailed”: Wrong type")


@pytest.mark.parametrize(
    "errors",
    [
        *(None, [], "no", {"options": None}, {"options": {"99": {"_errors": [None]}}}, {"_errors": [{}]}),
        *({"_errors": None}, {"_errors": 5}, reduce(lambda inner, _: {"options": inner}, range(5000), {})),
    ],
    ids=lambda errors: str(type(errors)),
)
def test_an_explanation_of_a_strange_shape_is_no_crash(errors):
    assert all(isinstance(line, str) for line in explain(errors, STATUS))


def test_a_refusal_without_an_explanation_names_what_was_to_change():
    update = plan([PING, STATUS], [as_discord_has_it({**STATUS, "description": "Old"})], "42")
    with pytest.raises(Rejected) as told:
        apply(update, Api(DiscordError("PUT", 400, 30034, "Daily limit")))
    assert str(told.value) == (
        "Discord refused to create /ping, edit /status (description): 30034 Daily limit "
        "(a scope can get 200 new commands a day; try again tomorrow)"
    )


@pytest.mark.parametrize("failure", [DiscordError("PUT", 503), DiscordError("PUT", 403, 50001)])
def test_a_discord_that_is_unwell_or_out_of_reach_is_not_a_refusal_of_a_command(failure):
    with pytest.raises(DiscordError):
        apply(plan([PING], [], "42"), Api(failure))
