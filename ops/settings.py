"""`ops setup`, `show`, `set` and `unset`: the parameters of a deployment in SSM Parameter Store."""

from __future__ import annotations

import difflib
import getpass
import re
import secrets
import sys
from contextlib import suppress

from infra.settings import CHOICES, NONE, Deployment
from infra.settings import check as check_setting
from watchbell.adapters.aws import client
from watchbell.adapters.parameters import is_secret
from watchbell.adapters.sources import NAME_LENGTH
from watchbell.discord import seals, signature, webhook
from watchbell.kit import flags
from watchbell.status import targets
from watchbell.tools.toolbox import DISCORD_URL

from . import capacity
from .audit import Book

REQUIRED = {
    "discord/application-id": "Application ID (General Information page)",
    "discord/public-keys": "Public key (same page; separate several with commas)",
    "discord/bot-token": "Bot token (Bot page)",
}
OPTIONAL = {
    "webhooks/digest": "Webhook URL for the daily digest (optional)",
    "operators": "User ids of the bot's operators, separated by commas (optional)",
    "choices/alarm_email": "E-mail address for alarms (optional)",
}
WEBHOOKS = ("webhooks/digest", "webhooks/default")
"""The webhooks that the bot uses by itself. A notification can name any other one."""
WEBHOOK_LENGTH = 60
"""The most characters of the name of a webhook."""
WORKERS = "choices/worker_concurrency"
KEYS_LENGTH = 256
"""Each version of the ingress has the public keys as its description. Lambda allows 256 characters there."""
MADE = {"signing-keys": lambda: f"1:{secrets.token_hex(32)}"}
"""Parameters that `setup` generates without asking, because any random value will do."""


def setup(deployment: Deployment, book: Book) -> None:
    """Ask for each parameter. An empty answer keeps the current value.

    Raise ValueError if a value is invalid, or if a required parameter has none.
    """
    there = _names(deployment)
    for name, question in {**REQUIRED, **OPTIONAL}.items():
        kept = " [Enter keeps the current value]" if name in there else ""
        value = _ask(f"{question}{kept}: ", secret=is_secret(name))
        if value:
            put(deployment, book, name, value)
        elif name in there:
            continue
        elif name == "webhooks/digest":
            put(deployment, book, name, webhook.NONE)
        elif name in REQUIRED:
            raise ValueError(f"{name} is required. Run `{deployment.ops} setup` again when you have it.")
    _set_workers(deployment, book, there)
    for name, make in MADE.items():
        if name not in there:
            put(deployment, book, name, make())
    if choices(deployment).get("alarm_email"):
        print("When you deploy, AWS sends a mail to the address for alarms. No alarm arrives until you confirm it.")
    else:
        print("Alarms reach nobody, because there is no e-mail address for them.")
    print(f"Ready to deploy. To watch a service, run: {deployment.ops} set status-sources/NAME URL")


def _set_workers(deployment: Deployment, book: Book, there: set[str]) -> None:
    """Ask how many workers may run at the same time, and propose a number for this account."""
    limit = capacity.limit()
    if advice := capacity.advice(limit, client("ssm").meta.region_name):
        print(advice)
    proposed = str(capacity.proposal(limit))
    kept = get(deployment, WORKERS) if WORKERS in there else proposed
    value = _ask(
        f"How many workers may run at the same time? {proposed} suit this account [Enter takes {kept}]: ", secret=False
    )
    if value or WORKERS not in there:
        put(deployment, book, WORKERS, value or proposed)


def put(deployment: Deployment, book: Book, name: str, value: str | None) -> None:
    """Set one parameter. Ask for its value if it is None. Raise ValueError if the name or value is invalid.

    The audit in `book` names the parameter. Its value stays out, except that of a flag, which is no secret.
    """
    if value is None:
        value = _ask(f"{name}: ", secret=is_secret(name))
    value = value.strip()
    check(name, value)
    kind = "SecureString" if is_secret(name) else "String"
    with book.recorded(*_change(name, "set", value)):
        client("ssm").put_parameter(Name=deployment.parameter(name), Value=value, Type=kind, Overwrite=True)
    print(f"{deployment.parameter(name)} is set.")


