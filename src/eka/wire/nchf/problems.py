"""Answers that refuse: application/problem+json (TS 29.571, 5.2.4.1; TS 29.500, 5.2.7.2)."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from eka.wire.nchf.types import InvalidParam, ProblemDetails

JSON = "application/json"
PROBLEM = "application/problem+json"

_TITLES = {
    400: "Bad request",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    413: "Content too large",
    415: "Unsupported media type",
    500: "Internal server error",
    503: "Service unavailable",
    504: "Gateway timeout",
}


class Reply(Struct, frozen=True):
    """A ready HTTP answer; header names are in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


def problem(
    status: int,
    cause: str | None = None,
    detail: str | None = None,
    *,
    invalid: Mapping[str, str] | None = None,
    headers: tuple[tuple[str, str], ...] = (),
) -> Reply:
    """Refuses with `status`; `invalid` maps JSON pointers into the body to what is wrong there."""
    params = tuple(InvalidParam(param=at, reason=why) for at, why in (invalid or {}).items())
    details = ProblemDetails(
        status=status,
        title=_TITLES[status],
        detail=detail,
        cause=cause,
        invalid_params=params or None,
    )
    return Reply(status, (("content-type", PROBLEM), *headers), msgspec.json.encode(details))


def busy(retry_after_seconds: int = 1) -> Reply:
    """Nothing was done; the same request may come again."""
    return problem(503, "NF_CONGESTION", headers=(("retry-after", str(retry_after_seconds)),))


def system_failure() -> Reply:
    return problem(500, "SYSTEM_FAILURE")
