"""`ops flags` and `ops ranks`, with AWS on loopback and the simulated Discord."""

import boto3
import pytest

from ops import flags
from ops.__main__ import main
from watchbell.adapters.aws import client
from watchbell.adapters.dynamodb import Table
from watchbell.adapters.monitors import Limits, Monitors
from watchbell.adapters.server_settings import ServerSettings
from watchbell.errors import DefinitionError

GUILD, OTHER = "1100000000000000001", "1100000000000000002"


@pytest.fixture(autouse=True)
def fresh(aws, settings, monkeypatch):
    monkeypatch.setenv("STATE_TABLE", settings["STATE_TABLE"])
    for name in ("beta", "gamma"):
        aws.ssm.delete_parameters(Names=[f"/watchbell/dev/flags/{name}"])


@pytest.fixture
def ops(capsys):
    """`ops(...)` returns the exit code and the printed lines."""

    def run(*arguments):
        code = main(list(arguments))
        said = capsys.readouterr()
        return code, (said.out + said.err).splitlines()

    return run


def test_flags_are_set_listed_and_deleted(ops, aws):
    _, before = ops("flags")
    code, said = ops("flags", "beta", "on", f"-{GUILD}", OTHER)
    assert (code, said[0]) == (0, "/watchbell/dev/flags/beta is set.")
    assert "within a minute" in said[1]
    assert aws.parameter("/watchbell/dev/flags/beta") == f"on -{GUILD} {OTHER}"
    assert f"beta: on -{GUILD} {OTHER} (nothing uses it)" in ops("flags")[1]
    assert ops("flags", "beta", "unset")[0] == 0
    told = "ops: There is no flag beta. To list the flags, run: python -m ops --stage dev flags"
    assert ops("flags", "beta") == (1, [told])
    assert ops("flags") == (0, before)


def test_a_flag_that_a_command_uses_is_listed_before_it_is_set(ops, feature):
    source = "from watchbell import Command, anyone\ncommand = Command('x', 'X', who=anyone, flag='gamma')\n"
    feature("x", source)
    assert "gamma: not set, so off (flag of /x)" in ops("flags")[1]


def test_a_switch_is_listed_with_all_who_use_it_and_is_on_until_it_is_set(ops, feature):
    source = "from watchbell import Command, Reply, anyone\ncommand = Command('x', 'X', who=anyone, switch='gamma')\n"
    handlers = "@command.button(switch='digest')\ndef again(interaction):\n    return Reply('x')\n"
    feature("x", source + handlers)
    said = ops("flags")[1]
    assert "gamma: not set, so on (switch of /x)" in said
    assert "digest: not set, so on (switch of /x again, schedule daily_digest)" in said
    assert "introduction: not set, so on (switch of event APPLICATION_AUTHORIZED)" in said
    code, lines = ops("flags", "gamma", "off")
    assert (code, [line for line in lines if "commands apply" in line]) == (0, [])
    assert ops("flags", "gamma")[1] == ["gamma: off (switch of /x)"]
    assert ops("flags", "gamma", "unset")[1][-1] == "Without a value, gamma is on."


def test_a_name_is_a_flag_or_a_switch_and_not_both(ops, feature):
    assert flags.declared()
    feature("x", "from watchbell import Command, anyone\ncommand = Command('x', 'X', who=anyone, flag='digest')\n")
    with pytest.raises(DefinitionError, match="digest is the flag of /x and the switch of schedule daily_digest: ren"):
        flags.declared()
    assert ops("flags", "gamma", "off")[0] == 1  # it says what to rename, and has set the parameter
    assert "rename one of them" in ops("flags")[1][0]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["flags", "beta", "perhaps"], "begins with on, off or a percentage"),
        (["flags", "beta", "on", "home"], "is not an id: write 15 to 20 digits"),
        (["flags", "Beta!", "on"], "Watchbell has no parameter 'flags/Beta!'"),
        (
            ["flags", "beta", "unset"],
            "The flag beta is not set. To list the flags, run: python -m ops --stage dev flags",
        ),
        (["ranks", "home"], "'home' is not a server id"),
        (["ranks", GUILD, "role"], "a role id of 15 to 20 digits, and one of viewer, responder, admin, none"),
        (["ranks", GUILD, f"{OTHER}=owner"], "one of viewer, responder, admin, none"),
    ],
)
def test_invalid_arguments_are_rejected_with_a_sentence(ops, arguments, sentence):
    code, said = ops(*arguments)
    assert code == 1
    assert sentence in said[0]


