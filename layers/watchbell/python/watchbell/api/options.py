"""Annotations of options, quotas and settings. Apart from the other values, since many commands need only these."""

from ..kit.annotations import Annotated, Choice, FileTypes, Kinds, Length, Names, Range
from ..kit.quota import Quota
from ..kit.setting import Setting

__all__ = ["Annotated", "Choice", "FileTypes", "Kinds", "Length", "Names", "Quota", "Range", "Setting"]
