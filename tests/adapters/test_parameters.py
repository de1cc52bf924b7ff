"""Parameters are read as AWS stores them, cached for a minute, and never shown."""

import pytest

from sandbox.loopback import Server, as_json
from watchbell.adapters.parameters import SECONDS, Parameters
from watchbell.errors import Unavailable

NAME = "/watchbell/test/webhooks/digest"


@pytest.fixture
def parameters(settings, clock):
    return Parameters(clock)


def test_a_secret_is_decrypted(aws, parameters):
    aws.put_parameter(NAME, "sécret", secret=True)
    assert parameters.secret(NAME) == parameters.find(NAME) == "sécret"


def test_one_that_is_not_there_is_none_or_says_what_to_do(parameters):
    assert parameters.find(NAME) is None
    with pytest.raises(Unavailable, match=rf"{NAME} is not set; `python -m ops setup` sets it"):
        parameters.secret(NAME)


def test_a_value_is_kept_for_a_minute_and_read_anew_when_asked(aws, parameters, clock):
    aws.put_parameter(NAME, "old", secret=True)
    parameters.find(NAME)
    aws.put_parameter(NAME, "new", secret=True)
    assert parameters.find(NAME) == "old"
    assert parameters.find(NAME, fresh=True) == "new"
    aws.put_parameter(NAME, "newer", secret=True)
    clock.now += SECONDS + 1
    assert parameters.find(NAME) == "newer"


def test_all_below_a_path_are_listed_over_several_pages(aws, parameters):
    for number in range(23):
        aws.put_parameter(f"/watchbell/test/status-sources/s{number:02}", f"http://s{number}/", secret=False)
    aws.put_parameter("/watchbell/test/status-sources/deeper/x", "http://x/", secret=False)
    found = parameters.below("/watchbell/test/status-sources")
    assert found == {f"s{number:02}": f"http://s{number}/" for number in range(23)}
    assert parameters.below("/watchbell/test/nothing") == {}


@pytest.mark.parametrize("status", [400, 500])
def test_a_store_that_refuses_is_unavailable(status, monkeypatch, settings):
    server = Server(lambda request: as_json(status, {"__type": "ThrottlingException", "message": "x"}))
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    with pytest.raises(Unavailable, match="ThrottlingException"):
        Parameters().find(NAME)


def test_a_store_that_is_away_is_unavailable(monkeypatch, settings):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(Unavailable, match="no answer"):
        Parameters().find(NAME)
