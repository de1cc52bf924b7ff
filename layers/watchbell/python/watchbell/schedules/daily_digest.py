"""The daily status digest. It is sent to the channel of the webhook `webhooks/digest`."""

from datetime import date

from watchbell import Schedule, choice
from watchbell.status import digest
from watchbell.tools.toolbox import Tools

schedule = Schedule(
    "daily_digest",
    "Posts the status of every watched service in a channel once a day",
    at=choice("digest_time"),
    zone=choice("digest_zone"),
    language=choice("digest_language"),
    switch="digest",
)


@schedule.run
def daily_digest(day: date, tools: Tools) -> None:
    """Queue the digest of `day`. The delivery id contains the date, so a second run does not send a second message."""
    message = digest.compose(tools.sources.ask(), day).message()
    tools.send_queue.send(
        {"kind": "webhook", "delivery": f"digest#{day.isoformat()}", "webhook": "digest", "message": message}
    )
