"""The worker's bench times only right answers, and says whether the figure meets its goal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from bench.__main__ import together
from bench.bundle import Bundle, Runtime
from bench.cold import Start
from bench.instance import WrongAnswer
from bench.request import Discord
from bench.stubs import WebStub, WorkStub
from bench.worker import Comparison, fault, worker_start

DONE = {"batchItemFailures": []}
SHOWN = json.dumps({"embeds": [{"title": "CPU"}], "components": [{"custom_id": "status:refresh"}]})


def starts(*whole: float) -> list[Start]:
    return [Start(init=part - 20, first_invoke=20, whole=part, warm=5) for part in whole]


def test_the_figures_show_the_worker_beside_the_ingress_and_a_noop() -> None:
    compared = Comparison(noop=starts(50, 500, 50), ingress=starts(100, 1000, 100), worker=starts(300, 4000, 320))
    assert compared.figures() == {
        "worker_vs_noop": 6.4,
        "worker_vs_ingress": 3.2,
        "init_ms": 300,
        "first_invoke_ms": 20,
    }


def test_figures_with_the_same_name_fit_into_one_object() -> None:
    figures = {"cold": {"init_ms": 80.0, "zip_bytes": 1}, "worker": {"init_ms": 300.0, "worker_vs_noop": 6.0}}
    assert together(figures) == {"init_ms": 80.0, "zip_bytes": 1, "worker_init_ms": 300.0, "worker_vs_noop": 6.0}


@pytest.mark.parametrize(("worker", "verdict"), [(600, "met"), (610, "MISSED")])
def test_the_table_shows_whether_the_goal_is_met(worker: float, verdict: str) -> None:
    compared = Comparison(starts(50), starts(100), starts(worker))
    assert compared.table().splitlines()[-1].split()[-1] == verdict


class Seen(NamedTuple):
    """What the stubs received."""

    tokens: list[str]
    messages: list[str]
    writes: list[str]


def test_a_status_that_was_claimed_counted_shown_and_marked_done_is_right() -> None:
    seen = Seen(["token"], [SHOWN], ["interaction#1", "quota#status", "interaction#1"])
    assert fault(DONE, "token", seen, seen) == ""


@pytest.mark.parametrize(
    ("answer", "seen", "wrong"),
    [
        ({"batchItemFailures": [{"itemIdentifier": "1"}]}, Seen(["token"], [SHOWN], ["1", "1"]), "instead of success"),
        (DONE, Seen([], [], ["1", "1"]), "instead of the answer of token"),
        (DONE, Seen(["token", "token"], [SHOWN, SHOWN], ["1", "1"]), "instead of the answer of token"),
        (DONE, Seen(["token"], ['{"content": "Sorry"}'], ["1", "1"]), "instead of a status with buttons"),
        (DONE, Seen(["token"], [SHOWN], ["interaction#1", "quota#1"]), "instead of taking one claim"),
        (DONE, Seen(["token"], [SHOWN], ["interaction#1", "quota#1", "interaction#2"]), "instead of taking one claim"),
        (DONE, Seen(["token"], [SHOWN], ["interaction#1", "interaction#1"]), "instead of taking one claim"),
    ],
    ids=["failed", "not shown", "shown twice", "something else", "not recorded", "another claim", "not counted"],
)
def test_anything_else_is_wrong(answer: dict, seen: Seen, wrong: str) -> None:
    assert wrong in fault(answer, "token", seen, seen)


@pytest.fixture
def stubs(tmp_path: Path) -> Iterator[tuple[WorkStub, WebStub]]:
    web = WebStub(tmp_path)
    work = WorkStub(tmp_path, {"prod": web.source_url})
    yield work, web
    work.stop()
    web.stop()


def test_a_worker_that_does_nothing_is_not_timed(tmp_path: Path, stubs: tuple[WorkStub, WebStub]) -> None:
    (tmp_path / "handler.py").write_text(f"def handler(event, context): return {DONE}")
    bundle = Bundle("idle", tmp_path, tmp_path, Runtime(tmp_path / "runtime"))
    with pytest.raises(WrongAnswer, match=r"idle: edited the answers of \[\]"):
        worker_start(bundle, Discord(), *stubs)
