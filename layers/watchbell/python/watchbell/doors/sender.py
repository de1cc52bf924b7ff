"""Sends what is in the send queue: alerts, notices of maintenance, digests, reminders, notifications, and messages for
webhooks.

Only the parameter store holds the URLs of webhooks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from ..adapters.batch import Delivery, NotOurs, wait_after
from ..data.tables import DELIVERY
from ..discord import webhook
from ..errors import DiscordError, Paced, Retry, Unavailable
from ..kit import catalogue
from ..outbox import editions, mailboxes, maintenance, notifications, timed, webhooks
from ..status import notification
from ..status.later import Later
from ..status.refusal import RETIRED
from ..tools.toolbox import Tools

log = logging.getLogger(__name__)

MOST_SECONDS = 4 * 24 * 60 * 60
"""How long a message may wait for Discord's limits. Then it is a dead letter. The queue keeps a message as long."""

MOST_TIMES = 12
"""How often a notification begins again with ten new tries, which take 13 minutes: it survives two hours of outage."""


IN_FLIGHT = 10
"""How many messages a sender sends at the same time."""


def lane(message: dict) -> str:
    """What the messages for the same recipients have in common. They are sent one after another.

    The parts of an edition are for different recipients of a server, so they need not wait for each other.
    """
    detail = message.get("detail")
    if isinstance(detail, dict):
        name = ("channel", "webhook", "guild")
        return " ".join(f"{each} {detail[each]}" for each in name if detail.get(each))
    part = message.get("to")
    first = part[0] if isinstance(part, list) and part else ""
    return f"{message.get('guild')} {message.get('webhook')} {first}"


def deliver(delivery: Delivery, tools: Tools) -> None:
    """Send what one message of the queue asks for. If this raises an exception, the message goes back to the queue."""
    unhurried(delivery, tools.now(), lambda: _deliver(delivery, tools))


def unhurried(delivery: Delivery, now: float, act: Callable[[], None]) -> None:
    """Call `act`. To wait for Discord's limits is no failure, however often it happens in MOST_SECONDS.

    So a message that has to wait at its last delivery is put on the queue as a new one. Otherwise it would be a dead
    letter.
    """
    try:
        act()
    except (Paced, DiscordError) as error:
        since = delivery.message.get("since") or delivery.sent_at
        waits = isinstance(error, Paced) or error.status == 429
        if not (delivery.last and waits and now - since < MOST_SECONDS):
            raise
        if not delivery.begin_again(wait_after(error, delivery.attempt), {**delivery.message, "since": since}):
            raise
        log.info("put on the queue again: %s", error)


def _deliver(delivery: Delivery, tools: Tools) -> None:
    message = delivery.message
    match message.get("kind"):
        case "news" if _texts(message, "guild"):
            _tell(lambda: editions.announce(message["guild"], tools), message, delivery.last)
        case "edition" if _texts(message, "guild", "edition") and _is_list(message.get("to", [])):
            only = message.get("to", [])
            _tell(lambda: mailboxes.tell(message["guild"], message["edition"], tools, only), message, delivery.last)
        case "step" if _is_later(message):
            _tell(lambda: editions.escalate(message["guild"], Later.of(message), tools), message, delivery.last)
        case "chosen" if _texts(message, "guild", "channel") and isinstance(message.get("at"), int):
            guild_id = message["guild"]
            edition = editions.catch_up(guild_id, message["channel"], message["at"], tools)
            if edition:
                _tell(lambda: mailboxes.tell(guild_id, edition, tools), message, delivery.last)
        case "maintenance" if _is_later(message):
            maintenance.announce(message["guild"], Later.of(message), tools)
        case "cancelled" if _texts(message, "guild", "plan") and isinstance(message.get("at"), int):
            maintenance.cancelled(message["guild"], message["plan"], message["at"], tools)
        case "timed" if _is_later(message):
            _tell(lambda: timed.post(message["guild"], Later.of(message), tools), message, delivery.last)
        case "webhook":
            _deliver_to_webhook(message, tools)
        case "errand" if _texts(message, "schedule", "subject"):
            schedule = catalogue.schedule(message["schedule"])
            if schedule is None or schedule.when_sent is None:
                raise NotOurs("no schedule has such an errand")
            schedule.when_sent(message["subject"], tools)
        case None | "notification" if message.get("detail-type") == notification.TYPE:
            _notify(delivery, tools)
        case _:
            raise NotOurs("not a Watchbell message: its kind is unknown, or a part of it is missing")


