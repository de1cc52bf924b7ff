"""Parameters are read as AWS stores them, cached for a minute, and never shown."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from sandbox.loopback import Server, as_json
from watchbell.adapters.aws_json import Refused, within
from watchbell.adapters.parameters import LONGEST_PAUSE, SECONDS, STALE_SECONDS, TRIES, Parameters
from watchbell.errors import Unavailable

NAME = "/watchbell/test/webhooks/digest"


@pytest.fixture
def parameters(settings, clock):
    return Parameters(clock)


def test_a_secret_is_decrypted(aws, parameters):
    aws.put_parameter(NAME, "sécret", secret=True)
    assert parameters.secret(NAME) == parameters.find(NAME) == "sécret"


def test_one_that_is_not_there_is_none_or_says_what_to_do(parameters):
    assert parameters.find(NAME) is None
    with pytest.raises(Unavailable, match=rf"{NAME} is not set; `python -m ops setup` sets it"):
        parameters.secret(NAME)


def test_a_value_is_kept_for_a_minute_and_read_anew_when_asked(aws, parameters, clock):
    aws.put_parameter(NAME, "old", secret=True)
    parameters.find(NAME)
    aws.put_parameter(NAME, "new", secret=True)
    assert parameters.find(NAME) == "old"
    assert parameters.find(NAME, fresh=True) == "new"
    aws.put_parameter(NAME, "newer", secret=True)
    clock.now += SECONDS + 1
    assert parameters.find(NAME) == "newer"


def test_threads_that_ask_for_the_same_parameter_share_one_call():
    asked, meeting = [], threading.Barrier(8, timeout=20)

    def call(target, request):
        asked.append(request["Name"])
        time.sleep(0.05)  # the others ask meanwhile
        return {"Parameter": {"Value": "token"}}

    parameters = Parameters(call=call)

    def ask(_number):
        meeting.wait()
        return parameters.find(NAME)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {"token"}
    assert asked == [NAME]


class Busy:
    """A lock that another thread holds, and gives back at once when somebody waits for it."""

    def acquire(self, blocking=True):
        return blocking

    def release(self):
        pass


def test_a_thread_that_has_waited_for_another_one_in_vain_tries_only_once():
    asked, slept = [], []

    def call(target, request):
        asked.append(target)
        raise Unavailable(target)

    parameters = Parameters(sleep=slept.append, call=call)
    parameters._reading[NAME] = Busy()
    with pytest.raises(Unavailable):
        parameters.find(NAME)
    assert (len(asked), slept) == (1, [])


def test_all_below_a_path_are_listed_over_several_pages(aws, parameters):
    for number in range(23):
        aws.put_parameter(f"/watchbell/test/status-sources/s{number:02}", f"http://s{number}/", secret=False)
    aws.put_parameter("/watchbell/test/status-sources/deeper/x", "http://x/", secret=False)
    found = parameters.below("/watchbell/test/status-sources")
    assert found == {f"s{number:02}": f"http://s{number}/" for number in range(23)}
    assert parameters.below("/watchbell/test/nothing") == {}


@pytest.mark.parametrize("status", [400, 500])
def test_a_store_that_refuses_is_unavailable(status, monkeypatch, settings):
    server = Server(lambda request: as_json(status, {"__type": "ThrottlingException", "message": "x"}))
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    time = Time()
    with pytest.raises(Unavailable, match="ThrottlingException"):
        Parameters(time, time.sleep).find(NAME)


def test_a_store_that_is_away_is_unavailable(monkeypatch, settings):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    time = Time()
    with pytest.raises(Unavailable, match="no answer"):
        Parameters(time, time.sleep).find(NAME)


# A store that fails


PATH = "/watchbell/test/status-sources"
THROTTLED = Refused("AmazonSSM", 400, {"__type": "ThrottlingException"})
FAILED = Refused("AmazonSSM", 500, {"__type": "InternalServerError"})
FORBIDDEN = Refused("AmazonSSM", 400, {"__type": "AccessDeniedException"})
SILENT = Unavailable("no answer")


class Time:
    """The time of several threads that do nothing but sleep. It goes on when all of them sleep."""

    def __init__(self, threads=1):
        self.now = 1_795_334_400.0
        self._awake = threads
        self._wakes = []
        self._order = count()
        self._turn = threading.Condition()

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        with self._turn:
            wake = (self.now + seconds, next(self._order))
            self._wakes.append(wake)
            self._go_on(-1)
            self._turn.wait_for(lambda: wake not in self._wakes)

    def end(self):
        """A thread has ended."""
        with self._turn:
            self._go_on(-1)

    def _go_on(self, more):
        self._awake += more
        if not self._awake and self._wakes:
            first = min(self._wakes)
            self._wakes.remove(first)
            self.now, self._awake = first[0], 1
            self._turn.notify_all()


class Store:
    """A parameter store with `sources`. Each call takes 20 ms.

    It answers the first calls with `failures`, and `per_second` calls a second, after a burst of as many.
    """

    def __init__(self, time, sources=1, per_second=1000.0):
        self.time, self.sources, self.per_second = time, sources, per_second
        self.failures = []
        self.answered = []
        self.refused = 0
        self._tokens, self._filled_at = per_second, time()

    def call(self, target, request):
        self.time.sleep(0.02)
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return failure
        now = self.time()
        self._tokens = min(self.per_second, self._tokens + (now - self._filled_at) * self.per_second)
        self._filled_at = now
        if self._tokens < 1:
            self.refused += 1
            raise THROTTLED
        self._tokens -= 1
        first = int(request.get("NextToken", 0))
        self.answered.append((threading.get_ident(), first))
        if target == "AmazonSSM.GetParameter":
            return {"Parameter": {"Value": f"value {len(self.answered)}"}}
        numbers = range(first, min(first + request["MaxResults"], self.sources))
        page = {"Parameters": [{"Name": f"{PATH}/s{number}", "Value": f"http://s{number}/"} for number in numbers]}
        return page if numbers.stop == self.sources else {**page, "NextToken": str(numbers.stop)}


@pytest.fixture
def store():
    return Store(Time())


def reading(store):
    return Parameters(store.time, store.time.sleep, store.call)


def test_thirty_cold_workers_read_200_sources_from_a_store_that_takes_40_calls_a_second():
    time = Time(threads=30)
    store = Store(time, sources=200, per_second=40.0)
    found = []

    def work():
        try:
            found.append(Parameters(time, time.sleep, store.call).below(PATH))
        finally:
            time.end()

    workers = [threading.Thread(target=work) for _ in range(30)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found == [{f"s{number}": f"http://s{number}/" for number in range(200)}] * 30
    assert store.refused > 0
    assert len(store.answered) == len(set(store.answered)) == 30 * 20  # nobody reads a page again


def test_functions_that_are_throttled_together_do_not_come_back_in_step(store):
    def pauses():
        slept = []
        store.failures = [THROTTLED] * 8
        Parameters(store.time, slept.append, store.call).find(NAME)
        return slept

    first, second = pauses(), pauses()
    assert len(first) == len(second) == 8
    assert not set(first) & set(second)
    assert max(first + second) <= LONGEST_PAUSE


def test_a_listing_that_ran_out_of_patience_goes_on_from_its_page(store):
    store.sources, parameters = 25, reading(store)
    store.failures = [store.call("list", {"MaxResults": 10}), *[THROTTLED] * 1000]
    store.answered.clear()
    with pytest.raises(Unavailable, match="ThrottlingException"):
        parameters.below(PATH)
    store.failures.clear()
    assert len(parameters.below(PATH)) == 25
    assert [first for _, first in store.answered] == [10, 20]


def test_a_listing_whose_page_is_refused_for_good_begins_again(store):
    store.sources, parameters = 25, reading(store)
    store.failures = [store.call("list", {"MaxResults": 10}), Refused("x", 400, {"__type": "InvalidNextToken"})]
    with pytest.raises(Refused):
        parameters.below(PATH)
    assert len(parameters.below(PATH)) == 25


@pytest.mark.parametrize("failure", [THROTTLED, FAILED, SILENT])
def test_a_failure_that_passes_is_not_seen(store, failure):
    store.failures = [failure, failure]
    assert reading(store).find(NAME) == "value 1"


@pytest.mark.parametrize("failure", [THROTTLED, FAILED, SILENT, {}, [], None, {"Parameter": None}])
def test_the_last_value_is_used_for_some_minutes_with_a_warning(store, failure, caplog):
    parameters = reading(store)
    assert parameters.find(NAME) == "value 1"
    store.time.now += SECONDS + 1
    store.failures = [failure] * 1000
    assert parameters.find(NAME) == "value 1"
    assert len(store.failures) == 999  # a person waits, so it is not tried again
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "value 1" not in caplog.text
    assert parameters.find(NAME) == "value 1"
    assert len(store.failures) == 999  # nor is every reader slowed down
    store.time.now += STALE_SECONDS
    with pytest.raises(Unavailable):
        parameters.find(NAME)
    store.failures.clear()
    assert parameters.find(NAME) == "value 2"


def test_a_store_that_is_back_is_read_soon(store):
    parameters = reading(store)
    parameters.find(NAME)
    store.time.now += SECONDS + 1
    store.failures = [THROTTLED]
    assert parameters.find(NAME) == "value 1"
    store.time.now += SECONDS / 3 + 1
    assert parameters.find(NAME) == "value 2"


def test_a_refusal_for_good_is_an_error_at_once_even_with_an_older_value(store):
    parameters = reading(store)
    parameters.find(NAME)
    store.time.now += SECONDS + 1
    store.failures = [FORBIDDEN]
    with pytest.raises(Refused, match="AccessDenied"):
        parameters.find(NAME)


def test_a_fresh_value_is_never_an_older_one(store):
    parameters = reading(store)
    parameters.find(NAME)
    store.failures = [FAILED] * TRIES
    with pytest.raises(Refused, match="500"):
        parameters.find(NAME, fresh=True)
    assert store.failures == []


def test_a_fresh_listing_is_never_an_older_one(store):
    parameters = reading(store)
    parameters.below(PATH)
    store.failures = [FAILED] * TRIES
    with pytest.raises(Refused, match="500"):
        parameters.below(PATH, fresh=True)
    assert store.failures == []


def test_values_that_were_read_together_do_not_expire_together(store):
    workers = [reading(store) for _ in range(100)]
    for parameters in workers:
        parameters.find(NAME)
    store.time.now += SECONDS * 0.9 - 2
    before = len(store.answered)
    for parameters in workers:
        parameters.find(NAME)
    assert 0 < len(store.answered) - before < 100


def test_a_function_that_must_answer_at_once_does_not_wait_for_a_throttled_store(store):
    store.failures = [THROTTLED] * 1000
    before = store.time()
    with within(0.0), pytest.raises(Unavailable):
        reading(store).find(NAME)
    assert store.time() - before < 0.1
