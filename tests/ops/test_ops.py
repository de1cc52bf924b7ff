"""The operator's command line, with AWS on loopback and the simulated Discord."""

import io
import os

import boto3
import pytest
import requests

from infra.settings import Deployment
from ops import capacity
from ops.__main__ import main
from ops.audit import Book
from ops.settings import choices
from sandbox.discord import Discord
from sandbox.discord.faults import InjectedFault
from sandbox.loopback import Response, Server, as_json
from tests.discord_side import unflagged
from watchbell.adapters.aws import client

APPLICATION = "845027738276462632"
TOKEN = "ODQ1MDI3NzM4Mjc2NDYyNjMy.GxTest.abcdefghijklmnopqrstuvwxyz0123456789AB"
KEY = "ab" * 32


@pytest.fixture(autouse=True)
def state_table(settings, monkeypatch):
    monkeypatch.setenv("STATE_TABLE", settings["STATE_TABLE"])


@pytest.fixture(autouse=True)
def account(monkeypatch):
    """Lambda's account settings. `account.limit` is how many functions may run at the same time; None is a refusal."""

    class Account:
        limit = 10

        def __call__(self, request):
            assert request.path.endswith("/account-settings")
            if self.limit is None:
                return as_json(403, {"Message": "not authorized"}, [("x-amzn-ErrorType", "AccessDeniedException")])
            return as_json(200, {"AccountLimit": {"ConcurrentExecutions": self.limit}})

    account = Account()
    server = Server(account)
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", server.url)
    client.cache_clear()
    yield account
    server.stop()
    client.cache_clear()


def ops(*arguments):
    """Return the exit code of `python -m ops`."""
    return main(list(arguments))


@pytest.fixture
def typed(monkeypatch):
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


def kind(aws, name):
    return aws.ssm.get_parameter(Name=f"/watchbell/dev/{name}")["Parameter"]["Type"]


def test_setup_asks_for_everything_and_keeps_secrets_encrypted(aws, typed, capsys):
    typed(f"{APPLICATION}\n{KEY}\n{TOKEN}\n")
    assert ops("setup") == 0
    assert [kind(aws, f"discord/{name}") for name in ("application-id", "public-keys", "bot-token")] == [
        "String",
        "String",
        "SecureString",
    ]
    assert TOKEN not in capsys.readouterr().out
    signing_keys = aws.parameter("/watchbell/dev/signing-keys")
    assert kind(aws, "signing-keys") == "SecureString"
    typed("")  # the second time, each value is kept
    assert ops("setup") == 0
    assert aws.parameter("/watchbell/dev/signing-keys") == signing_keys
    assert aws.parameter("/watchbell/dev/discord/bot-token") == TOKEN


def test_setup_asks_where_alarms_go_and_says_to_confirm_it(aws, typed, capsys):
    typed(f"{APPLICATION}\n{KEY}\n{TOKEN}\n\n\n\n")
    assert ops("setup") == 0
    assert "Alarms reach nobody, because there is no e-mail address for them." in capsys.readouterr().out
    typed("\n\n\n\n\nada@example.com\n")
    assert ops("setup") == 0
    assert aws.parameter("/watchbell/dev/choices/alarm_email") == "ada@example.com"
    assert "No alarm arrives until you confirm it." in capsys.readouterr().out


def test_setup_stores_that_no_digest_is_wanted(aws, typed):
    typed(f"{APPLICATION}\n{KEY}\n{TOKEN}\n\n")
    assert ops("setup") == 0
    assert aws.parameter("/watchbell/dev/webhooks/digest") == "none"


def test_setup_in_a_small_account_warns_in_plain_words(aws, typed, capsys):
    typed(f"{APPLICATION}\n{KEY}\n{TOKEN}\n")
    assert ops("setup") == 0
    assert aws.parameter("/watchbell/dev/choices/worker_concurrency") == "2"
    said = capsys.readouterr().out
    assert "This account may run only 10 functions at the same time in us-east-1, all its stacks together." in said
    assert "With 2 workers, 2 senders and 2 monitors, 4 are left to answer Discord." in said
    assert "Ask AWS for 1000" in said


