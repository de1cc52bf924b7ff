"""Discord's ids. Pure."""

EPOCH = 1_420_070_400_000
"""Discord counts the time in ids from here: 2015, in epoch milliseconds."""


def made_at(id: str) -> float:
    """When the thing with this id was made, in epoch seconds. Discord: the bits above the lowest 22 hold the time."""
    return ((int(id) >> 22) + EPOCH) / 1000


def first_at(at: float) -> str:
    """Return the lowest id of a thing that is made at a time in epoch seconds."""
    return str(int(at * 1000) - EPOCH << 22)
