"""The keys of both sides, made at the sandbox's first start and kept in its records."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from eka.gateways.sandbox.records import Document, Records

BITS = 2048
KIND, ID = "keys", "rsa2"


class Keys:
    """The seller's pair and Alipay's pair, and the secret of download links."""

    def __init__(self, records: Records) -> None:
        kept = records.get(KIND, ID)
        if kept is None:
            kept = fresh_keys()
            records.put(KIND, ID, kept)
        self.seller_private: str = kept["seller_private"]
        self._seller = _private(kept["seller_private"])
        self._alipay = _private(kept["alipay_private"])
        self._link = bytes.fromhex(kept["link"])

    @property
    def alipay_public(self) -> str:
        """Alipay's public key, as PEM."""
        return (
            self._alipay.public_key()
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            .decode()
        )

    def sign(self, text: str) -> str:
        """Alipay's signature."""
        return _signature(self._alipay, text)

    def forge(self, text: str) -> str:
        """A signature of somebody who is not Alipay: good in itself, by the wrong key."""
        return _signature(self._seller, text)

    def from_seller(self, text: str, signature: str) -> bool:
        """Whether the seller signed this text."""
        try:
            given = base64.b64decode(signature, validate=True)
            self._seller.public_key().verify(
                given, text.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except (InvalidSignature, binascii.Error):
            return False
        return True

    def link_token(self, text: str) -> str:
        """What proves that a download link was given out here."""
        return hmac.new(self._link, text.encode(), hashlib.sha256).hexdigest()


def fresh_keys() -> Document:
    """New keys, as they are kept."""
    return {
        "seller_private": _pem(rsa.generate_private_key(65537, BITS)),
        "alipay_private": _pem(rsa.generate_private_key(65537, BITS)),
        "link": secrets.token_hex(32),
    }


def joined(fields: Mapping[str, str], *, without: tuple[str, ...]) -> str:
    """The text that is signed: the fields sorted and joined, but for those left out."""
    return "&".join(
        f"{name}={value}" for name, value in sorted(fields.items()) if name not in without
    )


def _pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _private(pem: str) -> rsa.RSAPrivateKey:
    # Made here, so there is no need to prove at every start that its primes are prime.
    key = serialization.load_pem_private_key(
        pem.encode(), None, unsafe_skip_rsa_key_validation=True
    )
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def _signature(key: rsa.RSAPrivateKey, text: str) -> str:
    return base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
