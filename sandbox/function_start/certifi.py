"""Stands in for certifi in the functions: the public authorities, and the one of the sandbox's targets."""

import os


def where() -> str:
    """The file with all authorities."""
    return os.environ["SANDBOX_AUTHORITIES"]


def contents() -> str:
    with open(where(), encoding="ascii") as file:
        return file.read()
