"""Which buckets are usable, what they hold, and the order in which they burn (section 2)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from eka.rules.lines import Bucket, Line
from eka.rules.plans import KINDS, Burn, Kind, Tie

EQUAL = Burn().kinds
FOREVER = datetime.max.replace(tzinfo=UTC)


def ends_at(bucket: Bucket, line: Line) -> datetime:
    """When the bucket ends: its own expiry or its period's end, whichever comes first."""
    own = bucket.expires or FOREVER
    period = line.period
    if bucket.period is None or period is None or bucket.period != period.number:
        return own
    return min(own, period.ends)


def is_bound(bucket: Bucket, line: Line) -> bool:
    """Whether the bucket shares the fate of the line's present period."""
    return line.period is not None and bucket.period == line.period.number


def usable(line: Line) -> tuple[Bucket, ...]:
    """The buckets that can be used now: all of an active line that is not suspended."""
    return line.buckets if line.state == "active" and not line.suspended else ()


def left(line: Line, kind: Kind | None = None) -> int | None:
    """Usable bytes, of one kind or in all; None is unlimited."""
    total = 0
    for bucket in usable(line):
        if kind in (None, bucket.kind):
            if bucket.left is None:
                return None
            total += bucket.left
    return total


def burn_order(line: Line) -> list[Bucket]:
    """The usable buckets in the order in which they pay."""
    buckets = usable(line)
    if len(buckets) < 2 or line.period is None:
        return list(buckets)
    return sorted(buckets, key=_rank_on(line, line.period.plan.burn))


def first_to_burn(line: Line) -> Bucket | None:
    """The usable bucket that pays first; None where there is none."""
    buckets = usable(line)
    if len(buckets) < 2 or line.period is None:
        return buckets[0] if buckets else None
    return min(buckets, key=_rank_on(line, line.period.plan.burn))


def _rank_on(line: Line, burn: Burn) -> Callable[[Bucket], tuple[Any, ...]]:
    """What buckets of this line are ordered by: kind, tie, birth, order of creation."""
    tie = _TIES[burn.tie]
    # Nearly every use of data asks this, and most plans rank all kinds equal.
    ranks = None if burn.kinds == EQUAL else _ranks(burn)

    def rank(bucket: Bucket) -> tuple[Any, ...]:
        kind = 0 if ranks is None else ranks[bucket.kind]
        return kind, tie(bucket, line), bucket.born, bucket.number

    return rank


@lru_cache(maxsize=1024)
def _ranks(burn: Burn) -> dict[Kind, int]:
    """A rank for each kind; a kind that is not listed ranks last."""
    ranks = dict.fromkeys(KINDS, len(burn.kinds))
    for rank, kinds in reversed(list(enumerate(burn.kinds))):
        ranks.update(dict.fromkeys(kinds, rank))
    return ranks


def _birth(bucket: Bucket, line: Line) -> datetime:
    return bucket.born


def _youth(bucket: Bucket, line: Line) -> timedelta:
    return FOREVER - bucket.born


_TIES: dict[Tie, Callable[[Bucket, Line], Any]] = {
    "earliest_expiry": ends_at,
    "oldest": _birth,
    "newest": _youth,
}
