"""`ops flags`: list the feature flags and where they are on, or set one."""

from __future__ import annotations

from collections.abc import Sequence

from infra.settings import Deployment
from watchbell.adapters.aws import client
from watchbell.kit import catalogue

from . import settings


def run(deployment: Deployment, name: str, words: Sequence[str]) -> None:
    """List all flags, or only `name`. If there are words, set the flag to them. The word `unset` deletes it."""
    value = " ".join(word.strip() for word in words)
    if value == "unset":
        ssm = client("ssm")
        try:
            ssm.delete_parameter(Name=deployment.parameter(f"flags/{name}"))
        except ssm.exceptions.ParameterNotFound:
            raise ValueError(f"The flag {name} is not set. {_to_list(deployment)}") from None
        print(f"{name} is no longer set, so it is off.")
    elif value:
        settings.put(deployment, f"flags/{name}", value)
        print("It takes effect within a minute.")
        print(f"To update the commands that Discord offers, run: {deployment.ops} commands apply")
    else:
        _list(deployment, name)


def _list(deployment: Deployment, only: str) -> None:
    there = settings.below(deployment, "flags")
    users: dict[str, list[str]] = {name: [] for name in there}
    for command in catalogue.commands():
        if command.flag:
            users.setdefault(command.flag, []).append(f"/{command.name}")
    for name in sorted(users):
        if only in ("", name):
            print(f"{name}: {there.get(name, 'not set, so off')} ({', '.join(users[name]) or 'no command uses it'})")
    if only not in {"", *users}:
        raise ValueError(f"There is no flag {only}. {_to_list(deployment)}")
    if not users:
        print("There are no feature flags.")


def _to_list(deployment: Deployment) -> str:
    return f"To list the flags, run: {deployment.ops} flags"
