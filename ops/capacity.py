"""How many workers may run at the same time, so that Lambda always has room for the function that answers Discord."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from infra.settings import LEAST_CONCURRENCY, defaults
from watchbell.adapters.aws import client

SENDERS = MONITORS = LEAST_CONCURRENCY
MOST_WORKERS = 50
"""The most that `setup` proposes. More would help only a bot that is in very many servers."""


def limit() -> int | None:
    """Return how many functions may run at the same time in this account and region. None if AWS does not say."""
    try:
        answer = client("lambda").get_account_settings()
        return int(answer["AccountLimit"]["ConcurrentExecutions"])
    except (BotoCoreError, ClientError, KeyError, TypeError, ValueError):
        return None


def proposal(limit: int | None) -> int:
    """Return a good number of workers for that limit: the queues get at most 60 % of it, all together."""
    if limit is None:
        return _default()
    return max(LEAST_CONCURRENCY, min(MOST_WORKERS, limit * 6 // 10 - SENDERS - MONITORS))


def advice(limit: int | None, region: str) -> str:
    """Return what the operator should know about that limit. Empty if there is room for more workers than usual."""
    if limit is None:
        return (
            f"AWS did not say how many functions this account may run at the same time in {region}. "
            f"{_default()} workers are right for the smallest accounts."
        )
    workers = proposal(limit)
    if workers > _default():
        return ""
    left = max(0, limit - workers - SENDERS - MONITORS)
    return (
        f"This account may run only {limit} functions at the same time in {region}, all its stacks together. "
        f"With {workers} workers, {SENDERS} senders and {MONITORS} monitors, {left} are left to answer Discord. "
        'If more people use the bot at the same moment, some of them read "This interaction failed". '
        "Ask AWS for 1000: Service Quotas, AWS Lambda, Concurrent executions. It costs nothing. Then run setup again."
    )


def _default() -> int:
    return int(defaults()["worker_concurrency"])
