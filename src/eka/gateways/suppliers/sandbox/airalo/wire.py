"""How Airalo writes: envelopes, pages, errors, moments, and PHP's JSON under its signatures."""

import email
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from eka.gateways.sandbox.records import Document

PAGE_MAX = 1000
SUCCESS = {"message": "success"}
BAD_REQUEST, UNPROCESSABLE = 400, 422

REASONS = {
    11: "Insufficient Airalo Credit: {}",
    13: "The requested operator is currently undergoing maintenance. Please try again later.",
    14: "Invalid checksum: {}",
    23: "The requested top-up has been disabled by the operator. {}",
    33: "Insufficient stock of eSIMs remaining: {}. Please try again later.",
    34: (
        "The requested eSIM package is invalid or it is currently out of stock. "
        "Please try again later."
    ),
    53: "Something unexpected happened. Please try again later.",
    73: "The eSIM with ICCID {} was recycled. Please order a new one.",
}


class Fault(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, body: Document, headers: dict[str, str] | None = None) -> None:
        super().__init__(str(body))
        self.status, self.body, self.headers = status, body, headers or {}


def refused(code: int, more: object = "") -> Fault:
    """A 422 with Airalo's code."""
    return Fault(UNPROCESSABLE, {"code": code, "reason": REASONS[code].format(more)})


def invalid(field: str, sentence: str) -> Fault:
    """A 422 for a field that is not as it must be."""
    return Fault(
        UNPROCESSABLE, {"data": {field: sentence}, "meta": {"message": "the parameter is invalid"}}
    )


def plain(status: int, message: str) -> Fault:
    """Any other error."""
    return Fault(status, {"data": [], "meta": {"message": message}})


def enveloped(data: Any) -> Document:
    """What a success is in."""
    return {"data": data, "meta": SUCCESS}


def paged(rows: Sequence[Document], query: dict[str, str], per_page: int, path: str) -> Document:
    """The part of a list that was asked for; `limit` may make it longer."""
    size = min(_number(query.get("limit"), per_page), PAGE_MAX)
    page = _number(query.get("page"), 1)
    last = max(-(-len(rows) // size), 1)
    start = (page - 1) * size
    shown = list(rows[start : start + size])
    return {
        "data": shown,
        "links": {
            "first": f"{path}?page=1",
            "last": f"{path}?page={last}",
            "prev": f"{path}?page={page - 1}" if page > 1 else None,
            "next": f"{path}?page={page + 1}" if page < last else None,
        },
        "meta": {
            **SUCCESS,
            "current_page": page,
            "from": start + 1 if shown else None,
            "last_page": last,
            "path": path,
            "per_page": str(size),
            "to": start + len(shown) if shown else None,
            "total": len(rows),
        },
    }


def stamp(at: datetime) -> str:
    """A moment as Airalo writes it, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def dollars(cents: int) -> float:
    """An amount as a number of JSON."""
    return round(cents / 100, 2)


def php_json(content: Any) -> bytes:
    """What PHP's json_encode makes of it."""
    return json.dumps(content, separators=(",", ":")).replace("/", "\\/").encode()


def signature(secret: str, body: bytes) -> str:
    """The header `airalo-signature`."""
    return hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()


def rightly_signed(secret: str, header: str, fields: Document) -> bool:
    """Whether a request's signature is of its fields, as the SDK of PHP or of Python signs."""
    pythons = json.dumps(fields, separators=(",", ":"), ensure_ascii=False).replace("/", "\\/")
    signed = (php_json(fields), pythons.encode())
    return any(hmac.compare_digest(signature(secret, body), header) for body in signed)


def fields_of(kind: str, body: bytes) -> Document:
    """The fields of a body of JSON or of either kind of form. Raises Fault."""
    if kind.startswith("multipart/form-data"):
        parts = email.message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
        return {
            str(part.get_param("name", header="content-disposition")): part.get_payload()
            for part in parts.walk()
            if not part.is_multipart()
        }
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    try:
        fields = json.loads(body)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise plain(BAD_REQUEST, "Bad request")
    return fields


def _number(text: str | None, otherwise: int) -> int:
    return int(text[:9]) if text and text.isascii() and text.isdigit() and int(text) else otherwise
