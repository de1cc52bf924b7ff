"""Changes a function's process for tests. Python imports this when it starts, if the sandbox put it on the path.

SANDBOX_CLOCK names a file with the number of seconds that the sandbox's clock is ahead (see sandbox/clock.py). The
function's clock is then ahead too. SANDBOX_FEATURES names a folder of commands that are added to the catalogue. Its
folder `schedules`, if there is one, holds schedules to add.
"""

import os
import time
from importlib import import_module
from importlib.util import find_spec

if "SANDBOX_CLOCK" in os.environ:
    _real = time.time
    _file = os.open(os.environ["SANDBOX_CLOCK"], os.O_RDONLY)

    def _turned() -> float:
        return _real() + float(os.pread(_file, 32, 0))

    time.time = _turned
    time.time_ns = lambda: int(_turned() * 1e9)  # of log lines

if "SANDBOX_FEATURES" in os.environ:
    from watchbell import commands

    commands.__path__.append(os.environ["SANDBOX_FEATURES"])
    _schedules = os.path.join(os.environ["SANDBOX_FEATURES"], "schedules")
    if os.path.isdir(_schedules) and find_spec("watchbell.schedules"):  # the layer of the ingress has no schedules
        import_module("watchbell.schedules").__path__.append(_schedules)
