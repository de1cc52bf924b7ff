"""How fast Discord may be called: what its answers teach, and the changes of rows that share it. Pure.

All senders share one row for everybody, and one row for each bucket. A bucket is a set of routes with the same limit,
for one channel, server or webhook. Times in rows are whole microseconds of the epoch, because DynamoDB adds them
exactly.

Each change holds its own condition, so one write decides and reserves. Nobody reads before it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

GLOBAL_PER_SECOND = 50
"""Discord: a bot makes at most 50 calls a second, except for those of interactions."""

SPACE = 1_000_000 // (GLOBAL_PER_SECOND - 1)
"""Microseconds between two calls of the bulk. One call a second less than Discord allows absorbs small delays."""

SHARE = 10
"""The calls that the bulk leaves out in each second in which the bot makes calls for people."""

START_SECONDS, LONGEST_SECONDS = 1.0, 2.0
"""A delivery begins only if its first call is at most so far away. Its other calls can wait for the second time.

So a direct message that is opened finds room for its message."""

MARGIN = 100_000
"""Microseconds that a bucket waits longer than its limit says, because calls take different times to arrive."""

MOST_ENTRIES = 40
"""The most calls that a bucket's row remembers. A larger limit counts in parts."""

INVALID_SECONDS, INVALID_MOST = 600, 1_000
"""No more calls after so many answers with 401, 403 or 429 in this time.

Discord: 10,000 in ten minutes get the address banned. Lambda's addresses are shared, so stay far below."""

REFUSED_SECONDS = 600
"""How long a refused token is not used. Then one call tries it again."""

MOST_WAIT = 900.0
"""The longest wait that a message is sent back with, in seconds."""

_FOR_EVER = 2**62
_INVALID_SPACE = INVALID_SECONDS * 1_000_000 // INVALID_MOST


def micros(seconds: float) -> int:
    """Seconds as rows have them."""
    return round(seconds * 1_000_000)


class Rule(NamedTuple):
    """The limit of a bucket: `limit` calls in `seconds`. `hash` is Discord's name of it, "" if it is not known."""

    hash: str
    limit: int
    seconds: float


UNKNOWN = Rule("", 1, 0.2)
"""A route that nobody has called yet. Until its limit is known, the next call waits for the answer to the first one.
"""


class Change(NamedTuple):
    """A conditional update of a row: the expression, its values, and the condition."""

    change: str
    values: dict[str, dict[str, str]]
    condition: str


class Shared(NamedTuple):
    """The row for everybody. A time is 0 if it is not in the row.

    `free_at` is when the next call of the bulk may be made, and `later_at` when the next message comes back that found
    no room. Nobody calls before `closed_until`. `spent_until` grows with each invalid answer. `refused` is the digest
    of a token that Discord refused, until `refused_until`. `rules` are the limits by route.
    """

    free_at: int = 0
    later_at: int = 0
    closed_until: int = 0
    spent_until: int = 0
    people_at: int = 0
    refused: str = ""
    refused_until: int = 0
    rules: Mapping[str, Rule] = {}


def shared(item: Mapping[str, Any]) -> Shared:
    """Read the row for everybody. What is missing or cannot be read counts as unknown."""
    times = {name: _int(item.get(name)) for name in Shared._fields if name not in ("refused", "rules")}
    return Shared(**times, refused=_text(item.get("refused")), rules=rules(_text(item.get("known"))))


def _int(value: Any) -> int:
    try:
        return int(value["N"])
    except (KeyError, TypeError, ValueError):
        return 0


def _text(value: Any) -> str:
    return str(value.get("S", "")) if isinstance(value, dict) else ""


def rules(text: str) -> dict[str, Rule]:
    """Read the limits of routes, which `written` wrote."""
    try:
        return {
            route: Rule(str(hash), int(limit), float(per)) for route, (hash, limit, per) in json.loads(text).items()
        }
    except (ValueError, TypeError, AttributeError):
        return {}


def written(known: Mapping[str, Rule]) -> str:
    return json.dumps({route: tuple(rule) for route, rule in known.items()}, separators=(",", ":"))


class Bucket(NamedTuple):
    """The keys of a bucket's row, and its limit."""

    name: str
    major: str
    rule: Rule

    @property
    def entries(self) -> tuple[int, int]:
        """How many calls the row remembers, and in how many microseconds they are allowed. None if it never binds.

        A bucket never binds if it allows what Discord allows in all.
        """
        limit, seconds = self.rule.limit, self.rule.seconds
        if limit >= GLOBAL_PER_SECOND * seconds:
            return 0, 0
        count = min(limit, MOST_ENTRIES)
        return count, micros(seconds * count / limit) + MARGIN


