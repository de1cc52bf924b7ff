"""Registration waits as Discord asks, keeps what it has read, and gives up after enough attempts or seconds."""

import pytest

from watchbell.errors import DiscordError
from watchbell.kit.flags import Flags
from watchbell.registration.apply import ATTEMPTS, PATIENCE_SECONDS, Patient, bring_about, carry_out, plan

BETA = """
from watchbell import Command, Reply, anyone

command = Command("beta", "Beta", who=anyone, instant=True, flag="beta")

@command.run
def beta(interaction):
    return Reply("on")
"""


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now, self.waits = 0.0, []

    def sleep(self, seconds):
        self.waits.append(seconds)
        self.now += seconds


class Busy:
    """Discord with `guilds` servers. It allows `calls` calls in `seconds`, and refuses the others with a 429."""

    def __init__(self, clock, guilds, calls, seconds):
        self.clock, self.calls, self.seconds = clock, calls, seconds
        self.ids = [str(10**17 + number) for number in range(guilds)]
        self.there, self.done, self.recent, self.refused = {}, [], [], 0

    def count(self, *call):
        now = self.clock.now
        self.recent = [at for at in self.recent if now - at < self.seconds]
        if len(self.recent) == self.calls:
            self.refused += 1
            raise DiscordError("GET", 429, wait=self.recent[0] + self.seconds - now)
        self.recent.append(now)
        self.done.append(call)

    def guilds(self, after):
        self.count("guilds", after)
        return [guild for guild in self.ids if int(guild) > int(after)][:200]

    def commands(self, scope):
        self.count("read", scope)
        return self.there.get(scope, [])

    def replace_commands(self, scope, commands):
        self.count("write", scope)
        self.there[scope] = commands


class Failing:
    """Discord whose calls fail with `failures`, one after the other, and then succeed."""

    def __init__(self, *failures):
        self.failures, self.tried = list(failures), 0

    def commands(self, scope):
        self.tried += 1
        if self.failures:
            raise self.failures.pop(0)
        return ["read"]


def patient(api, clock, chance=0.0, seconds=PATIENCE_SECONDS):
    return Patient(api, seconds, sleep=clock.sleep, chance=lambda: chance, clock=lambda: clock.now)


def test_200_servers_at_100_calls_in_2_seconds_are_registered_and_nothing_is_read_twice(feature):
    feature("beta", BETA)
    clock = Clock()
    discord = Busy(clock, guilds=200, calls=100, seconds=2)
    bring_about(discord, Flags(lambda: {"beta": f"on -{10**17}"}).all(), "42", most_guilds=200, sleep=clock.sleep)
    beta = [scope for scope, commands in discord.there.items() if [each["name"] for each in commands] == ["beta"]]
    assert len(beta) == 199
    assert len(discord.done) == len(set(discord.done)) == 2 + 1 + 200 + 1 + 199
    assert discord.refused == 4


def test_each_wait_is_as_long_as_discord_asks_and_up_to_a_quarter_longer():
    clock = Clock()
    busy = DiscordError("GET", 429, wait=2.0)
    assert patient(Failing(busy), clock).commands("42") == ["read"]
    assert patient(Failing(busy), clock, chance=1.0).commands("42") == ["read"]
    assert clock.waits == [2.0, 2.5]


def test_without_a_wait_of_discords_the_pauses_double():
    clock = Clock()
    with pytest.raises(DiscordError):
        patient(Failing(*[DiscordError("GET", 503)] * 9), clock).commands("42")
    assert clock.waits == [1, 2, 4, 8]


@pytest.mark.parametrize("wait", [0.0, 0.001, 0.25])
def test_waits_that_are_too_short_grow_and_do_not_buy_endless_attempts(wait):
    clock = Clock()
    discord = Failing(*[DiscordError("GET", 429, wait=wait)] * 99)
    with pytest.raises(DiscordError):
        patient(discord, clock, seconds=600).commands("42")
    assert clock.waits == [0.25, 0.5, 1, 2, 4, 8, 16]
    assert discord.tried == ATTEMPTS


def test_a_discord_that_hangs_uses_up_the_patience_too():
    clock = Clock()
    discord = Failing(*[DiscordError("GET", 0)] * 9)
    read = discord.commands

    def hang(scope):
        clock.now += 10
        return read(scope)

    discord.commands = hang
    with pytest.raises(DiscordError):
        patient(discord, clock).commands("42")
    assert (discord.tried, clock.now) == (3, 33)


def test_the_waits_of_all_calls_share_one_patience():
    clock = Clock()
    discord = Failing(DiscordError("GET", 429, wait=20.0))
    api = patient(discord, clock)
    api.commands("42")
    discord.failures.append(DiscordError("GET", 429, wait=20.0))
    with pytest.raises(DiscordError):
        api.commands("42")
    assert clock.waits == [20.0]


@pytest.mark.parametrize("wait", [3600.0, 31.0, float("nan"), float("inf")])
def test_a_wait_that_is_too_long_is_not_begun(wait):
    clock, discord = Clock(), Failing(DiscordError("GET", 429, wait=wait))
    with pytest.raises(DiscordError):
        patient(discord, clock).commands("42")
    assert (discord.tried, clock.waits) == (1, [])


@pytest.mark.parametrize("failure", [DiscordError("GET", 401), DiscordError("GET", 403, 50001)])
def test_a_refusal_is_not_tried_again(failure):
    clock, discord = Clock(), Failing(failure)
    with pytest.raises(DiscordError):
        patient(discord, clock).commands("42")
    assert (discord.tried, clock.waits) == (1, [])


def test_a_write_whose_answer_is_lost_is_repeated_and_changes_nothing_more():
    clock = Clock()
    discord = Busy(clock, guilds=0, calls=100, seconds=2)
    write = discord.replace_commands

    def lose(scope, commands):
        discord.replace_commands = write
        write(scope, commands)
        raise DiscordError("PUT", 0, text="no answer")

    discord.replace_commands = lose
    bring_about(discord, {}, "42", sleep=clock.sleep)
    assert [call[0] for call in discord.done] == ["read", "write", "write"]
    assert plan(discord, {}, "42") == []


def test_a_list_of_servers_that_does_not_advance_ends():
    clock = Clock()
    discord = Busy(clock, guilds=3, calls=100, seconds=2)
    discord.guilds = lambda after: discord.ids
    assert len(plan(discord, Flags(lambda: {"beta": "on"}).all(), "42")) == 1


def test_how_far_it_is_is_told_after_each_scope(feature):
    feature("beta", BETA)
    clock, told = Clock(), []
    discord = Busy(clock, guilds=2, calls=100, seconds=2)
    updates = plan(discord, Flags(lambda: {"beta": "off " + " ".join(discord.ids)}).all(), "42")
    carry_out(updates, discord, "42", tell=told.append)
    assert told == [1, 2, 3]
