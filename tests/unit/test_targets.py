"""Which URLs and addresses may be asked. The cases come from a set of known ways around such a judge."""

import pytest

from watchbell.status.targets import NotAUrl, Target, is_allowed, parse_target, parse_url

PUBLIC = "93.184.216.34"


def judged(url, *resolved, private=False):
    """Whether a URL may be asked if its name has these addresses; an address in the URL needs no name server."""
    try:
        found = parse_url(url)
    except NotAUrl:
        return False
    addresses = [str(found.address)] if found.address else resolved
    return all(is_allowed(address, private=private) for address in addresses)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.0.0.2", "2130706433", "0x7f.0x0.0x0.0x1", "0177.1", "127.1", "127.0.0.01", "2130706433."),
        *("127.0.0.257", "0x0", "000000000000", "0.0.0.0", "0x7f000001", "2130706433:9001", "127.0.0.1:9001"),
        *("169.254.169.254", "169.254.169.254.", "169.254.170.2", "169.254.169.123", "169.254.78.1"),
        *("025177524776", "0xa9.254.0251.254", "0000000251.0000000376.0000000251.0000000376", "169.254.169.510"),
        *("0xa000001", "172.31.255.254", "192.168.0.1", "0300.0250.0.1", "0x64.0x40.0.1", "100.100.100.200"),
        *("1e9", "8.8.2056", "010.8.8.8", "8.8.8.8.8", "0x", "1"),
    ],
)
def test_an_ipv4_address_is_refused_if_it_is_special_or_spelt_unusually(host):
    assert not judged(f"http://{host}/", PUBLIC)


@pytest.mark.parametrize(
    ("before", "first", "last", "after"),
    [
        (None, "0.0.0.0", "0.255.255.255", "1.0.0.0"),
        ("9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"),
        ("100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"),
        ("126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"),
        ("169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"),
        ("172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"),
        ("191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"),
        ("192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"),
        ("192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"),
        ("192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"),
        ("198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"),
        ("198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"),
        ("203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"),
        ("223.255.255.255", "224.0.0.0", "255.255.255.255", None),
        (None, "::", "1fff:ffff::", None),
        (None, "2001::", "2001:1ff:ffff::", "2001:200::"),
        ("2001:db7:ffff::", "2001:db8::", "2001:db8:ffff::", "2001:db9::"),
        ("2001:ffff::", "2002::", "2002:ffff::", "2003::"),
        ("3ffe:ffff::", "3fff::", "3fff:fff:ffff::", "3fff:1000::"),
        (None, "4000::", "ffff:ffff::", None),
    ],
)
def test_a_special_range_is_refused_from_its_first_to_its_last_address(before, first, last, after):
    assert [is_allowed(address) for address in (first, last)] == [False, False]
    assert all(is_allowed(address) for address in (before, after) if address)


@pytest.mark.parametrize(
    "host",
    [
        *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:169.254.169.254]", "[::ffff:100.64.0.1]", "[::a9fe:a9fe]"),
        *("[64:ff9b::127.0.0.1]", "[64:ff9b::c0a8:1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::a00:1]"),
        *("[2002:7f00:0001::1]", "[2002:a9fe:a9fe::1]", "[2002:808:808::1]", "[2001:0:7f00:1::]", "[2001:2::1]"),
        *("[3fff::1]", "[2001:db8::1]", "[fc00::]", "[fd00:ec2::254]", "[FD00:EC2:0:0:0:0:0:254]", "[fe80::]"),
        *("[feff::1]", "[ff05::1:3]", "[1fff::1]", "[::1%251]", "[fe80::1%25eth0]", "[2400:cb00::1%251]"),
        *("[::1]a", "[]", "[::ffff:127.1]", "[localhost]", "[127.0.0.1]", "[v1.x]", "[::1", "::1"),
    ],
)
def test_an_ipv6_address_is_refused_if_it_is_special_or_holds_another_or_is_none(host):
    assert not judged(f"http://{host}/", PUBLIC)


