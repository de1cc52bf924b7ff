"""The answer of a source is not trusted: anything in it is read safely and shown within Discord's limits."""

from datetime import date
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import judge
from watchbell.commands import status as command
from watchbell.discord.reply import Reply
from watchbell.discord.text import escape
from watchbell.errors import UnknownSource, UserError
from watchbell.status import digest, figures, view
from watchbell.status.reason import Code, Reason
from watchbell.status.report import STATUSES, Report
from watchbell.testing import FakeTools, run

GIB = 1024**3
FULL = {
    "status": "heavy",
    "message": "Busy, but *coping*",
    "timestamp": "2026-11-22T08:00:00Z",
    "metrics": {
        "cpu": {"usage": 81.25, "cores": 8, "model": "Graviton"},
        "memory": {"usage": 62.5, "total": 16 * GIB, "free": 6 * GIB, "used": 10 * GIB},
        "disk": {
            "usage": 70,
            "total": 100 * GIB,
            "free": 30 * GIB,
            "io": {"read_sec": 2048, "write_sec": 0},
            "drives": [
                {"fs": "/dev/sda", "mount": "/", "size": 100 * GIB, "used": 70 * GIB, "available": 30 * GIB, "use": 70}
            ],
        },
        "processes": {"total": 312, "running": 4},
        "loadAverage": [1.5, 1.25, 1],
    },
    "incident": {
        "id": "INC-7",
        "startTime": "2026-11-22T07:00:00Z",
        "status": "investigating",
        "latestUpdate": "We look into it",
        "message": "Slow answers",
        "updates": [{"time": "2026-11-22T07:05:00Z", "status": "investigating", "message": "We look into it"}],
    },
}


def fields(embed):
    return {field["name"]: field["value"] for field in embed.fields}


def shown(payload, *, detailed):
    (embed,) = view.embeds([Report.parse("prod", payload)], detailed=detailed)
    return embed


def test_the_simple_view_shows_cpu_memory_and_disk():
    embed = shown(FULL, detailed=False)
    assert (embed.title, embed.colour, embed.timestamp) == ("🟠 prod", 0xE67E22, "2026-11-22T08:00:00+00:00")
    assert embed.description == r"heavy: Busy, but \*coping\*"
    assert fields(embed) == {
        "CPU": "81.2 %",
        "Memory": "62.5 %",
        "Disk": "70.0 %",
        "Active incident": r"**INC\-7** investigating, since <t:1795330800:R>, 1 update",
    }


def test_the_detailed_view_shows_the_rest():
    assert fields(shown(FULL, detailed=True)) == {
        "CPU": "81.2 %\n8 cores\nGraviton",
        "Memory": "62.5 %\n10.0 GiB used\n6.0 GiB free\n16.0 GiB total",
        "Disk": "70.0 %\n30.0 GiB free\n100.0 GiB total\n2.0 KiB/s read\n0 B/s written",
        "Drives": "`70.0 %` /: 70.0 GiB of 100.0 GiB",
        "Processes": "4 running of 312",
        "Load": "1.50 1.25 1.00 (1, 5, 15 minutes)",
        "Active incident": r"**INC\-7** investigating, since <t:1795330800:R>, 1 update"
        + "\n<t:1795331100:R>: We look into it",
    }


@pytest.mark.parametrize(
    ("incident", "line"),
    [
        ({"latestUpdate": "2026-11-22T07:40:00Z"}, "<t:1795333200:R>: We look into it"),
        ({"latestUpdate": "2026-11-22T07:40:00Z", "updates": []}, "<t:1795333200:R>: Slow answers"),
        ({"latestUpdate": "On it", "updates": []}, "On it"),
        ({"latestUpdate": None, "updates": None}, "Slow answers"),
    ],
)
def test_the_last_update_is_shown_in_its_words_whichever_way_the_source_gives_it(incident, line):
    embed = shown({**FULL, "incident": {**FULL["incident"], **incident}}, detailed=True)
    assert fields(embed)["Active incident"].split("\n")[1] == line


