"""The parts of `tools` that each function has, and the parameters, tables and queues behind them.

This is the only declaration. The environment and the IAM role of a function are derived from it. `Tools` offers the
parts that it lists. `FakeTools` refuses the others with the same error.
"""

from ..errors import DefinitionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

PARAMETER, PARAMETERS, NAMED_PARAMETERS, TABLE, QUEUE = range(5)
"""Kinds of needs: one parameter; all parameters below a path, read in one call; the parameters below a path, each read
by its name; a table; a queue."""

_SUFFIX = ("_PARAMETER", "_PATH", "_PATH", "_TABLE", "_QUEUE_URL")


class Need:
    """A resource that a part needs.

    `kind` is one of the kinds above. `name` is the name of the parameter or path without its stage, or the short name
    of the table or queue. `actions` are IAM actions. `rows` is the pattern of the partition keys that a function may
    use, such as `ping#*`, "" for all.
    """

    __slots__ = ("actions", "kind", "name", "rows")

    def __init__(self, kind: int, name: str, *actions: str, rows: str = "") -> None:
        self.kind, self.name, self.actions, self.rows = kind, name, actions, rows

    @property
    def variable(self) -> str:
        """The environment variable with the resource's full name: `BOT_TOKEN_PARAMETER` for `discord/bot-token`."""
        return self.name.rpartition("/")[2].replace("-", "_").upper() + _SUFFIX[self.kind]


class Part:
    """The attribute `name` of `tools`, and the resources that it needs."""

    __slots__ = ("name", "needs")

    def __init__(self, name: str, *needs: Need) -> None:
        self.name, self.needs = name, needs


def _parameter(name: str) -> Need:
    return Need(PARAMETER, name, "ssm:GetParameter")


def _parameters(path: str) -> Need:
    return Need(PARAMETERS, path, "ssm:GetParametersByPath")


def _table(name: str, *actions: str, rows: str = "") -> Need:
    return Need(TABLE, name, *(f"dynamodb:{action}" for action in actions), rows=rows)


def _claims(*tables: str) -> Part:
    """The part `claims` for rows in these tables."""
    return Part("claims", *(_table(name, "UpdateItem") for name in tables))


