"""Kinds of checks. Only the function that checks, and those that define monitors, load it."""

from ..kit.check import Check, reads
from ..status.found import Found
from ..status.reason import Reason
from ..status.targets import parse_host

__all__ = ["Check", "Found", "Reason", "parse_host", "reads"]
