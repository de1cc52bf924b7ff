"""A certificate authority for the made-up targets. Only the functions of the sandbox trust it."""

from __future__ import annotations

import ssl
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sandbox.loopback import HOST


class Authority:
    """Makes certificates for 127.0.0.1 and localhost, and keeps its files in `folder`.

    `trusted` is a file with the public authorities that certifi knows and this one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._contexts: dict[int, ssl.SSLContext] = {}
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Watchbell sandbox")])
        usage = x509.KeyUsage(*(use in (0, 5) for use in range(9)))  # digital signature, key_cert_sign
        certificate = (
            self._builder(self._name, 3650)
            .public_key(self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.trusted = folder / "authorities.pem"
        own = certificate.public_bytes(serialization.Encoding.PEM)
        self.trusted.write_bytes(Path(certifi.where()).read_bytes() + b"\n" + own)

    def context(self, days: int) -> ssl.SSLContext:
        """A server's context, with a certificate that expires in `days` days, or expired so long ago if negative."""
        with self._lock:
            if days not in self._contexts:
                self._contexts[days] = self._issue(days)
            return self._contexts[days]

    def _issue(self, days: int) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName("localhost"), x509.IPAddress(ip_address(HOST))]
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        certificate = (
            self._builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), days)
            .public_key(key.public_key())
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(identifier, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        file = self._folder / f"certificate{days}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _builder(self, subject: x509.Name, days: int) -> x509.CertificateBuilder:
        until = datetime.now(UTC) + timedelta(days=days)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(until, datetime.now(UTC)) - timedelta(days=1))
            .not_valid_after(until)
        )
