"""`python -m infra.cdk deploy -c stage=prod`: run the CDK CLI, in the version for this app, on the wheel's Node.

`deploy` and `diff` use the choices that Parameter Store keeps for the deployment. Choices on the command line come
first, and are kept after a successful deployment. So a fresh clone on any machine deploys the same.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence

import boto3
import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

from infra import NODE, ROOT
from infra.settings import CHOICES, FIRST, NONE, Deployment, SettingError, check, defaults
from ops import settings as parameters
from ops.audit import AWS_ERRORS, Book
from watchbell.adapters.aws import client

# npm's `latest` is a later major version, which rejects the assemblies of the pinned aws-cdk-lib.
CLI = "aws-cdk@2.1148.1"
# bin/npx does not work: wheels cannot hold symbolic links, and the copy in bin/ does not find its library.
NPX = NODE.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npx-cli.js"

NEED_CREDENTIALS = ("bootstrap", "deploy", "destroy", "diff")
OWN_CREDENTIALS = ("--profile", "--plugin")
"""Options that tell the CLI where to find credentials."""
NO_CREDENTIALS = (
    "There are no AWS credentials in this shell. Set AWS_PROFILE to one of your profiles (`aws configure sso` creates "
    "one), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Then try again.\n"
)

Run = Callable[[Sequence[str]], int]


def run_cli(arguments: Sequence[str]) -> int:
    """Run the CLI with these arguments and return its exit code. The first run downloads the CLI with npm."""
    # The CLI starts with `#!/usr/bin/env node`, so Node must be on the PATH.
    environment = os.environ | {"PATH": f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    return subprocess.run([NODE, NPX, "--yes", CLI, *arguments], cwd=ROOT, env=environment).returncode


def main(arguments: Sequence[str], run: Run = run_cli) -> int:
    """Run the CLI with these arguments and return its exit code.

    If the CLI needs credentials and there are none, print what to do and return 1. The CLI itself would only notice
    after building everything. If AWS does not answer, print its reason and return 1.
    """
    action = arguments[0] if arguments else ""
    if action in NEED_CREDENTIALS and not _may_have_credentials(arguments):
        sys.stderr.write(NO_CREDENTIALS)
        return 1
    if action not in ("deploy", "diff"):
        return run(arguments)
    try:
        boto3.setup_default_session(
            profile_name=_option(arguments, "--profile"), region_name=os.environ.get("AWS_REGION")
        )
        return _deploy(arguments, run) if action == "deploy" else run([*arguments, *_kept(arguments)])
    except (SettingError, *AWS_ERRORS) as error:
        sys.stderr.write(f"watchbell: {error}\n")
        return 1


def _deploy(arguments: Sequence[str], run: Run) -> int:
    deployment, given = _deployment(arguments), _context(arguments)
    added = _kept(arguments)
    stood = _stands(deployment)
    if not stood:
        # A first deployment that fails can only be deleted, which termination protection would prevent.
        added += ["-c", f"{FIRST}=true"]
    if not sys.stdin.isatty() and _option(arguments, "--require-approval") is None:
        added += ["--require-approval", "never"]  # nobody is there to ask
    code = run([*arguments, *added])
    if code:
        return code
    kept = _keep(deployment, {name: given[name] for name in CHOICES if name in given})
    if deployment.production and not stood and _stands(deployment):
        client("cloudformation").update_termination_protection(
            StackName=str(deployment), EnableTerminationProtection=True
        )
    return 0 if kept else 1


def _keep(deployment: Deployment, choices: dict[str, str]) -> bool:
    """Store the choices that were deployed. If that fails, say which are not stored, and return False.

    The next deployment would take back a choice that is not stored.
    """
    book, left = Book(deployment), dict(choices)
    try:
        for name, value in choices.items():
            parameters.put(deployment, book, f"choices/{name}", value or NONE)
            del left[name]
    except AWS_ERRORS as error:
        sys.stderr.write(
            f"watchbell: {deployment} is deployed, but Parameter Store may not have {', '.join(left)}: {error}\n"
            "Run the same command again. Otherwise the next deployment takes these choices back.\n"
        )
    return not left


def _deployment(arguments: Sequence[str]) -> Deployment:
    """Return the deployment that the arguments name. Raise SettingError if its name or stage is invalid."""
    context = defaults() | _context(arguments)
    for name in ("name", "stage"):
        check(name, context[name])
    return Deployment(context["name"], context["stage"])


def _kept(arguments: Sequence[str]) -> list[str]:
    """Return the options for the kept choices that the command line does not overrule, and print these choices."""
    deployment, given = _deployment(arguments), _context(arguments)
    kept = {name: value for name, value in parameters.choices(deployment).items() if name not in given}
    for name, value in kept.items():
        print(f"{deployment} keeps {name} = {value or NONE}")  # noqa: T201
    return [word for name, value in kept.items() for word in ("-c", f"{name}={value}")]


def _stands(deployment: Deployment) -> bool:
    """Return whether the stack exists and was deployed at least once."""
    try:
        (stack,) = client("cloudformation").describe_stacks(StackName=str(deployment))["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        return False  # there is no such stack
    status: str = stack["StackStatus"]
    return status == "CREATE_COMPLETE" or status.startswith(("UPDATE_", "IMPORT_"))


def _context(arguments: Sequence[str]) -> dict[str, str]:
    """Return what the options `-c name=value` and `--context name=value` say."""
    given = (pair.partition("=") for option in ("-c", "--context") for pair in _values(arguments, option))
    return {name: value for name, _, value in given}


def _option(arguments: Sequence[str], option: str) -> str | None:
    return next(_values(arguments, option), None)


def _values(arguments: Sequence[str], option: str) -> Iterator[str]:
    """Yield the values of `--option value`, `--option=value` and `-ovalue`."""
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if argument == option:
            yield following
        elif argument.startswith(f"{option}=") or (argument.startswith(option) and not option.startswith("--")):
            yield argument.removeprefix(option).removeprefix("=")


def _may_have_credentials(arguments: Sequence[str]) -> bool:
    """Return False only if there are certainly no credentials.

    Credentials that are found are not used, so no role is assumed. The only network call is to the metadata service
    of this machine or container, if nothing else has credentials.
    """
    if any(argument.startswith(OWN_CREDENTIALS) for argument in arguments):
        return True
    session = botocore.session.Session()
    try:
        if "credential_process" in session.get_scoped_config():  # it may ask for a second factor
            return True
        return session.get_credentials() is not None
    except BotoCoreError:  # the profile is incomplete, or botocore cannot read it: the CLI may be able to
        return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
