"""The keys of both sides, made at the first start: the merchant's, WeChat's, and the APIv3 key."""

import base64
import binascii
import re
import secrets
from datetime import UTC, datetime, timedelta

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from eka.gateways.payments.sandbox.wechat.terms import Refusal
from eka.gateways.sandbox.records import Document, Records

SCHEME = "WECHATPAY2-SHA256-RSA2048"
FRESH = timedelta(minutes=5)

_PART = re.compile(r'(\w+)="([^"]*)"')


class Keys:
    """What is signed, checked and encrypted with them. They are kept in the records."""

    def __init__(self, records: Records) -> None:
        kept = records.get("keys", "wechat")
        if kept is None:
            kept = _made()
            records.put("keys", "wechat", kept)
        self.mchid, self.appid = str(kept["mchid"]), str(kept["appid"])
        self._kept = kept
        self._ours, self._merchants = (_loaded(kept[name]) for name in ("ours", "merchants"))

    def settings(self) -> dict[str, str]:
        """What the merchant is told."""
        public = self._ours.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        names = ("mchid", "appid", "cert_serial_no", "apiv3_key", "public_key_id")
        told = {name: str(self._kept[name]) for name in names}
        return {**told, "private_key": str(self._kept["merchants"]), "public_key": public.decode()}

    def signed(self, body: bytes, now: datetime) -> dict[str, str]:
        """The headers with which WeChat signs an answer or a notification."""
        return self._headers(self._ours, body, now)

    def forged(self, body: bytes, now: datetime) -> dict[str, str]:
        """The same headers from somebody who has only a key of the merchant's."""
        return self._headers(self._merchants, body, now)

    def check(self, authorization: str, request: tuple[str, str, bytes], now: datetime) -> None:
        """Whether the merchant signed a request of method, address and body. Raises Refusal."""
        method, address, body = request
        scheme, _, rest = authorization.partition(" ")
        said = dict(_PART.findall(rest))
        timestamp, nonce = said.get("timestamp", ""), said.get("nonce_str", "")
        message = f"{method}\n{address}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"
        if (
            scheme != SCHEME
            or said.get("mchid") != self.mchid
            or said.get("serial_no") != self._kept["cert_serial_no"]
            or not _is_fresh(timestamp, now)
            or not self._merchant_signed(message, said.get("signature", ""))
        ):
            raise Refusal(401, "SIGN_ERROR", "签名错误，请检查后再试")

    def seal(self, plain: Document, original_type: str) -> Document:
        """A resource, encrypted with the APIv3 key."""
        nonce = secrets.token_hex(6)
        cipher = AESGCM(str(self._kept["apiv3_key"]).encode())
        sealed = cipher.encrypt(nonce.encode(), msgspec.json.encode(plain), original_type.encode())
        return {
            "original_type": original_type,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(sealed).decode(),
            "associated_data": original_type,
            "nonce": nonce,
        }

    def _headers(self, key: RSAPrivateKey, body: bytes, now: datetime) -> dict[str, str]:
        timestamp, nonce = str(int(now.timestamp())), secrets.token_hex(16)
        message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        signature = key.sign(message, PKCS1v15(), SHA256())
        return {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": str(self._kept["public_key_id"]),
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Signature-Type": SCHEME,
        }

    def _merchant_signed(self, message: bytes, signature: str) -> bool:
        try:
            raw = base64.b64decode(signature, validate=True)
            self._merchants.public_key().verify(raw, message, PKCS1v15(), SHA256())
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True


def _is_fresh(timestamp: str, now: datetime) -> bool:
    if not re.fullmatch("[0-9]{1,11}", timestamp):
        return False
    return abs(now - datetime.fromtimestamp(int(timestamp), UTC)) <= FRESH


def _made() -> Document:
    return {
        "mchid": f"1{secrets.randbelow(10**9):09d}",
        "appid": f"wx{secrets.token_hex(8)}",
        "cert_serial_no": secrets.token_hex(20).upper(),
        "apiv3_key": secrets.token_hex(16),
        "public_key_id": f"PUB_KEY_ID_{secrets.randbelow(10**33):033d}",
        "merchants": _generated(),
        "ours": _generated(),
    }


def _generated() -> str:
    key = generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode()


def _loaded(pem: str) -> RSAPrivateKey:
    # It was made here: proving again that its primes are primes takes longer than all the rest.
    key = load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, RSAPrivateKey)
    return key
