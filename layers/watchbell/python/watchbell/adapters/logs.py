"""What the functions write to their logs, and what never gets there.

Only the loggers of Watchbell write text. Of a line of any other logger, only its place in the code is kept: a library
may log a URL with a token in it. Secrets are cut out of our own lines too, because an error may quote one.
"""

import json
import logging
import os
import sys
import threading
import time
from functools import cache

from . import json_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

BUILD = "0.1+source"
"""The version, and the commit that the bundle was built from. `infra/layers.py` replaces `source` by the commit."""

log = logging.getLogger(__name__)

_invocations = [0]

_SECRETS = (
    r"(?P<origin>\b\w+://)(?:[^\s/?#'\"]*@)?(?P<host>[^\s/?#'\"]*)[^\s'\"]*"  # the rest of a URL
    r"|(?<!\})/[^\s'\"{}]*\?[^\s'\"]*"  # a path with a query, but not the template of a route
    r"|(?<=webhooks/)[^\s'\"{]+|(?<=interactions/)[^\s'\"{]+"  # an id and a token
    r"|(?<![\w-])[\w-]{20,}\.[\w-]{5,}\.[\w-]{20,}"  # a bot token
    r"|(?<![\w-])(?![0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![\w=+-]))(?=[A-Za-z_=+-]*\d)[\w=+-]{24,}"
    # The last: random, and not a UUID.
)


def scrub(text: str) -> str:
    """Return `text` with an ellipsis for everything that may be a secret.

    Of a URL, the scheme and the host are kept. Ids of Discord and AWS are kept. Of a long text, the first 2,000
    characters are kept: somebody may have typed it to make the search slow.
    """
    import re  # the runtime has loaded it; compiling the pattern takes longer than the ingress has for it

    if len(text) > 2000:
        text = text[:2000].rpartition(" ")[0] + " …"  # the last word may be half a token
    return re.sub(_SECRETS, lambda found: f"{found['origin'] or ''}{found['host'] or ''}…", text)


class Cut(Exception):
    """Stands for an exception whose message has been scrubbed."""


class Guard(logging.Filter):
    """Adds the build to each record, and takes out what may be secret. It changes the record in place."""

    def filter(self, record: logging.LogRecord) -> bool:
        ours = record.name.partition(".")[0] == "watchbell"
        usual = {*logging.makeLogRecord({}).__dict__, "aws_request_id", "tenant_id"}
        for name in record.__dict__.keys() - usual:  # what was given as `extra`
            value = record.__dict__[name]
            if not ours:
                del record.__dict__[name]
            elif not isinstance(value, (int, float, bool, type(None))):
                record.__dict__[name] = scrub(str(value))
        record.msg = scrub(_text(record)) if ours else f"{record.filename}:{record.lineno} (text left out)"
        record.args = ()
        if record.exc_info and record.exc_info[0]:
            kind, error, trace = record.exc_info
            record.exc_info = (kind, Cut(scrub(str(error)) if ours else ""), trace)
        record.exc_text = record.stack_info = None
        record.build = BUILD
        return True


def _text(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # a wrong placeholder must not lose the line
        return str(record.msg)


class Failed(Exception):
    """The function failed. Lambda's runtime logs this exception, and an earlier line has the details."""


def guarded(handler: "Callable[[Any, Any], Any]") -> "Callable[[Any, Any], Any]":
    """Decorate the handler of a Lambda function. On Lambda, all lines of the function are guarded from now on.

    If the handler raises an exception, it is logged with its stack. Lambda's runtime logs exceptions itself, so it gets
    a Failed with the scrubbed message.
    """
    on_lambda = "AWS_LAMBDA_RUNTIME_API" in os.environ  # elsewhere, logging belongs to the program that imports us
    if on_lambda:
        _install()

    def guard(event: "Any", context: "Any") -> "Any":
        _invocations[0] += 1
        try:
            return handler(event, context)
        except Exception as error:
            if not on_lambda:
                raise
            log.exception("the function failed")
            raise Failed(f"{type(error).__name__}: {scrub(str(error))}") from None

    return guard


def _install() -> None:
    """Guard the handlers of the root logger, Python's warnings, and exceptions that nobody catches."""
    for handler in logging.getLogger().handlers:
        if not any(isinstance(there, Guard) for there in handler.filters):
            handler.addFilter(Guard())
    logging.captureWarnings(True)
    threading.excepthook = lambda lost: _lost(lost.exc_type, lost.exc_value, lost.exc_traceback)
    sys.unraisablehook = lambda lost: _lost(lost.exc_type, lost.exc_value, lost.exc_traceback)


def _lost(kind: "type[BaseException]", error: "BaseException | None", trace: "TracebackType | None") -> None:
    log.error("an exception that nobody caught", exc_info=(kind, error or kind(), trace))


def measured(message: str, metrics: "dict[str, float]", unit: str, **details: "str | int | float | bool") -> None:
    """Write one line with details, which is also a data point of each of the `metrics`: CloudWatch reads it as EMF.

    The metrics are in the namespace Watchbell. Their dimension is the name of the function. Put no secret and no text
    of a person into `details`: this line is not scrubbed.
    """
    line = {"message": message, **metrics, **details, "cold": int(_invocations[0] <= 1)}
    # A single write, because each one becomes an event of its own.
    sys.stdout.write(
        f'{{"_aws":{{"Timestamp":{time.time_ns() // 1_000_000},{_head(unit, *metrics)}{json_text.text(line)[1:]}\n'
    )


@cache
def _head(unit: str, *metrics: str) -> str:
    """Return what each line with these metrics begins with, after its time. A person waits for each line."""
    described = {
        "CloudWatchMetrics": [
            {
                "Namespace": "Watchbell",
                "Dimensions": [["function"]],
                "Metrics": [{"Name": name, "Unit": unit} for name in metrics],
            }
        ]
    }
    constant = {"level": "INFO", "build": BUILD, "function": os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")}
    return f"{json.dumps(described)[1:]},{json.dumps(constant)[1:-1]},"
