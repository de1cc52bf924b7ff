"""Counts in CloudWatch metrics, by log lines in embedded metric format."""

from __future__ import annotations

import threading

from aws_lambda_powertools.metrics import MetricUnit, single_metric

_one_line = threading.Lock()


def count(name: str, service: str) -> None:
    """Add one to the metric `name`, in the namespace Watchbell with the dimension `service`."""
    with _one_line, single_metric(name=name, unit=MetricUnit.Count, value=1, namespace="Watchbell") as metric:
        metric.add_dimension(name="service", value=service)
