"""Sends the messages in the send queue to their webhooks. Only the parameter store holds the URLs of webhooks."""

from __future__ import annotations

import logging

from ..adapters.batch import Delivery, NotOurs
from ..data.tables import DELIVERY
from ..discord import webhook
from ..errors import DiscordError
from ..tools.toolbox import Tools

log = logging.getLogger(__name__)


def deliver(delivery: Delivery, tools: Tools) -> None:
    """Send one message at least once. If this raises an exception, the message goes back to the queue.

    Webhooks have no nonce. So a message is sent twice if Discord's answer is lost, or if the function dies before it
    records the answer. The claim keeps the id of the sent message, or a code that says why there is none.
    """
    message = delivery.message
    name, id, body = message.get("webhook"), message.get("delivery"), message.get("message")
    if message.get("kind") != "webhook" or not isinstance(name, str) or not isinstance(id, str):
        raise NotOurs("not a Watchbell message: it has no webhook or no id")
    if not isinstance(body, dict):
        raise NotOurs("not a Watchbell message: there is nothing to send")
    details = {"webhook": name, "delivery": id}
    url = tools.webhook(name)
    if url is None:
        log.error("not sent: no URL is configured for this webhook; set it, or set it to `none`", extra=details)
        tools.count("WebhookUnusable")
        return
    if url == webhook.NONE:
        log.info("not sent: the operator does not want this webhook", extra=details)
        return
    target = webhook.parse(url, tools.discord_url)
    if target is None:
        log.error("not sent: the URL that is configured for this webhook is not a Discord webhook", extra=details)
        tools.count("WebhookUnusable")
        return
    if tools.retired_webhooks.has(name, url):
        log.error("not sent: this webhook is gone from Discord; configure a new URL", extra=details)
        tools.count("WebhookUnusable")
        return
    claim = tools.claims.take(DELIVERY, id)
    if claim is None:
        return
    with claim:
        try:
            sent = tools.discord.execute_webhook(*target, body)
        except DiscordError as error:
            if error.status == 404 or error.code == 50027:
                tools.retired_webhooks.add(name, url)
                log.error("WEBHOOK RETIRED: Discord no longer knows it; configure a new URL", extra=details)  # noqa: TRY400
                tools.count("WebhookUnusable")
                claim.done("webhook_retired")
                return
            if not error.permanent:
                raise
            log.exception("not sent: Discord refused the message, and would refuse it again", extra=details)
            tools.count("WebhookUnusable")
            claim.done(f"refused:{error.status}:{error.code}")
            return
        sent_id = str((sent or {}).get("id", ""))
        claim.done(sent_id)
        log.info("sent", extra={**details, "discord_message_id": sent_id})