def test_setup_in_a_large_account_proposes_more_workers_and_takes_another_number(aws, typed, capsys, account):
    account.limit = 1000
    typed(f"{APPLICATION}\n{KEY}\n{TOKEN}\n")
    assert ops("setup") == 0
    assert aws.parameter("/watchbell/dev/choices/worker_concurrency") == "50"
    assert "may run only" not in capsys.readouterr().out
    typed("\n\n\n\n\n\n7\n")
    assert ops("setup") == 0
    typed("")  # the second time, the number is kept
    assert ops("setup") == 0
    assert aws.parameter("/watchbell/dev/choices/worker_concurrency") == "7"


def test_setup_goes_on_if_the_limit_cannot_be_read(aws, typed, capsys, account):
    account.limit = None
    typed(f"{APPLICATION}\n{KEY}\n{TOKEN}\n")
    assert ops("setup") == 0
    assert aws.parameter("/watchbell/dev/choices/worker_concurrency") == "2"
    assert "AWS did not say how many functions this account may run" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("limit", "workers"), [(1, 2), (5, 2), (10, 2), (20, 8), (88, 48), (90, 50), (1000, 50), (None, 2)]
)
def test_the_proposed_workers_and_senders_take_at_most_60_percent_of_an_account(limit, workers):
    assert capacity.proposal(limit) == workers


def test_another_bot_has_its_own_parameters(aws, capsys):
    assert ops("--name", "pager", "set", "operators", "1100000000000000001") == 0
    assert capsys.readouterr().out == "/pager/dev/operators is set.\n"
    assert aws.parameter("/pager/dev/operators") == "1100000000000000001"
    assert ops("show") == 0
    assert "not set  operators" in capsys.readouterr().out
    assert ops("--name", "pager", "commands", "plan") == 1
    told = "/pager/dev/discord/bot-token is not set. To set it, run: python -m ops --name pager --stage dev setup"
    assert told.replace("bot-token", "application-id") in capsys.readouterr().err


def test_setup_without_an_answer_says_what_is_missing(typed, capsys):
    typed("\n")
    assert ops("setup") == 1
    assert "discord/application-id is required" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("discord/application-id", "watchbell", "15 to 20 digits"),
        ("discord/public-keys", "abc", "64 hex digits"),
        ("discord/public-keys", ",", "Enter at least one public key"),
        ("discord/bot-token", "secret", "not a bot token"),
        ("webhooks/digest", "https://evil.example/api/webhooks/1/x", "not a Discord webhook URL"),
        ("webhooks/../x", "x", "Watchbell has no parameter"),
        ("webhooks/digest", "https://discord.com/api/webhooks/1/x?thread_id=general", "not a Discord webhook URL"),
        ("webhooks/digest/thread-name", " ", "1 to 100 characters"),
        ("webhooks/digest/thread-name", "x" * 101, "1 to 100 characters"),
        ("webhooks/other/thread-name", "x", "Watchbell has no parameter"),
        ("status-sources/prod", "prod.example", "not an http or https URL"),
        ("status-sources/prod", "https://prod.example/ public", "the word private"),
        ("status-sources/prod", "https://ada:secret@prod.example/", "a user name or a password"),
        ("status-sources/prod", "http://10.0.0.5/x", "set 'http://10.0.0.5/x private'"),
        ("status-sources/prod", "http://169.254.169.254/ private", "not allowed for any source"),
        ("status-sources/a b", "http://x/", "1 to 60 letters"),
        (f"status-sources/{'x' * 61}", "http://x/", "1 to 60 letters"),
        ("webhooks/digets", "https://discord.com/api/webhooks/1/x", "Watchbell has no parameter"),
        ("webhooks/defaults", "https://discord.com/api/webhooks/1/x", "Watchbell has no parameter"),
        ("webhooks/ops", "https://evil.example/api/webhooks/1/x", "not a Discord webhook URL"),
        (f"webhooks/{'x' * 61}", "https://discord.com/api/webhooks/1/x", "Watchbell has no parameter"),
        ("operators", "ada", "not a list of user ids"),
        ("operator-alerts", "#general", "not a list of channel ids"),
        ("notify-users", "@ada", "not a list of user ids"),
        ("notify-users", "1100000000000000001,", "not a list of user ids"),
        ("notify-users", "123", "Write ids of 15 to 20 digits, separated by commas."),
        ("status-sources/prod", "https://discord.com/api/v10/gateway", "discord.com may not be watched"),
        ("signing-keys", "1:abc", "hexadecimal"),
        ("signing-keys", "secret", "at least 32 hex digits"),
        ("discord/public-keys", ",".join([KEY] * 4), "room for three public keys"),
        ("choices/digest_time", "24:00", "`digest_time` must be a time from 00:00 to 23:59"),
        ("choices/guild_id", "home", "`guild_id` must be a server id"),
        ("choices/stage", "prod", "Watchbell has no parameter 'choices/stage'"),
        ("colour", "blue", "Watchbell has no parameter"),
    ],
)
def test_an_invalid_value_is_rejected_with_a_sentence(name, value, sentence, capsys):
    assert ops("set", name, value) == 1
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("name", ["default", "ops", "digest-2", "team_a.b"])
def test_a_webhook_for_notifications_has_a_name_of_ones_choice_and_is_a_secret(aws, name):
    assert ops("set", f"webhooks/{name}", "https://discord.com/api/webhooks/123/token") == 0
    assert kind(aws, f"webhooks/{name}") == "SecureString"


