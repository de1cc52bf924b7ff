"""Signs a POST of AWS JSON with AWS Signature Version 4, without botocore.

botocore would take three quarters of a cold start. The tests compare the signatures with botocore's.
Source: AWS, "Create a signed AWS API request".
"""

import time

# `hashlib` and `hmac` take 1 ms of a cold start.
from _hashlib import hmac_digest
from _hashlib import openssl_sha256 as sha256


def headers(
    host: str,
    path: str,
    target: str,
    body: bytes,
    *,
    version: str = "1.0",
    region: str,
    service: str,
    access_key: str,
    secret_key: str,
    session_token: str = "",
    now: float,
) -> dict[str, str]:
    """Return the headers of `POST https://host/path` for the action `target`, such as AmazonSQS.SendMessage.

    `host` is the host as it is sent, with a port if that is not the default of the scheme. `path` is already encoded
    and has no query. `now` is in epoch seconds. AWS refuses a signature that is more than 5 minutes off.
    """
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    signed = {
        "content-type": f"application/x-amz-json-{version}",
        "host": host,
        "x-amz-date": stamp,
        **({"x-amz-security-token": session_token} if session_token else {}),
        "x-amz-target": target,
    }
    names = ";".join(signed)
    canonical = "\n".join(
        ["POST", path, "", *(f"{name}:{value}" for name, value in signed.items()), "", names, sha256(body).hexdigest()]
    )
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret_key).encode()
    for part in (*scope.split("/"), to_sign):
        key = hmac_digest(key, part.encode(), "sha256")
    authorization = f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={key.hex()}"
    return {**signed, "authorization": authorization}
