"""Watchbell whole on one machine: its own functions, AWS by moto, and a simulated Discord."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "layers/watchbell/python"))
