"""Puts work on its queue, from the ingress: SQS SendMessage without an SDK."""

from .aws_json import AwsJson


class Enqueue:
    """Calling it puts a text (at most 1 MiB) on the queue at `url`.

    Raises Unavailable if SQS refused it, and Unsure if it may be there all the same. A message may arrive twice, when a
    connection broke after SQS took it: the worker is idempotent.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._sqs = AwsJson("sqs", url)

    def __call__(self, text: str) -> None:
        self._sqs.call("AmazonSQS.SendMessage", {"QueueUrl": self._url, "MessageBody": text})