def _tell(tell: Callable[[], None], message: dict, last: bool) -> None:
    """Tell news. If Discord or AWS is still unwell at the last try, the tick brings the news again later."""
    try:
        tell()
    except (DiscordError, Unavailable, Retry) as error:
        if not last or isinstance(error, Paced) or (isinstance(error, DiscordError) and error.permanent):
            raise
        log.warning("not told yet: %s", error, extra={"guild_id": message["guild"]})


def _is_later(message: dict) -> bool:
    return _texts(message, "guild", "id") and all(isinstance(message.get(name), int) for name in ("at", "number"))


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _notify(delivery: Delivery, tools: Tools) -> None:
    """Post a notification. If Discord or AWS is still unwell at the last try, it begins again as a new message.

    What cannot be posted as it is never comes again: it goes to the dead letters.
    """
    event = delivery.message
    try:
        message = notifications.post(event, tools)
        deliver_it = webhooks.notify if message and message["guild"] else _deliver_to_webhook
        code = deliver_it(message, tools) if message else ""
        if code:
            raise notification.Refused(*code.split(":", 1))
    except notification.Refused as reason:
        notifications.refuse(event, reason, tools)
    except (DiscordError, Unavailable, Retry) as error:
        if isinstance(error, Paced):  # to wait for Discord's limits is no failure
            raise
        begun = int(event.get("again", 0))
        wait = wait_after(error, delivery.attempt)
        if not delivery.last or begun >= MOST_TIMES or not delivery.begin_again(wait, {**event, "again": begun + 1}):
            raise
        log.warning("not posted yet: %s", error, extra={"again": begun + 1})


def _texts(message: dict, *names: str) -> bool:
    return all(isinstance(message.get(name), str) for name in names)


def _deliver_to_webhook(message: dict, tools: Tools) -> str:
    """Send one message at least once. If this raises an exception, the message goes back to the queue.

    Return why it cannot be sent, as a code of `notification.REASONS` and perhaps a colon and a detail, or "".

    Webhooks have no nonce. So a message is sent twice if Discord's answer is lost, or if the function dies before it
    records the answer. The claim keeps the id of the sent message, or a code that says why there is none.
    """
    name, id, body = message.get("webhook"), message.get("delivery"), message.get("message")
    if not isinstance(name, str) or not isinstance(id, str):
        raise NotOurs("not a Watchbell message: it has no webhook or no id")
    if not isinstance(body, dict):
        raise NotOurs("not a Watchbell message: there is nothing to send")
    details = {"webhook": name, "delivery": id}
    url = tools.webhook(name)
    if url is None:
        log.error("not sent: no URL is configured for this webhook; set it, or set it to `none`", extra=details)
        tools.count("WebhookUnusable")
        return "webhook_missing"
    if url == webhook.NONE:
        log.info("not sent: the operator does not want this webhook", extra=details)
        return ""
    target = webhook.parse(url, tools.discord_url)
    if target is None:
        log.error("not sent: the URL that is configured for this webhook is not a Discord webhook", extra=details)
        tools.count("WebhookUnusable")
        return "webhook_invalid"
    if tools.retired_webhooks.has(name, url):
        log.error("not sent: Discord no longer knows this webhook; set its URL again", extra=details)
        tools.count("WebhookUnusable")
        return "webhook_retired"
    thread = webhook.thread_id(url)
    where: dict[str, Any] = {"thread_id": thread} if thread else {}
    post = None if thread else tools.webhook(f"{name}/thread-name")  # a forum's webhook opens a thread with this name
    if post:
        body = {**body, "thread_name": post}
    claim = tools.claims.take(DELIVERY, id)
    if claim is None:
        return ""
    with claim:
        try:
            sent = tools.discord.execute_webhook(*target, body, **where)
        except DiscordError as error:
            if error.permanent and error.code in RETIRED:
                tools.retired_webhooks.add(name, url)
                log.error("WEBHOOK RETIRED: Discord no longer knows it; set its URL again", extra=details)  # noqa: TRY400
                tools.count("WebhookUnusable")
                claim.done("webhook_retired")
                return "webhook_retired"
            if not error.permanent:
                raise
            advice = webhook.ADVICE.get(error.code)
            details |= {"advice": advice} if advice else {}
            log.exception("not sent: Discord refused the message, and would refuse it again", extra=details)
            tools.count("WebhookUnusable")
            claim.done(f"refused:{error.status}:{error.code}")
            return f"refused:{error.status} {error.code}"
        sent_id = sent.get("id", "")  # none if Discord's answer could not be read
        claim.done(sent_id)
        log.info("sent", extra={**details, "discord_message_id": sent_id})
    return ""
