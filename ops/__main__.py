"""`python -m ops`: set up the parameters of a stage, and plan or apply the commands that Discord knows."""

from __future__ import annotations

import argparse
import os
import sys

from botocore.exceptions import BotoCoreError, ClientError

from watchbell.errors import WatchbellError

from . import commands, settings


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
    put.add_argument("value", nargs="?", help="left out: it is asked for, so that a secret stays out of the history")
    put.set_defaults(run=lambda given: settings.put(given.stage, given.name, given.value))

    registry = actions.add_parser("commands", help="compare the commands with Discord's, or make them the same")
    registry.add_argument("verb", choices=("plan", "apply"))
    registry.add_argument("--guild", default="", help="one server's own commands instead of the global ones")
    registry.set_defaults(run=lambda given: commands.run(given.stage, given.verb, given.guild, os.environ))

    given = parser.parse_args(arguments)
    try:
        given.run(given)
    except (WatchbellError, BotoCoreError, ClientError, ValueError) as error:
        print(f"ops: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