@pytest.mark.parametrize("change", [{"resolvedTime": "2026-11-22T07:30:00Z"}, {"status": "Resolved"}])
def test_an_incident_that_is_over_is_not_shown(change):
    assert Report.parse("prod", {**FULL, "incident": {**FULL["incident"], **change}}).incident is None


def test_a_source_without_metrics_says_that_it_told_none():
    assert fields(shown({"status": "normal"}, detailed=False)) == dict.fromkeys(("CPU", "Memory", "Disk"), "no data")


def test_texts_of_a_source_cannot_change_the_direction_of_writing():
    controls = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    incident = {"id": "1\u202e", "status": "\u2066new", "message": "do\u202ewn", "startTime": "2026-11-22T07:00:00Z"}
    report = Report.parse("prod", {"status": "heavy", "message": f"{controls}No{controls}rmal ", "incident": incident})
    assert (report.message, report.incident.id, report.incident.status) == ("Normal", "1", "new")
    assert report.incident.latest == "down"
    assert escape(f"a{controls}b") == "ab"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("2026-11-22T09:00:30+01:00:30", "2026-11-22T08:00:00+00:00"),
        ("2026-11-22T09:00:00.5+01:00", "2026-11-22T08:00:00.500000+00:00"),
        ("2026-11-22T08:00:00", "2026-11-22T08:00:00+00:00"),
        ("9999-12-31T23:59:59-23:59", ""),
        ("0001-01-01T00:00:00+23:59", ""),
    ],
)
def test_a_time_is_normalised_to_utc(given, shown):
    assert Report.parse("prod", {"status": "normal", "timestamp": given}).timestamp == shown


@pytest.mark.parametrize(
    "payload", [None, [], "normal", 7, {}, {"status": "fine"}, {"status": None}, {"status": ["normal"]}, {"status": {}}]
)
def test_what_is_no_status_is_not_taken_for_one(payload):
    with pytest.raises(ValueError, match="not a status"):
        Report.parse("prod", payload)


def test_a_source_that_failed_is_shown_as_such():
    (embed,) = view.embeds([Report.failed("prod", Reason("timeout", {"seconds": 5}))], detailed=True)
    assert (embed.title, embed.description, embed.fields) == ("❌ prod", "did not answer within 5 seconds", [])


