"""Annotations of options, and quotas. Apart from the other values, since many commands need only these."""

from ..kit.annotations import Annotated, Choice, FileTypes, Kinds, Length, Names, Range
from ..kit.quota import Quota

__all__ = ["Annotated", "Choice", "FileTypes", "Kinds", "Length", "Names", "Quota", "Range"]
