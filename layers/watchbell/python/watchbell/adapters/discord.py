"""Calls the routes of Discord's REST API that Watchbell uses.

Errors name a route by its template, because the real path may hold a token.

A write that was answered with 2xx is done, even if the answer cannot be read. `discord.answers` reads the others.
"""

from __future__ import annotations

import hashlib
import json
import logging
import mimetypes
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import quote

import requests

from ..discord import answers, channels, check, permissions
from ..discord.channels import Overwrite
from ..discord.files import File
from ..discord.interaction import Interaction
from ..discord.reply import Reply
from ..errors import DefinitionError, DiscordError, Paced
from .pace import Pace
from .sessions import session

USER_AGENT = "DiscordBot (https://watchbell.example, 0.1)"
SECONDS = (3.05, 10)
"""The timeouts: to connect, and between two bytes of the answer."""

log = logging.getLogger(__name__)

LARGEST = 10_000_000
"""An answer with more bytes is not read."""

DMS = 10_000
"""How many channels of direct messages a client remembers."""

REASON = 512
"""How many characters of a reason Discord takes for its audit log."""

UNKNOWN_CHANNEL, UNKNOWN_MEMBER, UNKNOWN_MESSAGE, UNKNOWN_OVERWRITE = 10003, 10007, 10008, 10009
UNKNOWN_ROLE, UNKNOWN_USER = 10011, 10013
NO_ACCESS, ARCHIVED, THREAD_EXISTS = 50001, 50083, 160004
"""Discord's error codes for what a call finds to be so already."""

Seal = Callable[[dict, Interaction | None], dict]
"""Returns a message with its custom ids sealed, for the person who caused the interaction."""


def _no_seal(message: dict, interaction: Interaction | None) -> dict:
    raise DefinitionError("this client seals no buttons, so it cannot send or edit a Reply")


