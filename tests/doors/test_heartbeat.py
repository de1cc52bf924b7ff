"""What a job is answered to its ping."""

import pytest

from watchbell.adapters import api_gateway
from watchbell.doors.heartbeat import answer
from watchbell.errors import Unavailable, Unsure

ID, RUN = "4be1c7d2-63a9-4f0e-9a51-7c2d90e8b314", "c0ffee00-1111-4222-8333-444455556666"


class Rows:
    """Rows of pings: those of `known`. If there is an `error`, every write raises it."""

    def __init__(self, *known, error=None):
        self.known, self.error, self.written = known, error, []

    def write(self, uuid, ping, body):
        if self.error:
            raise self.error
        self.written.append((uuid, str(ping), body))
        return uuid in self.known


@pytest.fixture
def rows():
    return Rows(ID)


def test_a_ping_is_written_with_its_time_and_its_body(rows):
    assert answer(rows, "POST", f"/ping/{ID}/7", RUN, "Plattenplatz für 3 Tage".encode(), 1234) == (200, "OK")
    assert rows.written == [(ID, f"1234 7 {RUN}", "Plattenplatz für 3 Tage")]


def test_a_body_may_be_anything(rows):
    assert answer(rows, "POST", f"/ping/{ID}", None, b"\xff\x00" * 100_000, 1) == (200, "OK")
    assert rows.written[0][2].startswith("�\0�\0")
    assert len(rows.written[0][2]) <= 4000


def test_a_url_that_no_monitor_has_is_404(rows):
    assert answer(rows, "GET", f"/ping/{RUN}", None, b"", 1) == (404, "No monitor has this URL.")


@pytest.mark.parametrize(
    ("method", "path", "run", "status"),
    [
        ("GET", f"/ping/{ID}/256", None, 400),
        ("GET", f"/ping/{ID}", "run-7", 400),
        ("GET", "/ping/key/slug", None, 400),
        ("PUT", f"/ping/{ID}", None, 405),
        ("GET", "/ping/nobody", None, 404),
    ],
)
def test_what_is_no_ping_is_refused_with_a_sentence_and_writes_nothing(rows, method, path, run, status):
    refused, text = answer(rows, method, path, run, b"", 1)
    assert (refused, text[-1], rows.written) == (status, ".", [])


@pytest.mark.parametrize("error", [Unavailable("throttled"), Unsure("no answer")])
def test_a_job_is_told_to_send_a_ping_again_that_may_not_be_written(error, caplog):
    status, text = answer(Rows(ID, error=error), "GET", f"/ping/{ID}", None, b"", 1)
    assert (status, text) == (503, "The ping may not have been recorded. Send it again.")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert ID not in caplog.text


def test_method_and_parameters_are_read_from_both_formats_of_events():
    second = {"requestContext": {"http": {"method": "HEAD"}}, "queryStringParameters": {"rid": f"{RUN},{ID}"}}
    first = {"httpMethod": "POST", "requestContext": {}, "queryStringParameters": None}
    assert (api_gateway.method(second), api_gateway.parameter(second, "rid")) == ("HEAD", f"{RUN},{ID}")
    assert (api_gateway.method(first), api_gateway.parameter(first, "rid")) == ("POST", None)
    assert (api_gateway.method({}), api_gateway.parameter({}, "rid")) == ("", None)
    assert api_gateway.method({"requestContext": "nonsense"}) == ""
