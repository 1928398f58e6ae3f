"""Which buckets are usable, what they hold, and the order in which they burn (section 2)."""

from datetime import UTC, datetime

from eka.rules.lines import Bucket, Line
from eka.rules.plans import Burn, Kind

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
    burn = line.period.plan.burn
    return sorted(buckets, key=lambda bucket: _rank(bucket, line, burn))


def _rank(bucket: Bucket, line: Line, burn: Burn) -> tuple[int, float, datetime, int]:
    rank = next((i for i, kinds in enumerate(burn.kinds) if bucket.kind in kinds), len(burn.kinds))
    return rank, _tie(bucket, line, burn), bucket.born, bucket.number


def _tie(bucket: Bucket, line: Line, burn: Burn) -> float:
    if burn.tie == "earliest_expiry":
        return ends_at(bucket, line).timestamp()
    born = bucket.born.timestamp()
    return -born if burn.tie == "newest" else born
