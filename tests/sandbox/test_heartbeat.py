"""A job pings the whole sandbox, and its pings say how the heartbeat is."""

from __future__ import annotations

import time
import urllib.error
import urllib.request

from sandbox.logs import Logs
from sandbox.sandbox import Options, Sandbox
from watchbell.data.tables import PING
from watchbell.status.heartbeat import Rhythm, heartbeat
from watchbell.status.ping import pings, unpinged

ID, RUN = "4be1c7d2-63a9-4f0e-9a51-7c2d90e8b314", "c0ffee00-1111-4222-8333-444455556666"
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback needs no proxy


def send(method: str, url: str, body: bytes | None = None) -> tuple[int, str, str]:
    """Return the status, the text and the header Allow."""
    try:
        answer = DIRECT.open(urllib.request.Request(url, body, method=method), timeout=30)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.read().decode(), answer.headers.get("Allow", "")


def test_a_job_pings_its_url_and_is_down_when_it_says_so() -> None:
    with Sandbox(Options(), Logs()) as sandbox:
        table = sandbox.functions.function("heartbeat").environment["STATE_TABLE"]
        row = {**PING.item_key(ID), "guild": {"S": "1"}, "monitor": {"S": "m0n1t0r5"}, **unpinged()}
        sandbox.aws.dynamodb.put_item(TableName=table, Item=row)
        url = sandbox.interactions_url.replace("/interactions", "/ping/")
        assert send("GET", f"{url}{ID}/start?rid={RUN}") == (200, "OK", "")
        assert send("HEAD", f"{url}{ID}/log") == (200, "", "")
        assert send("POST", f"{url}{ID}/3/?rid={RUN}", b"the disk is full") == (200, "OK", "")
        assert send("PUT", f"{url}{ID}")[::2] == (405, "GET, HEAD, POST")
        assert send("GET", f"{url}{ID}?rid=1")[0] == 400
        assert send("GET", f"{url}{RUN}")[:2] == (404, "No monitor has this URL.")
        found = sandbox.aws.dynamodb.get_item(TableName=table, Key=PING.item_key(ID), ConsistentRead=True)["Item"]
    assert found["body"] == {"S": "the disk is full"}
    sent = pings(found)
    assert [(ping.what, ping.run) for ping in sent] == [("start", RUN), ("3", RUN)]
    after = heartbeat(sent, Rhythm(period=60, grace=60), at=time.time(), next_after=lambda *_: 0.0)
    assert (after.status, after.running) == ("down", False)
    assert after.duration is not None
    assert after.duration >= 0