def bucket(route: str, names: Mapping[str, str], known: Mapping[str, Rule]) -> Bucket:
    """The bucket of a route template such as `POST /channels/{channel}/messages`, with `names` in its places.

    It is called after the first known route with its hash, because nobody knows the hash before the first answer.
    Discord: a bucket is split by the channel, the server or the webhook in the path. The token of a webhook is left out
    here, because it is a secret.
    """
    route = template(route)
    rule = known.get(route, UNKNOWN)
    first = next((other for other, each in known.items() if rule.hash and each.hash == rule.hash), route)
    major = next((names[name] for name in ("channel", "server", "webhook") if names.get(name)), "-")
    return Bucket(first, major, rule)


def template(route: str) -> str:
    """The route without its query."""
    return route.partition("?")[0]


# The changes of rows.


def push(field: str, base: int, by: int, seen: int, *, most: int = _FOR_EVER, unless: str = "") -> Change:
    """Move the time in `field` on by `by`, from `base` if it is earlier than that. The new time is after the place.

    `seen` is the last known time. If another sender moved it over `base` or back, the condition fails, and the same
    call with the time in the failed row succeeds. The time may be at most `most` before.
    """
    values = {":base": _n(base), ":by": _n(by)}
    if seen > base:
        change, condition = f"SET {field}={field}+:by", f"{field}>:base AND {field}<=:most"
        values[":most"] = _n(most)
    else:
        change, condition = f"SET {field}=:next", f"(attribute_not_exists({field}) OR {field}<=:base)"
        values[":next"] = _n(base + by)
        del values[":by"]
    return Change(change, values, condition + (f" AND {unless}" if unless else ""))


_OPEN = (
    "(attribute_not_exists(closed_until) OR closed_until<=:now)"
    " AND (attribute_not_exists(spent_until) OR spent_until<=:spent)"
    " AND (attribute_not_exists(refused_until) OR refused_until<=:now OR refused<>:token)"
)


def reserve(seen: Shared, now: int, within: float, token: str) -> Change:
    """Take the next place in the line of the bulk: it is SPACE before the new `free_at`. `token` is a digest.

    The condition fails if the line is longer than `within` seconds, or if `forbidden` says why.
    """
    taken = push("free_at", now, SPACE, seen.free_at, most=now + micros(within), unless=_OPEN)
    values = {":now": _n(now), ":spent": _n(now + micros(INVALID_SECONDS)), ":token": {"S": token or "-"}}
    return taken._replace(values=taken.values | values)


def appoint(seen: Shared, earliest: int) -> Change:
    """Take a time to come back, for a message that found no room. Times are as far apart as calls."""
    return push("later_at", earliest, SPACE, seen.later_at)


def spend(seen: Shared, now: int) -> Change:
    """Count one invalid answer."""
    return push("spent_until", now, _INVALID_SPACE, seen.spent_until)


def for_people(now: int) -> Change:
    """Leave room in the line of the bulk for calls for people, once a second."""
    return Change(
        "SET people_at=:now, free_at=if_not_exists(free_at,:now)+:share",
        {":now": _n(now), ":share": _n(SHARE * SPACE), ":before": _n(now - 1_000_000)},
        "attribute_not_exists(people_at) OR people_at<=:before",
    )


