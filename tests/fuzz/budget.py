"""How many inputs each fuzz test gets.

The environment variable WATCHBELL_FUZZ sets the number, which the tests of the ingress share. Its inputs are new in
each run. Without it, a run uses the same 600 inputs each time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, settings

INPUTS = int(os.environ.get("WATCHBELL_FUZZ", 600))
BATCHES = -(-INPUTS // 5_000)  # Hypothesis remembers all inputs of a run: about 400 MB for 5,000.


def share(percent: int) -> Callable[[Any], Any]:
    """Run a property with `percent` of all inputs. The inputs are new only if WATCHBELL_FUZZ is set."""
    chosen = "WATCHBELL_FUZZ" in os.environ
    return settings(
        max_examples=max(1, INPUTS * percent // 100 // BATCHES),
        derandomize=not chosen,
        database=None,
        deadline=None,
        print_blob=True,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
