"""What the URL of a ping says."""

import subprocess
import sys
from pathlib import Path

import pytest

from watchbell.status.ping import BODY, BadPing, Ping, change, is_uuid, parse

LIBRARY = Path(__file__).parents[2] / "layers/watchbell/python"
ID = "4be1c7d2-63a9-4f0e-9a51-7c2d90e8b314"
RUN = "c0ffee00-1111-4222-8333-444455556666"


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize(
    ("rest", "what"),
    [
        *(("", "success"), ("/start", "start"), ("/fail", "fail"), ("/log", "log")),
        *(("/0", "success"), ("/000", "success"), ("/1", "1"), ("/007", "7"), ("/255", "255")),
    ],
)
def test_a_url_says_what_happened(rest, what, method, slash):
    assert parse(method, f"/ping/{ID}{rest}{slash}") == (ID, what, "")


def test_ids_are_read_in_any_case():
    assert parse("GET", f"/ping/{ID.upper()}", RUN.upper()) == (ID, "success", RUN)


@pytest.mark.parametrize(
    ("path", "run", "status", "text"),
    [
        (f"/ping/{ID}/256", None, 400, "at most 255"),
        (f"/ping/{ID}/99999999999999999999", None, 400, "at most 255"),
        (f"/ping/{ID}", "run-7", 400, "must be a UUID"),
        (f"/ping/{ID}", "", 400, "must be a UUID"),
        (f"/ping/{ID}/start", ID[:-1], 400, "must be a UUID"),
        ("/ping/a-key/nightly-backup", None, 400, "Use the URL of the monitor"),
        (f"/ping/{ID}/stop", None, 404, "start, fail, log or an exit status"),
        (f"/ping/{ID}/-1", None, 404, "start, fail, log or an exit status"),
        (f"/ping/{ID}/٣", None, 404, "start, fail, log or an exit status"),
        (f"/ping/{ID}/start/now", None, 404, "nothing at this URL"),
        (f"/ping/{ID}//start/1", None, 404, "nothing at this URL"),
        ("/ping/nonsense", None, 404, "No monitor"),
        ("/ping/", None, 404, "nothing at this URL"),
        ("/ping", None, 404, "nothing at this URL"),
        ("/", None, 404, "nothing at this URL"),
        ("", None, 404, "nothing at this URL"),
        ("/pong/x", None, 404, "nothing at this URL"),
    ],
)
def test_everything_else_is_refused_with_a_sentence(path, run, status, text):
    with pytest.raises(BadPing, match=text) as refused:
        parse("GET", path, run)
    assert refused.value.status == status


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "get", ""])
def test_other_methods_are_405(method):
    with pytest.raises(BadPing, match="GET, HEAD, POST") as refused:
        parse(method, f"/ping/{ID}")
    assert refused.value.status == 405


@pytest.mark.parametrize("text", ["", "-" * 36, ID.replace("-", ""), f"{{{ID}}}", ID + " ", ID[:-1] + "g", ID + "-"])
def test_only_the_usual_form_is_a_uuid(text):
    assert not is_uuid(text)


def test_the_first_thousand_characters_of_a_body_are_kept():
    _, values = change(Ping(1, "fail"), "ä" * 5000 + "end")
    assert values[":body"] == {"S": "ä" * BODY}
    _, values = change(Ping(1, "log"), "half \ud800")
    assert values[":body"] == {"S": "half ?"}
    assert ":body" not in change(Ping(1, "start"), "not kept")[1]


def test_a_ping_imports_nothing():
    program = "import sys, watchbell.status; before = set(sys.modules); import watchbell.status.ping\n"
    program += "print(*(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(LIBRARY)}, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["watchbell.status.ping"]
