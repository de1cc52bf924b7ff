"""The tables in the documents that are generated from the code."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "layers/watchbell/python"))
