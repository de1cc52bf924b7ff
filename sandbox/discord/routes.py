"""The REST routes that a status bot uses. Each one answers a call as discord.com/api/v10 does."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.discord import limits, messages, objects
from sandbox.discord.commands import without_localizations
from sandbox.discord.components import every, interactive
from sandbox.discord.interactions import MESSAGE, UPDATE, Interaction
from sandbox.discord.permissions import (
    ATTACH_FILES,
    EMBED_LINKS,
    MANAGE_MESSAGES,
    MANAGE_THREADS,
    READ_MESSAGE_HISTORY,
    SEND_MESSAGES,
    SEND_POLLS,
)
from sandbox.discord.state import State
from sandbox.discord.validation import BOOLEANS, Form, Json, NotSimulated, Refusal
from sandbox.discord.world import DM, GUILD_CATEGORY, GUILD_FORUM, THREADS, Channel, Guild, Webhook

Answer = tuple[int, Any]

GATEWAY_MESSAGE_CONTENT_LIMITED = 1 << 19
"""The flag of an application in less than 100 servers that has the Message Content intent."""

REPLY = 19
"""The type of a message that answers another one."""


@dataclass
class Call:
    """One REST call, with its body read as JSON.

    `where` holds the parameters of the path, `form` the errors in the body, `reason` the one for the audit log.
    """

    state: State
    where: dict[str, str]
    query: dict[str, str]
    body: Any = None
    form: Form = field(default_factory=Form)
    reason: str | None = None

    def record(self, action: str, target_id: str) -> None:
        """Write to the guild's audit log."""
        self.state.world.audit_log.append({"action": action, "target_id": target_id, "reason": self.reason})

    def asks(self, name: str) -> bool:
        return BOOLEANS.get(self.query.get(name, ""), False)

    def number(self, name: str, least: int, most: int, default: int) -> int:
        """A number in the query. Raises 50035 if it is none, or is out of range."""
        given = self.query.get(name, str(default))
        if not re.fullmatch(r"-?\d{1,20}", given):
            self.form.error((name,), "NUMBER_TYPE_COERCE", f'Value "{given}" is not int.')
        else:
            self.form.number((name,), int(given), least, most)
        self.form.refuse()
        return int(given)

    def snowflake(self, name: str) -> int | None:
        """An id in the query, or None if it is not there. Raises 50035 if it is no id."""
        given = self.query.get(name)
        read = None if given is None else int(self.form.snowflake((name,), given))
        self.form.refuse()
        return read


@dataclass(frozen=True)
class Route:
    method: str
    template: str
    answer: Callable[[Call], Answer]
    needs_bot: bool
    limit: limits.Limit
    path: re.Pattern[str]

    @property
    def shape(self) -> str:
        """The path without the names of its parameters: "/channels/{}"."""
        return re.sub(r"\{\w+\}", "{}", self.template)

    @property
    def takes_a_body(self) -> bool:
        return self.method in ("POST", "PUT", "PATCH")


_ID = "[0-9]{1,20}"
_PARAMETERS = {"token": "[^/]+", "message": f"{_ID}|@original", "user": f"{_ID}|@me"}
ROUTES: list[Route] = []
Handler = Callable[[Call], Answer]


def route(line: str, bot: bool = True, limit: limits.Limit = limits.ORDINARY) -> Callable[[Handler], Handler]:
    """Register a handler for "METHOD /path/{parameter}". With `bot` the call needs the bot's token."""
    method, template = line.split()
    path = re.compile(re.sub(r"\{(\w+)\}", lambda name: f"(?P<{name[1]}>{_PARAMETERS.get(name[1], _ID)})", template))

    def register(handler: Handler) -> Handler:
        ROUTES.append(Route(method, template, handler, bot, limit, path))
        return handler

    return register


def webhook_route(line: str) -> Callable[[Handler], Handler]:
    """Register a handler for a route whose path holds its token, of an interaction or an ordinary webhook."""
    return route(line, bot=False, limit=limits.WEBHOOK)


# ---- interactions and webhooks


