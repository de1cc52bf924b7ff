"""Status sources over real sockets: whatever a source does, there is a report in time."""

import json
import socket
import threading
import time

import pytest

from sandbox.loopback import Response, Server, as_json
from watchbell.adapters import opener, sources
from watchbell.adapters.sources import Sources
from watchbell.errors import UnknownSource
from watchbell.i18n import speaking
from watchbell.status import figures, view
from watchbell.status.reason import Reason

HEALTHY = {"status": "normal", "message": "ok", "metrics": {"cpu": {"usage": 1}}}


class Source:
    def __init__(self, respond):
        self.requests = []
        self.respond = respond
        self.server = Server(self._serve)
        self.url = f"{self.server.url}/status"

    def _serve(self, request):
        self.requests.append(request)
        return self.respond(request) if callable(self.respond) else self.respond

    def ask(self):
        """Return the report. Later calls use the same Sources again."""
        self.asker = getattr(self, "asker", None) or Sources(lambda: {"prod": f"{self.url} private"})
        (report,) = self.asker.ask()
        return report


def test_a_healthy_source_is_reported():
    report = Source(as_json(200, HEALTHY)).ask()
    assert (report.name, report.status, report.message, report.failure) == ("prod", "normal", "ok", None)


def test_what_is_wrong_with_a_source_is_told_in_the_language_of_the_reader_and_not_of_the_asker():
    with speaking("ja"):
        report = Source(as_json(500, HEALTHY)).ask()
    with speaking("de"):
        assert figures.state(report) == "hat mit HTTP 500 geantwortet"


INCIDENT = json.dumps({"status": "heavy", "incident": {"id": "7"}}).encode()


def ask_and_read(source, locale):
    """Ask `source` in the language of `locale`, and return the text about its incident."""
    with speaking(locale):
        (embed,) = view.embeds([source.ask()], detailed=False)
    return embed.fields[-1]["value"]


def test_what_a_japanese_reader_was_shown_is_english_for_an_english_reader_after_a_304():
    def respond(request):
        if dict(request.headers).get("If-None-Match") == '"1"':
            return Response(304)
        return Response(200, INCIDENT, [("etag", '"1"')])

    source = Source(respond)
    assert ask_and_read(source, "ja") == "**7** 不明, 更新 0 件"
    assert ask_and_read(source, "en-US") == "**7** unknown, 0 updates"
    assert dict(source.requests[1].headers)["If-None-Match"] == '"1"'


def test_what_a_japanese_reader_was_shown_is_english_for_an_english_reader_while_a_source_is_left_alone():
    source = Source(Response(200, INCIDENT, [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "30")]))
    assert ask_and_read(source, "ja") == "**7** 不明, 更新 0 件"
    assert ask_and_read(source, "en-US") == "**7** unknown, 0 updates"
    assert len(source.requests) == 1


def test_a_source_that_says_with_503_that_it_is_unwell_is_believed():
    assert Source(as_json(503, {"status": "critical"})).ask().status == "critical"


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (Response(200, b"<html>hello</html>"), Reason("not_a_status")),
        (Response(200, b""), Reason("not_a_status")),
        (Response(200, b"\xff\xfe\x00"), Reason("not_a_status")),
        (Response(200, b"[" * 200_000), Reason("not_a_status")),
        (Response(200, b'{"status": "normal"}' + b" " * opener.BYTES), Reason("too_large", {"kilobytes": 256})),
        (as_json(200, {"status": "splendid"}), Reason("not_a_status")),
        (as_json(503, {}), Reason("http_status", {"status": 503})),
        (as_json(500, HEALTHY), Reason("http_status", {"status": 500})),
        (as_json(404, {}), Reason("http_status", {"status": 404})),
        (as_json(304, {}), Reason("http_status", {"status": 304})),
        (as_json(429, {}), Reason("asked_too_often")),
        (Response(302, b"", [("location", "/status")]), Reason("too_many_redirects")),
    ],
)
def test_nonsense_is_shown_as_such(answer, failure):
    report = Source(answer).ask()
    assert report.failure == failure
    assert report.status == ("unknown" if answer.status == 429 else "error")


