"""A feature that is off by its flag says so and is not offered. A feature without a flag reads no flag."""

from itertools import count, pairwise

import pytest

from tests import judge
from tests.discord_side import unflagged
from tests.unit.test_platform import ADA, Bot, says
from watchbell.adapters.batch import Delivery
from watchbell.doors import worker
from watchbell.doors.ingress import NOT_QUEUED
from watchbell.errors import DiscordError, Unavailable, UserError
from watchbell.interactions.gate import OFF, SWITCHED_OFF
from watchbell.kit.flags import Flags, parse
from watchbell.registration import apply as rollout
from watchbell.registration import diff as registration
from watchbell.testing import FakeTools, press, run

HOME, OTHER = "197038439483310086", "197038439483310087"

BETA = """
from watchbell import Command, Reply, anyone

command = Command("beta", "Beta", who=anyone, instant=True, flag="beta", user_installs=True)

@command.run
def beta(interaction, *, word: str = ""):
    '''Beta.

    word: Any
    '''
    return Reply("on")

@beta.autocomplete
def word(interaction, typed):
    return ["secret"]

@command.button(instant=False)
def press(interaction):
    return Reply("pressed")
"""


@pytest.fixture
def bot():
    made = Bot()
    made.texts, made.reads = {}, []

    def read():
        made.reads.append(1)
        return made.texts

    made.tools.flags = Flags(read)
    return made


# The text of a flag


@pytest.mark.parametrize(
    ("text", "here", "there"),
    [
        ("on", True, True),
        ("off", False, False),
        ("0%", False, False),
        ("100%", True, True),
        (f"off {HOME}", True, False),
        (f"off, {HOME}, {OTHER}", True, True),
        (f"on -{HOME}", False, True),
        (f"0.5% {HOME} -{OTHER}", True, False),
    ],
)
def test_a_flag_is_on_where_it_says(text, here, there):
    flag = parse("beta", text)
    assert (flag.on(HOME), flag.on(OTHER)) == (here, there)
    assert flag.everywhere is (text in ("on", "100%"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "begins with on, off or a percentage"),
        ("yes", "begins with on, off or a percentage"),
        ("101%", "percentage"),
        ("-1%", "percentage"),
        ("nan%", "percentage"),
        ("%", "percentage"),
        ("25", "percentage"),
        ("on home", "'home' is not an id"),
        ("on 12", "15 to 20 digits"),
        (f"on {HOME} -{HOME}", "listed both as on and as off"),
    ],
)
def test_a_flag_that_makes_no_sense_is_refused_with_a_sentence(text, sentence):
    with pytest.raises(ValueError, match=sentence):
        parse("beta", text)


def test_a_percentage_is_that_share_of_the_servers_always_the_same_and_kept_as_it_grows():
    servers = [str(10**17 + number) for number in range(4000)]
    shares = [[server for server in servers if parse("beta", f"{share}%").on(server)] for share in (1, 25, 26, 90)]
    assert [len(share) / 40 for share in shares] == pytest.approx([1, 25, 26, 90], abs=1)
    assert all(set(small) <= set(large) for small, large in pairwise(shares))
    assert shares[1] != [server for server in servers if parse("other", "25%").on(server)]
    # This must never change: another hash would switch features off for people who already have them.
    assert [parse("beta", "50%").on(server) for server in servers[:8]] == FIRST_EIGHT


FIRST_EIGHT = [False, True, True, True, True, True, True, False]


def test_one_that_nobody_can_read_is_off_and_logged(caplog):
    flags = Flags(lambda: {"beta": "perhaps", "gamma": "on"}).all()
    assert (flags["beta"].on(HOME), flags["gamma"].on(HOME)) == (False, True)
    assert "flag beta is off: " in caplog.text


# Through the door


@pytest.mark.parametrize("text", [None, "off", "nonsense", f"off {OTHER}"])
def test_a_feature_that_is_off_says_so_privately_and_queues_nothing(bot, feature, text):
    feature("beta", BETA)
    bot.texts = {} if text is None else {"beta": text}
    for answer in (bot.command("beta"), bot.press("beta:press")):
        assert says(answer) == OFF
        assert answer["data"]["flags"] == 64
    assert bot.queue == []


