"""Bodies and headers of ES2+ (SGP.22, 6.2 and 6.5): bytes to values and back.

What others send is read generously where the standard's own examples are loose: a number may be
written as text (`"notificationPointId": "4"`), parameters that are not known are ignored, and an
ICCID may be padded or not. What is sent is strict.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

import msgspec

from eka.rules.activation_codes import padded, read_iccid
from eka.wire.es2plus.codes import (
    PARAMETER_INVALID,
    PARAMETER_MISSING,
    code_of,
    failed,
    told,
)
from eka.wire.es2plus.messages import (
    ASKS,
    DONE,
    Answer,
    Ask,
    DownloadOrdered,
    ExecutionStatus,
    HandleDownloadProgressInfo,
    Iccid,
    OrderConfirmed,
)

PATH = "/gsma/rsp2/es2plus/"
PROTOCOL = "gsma/rsp/v2.5.0"
BODY_MAX = 64 * 1024  # bytes; the largest parameter is the result of an installation
JSON = "application/json"

_PROTOCOL = re.compile(r"gsma/rsp/v([0-9]{1,3})\.[0-9]{1,3}\.[0-9]{1,3}")
_MISSING = re.compile(r"^Object missing required field `([^`]+)`")
_AT = re.compile(r" - at `\$\.?([^`]*)`$")

Fault = Literal["syntax", "missing", "invalid"]
A = TypeVar("A", bound=Answer)
P = TypeVar("P", bound=Ask | Answer)


class Unreadable(ValueError):
    """A body or header that is not right; tells which parameter, and never its value."""

    def __init__(self, parameter: str, fault: Fault) -> None:
        super().__init__("no JSON" if fault == "syntax" else f"{parameter} is {fault}")
        self.parameter, self.fault = parameter, fault

    def answer(self) -> Answer:
        """How ES2+ says so; the message names the parameter, as SGP.02 wants it."""
        code = PARAMETER_MISSING if self.fault == "missing" else PARAMETER_INVALID
        return Answer(header=failed(code, str(self)))


class NotExecuted(Exception):
    """The answer is that the function was not executed, or (Expired) perhaps not."""

    def __init__(self, status: ExecutionStatus) -> None:
        super().__init__(told(status))
        self.status, self.code = status.status, code_of(status)


def path(ask: Ask | type[Ask]) -> str:
    """Where an ask is posted to."""
    return PATH + ask.function


def headers(protocol: str = PROTOCOL) -> dict[str, str]:
    """The headers of an ask, and of an answer that has a body."""
    return {"Content-Type": JSON, "X-Admin-Protocol": protocol}


def check_headers(said: Mapping[str, str]) -> None:
    """Whether they are those of ES2+; `said` has lower-case names. Raises Unreadable.

    The version is the highest that the sender knows, so a later one is welcome.
    """
    version = _PROTOCOL.fullmatch(said.get("x-admin-protocol", ""))
    if version is None or int(version[1]) < 2:
        raise Unreadable("X-Admin-Protocol", "invalid")
    if said.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise Unreadable("Content-Type", "invalid")


def encode(message: Ask | Answer) -> bytes:
    """The body of a message."""
    return msgspec.json.encode(message, enc_hook=_written)


def decode(body: bytes, kind: type[P]) -> P:
    """The message of a body. Whatever the bytes are, it raises nothing but Unreadable."""
    try:
        message: P = _DECODERS[kind].decode(body)
    except msgspec.ValidationError as error:
        raise _fault(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable("", "syntax") from None
    return message


def read_answer(body: bytes, kind: type[A]) -> A:
    """The answer to an ask. Raises Unreadable, NotExecuted."""
    status = decode(body, Answer).header.function_execution_status
    if status.status not in DONE:
        raise NotExecuted(status)
    return decode(body, kind)


def _written(value: Any) -> str:
    assert isinstance(value, Iccid)
    return padded(value)


def _read(kind: type, value: Any) -> Iccid:
    if kind is not Iccid or not isinstance(value, str):
        raise TypeError("an ICCID is written as text")
    return Iccid(read_iccid(value))


def _fault(message: str) -> Unreadable:
    """Translates msgspec's message, which may hold a value, into one that does not."""
    at = _AT.search(message)
    place = at[1] if at else ""
    if missing := _MISSING.match(message):
        return Unreadable(".".join(part for part in (place, missing[1]) if part), "missing")
    return Unreadable(place or "the body", "invalid")


_KINDS: list[type[Any]] = [
    *ASKS,
    HandleDownloadProgressInfo,
    Answer,
    DownloadOrdered,
    OrderConfirmed,
]
_DECODERS = {kind: msgspec.json.Decoder(kind, dec_hook=_read, strict=False) for kind in _KINDS}