@pytest.mark.parametrize(
    ("url", "codes"),
    [
        ("http://127.0.0.1:1/ private", ["connection_refused"]),
        ("http://nobody.invalid/", ["name_not_found", "unreachable"]),  # unreachable: the machine has no name server
    ],
)
def test_a_source_that_cannot_be_reached_is_shown_as_such(url, codes):
    assert Sources(lambda: {"prod": url}).ask()[0].failure in map(Reason, codes)


@pytest.mark.parametrize("url", ["not a url", "http://", "http://[", "ftp://127.0.0.1/", "http://2130706433/", ""])
def test_a_source_whose_url_makes_no_sense_is_shown_as_such(url):
    assert Sources(lambda: {"prod": url}).ask()[0].failure == Reason("not_a_url")


def test_a_source_at_a_private_address_is_asked_with_permission_only():
    source = Source(as_json(200, HEALTHY))
    (report,) = Sources(lambda: {"prod": source.url}).ask()
    assert (report.failure, source.requests) == (Reason("address_not_allowed"), [])
    assert source.ask().status == "normal"


def drip():
    """Start a server that sends a byte every half second."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(40):
            try:
                connection.sendall(b" ")
            except OSError:
                return
            time.sleep(0.5)

    threading.Thread(target=serve, daemon=True).start()
    return listener, f"http://127.0.0.1:{listener.getsockname()[1]}/"


def test_the_slow_and_the_dripping_do_not_hold_up_the_others():
    silent, (dripping, drip_url) = socket.create_server(("127.0.0.1", 0)), drip()
    healthy = Source(as_json(200, HEALTHY))
    with silent, dripping:
        urls = {"slow": f"http://127.0.0.1:{silent.getsockname()[1]}/", "drip": drip_url, "prod": healthy.url}
        urls = {name: f"{url} private" for name, url in urls.items()}
        started = time.monotonic()
        reports = {report.name: report for report in Sources(lambda: urls).ask()}
        assert time.monotonic() - started < opener.SECONDS + 1.5
    assert reports["prod"].status == "normal"
    assert reports["slow"].failure == reports["drip"].failure == Reason("timeout", {"seconds": 5})


def test_what_did_not_change_is_not_sent_again():
    def respond(request):
        if dict(request.headers).get("If-None-Match") == '"1"':
            return Response(304)
        return Response(200, json.dumps(HEALTHY).encode(), [("etag", '"1"')])

    source = Source(respond)
    assert source.ask().status == source.ask().status == "normal"
    assert [dict(request.headers).get("If-None-Match") for request in source.requests] == [None, '"1"']


def test_a_source_that_has_had_enough_is_left_alone():
    limited = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "30")]
    source = Source(Response(200, json.dumps(HEALTHY).encode(), limited))
    assert source.ask().status == source.ask().status == "normal"
    assert len(source.requests) == 1


def test_a_source_is_asked_again_after_its_minute_although_the_function_was_frozen_meanwhile():
    now, answers = [1_795_334_400.0], ["normal", "critical"]
    source = Source(
        lambda request: Response(
            200,
            json.dumps({"status": answers.pop(0)}).encode(),
            (("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "60")),
        )
    )
    source.asker = Sources(lambda: {"prod": f"{source.url} private"}, clock=lambda: now[0])
    assert source.ask().status == "normal"
    now[0] += 59
    assert source.ask().status == "normal"
    now[0] += 3600  # time.monotonic does not see that
    assert source.ask().status == "critical"


def test_an_answer_that_is_read_an_hour_late_is_not_shown_as_new():
    now, answers = [1_795_334_400.0], ["normal", "critical"]

    def respond(request):
        body = json.dumps({"status": answers.pop(0)}).encode()
        if answers:
            now[0] += 3600  # the function is frozen until then
        return Response(200, body, (("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "60")))

    source = Source(respond)
    source.asker = Sources(lambda: {"prod": f"{source.url} private"}, clock=lambda: now[0])
    source.ask()
    assert source.ask().status == "critical"


@pytest.mark.parametrize(
    "headers", [[("x-ratelimit-remaining", "many")], [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "later")]]
)
def test_strange_rate_limits_are_ignored(headers):
    source = Source(Response(200, json.dumps(HEALTHY).encode(), headers))
    source.ask()
    source.ask()
    assert len(source.requests) == 2


def test_a_redirect_is_followed_three_times_and_its_own_body_is_never_read():
    bomb = b"x" * 50_000_000

    def respond(request):
        left = int(request.query or 0)
        if left == 0:
            return as_json(200, HEALTHY)
        return Response(302, bomb, [("location", f"/status?{left - 1}")])

    source = Source(respond)
    source.url += "?3"
    assert source.ask().status == "normal"
    far = Source(respond)
    far.url += "?4"
    assert far.ask().failure == Reason("too_many_redirects")


def test_two_sources_at_one_url_keep_their_names():
    source = Source(
        Response(200, json.dumps(HEALTHY).encode(), [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "9")])
    )
    asker = Sources(lambda: dict.fromkeys("ab", f"{source.url} private"))
    for _ in range(2):
        assert [report.name for report in asker.ask()] == ["a", "b"]


def test_one_source_is_asked_by_name_in_any_case():
    source = Source(as_json(200, HEALTHY))
    asker = Sources(lambda: {"Prod": f"{source.url} private", "other": "http://127.0.0.1:1/"})
    assert [report.name for report in asker.ask(" pROD ")] == ["Prod"]


def test_a_name_that_nobody_has_is_told_with_those_that_exist():
    with pytest.raises(UnknownSource, match="'shop'") as raised:
        Sources(lambda: {"prod": "http://x/", "api": "http://y/"}).ask("shop")
    assert raised.value.names == ["api", "prod"]


def test_no_sources_is_no_error():
    assert Sources(dict).ask() == []
    assert Sources(dict).ask("shop") == []


def test_a_name_too_long_for_a_button_is_left_out(caplog):
    assert Sources(lambda: {"x" * 61: "http://127.0.0.1:1/"}).ask() == []
    assert "at most 60" in caplog.text


def no_thread_is_left():
    """Wait for the threads that asked; they end when they have nothing more to ask."""
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("source")]
    for thread in threads:
        thread.join(5)
    return not any(thread.is_alive() for thread in threads)


def test_two_hundred_healthy_sources_are_all_reported():
    source = Source(as_json(200, HEALTHY))
    urls = {f"s{number:03}": f"{source.url} private" for number in range(200)}
    reports = Sources(lambda: urls).ask()
    assert [(report.name, report.status) for report in reports] == [(name, "normal") for name in urls]
    assert no_thread_is_left()


@pytest.fixture
def silent():
    """65 sources that accept a connection and say nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        yield {f"s{number:02}": f"http://127.0.0.1:{listener.getsockname()[1]}/ private" for number in range(65)}


