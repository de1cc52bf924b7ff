"""/webhook, and subscriptions of webhooks."""

import json

import pytest

from tests.unit.test_monitor_command import GUILD, MANAGER, texts
from watchbell import Channel, Role
from watchbell.commands import digest, subscribe, unsubscribe, webhook
from watchbell.errors import DiscordError, FormError, Unavailable, Unsure, UserError
from watchbell.outbox import known
from watchbell.outbox.kinds import SUBSCRIPTION, TIMED, WEBHOOK
from watchbell.status.refusal import Refusal
from watchbell.testing import FakeTools, run, submit

NOW = 1_795_334_400
URL = "https://discord.com/api/webhooks/1200000000000000001/canary-token"
CELLAR = Channel("1000000000000000888", {"name": "cellar", "type": 0})
ON_CALL = Role("1000000000000000777", {"name": "on call"})


class Discord:
    def __init__(self):
        self.answer = {"id": "1200000000000000001"}

    def read_webhook(self, id, token):
        assert (id, token) == ("1200000000000000001", "canary-token")
        if isinstance(self.answer, DiscordError):
            raise self.answer
        return self.answer


@pytest.fixture
def tools():
    return FakeTools(discord=Discord(), now=lambda: float(NOW))


def put(tools, name="ops", url=URL, post="", **more):
    return submit(webhook.put, tools=tools, guild=GUILD, name=name, url=url, post=post, **MANAGER, **more)


def ask(tools, feature=subscribe, path="", **options):
    return run(feature, path, **{"tools": tools, "guild": GUILD, **MANAGER, **options})


def stored(tools):
    return tools.data(WEBHOOK, GUILD).all()


def test_the_url_is_a_secret_parameter_and_lies_nowhere_else(tools):
    shown = put(tools, "  Ops ")
    assert "I know the webhook `ops`." in texts(shown)
    ((name, value),) = tools.store.values.items()
    assert name == f"/watchbell/test/server-webhooks/{GUILD}/ops"
    (item,) = stored(tools)
    assert json.loads(value) == {"url": URL, "life": item["life"]}
    assert "canary" not in texts(shown)
    assert "canary" not in str(tools.state.rows)


def test_all_webhooks_can_be_gone_with_long_names_and_the_list_still_fits(tools):
    tools.discord.read_webhook = lambda id, token: {"id": id}
    for number in range(webhook.MOST):
        name, post = f"alerts-of-the-shop-{number:02}".ljust(40, "x"), "*Alerts* " * 11
        url = f"https://discord.com/api/webhooks/12000000000000000{number:02}/token"
        put(tools, name, url, post)
        (item,) = [each for each in stored(tools) if each["name"] == name]
        tools.data(WEBHOOK, GUILD).put(item | {"retired": item["life"]})
        tools.shards.refused(GUILD, Refusal(f"webhook:{name}", 404, 10015, NOW - 60))
    listed = texts(ask(tools, webhook, "list"))
    assert listed.count("somebody has deleted it") == 5
    assert "and 15 more" in listed
    assert "`alerts-of-the-shop-00" in listed
    assert "I know the webhook" in texts(put(tools, name, url, post))


def test_each_setting_is_a_new_life_and_forgets_that_discord_refused_it(tools):
    put(tools)
    (first,) = stored(tools)
    tools.data(WEBHOOK, GUILD).put(first | {"retired": first["life"]})
    tools.shards.refused(GUILD, Refusal("webhook:ops", 404, 10015, NOW - 60))
    listed = texts(ask(tools, webhook, "list"))
    assert "somebody has deleted it. Make a new one" in listed
    assert "`ops`\n-# retired: set its URL again" in listed
    put(tools)
    (second,) = stored(tools)
    assert second["life"] != first["life"]
    assert "retired" not in texts(ask(tools, webhook, "list"))
    assert tools.shards.refusals(GUILD) == []


def test_a_thread_and_the_posts_of_a_forum_are_taken_but_not_both(tools):
    put(tools, "a", URL + "?thread_id=77")
    put(tools, "b", post="Outages")
    assert [each["post"] for each in stored(tools)] == ["", "Outages"]
    with pytest.raises(FormError, match="names a thread"):
        put(tools, "c", URL + "?thread_id=77", post="Outages")


@pytest.mark.parametrize(
    ("name", "url", "says"),
    [
        ("Ops!", URL, "small letters"),
        ("a/b", URL, "small letters"),
        ("ops", "https://evil.example/webhooks/1/canary-token", "no URL of a webhook"),
        ("ops", URL + "?wait=false", "no URL of a webhook"),
        ("ops", "canary-token", "no URL of a webhook"),
    ],
)
def test_a_wrong_answer_says_what_to_change_and_does_not_repeat_the_url(tools, name, url, says):
    with pytest.raises(FormError, match=says) as refused:
        put(tools, name, url)
    assert "canary" not in str(refused.value)
    assert tools.store.values == {}


