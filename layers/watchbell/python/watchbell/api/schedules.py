"""Timed jobs. Dates and time zones make this the most expensive group, so the ingress never loads it."""

from ..kit.schedule import Schedule, choice

__all__ = ["Schedule", "choice"]