def test_sixty_five_slow_sources_are_all_reported(silent):
    reports = Sources(lambda: silent, seconds=0.2).ask()
    assert [report.name for report in reports] == list(silent)
    assert [report.failure for report in reports] == [Reason("timeout", {"seconds": 1})] * 65
    assert no_thread_is_left()


def test_sources_whose_turn_does_not_come_in_time_are_reported_as_not_asked(silent):
    reports = Sources(lambda: silent, seconds=2, last_start=1).ask()
    asked, others = reports[: sources.TOGETHER], reports[sources.TOGETHER :]
    assert [report.failure for report in asked] == [Reason("timeout", {"seconds": 2})] * sources.TOGETHER
    assert [report.failure for report in others] == [Reason("not_asked_in_time", {"seconds": 1})] * len(others)
    assert {report.status for report in others} == {"unknown"}
    assert len(others) == 65 - sources.TOGETHER
    assert no_thread_is_left()


def test_a_name_server_that_says_nothing_does_not_hold_up_the_reports():
    answered = threading.Event()

    def get(url, **options):
        answered.wait(10)
        return Reason("unreachable")

    urls = {f"s{number:02}": "https://status.example/" for number in range(30)}
    reports = Sources(lambda: urls, seconds=0.1, last_start=0.1, get=get).ask()
    assert [report.failure.code for report in reports] == ["timeout"] * 24 + ["not_asked_in_time"] * 6
    answered.set()
    assert no_thread_is_left()
