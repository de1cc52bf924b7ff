"""The kinds of checks, one file each, and what they are written with.

The rest comes from `watchbell` itself. The ingress has none of this.
"""

from ..kit.check import Check, reads
from ..status import pages
from ..status.found import Found
from ..status.reason import Reason
from ..status.targets import parse_host

__all__ = ["Check", "Found", "Reason", "pages", "parse_host", "reads"]
