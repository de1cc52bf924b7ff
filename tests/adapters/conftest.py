"""What the adapters' tests share: a clock that stands still until a test turns it."""

import pytest

NOW = 1_795_334_400.5
"""Epoch seconds at which `clock` begins."""


class Clock:
    now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    """Epoch seconds: called by what is tested, and turned by `clock.now += 60`."""
    return Clock()
