"""The JSON that the ingress writes is what `json.dumps` writes."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell.adapters import json_text

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(value=st.dictionaries(st.text(), values, max_size=5))
def test_it_is_written_as_the_standard_library_writes_it(value):
    assert json_text.text(value) == json.dumps(value)


def test_what_json_does_not_have_is_refused_with_its_type():
    with pytest.raises(TypeError, match="datetime cannot be written as JSON"):
        json_text.text({"at": datetime(2026, 1, 31, tzinfo=UTC)})
