"""The translations: one `.po` file for each language, and the code that keeps them up to date with the texts."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "layers/watchbell/python"))
