"""`python -m ops`: set up the parameters of a stage, and plan or apply the commands that Discord knows."""

from __future__ import annotations

import argparse
import os
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from watchbell.errors import WatchbellError

from . import commands, flags, ranks, settings


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 where it worked, 1 where it did not, 2 for arguments that make no sense."""
    parser = argparse.ArgumentParser(prog="python -m ops", description=__doc__)
    parser.add_argument("--stage", default="dev", choices=("dev", "prod"), help="which deployment (default: dev)")
    actions = parser.add_subparsers(required=True, metavar="ACTION")

    setup = actions.add_parser("setup", help="ask for everything that a deployment needs, and keep it in SSM")
    setup.set_defaults(run=lambda given: settings.setup(given.stage))

    show = actions.add_parser("show", help="list what is set and what is missing; shows no secret")
    show.set_defaults(run=lambda given: settings.show(given.stage))

    put = actions.add_parser("set", help="set one parameter, such as webhooks/digest or status-sources/NAME")
    put.add_argument("name")
    put.add_argument("value", nargs="*", help="left out: it is asked for, so that a secret stays out of the history")
    put.set_defaults(run=lambda given: settings.put(given.stage, given.name, " ".join(given.value) or None))

    registry = actions.add_parser("commands", help="compare the commands with Discord's, or make them the same")
    registry.add_argument("verb", choices=("plan", "apply"))
    registry.add_argument("--guild", default="", help="one server's own commands instead of the global ones")
    registry.set_defaults(run=lambda given: commands.run(given.stage, given.verb, given.guild, os.environ))

    switches = actions.add_parser("flags", help="list the feature flags, or set one")
    switches.add_argument("name", nargs="?", default="")
    switches.add_argument("value", nargs="*", help="on, off or 25%%, and ids of servers (-ID: off there); or unset")
    switches.set_defaults(run=lambda given: flags.run(given.stage, given.name, given.value))

    mapping = actions.add_parser("ranks", help="list or set which roles of a server are viewer, responder or admin")
    mapping.add_argument("guild", help="the server's id")
    mapping.add_argument("roles", nargs="*", metavar="ROLE=RANK", help="a role's id, and its rank or none")
    mapping.set_defaults(run=lambda given: ranks.run(given.stage, given.guild, given.roles, os.environ))

    given = parser.parse_args(_shielded(arguments))
    try:
        boto3.setup_default_session(region_name=os.environ.get("AWS_REGION"))  # CDK reads that too; boto3 would not
        given.run(given)
    except NoCredentialsError:
        print("ops: no AWS credentials: set AWS_PROFILE to one of `aws configure list-profiles`", file=sys.stderr)
        return 1
    except NoRegionError:
        print("ops: no AWS region: set AWS_REGION, such as eu-central-1", file=sys.stderr)
        return 1
    except (WatchbellError, BotoCoreError, ClientError, ValueError) as error:
        print(f"ops: {error}", file=sys.stderr)
        return 1
    return 0


def _shielded(arguments: list[str] | None) -> list[str]:
    """`-1100…` is where a flag is off, and no option: argparse takes it for one unless it follows a blank."""
    given = sys.argv[1:] if arguments is None else arguments
    return [f" {argument}" if argument[:1] == "-" and argument[1:].isdigit() else argument for argument in given]


if __name__ == "__main__":
    raise SystemExit(main())