@route("POST /interactions/{interaction}/{token}/callback", bot=False)
def interaction_callback(call: Call) -> Answer:
    interactions = call.state.interactions
    found = interactions.acknowledge_by_call(call.form, call.where["interaction"], call.where["token"], call.body)
    if not call.asks("with_response"):
        return 204, None
    answer: Json = {"interaction": {"id": found.id, "type": found.type}}
    if found.original:
        answer["interaction"]["response_message_id"] = found.original
    if found.ack_type in (MESSAGE, UPDATE):
        answer["resource"] = {"type": found.ack_type, "message": call.state.world.message(found.original)}
    return 200, answer


@webhook_route("GET /webhooks/{id}/{token}/messages/{message}")
def read_message(call: Call) -> Answer:
    webhook = _webhook(call)
    if webhook:
        return 200, _webhook_message(call, webhook)
    return 200, _answer_message(call)[1]


@webhook_route("PATCH /webhooks/{id}/{token}/messages/{message}")
def edit_message(call: Call) -> Answer:
    webhook = _webhook(call)
    if webhook:
        before = _webhook_message(call, webhook)
        _check_open(call, before)
        fields = messages.read_message(call.form, (), call.body, messages.EDIT, before)
        return 200, call.state.world.change(before["id"], fields)
    interaction, message = _answer_message(call)
    return 200, call.state.interactions.edit(call.form, interaction, message["id"], call.body)


@webhook_route("DELETE /webhooks/{id}/{token}/messages/{message}")
def delete_message(call: Call) -> Answer:
    webhook = _webhook(call)
    if webhook:
        message = _webhook_message(call, webhook)
        _check_open(call, message)
        call.state.world.remove(message["id"])
    else:
        interaction, message = _answer_message(call)
        call.state.interactions.delete(interaction, message["id"])
    return 204, None


@webhook_route("POST /webhooks/{id}/{token}")
def execute_webhook(call: Call) -> Answer:
    """A follow-up, or a message through an ordinary webhook, which returns the message only with wait=true."""
    webhook = _webhook(call)
    if not webhook:
        interaction = call.state.interactions.by_token(call.where["token"])
        if call.snowflake("thread_id") not in (None, int(interaction.body["channel_id"])):
            raise NotSimulated("follow-ups in another thread")
        return 200, call.state.interactions.follow_up(call.form, interaction, call.body)
    body = call.form.object((), call.body)
    if body.get("components") and not call.asks("with_components"):
        call.form.ignore(("components",), "a webhook drops them without with_components=true")
        body = {key: value for key, value in body.items() if key != "components"}
    fields = messages.read_message(call.form, (), body, messages.WEBHOOK)
    author = webhook.user()
    if body.get("username") is not None:
        author["username"] = _webhook_name(call, "username", body["username"])
    if body.get("avatar_url") is not None:
        call.form.url(("avatar_url",), body["avatar_url"])
    if any(interactive(component) for component in every(fields["components"]) if component["type"] != 1):
        message = "Only webhooks of an application can send interactive components"
        call.form.error(("components",), "WEBHOOK_COMPONENTS_NOT_INTERACTIVE", message)
    name = call.form.text(("thread_name",), body["thread_name"], 1, 100) if body.get("thread_name") else ""
    call.form.refuse()
    channel, first = _thread(call, webhook, name, body.get("applied_tags"))
    message_sent = call.state.world.post(channel, author, fields, webhook_id=webhook.id, **first)
    return (200, message_sent) if call.asks("wait") else (204, None)


@webhook_route("GET /webhooks/{id}/{token}")
def read_webhook(call: Call) -> Answer:
    return 200, _webhook_object(call, _known_webhook(call))


@webhook_route("PATCH /webhooks/{id}/{token}")
def edit_webhook(call: Call) -> Answer:
    webhook = _known_webhook(call)
    body = call.form.object((), call.body, ("name", "avatar"))
    if body.get("avatar") is not None:
        raise NotSimulated("avatars of webhooks")
    name = _webhook_name(call, "name", body["name"]) if body.get("name") is not None else webhook.name
    call.form.refuse()
    webhook.name = name
    return 200, _webhook_object(call, webhook)


@webhook_route("DELETE /webhooks/{id}/{token}")
def delete_webhook(call: Call) -> Answer:
    del call.state.world.webhooks[_known_webhook(call).id]
    return 204, None


