"""Fixtures for the adapters' tests: a clock that only a test advances."""

import pytest

NOW = 1_795_334_400.5
"""Epoch seconds at which `clock` begins."""


class Clock:
    now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    """A callable that returns epoch seconds. Advance it with `clock.now += 60`."""
    return Clock()