@pytest.mark.parametrize("host", ["8.8.8.8", "[2001:4860:4860:0:0:0:0:8844]", "[2400:cb00:2048:1::c629:d7a2]"])
def test_a_public_address_is_allowed(host):
    assert judged(f"http://{host}/")


@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        ("LOCALHOST", ["127.0.0.1"]),
        ("localhost.localdomain", ["127.0.0.1"]),
        ("instance-data", ["169.254.169.254"]),
        ("printer.local", ["192.168.1.9"]),
        ("customer1.app.localtest.me", ["127.0.0.1"]),
        ("evil.example.com", ["172.20.1.1"]),
        ("evil.example.com", ["::1"]),
        ("evil.example.com", ["fd00:ec2::254"]),
        ("evil.example.com", ["fe80::1%eth0"]),
        ("evil.example.com", ["255.255.255.255"]),
        ("mixed.example.com", [PUBLIC, "10.0.0.5"]),
        ("mixed.example.com", [PUBLIC, "169.254.169.254", "93.184.216.35"]),
    ],
)
def test_a_name_is_judged_by_all_of_its_addresses(host, addresses):
    assert not judged(f"http://{host}/", *addresses)


@pytest.mark.parametrize(
    "url",
    [
        *("http://@127.0.0.1/", "http://example.com%23@127.0.0.1/", "http://example.com\\@127.0.0.1/"),
        *("http:127.0.0.1/", "//127.0.0.1/", "http:///127.0.0.1/", "http://127.0.0.1?@example.com/"),
        *(
            "http://127.0.0.1:80@example.com:80/",
            "https://user:secret@shop.example.com/",
            "http://127.0.0.1#@x.example/",
        ),
        *(
            "http://example.com/\r\nX-Evil: 1",
            "http://exam\tple.com/",
            "http://example.com/a b",
            " http://example.com/",
        ),
        *("http://127.0.0.1%2f.example.com/", "http://./", "http://../", "http://a..b/", "http://exa<mple.com/"),
        *("http://example.com,127.0.0.1/", "   ", "", "http://", "http://[", f"http://{'a' * 64}.example/"),
        *("http://-a.example/", "http://a-.example/", f"http://{'a.' * 127}example/", "http://exa\ud800mple.com/"),
        *("file:///etc/passwd", "gopher://example.com:70/_x", "sftp://example.com/", "javascript:alert(1)"),
        *("view-source:http://127.0.0.1/", "smb://example.com/share", "https//example.com/", "example.com"),
        *("http://example.com:65536/", "http://example.com:80a/", "http://example.com:80:80/", "http://example.com:0/"),
        *("http://example.com:-1/", "http://example.com:８０/"),
    ],
)
def test_a_url_that_programs_could_read_differently_is_refused(url):
    assert not judged(url, PUBLIC)


@pytest.mark.parametrize(
    "host",
    [
        *("１２７。０。０。１", "①②⑦.⓪.⓪.①", "¹²⁷.⁰.⁰.¹", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "loc\u200dalhost", "example.com＠127.0.0.1"),
        *("١٢٧.٠.٠.١", "ﬁle.localhost", "straße.example", "localhost\u3002", "ｌocalhost"),
    ],
)
def test_a_host_in_characters_that_stand_for_others_is_refused(host):
    assert not judged(f"http://{host}/", PUBLIC)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "https://example.com/",
            "http://example.com",
            "https://example.com./",
            "https://api.example.co.uk/v1?a=1&x=%20",
        ),
        *("https://example.com/127.0.0.1/", "https://example.com/#@127.0.0.1/", "https://example.com//double"),
        *("https://127.example.com/", "https://localhost.example.com/", "https://0x7f.example.com/"),
        *(
            "https://x.museum/",
            "https://example.com/~user/",
            f"https://example.com/{'p' * 500}",
            "https://a_b.example/",
        ),
        *("https://example.com:8080/", "https://example.com:65535/", "https://example.com:/", "HTTPS://EXAMPLE.com/"),
        *(
            "http://example.com:80#@127.0.0.1:8080@x.example.com/",
            "https://пример.example.com/",
            "https://münchen.example",
        ),
    ],
)
def test_an_honest_url_is_allowed(url):
    assert judged(url, PUBLIC)
    assert judged(url, PUBLIC, "2606:2800:220:1:248:1893:25c8:1946", "192.30.255.112", "169.150.1.1")


