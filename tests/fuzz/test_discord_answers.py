"""Whatever answers in Discord's place, every call returns what it promises, or raises a clean DiscordError."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.discord.faults import ODD_BODIES
from tests.fuzz import odd_discord
from tests.fuzz.budget import share
from tests.fuzz.odd_discord import SECRET, OddDiscord, framed
from watchbell.adapters.discord import DiscordClient
from watchbell.discord.answers import LEAST_WAIT, LINE, LINES, MOST_WAIT
from watchbell.discord.reply import Reply
from watchbell.errors import DiscordError

CALLS = {name: call for name, call in vars(DiscordClient).items() if not name.startswith("_")}
"""Every call that the client offers."""

LISTS = {"guilds", "commands", "recent_messages", "messages", "channels"}
"""Reads whose answer may be an empty list."""

READS = {
    *LISTS,
    "open_dm",
    "original",
    "channel",
    "threads",
    "archived_threads",
    "me",
    "server",
    "member",
    "missing",
    "reads_content",
    "read_webhook",
}
WRITES = sorted(CALLS.keys() - READS)


GIVEN: dict[str, dict[str, Any]] = {"overwrite": {"member": "7", "allow": "VIEW_CHANNEL"}}
"""Values for parameters with a default, without which a call makes no sense."""


@pytest.fixture(scope="module")
def discord() -> Iterator[OddDiscord]:
    server = OddDiscord()
    yield server
    server.stop()


def given_to(call: Callable[..., Any]) -> dict[str, Any]:
    """Return values for the parameters of a call."""
    values: dict[str, Any] = dict(GIVEN.get(call.__name__, {}))
    for name, parameter in list(inspect.signature(call).parameters.items())[1:]:
        kind = str(parameter.annotation)
        if parameter.default is not inspect.Parameter.empty or parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            continue
        if kind == "Reply":
            values[name] = Reply("Hello.")
        else:
            values[name] = SECRET if name == "token" else [{}] if "list" in kind else {} if "dict" in kind else "7"
    return values


def ask(discord: OddDiscord, name: str, answer: bytes) -> Any:
    """Return what the call returns, or a DiscordError that it raises."""
    discord.answer, discord.asked = answer, 0
    client = DiscordClient(discord.url, lambda fresh: SECRET, lambda message, interaction: message)
    try:
        return CALLS[name](client, **given_to(CALLS[name]))
    except DiscordError as error:
        return error


def is_object(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value["id"], str) and value["id"].isdigit()


def is_promised(name: str, returned: Any) -> bool:
    """Whether the callers of `name` can work with the value."""
    if name not in READS:
        return returned is None or returned == {} or is_object(returned)
    if name in ("original", "channel", "server", "read_webhook"):
        return is_object(returned)
    if name in ("open_dm", "me"):
        return isinstance(returned, str) and returned.isdigit()
    if name == "guilds":
        return isinstance(returned, list) and all(id.isdigit() for id in returned)
    if name == "member":
        return is_object(returned["user"]) and all(id.isdigit() for id in returned["roles"])
    if name == "reads_content":
        return isinstance(returned, bool)
    if name == "missing":
        return returned == []  # No permission was asked for.
    return isinstance(returned, list) and all(map(is_object, returned))


def is_clean(error: DiscordError) -> bool:
    told = json.dumps([str(error), error.text, error.faults, error.args, error.errors], ensure_ascii=False)
    assert SECRET not in told
    assert all(map(odd_discord.printable, [str(error), error.text, *error.faults]))
    assert len(error.text) <= LINE
    assert len(error.faults) <= LINES
    assert type(error.status) is int
    assert type(error.code) is int
    assert error.wait is None or (error.status == 429 and LEAST_WAIT <= error.wait <= MOST_WAIT * 1.25)
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    assert error.by_discord or not (error.code or error.permanent or error.gone or error.unauthorised)
    return True


@pytest.mark.filterwarnings("ignore:http.cookiejar bug")  # it warns of a damaged cookie that it ignores
@share(10)
@given(name=st.sampled_from(sorted(CALLS)), answer=odd_discord.answers())
def test_every_call_survives_every_odd_answer(discord: OddDiscord, name: str, answer: bytes) -> None:
    outcome = ask(discord, name, answer)
    assert is_clean(outcome) if isinstance(outcome, DiscordError) else is_promised(name, outcome)
    assert discord.asked <= 5


@pytest.mark.parametrize("name", WRITES)
def test_a_write_that_was_answered_with_success_is_done_whatever_the_answer_says(
    discord: OddDiscord, name: str
) -> None:
    for body in ODD_BODIES.values():
        for answer in (framed(200, body), framed(201, body), framed(200, body)[: -len(body) // 2 or None]):
            assert not ask(discord, name, answer)
    assert not ask(discord, name, framed(200, b"x", b"Content-Encoding: gzip"))
    assert not ask(discord, name, framed(204, b""))


@pytest.mark.parametrize("name", sorted(READS))
def test_a_read_whose_answer_cannot_be_read_is_an_error_that_a_retry_may_mend(discord: OddDiscord, name: str) -> None:
    empty = {b"[]"} if name in LISTS else set()  # There may be nothing.
    for body in set(ODD_BODIES.values()) - empty:
        for answer in (framed(200, body), framed(201, body)):
            outcome = ask(discord, name, answer)
            assert isinstance(outcome, DiscordError)
            assert is_clean(outcome)
            assert (outcome.permanent, outcome.wait) == (False, None)
    assert isinstance(ask(discord, name, framed(200, b'[{"id": "7"')[:-1]), DiscordError)
    assert isinstance(ask(discord, name, framed(204, b"")), DiscordError)


@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_refusal_that_is_not_discords_is_nobodys_verdict(discord: OddDiscord, name: str) -> None:
    for body in ODD_BODIES.values():
        for status in (400, 401, 403, 404, 405, 413):
            outcome = ask(discord, name, framed(status, body))
            assert isinstance(outcome, DiscordError)
            assert (outcome.status, outcome.code, outcome.by_discord) == (status, 0, False)
            assert (outcome.permanent, outcome.gone, outcome.unauthorised) == (False, False, False)
            assert discord.asked == 1
