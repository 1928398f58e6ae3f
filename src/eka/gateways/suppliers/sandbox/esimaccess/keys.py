"""The account's access code and secret, made at the first start, and what is signed with them."""

import hashlib
import hmac
import re
import secrets
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from eka.gateways.sandbox.records import Records
from eka.gateways.suppliers.sandbox.esimaccess.terms import Refusal

FRESH = timedelta(minutes=5)
HEADERS = ("rt-accesscode", "rt-timestamp", "rt-requestid", "rt-signature")


class Keys:
    """They are kept in the records."""

    def __init__(self, records: Records) -> None:
        kept = records.get("keys", "esimaccess")
        if kept is None:
            kept = {"access_code": secrets.token_hex(16), "secret_key": secrets.token_hex(16)}
            records.put("keys", "esimaccess", kept)
        self.access_code, self.secret_key = str(kept["access_code"]), str(kept["secret_key"])

    def check(self, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        """Whether the reseller signed this, and now. Raises Refusal."""
        code, timestamp, request, signature = (headers.get(name, "") for name in HEADERS)
        if not (code and timestamp and request and signature):
            raise Refusal("000101")
        if not re.fullmatch("[0-9]{13}", timestamp):
            raise Refusal("000102")
        if abs(now - datetime.fromtimestamp(int(timestamp) / 1000, UTC)) > FRESH:
            raise Refusal("101001")
        expected = _digest(self.secret_key, timestamp + request + code, body)
        if code != self.access_code or not hmac.compare_digest(expected, signature.lower()):
            raise Refusal("101003")

    def signed(self, body: bytes, now: datetime) -> dict[str, str]:
        """The headers of a notification."""
        return self._headers(self.secret_key, body, now)

    def forged(self, body: bytes, now: datetime) -> dict[str, str]:
        """The same headers from somebody who does not have the secret."""
        return self._headers(secrets.token_hex(16), body, now)

    def _headers(self, secret: str, body: bytes, now: datetime) -> dict[str, str]:
        timestamp, request = f"{int(now.timestamp())}000", str(uuid.uuid4())
        return {
            "RT-AccessCode": self.access_code,
            "RT-Timestamp": timestamp,
            "RT-RequestID": request,
            "RT-Signature": _digest(secret, timestamp + request + self.access_code, body),
        }


def _digest(secret: str, prefix: str, body: bytes) -> str:
    return hmac.digest(secret.encode(), prefix.encode() + body, hashlib.sha256).hex()
