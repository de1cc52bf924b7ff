"""A custom id brings back exactly what was put into it, and says when it would not fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell.discord import custom_id


@given(st.lists(st.text(max_size=10), max_size=4))
def test_values_survive_the_round_trip(values):
    assert custom_id.decode(custom_id.encode("status", "view", values)) == ("status", "view", values)


def test_a_custom_id_of_100_characters_fits_and_one_more_does_not():
    assert len(custom_id.encode("status", "view", ["x" * 88])) == 100
    with pytest.raises(ValueError, match="at most 100"):
        custom_id.encode("status", "view", ["x" * 89])


@given(st.text())
def test_anything_can_be_decoded(text):
    feature, handler, values = custom_id.decode(text)
    assert isinstance(feature, str)
    assert isinstance(handler, str)
    assert all(isinstance(value, str) for value in values)
