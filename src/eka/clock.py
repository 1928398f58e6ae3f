"""The only reader of time.

Everything else receives `now` as an argument, so that a test or the demo can say what time it is.
`tests/test_house.py` fails when another module asks the machine.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

OffsetSource = Callable[[], timedelta]


def _no_offset() -> timedelta:
    return timedelta(0)


_offset_source: OffsetSource = _no_offset


def now() -> datetime:
    """The present moment, aware and in UTC, moved by the offset source if one is set."""
    return datetime.now(UTC) + _offset_source()


def set_offset_source(source: OffsetSource | None) -> None:
    """Move the clock: `source` is asked at every reading how far. `None` puts it right again.

    The demo moves days ahead by it. A seller's shop never sets it.
    """
    global _offset_source  # noqa: PLW0603  one clock per process is the point
    _offset_source = source or _no_offset