def test_a_feature_that_is_on_works(bot, feature):
    feature("beta", BETA)
    bot.texts = {"beta": f"off {HOME}"}
    assert says(bot.command("beta")) == "on"
    assert bot.press("beta:press") == {"type": 5}
    assert bot.finally_shown() == ["pressed"]
    assert says(bot.command("beta", guild_id=OTHER)) == OFF


def test_in_direct_messages_it_goes_by_the_person(bot, feature):
    feature("beta", BETA)
    data = {"name": "beta", "type": 1}
    bot.texts = {"beta": f"off {ADA}"}
    assert says(bot.ask("component_in_dm", type=2, data=data, user={"id": ADA})) == "on"
    assert says(bot.ask("component_in_dm", type=2, data=data, user={"id": "1"})) == OFF


def test_what_is_off_completes_nothing(bot, feature):
    feature("beta", BETA)
    option = {"name": "word", "type": 3, "value": "", "focused": True}

    def ask():
        return bot.ask("autocomplete", data={"name": "beta", "type": 1, "options": [option]})["data"]["choices"]

    assert ask() == []
    bot.texts = {"beta": "on"}
    assert [choice["value"] for choice in ask()] == ["secret"]


def test_who_has_no_flag_reads_none(bot, feature):
    assert bot.command("ping")["type"] == 4
    assert bot.command("status", {"name": "server", "type": 3, "value": "prod"})["type"] == 5
    bot.press("ping:again")
    assert bot.reads == []
    feature("beta", BETA)
    bot.command("beta")
    assert bot.reads == [1]


def test_where_flags_cannot_be_read_the_feature_is_not_used(bot, feature):
    def away():
        raise Unavailable("no answer")

    feature("beta", BETA)
    bot.tools.flags = Flags(away)
    assert says(bot.command("beta")) == NOT_QUEUED
    assert says(bot.press("beta:press")) == NOT_QUEUED
    assert bot.queue == []


# Switched off on a bad day

BUSY = """
from watchbell import Command, Reply, anyone

command = Command("busy", "Busy", who=anyone, instant=True, switch="busy", user_installs=True)

@command.run
def busy(interaction, *, word: str = ""):
    '''Busy.

    word: Any
    '''
    return Reply("on")

@busy.autocomplete
def word(interaction, typed):
    return ["secret"]

@command.button(instant=False)
def press(interaction):
    return Reply("pressed")

@command.button(switch="other")
def separate(interaction):
    return Reply("separate")

@command.button(switch="")
def always(interaction):
    return Reply("always")
"""


def test_a_switch_that_is_not_set_is_on(bot, feature):
    feature("busy", BUSY)
    assert says(bot.command("busy")) == "on"
    assert bot.press("busy:press") == {"type": 5}
    assert bot.finally_shown() == ["pressed"]


def test_what_is_switched_off_says_so_privately_where_it_is_off(bot, feature):
    feature("busy", BUSY)
    bot.texts = {"busy": f"on -{HOME}"}
    answer = bot.command("busy")
    assert (says(answer), answer["data"]["flags"]) == (SWITCHED_OFF, 64)
    assert says(bot.command("busy", guild_id=OTHER)) == "on"


def test_a_handler_can_have_another_switch_or_none(bot, feature):
    feature("busy", BUSY)
    bot.texts = {"busy": "off"}
    assert (says(bot.press("busy:separate")), says(bot.press("busy:always"))) == ("separate", "always")
    bot.texts = {"other": "off"}
    assert (says(bot.press("busy:separate")), says(bot.command("busy"))) == (SWITCHED_OFF, "on")


def test_deferred_work_reads_its_switch_in_the_worker_so_that_what_is_queued_stops_too(bot, feature):
    feature("busy", BUSY)
    assert bot.press("busy:press") == {"type": 5}
    assert bot.reads == []
    bot.texts = {"busy": "off"}
    assert SWITCHED_OFF in bot.finally_shown()
    assert "pressed" not in bot.finally_shown()


