"""Airalo's signature: hex HMAC-SHA512 of compact JSON with `/` written as `\\/`.

That is how PHP's `json_encode` writes, so what Airalo sends is signed as it is sent. The official
SDKs sign what their JSON would be if PHP had written it, and so may something on the way that
writes the JSON anew.
"""

import hashlib
import hmac
import json
from typing import Any

HEADER = "airalo-signature"


def signature(secret: str, body: bytes) -> str:
    """The header's value for a body."""
    return hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()


def written(content: Any, *, ascii_only: bool = False) -> bytes:
    """The JSON that is signed: as the official Python SDK writes it, or PHP (`ascii_only`)."""
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=ascii_only)
    return text.replace("/", "\\/").encode()


def what_was_signed(secret: str, header: str, body: bytes) -> bytes | None:
    """The body if the signature is of it, or of the same JSON as PHP writes it; else None."""
    if _matches(secret, header, body):
        return body
    try:
        anew = written(json.loads(body), ascii_only=True)
    except (ValueError, RecursionError):
        return None
    return anew if _matches(secret, header, anew) else None


def _matches(secret: str, header: str, body: bytes) -> bool:
    return hmac.compare_digest(signature(secret, body).encode(), header.strip().lower().encode())