def test_a_url_is_taken_apart_for_the_request():
    url = parse_url("https://Пример.example.com:8443/Größe/a%20b?q=ä&x=1#part")
    assert url.host == "xn--e1afmkfd.example.com"
    assert (url.scheme, url.port, url.authority) == ("https", 8443, "xn--e1afmkfd.example.com:8443")
    assert url.target == "/Gr%C3%B6%C3%9Fe/a%20b?q=%C3%A4&x=1"
    assert parse_url(str(url)) == url
    assert parse_url("http://[2400:CB00::1]").authority == "[2400:cb00::1]"
    assert parse_url("http://example.com:80").authority == "example.com"


SHOP = parse_url("https://shop.example.com/a/b?c")


@pytest.mark.parametrize(
    "location",
    [
        *("http://169.254.169.254/latest/meta-data/iam/", "http://2130706433/", "//127.0.0.1/", "http://127。0。0。1/"),
        *("http://100.64.0.1/", "data:text/plain,UP", "http://[", "file:///etc/passwd"),
    ],
)
def test_a_redirect_is_judged_like_the_first_url(location):
    try:
        url = SHOP.redirected(location)
    except NotAUrl:
        return
    assert url.address is not None
    assert not is_allowed(str(url.address))


@pytest.mark.parametrize(
    ("location", "target"), [("/en/", "/en/"), ("x", "/a/x"), ("?d", "/a/b?d"), ("//shop.example.com/", "/")]
)
def test_a_redirect_may_be_relative(location, target):
    there = SHOP.redirected(location)
    assert (there.target, there.origin) == (target, SHOP.origin)


@pytest.mark.parametrize(
    "host", ["10.0.0.5", "172.16.0.1", "192.168.1.1", "100.64.0.1", "127.0.0.1", "[::1]", "[fd12::1]"]
)
def test_a_private_address_is_allowed_with_permission_only(host):
    assert not judged(f"http://{host}/")
    assert judged(f"http://{host}/", private=True)


@pytest.mark.parametrize(
    "host",
    [
        *("169.254.169.254", "169.254.170.2", "[fe80::1]", "[fd00:ec2::254]", "[fd00:ec2::23]", "100.100.100.200"),
        *("0.0.0.0", "[::]", "224.0.0.1", "255.255.255.255", "[::ffff:127.0.0.1]", "[64:ff9b::a00:1]", "2130706433"),
    ],
)
def test_metadata_link_local_and_other_special_addresses_are_never_allowed(host):
    assert not judged(f"http://{host}/", private=True)


def test_an_operator_writes_a_url_and_may_add_a_permission():
    assert parse_target(" https://status.example/x ") == Target(parse_url("https://status.example/x"))
    assert parse_target("http://10.0.0.5/x  private") == Target(parse_url("http://10.0.0.5/x"), private=True)


@pytest.mark.parametrize(
    ("value", "cure"),
    [
        ("https://status.example/ public", "the word private"),
        ("https://status.example/ private private", "the word private"),
        ("private", "not an http or https URL"),
        ("", "not an http or https URL"),
        ("https://ada:secret@status.example/", "user name"),
        ("http://2130706433/", "four numbers"),
    ],
)
def test_what_an_operator_wrote_wrongly_is_told(value, cure):
    with pytest.raises(NotAUrl, match=cure):
        parse_target(value)
