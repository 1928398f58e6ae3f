"""How Alipay writes money and time on the wire."""

import re
from datetime import UTC, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))  # without daylight saving since 1991
CLOCK = "%Y-%m-%d %H:%M:%S"

_YUAN = re.compile(r"(0|[1-9][0-9]{0,8})(?:\.([0-9]{1,2}))?")
_CLOCK = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")


def yuan(fen: int) -> str:
    """`19.99`, `-0.12`."""
    whole, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole}.{rest:02d}"


def fen(text: object) -> int | None:
    """Fen of an amount from 0.01 on; None of anything else, such as a JSON number."""
    match = _YUAN.fullmatch(text) if isinstance(text, str) else None
    amount = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else 0
    return amount or None


def beijing(instant: datetime) -> str:
    """Beijing's wall clock."""
    return instant.astimezone(CHINA).strftime(CLOCK)


def instant(text: object) -> datetime | None:
    """The instant of a reading of Beijing's clock; None where it is not one."""
    if not isinstance(text, str) or not _CLOCK.fullmatch(text):
        return None
    try:
        return datetime.strptime(text, CLOCK).replace(tzinfo=CHINA).astimezone(UTC)
    except ValueError:
        return None
