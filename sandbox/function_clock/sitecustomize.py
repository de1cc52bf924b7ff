"""Puts a function on the sandbox's clock: Python imports this as it starts, where the sandbox has it on its path.

The file that SANDBOX_CLOCK names holds by how many seconds that clock is ahead; see sandbox/clock.py.
"""

import os
import time

_real = time.time
_file = os.open(os.environ["SANDBOX_CLOCK"], os.O_RDONLY)


def _turned() -> float:
    return _real() + float(os.pread(_file, 32, 0))


time.time = _turned
