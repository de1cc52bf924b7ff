"""Changes a function's process for a test: Python imports this as it starts, where the sandbox has it on its path.

The file that SANDBOX_CLOCK names holds by how many seconds the sandbox's clock is ahead (see sandbox/clock.py), and the
function lives by that. The folder that SANDBOX_FEATURES names holds commands that the catalogue has besides its own. A
folder `schedules` in it holds schedules.
"""

import os
import time

if "SANDBOX_CLOCK" in os.environ:
    _real = time.time
    _file = os.open(os.environ["SANDBOX_CLOCK"], os.O_RDONLY)

    def _turned() -> float:
        return _real() + float(os.pread(_file, 32, 0))

    time.time = _turned

if "SANDBOX_FEATURES" in os.environ:
    from watchbell import commands, schedules

    commands.__path__.append(os.environ["SANDBOX_FEATURES"])
    if os.path.isdir(_schedules := os.path.join(os.environ["SANDBOX_FEATURES"], "schedules")):
        schedules.__path__.append(_schedules)
