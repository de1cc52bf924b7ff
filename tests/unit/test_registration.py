"""Only changed commands are sent to Discord, and the error after a refusal names the command."""

import pytest

from watchbell.errors import DiscordError
from watchbell.registration.declare import manifest
from watchbell.registration.diff import Change, Rejected, apply, explain, plan, scope

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

    def _call(self, *call):
        self.calls.append(call)
        if self.failure:
            raise self.failure
        return {}

    def create_command(self, scope, command):
        return self._call("create", scope, command)

    def edit_command(self, scope, command_id, changes):
        return self._call("edit", scope, command_id, changes)

    def delete_command(self, scope, command_id):
        self._call("delete", scope, command_id)

    def commands(self, scope):
        return []


def test_the_same_commands_need_no_call():
    assert plan([PING, STATUS], [as_discord_has_it(STATUS, "8"), as_discord_has_it(PING, "9")]) == []
    wanted = manifest()
    assert plan(wanted, [as_discord_has_it(command) for command in wanted]) == []


def test_a_new_command_is_created_a_changed_one_edited_and_another_deleted_first():
    renamed = {**STATUS, "description": "How are they?"}
    old = {"id": "7", "type": 1, "name": "old", "description": "Old"}
    changes = plan([PING, renamed], [as_discord_has_it(STATUS, "8"), old])
    assert list(map(str, changes)) == ["delete /old", "create /ping", "edit /status (description)"]
    api = Api()
    apply(changes, api, scope("42"))
    assert api.calls == [
        ("delete", "42", "7"),
        ("create", "42", PING),
        ("edit", "42", "8", {"description": "How are they?"}),
    ]


def test_an_option_that_goes_is_a_change_and_so_is_its_order():
    without = {key: value for key, value in STATUS.items() if key != "options"}
    (change,) = plan([without], [as_discord_has_it(STATUS)])
    assert change.command == {"options": []}
    turned = {**STATUS, "options": STATUS["options"][::-1]}
    assert plan([turned], [as_discord_has_it(STATUS)])[0].fields == ("options",)


def test_the_entry_point_of_an_activity_is_left_alone():
    assert plan([PING], [as_discord_has_it(PING), {"id": "7", "type": 4, "name": "launch"}]) == []


def test_a_permission_that_somebody_took_away_is_given_back_and_one_that_we_drop_is_dropped():
    guarded = {**PING, "default_member_permissions": "32"}
    assert plan([guarded], [as_discord_has_it(PING)])[0].command == {"default_member_permissions": "32"}
    assert plan([PING], [{**as_discord_has_it(PING), **guarded}])[0].command == {"default_member_permissions": None}
    assert plan([{**PING, "integration_types": [0]}], [as_discord_has_it(PING)]) == []
    assert plan([PING], [{**as_discord_has_it(PING), "integration_types": [0, 1], "contexts": [0, 1, 2]}]) == []


def test_a_least_of_nought_is_a_difference():
    bounded = {**STATUS, "options": [{"type": 4, "name": "n", "description": "N", "min_value": 0}]}
    unbounded = {**STATUS, "options": [{"type": 4, "name": "n", "description": "N"}]}
    assert plan([bounded], [as_discord_has_it(unbounded)])[0].fields == ("options",)
    assert plan([bounded], [as_discord_has_it(bounded)]) == []


def test_commands_of_another_type_with_the_same_name_are_others():
    user = {"id": "7", "type": 2, "name": "ping", "description": ""}
    assert [change.verb for change in plan([PING], [as_discord_has_it(PING), user])] == ["delete"]


def test_a_guild_has_commands_of_its_own():
    assert (scope("42"), scope("42", "7")) == ("42", "42/guilds/7")


def test_a_command_that_somebody_else_deleted_is_deleted():
    apply([Change("delete", "old", {}, "7")], Api(DiscordError("DELETE", 404, 10063)), "42")


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
    with pytest.raises(Rejected, match=r"refused to create /status: .*option “detailed”: Wrong type"):
        apply([Change("create", "status", STATUS)], Api(DiscordError("POST", 400, 50035, errors=errors)), "42")


@pytest.mark.parametrize(
    "errors", [None, [], "no", {"options": None}, {"options": {"99": {"_errors": [None]}}}, {"_errors": [{}]}]
)
def test_an_explanation_of_a_strange_shape_is_no_crash(errors):
    assert all(isinstance(line, str) for line in explain(errors, STATUS))


def test_a_refusal_without_an_explanation_still_names_the_command():
    with pytest.raises(Rejected, match="/ping: 30034 Daily limit"):
        apply([Change("create", "ping", PING)], Api(DiscordError("POST", 400, 30034, "Daily limit")), "42")


def test_a_discord_that_is_unwell_is_not_a_refusal():
    with pytest.raises(DiscordError):
        apply([Change("create", "ping", PING)], Api(DiscordError("POST", 503)), "42")
