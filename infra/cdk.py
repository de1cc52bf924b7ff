"""`python -m infra.cdk deploy -c stage=prod`: the CDK CLI in the version that fits this app, on the wheel's Node."""

from __future__ import annotations

import os
import subprocess
import sys

from infra import NODE, ROOT

# npm's `latest` is a later major version, which refuses this aws-cdk-lib's assemblies.
CLI = "aws-cdk@2.1148.1"
# Not bin/npx: a wheel holds no symbolic links, and the copy does not find its library.
NPX = NODE.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npx-cli.js"


def main(arguments: list[str]) -> int:
    """Run the CLI with these arguments; npm's registry is asked for it the first time. Returns its exit code."""
    # The CLI starts with `#!/usr/bin/env node`, so Node has to be on its PATH.
    environment = os.environ | {"PATH": f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    return subprocess.run([NODE, NPX, "--yes", CLI, *arguments], cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
