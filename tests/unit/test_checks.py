"""The kinds of checks, by plain calls: what each makes of an answer, and what a person may type for it."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell.errors import DefinitionError, UserError
from watchbell.kit import catalogue
from watchbell.kit.check import RECHECK, SLOW, Check
from watchbell.kit.monitors import define, kind_of
from watchbell.status.answers import Connection, Records
from watchbell.status.facts import Facts
from watchbell.status.monitor import Monitor
from watchbell.status.reason import Reason
from watchbell.testing import FakeNet, answer

URL = "https://shop.example/"
DAY = 86_400


def monitor(kind="http", target=URL, *conditions, **options):
    texts = {name: str(value) for name, value in options.items()}
    return Monitor("m", "Shop", kind, target, conditions=conditions, options=texts)


def facts(watched, *answers):
    return catalogue.check(watched.kind).facts(watched, FakeNet(*answers))


def verdict(watched, *answers):
    found = facts(watched, *answers)
    return found.outcome, found.reason and found.reason.code


# http


@pytest.mark.parametrize("status", [200, 204, 301, 304])
def test_a_page_with_a_good_status_is_up(status):
    assert facts(monitor(), answer(status)) == Facts("up", None, 20, {"status": status})


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_a_page_with_a_bad_status_is_down_and_says_what_it_answered(status):
    reason = Reason("unexpected_status", {"status": status, "expected": "200"})
    assert facts(monitor(), answer(status)) == Facts("down", reason, 20, {"status": status})


def test_the_expected_status_can_be_chosen():
    assert verdict(monitor(status="404, 5xx"), answer(503)) == ("up", None)
    assert verdict(monitor(status="404, 5xx"), answer(200)) == ("down", "unexpected_status")


def test_a_condition_about_the_status_replaces_the_usual_expectation():
    assert verdict(monitor("http", URL, "[STATUS] == 404"), answer(404)) == ("up", None)
    assert verdict(monitor("http", URL, "[RESPONSE_TIME] < 300"), answer(500)) == ("down", "unexpected_status")


def test_a_condition_that_does_not_hold_says_what_was_got():
    found = facts(monitor("http", URL, "[BODY].state == OPEN"), answer(body={"state": "SHUT"}))
    assert found.reason == Reason("condition", {"condition": "[BODY].state == OPEN", "got": "SHUT"})
    found = facts(monitor("http", URL, "[BODY].state == OPEN"), answer(body={}))
    assert found.reason == Reason("condition_missing", {"condition": "[BODY].state == OPEN"})


@pytest.mark.parametrize("code", ["timeout", "unreachable", "connection_refused", "certificate_expired"])
def test_no_connection_is_a_failure_whatever_the_conditions_say(code):
    watched = monitor("http", URL, "[STATUS] < 300", "[BODY] != error")
    assert facts(watched, Reason(code)) == Facts("down", Reason(code))


def test_a_closed_door_can_be_expected_but_not_a_forbidden_one():
    watched = monitor("tcp", "shop.example:23", "[CONNECTED] == false")
    assert verdict(watched, Reason("connection_refused")) == ("up", None)
    assert verdict(watched, Connection("8.8.8.8", 3)) == ("down", "condition")
    assert verdict(watched, Reason("address_not_allowed")) == ("down", "address_not_allowed")


def test_a_slow_answer_is_degraded_and_a_failed_condition_is_worse():
    watched = monitor("http", URL, slow=500)
    assert facts(watched, answer(latency_ms=500)).outcome == "up"
    found = facts(watched, answer(latency_ms=912))
    assert (found.outcome, found.reason) == ("degraded", Reason("slow", {"ms": 912, "limit": 500}))
    watched = replace(watched, conditions=("[BODY] == ok",))
    assert verdict(watched, answer(latency_ms=912)) == ("down", "condition")


def test_what_we_could_not_measure_is_unknown():
    assert verdict(monitor(), Reason("secret_missing", {"secret": "shop"})) == ("unknown", "secret_missing")


def test_a_compressed_body_is_not_unpacked():
    watched = monitor("http", URL, "[BODY] != error")
    assert verdict(watched, answer(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})) == (
        "down",
        "condition_missing",
    )


def test_the_request_is_what_was_typed():
    net = FakeNet(answer())
    watched = monitor(method="POST", body="{}", headers="Accept: text/plain\nX-Key: {{secret:shop}}")
    catalogue.check("http").facts(watched, net)
    assert net.asked == [("POST", URL, {"Accept": "text/plain", "X-Key": "{{secret:shop}}"}, "{}")]


def test_an_answer_to_a_request_with_a_secret_is_not_shown():
    watched = monitor("http", URL, "[BODY].key == x", headers="X-Key: {{secret:shop}}")
    assert facts(watched, answer(body={"key": "s3cret"})).reason.values["got"] == ""
    watched = replace(watched, conditions=("[HEADER].x-echo == x",))
    assert facts(watched, answer(headers={"X-Echo": "s3cret"})).reason.values["got"] == ""
    watched = replace(watched, conditions=("[STATUS] == 204",))
    assert facts(watched, answer()).reason.values["got"] == "200"


# tls, tcp, dns


def test_a_certificate_that_expires_soon_is_degraded():
    soon, later = Connection("8.8.8.8", 5, 13 * DAY), Connection("8.8.8.8", 5, 15 * DAY)
    found = facts(monitor("tls", "shop.example"), soon)
    assert (found.outcome, found.reason) == ("degraded", Reason("certificate_soon", {"days": 13}))
    assert facts(monitor("tls", "shop.example"), later) == Facts("up", None, 5, {"certificate_days": 15})
    assert facts(monitor("tls", "shop.example", days=7), soon).outcome == "up"
    assert verdict(monitor("tls", "shop.example", "[CERTIFICATE_EXPIRATION] > 30d"), later) == ("down", "condition")
    assert verdict(monitor("tls", "shop.example"), Reason("certificate_name")) == ("down", "certificate_name")


def test_tls_goes_to_its_usual_port():
    for target, port in {"shop.example": 443, "shop.example:993": 993}.items():
        net = FakeNet(Connection("8.8.8.8", 5, 90 * DAY))
        catalogue.check("tls").facts(monitor("tls", target), net)
        assert net.asked == [("shop.example", port, True)]


def test_a_port_that_answers_is_up():
    assert facts(monitor("tcp", "shop.example:25"), Connection("8.8.8.8", 5)) == Facts("up", None, 5)
    assert verdict(monitor("tcp", "shop.example:25", slow=4), Connection("8.8.8.8", 5)) == ("degraded", "slow")


@pytest.mark.parametrize(
    ("records", "options", "expected"),
    [
        (Records("NOERROR", ("8.8.8.8",)), {}, ("up", None)),
        (Records("NOERROR", ()), {}, ("down", "dns_records")),
        (Records("NXDOMAIN"), {}, ("down", "dns_code")),
        (Records("SERVFAIL"), {}, ("down", "dns_code")),
        (Records("NOERROR", ("8.8.8.8", "8.8.4.4")), {"expected": "8.8.4.4, 8.8.8.8"}, ("up", None)),
        (Records("NOERROR", ("8.8.8.8", "6.6.6.6")), {"expected": "8.8.8.8"}, ("down", "dns_records")),
        (
            Records("NOERROR", ("10 Mail.shop.example.",)),
            {"type": "MX", "expected": "10 mail.shop.example"},
            ("up", None),
        ),
        (Records("NOERROR", ('"Key=A"',)), {"type": "TXT", "expected": '"key=a"'}, ("down", "dns_records")),
    ],
)
def test_the_records_of_a_name_are_compared(records, options, expected):
    assert verdict(monitor("dns", "shop.example", **options), records) == expected


def test_the_absence_of_a_name_can_be_expected():
    watched = monitor("dns", "old.example", "[DNS_RCODE] == NXDOMAIN")
    assert verdict(watched, Records("NXDOMAIN")) == ("up", None)
    assert verdict(watched, Records("NOERROR", ("8.8.8.8",))) == ("down", "condition")


# status pages


def page(indicator="none", **components):
    listed = [{"name": name, "status": status} for name, status in components.items()]
    return answer(body={"status": {"indicator": indicator}, "components": listed})


@pytest.mark.parametrize(
    ("indicator", "outcome"),
    [("none", "up"), ("minor", "degraded"), ("maintenance", "degraded"), ("major", "down"), ("critical", "down")],
)
def test_a_status_page_is_as_well_as_its_indicator_says(indicator, outcome):
    assert facts(monitor("statuspage"), page(indicator)).outcome == outcome


def test_a_status_page_names_its_unwell_components():
    found = facts(
        monitor("statuspage"), page("minor", API="operational", Webhooks="major_outage", Web="partial_outage")
    )
    assert found.reason == Reason("component", {"component": "Webhooks", "said": "major_outage"})
    assert found.values == {
        "components": 3,
        "unwell": 2,
        "component:Webhooks": "major_outage",
        "component:Web": "partial_outage",
    }


def test_one_component_can_be_watched_alone():
    shown = page("critical", API="operational", Web="partial_outage")
    assert verdict(monitor("statuspage", URL, component="api"), shown) == ("up", None)
    assert verdict(monitor("statuspage", URL, component="Web"), shown) == ("degraded", "component")
    assert verdict(monitor("statuspage", URL, component="Shop"), shown) == ("down", "component_missing")


def test_a_status_page_is_asked_at_its_summary():
    net = FakeNet(page())
    catalogue.check("statuspage").facts(monitor("statuspage", "https://www.githubstatus.com/"), net)
    assert net.asked[0][1] == "https://www.githubstatus.com/api/v2/summary.json"


def endpoint(name, success, group="core"):
    return {"name": name, "group": group, "results": [{"success": not success}, {"success": success}]}


def test_a_gatus_is_as_well_as_its_worst_endpoint():
    shown = answer(body=[endpoint("web", True), endpoint("api", False)])
    found = facts(monitor("gatus"), shown)
    assert (found.outcome, found.reason) == ("down", Reason("component", {"component": "core/api", "said": "down"}))
    assert verdict(monitor("gatus", URL, component="core/web"), shown) == ("up", None)
    assert verdict(monitor("gatus"), answer(body=[])) == ("down", "not_a_status")


def test_an_uptime_kuma_is_as_well_as_its_worst_monitor():
    beats = answer(body={"heartbeatList": {"1": [{"status": 0}, {"status": 1}], "2": [{"status": 2}]}})
    listed = [{"id": 1, "name": "Web"}, {"id": 2, "name": "API"}, {"id": 3, "name": "new"}]
    names = answer(body={"publicGroupList": [{"monitorList": listed}]})
    found = facts(monitor("kuma", "https://kuma.example/status/shop"), beats, names)
    assert (found.outcome, found.reason) == ("degraded", Reason("component", {"component": "API", "said": "pending"}))
    assert verdict(monitor("kuma", "https://kuma.example/", component="web"), beats, names) == ("up", None)


@pytest.mark.parametrize(
    ("target", "asked"),
    [("https://kuma.example/status/shop", "shop"), ("https://kuma.example/", "default")],
)
def test_an_uptime_kuma_is_asked_for_the_status_page(target, asked):
    net = FakeNet(answer(), answer())
    catalogue.check("kuma").facts(monitor("kuma", target), net)
    assert [url for _method, url, *_others in net.asked] == [
        f"https://kuma.example/api/status-page/heartbeat/{asked}",
        f"https://kuma.example/api/status-page/{asked}",
    ]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("normal", "up"),
        ("unknown", "unknown"),
        ("elevated", "degraded"),
        ("heavy", "degraded"),
        ("error", "down"),
        ("critical", "down"),
    ],
)
def test_a_report_says_itself_how_the_service_is(status, outcome):
    assert facts(monitor("status_api"), answer(body={"status": status})).outcome == outcome
    assert facts(monitor("status_api"), answer(503, body={"status": status})).outcome == outcome


NONSENSE = [
    b"",
    b"<html>",
    b"[" * 100_000,
    b"null",
    b"7",
    b"[]",
    b"{}",
    b'{"status": "up"}',
    b'{"status": {"indicator": "none"}}',
    b'{"status": {"indicator": ["none"]}, "components": []}',
    b'{"heartbeatList": [], "publicGroupList": [null, {"monitorList": [3]}]}',
    b'{"heartbeatList": {"1": [{"status": 9}]}, "publicGroupList": [{"monitorList": [{"id": 1}]}]}',
    b'[{"name": 3, "results": {}}, 4, {"results": [{"success": "yes"}]}]',
]


@pytest.mark.parametrize("body", NONSENSE)
@pytest.mark.parametrize("kind", ["statuspage", "gatus", "kuma", "status_api"])
def test_nonsense_with_status_200_is_not_a_status(kind, body):
    assert verdict(monitor(kind), answer(body=body), answer(body=body)) == ("down", "not_a_status")


PAGES = pytest.mark.parametrize("kind", ["statuspage", "gatus", "kuma", "status_api"])


@PAGES
def test_a_page_that_is_not_there_is_down(kind):
    assert verdict(monitor(kind), answer(404), answer(404)) == ("down", "http_status")
    assert verdict(monitor(kind), Reason("timeout", {"seconds": 5})) == ("down", "timeout")


@PAGES
def test_a_page_that_is_asked_too_often_says_nothing_about_the_service(kind):
    assert verdict(monitor(kind), answer(429), answer(429)) == ("unknown", "asked_too_often")
    watched = monitor(kind, URL, "[CONNECTED] == false")
    assert verdict(watched, answer(429), answer(429)) == ("unknown", "asked_too_often")


@pytest.mark.parametrize("status", [500, 502, 503, 522])
@pytest.mark.parametrize("kind", ["statuspage", "gatus", "kuma"])
def test_another_services_page_that_fails_says_nothing_about_that_service(kind, status):
    found = facts(monitor(kind, URL, "[BODY] == ok"), answer(status), answer(status))
    assert found == Facts("unknown", Reason("http_status", {"status": status}))


def test_one_of_the_two_answers_of_an_uptime_kuma_that_fails_is_enough_to_know_nothing():
    beats = answer(body={"heartbeatList": {"1": [{"status": 0}]}})
    for status, code in {429: "asked_too_often", 503: "http_status"}.items():
        assert verdict(monitor("kuma"), beats, answer(status)) == ("unknown", code)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_service_that_cannot_report_on_itself_is_down(status):
    assert verdict(monitor("status_api"), answer(status)) == ("down", "http_status")


def test_the_texts_of_a_page_are_short_and_on_one_line():
    hostile = "\u202e" + "x\n" * 500 + "\ud800"
    found = facts(monitor("statuspage"), page("major", **{hostile: "major_outage"}))
    assert len(found.reason.values["component"]) == 60
    assert not {"\n", "\u202e", "\ud800"} & set(found.reason.values["component"])


words = st.sampled_from(
    [
        *("status", "indicator", "components", "name", "group", "results", "success", "heartbeatList", "1", "id"),
        *("publicGroupList", "monitorList", "none", "major", "operational", "major_outage", "normal", "\ud800", ""),
    ]
)
hostile = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 9) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=5),
    max_leaves=25,
)


@pytest.mark.parametrize("kind", ["statuspage", "gatus", "kuma", "status_api"])
@given(pages=st.tuples(hostile, hostile), component=st.sampled_from(["", "name"]))
def test_no_page_crashes_its_kind(kind, pages, component):
    options = {"component": component} if component and kind != "status_api" else {}
    found = facts(
        monitor(kind, URL, "[BODY].status != x", **options), *(answer(body=json.dumps(page)) for page in pages)
    )
    assert found.outcome in ("up", "degraded", "down", "unknown")
    assert len(str(found)) < 2000


# What a person types


@pytest.mark.parametrize(
    ("target", "kind", "normal"),
    [
        ("https://shop.example", "http", "https://shop.example/"),
        ("http://Shop.Example:80/a b", None, None),
        ("HTTPS://shop.example/Ä?q=ü#x", "http", "https://shop.example/%C3%84?q=%C3%BC"),
        ("shop.example", "http", "https://shop.example/"),
        ("shop.example/health", "http", "https://shop.example/health"),
        ("пример.example", "http", "https://xn--e1afmkfd.example/"),
        ("db.example:5432", "tcp", "db.example:5432"),
        ("tcp://db.example:5432", "tcp", "db.example:5432"),
        ("[2001:4860:4860::8844]:53", "tcp", "[2001:4860:4860::8844]:53"),
        ("tls://Shop.example", "tls", "shop.example"),
        ("dns://shop.example", "dns", "shop.example"),
        ("github", "statuspage", "https://www.githubstatus.com/"),
        ("OpenAI", "statuspage", "https://status.openai.com/"),
        ("https://discordstatus.com", "statuspage", "https://discordstatus.com/"),
        ("discordstatus.com/", "statuspage", "https://discordstatus.com/"),
    ],
)
def test_the_address_tells_the_kind(target, kind, normal):
    watched = replace(monitor("", target), kind="")
    if kind is None:
        with pytest.raises(UserError, match="no spaces"):
            define(watched)
    else:
        assert kind_of(target) == kind
        made = define(watched)
        assert (made.kind, made.target) == (kind, normal)
        assert define(made) == made


@pytest.mark.parametrize(
    ("kind", "target", "cure"),
    [
        ("http", "https://ada:pw@shop.example/", "Put them in a header, as a secret"),
        ("http", "ftp://shop.example/", "https://shop.example/health"),
        ("http", "https://shop.example:99999/", "1 to 65535"),
        ("http", "http://2130706433/", "usual form"),
        ("http", "http://0x7f.1/", "usual form"),
        ("http", "http://0177.0.0.1/", "usual form"),
        ("http", "http://[::1%251]/", "usual form"),
        ("http", "http://127.0.0.1/", "not a public address"),
        ("http", "http://localhost/", "not a public address"),
        ("http", "http://169.254.169.254/latest/meta-data/", "not a public address"),
        ("http", "http://[::ffff:10.0.0.1]/", "not a public address"),
        ("http", "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", "Punycode"),
        ("http", "", "not a host name"),
        ("http", f"https://shop.example/{'x' * 2000}", "at most 2000 characters"),
        ("heartbeat", "x" * 2001, "at most 2000 characters"),
        ("http", "https:///x", "host"),
        ("http", "https://{{secret:host}}/", "percent-encoded"),
        ("statuspage", "https://page.example/?key={{secret:page}}", "percent-encoded"),
        ("tcp", "db.example", "1 to 65535"),
        ("tcp", "db.example:0", "1 to 65535"),
        ("tcp", "db.example:x", "1 to 65535"),
        ("tcp", "https://db.example:5432", "db.example:5432"),
        ("tcp", "10.0.0.5:22", "not a public address"),
        ("tcp", "[::1]:22", "not a public address"),
        ("tls", "ada@shop.example", "Put them in a header"),
        ("tls", "127.0.0.1:443", "not a public address"),
        ("tls", "shop.example/path", "not a host name"),
        ("dns", "shop..example", "not a host name"),
        ("icmp", "shop.example", "Check a TCP port instead"),
        ("ping", "shop.example", "Check a TCP port instead"),
        ("", "icmp://shop.example", "Check a TCP port instead"),
        ("https", "https://shop.example/", "There is no check of the type `https`"),
        ("../http", URL, "There is no check of the type"),
        ("http", "https://discord.com/api", "I may not check discord.com"),
        ("http", "https://canary.discord.com", "I may not check canary.discord.com"),
        ("tcp", "bot.example:443", "I may not check bot.example"),
        ("tls", "BOT.example.", "I may not check bot.example"),
    ],
)
def test_a_target_that_cannot_be_checked_is_refused_with_a_sentence(kind, target, cure):
    with pytest.raises(UserError) as refused:
        define(replace(monitor("", target), kind=kind), refused=("discord.com", "bot.example"))
    assert cure in str(refused.value)


pieces = st.sampled_from(
    [
        *("https://", "http:", "tcp://", "//", "@", ":", "/", "?", "#", ".", "[", "]", "::1", "%", "\\", "127.0.0.1"),
        *("shop", "example", "443", "99999", "xn--", "ü", "ß", "①", "\u200d", "\ud800", "\0", "\n", " ", "github"),
        *("{{secret:shop}}", "{{secret:", "}}", "{n}", "0x7f", "２"),
    ]
)


@pytest.mark.parametrize("kind", ["", "http", "statuspage", "tcp", "tls", "dns"])
@given(target=st.text(max_size=40) | st.lists(pieces, max_size=8).map("".join))
def test_no_target_crashes_it_and_what_it_makes_of_one_stays_the_same(kind, target):
    try:
        made = define(replace(monitor(), kind=kind, target=target))
    except UserError as error:
        assert len(str(error)) < 500  # noqa: PT017 - any text may be refused, or not
        return
    assert define(made) == made


def test_a_name_that_only_ends_like_a_refused_one_is_not_refused():
    assert (
        define(monitor("http", "https://notdiscord.com/"), refused=("discord.com",)).target == "https://notdiscord.com/"
    )


def test_the_operator_can_allow_private_addresses_but_no_metadata_service():
    assert define(replace(monitor("http", "http://10.0.0.5/"), private=True)).target == "http://10.0.0.5/"
    with pytest.raises(UserError, match="not a public address"):
        define(replace(monitor("http", "http://169.254.169.254/"), private=True))


def test_a_secret_can_be_in_the_query_and_stays_a_name():
    made = define(monitor("http", "https://shop.example/x?a=ö&key={{secret:shop}}&again={{secret:shop}}"))
    assert made.target == "https://shop.example/x?a=%C3%B6&key={{secret:shop}}&again={{secret:shop}}"


@pytest.mark.parametrize(
    ("watched", "cure"),
    [
        (monitor("http", URL, "[STATUS] = 200"), "a space on both sides"),
        (
            monitor("http", URL, "[DNS_RCODE] == NOERROR"),
            "I cannot read `[DNS_RCODE]` here. These can be read: `[STATUS]`",
        ),
        (monitor("tcp", "shop.example:1", "[STATUS] == 200"), "I cannot read `[STATUS]` here"),
        (monitor("heartbeat", "", "[STATUS] == 200"), "I cannot read `[STATUS]` here"),
        (monitor("http", URL, *["[STATUS] == 200"] * 11), "at most 10 conditions"),
        (replace(monitor(), seconds=11), "at most 10 seconds"),
        (replace(monitor(), seconds=0), "at most 10 seconds"),
        (monitor(methode="GET"), "has no option `methode`. Its options: `method`"),
        (monitor(method="BREW"), "must be one of"),
        (monitor(slow="fast"), "must be a whole number"),
        (monitor(slow="0"), "must be between 1 and 10000"),
        (monitor(status="ok"), "Write the expected statuses as"),
        (monitor(headers="no colon"), "A header is a line such as"),
        (monitor(headers="X: ü"), "A header is a line such as"),
        (monitor(headers="Host: other.example"), "The header `Host` cannot be set"),
        (monitor(headers="Accept-Encoding: gzip"), "cannot be set"),
        (monitor(headers="\n".join(f"X-{n}: y" for n in range(21))), "at most 20 headers"),
        (monitor("dns", "shop.example", type="ANY"), "must be one of"),
        (monitor("dns", "shop.example", server="ns.example"), "must be an IP address"),
    ],
)
def test_what_a_kind_cannot_do_is_refused_with_a_sentence(watched, cure):
    with pytest.raises(UserError) as refused:
        define(watched)
    assert cure in str(refused.value)


def test_a_kind_that_is_fed_from_outside_needs_no_target():
    assert define(monitor("heartbeat", "")).kind == "heartbeat"
    assert not catalogue.check("heartbeat").runs


# How a kind is declared


def test_every_kind_is_found_and_its_example_can_be_defined():
    names = [check.name for check in catalogue.checks()]
    assert names == sorted(names)
    assert {"http", "tls", "tcp", "dns", "statuspage", "gatus", "kuma", "status_api"} < set(names)
    for check in catalogue.checks():
        assert check.function is not None
        assert check.runs == (check.row is None)
        if check.runs:
            made = define(monitor(check.name, check.example))
            assert define(made) == made
        for preset in check.presets:
            assert kind_of(preset) == check.name


def kind(**values):
    return Check("brew", "Tea", **{"target": "url", "example": URL, **values})


def key(monitor):
    """The key of the row of a kind whose results come from outside."""
    return {"pk": {"S": f"tea#{monitor.id}"}, "sk": {"S": "-"}}


@pytest.mark.parametrize(
    ("declare", "cure"),
    [
        (lambda: kind(target="address"), "target must be one of 'url'"),
        (lambda: kind(operands=("STATE",)), "conditions cannot read 'STATE'; operands are STATUS"),
        (lambda: kind(example=""), 'such as example="https://shop.example/health"'),
        (lambda: kind(conditions=("[STATUS] = 1",), operands=("STATUS",)), "cannot work"),
        (lambda: kind(conditions=("[STATUS] == 200",)), "cannot work"),
        (lambda: kind(row=key, operands=("BODY",)), "drop operands= and conditions="),
        (lambda: kind(row=key).run(lambda monitor, net: None), "write `@check.fed`, or drop row="),
        (lambda: kind(row=key).fed(lambda monitor, row: []), "(monitor, row, before, at, *, …)"),
        (lambda: kind().fed(lambda monitor, row, before, at: []), "write `@check.run`"),
        (lambda: kind().run(lambda monitor: None), "(monitor, net, *, options…)"),
        (lambda: kind().validate_target(str), "drop validate_target"),
        (lambda: kind().describe(lambda monitor, row, at: []), "drop describe"),
    ],
)
def test_a_declaration_that_cannot_work_says_what_to_write(declare, cure):
    with pytest.raises(DefinitionError) as refused:
        declare()
    assert cure in str(refused.value)


def test_a_kind_that_asks_has_the_options_slow_and_recheck_by_itself():
    made = kind(operands=("RESPONSE_TIME",))
    made.run(lambda monitor, net: None)
    assert made.options == (SLOW, RECHECK)
    made = kind(operands=("STATUS",))
    made.run(lambda monitor, net: None)
    assert made.options == (RECHECK,)

    def slow(monitor, net, *, slow: int = 1):
        return None

    def recheck(monitor, net, *, recheck: int = 1):
        return None

    for function in (slow, recheck):
        with pytest.raises(DefinitionError, match="drop yours"):
            kind(operands=("RESPONSE_TIME",)).run(function)


def test_the_time_until_a_second_check_is_1_to_20_seconds_and_only_for_what_is_asked():
    assert define(monitor(recheck=20)).options == {"recheck": "20"}
    assert define(monitor("dns", "shop.example", recheck=1)).options == {"recheck": "1"}
    assert verdict(monitor(recheck=5), answer(200)) == ("up", None)
    for wrong in (
        monitor(recheck=0),
        monitor(recheck=21),
        monitor(recheck="soon"),
        monitor("heartbeat", "", recheck=5),
    ):
        with pytest.raises(UserError):
            define(wrong)


def test_the_conditions_of_a_kind_hold_unless_the_monitor_has_its_own_about_the_same():
    made = kind(operands=("STATUS", "BODY"), conditions=("[STATUS] == 200", "[BODY] == ok"))
    texts = [each.text for each in made.conditions_of(monitor("brew", URL, "[STATUS] == 418"))]
    assert texts == ["[STATUS] == 418", "[BODY] == ok"]


def test_an_option_that_is_no_longer_allowed_does_not_close_the_card_on_which_it_is_corrected():
    made = kind(row=lambda monitor: {}, target="")
    made.fed(lambda monitor, row, before, at: [])
    made.describe(lambda monitor, row, at: ["It brews."])
    assert made.description(monitor("brew"), {}, 0) == ["It brews."]
    assert made.description(monitor("brew", cups="3"), {}, 0) == []
