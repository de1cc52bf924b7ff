"""`python -m infra.cdk deploy -c stage=prod`: run the CDK CLI, in the version for this app, on the wheel's Node."""

from __future__ import annotations

import os
import subprocess
import sys

import botocore.session
from botocore.exceptions import BotoCoreError

from infra import NODE, ROOT

# npm's `latest` is a later major version, which rejects the assemblies of the pinned aws-cdk-lib.
CLI = "aws-cdk@2.1148.1"
# bin/npx does not work: wheels cannot hold symbolic links, and the copy in bin/ does not find its library.
NPX = NODE.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npx-cli.js"

NEED_CREDENTIALS = ("bootstrap", "deploy", "destroy")
OWN_CREDENTIALS = ("--profile", "--plugin")
"""Options that tell the CLI where to find credentials. Only the CLI understands them."""
NO_CREDENTIALS = (
    "There are no AWS credentials in this shell. Set AWS_PROFILE to one of your profiles (`aws configure sso` creates "
    "one), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Then try again.\n"
)


def main(arguments: list[str]) -> int:
    """Run the CLI with these arguments and return its exit code. The first run downloads the CLI with npm.

    If the CLI needs credentials and there are none, print what to do and return 1. The CLI itself would only notice
    after building everything.
    """
    if arguments[:1] and arguments[0] in NEED_CREDENTIALS and not _may_have_credentials(arguments):
        sys.stderr.write(NO_CREDENTIALS)
        return 1
    # The CLI starts with `#!/usr/bin/env node`, so Node must be on the PATH.
    environment = os.environ | {"PATH": f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    return subprocess.run([NODE, NPX, "--yes", CLI, *arguments], cwd=ROOT, env=environment).returncode


def _may_have_credentials(arguments: list[str]) -> bool:
    """Return False only if there are certainly no credentials.

    Credentials that are found are not used, so no role is assumed. The only network call is to the metadata service
    of this machine or container, if nothing else has credentials.
    """
    if any(argument.startswith(OWN_CREDENTIALS) for argument in arguments):
        return True
    session = botocore.session.Session()
    try:
        if "credential_process" in session.get_scoped_config():  # only the CLI runs it: it may ask for a second factor
            return True
        return session.get_credentials() is not None
    except BotoCoreError:  # the profile is incomplete, or botocore cannot read it: the CLI may be able to
        return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
