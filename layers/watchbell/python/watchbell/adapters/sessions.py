"""Sessions of requests that share one TLS context.

On its own, requests reads its 120 authorities again for each connection. That takes 30 ms of a whole processor, and a
function with 512 MB has about 0.3 of one.
"""

from __future__ import annotations

import ssl
from functools import cache
from typing import Any

import certifi
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import create_urllib3_context


def session() -> requests.Session:
    """Return a new session, with its own connections and cookies. It follows no redirect."""
    made = _Session()
    made.mount("https://", _Adapter())
    return made


@cache
def tls_context() -> ssl.SSLContext:
    """The one context. It trusts the authorities that requests trusts."""
    context: ssl.SSLContext = create_urllib3_context()
    context.load_verify_locations(certifi.where())
    return context


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Even with `allow_redirects=False`, requests parses the URL, and a malformed one raises ValueError."""


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, ssl_context=tls_context(), **options)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        if verify is not True:  # REQUESTS_CA_BUNDLE names other authorities
            super().cert_verify(conn, url, verify, cert)