def _webhook_name(call: Call, key: str, given: Any) -> str:
    """Discord: 1-80 characters, without "clyde" and "discord" in them."""
    name = call.form.text((key,), given, 1, 80)
    for word in ("clyde", "discord"):
        if word in name.lower():
            message = f'{key.title()} cannot contain "{word}"'
            call.form.error((key,), "USERNAME_INVALID_CONTAINS", message)
    return name


def _known_webhook(call: Call) -> Webhook:
    webhook = _webhook(call)
    if webhook is None:
        raise Refusal(404, 10015, "Unknown Webhook")
    return webhook


def _webhook_object(call: Call, webhook: Webhook) -> Json:
    channel = call.state.world.channels[webhook.channel_id]
    shown = {"id": webhook.id, "type": 1, "token": webhook.token, "name": webhook.name, "avatar": None}
    url = f"https://discord.com/api/webhooks/{webhook.id}/{webhook.token}"
    return shown | {"channel_id": channel.id, "guild_id": channel.guild_id, "application_id": None, "url": url}


def _answer_message(call: Call) -> tuple[Interaction, Json]:
    """An interaction, and one of its messages. With `thread_id`, the message is found only in that thread."""
    interaction = call.state.interactions.by_token(call.where["token"])
    message = call.state.interactions.message(interaction, call.where["message"])
    if call.snowflake("thread_id") not in (None, int(message["channel_id"])):
        raise Refusal(404, 10008, "Unknown Message")
    return interaction, message


def _webhook(call: Call) -> Webhook | None:
    """The ordinary webhook in the path, or None if the path is an interaction's. Raises 10015, 50027."""
    if call.where["id"] == call.state.application_id:
        return None
    webhook = call.state.world.webhooks.get(call.where["id"])
    if webhook is None:
        raise Refusal(404, 10015, "Unknown Webhook")
    if webhook.token != call.where["token"]:
        raise Refusal(401, 50027, "Invalid Webhook Token")
    return webhook


def _thread(call: Call, webhook: Webhook, name: str, tags: Any) -> tuple[str, Json]:
    """The id of the channel or thread for a message, and the id of the message if it opens a thread in a forum.

    Raises 10003 for a thread that is not in the webhook's channel, 220001-220003 for what a forum does not take, and
    what `read_tags` raises.
    """
    call.snowflake("thread_id")
    world, given = call.state.world, call.query.get("thread_id")
    channel = world.channels[webhook.channel_id]
    forum = channel.kind == GUILD_FORUM
    if given is not None and (given not in world.channels or world.channels[given].parent_id != channel.id):
        raise Refusal(404, 10003, "Unknown Channel")
    if forum and given is None and not name:
        raise Refusal(400, 220001, "Webhooks posted to forum channels must have a thread_name or thread_id")
    if forum and given is not None and name:
        raise Refusal(400, 220002, "Webhooks posted to forum channels cannot have both a thread_name and thread_id")
    if name and not forum:
        raise Refusal(400, 220003, "Webhooks can only create threads in forum channels")
    if not name:
        return given or channel.id, {}
    applied = read_tags(call, channel, tags, may_all=False)
    thread = world.add_thread(name, channel)
    thread.applied_tags = applied
    return thread.id, {"id": thread.id}


def _webhook_message(call: Call, webhook: Webhook) -> Json:
    """A message of the webhook. A message in a thread is found only with the thread's id."""
    message = call.state.world.message(call.where["message"])
    call.snowflake("thread_id")
    there = call.query.get("thread_id", webhook.channel_id)
    if message.get("webhook_id") != webhook.id or message["channel_id"] != there:
        raise Refusal(404, 10008, "Unknown Message")
    return message


# ---- channels


@route("POST /users/@me/channels")
def open_dm(call: Call) -> Answer:
    body = call.form.object((), call.body, ("recipient_id",))
    recipient = ""
    if call.form.required((), body, "recipient_id"):
        recipient = call.form.snowflake(("recipient_id",), body["recipient_id"])
    call.form.refuse()
    world = call.state.world
    if recipient == call.state.application_id:
        raise Refusal(400, 50007, "Cannot send messages to this user")
    if recipient not in world.accounts:
        raise Refusal(400, 50033, "Invalid Recipient(s)")
    return 200, world.channel_object(world.dm(recipient))


