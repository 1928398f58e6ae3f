"""The certificates of both sides, made at the first start by an authority of the sandbox's own.

It stands for the GSMA's: whoever trusts it trusts the SM-DP+ and the operator, and nobody else has
a certificate of it. TLS goes by the machine's clock and the sandbox perhaps by another, so they are
good for as long as anybody will run this.
"""

import atexit
import ipaddress
import shutil
import tempfile
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from eka.gateways.sandbox.records import Records

SINCE, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2049, 12, 31, tzinfo=UTC)
SMDP = "smdp.example.com"
AUTHORITY = "Eka sandbox CI"
# The SM-DP+ as a server and as a client, the operator as a client and as a server.
WHOSE = ("smdp", "notifier", "operator", "listener")


class Keys:
    """PEM texts, kept in the records: `NAME` is a certificate, `NAME_key` its key."""

    def __init__(self, records: Records) -> None:
        kept = records.get("keys", "smdp")
        if kept is None:
            kept = made()
            records.put("keys", "smdp", kept)
        self.pem: dict[str, str] = kept

    @cached_property
    def folder(self) -> Path:
        """The same as files that nobody else may read, until this process ends."""
        folder = Path(tempfile.mkdtemp(prefix="eka-smdp-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        for name, text in self.pem.items():
            (folder / f"{name}.pem").write_text(text, encoding="ascii")
        return folder


def made() -> dict[str, str]:
    """An authority, and what it issues for each of `WHOSE`."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _signed(AUTHORITY, authority_key, None, authority_key)
    pem = {"ca": _pem(authority)}
    for whose in WHOSE:
        key = ec.generate_private_key(ec.SECP256R1())
        pem[whose] = _pem(_signed(whose, key, authority, authority_key))
        pem[f"{whose}_key"] = key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ).decode()
    return pem


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    """A certificate; without an issuer that of the authority itself."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    hosts = [x509.DNSName(host) for host in ("localhost", SMDP)]
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder(subject_name=subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(SINCE)
        .not_valid_after(UNTIL)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(_usage(signs=issuer is None), critical=True)
        .add_extension(x509.SubjectAlternativeName([*hosts, address]), critical=False)
        .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        .add_extension(own, critical=False)
        .add_extension(signer, critical=False)
        .sign(issuer_key, SHA256())
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )
