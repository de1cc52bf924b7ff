"""The operator's command line: `python -m ops`. It uses the AWS credentials and region of your shell."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "layers/watchbell/python"))
