"""A contender's own process: calls its handler with the events of each line, and answers how long each call took.

Only what the function's bundle brings is importable here. In: a JSON list of events. Out: {"ns": […], "answers": […]}.
"""

import json
import os
import sys
import time

answers_to = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what a handler prints is its log

from handler import handler  # noqa: E402


def timed(event: dict) -> tuple[int, dict]:
    before = time.perf_counter_ns()
    answer = handler(event, None)
    return time.perf_counter_ns() - before, answer


for line in sys.stdin:
    calls = [timed(event) for event in json.loads(line)]
    print(json.dumps({"ns": [ns for ns, _ in calls], "answers": [answer for _, answer in calls]}), file=answers_to)
    answers_to.flush()
