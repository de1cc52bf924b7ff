"""Puts work on the work queue, for the ingress: SQS SendMessage without an SDK."""

from .aws_json import AwsJson


class Enqueue:
    """Call it to put a text (at most 1 MiB) on the queue at `url`.

    Raises Unavailable if SQS refused the text, and Unsure if the text may be on the queue. A text may arrive twice if a
    connection broke after SQS took it. The worker is idempotent.

    The connection is opened in the background at once.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._sqs = AwsJson("sqs", url, ahead=True)

    def __call__(self, text: str) -> None:
        self._sqs.call("AmazonSQS.SendMessage", {"QueueUrl": self._url, "MessageBody": text})