REASONS = [
    (Reason("timeout", {"seconds": 1}), "did not answer within 1 second"),
    (Reason("timeout", {"seconds": 5}), "did not answer within 5 seconds"),
    (Reason("unreachable"), "could not be reached"),
    (Reason("not_a_url"), "has an invalid URL"),
    (Reason("address_not_allowed"), "has an address that is not allowed"),
    (Reason("too_many_redirects"), "redirects too often"),
    (Reason("not_asked_in_time", {"seconds": 1}), "was not asked: the others took 1 second"),
    (Reason("not_asked_in_time", {"seconds": 15}), "was not asked: the others took 15 seconds"),
    (Reason("too_large", {"kilobytes": 256}), "sent more than 256 KB"),
    (Reason("http_status", {"status": 502}), "answered with HTTP 502"),
    (Reason("not_a_status"), "did not answer with a valid status"),
    (Reason("asked_too_often"), "asks for fewer requests"),
    (Reason("ping_missed"), "did not ping in time"),
    (Reason("run_too_long"), "started and did not finish in time"),
    (Reason("job_failed"), "said that it failed"),
    (Reason("job_failed", {"exit_status": 3}), "failed with exit status 3"),
    (Reason("connection_refused"), "refuses connections"),
    (Reason("name_not_found"), "has a name that does not exist"),
    (Reason("certificate_expired"), "has an expired certificate"),
    (Reason("certificate_name"), "has a certificate for another name"),
    (Reason("certificate_invalid"), "has a certificate that nobody trusts"),
    (Reason("tls_failed"), "did not agree on TLS"),
    (Reason("unexpected_status", {"status": 503, "expected": "200"}), "answered HTTP 503 instead of 200"),
    (Reason("slow", {"ms": 912, "limit": 500}), "took 912 ms, limit 500 ms"),
    (
        Reason("condition", {"condition": "[BODY].a == UP", "got": "@here *DOWN*"}),
        r"did not fulfil \[BODY\].a == UP: it was @here \*DOWN\*",
    ),
    (Reason("condition", {"condition": "[BODY] == UP", "got": ""}), r"did not fulfil \[BODY\] == UP"),
    (
        Reason("condition_missing", {"condition": "[BODY].a == UP"}),
        r"did not fulfil \[BODY\].a == UP: the value is missing",
    ),
    (Reason("certificate_soon", {"days": 1}), "has a certificate that expires in 1 day"),
    (Reason("certificate_soon", {"days": 13}), "has a certificate that expires in 13 days"),
    (Reason("dns_code", {"rcode": "NXDOMAIN"}), "answered the DNS query with NXDOMAIN"),
    (Reason("dns_records", {"got": "", "expected": "A"}), "has no DNS records, expected: A"),
    (
        Reason("dns_records", {"got": "8.8.8.8", "expected": "1.1.1.1"}),
        "has the DNS records 8.8.8.8 instead of 1.1.1.1",
    ),
    (Reason("reported", {"said": "heavy"}), "reports heavy"),
    (Reason("component", {"component": "API", "said": "major_outage"}), r"reports major\_outage for API"),
    (Reason("component_missing", {"component": "API"}), "has no component API"),
    (
        Reason("secret_missing", {"secret": "shop"}),
        "needs the secret shop, which does not exist or is not for its host",
    ),
    (Reason("aws_event", {"text": "Threshold *Crossed*"}), r"has a problem, according to AWS: Threshold \*Crossed\*"),
    (Reason("not_measured"), "could not be measured because of a bug in Watchbell"),
]


@pytest.mark.parametrize(("reason", "text"), REASONS)
def test_each_reason_has_its_words(reason, text):
    assert figures.reason(reason) == text


def test_no_reason_is_left_out():
    assert {reason.code for reason, _ in REASONS} == set(get_args(Code))


def test_an_incident_without_a_status_is_shown_as_unknown():
    payload = {"status": "heavy", "incident": {"id": "7"}}
    assert Report.parse("prod", payload).incident.status == ""
    assert fields(shown(payload, detailed=False))["Active incident"] == "**7** unknown, 0 updates"


class NoSuchSource:
    def ask(self, name):
        raise UnknownSource(name, ["api", "prod"])


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en-US", "I do not watch a service with that name. I watch `api`, `prod`."),
        ("de", "Einen Dienst mit diesem Namen beobachte ich nicht. Ich beobachte `api`, `prod`."),
    ],
)
def test_who_asks_for_a_service_that_is_not_watched_is_told_which_are(locale, text):
    with pytest.raises(UserError) as refused:
        run(command, tools=FakeTools(sources=NoSuchSource()), server="shop", locale=locale)
    assert str(refused.value) == text


def test_nothing_to_watch_says_how_to_change_that():
    (embed,) = view.embeds([], detailed=False)
    assert "ops" in embed.description


def test_ten_services_are_shown_and_the_others_counted():
    reports = [Report.parse(f"s{i:02}", {"status": "normal"}) for i in range(25)]
    embeds = view.embeds(reports, detailed=False)
    assert len(embeds) == 10
    assert embeds[-1].footer == "and 15 more: use /status server: to see one"


