"""The translations: one `.po` file a language, for translators, and what keeps them equal to the code."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "layers/watchbell/python"))