@route("GET /users/@me/guilds")
def list_guilds(call: Call) -> Answer:
    """By ascending id. `limit` is 1-200 (default 200); `before` and `after` are guild ids."""
    limit, before, after = call.number("limit", 1, 200, 200), call.snowflake("before"), call.snowflake("after")
    guilds = sorted((guild for guild in call.state.world.guilds.values() if guild.has_bot), key=lambda g: int(g.id))
    found = [g for g in guilds if int(g.id) > (after or 0) and (before is None or int(g.id) < before)]
    found = found[-limit:] if before is not None and after is None else found[:limit]
    world, counted = call.state.world, call.asks("with_counts")
    return 200, [_my_guild(guild, world.in_guild(world.application_id, guild), counted=counted) for guild in found]


def _my_guild(guild: Guild, permissions: int, *, counted: bool) -> Json:
    """A guild in the list of those that the bot is in. `counted` adds how many members it has."""
    shown: Json = {"id": guild.id, "name": guild.name, "icon": None, "banner": None, "owner": False}
    shown |= {"permissions": str(permissions), "features": []}
    people = len(guild.members) + 1  # with the bot
    return shown | ({"approximate_member_count": people, "approximate_presence_count": people} if counted else {})


@route("GET /channels/{channel}")
def read_channel(call: Call) -> Answer:
    return 200, call.state.world.channel_object(call.state.world.channel_for_bot(call.where["channel"], 0))


@route("POST /channels/{channel}/messages", limit=limits.CREATE_MESSAGE)
def create_message(call: Call) -> Answer:
    world = call.state.world
    channel = world.channel_for_bot(call.where["channel"], SEND_MESSAGES)
    if channel.kind == GUILD_CATEGORY:
        raise Refusal(400, 50008, "Cannot send messages in a non-text channel")
    if channel.kind == GUILD_FORUM:
        raise Refusal(400, 40058, "Cannot message this channel until a thread was created in it")
    _check_lock(call, channel)
    body = call.form.object((), call.body)
    nonce = body.get("nonce")
    if nonce is not None:
        nonce = call.form.text(("nonce",), str(nonce) if isinstance(nonce, int) else nonce, 1, 25)
    fields = messages.read_message(call.form, (), body, messages.CREATE)
    check_contents(call, channel, fields)
    answered = _answered(call, channel, messages.read_reference(call.form, body.get("message_reference")))
    world.reachable(channel)
    earlier = world.said_before(nonce) if nonce and body.get("enforce_nonce") else None
    if earlier:
        call.state.transcript.note(f"nonce {nonce} was used before: no new message")
        return 200, earlier
    more: Json = answered if nonce is None else {"nonce": nonce, **answered}
    message = world.post(channel.id, world.bot, fields, application_id=world.application_id, **more)
    if nonce is not None:
        world.remember(nonce, message["id"])
    return 200, message


