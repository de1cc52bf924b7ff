"""All of Watchbell on one machine: its real functions, the AWS services that they use, and a simulated Discord."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "layers/watchbell/python"))
