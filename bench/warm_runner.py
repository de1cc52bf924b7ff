"""The process of a contender. For each line on stdin, call the handler with its events and print the times.

A line in is a JSON list of events. A line out is {"ns": […], "answers": […]}. This file can only import the standard
library and what is in the function's bundle.
"""

import json
import os
import sys
import time

answers_to = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what a handler prints goes to its log, not among the answers

from handler import handler  # noqa: E402


def timed(event: dict) -> tuple[int, dict]:
    before = time.perf_counter_ns()
    answer = handler(event, None)
    return time.perf_counter_ns() - before, answer


for line in sys.stdin:
    calls = [timed(event) for event in json.loads(line)]
    print(json.dumps({"ns": [ns for ns, _ in calls], "answers": [answer for _, answer in calls]}), file=answers_to)
    answers_to.flush()
