"""When the value of data is earned: as its bytes leave the line, or as an unlimited period passes.

What carries over is not earned: its value goes with it into the bucket it is carried into. Bytes
that rounding added have no value of their own: the bytes that were paid for leave first.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from eka.rules import books

INCOME = {
    "used": books.USED,
    "expired": books.EXPIRED,
    "forfeited": books.FORFEITED,
    "converted": books.CONVERTED,
}
SECOND = timedelta(seconds=1)


class Move(Struct, frozen=True):
    """Bytes that left a bucket, by the entries up to `entry`; carried ones went `into` another."""

    entry: int
    bucket: int
    code: str
    bytes: int
    into: int | None = None


class Course(Struct, frozen=True, kw_only=True):
    """How far an allowance has gone: `gone` bytes of it have left the line.

    What is left lies in `bucket`; entries up to `entry` are counted.
    """

    value: int
    granted: int
    bucket: int
    gone: int = 0
    entry: int = 0

    @property
    def earned(self) -> int:
        """Minor units of the value that are earned."""
        return earned(self.value, self.granted, max(0, self.granted - self.gone))


def earned(value: int, granted: int, left: int) -> int:
    """The part of `value` for the bytes that are no longer left; the last ones take the rest.

    Rounded down to a minor unit, so that it never is more than the data that went.
    """
    return value * (granted - left) // granted


def earned_by_time(value: int, starts: datetime, ends: datetime, now: datetime) -> int:
    """The part of `value` for the whole seconds of [starts, ends) that have passed."""
    if now >= ends:
        return value
    seconds = -((starts - ends) // SECOND)
    return value * max(0, (now - starts) // SECOND) // max(1, seconds)


def follow(course: Course, moves: Iterable[Move]) -> tuple[Course, dict[str, int]]:
    """Goes on along the line's moves; what that earns, by account. In steps it is the same.

    `moves` are in order and may be of any bucket: those that do not concern the allowance are
    passed by.
    """
    income: dict[str, int] = {}
    for move in moves:
        before, concerned = course.earned, move.bucket == course.bucket
        if concerned and move.code == "carried":
            course = replace(course, bucket=move.into or course.bucket)
        elif concerned:
            course = replace(course, gone=course.gone + move.bytes)
        course = replace(course, entry=move.entry)
        if gain := course.earned - before:
            income[INCOME[move.code]] = income.get(INCOME[move.code], 0) + gain
    return course, income