def _answered(call: Call, channel: Channel, reference: Json | None) -> Json:
    """The keys of a message that answers another one in the channel. Raises 160002, and 50035 for an unknown message.

    Discord: with `fail_if_not_exists` false, an answer to an unknown message is an ordinary message.
    """
    call.form.refuse()
    if reference is None:
        return {}
    world = call.state.world
    if channel.kind != DM and not world.permissions(world.application_id, channel) & READ_MESSAGE_HISTORY:
        raise Refusal(400, 160002, "Cannot reply without permission to read message history")
    found = world.messages.get(reference["message_id"])
    here = found and found["channel_id"] == channel.id == reference.get("channel_id", channel.id)
    if not here or reference["message_id"] in world.private_to:
        if not reference["fail_if_not_exists"]:
            return {}
        call.form.error(("message_reference",), "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        call.form.refuse()
    place = {"channel_id": channel.id, **({"guild_id": channel.guild_id} if channel.guild_id else {})}
    return {"type": REPLY, "message_reference": {"type": 0, "message_id": reference["message_id"], **place}}


def check_contents(call: Call, channel: Channel, fields: Json) -> None:
    """Check that the bot may send a message with these fields in the channel. Raises 50013."""
    needed = {"embeds": EMBED_LINKS, "attachments": ATTACH_FILES, "poll": SEND_POLLS}
    for key, permission in needed.items():
        if fields.get(key):
            call.state.world.channel_for_bot(channel.id, permission)


def read_tags(call: Call, forum: Channel, given: Any, *, may_all: bool) -> list[str]:
    """The tags of a new post. `may_all` is whether the author may use moderated tags.

    Raises 10087 for a tag that the forum does not have, 40067 if it wants one, 50013 for a moderated one.
    """
    form = call.form
    listed = form.array(("applied_tags",), given or [], 0, 5)
    ids = [form.snowflake(("applied_tags", i), each) for i, each in enumerate(listed)]
    form.refuse()
    known = {tag["id"]: tag for tag in forum.tags}
    if any(id not in known for id in ids):
        raise Refusal(404, 10087, "Unknown tag")
    if any(known[id]["moderated"] for id in ids) and not may_all:
        raise Refusal(403, 50013, "Missing Permissions")
    if forum.needs_tag and not ids:
        raise Refusal(400, 40067, "A tag is required to create a forum post in this channel")
    return ids


@route("GET /channels/{channel}/messages")
def read_messages(call: Call) -> Answer:
    """Newest first. `limit` is 1-100 (default 50). One of `around`, `before` and `after` is a message id.

    Discord: without READ_MESSAGE_HISTORY, there are none, and that is no error.
    """
    world = call.state.world
    channel = world.channel_for_bot(call.where["channel"], 0)
    limit = call.number("limit", 1, 100, 50)
    around, before, after = call.snowflake("around"), call.snowflake("before"), call.snowflake("after")
    may_read = world.permissions(world.application_id, channel) & READ_MESSAGE_HISTORY or channel.kind == DM
    found = list(world.in_channel(channel.id)) if may_read else []
    if around is not None:
        older = [message for message in found if int(message["id"]) < around]
        newer = [message for message in found if int(message["id"]) >= around]
        half = limit // 2
        found = (older[-half:] if half else []) + newer[: limit - half]
    elif before is not None:
        found = [message for message in found if int(message["id"]) < before][-limit:]
    elif after is not None:
        found = [message for message in found if int(message["id"]) > after][:limit]
    return 200, [world.as_the_bot_sees(message) for message in reversed(found[-limit:])]


@route("GET /channels/{channel}/messages/{message}")
def read_channel_message(call: Call) -> Answer:
    return 200, call.state.world.as_the_bot_sees(_channel_message(call, READ_MESSAGE_HISTORY))


@route("PATCH /channels/{channel}/messages/{message}")
def edit_channel_message(call: Call) -> Answer:
    before = _channel_message(call, 0)
    if before["author"]["id"] != call.state.application_id:
        raise Refusal(403, 50005, "Cannot edit a message authored by another user")
    _check_open(call, before)
    fields = messages.read_message(call.form, (), call.body, messages.CHANNEL_EDIT, before)
    return 200, call.state.world.change(before["id"], fields)


@route("DELETE /channels/{channel}/messages/{message}")
def delete_channel_message(call: Call) -> Answer:
    message = _channel_message(call, 0)
    if message["author"]["id"] != call.state.application_id:
        if call.state.world.channels[message["channel_id"]].kind == DM:
            raise Refusal(403, 50003, "Cannot execute action on a DM channel")
        call.state.world.channel_for_bot(message["channel_id"], MANAGE_MESSAGES)
    _check_open(call, message)
    if message["author"]["id"] != call.state.application_id:
        call.record("MESSAGE_DELETE", message["id"])
    call.state.world.remove(message["id"])
    return 204, None


def _channel_message(call: Call, permission: int) -> Json:
    """A message that everybody in the channel sees. These routes do not find ephemeral messages."""
    world = call.state.world
    channel = world.channel_for_bot(call.where["channel"], permission)
    message = world.message(call.where["message"])
    if message["channel_id"] != channel.id or message["id"] in world.private_to:
        raise Refusal(404, 10008, "Unknown Message")
    return message


def _check_open(call: Call, message: Json) -> None:
    """Check that the message is not in an archived or a locked thread, in which nothing is edited or deleted.

    Raises 50083, 160005. Observed for edits and deletions; see issues 2855 of discord-api-docs and 9216 of discord.js.
    """
    world, channel = call.state.world, call.state.world.channels[message["channel_id"]]
    if world.is_archived(channel):
        raise Refusal(400, 50083, "Thread is archived")
    if message.get("webhook_id") is None:
        _check_lock(call, channel)


def _check_lock(call: Call, channel: Channel) -> None:
    """Raises 160005 for a locked thread, unless the bot may manage threads."""
    world = call.state.world
    locked = channel.kind in THREADS and channel.locked
    if locked and not world.permissions(world.application_id, channel) & MANAGE_THREADS:
        raise Refusal(400, 160005, "Thread is locked")


# ---- the application and its commands


@route("GET /users/@me")
def who_am_i(call: Call) -> Answer:
    return 200, objects.own_user(call.state.world.bot)


@route("GET /applications/@me")
def my_application(call: Call) -> Answer:
    return 200, _application(call.state)


@route("GET /oauth2/applications/@me")
def my_oauth2_application(call: Call) -> Answer:
    return 200, _application(call.state)


def _application(state: State) -> Json:
    world, name = state.world, state.world.bot["username"]
    shown: Json = {"id": state.application_id, "name": name, "icon": None, "description": "", "type": None}
    shown |= {"bot": world.bot, "summary": "", "verify_key": state.signer.public_key}
    flags = GATEWAY_MESSAGE_CONTENT_LIMITED if world.message_content else 0
    shown |= {"flags": flags, "flags_new": str(flags)}
    shown |= {"bot_public": True, "bot_require_code_grant": False, "hook": True, "tags": [], "redirect_uris": []}
    shown |= {"interactions_endpoint_url": state.interactions_url, "event_webhooks_url": state.events_url}
    shown |= {"event_webhooks_status": 2 if state.events_url else 1, "role_connections_verification_url": None}
    shown |= {
        "owner": objects.user("1", "owner"),
        "team": None,
        "explicit_content_filter": 0,
        "eligible_oauth2_scopes": [],
    }
    shown |= {"integration_types_config": {"0": {}, "1": {}}}
    shown["approximate_guild_count"] = sum(guild.has_bot for guild in world.guilds.values())
    installed = sum(account.installed_app for account in world.accounts.values())
    return shown | {"approximate_user_install_count": installed, "approximate_user_authorization_count": installed}


def command_routes(scope: str) -> None:
    """Register the same six routes for global commands and for the commands of a guild."""

    @route(f"GET {scope}")
    def read_commands(call: Call) -> Answer:
        found = call.state.commands.all(_scope(call))
        return 200, found if call.asks("with_localizations") else [without_localizations(command) for command in found]

    @route(f"POST {scope}", limit=limits.CHANGE_COMMANDS)
    def create_command(call: Call) -> Answer:
        return call.state.commands.create(call.form, _scope(call), call.body)

    @route(f"PUT {scope}", limit=limits.CHANGE_COMMANDS)
    def replace_commands(call: Call) -> Answer:
        return 200, call.state.commands.replace_all(call.form, _scope(call), call.body)

    @route(f"GET {scope}/{{command}}")
    def read_command(call: Call) -> Answer:
        return 200, call.state.commands.get(_scope(call), call.where["command"])

    @route(f"PATCH {scope}/{{command}}", limit=limits.CHANGE_COMMANDS)
    def edit_command(call: Call) -> Answer:
        return 200, call.state.commands.edit(call.form, _scope(call), call.where["command"], call.body)

    @route(f"DELETE {scope}/{{command}}", limit=limits.CHANGE_COMMANDS)
    def delete_command(call: Call) -> Answer:
        call.state.commands.delete(_scope(call), call.where["command"])
        return 204, None


def _scope(call: Call) -> str | None:
    """The guild in the path, or None for global commands.

    Raises 20012 for another application, 50001 for a guild without the bot.
    """
    if call.where["app"] != call.state.application_id:
        raise Refusal(403, 20012, "You are not authorized to perform this action on this application")
    guild_id = call.where.get("guild")
    if guild_id is not None:
        guild = call.state.world.guilds.get(guild_id)
        if guild is None or not guild.has_bot:
            raise Refusal(403, 50001, "Missing Access")
    return guild_id


command_routes("/applications/{app}/commands")
command_routes("/applications/{app}/guilds/{guild}/commands")
