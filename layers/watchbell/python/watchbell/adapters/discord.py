"""Calls the routes of Discord's REST API that Watchbell uses.

Errors name a route by its template, because the real path may hold a token.
"""

from __future__ import annotations

import json
import logging
import mimetypes
from collections.abc import Callable, Sequence
from typing import Any

import requests

from ..discord.files import File
from ..errors import DiscordError
from .sessions import session

USER_AGENT = "DiscordBot (https://watchbell.example, 0.1)"
SECONDS = (3.05, 10)
"""The timeouts: to connect, and between two bytes of the answer."""

log = logging.getLogger(__name__)

BLOCKED_SECONDS = 300.0
"""How long to wait after a 429 without Discord's headers. It comes from Cloudflare, which blocks for minutes."""


class DiscordClient:
    """A client for the API at `base_url`, such as https://discord.com/api/v10. Every method raises DiscordError.

    `bot_token(fresh)` returns the token. If Discord refuses the token, it is called once more with True.
    `files` are sent as `files[0]`, `files[1]`, …: the numbers are the ids in the message's `attachments`.
    """

    def __init__(self, base_url: str, bot_token: Callable[[bool], str]) -> None:
        self._base = base_url
        self._bot_token = bot_token
        self._session = session()
        self._session.headers["User-Agent"] = USER_AGENT
        self.requests_made = 0
        """How many requests this client has made."""

    # Messages of an interaction. The interaction's token is the credential.

    def edit_original(self, application_id: str, token: str, message: dict, files: Sequence[File] = ()) -> dict:
        route = "PATCH /webhooks/{application}/{token}/messages/@original"
        return self._call(route, message, files, application=application_id, token=token)

    def delete_original(self, application_id: str, token: str) -> None:
        self._call("DELETE /webhooks/{application}/{token}/messages/@original", application=application_id, token=token)

    def follow_up(self, application_id: str, token: str, message: dict, files: Sequence[File] = ()) -> dict:
        route = "POST /webhooks/{application}/{token}"
        return self._call(route, message, files, application=application_id, token=token)

    def edit_follow_up(
        self, application_id: str, token: str, message_id: str, message: dict, files: Sequence[File] = ()
    ) -> dict:
        route = "PATCH /webhooks/{application}/{token}/messages/{message}"
        return self._call(route, message, files, application=application_id, token=token, message=message_id)

    def delete_follow_up(self, application_id: str, token: str, message_id: str) -> None:
        route = "DELETE /webhooks/{application}/{token}/messages/{message}"
        self._call(route, application=application_id, token=token, message=message_id)

    # Messages of the bot itself.

    def open_dm(self, user_id: str) -> str:
        """Return the id of the channel for direct messages with a user. Discord creates it if there is none."""
        return self._bot("POST /users/@me/channels", {"recipient_id": user_id})["id"]

    def create_message(self, channel_id: str, message: dict, files: Sequence[File] = (), *, nonce: str) -> dict:
        """Send a message. For a few minutes, a call with the same `nonce` returns the same message and sends no other.

        A nonce has at most 25 characters.
        """
        body = {**message, "nonce": nonce, "enforce_nonce": True}
        return self._bot("POST /channels/{channel}/messages", body, files, channel=channel_id)

    def recent_messages(self, channel_id: str) -> list[dict]:
        """Return the last 50 messages of the channel, newest first."""
        return self._bot("GET /channels/{channel}/messages?limit=50", channel=channel_id)

    # Webhooks of a channel. The operator configures their URLs.

    def execute_webhook(self, webhook_id: str, token: str, message: dict, files: Sequence[File] = ()) -> dict:
        """Send a message, and return it as Discord created it."""
        route = "POST /webhooks/{webhook}/{token}?wait=true"
        return self._call(route, message, files, webhook=webhook_id, token=token)

    # Servers.

    def guilds(self) -> list[str]:
        """Return the ids of all servers that the bot is in. A call lists at most 200."""
        route, found = "GET /users/@me/guilds?limit=200&after={after}", ["0"]
        while page := self._bot(route, after=found[-1]):
            found += sorted((guild["id"] for guild in page), key=int)
        return found[1:]

    # Commands of the application: the global ones, or those of one server.

    def commands(self, scope: str) -> list[dict]:
        return self._bot("GET /applications/{scope}/commands?with_localizations=true", scope=scope)

    def create_command(self, scope: str, command: dict) -> dict:
        return self._bot("POST /applications/{scope}/commands", command, scope=scope)

    def edit_command(self, scope: str, command_id: str, changes: dict) -> dict:
        return self._bot("PATCH /applications/{scope}/commands/{command}", changes, scope=scope, command=command_id)

    def delete_command(self, scope: str, command_id: str) -> None:
        self._bot("DELETE /applications/{scope}/commands/{command}", scope=scope, command=command_id)

    def _bot(self, route: str, body: dict | None = None, files: Sequence[File] = (), **names: str) -> Any:
        try:
            return self._call(route, body, files, bot_token=self._bot_token(False), **names)
        except DiscordError as error:
            if not error.unauthorised:
                raise
        return self._call(route, body, files, bot_token=self._bot_token(True), **names)

    def _call(
        self, route: str, body: dict | None = None, files: Sequence[File] = (), *, bot_token: str = "", **names: str
    ) -> Any:
        method, _, path = route.partition(" ")
        self.requests_made += 1
        headers = {"Authorization": f"Bot {bot_token}"} if bot_token else {}
        try:
            response = self._session.request(
                method,
                self._base + path.format(**names),
                json=None if files else body,
                files=_parts(body, files) if files else None,
                headers=headers,
                timeout=SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # `from None`: the message of requests' own error holds the path, and so the token.
            raise DiscordError(route, 0, text=f"no answer ({type(error).__name__})") from None
        if response.status_code == 204:
            return None
        answer = _json(response)
        if 200 <= response.status_code < 300:  # the call succeeded, even if the answer cannot be read
            return answer if answer is not None else {}
        details = answer if isinstance(answer, dict) else {}
        if response.status_code == 429:
            scope = response.headers.get("X-RateLimit-Scope", "none: from Cloudflare")
            log.warning("rate limited: %s, wait %.3f s, scope %s", route, _wait(response, details), scope)
        code, text = details.get("code", 0), details.get("message", "")
        raise DiscordError(
            route,
            response.status_code,
            code if isinstance(code, int) else 0,
            text if isinstance(text, str) else "",
            errors=details.get("errors"),
            wait=_wait(response, details) if response.status_code == 429 else None,
        )


def _parts(message: dict | None, files: Sequence[File]) -> dict[str, tuple[str | None, str | bytes, str]]:
    """Return the parts of a multipart/form-data body: the message as JSON, then each file."""
    parts: dict[str, tuple[str | None, str | bytes, str]] = {
        "payload_json": (None, json.dumps(message), "application/json")
    }
    for number, file in enumerate(files):
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        parts[f"files[{number}]"] = (file.name, file.content, kind)
    return parts


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _wait(response: requests.Response, details: dict) -> float:
    """Return the seconds to wait: from the body, which is more precise, or else from the header."""
    for value in (details.get("retry_after"), response.headers.get("Retry-After")):
        try:
            return max(0.0, float(value))  # type: ignore[arg-type]
        except (TypeError, ValueError):
            continue
    return BLOCKED_SECONDS
