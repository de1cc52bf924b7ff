"""The library's signature is the same as botocore's."""

import string
from datetime import UTC, datetime

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from watchbell.adapters import sigv4

words = st.text(string.ascii_letters + string.digits + "+/=", min_size=1, max_size=60)
names = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)


class Oracle(SigV4Auth):
    """botocore's signer, with a given time instead of its clock."""

    def headers(self, url, target, body, now):
        headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": target}
        request = AWSRequest("POST", url, headers, body)
        request.context["timestamp"] = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
        self._modify_request_before_signing(request)
        canonical = self.canonical_request(request)
        self._inject_signature_to_request(request, self.signature(self.string_to_sign(request, canonical), request))
        return {name.lower(): value for name, value in request.headers.items()}


@given(
    host=st.one_of(names.map("{}.amazonaws.com".format), names.map("{}:8443".format)),
    target=names.map("AmazonSQS.{}".format),
    body=st.binary(max_size=400),
    region=names,
    service=names,
    access_key=words,
    secret_key=words,
    session_token=st.one_of(st.just(""), words),
    now=st.integers(0, 4_000_000_000),
)
def test_the_headers_are_those_of_botocore(
    host, target, body, region, service, access_key, secret_key, session_token, now
):
    oracle = Oracle(Credentials(access_key, secret_key, session_token or None), service, region)
    theirs = oracle.headers(f"https://{host}/", target, body, now)
    ours = sigv4.headers(
        host,
        "/",
        target,
        body,
        region=region,
        service=service,
        access_key=access_key,
        secret_key=secret_key,
        session_token=session_token,
        now=now,
    )
    assert ours["host"] == host
    assert {name: value for name, value in ours.items() if name != "host"} == theirs
