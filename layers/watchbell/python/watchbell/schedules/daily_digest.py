"""The daily status digest, sent to the channel behind the webhook `webhooks/digest`."""

from datetime import date

from watchbell.schedule import Schedule
from watchbell.status import digest
from watchbell.tools import Tools

schedule = Schedule("daily_digest", "Tells a channel once a day how every watched service is")


@schedule.run
def daily_digest(day: date, tools: Tools) -> None:
    """Queued under an id made of its date, so that a second run for that date is not a second message."""
    message = digest.compose(tools.sources.ask(), day).message()
    tools.send_queue.send(
        {"kind": "webhook", "delivery": f"digest#{day.isoformat()}", "webhook": "digest", "message": message}
    )