def test_what_is_switched_off_completes_nothing(bot, feature):
    feature("busy", BUSY)
    option = {"name": "word", "type": 3, "value": "", "focused": True}
    data = {"name": "busy", "type": 1, "options": [option]}
    assert [choice["value"] for choice in bot.ask("autocomplete", data=data)["data"]["choices"]] == ["secret"]
    bot.texts = {"busy": "off"}
    assert bot.ask("autocomplete", data=data)["data"]["choices"] == []


def test_if_switches_cannot_be_read_nothing_runs_that_may_be_off(bot, feature):
    def away():
        raise Unavailable("no answer")

    feature("busy", BUSY)
    bot.press("busy:press")
    bot.tools.flags = Flags(away)
    assert says(bot.command("busy")) == NOT_QUEUED
    with pytest.raises(Unavailable):  # the message comes back
        bot.finally_shown()


def test_a_test_of_a_feature_can_switch_it_off(feature):
    busy = feature("busy", BUSY)
    assert run(busy, tools=FakeTools(flags={})).content == "on"
    for use in (run, lambda module, **given: press(module.press, **given)):
        with pytest.raises(UserError, match="switched off at the moment"):
            use(busy, tools=FakeTools(flags={"busy": "off"}))


EVENT = """
from watchbell.kit.event import Event

event = Event("QUEST_USER_ENROLLMENT", switch="quests")
came = []


@event.run
def enrolled(data, tools):
    came.append(data)
"""


@pytest.mark.parametrize(("text", "runs"), [(None, True), ("on", True), ("off", False), (f"on -{HOME}", False)])
def test_an_event_that_is_switched_off_is_only_logged(bot, feature, caplog, text, runs):
    caplog.set_level("INFO")
    module = feature("quest_user_enrollment", EVENT, room="events")
    bot.texts = {} if text is None else {"quests": text}
    body = {"event": {"type": "QUEST_USER_ENROLLMENT", "data": {"user": {"id": ADA}, "guild": {"id": HOME}}}}
    message = {"kind": "event", "received_at": 1, "body": body}
    worker.work(Delivery(message, 1, False), bot.tools)
    assert len(module.came) == runs
    assert ("event QUEST_USER_ENROLLMENT: switched off" in caplog.text) is not runs


@pytest.mark.parametrize(
    ("text", "on"), [("on", True), ("off", False), ("0%", False), ("25%", True), (f"on -{HOME}", True)]
)
def test_for_what_happens_in_no_place_only_the_share_counts(text, on):
    assert parse("digest", text).on() is on


# Registered only in the servers for which the flag is on


class Registry:
    """Discord's commands by scope, for the servers with the bot."""

    def __init__(self, *guilds, closed="", left=""):
        self.there = {scope: [] for scope in ("42", *(f"42/guilds/{guild}" for guild in guilds))}
        self.closed, self.left, self.asked = closed, left, []

    def guilds(self, after):
        self.asked.append("guilds")
        guilds = [scope.rpartition("/")[2] for scope in self.there if "/" in scope]
        return [guild for guild in sorted(guilds, key=int) if int(guild) > int(after)][:40]

    def commands(self, scope):
        self.asked.append(scope)
        if scope.endswith(self.closed or "never"):
            raise DiscordError("GET", 403, 50001, "Missing Access")
        return self.there[scope]

    def replace_commands(self, scope, commands):
        for command in commands:
            judge.approve("command", command)
        if scope.endswith(self.left or "never"):
            raise DiscordError("PUT", 403, 50001, "Missing Access")
        ids = {(command["type"], command["name"]): command["id"] for command in self.there[scope]}
        fresh = map(str, count(1000))
        self.there[scope] = [
            {**command, "id": ids.get((command["type"], command["name"])) or next(fresh)} for command in commands
        ]

    def names(self, guild=""):
        return {command["name"] for command in self.there[registration.scope("42", guild)]}


