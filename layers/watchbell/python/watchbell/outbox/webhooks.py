"""Sends by the webhooks of servers, at least once.

A webhook has no nonce, and its messages cannot be listed. So a message is sent twice if Discord's answer is lost, or if
the function dies before it records the answer.
"""

from __future__ import annotations

import logging

from ..data.tables import DELIVERY
from ..discord import webhook
from ..discord.reply import Reply
from ..errors import Changed, DiscordError
from ..status.refusal import RETIRED, UNKNOWN_CHANNEL
from ..tools.toolbox import Tools
from . import posting
from .kinds import WEBHOOK

log = logging.getLogger(__name__)

UNREADABLE = "?"
"""The id of a message that was sent, and whose id could not be read."""

UNKNOWN_MESSAGE = 10008


class Hook:
    """A webhook of a server. Methods raise DiscordError.

    If Discord no longer knows the webhook, it is retired: nothing is sent by it until its URL is set again.
    """

    def __init__(self, guild_id: str, item: dict, url: str, life: str, tools: Tools) -> None:
        self._guild_id, self._item, self._life, self._tools = guild_id, item, life, tools
        self._target = webhook.parse(url, tools.discord_url)
        self._thread = webhook.thread_id(url)
        self._post = "" if self._thread else str(item["post"] or "")

    def send(self, reply: Reply, nonce: str = "", delivery: str = "", *, answers: str = "") -> str:
        """Send a message without its buttons, because a webhook cannot send any. Return its id.

        In a forum it opens a post, unless it `answers` a message: then it goes into the post of that message. The
        other parameters are those of `posting.Channel.send`. A webhook has no use for them.
        """
        reply.buttons.clear()
        return self.post(reply.message(), answers)

    def post(self, body: dict, answers: str = "") -> str:
        """Do what `send` does with a message as Discord takes it."""
        if not self._post:
            return self._sent(body, self._thread)
        if answers not in ("", UNREADABLE):
            try:
                return self._sent(body, answers)  # Discord: the first message of a post has the id of the post
            except DiscordError as error:
                if error.code != UNKNOWN_CHANNEL:
                    raise  # somebody has deleted the post
        return self._sent({**body, "thread_name": self._post}, "")

    def edit(self, message_id: str, reply: Reply) -> None:
        """Edit a message. Do nothing if Discord refuses it, unless it no longer knows the webhook."""
        if message_id == UNREADABLE:
            return
        reply.buttons.clear()
        thread = message_id if self._post else self._thread
        try:
            self._call("edit_webhook_message", message_id, reply.edit(), thread_id=thread)
        except DiscordError as error:
            if not error.permanent or error.code in RETIRED:
                raise
            if error.code != UNKNOWN_MESSAGE:  # somebody has deleted it: the answer tells enough
                log.warning("could not edit an alert: %s", error)

    def _sent(self, body: dict, thread: str) -> str:
        sent = self._call("execute_webhook", body, thread_id=thread)
        return str(sent.get("id") or UNREADABLE)

    def _call(self, method: str, *arguments: object, thread_id: str) -> dict:
        if self._target is None or self._item["retired"] == self._life:
            raise DiscordError("POST /webhooks/{webhook}/{token}", 404, RETIRED[0], "not called: it is retired")
        try:
            answer: dict = getattr(self._tools.discord, method)(*self._target, *arguments, thread_id=thread_id)
        except DiscordError as error:
            if error.permanent and error.code in RETIRED:
                self._retire()
            raise
        return answer

    def _retire(self) -> None:
        self._item = {**self._item, "retired": self._life}
        try:
            self._tools.data(WEBHOOK, self._guild_id).put(self._item)
        except Changed:  # it was removed, or its URL was set again
            log.info("the webhook has changed meanwhile", extra={"guild_id": self._guild_id})


def find(guild_id: str, name: str, tools: Tools) -> Hook | None:
    """The webhook of a server with this name, None if the server has none. Raises Unavailable."""
    item = tools.data(WEBHOOK, guild_id).get(name)
    if item is None:
        return None
    found = tools.server_webhook(guild_id, name)
    if found is None or found.life != item["life"]:  # it was set less than a minute ago
        found = tools.server_webhook(guild_id, name, fresh=True)
    return Hook(guild_id, item, *found, tools) if found else None


def notify(message: dict, tools: Tools) -> str:
    """Send a notification by a webhook of its server. Return why it cannot be sent, as `sender` does, or ""."""
    guild_id, name, id = message["guild"], message["webhook"], message["delivery"]
    details = {"guild_id": guild_id, "webhook": name, "delivery": id}
    hook = find(guild_id, name, tools)
    if hook is None:
        log.warning("not sent: the server has no webhook with this name", extra=details)
        return "no_server_webhook"
    claim = tools.claims.take(DELIVERY, id)
    if claim is None:
        return ""
    with claim:
        try:
            sent = hook.post(message["message"])
        except DiscordError as error:
            if not error.permanent:
                raise
            chosen = tools.server_settings.of(guild_id)
            posting.refused(guild_id, f"webhook:{name}", error, int(tools.now()), chosen, tools)
            claim.done(f"refused:{error.status}:{error.code}")
            return f"refused:{error.status} {error.code}"
        claim.done(sent)
    log.info("sent", extra={**details, "discord_message_id": sent})
    return ""
