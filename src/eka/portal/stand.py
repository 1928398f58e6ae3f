"""How a line stands now: what is left in all and in each bucket, in the words of its owner."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from eka.ledger.people import Card
from eka.portal.gauge import Part, Row, bar_of, held_by, rows_of
from eka.portal.speech import listed, words
from eka.rules.buckets import left
from eka.rules.days import used_today
from eka.rules.lines import Line
from eka.rules.plans import Plan
from eka.rules.speeds import speed_kbps


class Today(Struct, frozen=True):
    """What was used of a day's quota, and the quota."""

    used: str
    quota: str


class Stand(Struct, frozen=True, kw_only=True):
    """A line as its page shows it. `left` None is unlimited; `held` waits for a renewal."""

    card: Card
    line: Line
    name: str
    plan: Plan | None
    left: int | None
    held_bytes: int
    rows: list[Row]
    held: list[Row]
    parts: list[Part]
    spoken: str
    ends: str
    speed_kbps: int | None
    today: Today | None


def name_of(card: Card, line: Line, titles: Mapping[str, str]) -> str:
    """What the owner calls the line, else its plan's title."""
    if card.label or line.period is None:
        return card.label or f"eSIM {card.id}"
    return titles.get(line.period.plan.name, line.period.plan.name)


def stand_of(card: Card, line: Line, now: datetime, titles: Mapping[str, str]) -> Stand:
    """The line as it stands at `now`."""
    rows = rows_of(line)
    plan = line.period.plan if line.period else None
    return Stand(
        card=card,
        line=line,
        name=name_of(card, line, titles),
        plan=plan,
        left=left(line),
        held_bytes=sum(bucket.left or 0 for bucket in line.buckets),
        rows=rows,
        held=[] if rows else held_by(line),
        parts=bar_of(line, rows),
        spoken=listed([f"{words().kind(row.kind)} {words().data(row.left, plan)}" for row in rows]),
        ends=words().instant(line.period.ends, line.timezone) if line.period else "",
        speed_kbps=speed_kbps(line, now),
        today=_today(line, plan, now),
    )


def _today(line: Line, plan: Plan | None, now: datetime) -> Today | None:
    if plan is None or plan.daily is None or line.state != "active":
        return None
    used = used_today(line, plan.daily, now)
    return Today(words().data(used, plan), words().data(plan.daily.data, plan))
