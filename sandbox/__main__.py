"""Runs Watchbell on this machine: `serve` stays up, `demo` shows a person who uses the bot, `play` lets you be one."""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
import threading
from collections.abc import Sequence
from functools import partial
from urllib.parse import urlsplit

from sandbox import demo, play
from sandbox.aws.custom_resources import DeployFailed
from sandbox.discord import EndpointRefused
from sandbox.logs import Logs
from sandbox.sandbox import Options, Sandbox
from sandbox.template import TemplateError
from watchbell.adapters.sources import NAME_LENGTH

SERVE = """\
Runs Watchbell on this machine: its functions under the real Lambda runtime client, AWS simulated by moto, and a
simulated Discord. It listens on 127.0.0.1 only. The first line on stdout is a JSON object with the URLs. The functions'
logs go to stderr. The control API can turn the clock of the schedules, the functions, the queues and the simulated
Discord. The signatures of requests that you sign with your own key still run on real time.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, partial(_stop, 0 if chosen.command == "serve" else 130))
    if chosen.command == "demo":
        return demo.play(as_json=chosen.json)
    if chosen.command == "play":
        return play.play()
    options = Options(
        port=chosen.port,
        application_id=chosen.app_id,
        bot_token=chosen.bot_token,
        public_keys=chosen.public_key,
        discord_url=chosen.discord_url or "",
        status_sources=dict(chosen.status_source),
        one_clock=True,
        leaky=chosen.leaky,
    )
    return _serve(options)


def _serve(options: Options) -> int:
    logs = Logs(sys.stderr)
    try:
        with Sandbox(options, logs, play.People) as sandbox:
            print(json.dumps(sandbox.ready_line()), flush=True)
            threading.Event().wait()
    except OSError as problem:
        print(f"Cannot listen on 127.0.0.1:{options.port}: {problem.strerror or problem}", file=sys.stderr)
    except (DeployFailed, EndpointRefused, TemplateError, RuntimeError) as problem:
        print(f"The sandbox did not start: {problem}", file=sys.stderr)
    finally:
        logs.flush()
    return 1


def _stop(status: int, *_: object) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # stopping takes a moment and must not be interrupted
    raise SystemExit(status)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", description=SERVE, help="run Watchbell on this machine and stay up")
    defaults = Options()
    serve.add_argument("--port", type=_port, default=8040, help="the API's port; 0 takes a free one (default: 8040)")
    serve.add_argument("--app-id", type=_snowflake, default=defaults.application_id, help="the application id")
    serve.add_argument(
        "--public-key",
        type=_key,
        action="append",
        default=[],
        metavar="HEX",
        help="also accept requests signed with this Ed25519 key; repeatable",
    )
    serve.add_argument("--bot-token", type=_token, default=defaults.bot_token, help="the bot token")
    serve.add_argument(
        "--discord-url",
        type=_url,
        metavar="URL",
        help="send every Discord call to this base URL and simulate no Discord; without a path, /api/v10 is added",
    )
    serve.add_argument(
        "--status-source",
        type=_source,
        action="append",
        default=[],
        metavar="NAME=URL",
        help="a status source for /status; repeatable (default: two made-up ones, prod and staging)",
    )
    serve.add_argument(
        "--leaky",
        action="store_true",
        help="the simulated Discord's rate limits for new messages refill bit by bit, not all at once",
    )
    played = commands.add_parser("demo", help="start everything and play a person who uses the bot")
    played.add_argument("--json", action="store_true", help="print one JSON object instead of the transcript")
    by_hand = argparse.RawDescriptionHelpFormatter
    commands.add_parser("play", help="be a person who uses the bot", description=play.HELP, formatter_class=by_hand)
    return parser


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: expected 0 to 65535")
    return int(text)


def _snowflake(text: str) -> str:
    if not re.fullmatch("[0-9]{1,20}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not an application id: expected up to 20 digits")
    return text


def _key(text: str) -> str:
    if not re.fullmatch("[0-9a-fA-F]{64}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a public key: expected 64 hexadecimal digits")
    return text.lower()


def _token(text: str) -> str:
    if not re.fullmatch(r"[!-~]+", text):
        raise argparse.ArgumentTypeError("a bot token must be visible ASCII without spaces")
    return text


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise argparse.ArgumentTypeError(f"{text!r} is not an http or https URL")
    return text.rstrip("/") + ("" if parts.path.strip("/") else "/api/v10")


def _source(text: str) -> tuple[str, str]:
    name, _, url = text.partition("=")
    if not re.fullmatch(rf"[A-Za-z0-9_.-]{{1,{NAME_LENGTH}}}", name):
        rule = f"1 to {NAME_LENGTH} letters, digits and _ . -"
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=URL, with a name of {rule}")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise argparse.ArgumentTypeError(f"{url!r} is not an http or https URL")
    return name, url


if __name__ == "__main__":
    sys.exit(main())