def unset(deployment: Deployment, book: Book, name: str) -> None:
    """Show the value of one parameter, unless it is a secret, and delete it.

    Raise ValueError if it is not set, or if the bot cannot do without it.
    """
    there = _names(deployment)
    if name not in there:
        near = difflib.get_close_matches(name, sorted(there - _needed()))
        hint = f"Did you mean {' or '.join(near)}?" if near else f"To list what is set, run: {deployment.ops} show"
        raise ValueError(f"{deployment.parameter(name)} is not set. {hint}")
    if name in _needed():
        raise ValueError(f"The bot cannot do without {name}. To change it, run: {deployment.ops} set {name}")
    print(f"{name} = {_shown(deployment, name)}")
    ssm = client("ssm")
    with book.recorded(*_change(name, "unset", "unset")), suppress(ssm.exceptions.ParameterNotFound):
        ssm.delete_parameter(Name=deployment.parameter(name))  # somebody else may have just deleted it
    print(f"{deployment.parameter(name)} is no longer set. {_without(deployment, name)}".rstrip())


def _shown(deployment: Deployment, name: str) -> str:
    """Return the value of a parameter for a screen. A secret is not shown, nor is the query of a URL."""
    found = client("ssm").get_parameter(Name=deployment.parameter(name))["Parameter"]
    if found["Type"] == "SecureString":
        return "(a secret)"
    value, query, _ = str(found["Value"]).partition("?")
    return value + (query and "?…")


def _change(name: str, verb: str, value: str) -> tuple[str, str]:
    """Return the code and the subject of a change for the audit."""
    if name.startswith("flags/"):
        return "flag.set", f"{name.removeprefix('flags/')}={value}"
    return f"parameter.{verb}", name


def _needed() -> set[str]:
    return REQUIRED.keys() | MADE.keys()


def _without(deployment: Deployment, name: str) -> str:
    """Say what follows from deleting the parameter."""
    if name.startswith("choices/"):
        return f"The next deployment uses the default in cdk.json. To deploy, run: {deployment.deploy}"
    if name == "webhooks/digest":
        return f"The digest needs it. If you want no digest, run: {deployment.ops} set {name} {webhook.NONE}"
    return "It takes effect within a minute."


def get(deployment: Deployment, name: str) -> str:
    """Return the value of a parameter. Raise ValueError if it is not set.

    This uses boto3, unlike the functions, because boto3 supports profiles and single sign-on.
    """
    try:
        found = client("ssm").get_parameter(Name=deployment.parameter(name), WithDecryption=True)
    except client("ssm").exceptions.ParameterNotFound:
        raise ValueError(f"{deployment.parameter(name)} is not set. To set it, run: {deployment.ops} setup") from None
    return str(found["Parameter"]["Value"])


def below(deployment: Deployment, path: str) -> dict[str, str]:
    """Return the parameters directly below `path`. The keys are the last parts of their names."""
    pages = client("ssm").get_paginator("get_parameters_by_path").paginate(Path=deployment.parameter(path))
    return {found["Name"].rpartition("/")[2]: found["Value"] for page in pages for found in page["Parameters"]}


def choices(deployment: Deployment) -> dict[str, str]:
    """Return the choices that are kept for this deployment: the settings that differ from the defaults in cdk.json."""
    kept = below(deployment, "choices")
    return {name: "" if kept[name] == NONE else kept[name] for name in CHOICES if name in kept}


def show(deployment: Deployment) -> None:
    """Print which parameters are set and which are missing, without their values."""
    there = _names(deployment)
    for name in sorted(REQUIRED.keys() | OPTIONAL.keys() | MADE.keys() | there):
        print(f"{'set    ' if name in there else 'MISSING' if name in {**REQUIRED, **MADE} else 'not set'}  {name}")


