"""The parameters of a stage in SSM Parameter Store: asked for, checked, written and listed."""

from __future__ import annotations

import getpass
import re
import secrets
import sys

from watchbell.adapters.aws import client
from watchbell.adapters.parameters import is_secret
from watchbell.adapters.sources import NAME_LENGTH
from watchbell.discord import seals, signature, webhook
from watchbell.kit import flags
from watchbell.status import targets
from watchbell.tools.toolbox import DISCORD_URL

REQUIRED = {
    "discord/application-id": "Application ID (General Information page)",
    "discord/public-keys": "Public key (same page; several separated by commas)",
    "discord/bot-token": "Bot token (Bot page)",
}
OPTIONAL = {
    "webhooks/digest": "URL of the webhook for the daily digest (empty: none yet)",
    "operators": "User ids of those who run the bot, separated by commas (empty: nobody yet)",
}
MADE = {"signing-keys": lambda: f"1:{secrets.token_hex(32)}"}
"""What nobody is asked for, since any will do."""


def setup(stage: str) -> None:
    """Asks for each parameter; an empty answer leaves what is there."""
    there = _names(stage)
    for name, question in {**REQUIRED, **OPTIONAL}.items():
        kept = " [Enter keeps the present one]" if name in there else ""
        value = _ask(f"{question}{kept}: ", secret=is_secret(name))
        if value:
            put(stage, name, value)
        elif name in REQUIRED and name not in there:
            raise ValueError(f"{name} is needed; run `python -m ops --stage {stage} setup` again when you have it")
    for name, make in MADE.items():
        if name not in there:
            put(stage, name, make())
    print(f"Ready to deploy. Services to watch: python -m ops --stage {stage} set status-sources/NAME URL")


def put(stage: str, name: str, value: str | None) -> None:
    """Writes one parameter; ValueError says what is wrong with its name or value."""
    if value is None:
        value = _ask(f"{name}: ", secret=is_secret(name))
    value = value.strip()
    check(name, value)
    kind = "SecureString" if is_secret(name) else "String"
    client("ssm").put_parameter(Name=f"/watchbell/{stage}/{name}", Value=value, Type=kind, Overwrite=True)
    print(f"/watchbell/{stage}/{name} is set.")


def get(stage: str, name: str) -> str:
    """One parameter's value. By boto3, unlike the functions' own reading: it knows profiles and single sign-on."""
    try:
        found = client("ssm").get_parameter(Name=f"/watchbell/{stage}/{name}", WithDecryption=True)
    except client("ssm").exceptions.ParameterNotFound:
        raise ValueError(
            f"/watchbell/{stage}/{name} is not set; `python -m ops --stage {stage} setup` sets it"
        ) from None
    return str(found["Parameter"]["Value"])


def below(stage: str, path: str) -> dict[str, str]:
    """The parameters right below `path`: last part of the name -> value."""
    pages = client("ssm").get_paginator("get_parameters_by_path").paginate(Path=f"/watchbell/{stage}/{path}")
    return {found["Name"].rpartition("/")[2]: found["Value"] for page in pages for found in page["Parameters"]}


def show(stage: str) -> None:
    """What is set and what is missing."""
    there = _names(stage)
    for name in sorted(REQUIRED.keys() | OPTIONAL.keys() | MADE.keys() | there):
        print(f"{'set    ' if name in there else 'MISSING' if name in {**REQUIRED, **MADE} else 'not set'}  {name}")


def check(name: str, value: str) -> None:
    """Raises ValueError where the parameter is none of ours or cannot have that value."""
    if name == "discord/public-keys":
        if not signature.public_keys(value):
            raise ValueError("a public key is needed, else every request is refused")
    elif name == "discord/application-id":
        if not re.fullmatch(r"\d{15,20}", value):
            raise ValueError(f"{value!r} is no application id: 15 to 20 digits")
    elif name == "discord/bot-token":
        if not re.fullmatch(r"[\w.-]{50,100}", value):
            raise ValueError("that is no bot token: three words with dots between, from the Bot page")
    elif name == "signing-keys":
        seals.parse_keys(value)
    elif name == "operators":
        if not re.fullmatch(r"\d{15,20}([, ]+\d{15,20})*", value):
            raise ValueError(f"{value!r} is no list of user ids: 15 to 20 digits each, separated by commas")
    elif name == "webhooks/digest":
        if webhook.parse(value, DISCORD_URL) is None:
            raise ValueError("that is no Discord webhook URL: https://discord.com/api/webhooks/…")
    elif re.fullmatch(r"flags/[a-z][a-z0-9_-]{0,59}", name):
        flags.parse(name, value)
    elif name.startswith("status-sources/"):
        if not re.fullmatch(rf"status-sources/[A-Za-z0-9_.-]{{1,{NAME_LENGTH}}}", name):
            raise ValueError(f"{name!r}: a source's name is 1 to {NAME_LENGTH} letters, digits and _ . -")
        _check_source(value)
    else:
        known = ", ".join([*REQUIRED, *MADE, "operators", "webhooks/digest", "flags/…", "status-sources/…"])
        raise ValueError(f"{name!r} is no parameter of Watchbell: {known}")


def _check_source(value: str) -> None:
    source = targets.parse_target(value)
    address = source.url.address
    if address is None or targets.is_allowed(str(address), private=source.private):
        return  # the addresses of a name are judged each time that it is asked
    if targets.is_allowed(str(address), private=True):
        raise ValueError(f"{address} is a private address; if a source may have it, set '{value} private'")
    raise ValueError(f"{address} is an address that no source may have")


def _names(stage: str) -> set[str]:
    pages = client("ssm").get_paginator("get_parameters_by_path").paginate(Path=f"/watchbell/{stage}", Recursive=True)
    return {found["Name"].removeprefix(f"/watchbell/{stage}/") for page in pages for found in page["Parameters"]}


def _ask(question: str, *, secret: bool) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    return (getpass.getpass(question) if secret else input(question)).strip()