def register(registry, *, guild="", most=None, **texts):
    flags = Flags(lambda: texts).all()
    updates = rollout.plan(registry, flags, "42", guild, most_guilds=most)
    rollout.carry_out(updates, registry, "42", guild)
    assert rollout.plan(registry, flags, "42", guild, most_guilds=most) == []


def test_a_flagged_command_is_registered_where_it_is_on_and_moves_and_goes(feature):
    others = set(unflagged())
    feature("beta", BETA)
    registry = Registry(HOME, OTHER)
    for text, everywhere, home, other in (
        ("off", False, False, False),
        (f"off {HOME}", False, True, False),
        (f"off {HOME} {OTHER}", False, True, True),
        (f"on -{HOME}", False, False, True),
        ("on", True, False, False),
        (f"off {HOME}", False, True, False),
        ("off", False, False, False),
    ):
        register(registry, beta=text)
        assert registry.names() == others | ({"beta"} if everywhere else set()), text
        assert ("beta" in registry.names(HOME), "beta" in registry.names(OTHER)) == (home, other), text


def test_without_any_flag_no_server_is_looked_at(feature):
    registry = Registry(HOME)
    register(registry)
    feature("beta", BETA)
    register(registry)
    assert set(registry.asked) == {"42"}
    assert "beta" not in registry.names()


def test_a_command_whose_code_is_gone_goes_from_the_servers_too(feature):
    registry = Registry(HOME)
    registry.replace_commands(f"42/guilds/{HOME}", [{"type": 1, "name": "beta", "description": "Beta"}])
    register(registry, beta="off")
    assert registry.names(HOME) == set()


def test_a_servers_command_has_nothing_that_only_a_global_one_can_have(feature):
    feature(
        "beta", BETA.replace('who=anyone, instant=True, flag="beta", user_installs=True', 'who=anyone, flag="beta"')
    )
    registry = Registry(HOME)
    register(registry, beta=f"off {HOME}")
    (command,) = registry.there[f"42/guilds/{HOME}"]
    assert {"integration_types", "contexts"} & set(command) == set()


def test_one_server_for_everything_has_what_is_on_there(feature):
    feature("beta", BETA)
    registry = Registry(HOME, OTHER)
    register(registry, guild=HOME, beta=f"off {HOME}")
    assert {"beta", "ping"} <= registry.names(HOME)
    register(registry, guild=OTHER, beta=f"off {HOME}")
    assert "ping" in registry.names(OTHER)
    assert "beta" not in registry.names(OTHER)
    assert registry.names() == set()


def test_a_server_out_of_reach_stops_nobody(feature, caplog):
    feature("beta", BETA)
    registry = Registry(HOME, OTHER, closed=HOME)
    register(registry, beta=f"off {HOME} {OTHER}")
    assert registry.names(OTHER) == {"beta"}
    assert f"server {HOME} is skipped, because Discord refuses access" in caplog.text


def test_a_server_that_the_bot_leaves_meanwhile_stops_nobody_unless_it_is_the_only_one(feature, caplog):
    feature("beta", BETA)
    flags = Flags(lambda: {"beta": f"off {HOME} {OTHER}"}).all()
    registry = Registry(HOME, OTHER, left=HOME)
    rollout.bring_about(registry, flags, "42")
    assert (registry.names(HOME), registry.names(OTHER)) == (set(), {"beta"})
    assert f"server {HOME} is skipped, because Discord refuses access" in caplog.text
    with pytest.raises(DiscordError, match="50001 Missing Access"):
        rollout.bring_about(registry, flags, "42", HOME)


def test_where_there_are_too_many_servers_only_the_named_ones_are_looked_at(feature, caplog):
    feature("beta", BETA)
    crowd = [str(10**17 + number) for number in range(50)]
    registry = Registry(HOME, *crowd)
    register(registry, most=50, beta=f"50% {HOME}")
    assert registry.names(HOME) == {"beta"}
    assert not any(registry.names(guild) for guild in crowd)
    assert "there are 51 servers" in caplog.text
    register(registry, beta=f"50% {HOME}")
    assert 10 < sum(registry.names(guild) == {"beta"} for guild in crowd) < 40