def test_ranks_are_listed_set_and_removed(ops, settings):
    assert ops("ranks", GUILD) == (0, ["No role in this server has a rank."])
    assert ops("ranks", GUILD, f"{GUILD}=viewer", f"{OTHER}=admin") == (0, [f"{GUILD}=viewer", f"{OTHER}=admin"])
    assert ops("ranks", GUILD, f"{GUILD}=none", f"{OTHER}=responder") == (0, [f"{OTHER}=responder"])
    assert ServerSettings(settings["STATE_TABLE"]).of(GUILD).stored == {"responder_roles": [OTHER]}


def test_ranks_and_setup_change_the_same_item_and_keep_what_the_other_chose(ops, settings):
    store = ServerSettings(settings["STATE_TABLE"])
    store.change(GUILD, {"zone": "Asia/Tokyo", "admin_roles": (OTHER,), "viewer_roles": (OTHER,)})
    assert ops("ranks", GUILD) == (0, [f"{OTHER}=admin"])
    assert ops("ranks", GUILD, f"{OTHER}=none", f"{GUILD}=viewer") == (0, [f"{GUILD}=viewer"])
    assert store.of(GUILD).stored == {"zone": "Asia/Tokyo", "viewer_roles": [GUILD]}
    assert ops("ranks", GUILD, f"{GUILD}=none") == (0, ["No role in this server has a rank."])


def test_a_rank_has_at_most_as_many_roles_as_a_select_can_show(ops):
    roles = [f"{int(OTHER) + number}=admin" for number in range(26)]
    assert ops("ranks", GUILD, *roles) == (1, ["ops: At most 25 roles can be admin."])
    assert ops("ranks", GUILD) == (0, ["No role in this server has a rank."])


def test_a_home_server_has_100_monitors_each_minute_unless_something_else_is_said(ops, settings):
    home = "monitors=100 every=1 aws=off private=off"
    assert ops("limits", GUILD, "home") == (0, [home])
    assert Monitors(Table(settings["STATE_TABLE"]), ceiling=1, of_host=1).limits(GUILD) == Limits(100, 1)
    assert ops("limits", GUILD) == (0, [home])
    assert ops("limits", GUILD, "every=5", "home", "aws=on") == (0, ["monitors=100 every=5 aws=on private=off"])
    assert ops("limits", GUILD, "default", "home") == (0, [home])
    code, said = ops("limits", GUILD, "home=yes")
    assert (code, "home is not a limit" in said[0]) == (1, True)
    ops("limits", GUILD, "default")


def test_limits_are_listed_set_and_removed(ops):
    usual = "monitors=10 every=5 aws=off private=off"
    assert ops("limits", GUILD) == (0, [usual])
    changed = "monitors=100 every=5 aws=off private=on"
    assert ops("limits", GUILD, "monitors=100", "private=on") == (0, [changed])
    assert ops("limits", GUILD, "private=yes") == (
        *(1, ["ops: private=yes is not valid. Write private=on or private=off."]),
    )
    assert ops("limits", GUILD) == (0, [changed])
    assert ops("limits", GUILD, "default") == (0, [usual])


def test_a_profile_is_enough_to_set_ranks(ops, settings, monkeypatch, tmp_path):
    (tmp_path / "config").write_text("[default]\nregion = us-east-1\n")
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id = x\naws_secret_access_key = y\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    client.cache_clear()
    boto3.setup_default_session()  # as a new process would
    assert ops("ranks", GUILD, f"{OTHER}=admin") == (0, [f"{OTHER}=admin"])
    monkeypatch.undo()
    client.cache_clear()
    boto3.setup_default_session()