def test_a_webhook_that_discord_does_not_know_is_not_kept(tools):
    tools.discord.answer = DiscordError("GET /webhooks/{webhook}/{token}", 404, 10015)
    with pytest.raises(FormError, match="does not know this webhook"):
        put(tools)
    tools.discord.answer = DiscordError("GET /webhooks/{webhook}/{token}", 503)
    with pytest.raises(DiscordError):
        put(tools)
    assert tools.store.values == {}
    assert stored(tools) == []


def test_a_server_has_20_webhooks_and_can_still_set_one_of_them_again(tools):
    for number in range(20):
        put(tools, f"w{number}")
    with pytest.raises(FormError, match="already has 20 webhooks"):
        put(tools, "one-more")
    put(tools, "w7")
    assert len(stored(tools)) == 20


def test_a_webhook_is_subscribed_by_its_name_and_unsubscribed(tools):
    put(tools)
    said = ask(tools, webhook="OPS ").content
    assert "the webhook `ops`: all monitors" in said
    (subscription,) = known.subscriptions(GUILD, tools)
    assert subscription.to == "webhook:ops"
    ask(tools, unsubscribe, webhook="ops")
    assert known.subscriptions(GUILD, tools) == []


def test_only_who_manages_the_server_subscribes_a_webhook_and_only_one_of_this_server(tools):
    put(tools)
    with pytest.raises(UserError, match="Manage Server"):
        ask(tools, permissions=0, webhook="ops")
    with pytest.raises(UserError, match="no webhook with this name"):
        run(subscribe, tools=tools, guild="1100000000000000002", webhook="ops", **MANAGER)
    for more in ({"channel": CELLAR}, {"role": ON_CALL}):
        with pytest.raises(UserError, match="Leave out `role` and `channel`"):
            ask(tools, webhook="ops", **more)


def test_removing_a_webhook_ends_its_subscriptions_and_deletes_its_url(tools):
    put(tools)
    put(tools, "other")
    ask(tools, webhook="ops")
    ask(tools, webhook="other")
    tools.shards.refused(GUILD, Refusal("webhook:ops", 404, 10015, NOW - 60))
    assert "no longer know the webhook `ops`" in ask(tools, webhook, "remove", name="ops").content
    assert [each["name"] for each in stored(tools)] == ["other"]
    assert [each.to for each in known.subscriptions(GUILD, tools)] == ["webhook:other"]
    assert [name.rpartition("/")[2] for name in tools.store.values] == ["other"]
    assert tools.shards.refusals(GUILD) == []
    with pytest.raises(UserError, match="no webhook with this name"):
        ask(tools, webhook, "remove", name="ops")


@pytest.mark.parametrize("moment", [1, 2])
@pytest.mark.parametrize(("kind", "feature", "path"), [(SUBSCRIPTION, subscribe, ""), (TIMED, digest, "set")])
def test_what_is_stored_for_a_webhook_while_it_is_removed_does_not_stay(tools, kind, feature, path, moment):
    put(tools)
    data, left = tools.data, [moment]

    def removed_meanwhile(asked, owner=""):
        left[0] -= asked is kind
        if left[0] == 0 and asked is kind:
            left[0] = -1
            ask(tools, webhook, "remove", name="ops")
        return data(asked, owner)

    tools.data = removed_meanwhile
    with pytest.raises(UserError, match="no webhook with this name"):
        ask(tools, feature, path, webhook="ops")
    assert data(kind, GUILD).all() == []


def test_what_is_stored_while_a_webhook_is_being_removed_ends_with_it(tools):
    put(tools)
    data, running = tools.data, []

    def stores_meanwhile(asked, owner=""):
        if asked is WEBHOOK and not known.subscriptions(GUILD, tools) and running:
            running.clear()
            ask(tools, webhook="ops")
        return data(asked, owner)

    ask(tools, webhook="ops")
    running.append("remove")
    tools.data = stores_meanwhile
    ask(tools, webhook, "remove", name="ops")
    assert (running, known.subscriptions(GUILD, tools)) == ([], [])


def test_a_server_without_webhooks_reads_how_to_add_one(tools):
    assert "`/webhook add` adds one" in texts(ask(tools, webhook, "list"))


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("action", ["PutParameter", "DeleteParameter"])
def test_a_store_that_fails_before_or_after_it_changes_a_url_leaves_what_a_second_try_finishes(tools, action, moment):
    put(tools)
    failures = [action]

    def call(target, request):
        if not failures or not target.endswith(failures[0]):
            return tools.store(target, request)
        failures.clear()
        if moment == "after":
            tools.store(target, request)
        raise Unsure(f"{target}: no answer")

    tools._server_webhooks._secure._call = call
    same = {"id": "1100000000000000042"}  # the worker tries the same interaction again, which holds the lock

    def change():
        return put(tools, **same) if action == "PutParameter" else ask(tools, webhook, "remove", name="ops", **same)

    with pytest.raises(Unavailable) as raised:
        change()
    assert "canary" not in str(raised.value)
    assert [each["name"] for each in stored(tools)] == ["ops"]
    change()
    lives = [each["life"] for each in stored(tools)]
    assert [json.loads(value)["life"] for value in tools.store.values.values()] == lives
    assert len(lives) == (action == "PutParameter")