def close(now: int, until: int) -> Change:
    """Let nobody call before `until`. The condition fails if others have closed it for about as long already."""
    later = "attribute_not_exists(closed_until) OR closed_until<:about"
    about = until - min((until - now) // 2, 60_000_000)
    return Change("SET closed_until=:until", {":until": _n(until), ":about": _n(about)}, later)


def refuse(token: str, now: int) -> Change:
    """Let nobody use the token with this digest. The condition fails if that is known already."""
    return Change(
        "SET refused=:token, refused_until=:until",
        {":token": {"S": token}, ":until": _n(now + micros(REFUSED_SECONDS)), ":now": _n(now)},
        "attribute_not_exists(refused_until) OR refused_until<=:now OR refused<>:token",
    )


def teach(item: Mapping[str, Any], learnt: Mapping[str, Rule]) -> Change:
    """Add the limits of routes to those in the row `item`, if it still has them."""
    before = _text(item.get("known"))
    return Change(
        "SET known=:known",
        {":known": {"S": written({**rules(before), **learnt})}} | ({":before": {"S": before}} if before else {}),
        "known=:before" if before else "attribute_not_exists(known)",
    )


def enter(bucket: Bucket, at: int) -> Change:
    """Note a call in a bucket's row. The condition fails if the bucket is full then; `free_at` says until when."""
    count, window = bucket.entries
    # If the limit is not known yet, remember more than one call, because the limit will turn out to be larger.
    slots = [f"u{number}" for number in range(MOST_ENTRIES if bucket.rule == UNKNOWN else count)]
    values = {":at": _n(at)}
    condition = "(attribute_not_exists(full_until) OR full_until<=:at)"
    changes = ["seen_at=:at", *(f"{slot}=:at" for slot in slots[:1])]
    if slots:
        values |= {":edge": _n(at - window)} | ({":never": _n(0)} if len(slots) > 1 else {})
        changes += [f"{slot}=if_not_exists({newer},:never)" for newer, slot in pairwise(slots)]
        # The calls of a bucket keep their order, so that the oldest one in the row is the oldest of all.
        condition += " AND (attribute_not_exists(u0) OR u0<=:at)"
        condition += f" AND (attribute_not_exists(u{count - 1}) OR u{count - 1}<=:edge)"
    return Change("SET " + ", ".join(changes), values, condition)


def fill(until: int, *, hidden: bool) -> Change:
    """Let nobody call the bucket before `until`. `hidden`: the headers did not say before that it would be full."""
    later = "attribute_not_exists(full_until) OR full_until<:until"
    more = ", hidden_at=:until" if hidden else ""
    return Change(f"SET full_until=:until{more}", {":until": _n(until)}, later)


def _n(number: int) -> dict[str, str]:
    return {"N": str(number)}


# What rows say.


def free_at(item: Mapping[str, Any], bucket: Bucket) -> int:
    """When the bucket with the row `item` takes the next call."""
    count, window = bucket.entries
    oldest = _int(item.get(f"u{count - 1}")) + window if count else 0
    return max(oldest, _int(item.get("full_until")), _int(item.get("u0")) if count else 0)


def full_until(item: Mapping[str, Any]) -> int:
    """Until when Discord takes no calls for the bucket with the row `item`, by its last answer."""
    return _int(item.get("full_until"))


def may_have_filled(item: Mapping[str, Any]) -> bool:
    """Whether the bucket has a limit that headers do not show. So others may have found it full since it was asked."""
    return "hidden_at" in item


def forbidden(seen: Shared, now: int, token: str) -> tuple[int, str]:
    """Until when nobody may call, and why: "closed", "spent" or "refused". (0, "") if calls are allowed."""
    if seen.refused_until > now and token and seen.refused == token:
        return seen.refused_until, "refused"
    if seen.spent_until > now + micros(INVALID_SECONDS):
        return seen.spent_until - micros(INVALID_SECONDS), "spent"
    return (seen.closed_until, "closed") if seen.closed_until > now else (0, "")


# What an answer teaches.


class Lesson(NamedTuple):
    """What an answer says. Times are seconds from now, 0 for nothing.

    `remaining` is how many calls the bucket takes until it is full. `full_for` is for the bucket, and `closed_for` for
    everybody. `hidden`: the headers did not tell of the limit before. `invalid`: the answer counts towards a ban.
    `blocked`: Cloudflare gave it, and not Discord.
    """

    rule: Rule | None = None
    remaining: int = 1
    full_for: float = 0.0
    closed_for: float = 0.0
    hidden: bool = False
    invalid: bool = False
    blocked: bool = False


def lesson(status: int, headers: Mapping[str, str], wait: float | None, *, by_discord: bool) -> Lesson:
    """Read an answer. `wait` is what a 429 asks for, in seconds. `by_discord`: the body was Discord's JSON.

    Discord: a 429 has a scope: `user` and `shared` for its bucket, `global` for the bot. Only `shared` does not count
    towards a ban. Cloudflare's has neither headers nor JSON.
    """
    scope = headers.get("X-RateLimit-Scope", "")
    invalid = status in (401, 403) or (status == 429 and scope != "shared")
    if status == 429:
        seconds = min(wait or 1.0, MOST_WAIT)
        blocked = not scope and not by_discord
        if blocked or scope == "global" or "X-RateLimit-Global" in headers:
            return Lesson(closed_for=seconds, invalid=invalid, blocked=blocked)
        return Lesson(full_for=seconds, hidden=True, invalid=invalid)
    hash = headers.get("X-RateLimit-Bucket", "")
    limit, remaining, reset = (
        _number(headers.get(f"X-RateLimit-{name}")) for name in ("Limit", "Remaining", "Reset-After")
    )
    if not (0 < len(hash) <= 64 and 1 <= limit <= 10_000 and 0 <= remaining < limit and 0 < reset <= MOST_WAIT):
        return Lesson(invalid=invalid)
    full = reset if remaining < 1 else 0.0
    return Lesson(Rule(hash, int(limit), reset), int(remaining), full, invalid=invalid)


def learnt(before: Rule, found: Lesson) -> Rule | None:
    """The limit of a route after an answer, None if it is as before.

    An answer says when the bucket takes all of its calls again. In the answer to the first call of a window, that is
    the whole window.
    """
    rule = found.rule
    if rule is None:
        return None
    if before.hash == rule.hash and before.limit == rule.limit:
        first = found.remaining == rule.limit - 1
        if abs(rule.seconds - before.seconds) <= before.seconds / 10 or not (first or rule.seconds > before.seconds):
            return None
    return rule


def digest(token: str) -> str:
    """What a row holds of a token. Nobody can find the token from it."""
    return hashlib.sha256(token.encode()).hexdigest()[:16] if token else ""


def _number(text: str | None) -> float:
    try:
        number = float(text or "nan")
    except ValueError:
        return -1.0
    return number if math.isfinite(number) else -1.0
