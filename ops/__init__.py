"""The operator's command line: `python -m ops`. Uses the AWS credentials and region of the shell that it runs in."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "layers/watchbell/python"))