def test_a_secret_can_be_given_on_standard_input(aws, typed, capsys):
    typed("https://discord.com/api/webhooks/123/secret-token\n")
    assert ops("set", "webhooks/digest") == 0
    assert kind(aws, "webhooks/digest") == "SecureString"
    assert "secret-token" not in capsys.readouterr().out


def test_a_digest_can_go_to_a_thread_or_open_one(aws):
    assert ops("set", "webhooks/digest", "https://discord.com/api/webhooks/123/secret-token?thread_id=77") == 0
    assert ops("set", "webhooks/digest/thread-name", "Daily status") == 0
    assert kind(aws, "webhooks/digest") == "SecureString"
    assert kind(aws, "webhooks/digest/thread-name") == "String"


@pytest.mark.parametrize("value", [["http://10.0.0.5/x private"], ["http://10.0.0.5/x", "private"]])
def test_a_source_may_be_given_permission_to_have_a_private_address(aws, value):
    assert ops("set", "status-sources/prod", *value) == 0
    assert aws.parameter("/watchbell/dev/status-sources/prod") == "http://10.0.0.5/x private"


def test_a_choice_is_kept_and_none_stands_for_an_empty_one(aws):
    assert ops("set", "choices/digest_time", "07:45") == ops("set", "choices/guild_id", "none") == 0
    assert choices(Deployment("watchbell", "dev")) == {"digest_time": "07:45", "guild_id": ""}


def test_show_lists_what_is_set_and_what_is_missing(capsys):
    ops("set", "status-sources/prod", "https://prod.example/status")
    capsys.readouterr()
    assert ops("show") == 0
    assert capsys.readouterr().out.splitlines() == [
        "not set  choices/alarm_email",
        "MISSING  discord/application-id",
        "MISSING  discord/bot-token",
        "MISSING  discord/public-keys",
        "not set  operators",
        "MISSING  signing-keys",
        "set      status-sources/prod",
        "not set  webhooks/digest",
    ]


@pytest.fixture
def discord(aws, monkeypatch):
    service = Discord(APPLICATION, TOKEN)
    monkeypatch.setenv("DISCORD_URL", service.start())
    ops("set", "discord/application-id", APPLICATION)
    aws.put_parameter("/watchbell/dev/discord/bot-token", TOKEN, secret=True)
    yield service
    service.stop()


@pytest.mark.parametrize("guild", [[], ["--guild", "home"]])
def test_plan_prints_the_changes_and_apply_makes_them(discord, capsys, guild):
    scope = ["--guild", discord.home.id] if guild else []
    capsys.readouterr()
    created = [f"create /{name}" for name in unflagged()]
    assert ops("commands", "plan", *scope) == 0
    assert capsys.readouterr().out.splitlines() == created
    assert ops("commands", "apply", *scope) == 0
    assert capsys.readouterr().out.splitlines() == [*created, "Done."]
    assert ops("commands", "plan", *scope) == 0
    assert "Nothing to change" in capsys.readouterr().out
    assert discord.faults == []


def test_a_wait_and_the_progress_in_several_servers_are_shown(discord, capsys, feature):
    source = "from watchbell import Command, Reply, anyone\n"
    source += "command = Command('beta', 'Beta', who=anyone, instant=True, flag='beta')\n"
    feature("beta", source + "command.run(lambda interaction: Reply('on'))\n")
    other = discord.guild("Other")
    ops("flags", "beta", "off", discord.home.id, other.id)
    discord.inject(InjectedFault("GET", "/applications/*/commands", 429, retry_after=0.25))
    discord.inject(InjectedFault("PUT", "/applications/*/commands", 503))
    capsys.readouterr()
    assert ops("commands", "apply") == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("Discord is asked again in 0.")
    assert told[0].endswith(" s, because of its rate limit.")
    assert f"create /beta in server {other.id}" in told
    assert [line for line in told if line.endswith("failed (PUT /applications/{scope}/commands: 503 0 503: injected).")]
    assert told[-4:] == ["1 of 3 updated", "2 of 3 updated", "3 of 3 updated", "Done."]
    assert [command["name"] for command in discord.commands(other)] == ["beta"]


