"""`ops flags`: list the feature flags and where they are on, or set one."""

from __future__ import annotations

from collections.abc import Sequence

from watchbell.adapters.aws import client
from watchbell.kit import catalogue

from . import settings


def run(stage: str, name: str, words: Sequence[str]) -> None:
    """List all flags, or only `name`. If there are words, set the flag to them. The word `unset` deletes it."""
    value = " ".join(word.strip() for word in words)
    if value == "unset":
        client("ssm").delete_parameter(Name=f"/watchbell/{stage}/flags/{name}")
        print(f"{name} is no longer set, so it is off.")
    elif value:
        settings.put(stage, f"flags/{name}", value)
        print("It takes effect within a minute.")
        print(f"To update the commands that Discord offers, run: python -m ops --stage {stage} commands apply")
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
            print(f"{name}: {there.get(name, 'not set, so off')} ({', '.join(users[name]) or 'no command uses it'})")
    if only not in {"", *users}:
        raise ValueError(f"There is no flag {only}. To list the flags, run: python -m ops --stage {stage} flags")
    if not users:
        print("There are no feature flags.")
