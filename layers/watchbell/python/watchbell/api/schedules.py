"""Timed jobs. Time zones and dates make this the costliest group; no ingress loads it."""

from ..kit.schedule import Schedule, choice

__all__ = ["Schedule", "choice"]
