"""`python -m ops`: manage the parameters, commands, flags, ranks, limits, greetings and personal data."""

from __future__ import annotations

import argparse
import os
import sys

import boto3
from botocore.exceptions import NoCredentialsError, NoRegionError

from infra.settings import Deployment, check, defaults
from watchbell.errors import WatchbellError

from . import commands, flags, intro, limits, privacy, ranks, settings
from .audit import AWS_ERRORS, Book


def main(arguments: list[str] | None = None) -> int:
    """Return the exit code: 0 for success, 1 for an error. Exit with 2 if the arguments are invalid."""
    parser = argparse.ArgumentParser(prog="python -m ops", description=__doc__)
    parser.add_argument(
        "--name",
        dest="bot",
        metavar="NAME",
        default=defaults()["name"],
        help="which bot (default: the name in cdk.json)",
    )
    parser.add_argument("--stage", default="dev", choices=("dev", "prod"), help="which deployment (default: dev)")
    actions = parser.add_subparsers(required=True, metavar="ACTION")

    setup = actions.add_parser("setup", help="ask for everything that a deployment needs, and store it in SSM")
    setup.set_defaults(run=lambda given: settings.setup(*_place(given)))

    show = actions.add_parser("show", help="list which parameters are set and which are missing, without their values")
    show.set_defaults(run=lambda given: settings.show(_deployment(given)))

    put = actions.add_parser(
        "set", help="set one parameter, for example webhooks/digest, status-sources/NAME or choices/digest_time"
    )
    put.add_argument("name")
    put.add_argument(
        "value", nargs="*", help="leave it out to be asked for it, so that a secret stays out of your history"
    )
    put.set_defaults(run=lambda given: settings.put(*_place(given), given.name, " ".join(given.value) or None))

    drop = actions.add_parser("unset", help="show one parameter, unless it is a secret, and delete it")
    drop.add_argument("name")
    drop.set_defaults(run=lambda given: settings.unset(*_place(given), given.name))

    registry = actions.add_parser(
        "commands", help="show how Discord's commands differ from the bot's, or update Discord"
    )
    registry.add_argument("verb", choices=("plan", "apply"))
    registry.add_argument(
        "--guild", default="", help="the id of a server, to use its commands instead of the global ones"
    )
    registry.set_defaults(
        run=lambda given: commands.run(*_place(given), given.verb, given.guild, os.environ),
    )

    switches = actions.add_parser("flags", help="list the feature flags and switches, or set one")
    switches.add_argument("name", nargs="?", default="")
    switches.add_argument(
        "value", nargs="*", help="on, off or 25%%, then server ids: ID is on there, -ID is off; or unset"
    )
    switches.set_defaults(
        run=lambda given: flags.run(*_place(given), given.name, given.value),
    )

    mapping = actions.add_parser("ranks", help="list or set which roles of a server are viewer, responder or admin")
    mapping.add_argument("guild", help="the server's id")
    mapping.add_argument(
        "roles", nargs="*", metavar="ROLE=RANK", help="the id of a role, and viewer, responder, admin or none"
    )
    mapping.set_defaults(
        run=lambda given: ranks.run(*_place(given), given.guild, given.roles, os.environ),
    )

    limited = actions.add_parser(
        "limits", help="show or change how many monitors a server may have, and how often they may be checked"
    )
    limited.add_argument("guild", help="the server's id")
    limited.add_argument(
        "limits", nargs="*", metavar="LIMIT", help="monitors=N, every=MINUTES, aws=on, private=on, home, or default"
    )
    limited.set_defaults(
        run=lambda given: limits.run(*_place(given), given.guild, given.limits, os.environ),
    )

    personal = actions.add_parser("privacy", help="export or erase what the tables hold of a person or a server")
    personal.add_argument("verb", choices=("export", "erase"))
    personal.add_argument("id", help="the id of the person or the server")
    personal.add_argument("--yes", action="store_true", help="erase it; without this, only list what would be erased")
    personal.set_defaults(
        run=lambda given: privacy.run(*_place(given), given.verb, given.id, really=given.yes, environment=os.environ),
    )

    greeting = actions.add_parser("intro", help="see whom the bot has greeted, and greet people again")
    greeting.add_argument("verb", choices=("list", "stats", "resend"))
    greeting.add_argument(
        "user", nargs="?", default="", help="for resend: one person's id; without it, all who could not be reached"
    )
    greeting.set_defaults(
        run=lambda given: intro.run(*_place(given), given.verb, given.user, os.environ),
    )

    given = parser.parse_args(_shielded(arguments))
    try:
        boto3.setup_default_session(region_name=os.environ.get("AWS_REGION"))  # as CDK; boto3 ignores it
        given.run(given)
    except NoCredentialsError:
        told = (
            "There are no AWS credentials in this shell. Set AWS_PROFILE to a profile of `aws configure list-profiles`."
        )
        print(f"ops: {told}", file=sys.stderr)
        return 1
    except NoRegionError:
        print("ops: No AWS region is set. Set AWS_REGION, for example to eu-central-1.", file=sys.stderr)
        return 1
    except (WatchbellError, ValueError, *AWS_ERRORS) as error:
        print(f"ops: {' '.join(str(error).split())}", file=sys.stderr)  # it may quote a page of a proxy
        return 1
    return 0


def _deployment(given: argparse.Namespace) -> Deployment:
    check("name", given.bot)
    return Deployment(given.bot, given.stage)


def _place(given: argparse.Namespace) -> tuple[Deployment, Book]:
    """Return the deployment and its audit, for an action that may change something."""
    deployment = _deployment(given)
    return deployment, Book(deployment)


def _shielded(arguments: list[str] | None) -> list[str]:
    """Put a blank before each argument like `-1100…`, so that argparse does not read the server id as an option."""
    given = sys.argv[1:] if arguments is None else arguments
    return [f" {argument}" if argument[:1] == "-" and argument[1:].isdigit() else argument for argument in given]


if __name__ == "__main__":
    raise SystemExit(main())