class DiscordClient:
    """A client for the API at `base_url`, such as https://discord.com/api/v10. Every method raises DiscordError.

    A method that creates or edits returns the object that Discord made, or {} if the answer cannot be read.
    `bot_token(fresh)` returns the token. If Discord refuses the token, it is called once more with True.
    `files` are sent as `files[0]`, `files[1]`, …: the numbers are the ids in the message's `attachments`.
    `seal` is for `send` and `edit`, and `now` gives epoch seconds. With a `pace`, the calls of all functions together
    keep Discord's limits. Then methods raise Paced if a call has to wait, unless a person waits for it.

    `reason` is shown in the server's audit log. Discord takes 512 characters; the rest is cut off.

    A method that deletes or removes something does nothing if it is gone already. So a second try does no harm.

    Threads may share a client.
    """

    def __init__(
        self,
        base_url: str,
        bot_token: Callable[[bool], str],
        seal: Seal = _no_seal,
        now: Callable[[], float] = time.time,
        pace: Pace | None = None,
    ) -> None:
        self._base = base_url
        self._bot_token = bot_token
        self._seal, self._now = seal, now
        self._pace = pace
        self._me = ""
        self._dms: dict[str, str] = {}
        self._opened: set[str] = set()
        self._session = session()
        self._session.headers["User-Agent"] = USER_AGENT
        self.requests_made = 0
        """How many requests this client has made."""

    # Messages of an interaction. The interaction's token is the credential.

    def edit_original(self, application_id: str, token: str, message: dict, files: Sequence[File] = ()) -> dict:
        route = "PATCH /webhooks/{application}/{token}/messages/@original"
        return self._call(route, message, files, application=application_id, token=token)

    def original(self, application_id: str, token: str) -> dict:
        """Return the original response, or the message with the component, as it is now."""
        route = "GET /webhooks/{application}/{token}/messages/@original"
        return self._call(route, fits=answers.is_object, application=application_id, token=token)

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
        """Return the id of the channel for direct messages with a user. Discord creates it if there is none.

        The id never changes, so only the first call for a user asks Discord.
        """
        id = self._dms.get(user_id, "")
        if not id:
            channel = self._bot("POST /users/@me/channels", {"recipient_id": user_id}, fits=answers.is_object)
            if len(self._dms) >= DMS:
                self._dms.clear()
                self._opened.clear()
            id = self._dms[user_id] = str(channel["id"])
            self._opened.add(id)
        return id

    def create_message(self, channel_id: str, message: dict, files: Sequence[File] = (), *, nonce: str) -> dict:
        """Send a message. For a few minutes, a call with the same `nonce` returns the same message and sends no other.

        A nonce has at most 25 characters.
        """
        body = {**message, "nonce": nonce, "enforce_nonce": True}
        return self._bot("POST /channels/{channel}/messages", body, files, channel=channel_id)

    def recent_messages(self, channel_id: str) -> list[dict]:
        """Return the last 50 messages of the channel, newest first. None without READ_MESSAGE_HISTORY.

        Discord: without that permission the list is empty. It is no error.
        """
        return self._bot("GET /channels/{channel}/messages?limit=50", fits=answers.are_messages, channel=channel_id)

    def messages(self, channel_id: str, before: str = "") -> list[dict]:
        """Return the last 100 messages of the channel, newest first, or those before the message with the id `before`.

        Discord: without READ_MESSAGE_HISTORY, there are none. Those of others have no text unless `reads_content`.
        """
        route = "GET /channels/{channel}/messages?limit=100" + ("&before={before}" if before else "")
        return self._bot(route, fits=answers.are_messages, channel=channel_id, before=before)

    def reads_content(self) -> bool:
        """Return whether the application has the Message Content intent, with which it reads what others write.

        Discord: the flags GATEWAY_MESSAGE_CONTENT, and GATEWAY_MESSAGE_CONTENT_LIMITED in up to 100 servers.
        """
        flags = self._bot("GET /applications/@me", fits=answers.is_object).get("flags")
        return isinstance(flags, int) and bool(flags & (1 << 18 | 1 << 19))

    # What features send besides their answer.

    def send(
        self,
        channel_id: str,
        reply: Reply,
        *,
        nonce: str,
        answers: str = "",
        interaction: Interaction | None = None,
        whose: str = "tools.discord.send",
    ) -> dict:
        """Send `reply` to a channel or a thread, with its buttons and files. Return the message.

        `answers` is the id of a message in the channel to which it is an answer, if that message still exists.

        For a few minutes, a call with the same `nonce` and channel returns the same message and sends no other. A nonce
        has any length. A button that is bound to a person or a server needs the `interaction` that it is bound to.
        Raises InvalidReply if Discord would refuse the message. The error says `whose` message it is.
        """
        if reply.private:
            raise DefinitionError("a message in a channel cannot be private; send it to open_dm(user) instead")
        written = reply.message()
        if answers:
            written["message_reference"] = {"message_id": answers, "fail_if_not_exists": False}
        message, files = self._ready("message", written, reply, interaction, whose)
        # Discord: a nonce has at most 25 characters, and belongs to the author and not to the channel.
        fitted = hashlib.sha256(f"{channel_id} {nonce}".encode("utf-8", "replace")).hexdigest()[:25]
        return self.create_message(channel_id, message, files, nonce=fitted)

    def edit(self, channel_id: str, message_id: str, reply: Reply, *, interaction: Interaction | None = None) -> dict:
        """Make `reply` of a message that the bot sent, in place of all that it shows. Return the message.

        A message with a layout of Components V2 can only become another one. A poll cannot be edited. `interaction` is
        as in `send`.
        """
        message, files = self._ready("edit", reply.edit(), reply, interaction, "tools.discord.edit")
        route = "PATCH /channels/{channel}/messages/{message}"
        return self._bot(route, message, files, channel=channel_id, message=message_id)

    def delete(self, channel_id: str, message_id: str, *, reason: str = "") -> None:
        """Delete a message. Those of others need MANAGE_MESSAGES."""
        route = "DELETE /channels/{channel}/messages/{message}"
        gone = (UNKNOWN_MESSAGE, UNKNOWN_CHANNEL)
        self._bot_unless(gone, route, reason=reason, channel=channel_id, message=message_id)

    def _ready(
        self, kind: str, message: dict, reply: Reply, interaction: Interaction | None, whose: str
    ) -> tuple[dict, Sequence[File]]:
        files = reply.uploads()
        sealed = self._seal(message, interaction)
        check.require(kind, sealed, files, whose=whose)
        return sealed, files

    # Channels and threads. A thread has the methods of a channel.

    def channels(self, server_id: str) -> list[dict]:
        """Return the channels of a server, without its threads."""
        return self._bot("GET /guilds/{server}/channels", fits=answers.are_channels, server=server_id)

    def channel(self, channel_id: str) -> dict:
        return self._bot("GET /channels/{channel}", fits=answers.is_channel, channel=channel_id)

    def create_channel(
        self,
        server_id: str,
        name: str,
        *,
        kind: str = "text",
        topic: str = "",
        parent: str = "",
        overwrites: Iterable[Overwrite] | None = None,
        slowmode: int = 0,
        reason: str = "",
    ) -> dict:
        """Create a channel and return it. Needs MANAGE_CHANNELS.

        `name` has 1-100 characters; Discord writes the name of a text channel in lower case, with `-` for spaces.
        `kind` is text, voice, category, announcement, stage or forum. `topic` has at most 1,024 characters.
        `parent` is the id of a category. Without `overwrites`, the channel gets those of its category. The bot can only
        allow or deny what it may do itself. `slowmode` is in seconds, at most 21,600.

        Discord has no nonce for channels: a second try creates a second channel. See `journal`.
        """
        channel = channels.settings(
            name=name,
            kind=kind,
            topic=topic or None,
            parent=parent or None,
            overwrites=overwrites,
            slowmode=slowmode or None,
        )
        return self._bot("POST /guilds/{server}/channels", channel, reason=reason, server=server_id)

    def edit_channel(
        self,
        channel_id: str,
        *,
        name: str | None = None,
        topic: str | None = None,
        parent: str | None = None,
        overwrites: Iterable[Overwrite] | None = None,
        slowmode: int | None = None,
        archived: bool | None = None,
        locked: bool | None = None,
        reason: str = "",
    ) -> dict:
        """Change what is not None, and return the channel. `parent=""` takes it out of its category.

        `overwrites` replaces all of them. Only a thread can be `archived` or `locked`.
        """
        changes = channels.settings(
            name=name,
            topic=topic,
            parent=parent,
            overwrites=overwrites,
            slowmode=slowmode,
            archived=archived,
            locked=locked,
        )
        try:
            return self._bot("PATCH /channels/{channel}", changes, reason=reason, channel=channel_id)
        except DiscordError as error:
            if error.code != ARCHIVED or not archived:
                raise
            thread = self.channel(channel_id)  # an earlier try, whose answer was lost, may have archived it
            if not channels.shows(thread, changes):
                raise
            return thread

    def delete_channel(self, channel_id: str, *, reason: str = "") -> None:
        """Delete a channel or a thread, with all of its messages. The channels in a category stay."""
        self._bot_unless((UNKNOWN_CHANNEL,), "DELETE /channels/{channel}", reason=reason, channel=channel_id)

    def overwrite(
        self,
        channel_id: str,
        *,
        role: str = "",
        member: str = "",
        allow: str | Iterable[str] = (),
        deny: str | Iterable[str] = (),
        reason: str = "",
    ) -> None:
        """Set what a role or a member may do in a channel, in place of what was set for them. Needs MANAGE_ROLES.

        `allow` and `deny` are names of permissions, such as "VIEW_CHANNEL". Others follow from the roles.
        """
        payload = Overwrite(role=role, member=member, allow=allow, deny=deny).payload()
        target = payload.pop("id")
        route = "PUT /channels/{channel}/permissions/{target}"
        self._bot(route, payload, reason=reason, channel=channel_id, target=target)

    def delete_overwrite(self, channel_id: str, target_id: str, *, reason: str = "") -> None:
        """Let a role or a member do in a channel again what follows from the roles."""
        route = "DELETE /channels/{channel}/permissions/{target}"
        gone = (UNKNOWN_OVERWRITE, UNKNOWN_CHANNEL)
        self._bot_unless(gone, route, reason=reason, channel=channel_id, target=target_id)

    def threads(self, server_id: str) -> list[dict]:
        """Return the threads of a server that are not archived. `parent_id` is the channel of each."""
        return self._bot("GET /guilds/{server}/threads/active", fits=answers.has_threads, server=server_id)["threads"]

    def archived_threads(self, channel_id: str, *, private: bool = False) -> list[dict]:
        """Return the archived threads of a channel, the first page. The `private` ones need MANAGE_THREADS."""
        route = f"GET /channels/{{channel}}/threads/archived/{'private' if private else 'public'}"
        return self._bot(route, fits=answers.has_threads, channel=channel_id)["threads"]

    def create_thread(
        self, channel_id: str, name: str, *, message: str = "", private: bool = False, reason: str = ""
    ) -> dict:
        """Create a thread and return it: at the message with the id `message`, or one that starts empty.

        A thread at a message has the id of the message, and is created once: a second call returns it. Only who is
        added sees a `private` thread, and who has MANAGE_THREADS.
        """
        if message and private:
            raise DefinitionError("a thread at a message is as public as the message; leave out private=True")
        body = channels.settings(name=name)
        if not message:
            body["type"] = channels.PRIVATE_THREAD if private else channels.PUBLIC_THREAD
            return self._bot("POST /channels/{channel}/threads", body, reason=reason, channel=channel_id)
        try:
            route = "POST /channels/{channel}/messages/{message}/threads"
            return self._bot(route, body, reason=reason, channel=channel_id, message=message)
        except DiscordError as error:
            if error.code != THREAD_EXISTS:
                raise
        return self.channel(message)

    def create_post(
        self,
        forum_id: str,
        name: str,
        reply: Reply,
        *,
        tags: Iterable[str] = (),
        interaction: Interaction | None = None,
        reason: str = "",
    ) -> dict:
        """Open a post in a forum: a thread called `name` whose first message is `reply`. Return the thread.

        `tags` are the ids of at most 5 tags of the forum: `channel(forum_id)["available_tags"]`. Needs SEND_MESSAGES.
        The first message has the id of the thread. `interaction` is as in `send`.

        Discord has no nonce for posts: a second try opens a second post. See `journal`.
        """
        if reply.private:
            raise DefinitionError("a post in a forum cannot be private; send the reply to open_dm(user) instead")
        body = channels.settings(name=name, tags=tags)
        body["message"], files = self._ready(
            "message", reply.message(), reply, interaction, "tools.discord.create_post"
        )
        return self._bot("POST /channels/{channel}/threads", body, files, reason=reason, channel=forum_id)

    def add_to_thread(self, thread_id: str, user_id: str) -> None:
        self._bot("PUT /channels/{channel}/thread-members/{user}", channel=thread_id, user=user_id)

    def remove_from_thread(self, thread_id: str, user_id: str) -> None:
        gone = (UNKNOWN_MEMBER, UNKNOWN_CHANNEL)
        self._bot_unless(gone, "DELETE /channels/{channel}/thread-members/{user}", channel=thread_id, user=user_id)

    # Members, roles and permissions.

    def me(self) -> str:
        """Return the user id of the bot. Only the first call asks Discord."""
        self._me = self._me or self._bot("GET /users/@me", fits=answers.is_object)["id"]
        return self._me

    def server(self, server_id: str) -> dict:
        """Return a server as Discord's guild object, with its `roles` and its `owner_id`."""
        return self._bot("GET /guilds/{server}", fits=answers.is_server, server=server_id)

    def member(self, server_id: str, user_id: str) -> dict:
        """Return a member of a server. `roles` are the ids of the roles that they hold."""
        return self._bot("GET /guilds/{server}/members/{user}", fits=answers.is_member, server=server_id, user=user_id)

    def add_role(self, server_id: str, user_id: str, role_id: str, *, reason: str = "") -> None:
        """Give a member a role. Needs MANAGE_ROLES, and a role of the bot above it."""
        route = "PUT /guilds/{server}/members/{user}/roles/{role}"
        self._bot(route, reason=reason, server=server_id, user=user_id, role=role_id)

    def remove_role(self, server_id: str, user_id: str, role_id: str, *, reason: str = "") -> None:
        """Take a role from a member. Needs what `add_role` needs."""
        route = "DELETE /guilds/{server}/members/{user}/roles/{role}"
        gone = (UNKNOWN_MEMBER, UNKNOWN_ROLE, UNKNOWN_USER)
        self._bot_unless(gone, route, reason=reason, server=server_id, user=user_id, role=role_id)

    def missing(self, channel_id: str, *names: str) -> list[str]:
        """Return those of the named permissions that the bot does not have in a channel or a thread.

        They are computed from roles and overwrites as Discord does it. That takes three or four reads. In a channel
        that the bot cannot see, it has none of them. In direct messages nothing is missing.
        """
        wanted = permissions.bits(*names)
        try:
            channel = place = self.channel(channel_id)
            thread = channel["type"] in channels.THREADS
            if thread:
                place = self.channel(channel["parent_id"])
        except DiscordError as error:
            if error.code != NO_ACCESS:
                raise
            return list(names)
        if not channel.get("guild_id"):
            return []
        server = self.server(channel["guild_id"])
        member = self.member(server["id"], self.me())
        held = permissions.in_channel(server, member, place, self._now(), thread=thread)
        return permissions.names_of(wanted & ~held)

    # Webhooks of a channel. The operator and servers set their URLs.

    def read_webhook(self, webhook_id: str, token: str) -> dict:
        """Return a webhook. `channel_id` is the channel that it posts in."""
        return self._call(
            "GET /webhooks/{webhook}/{token}", fits=answers.is_object, paced=True, webhook=webhook_id, token=token
        )

    def execute_webhook(
        self, webhook_id: str, token: str, message: dict, files: Sequence[File] = (), *, thread_id: str = ""
    ) -> dict:
        """Send a message to the webhook's channel, or to a thread in it. Return the message as Discord created it.

        Discord drops components without `with_components`, and takes none that somebody can press.
        """
        route = "POST /webhooks/{webhook}/{token}?wait=true" + ("&thread_id={thread}" if thread_id else "")
        route += "&with_components=true" if message.get("components") else ""
        return self._call(route, message, files, paced=True, webhook=webhook_id, token=token, thread=thread_id)

    def edit_webhook_message(
        self, webhook_id: str, token: str, message_id: str, message: dict, *, thread_id: str = ""
    ) -> dict:
        """Edit a message that the webhook sent. If it is in a thread, Discord needs the id of the thread."""
        route = "PATCH /webhooks/{webhook}/{token}/messages/{message}" + ("?thread_id={thread}" if thread_id else "")
        return self._call(
            route, message, paced=True, webhook=webhook_id, token=token, message=message_id, thread=thread_id
        )

    # Servers.

    def guilds(self, after: str = "0") -> list[str]:
        """Return the ids of the servers that the bot is in, in ascending order: at most 200, those after `after`."""
        route = "GET /users/@me/guilds?limit=200&after={after}"
        ids = sorted((guild["id"] for guild in self._bot(route, fits=answers.are_objects, after=after)), key=int)
        if ids and int(ids[0]) <= int(after):
            raise DiscordError(route, 200, text="the list does not go on after the last id", by_discord=False)
        return ids

    # Commands of the application: the global ones, or those of one server.

    def commands(self, scope: str) -> list[dict]:
        return self._bot(
            "GET /applications/{scope}/commands?with_localizations=true", fits=answers.are_commands, scope=scope
        )

    def replace_commands(self, scope: str, commands: list[dict]) -> None:
        """Make `commands` the whole set. A command with the same type and name keeps its id."""
        self._bot("PUT /applications/{scope}/commands", commands, scope=scope)

    def _bot(
        self,
        route: str,
        body: dict | list | None = None,
        files: Sequence[File] = (),
        *,
        fits: Callable[[Any], bool] | None = None,
        reason: str = "",
        **names: str,
    ) -> Any:
        def call(token: str) -> Any:
            return self._call(route, body, files, fits=fits, reason=reason, paced=True, bot_token=token, **names)

        token, made = self._bot_token(False), self.requests_made
        try:
            return call(token)
        except (DiscordError, Paced) as error:
            if not self._is_of_token(error, token):
                raise
            fresh = self._bot_token(True)
            if fresh == token:
                self._stop(route, made)
                raise
        made = self.requests_made
        try:
            return call(fresh)
        except DiscordError as error:
            if error.unauthorised:
                self._stop(route, made)
            raise

    def _is_of_token(self, error: DiscordError | Paced, token: str) -> bool:
        """Whether Discord refuses the token, or is known to refuse it."""
        if isinstance(error, DiscordError):
            return error.unauthorised
        return self._pace is not None and self._pace.refuses(token)

    def _stop(self, route: str, made: int) -> None:
        """Raise the alarm if Discord itself has refused a token, which was read again. `made` counts earlier requests.

        Otherwise that was known, and the call was not made.
        """
        if self._pace and self.requests_made > made:
            self._pace.stops("DISCORD REFUSES THE BOT TOKEN: set another one; %s", route)

    def _bot_unless(self, gone: tuple[int, ...], route: str, *, reason: str = "", **names: str) -> None:
        """Call `route`. Do nothing if Discord answers with a code in `gone`: what should go is gone."""
        try:
            self._bot(route, None, (), fits=None, reason=reason, **names)
        except DiscordError as error:
            if error.code not in gone:
                raise

    def _call(
        self,
        route: str,
        body: dict | list | None = None,
        files: Sequence[File] = (),
        *,
        fits: Callable[[Any], bool] | None = None,
        reason: str = "",
        bot_token: str = "",
        paced: bool = False,
        **names: str,
    ) -> Any:
        """Return the answer if `fits` accepts it. Without `fits`, return the object that a write made, or {}.

        If `paced`, the call waits for its turn. Calls by the token of an interaction have limits of their own.
        """
        method, _, path = route.partition(" ")
        turn = None
        if self._pace and paced:
            follows = names.get("channel") in self._opened
            turn = self._pace.turn(route, names, bot_token, follows=follows)
        self.requests_made += 1
        headers = {"Authorization": f"Bot {bot_token}"} if bot_token else {}
        if reason.strip():
            headers["X-Audit-Log-Reason"] = quote(reason.strip()[:REASON], safe="", errors="replace")
        try:
            response = self._session.request(
                method,
                self._base + path.format(**names),
                json=None if files else body,
                files=_parts(body, files) if files else None,
                headers=headers,
                timeout=SECONDS,
                allow_redirects=False,
                stream=True,  # The status counts even if the body is cut off.
            )
        except (requests.RequestException, ValueError) as error:
            # `from None`: the message of requests' own error holds the path, and so the token.
            raise DiscordError(route, 0, text=f"no answer ({type(error).__name__})", by_discord=False) from None
        status, content = response.status_code, _content(response)
        if 200 <= status < 300:
            if self._pace:
                self._pace.learn(turn, status, response.headers, None)
            answer = answers.parsed(content)
            if fits is None:
                return answer if answers.is_object(answer) else {}
            if fits(answer):
                return answer
            raise DiscordError(route, status, text="the answer cannot be read", by_discord=False)
        for secret in filter(None, (names.get("token"), bot_token)):
            content = content.replace(secret.encode(), b"***")
        refusal = answers.refusal(route, status, answers.parsed(content), response.headers.get("Retry-After"))
        if status == 429:
            scope = response.headers.get("X-RateLimit-Scope", "none: from Cloudflare")
            log.warning("rate limited: %s, wait %.3f s, scope %s", route, refusal.wait, scope)
        if self._pace:
            if bot_token and refusal.unauthorised:
                self._pace.refused(bot_token)
            self._pace.learn(turn, status, response.headers, refusal)
        raise refusal


def _parts(message: dict | list | None, files: Sequence[File]) -> dict[str, tuple[str | None, str | bytes, str]]:
    """Return the parts of a multipart/form-data body: the message as JSON, then each file."""
    parts: dict[str, tuple[str | None, str | bytes, str]] = {
        "payload_json": (None, json.dumps(message), "application/json")
    }
    for number, file in enumerate(files):
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        parts[f"files[{number}]"] = (file.name, file.content, kind)
    return parts


def _content(response: requests.Response) -> bytes:
    """Return the body, b"" if it is cut off, damaged, or larger than LARGEST."""
    content = bytearray()
    try:
        with response:
            for piece in response.iter_content(1 << 16):
                content += piece
                if len(content) > LARGEST:
                    return b""
    except requests.RequestException:
        return b""
    return bytes(content)
