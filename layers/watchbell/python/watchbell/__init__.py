"""Watchbell: a serverless status bot for Discord. Feature files import what they need from here.

`api.core` is loaded at once. Each other group is loaded when one of its names is first used. Loading all of them would
add about 3 ms to every cold start, and the timed jobs 28 ms more (measured with `python -X importtime`).
"""

from importlib import import_module

from .api.core import *  # noqa: F403 - the group's __all__ is the one list of its names

_LATER = ("options", "values", "layout", "forms", "schedules")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .api.forms import *  # noqa: F403
    from .api.layout import *  # noqa: F403
    from .api.options import *  # noqa: F403
    from .api.schedules import *  # noqa: F403
    from .api.values import *  # noqa: F403


def __getattr__(name: str) -> object:
    """The name from the first of the `_LATER` groups that has it."""
    if not name.startswith("__"):
        for group in _LATER:
            module = import_module(f".api.{group}", __name__)
            if name in module.__all__:
                globals()[name] = getattr(module, name)
                return globals()[name]
    raise AttributeError(f"watchbell has no {name}; it has {', '.join(__dir__())}")


def __dir__() -> list[str]:
    modules = (import_module(f".api.{group}", __name__) for group in ("core", *_LATER))
    return sorted(name for module in modules for name in module.__all__)
