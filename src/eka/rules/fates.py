"""What became of each byte at a renewal, read from the entries that the rules told."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from eka.rules.buckets import FOREVER, ends_at
from eka.rules.lines import Bucket, Entry, Line
from eka.rules.plans import Kind

LOSSES = ("forfeited", "expired")
OUTFLOWS = ("forfeited", "expired", "converted")
TURNING = frozenset((*OUTFLOWS, "carried", "activated", "lapsed", "closed"))
TURNING_GRANTS = frozenset(("plan", "round_up", "brought"))


class Lost(Struct, frozen=True, kw_only=True):
    """Bytes that one rule takes from one bucket, with the figures that explain it."""

    at: datetime
    reason: str
    bytes: int
    kind: Kind
    bucket: int
    figures: dict[str, Any] = {}


class Fate(Struct, frozen=True, kw_only=True):
    """What becomes of one bucket: `left` + `rounded` = `carried` + `kept` + `lost` + `converted`.

    `until` is when what is carried or kept ends; None where nothing is or no end is set.
    `left` None is unlimited: such a bucket ends with its period.
    """

    bucket: int
    kind: Kind
    left: int | None
    carried: int = 0
    rounded: int = 0
    kept: int = 0
    lost: int = 0
    converted: int = 0
    until: datetime | None = None


def held(line: Line) -> int | None:
    """What the line's buckets hold, usable now or not; None is unlimited."""
    amounts = [bucket.left for bucket in line.buckets]
    return None if None in amounts else sum(amount or 0 for amount in amounts)


def moved(entries: Iterable[Entry], code: str, reason: str | None = None) -> int:
    """Bytes of the entries of one code, and of one reason where it is given."""
    return sum(e.bytes for e in entries if e.code == code and reason in (None, e.reason))


def losses_of(entries: Iterable[Entry]) -> tuple[Lost, ...]:
    """Everything that was forfeited or expired, in order."""
    return tuple(
        Lost(
            at=entry.at,
            reason=entry.reason,
            bytes=entry.bytes,
            kind=entry.kind or "plan",
            bucket=entry.bucket or 0,
            figures=entry.figures,
        )
        for entry in entries
        if entry.code in LOSSES
    )


def fates_of(before: Line, entries: Sequence[Entry], after: Line) -> tuple[Fate, ...]:
    """What became of each bucket of `before`; `entries` tell all that happened since."""
    return tuple(_fate(bucket, entries, after) for bucket in before.buckets)


def _fate(bucket: Bucket, entries: Sequence[Entry], after: Line) -> Fate:
    own = [entry for entry in entries if entry.bucket == bucket.number]
    if bucket.left is None:
        return Fate(bucket=bucket.number, kind=bucket.kind, left=None)
    carried, rounded = moved(own, "carried"), moved(own, "granted", "round_up")
    lost = moved(own, "forfeited") + moved(own, "expired")
    converted = moved(own, "converted")
    homes = {bucket.number, *(entry.into for entry in own if entry.code == "carried")}
    return Fate(
        bucket=bucket.number,
        kind=bucket.kind,
        left=bucket.left,
        carried=carried,
        rounded=rounded,
        kept=bucket.left + rounded - carried - lost - converted,
        lost=lost,
        converted=converted,
        until=_until([held for held in after.buckets if held.number in homes], after),
    )


def _until(homes: Sequence[Bucket], line: Line) -> datetime | None:
    ends = [end for home in homes if (end := ends_at(home, line)) != FOREVER]
    return min(ends, default=None)


def carried_until(line: Line) -> datetime | None:
    """When the first of the line's carried bytes end."""
    return _until([bucket for bucket in line.buckets if bucket.kind == "rollover"], line)


def moves(entry: Entry) -> Iterator[tuple[int, int]]:
    """What an entry adds to which bucket, in bytes."""
    bucket, amount = entry.bucket, entry.bytes
    if bucket is None:
        return
    if entry.code == "granted":
        yield bucket, amount
    elif entry.code in OUTFLOWS or (entry.code == "used" and not entry.reason):
        yield bucket, -amount
    elif entry.code == "carried" and entry.into is not None and entry.into != bucket:
        yield bucket, -amount
        yield entry.into, amount


def is_turning(entry: Entry) -> bool:
    """Whether the entry belongs to a turn rather than to the life within a period."""
    if entry.code == "granted":
        return entry.reason in TURNING_GRANTS
    return entry.code in TURNING
