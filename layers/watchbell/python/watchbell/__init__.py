"""Watchbell: a status bot for Discord that runs serverless. A feature file imports what it needs from here.

A group in `api` is loaded when one of its names is first asked for. What nearly every feature uses is the first group,
`core`. All the others would cost every cold start about 3 ms, and the timed jobs 28 ms more (`python -X importtime`).
The heartbeat function, which has no features, loads none: `core` would be a quarter of its cold start.
"""

from importlib import import_module

_GROUPS = ("core", "options", "values", "layout", "data", "forms", "channels", "schedules")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .api.channels import *  # noqa: F403
    from .api.core import *  # noqa: F403
    from .api.data import *  # noqa: F403
    from .api.forms import *  # noqa: F403
    from .api.layout import *  # noqa: F403
    from .api.options import *  # noqa: F403
    from .api.schedules import *  # noqa: F403
    from .api.values import *  # noqa: F403


def __getattr__(name: str) -> object:
    """The name, from the first of the groups that has it."""
    if not name.startswith("__"):
        for group in _GROUPS:
            module = import_module(f".api.{group}", __name__)
            if name in module.__all__:
                globals()[name] = getattr(module, name)
                return globals()[name]
    raise AttributeError(f"watchbell has no {name}; it has {', '.join(__dir__())}")


def __dir__() -> list[str]:
    return sorted(name for group in _GROUPS for name in import_module(f".api.{group}", __name__).__all__)
