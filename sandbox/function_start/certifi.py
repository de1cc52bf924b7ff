"""Stands in for certifi in the functions: the public authorities, and the one of the sandbox's targets."""

import os
import sys


def where() -> str:
    """The file with all authorities. A process that only reads what features declare has no targets to trust."""
    if "SANDBOX_AUTHORITIES" in os.environ:
        return os.environ["SANDBOX_AUTHORITIES"]
    files = (os.path.join(folder, "certifi", "cacert.pem") for folder in sys.path)
    return next(file for file in files if os.path.exists(file))


def contents() -> str:
    with open(where(), encoding="ascii") as file:
        return file.read()