def check(name: str, value: str) -> None:
    """Raise ValueError if Watchbell has no such parameter, or if the parameter cannot have this value."""
    if name == "discord/public-keys":
        if not signature.public_keys(value):
            raise ValueError("Enter at least one public key. Without a key, every request from Discord is rejected.")
        if len(value) > KEYS_LENGTH:
            raise ValueError("There is room for three public keys. During a rotation you need two.")
    elif name == "discord/application-id":
        if not re.fullmatch(r"\d{15,20}", value):
            raise ValueError(f"{value!r} is not an application id. An application id has 15 to 20 digits.")
    elif name == "discord/bot-token":
        if not re.fullmatch(r"[\w.-]{50,100}", value):
            raise ValueError("This is not a bot token. Copy the token from the Bot page: three parts joined by dots.")
    elif name == "signing-keys":
        seals.parse_keys(value)
    elif name == "operators":
        if not re.fullmatch(r"\d{15,20}([, ]+\d{15,20})*", value):
            raise ValueError(f"{value!r} is not a list of user ids. Write ids of 15 to 20 digits, separated by commas.")
    elif name == "notify-users":
        if not re.fullmatch(r"\d{15,20}([, ]+\d{15,20})*", value):
            raise ValueError(
                f"{value!r} is not a list of user ids. Write ids of 15 to 20 digits, separated by commas. To copy the "
                "id of a person, choose *Copy User ID* in Discord."
            )
    elif name == "operator-alerts":
        if not re.fullmatch(r"\d{15,20}([, ]+\d{15,20})*", value):
            raise ValueError(
                f"{value!r} is not a list of channel ids. Write ids of 15 to 20 digits, separated by commas."
            )
    elif re.fullmatch(rf"webhooks/[A-Za-z0-9_.-]{{1,{WEBHOOK_LENGTH}}}", name) and not _mistyped(name):
        if value != webhook.NONE and webhook.parse(value, DISCORD_URL) is None:
            raise ValueError(
                "This is not a Discord webhook URL. One looks like https://discord.com/api/webhooks/…, "
                "perhaps followed by ?thread_id= and the digits of a thread's id."
            )
    elif name in [f"{webhook}/thread-name" for webhook in WEBHOOKS]:
        if not 1 <= len(value) <= 100:
            raise ValueError("A thread's name has 1 to 100 characters.")
    elif re.fullmatch(r"flags/[a-z][a-z0-9_-]{0,59}", name):
        flags.parse(name, value)
    elif name in [f"choices/{choice}" for choice in CHOICES]:
        check_setting(name.removeprefix("choices/"), "" if value == NONE else value)
    elif name.startswith("status-sources/"):
        if not re.fullmatch(rf"status-sources/[A-Za-z0-9_.-]{{1,{NAME_LENGTH}}}", name):
            raise ValueError(f"{name!r} is not valid. A source's name has 1 to {NAME_LENGTH} letters, digits, _ . or -")
        _check_source(value)
    else:
        known = ", ".join(
            [
                *REQUIRED,
                *MADE,
                "operators",
                "operator-alerts",
                "notify-users",
                *WEBHOOKS,
                *(f"{webhook}/thread-name" for webhook in WEBHOOKS),
                "webhooks/…",
                "choices/…",
                "flags/…",
                "status-sources/…",
            ]
        )
        raise ValueError(f"Watchbell has no parameter {name!r}. The parameters are {known}.")


def _mistyped(name: str) -> bool:
    """Whether somebody probably meant one of WEBHOOKS."""
    meant = difflib.get_close_matches(name, WEBHOOKS, cutoff=0.85)
    return name not in WEBHOOKS and any(abs(len(name) - len(each)) <= 1 for each in meant)


def _check_source(value: str) -> None:
    source = targets.parse_target(value)
    if targets.is_among(source.url.host, targets.NEVER_CHECKED):
        raise ValueError(f"{source.url.host} may not be watched: too many requests could get the bot banned.")
    address = source.url.address
    if address is None or targets.is_allowed(str(address), private=source.private):
        return  # a name is judged by its addresses, each time that it is asked
    if targets.is_allowed(str(address), private=True):
        raise ValueError(f"{address} is a private address. To allow it for this source, set '{value} private'.")
    raise ValueError(f"The address {address} is not allowed for any source.")


def _names(deployment: Deployment) -> set[str]:
    root = deployment.parameter("").rstrip("/")
    pages = client("ssm").get_paginator("get_parameters_by_path").paginate(Path=root, Recursive=True)
    return {found["Name"].removeprefix(f"{root}/") for page in pages for found in page["Parameters"]}


def _ask(question: str, *, secret: bool) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    return (getpass.getpass(question) if secret else input(question)).strip()
