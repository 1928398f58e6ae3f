"""What is left as one bar: used data first, then each bucket in the order in which it burns."""

from datetime import datetime

from msgspec import Struct

from eka.rules.buckets import FOREVER, burn_order, ends_at
from eka.rules.lines import Bucket, Line
from eka.rules.plans import Kind


class Part(Struct, frozen=True):
    """One stretch of the bar, in per cent of its width."""

    kind: Kind | None
    starts: str
    width: str


class Row(Struct, frozen=True):
    """One bucket: its place in the order, what it holds (None: unlimited), when it ends."""

    order: int
    kind: Kind
    left: int | None
    ends: datetime | None
    generation: int


def rows_of(line: Line) -> list[Row]:
    """The usable buckets in the order in which they burn."""
    return [_row(order, held, line) for order, held in enumerate(burn_order(line), start=1)]


def held_by(line: Line) -> list[Row]:
    """What a line that cannot be used still holds, in the order of creation."""
    return [_row(order, held, line) for order, held in enumerate(line.buckets, start=1)]


def _row(order: int, bucket: Bucket, line: Line) -> Row:
    ends = ends_at(bucket, line)
    known = None if ends == FOREVER else ends
    return Row(order, bucket.kind, bucket.left, known, bucket.generation)


def bar_of(line: Line, rows: list[Row]) -> list[Part]:
    """The bar of a line: what this period used, then what is left; empty for unlimited data."""
    used = line.period.used if line.period else 0
    held = [(row.kind, row.left or 0) for row in rows]
    whole = used + sum(amount for _, amount in held)
    if whole == 0 or any(row.left is None for row in rows):
        return []
    parts, before = [], 0
    for kind, amount in [(None, used), *held]:
        parts.append(Part(kind, _percent(before, whole), _percent(amount, whole)))
        before += amount
    return parts


def _percent(amount: int, whole: int) -> str:
    return f"{amount / whole * 100:.2f}%"
