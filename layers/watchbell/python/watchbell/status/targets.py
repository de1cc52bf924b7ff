"""Which URLs and addresses may be asked. A URL that somebody typed must not lead into the network of the functions.

This module does no I/O. `adapters.opener` resolves names, and asks here about every address before it connects.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from unicodedata import category, normalize
from urllib.parse import quote, urljoin, urlsplit

PRIVATE_WORD = "private"
"""What follows the URL of a status source that may have a private address."""

_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NETLOC = re.compile(r"(?P<host>\[[^\[\]]*\]|[^\[\]:@]+)(:(?P<port>[0-9]{0,5}))?")

# `is_private` and `is_global` of ipaddress miss some of these, and which ones depends on the version of Python.
_NOT_PUBLIC = [
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared address space
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local: the metadata service, container credentials, Amazon's clock
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which hides an IPv4 address
        "3fff::/20",  # documentation
    )
]
_GLOBAL_UNICAST = ip_network("2000::/3")
"""All IPv6 addresses that are given out. Mapped, compatible, NAT64, unique local and link-local ones lie outside."""

_PRIVATE = [
    ip_network(network)
    for network in (
        *("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
        *("::1/128", "fc00::/7"),
    )
]
_METADATA = [ip_network("fd00:ec2::/32"), ip_network("100.100.100.200/32")]
"""Metadata services within private ranges: Amazon's over IPv6, and another cloud's."""

NEVER_CHECKED = ("discord.com", "discordapp.com", "discord.gg")
"""Hosts that no monitor may ask, with all names below them. Too many requests could get the bot banned."""


class NotAUrl(ValueError):
    """The text is not a URL that can be asked. The message is for operators and developers.

    `fault` is "character", "scheme", "login", "port", "address", "lookalike" or "host". `kit.check` has a sentence for
    each.
    """

    def __init__(self, message: str, fault: str = "host") -> None:
        super().__init__(message)
        self.fault = fault


@dataclass(frozen=True)
class Url:
    """A URL that can be asked, taken apart.

    `scheme` is "http" or "https". `host` is ASCII, and an IPv6 address has no brackets. `target` is the path with its
    query, percent-encoded.
    """

    scheme: str
    host: str
    port: int
    target: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def address(self) -> IPv4Address | IPv6Address | None:
        """The host's address, or None if the host is a name."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None

    def redirected(self, location: str) -> Url:
        """The URL that a Location header leads to. Raises NotAUrl."""
        try:
            return parse_url(urljoin(str(self), location))
        except ValueError as error:  # urljoin raises a plain one
            raise NotAUrl(str(error)) from None


@dataclass(frozen=True)
class Target:
    """What an operator wrote for a status source: its URL, and whether it may have a private address."""

    url: Url
    private: bool = False


def parse_target(value: str) -> Target:
    """Read `https://status.example/` or `https://10.0.0.5/ private`.

    Raises NotAUrl, saying what to write instead. The address is judged later, when the URL is asked.
    """
    text, *words = value.split()[:3] or [""]
    if words not in ([], [PRIVATE_WORD]):
        raise NotAUrl(f"{value!r} is not valid. Write the URL, or the URL and the word {PRIVATE_WORD}.")
    return Target(parse_url(text), private=bool(words))


def parse_url(text: str) -> Url:
    """Take an http or https URL apart. Raises NotAUrl if different programs could read different hosts in it."""
    if not text.isprintable() or set(text) & set(' \\<>"^`{|}'):
        raise NotAUrl(f"{text!r} has a character that must be percent-encoded in a URL.", "character")
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise NotAUrl(f"{text!r} is not a URL: {error}.") from None
    if parts.scheme not in _PORTS:
        raise NotAUrl(f"{text!r} is not an http or https URL.", "scheme")
    if "@" in parts.netloc:
        raise NotAUrl("A URL may not contain a user name or a password.", "login")
    found = _NETLOC.fullmatch(parts.netloc)
    if not found:
        raise NotAUrl(f"{text!r} is not an http or https URL with a host.")
    port = int(found["port"] or _PORTS[parts.scheme])
    if not 0 < port < 65536:
        raise NotAUrl(f"{port} is not a port. Ports go from 1 to 65535.", "port")
    path, query = (quote(part, safe="%/:=&?~#+!$,;'@()*[]") for part in (parts.path or "/", parts.query))
    return Url(parts.scheme, _host(found["host"]), port, path + ("?" + query if query else ""))


def parse_host(text: str) -> tuple[str, int | None]:
    """Read `example.com`, `example.com:25` or `[2001:db8::1]:25`: the host in ASCII, and the port or None.

    Raises NotAUrl like parse_url.
    """
    if "@" in text:
        raise NotAUrl("A host has no user name and no password.", "login")
    found = _NETLOC.fullmatch(text)
    if not found:
        raise NotAUrl(f"{text!r} is not a host, or a host and a port.", "port" if ":" in text else "host")
    port = int(found["port"]) if found["port"] else None
    if port is not None and not 0 < port < 65536:
        raise NotAUrl(f"{port} is not a port. Ports go from 1 to 65535.", "port")
    return _host(found["host"]), port


def is_among(host: str, hosts: Collection[str]) -> bool:
    """Whether `host` is one of `hosts`, or a name below one of them. Both are lower-case ASCII."""
    return any(host == each or host.endswith(f".{each}") for each in hosts)


def is_allowed(address: str, *, private: bool = False) -> bool:
    """Whether the IP address may be connected to. Only public ones may, unless `private` is true.

    `private` adds the private networks and loopback. Link-local, metadata and all other special addresses are never
    allowed.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if private and any(found in network for network in _PRIVATE):
        return not any(found in network for network in _METADATA)
    if found.version == 6 and found not in _GLOBAL_UNICAST:
        return False
    return not any(found in network for network in _NOT_PUBLIC)


def is_address(host: str) -> bool:
    """Whether the host is an IP address and not a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether the address is loopback, or the name stands for it."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _host(text: str) -> str:
    """The host in ASCII. Raises NotAUrl unless it is a name or an address in its one usual spelling."""
    if text.startswith("["):
        try:
            return str(IPv6Address("" if "%" in text else text[1:-1]))
        except ValueError:
            raise NotAUrl(f"{text} is not an IPv6 address.", "address") from None
    name = text.lower().removesuffix(".")
    if not name.isascii():
        name = _in_ascii(name)
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise NotAUrl(f"{text!r} is not a host name.")
    if labels[-1][0].isdigit():  # such a name does not exist, but resolvers take 2130706433 and 0x7f.1 for addresses
        try:
            return str(IPv4Address(name))
        except ValueError:
            raise NotAUrl(f"{text!r} is not an IPv4 address. Write four numbers from 0 to 255.", "address") from None
    return name


def _in_ascii(name: str) -> str:
    """An international name in Punycode. Raises NotAUrl for characters that stand for other characters."""
    if any(not char.isascii() and category(char)[0] not in "LM" for char in name):
        raise NotAUrl(f"{name!r} has a character that is not allowed in a host name.", "lookalike")
    if normalize("NFKC", name.casefold()) != name:
        raise NotAUrl(f"{name!r} can be read as another name. Write it in Punycode (xn--…).", "lookalike")
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        raise NotAUrl(f"{name!r} is not a host name.") from None
