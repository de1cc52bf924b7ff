"""`ops flags`: which feature flags there are and where they are on, and setting them."""

from __future__ import annotations

from collections.abc import Sequence

from watchbell.adapters.aws import client
from watchbell.kit import catalogue

from . import settings


def run(stage: str, name: str, words: Sequence[str]) -> None:
    """Lists all flags; with a name that one; with a value sets it, or with `unset` forgets it."""
    value = " ".join(word.strip() for word in words)
    if value == "unset":
        client("ssm").delete_parameter(Name=f"/watchbell/{stage}/flags/{name}")
        print(f"{name} is set no more, and so off.")
    elif value:
        settings.put(stage, f"flags/{name}", value)
        print(f"It holds within a minute. Where Discord offers it: python -m ops --stage {stage} commands apply")
    else:
        _list(stage, name)


def _list(stage: str, only: str) -> None:
    there = settings.below(stage, "flags")
    users: dict[str, list[str]] = {name: [] for name in there}
    for command in catalogue.commands():
        if command.flag:
            users.setdefault(command.flag, []).append(f"/{command.name}")
    for name in sorted(users):
        if only in ("", name):
            print(
                f"{name}: {there.get(name, 'not set, so off')} ({', '.join(users[name]) or 'no command asks for it'})"
            )
    if only not in {"", *users}:
        raise ValueError(f"there is no flag {only}")
    if not users:
        print("There are no feature flags.")