def test_detail_gives_way_before_services_do():
    drives = [{"mount": f"/{'x' * 30}{i}", "size": GIB, "used": GIB, "use": 99} for i in range(9)]
    wordy = {**FULL, "message": "x" * 1000, "metrics": {**FULL["metrics"], "disk": {"drives": drives}}}
    embeds = view.embeds([Report.parse(f"s{i}", wordy) for i in range(10)], detailed=True)
    assert sum(map(len, embeds)) <= 6000
    assert len(embeds) >= 9
    assert fields(embeds[0])["Drives"].endswith("and 3 more")
    assert "Drives" not in fields(embeds[-1])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=400),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def spoiled(template):
    """Values of the template's shape in which each part may be replaced by anything."""
    if isinstance(template, dict):
        parts = st.fixed_dictionaries({}, optional={key: spoiled(value) for key, value in template.items()})
        return parts | json_values
    if isinstance(template, list):
        return st.lists(spoiled(template[0]), max_size=30) | json_values
    return st.just(template) | json_values


@given(
    st.lists(st.tuples(st.text(max_size=60), st.sampled_from(STATUSES), spoiled(FULL)), min_size=1, max_size=14),
    st.booleans(),
)
def test_whatever_a_source_says_the_message_is_one_that_discord_takes(sources, detailed):
    reports = []
    for name, status, payload in sources:
        payload = payload if isinstance(payload, dict) else {}
        reports.append(Report.parse(name or "x", {**payload, "status": status}))
    for reply in (Reply(embeds=view.embeds(reports, detailed=detailed)), digest.compose(reports, date(2026, 11, 22))):
        judge.approve("followup", reply.message())
        assert sum(map(len, reply.embeds)) <= 6000
        assert all(field["name"] and field["value"].strip() for embed in reply.embeds for field in embed.fields)


# The digest


def test_the_digest_has_a_line_for_each_service_the_worst_first():
    reports = [
        Report.parse("shop", {"status": "normal", "metrics": {"cpu": {"usage": 5}}}),
        Report.parse("api", FULL),
        Report.failed("mail", Reason("unreachable")),
        Report.failed("dns", Reason("asked_too_often"), status="unknown"),
    ]
    (embed,) = digest.compose(reports, date(2026, 11, 22)).embeds
    assert (embed.title, embed.colour) == ("Daily digest, 2026-11-22", figures.COLOURS["error"])
    assert embed.description.split("\n") == [
        "**2 with problems, 1 unknown, 1 OK.**",
        "",
        "❌ **mail** could not be reached",
        "🟠 **api** heavy · CPU 81.2 % · memory 62.5 % · disk 70.0 % · "
        r"**INC\-7** investigating, since <t:1795330800:R>, 1 update",
        "🔵 **dns** asks for fewer requests",
        "🟢 **shop** normal · CPU 5.0 %",
    ]


@pytest.mark.parametrize(("count", "total"), [(1, "**All OK.**"), (3, "**All 3 OK.**")])
def test_a_digest_of_healthy_services_says_so_in_total(count, total):
    reports = [Report.parse(f"s{i}", {"status": "normal"}) for i in range(count)]
    assert digest.compose(reports, date(2026, 11, 22)).embeds[0].description.split("\n")[0] == total


def test_a_digest_of_nothing_says_that_nothing_is_configured():
    assert digest.compose([], date(2026, 11, 22)).embeds[0].description == "No service is configured yet."


def test_a_digest_of_hundreds_of_services_fits_and_counts_the_rest():
    reports = [Report.parse(f"service-{i}", FULL) for i in range(400)]
    description = digest.compose(reports, date(2026, 11, 22)).embeds[0].description
    assert len(description) <= 4096
    shown = description.count("🟠")
    assert description.endswith(f"and {400 - shown} more")


@pytest.mark.parametrize(
    ("bytes_", "text"),
    [
        (None, "no data"),
        (0, "0 B"),
        (1023, "1,023 B"),
        (1024, "1.0 KiB"),
        (1.5 * GIB, "1.5 GiB"),
        (5e15, "4,547.5 TiB"),
    ],
)
def test_sizes_are_spelt_in_units_of_1024(bytes_, text):
    assert figures.size(bytes_) == text