def test_a_profile_is_enough_instead_of_the_environment(discord, monkeypatch, tmp_path, capsys):
    (tmp_path / "config").write_text("[default]\nregion = us-east-1\n")
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id = x\naws_secret_access_key = y\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    client.cache_clear()
    boto3.setup_default_session()  # as a new process would
    assert ops("commands", "plan") == 0
    monkeypatch.undo()
    client.cache_clear()
    boto3.setup_default_session()


def test_commands_without_their_parameters_say_what_to_do(capsys):
    assert ops("commands", "plan") == 1
    assert "/watchbell/dev/discord/application-id is not set" in capsys.readouterr().err


def audit(aws, settings):
    items = aws.dynamodb.scan(TableName=settings["STATE_TABLE"], ConsistentRead=True)["Items"]
    rows = sorted((item for item in items if item["sk"]["S"].startswith("audit#")), key=lambda it: it["sk"]["S"])
    return [tuple(row.get(key, {"S": ""})["S"] for key in ("pk", "action", "subject", "ended")) for row in rows]


def test_what_an_operator_changes_is_in_the_audit_with_the_aws_identity_and_no_value(aws, settings, capsys):
    guild, role = "197038439483310086", "41771983423143936"
    assert ops("set", "discord/bot-token", TOKEN) == 0
    assert ops("flags", "beta", "on", guild) == 0
    assert ops("ranks", guild, f"{role}=admin") == 0
    assert sorted(audit(aws, settings)) == [
        (f"guild#{guild}", "ranks.set", f"{role}=admin", "done"),
        ("guild#deployment", "flag.set", f"beta=on {guild}", "done"),
        ("guild#deployment", "parameter.set", "discord/bot-token", "done"),
    ]
    items = aws.dynamodb.scan(TableName=settings["STATE_TABLE"])["Items"]
    assert TOKEN not in str(items)
    assert all(item["actor"]["S"].startswith("arn:aws:") for item in items if "actor" in item)


class Failing:
    """Passes requests on to AWS on loopback. Refuses each request whose body holds one of the texts in `refused`."""

    def __init__(self, url):
        self.url, self.refused = url, ()

    def __call__(self, request):
        if any(text.encode() in request.body for text in self.refused):
            return as_json(400, {"__type": "AccessDeniedException", "message": "not authorized"})
        kept = {name: value for name, value in request.headers if name.lower() not in ("host", "content-length")}
        answer = requests.request(request.method, self.url + request.path, data=request.body, headers=kept, timeout=9)
        return Response(answer.status_code, answer.content, [("content-type", answer.headers["content-type"])])


@pytest.fixture
def failing(aws, monkeypatch, account):
    """AWS, which refuses requests that hold a text in `failing.refused`."""
    gate = Failing(os.environ["AWS_ENDPOINT_URL"])
    server = Server(gate)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    client.cache_clear()
    yield gate
    server.stop()
    client.cache_clear()


def test_a_setup_that_fails_midway_leaves_a_row_for_each_parameter(aws, settings, typed, failing):
    failing.refused = ["/watchbell/dev/discord/bot-token"]
    typed(f"{APPLICATION}\n{KEY}\n{TOKEN}\n")
    assert ops("setup") == 1
    assert audit(aws, settings) == [
        ("guild#deployment", "parameter.set", "discord/application-id", "done"),
        ("guild#deployment", "parameter.set", "discord/public-keys", "done"),
        ("guild#deployment", "parameter.set", "discord/bot-token", "failed"),
    ]


def test_a_row_stays_begun_if_the_command_is_killed(aws, settings, failing):
    class Killed(BaseException):
        """Nothing can be done about it."""

    book = Book(Deployment("watchbell", "dev"))
    failing.refused = ["SET ended"]
    with pytest.raises(Killed), book.recorded("parameter.set", "operators"):
        raise Killed
    assert audit(aws, settings) == [("guild#deployment", "parameter.set", "operators", "begun")]


