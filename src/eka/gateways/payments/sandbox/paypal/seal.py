"""The account's credentials, and the key and certificate that its notifications are signed with.

An authority of the sandbox's own issues the certificate, in PayPal's name: who trusts that
authority (and nobody else does) checks it exactly as PayPal's.
"""

import base64
import secrets
import zlib
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from eka.gateways.payments.sandbox.paypal.wire import new_id
from eka.gateways.sandbox.records import Document, Records

NAME = "messageverificationcerts.paypal.com"
AUTHORITY = "Eka sandbox authority"
ALGORITHM = "SHA256withRSA"
SINCE, UNTIL = timedelta(days=365), timedelta(days=7300)


class Seal:
    """Made at the first start and kept in the records."""

    def __init__(self, records: Records, now: datetime) -> None:
        kept = records.get("keys", "paypal")
        if kept is None:
            kept = fresh_keys(now)
            records.put("keys", "paypal", kept)
        self.client_id, self.client_secret = kept["client_id"], kept["client_secret"]
        self.merchant_id, self.cert_id = kept["merchant_id"], kept["cert_id"]
        self.certificate, self.authority = kept["certificate"], kept["authority"]
        # The key was made here, so it is not examined again.
        key = serialization.load_pem_private_key(
            kept["key"].encode(), None, unsafe_skip_rsa_key_validation=True
        )
        assert isinstance(key, rsa.RSAPrivateKey)
        self._key = key

    def sign(self, text: bytes) -> str:
        """The signature of a notification."""
        return signature(self._key, text)

    def signed(self, text: bytes, said: str) -> bool:
        """Whether it was signed here."""
        try:
            self._key.public_key().verify(base64.b64decode(said), text, PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True


def signature(key: rsa.RSAPrivateKey, text: bytes) -> str:
    """A signature by any key."""
    return base64.b64encode(key.sign(text, PKCS1v15(), SHA256())).decode()


def new_key() -> rsa.RSAPrivateKey:
    """A key for signing."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def text_to_sign(id_: str, time: str, webhook_id: str, body: bytes) -> bytes:
    """What PayPal signs of a notification."""
    return f"{id_}|{time}|{webhook_id}|{zlib.crc32(body)}".encode()


def fresh_keys(now: datetime) -> Document:
    """A seller's credentials and PayPal's key, made by chance."""
    key, authority_key = new_key(), ec.generate_private_key(ec.SECP256R1())
    authority = _authority(authority_key, now)
    certificate = _certificate(key, authority, authority_key, now)
    return {
        "client_id": f"AX{secrets.token_urlsafe(57)}",
        "client_secret": f"EL{secrets.token_urlsafe(57)}",
        "merchant_id": new_id(13),
        "cert_id": f"CERT-{secrets.token_hex(4)}-{secrets.token_hex(4)}-{secrets.token_hex(4)}",
        "certificate": certificate.public_bytes(serialization.Encoding.PEM).decode(),
        "authority": authority.public_bytes(serialization.Encoding.PEM).decode(),
        "key": key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
    }


def _named(name: str, now: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SINCE)
        .not_valid_after(now + UNTIL)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _authority(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        _named(AUTHORITY, now)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, AUTHORITY)]))
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, SHA256())
    )


def _certificate(
    key: rsa.RSAPrivateKey,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> x509.Certificate:
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    return (
        _named(NAME, now)
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(server, critical=False)
        .add_extension(issuer, critical=False)
        .sign(authority_key, SHA256())
    )
