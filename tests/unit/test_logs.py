"""What gets into the logs: no text of other loggers, no secret, and the build in every line."""

import json
import logging
import sys

import pytest

from watchbell.adapters import logs, metrics

TOKEN = "aW50ZXJhY3Rpb246ODQ1MDI3NzM4Mjc2NDYyNjMyOnRva2Vu"


def record(name="watchbell.doors.worker", text="%s", *arguments, error=None, **extra):
    """Return a record as the guard leaves it."""
    try:
        raise error or ValueError
    except Exception:  # noqa: BLE001 - any error can be logged
        raised = sys.exc_info() if error else None
    made = logging.getLogger(name).makeRecord(name, 30, "/lib/pool.py", 7, text, arguments, raised, extra=extra)
    assert logs.Guard().filter(made)
    return made


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"POST https://discord.com/api/v10/webhooks/1/{TOKEN}", "POST https://discord.com…"),
        ("asking https://user:word@shop.example:8443/status?key=a now", "asking https://shop.example:8443… now"),
        ("asking https://user:w@rd@shop.example/status now", "asking https://shop.example… now"),
        ("the key 059f36b4-87a3-44ab-83d2-661975830a7d0a1b is refused", "the key … is refused"),
        ("Max retries exceeded with url: /status?key=a (Caused by", "Max retries exceeded with url: … (Caused by"),
        (f"url: /api/v10/webhooks/1/{TOKEN}/messages/@original", "url: /api/v10/webhooks/…"),
        (f"url: /api/v10/interactions/1/{TOKEN}/callback", "url: /api/v10/interactions/…"),
        (f"the token is {TOKEN!r}", "the token is '…'"),
        ("MTA0MjAwMDAwMDAwMDAwMDAw.GxTest.abcdefghijklmnopqrstuvwxyzabc", "…"),
        (f"1:{'ab12' * 16}", "1:…"),
    ],
)
def test_what_may_be_a_secret_is_cut_out(text, left):
    assert logs.scrub(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "POST /webhooks/{webhook}/{token}?wait=true: 404 10015 Unknown Webhook",
        "GET /channels/{channel}/messages?limit=50: 403 50001 Missing Access",
        "back to the queue: interaction 1300000000000000001 is being worked on",
        "DynamoDB_20120810.UpdateItem: answered 400 ProvisionedThroughputExceededException",
        "the parameter /watchbell/prod/discord/bot-token is not set; `python -m ops setup` sets it",
        "message 059f36b4-87a3-44ab-83d2-661975830a7d failed",
        "source prod: unreachable, 3/4 of them and/or more?",
        "module 'watchbell.commands.status' has no attribute 'check2'",
    ],
)
def test_what_an_operator_needs_is_kept(text):
    assert logs.scrub(text) == text


def test_of_a_library_only_the_place_in_the_code_is_kept():
    made = record("urllib3.connectionpool", "Failed to parse headers (url=%s)", TOKEN, error=OSError(TOKEN), url=TOKEN)
    assert made.getMessage() == "pool.py:7 (text left out)"
    assert made.exc_info[0] is OSError
    assert TOKEN not in repr(made.__dict__) + str(made.exc_info[1])
    assert not hasattr(made, "url")


def test_our_own_lines_keep_their_text_their_ids_and_the_stack_and_lose_secrets():
    made = record(
        "watchbell.doors.worker", "gave up on %s", f"/webhooks/1/{TOKEN}", error=KeyError(TOKEN), interaction_id="130"
    )
    assert made.getMessage() == "gave up on /webhooks/…"
    assert (made.interaction_id, made.exc_info[0], str(made.exc_info[1])) == ("130", KeyError, "'…'")
    assert made.exc_info[2] is not None
    assert made.build == logs.BUILD


def test_a_wrong_placeholder_loses_no_line():
    assert record("watchbell.x", "%d apples", "no").getMessage() == "%d apples"


def test_a_measured_line_is_one_write_in_embedded_metric_format(monkeypatch):
    written = []
    monkeypatch.setattr(sys, "stdout", type("Out", (), {"write": staticmethod(written.append)}))
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "watchbell-prod-ingress")
    logs._head.cache_clear()
    logs.measured("acknowledged", {"AckMs": 12.5}, "Milliseconds", kind="command")
    (line,) = written
    assert line.endswith("}\n")
    entry = json.loads(line)
    (directive,) = entry["_aws"]["CloudWatchMetrics"]
    assert directive == {
        "Namespace": "Watchbell",
        "Dimensions": [["function"]],
        "Metrics": [{"Name": "AckMs", "Unit": "Milliseconds"}],
    }
    assert (entry["AckMs"], entry["function"], entry["kind"]) == (12.5, "watchbell-prod-ingress", "command")
    assert entry["build"] == logs.BUILD
    assert isinstance(entry["_aws"]["Timestamp"], int)


def test_a_count_is_a_line_with_the_service_as_its_dimension(capsys):
    metrics.count("WebhookUnusable", "watchbell-sender")
    entry = json.loads(capsys.readouterr().out)
    assert entry["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]
    assert (entry["WebhookUnusable"], entry["service"]) == ([1], "watchbell-sender")


def test_outside_of_lambda_an_exception_and_the_logging_are_left_alone(monkeypatch):
    monkeypatch.delenv("AWS_LAMBDA_RUNTIME_API", raising=False)
    before = list(logging.getLogger().handlers), sys.unraisablehook

    @logs.guarded
    def handler(event, context):
        raise KeyError(event)

    with pytest.raises(KeyError):
        handler("x", None)
    assert before == (list(logging.getLogger().handlers), sys.unraisablehook)


def test_of_a_very_long_text_the_beginning_is_searched_and_kept():
    assert logs.scrub("ab " * 100_000) == "ab " * 666 + "…"
    assert logs.scrub("x " * 990 + TOKEN) == "x " * 990 + "…"