def test_the_first_setup_says_once_that_there_is_no_audit_yet(typed, capsys, monkeypatch):
    monkeypatch.delenv("STATE_TABLE")
    missing = (
        b"<ErrorResponse><Error><Code>ValidationError</Code><Message>no such stack</Message></Error></ErrorResponse>"
    )
    server = Server(lambda request: Response(400, missing, [("content-type", "text/xml")]))
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", server.url)
    client.cache_clear()
    typed(f"{APPLICATION}\n{KEY}\n{TOKEN}\n")
    assert ops("setup") == 0
    assert capsys.readouterr().err == (
        "ops: This is not in the audit: There is no stack watchbell-dev with a table in us-east-1. "
        "Run `make deploy STAGE=dev`, or set AWS_REGION if the stack is in another region.\n"
    )
    server.stop()
    client.cache_clear()


@pytest.mark.parametrize(
    ("name", "value", "shown", "then"),
    [
        (
            "webhooks/digest",
            "https://discord.com/api/webhooks/123/secret-token",
            "(a secret)",
            "set webhooks/digest none",
        ),
        ("webhooks/digest/thread-name", "Daily status", "Daily status", "within a minute"),
        ("status-sources/prod", "https://prod.example/status?key=secret-token", "https://prod.example/status?…", "wit"),
        ("operators", "1100000000000000001", "1100000000000000001", "It takes effect within a minute."),
        (
            "operator-alerts",
            "1100000000000000001 1100000000000000002",
            "1100000000000000001 1100000000000000002",
            "wit",
        ),
        ("notify-users", "1100000000000000001", "1100000000000000001", "It takes effect within a minute."),
        ("choices/digest_time", "07:45", "07:45", "To deploy, run: make deploy STAGE=dev"),
        ("flags/beta", "off", "off", "It takes effect within a minute."),
    ],
)
def test_what_can_be_set_can_be_unset_and_its_value_is_shown_unless_it_is_secret(aws, capsys, name, value, shown, then):
    ops("set", name, value)
    capsys.readouterr()
    assert ops("unset", name) == 0
    was, gone = capsys.readouterr().out.splitlines()
    assert was == f"{name} = {shown}"
    assert gone.startswith(f"/watchbell/dev/{name} is no longer set. ")
    assert then in gone
    assert not aws.ssm.get_parameters(Names=[f"/watchbell/dev/{name}"])["Parameters"]


def test_what_is_unset_is_in_the_audit(aws, settings):
    ops("set", "operators", "1100000000000000001")
    ops("set", "flags/beta", "on")
    ops("unset", "operators")
    ops("unset", "flags/beta")
    assert [row[1:] for row in audit(aws, settings)] == [
        ("parameter.set", "operators", "done"),
        ("flag.set", "beta=on", "done"),
        ("parameter.unset", "operators", "done"),
        ("flag.set", "beta=unset", "done"),
    ]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("status-sources/prdo", "/watchbell/dev/status-sources/prdo is not set. Did you mean status-sources/prod?"),
        ("colour", "/watchbell/dev/colour is not set. To list what is set, run: python -m ops --stage dev show"),
        (
            "discord/bot-token",
            "The bot cannot do without discord/bot-token. To change it, run: python -m ops --stage dev set "
            "discord/bot-token",
        ),
    ],
)
def test_what_cannot_be_unset_is_told_in_a_sentence_and_leaves_no_row(aws, settings, capsys, name, told):
    for there in ("/watchbell/dev/status-sources/prod", "/watchbell/dev/discord/bot-token"):
        aws.put_parameter(there, "x", secret=False)
    assert ops("unset", name) == 1
    assert capsys.readouterr().err == f"ops: {told}\n"
    assert audit(aws, settings) == []


def test_looking_and_mistakes_are_not_in_the_audit(aws, settings):
    ops("show")
    ops("flags")
    ops("ranks", "197038439483310086")
    assert ops("set", "discord/application-id", "seven") == 1
    assert audit(aws, settings) == []


def test_a_change_that_cannot_be_recorded_is_done_and_says_so(aws, settings, monkeypatch, capsys):
    monkeypatch.setenv("STATE_TABLE", "missing")
    assert ops("set", "discord/application-id", APPLICATION) == 0
    assert "ops: This is not in the audit: " in capsys.readouterr().err
