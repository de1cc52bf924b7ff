"""What a feature remembers."""

from ..kit.data import Data

__all__ = ["Data"]
