"""How a request to eSIM Access is signed, and a notification of it where it is (docs, HMAC)."""

import hashlib
import hmac
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

CODE, TIMESTAMP = "RT-AccessCode", "RT-Timestamp"
REQUEST, SIGNATURE = "RT-RequestID", "RT-Signature"
FRESH = timedelta(minutes=5)
TIMESTAMP_DIGITS_MAX = 14


def signed(access_code: str, secret_key: str, body: bytes, now: datetime) -> dict[str, str]:
    """The headers of a request whose bytes are `body`."""
    timestamp, request = str(int(now.timestamp() * 1000)), str(uuid.uuid4())
    signature = _signature(secret_key, timestamp + request + access_code, body)
    return {CODE: access_code, TIMESTAMP: timestamp, REQUEST: request, SIGNATURE: signature}


def is_signed(
    access_code: str, secret_key: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> bool:
    """Whether the bytes were signed with this key within five minutes of `now`.

    `headers` have lower-case names. The digits of the signature may be in either case.
    """
    timestamp, request = (headers.get(name.lower(), "") for name in (TIMESTAMP, REQUEST))
    if headers.get(CODE.lower()) != access_code or not is_fresh(timestamp, now):
        return False
    expected = _signature(secret_key, timestamp + request + access_code, body)
    said = headers.get(SIGNATURE.lower(), "").lower()
    return hmac.compare_digest(expected.encode(), said.encode())


def is_fresh(timestamp: str, now: datetime) -> bool:
    """Whether milliseconds since 1970 are within five minutes of `now`."""
    digits = timestamp.isascii() and timestamp.isdigit()
    if not digits or len(timestamp) > TIMESTAMP_DIGITS_MAX:
        return False
    return abs(now - datetime.fromtimestamp(int(timestamp) / 1000, UTC)) <= FRESH


def _signature(secret_key: str, prefix: str, body: bytes) -> str:
    return hmac.new(secret_key.encode(), prefix.encode() + body, hashlib.sha256).hexdigest()