_ALWAYS = (Part("now"), Part("settings"))
_COUNT = Part("count")
_SEALS = Part("seals", _parameter("signing-keys"))
_FLAGS = Part("flags", _parameters("flags"))
_OPERATORS = Part("operators", _parameter("operators"))
_DATA = Part("data", _table("state", "GetItem", "PutItem", "DeleteItem", "Query"))
_LOCKS = Part("locks", _table("ephemeral", "GetItem", "UpdateItem"))
_SERVER_SETTINGS = Part("server_settings", _table("state", "GetItem"))
_SOURCE_NAMES = Part("source_names", _parameters("status-sources"))
_SOURCES = Part("sources", _parameters("status-sources"))
_BOT = Part("discord", _parameter("discord/bot-token"))
_PACED_BOT = Part("discord", *_BOT.needs, _table("ephemeral", "UpdateItem"))
_ROSTER = Part("roster", _table("state", "GetItem"))
_MONITORS = Part("monitors", _table("state", "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"))
_SHARDS = Part("shards", _table("state", "GetItem", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"))
_CHECK = Part("check", Need(NAMED_PARAMETERS, "servers", "ssm:GetParameter"))
_SECRETS = (
    Part("secrets", Need(NAMED_PARAMETERS, "servers", "ssm:GetParametersByPath")),
    Part("set_secret", Need(NAMED_PARAMETERS, "servers", "ssm:PutParameter")),
    Part("delete_secret", Need(NAMED_PARAMETERS, "servers", "ssm:DeleteParameter")),
)
_SERVER_WEBHOOKS = (
    Part("set_webhook", Need(NAMED_PARAMETERS, "server-webhooks", "ssm:PutParameter")),
    Part("delete_webhook", Need(NAMED_PARAMETERS, "server-webhooks", "ssm:DeleteParameter")),
)
_SEND_QUEUE = Part("send_queue", Need(QUEUE, "send", "sqs:SendMessage"))
_NOTIFY = Part("notify", _table("state", "GetItem"), *_SEND_QUEUE.needs)
_CHECK_QUEUE = Part("check_queue", Need(QUEUE, "check", "sqs:SendMessage"))

FUNCTIONS: "dict[str, tuple[Part, ...]]" = {
    "ingress": (
        *_ALWAYS,
        *(_SEALS, _FLAGS, _OPERATORS, _SERVER_SETTINGS, _SOURCE_NAMES, _ROSTER),
        Part("stash", _table("ephemeral", "GetItem")),
        Part("data", _table("state", "GetItem")),
        Part("work_queue", Need(QUEUE, "work", "sqs:SendMessage")),
    ),
    "worker": (
        *_ALWAYS,
        *(_COUNT, _SEALS, _FLAGS, _OPERATORS, _SERVER_SETTINGS, _SOURCE_NAMES, _SOURCES, _PACED_BOT),
        _claims("state", "ephemeral"),
        _DATA,
        Part("stash", _table("ephemeral", "GetItem", "PutItem")),
        Part("journal", _table("ephemeral", "GetItem", "PutItem")),
        Part("audit", _table("state", "GetItem", "PutItem", "UpdateItem")),
        Part("quotas", _table("ephemeral", "UpdateItem")),
        _LOCKS,
        *(Part("seconds_left"), Part("fence"), Part("flow"), Part("sent_at"), Part("in_bulk"), Part("measure")),
        Part("change_setting", _table("state", "GetItem", "UpdateItem"), *_SEND_QUEUE.needs),
        _NOTIFY,
        *(_ROSTER, _MONITORS, _SHARDS, _CHECK, *_SECRETS, *_SERVER_WEBHOOKS, _SEND_QUEUE),
        Part("define"),
    ),
    "sender": (
        *_ALWAYS,
        Part("measure"),
        *(_COUNT, _SEALS, _SERVER_SETTINGS, _MONITORS, _SHARDS, _PACED_BOT, _DATA, _SEND_QUEUE),
        Part("operator_alerts", _parameter("operator-alerts")),
        Part("notify_users", _parameter("notify-users")),
        Part("stash", _table("ephemeral", "GetItem", "PutItem")),
        _LOCKS,
        _claims("state", "ephemeral"),
        Part("webhook", Need(NAMED_PARAMETERS, "webhooks", "ssm:GetParameter")),
        Part("server_webhook", Need(NAMED_PARAMETERS, "server-webhooks", "ssm:GetParameter")),
        Part("retired_webhooks", _table("state", "GetItem", "PutItem")),
        Part("event_dead", Need(QUEUE, "event-dead", "sqs:SendMessage")),
    ),
    "scheduler": (
        *_ALWAYS,
        *(_COUNT, _FLAGS, _SOURCE_NAMES, _SOURCES, _DATA, _SERVER_SETTINGS, _NOTIFY),
        _claims("state"),
        *(_MONITORS, _SHARDS, _SEND_QUEUE, _CHECK_QUEUE),
        Part("forget", _table("state", "GetItem", "PutItem", "DeleteItem", "Query")),
        *(Part("status_sources", _parameters("status-sources")), Part("define")),
    ),
    "monitor": (*_ALWAYS, _COUNT, _FLAGS, _MONITORS, _SHARDS, _CHECK, _SEND_QUEUE),
    "heartbeat": (
        *_ALWAYS,
        Part("pings", _table("state", "UpdateItem", rows="ping#*")),
    ),
    "registrar": (*_ALWAYS, _COUNT, _FLAGS, _BOT),
}

PARTS = {part.name for parts in FUNCTIONS.values() for part in parts}
"""The names of all parts."""

OF_AN_INTERACTION = ("journal", "seconds_left", "fence", "flow", "sent_at")
"""Parts that belong to one deferred interaction. Events and schedules do not have them."""


class NoSuchTool(DefinitionError, AttributeError):
    """A feature uses a part of `tools` that its function does not have."""


def require(function: str, name: str) -> None:
    """Raises NoSuchTool, which says what to write instead, if `function` does not have `tools.name`."""
    if any(part.name == name for part in FUNCTIONS[function]):
        return
    having = [other for other, parts in FUNCTIONS.items() if any(part.name == name for part in parts)]
    if not having:
        raise NoSuchTool(f"tools has no {name}; the {function} has {', '.join(sorted(_names(function)))}")
    advice = ", so drop instant=True" if function == "ingress" and "worker" in having else ""
    has = "has" if len(having) == 1 else "have"
    raise NoSuchTool(f"the {function} has no tools.{name}; the {' and the '.join(having)} {has} it{advice}")


class only_gets:
    """A feature's data as the ingress gives it to a handler. Everything but `get` raises NoSuchTool."""

    def __init__(self, records: "Any") -> None:
        self.get = records.get

    def __getattr__(self, name: str) -> "Any":
        if name.startswith("__"):
            raise AttributeError(name)
        raise NoSuchTool(f"the ingress has no tools.data(…).{name}, only get; drop instant=True")


def needs(function: str) -> "list[Need]":
    """The resources that `function` needs, each once with all of its actions, and each pattern of rows by itself."""
    merged: dict[tuple[int, str, str], list[str]] = {}
    for part in FUNCTIONS[function]:
        for need in part.needs:
            actions = merged.setdefault((need.kind, need.name, need.rows), [])
            actions += [action for action in need.actions if action not in actions]
    return [Need(kind, name, *actions, rows=rows) for (kind, name, rows), actions in merged.items()]


def _names(function: str) -> "Iterator[str]":
    return (part.name for part in FUNCTIONS[function])
