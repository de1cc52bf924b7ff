"""`python -m infra.cdk deploy -c stage=prod`: the CDK CLI in the version that fits this app, on the wheel's Node."""

from __future__ import annotations

import os
import subprocess
import sys

import botocore.session
from botocore.exceptions import BotoCoreError

from infra import NODE, ROOT

# npm's `latest` is a later major version, which refuses this aws-cdk-lib's assemblies.
CLI = "aws-cdk@2.1148.1"
# Not bin/npx: a wheel holds no symbolic links, and the copy does not find its library.
NPX = NODE.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npx-cli.js"

NEED_CREDENTIALS = ("bootstrap", "deploy", "destroy")
OWN_CREDENTIALS = ("--profile", "--plugin")
"""Options by which the CLI finds credentials where nobody else looks for them."""
NO_CREDENTIALS = (
    "There are no AWS credentials in this shell: set AWS_PROFILE to one of your profiles (`aws configure sso` makes "
    "one), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and try again.\n"
)


def main(arguments: list[str]) -> int:
    """Run the CLI with these arguments; npm's registry is asked for it the first time. Returns its exit code, or 1
    where there are no credentials for it: it would say so itself, but not before all is built."""
    if arguments[:1] and arguments[0] in NEED_CREDENTIALS and not _may_have_credentials(arguments):
        sys.stderr.write(NO_CREDENTIALS)
        return 1
    # The CLI starts with `#!/usr/bin/env node`, so Node has to be on its PATH.
    environment = os.environ | {"PATH": f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    return subprocess.run([NODE, NPX, "--yes", CLI, *arguments], cwd=ROOT, env=environment).returncode


def _may_have_credentials(arguments: list[str]) -> bool:
    """False only where there can be none. What is found is not used, so a role need not be assumed for it; the one
    network that is asked, where nothing else is there, is this machine's own metadata."""
    if any(argument.startswith(OWN_CREDENTIALS) for argument in arguments):
        return True
    session = botocore.session.Session()
    try:
        if "credential_process" in session.get_scoped_config():  # it may ask for a second factor: not twice
            return True
        return session.get_credentials() is not None
    except BotoCoreError:  # a profile that is half there, or needs more than we have: the CLI may know better
        return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
