"""A supplier's running totals, and what of them is new use of a line (spec/esim).

A supplier tells how much a profile has used in all. What a line owes of that is `used` less
`base`, the figure at which the line got the profile: whatever order the reports come in, and
however often, their differences add up to the highest figure less the base. A total never makes
use negative. One that shrinks leaves the highest figure as the mark: only what goes beyond it
counts, until a person says that the supplier counts anew (`anew`).

Bytes throughout.
"""

from datetime import datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

# grew: there is new use. same: nothing new. late: it was said before what is known. shrank: it
# contradicts what is known, and a person has to look.
News = Literal["grew", "same", "late", "shrank"]

STOPPED = ("finished", "expired", "suspended")  # words of a supplier that serves no more
NEGLIGIBLE = 1_000_000  # suppliers count in megabytes
DRIFT_MAX = 50_000_000


class Totals(Struct, frozen=True, kw_only=True):
    """What is known of a profile: the highest `used` that counted, and when the last was told.

    `at` is by the supplier's clock, None where it told no time yet; `used` None: it told nothing.
    """

    base: int = 0
    used: int | None = None
    at: datetime | None = None

    @property
    def mark(self) -> int:
        """The figure beyond which use is new."""
        return self.base if self.used is None else self.used

    @property
    def counted(self) -> int:
        """What the line was debited of it in all."""
        return self.mark - self.base


class Told(Struct, frozen=True, kw_only=True):
    """What one report says: the running total, and when by the supplier's clock."""

    used: int | None = None
    at: datetime | None = None


class Finding(Struct, frozen=True, kw_only=True):
    """What a report means: the bytes of new use, and what is known after it.

    `newest`: no later report was heard before it, so what else it says holds now.
    """

    news: News
    totals: Totals
    use: int = 0
    newest: bool = True


def difference(known: Totals, told: Told) -> Finding:
    """What is new in a report. One without a time counts as told when it is heard."""
    if known.at is not None and told.at is not None and told.at < known.at:
        beyond = told.used is not None and told.used > known.mark
        return Finding(news="shrank" if beyond else "late", totals=known, newest=False)
    at_once = told.at is not None and told.at == known.at
    after = replace(known, at=told.at or known.at)
    if told.used is None or told.used == known.mark:
        return Finding(news="same", totals=after)
    if told.used < known.mark:
        # Of two figures of one instant the lower is the older.
        return Finding(news="same" if at_once else "shrank", totals=after)
    grown = replace(after, used=told.used)
    return Finding(news="grew", totals=grown, use=told.used - known.mark)


def excused(totals: Totals, use: int) -> Totals:
    """The totals where `use` bytes are nobody's: they were used, and no line is debited of them."""
    return replace(totals, base=totals.base + use)


def anew(known: Totals, used: int) -> Totals:
    """The totals where the supplier counts anew, and stands at `used`: what was counted stays."""
    return replace(known, base=used - known.counted, used=used)


def has_drifted(difference: int, theirs: int, ours: int) -> bool:
    """Whether a supplier's count and ours are too far apart: by 50 MB and 1 % of the larger."""
    apart = abs(difference)
    return apart > DRIFT_MAX and apart * 100 > max(theirs, ours)
