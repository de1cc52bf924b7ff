"""The daily status digest. It goes to the channel behind the webhook `webhooks/digest`."""

from datetime import date

from watchbell import Schedule, choice
from watchbell.status import digest
from watchbell.tools.toolbox import Tools

schedule = Schedule(
    "daily_digest",
    "Tells a channel once a day how every watched service is",
    at=choice("digest_time"),
    zone=choice("digest_zone"),
    language=choice("digest_language"),
)


@schedule.run
def daily_digest(day: date, tools: Tools) -> None:
    """Queue the digest of `day`. The delivery id contains the date, so a second run does not send a second message."""
    message = digest.compose(tools.sources.ask(), day).message()
    tools.send_queue.send(
        {"kind": "webhook", "delivery": f"digest#{day.isoformat()}", "webhook": "digest", "message": message}
    )
