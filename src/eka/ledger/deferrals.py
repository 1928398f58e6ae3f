"""Deferrals: what was paid for allowances, where their data lies now, and what has left it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from eka.ledger.books import columns
from eka.ledger.connections import Rows, rows, run
from eka.rules.earning import Course, Move

# A batch locks in the order of ids, so that two never wait for each other in a circle.
LOCK = "SELECT id, line_id FROM deferral WHERE open AND {whose} ORDER BY id FOR UPDATE"
OF_LINES = LOCK.format(whose="line_id = ANY(%(lines)s)")
OF_ITEM = LOCK.format(whose="order_id = %(order)s AND position = %(position)s")

LINES_WITH_OPEN = """
SELECT DISTINCT line_id FROM deferral WHERE open AND line_id > %(after)s
ORDER BY line_id LIMIT %(most)s
"""

ADD = """
INSERT INTO deferral (order_id, position, line_id, nth, value, currency, paid_at, bucket, granted,
                      starts, ends, earned, open)
SELECT %s, %s, %s, new.*, 0, true
FROM unnest(%s::integer[], %s::bigint[], %s::text[], %s::timestamptz[], %s::integer[],
            %s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS new
ON CONFLICT (order_id, position, nth) DO NOTHING
"""
ADDED_TYPES = (
    *("integer", "bigint", "text", "timestamptz"),
    *("integer", "bigint", "timestamptz", "timestamptz"),
)

# What was paid at one instant begins in the order in which it was bought: the first allowance that
# still waits has the first such period that none has yet. All that wait are counted, those that
# another transaction holds too. What was paid before the line's activation was paid with it.
BEGIN = """
WITH waiting AS (
    SELECT d.id, d.line_id, greatest(d.paid_at, l.activated_at) AS paid_at,
           row_number() OVER (PARTITION BY d.line_id, greatest(d.paid_at, l.activated_at)
                              ORDER BY d.order_id, d.position, d.nth) AS place
    FROM deferral d JOIN line_state l USING (line_id)
    WHERE d.open AND d.bucket IS NULL AND d.line_id = ANY(%(lines)s)
), begun AS (
    SELECT p.line_id, p.paid_at, b.number, b.granted,
           row_number() OVER (PARTITION BY p.line_id, p.paid_at ORDER BY p.number) AS place
    FROM period p JOIN bucket b ON b.line_id = p.line_id AND b.period = p.number
    WHERE p.line_id = ANY(%(lines)s) AND b.kind = 'plan'
      AND NOT EXISTS (SELECT FROM deferral d WHERE d.line_id = p.line_id AND d.bucket = b.number)
)
UPDATE deferral SET bucket = begun.number, granted = begun.granted
FROM waiting JOIN begun USING (line_id, paid_at, place)
WHERE deferral.id = waiting.id AND deferral.id = ANY(%(ids)s)
"""

# An unlimited period ends when the next one starts, and now if the line has lost it.
SPAN = """
UPDATE deferral d SET starts = span.starts, ends = span.ends
FROM (
    SELECT b.line_id, b.number, p.starts,
           least(p.ends, next.starts, CASE WHEN NOT b.open THEN greatest(p.starts, %(now)s) END)
               AS ends
    FROM bucket b JOIN period p ON p.line_id = b.line_id AND p.number = b.period
    LEFT JOIN period next ON next.line_id = p.line_id AND next.number = p.number + 1
    WHERE b.line_id = ANY(%(lines)s)
) AS span
WHERE d.id = ANY(%(ids)s) AND d.line_id = span.line_id AND d.bucket = span.number
  AND coalesce(d.granted, 0) = 0 AND (d.starts, d.ends) IS DISTINCT FROM (span.starts, span.ends)
"""

# How far an allowance was followed stands in the journal of what was earned last.
BEGUN = """
SELECT d.id, d.order_id, d.line_id, d.currency, d.value, d.earned, d.bucket, d.granted, d.starts,
       d.ends, j.facts
FROM deferral d LEFT JOIN journal j ON j.key = 'earned:' || d.id || ':' || d.earned
WHERE d.id = ANY(%s) AND d.bucket IS NOT NULL ORDER BY d.id
"""

# Uses that follow one another are one move: a line has thousands of them and few turns. Whatever
# a line's data is carried into has a higher number than where it was.
MOVES = """
WITH gone AS (
    SELECT asked.id, e.number, e.bucket, e.code, e."into", e.bytes,
           row_number() OVER (PARTITION BY asked.id ORDER BY e.number)
           - row_number() OVER (PARTITION BY asked.id, e.bucket, e.code ORDER BY e.number) AS run
    FROM unnest(%s::bigint[], %s::bigint[], %s::integer[], %s::integer[])
         AS asked(id, line_id, bucket, after)
    JOIN entry e ON e.line_id = asked.line_id AND e.number > asked.after
                AND e.bucket >= asked.bucket
    WHERE e.code IN ('used', 'carried', 'forfeited', 'expired', 'converted')
)
SELECT id, max(number), bucket, code, sum(bytes)::bigint, max("into") FROM gone
GROUP BY id, bucket, code, run ORDER BY id, max(number)
"""

EARN = """
UPDATE deferral SET earned = new.earned, open = new.earned < value
FROM unnest(%s::bigint[], %s::bigint[]) AS new(id, earned) WHERE deferral.id = new.id
"""

CLOSE = """
WITH taken AS (
    UPDATE deferral SET open = false WHERE open AND order_id = %(order)s AND position = %(position)s
    RETURNING id
)
SELECT nth, currency, value, earned, CASE WHEN taken.id IS NULL THEN 0 ELSE value - earned END
FROM deferral LEFT JOIN taken USING (id)
WHERE order_id = %(order)s AND position = %(position)s ORDER BY nth
"""


class Allowance(Struct, frozen=True, kw_only=True):
    """An allowance that was paid: the `nth` (from 0) of an order's item, and its value.

    `paid_at` is that of its period, or of its place in the queue. `bucket` None: its period has not
    begun. `granted` None or 0: it is earned by time, from `starts` to `ends`.
    """

    nth: int
    value: int
    currency: str
    paid_at: datetime
    bucket: int | None = None
    granted: int | None = None
    starts: datetime | None = None
    ends: datetime | None = None


class TakenBack(Struct, frozen=True):
    """An allowance after it was taken back: of its `value`, `earned` was, and `taken` is now free.

    `taken` 0: there was nothing left to take, or it had been taken back before.
    """

    nth: int
    currency: str
    value: int
    earned: int
    taken: int


class Begun(Struct, frozen=True):
    """An open deferral whose data was granted; `facts` tell how far it was followed."""

    id: int
    order_id: int
    line_id: int
    currency: str
    value: int
    earned: int
    bucket: int
    granted: int | None
    starts: datetime | None
    ends: datetime | None
    facts: dict[str, Any] | None

    def course(self) -> Course:
        """Where to go on following its data; from its grant on where nothing was earned yet."""
        told = self.facts or {"bucket": self.bucket, "gone": 0, "entry": 0}
        return Course(value=self.value, granted=self.granted or 0, **told)


class Locked(Struct, frozen=True):
    """Open deferrals that this transaction holds: their ids, and the lines that they are of."""

    ids: list[int]
    lines: list[int]


def add(order_id: int, position: int, line_id: int, allowances: Sequence[Allowance]) -> None:
    """Writes what was paid for an item's allowances; those that are there stay as they are."""
    values = [msgspec.structs.astuple(allowance) for allowance in allowances]
    run(ADD, [order_id, position, line_id, *columns(ADDED_TYPES, values)])


def lines_with_open(after: int, most: int) -> list[int]:
    """The ids, above `after`, of the next lines that have an open deferral."""
    return [row[0] for row in rows(LINES_WITH_OPEN, {"after": after, "most": most})]


def lock_lines(lines: Sequence[int], *, passing_by: bool = False) -> Locked:
    """Locks the lines' open deferrals; with `passing_by`, but for those that others hold."""
    skipping = " SKIP LOCKED" if passing_by else ""
    return _locked(rows(OF_LINES + skipping, {"lines": list(lines)}))


def lock_item(order_id: int, position: int) -> Locked:
    """Locks the open deferrals of an order's item."""
    return _locked(rows(OF_ITEM, {"order": order_id, "position": position}))


def _locked(found: Rows) -> Locked:
    return Locked([id_ for id_, _ in found], sorted({line for _, line in found}))


def begun(held: Locked, now: datetime) -> list[Begun]:
    """Those whose data was granted, after noting of which periods that has become known."""
    asked = {"ids": held.ids, "lines": held.lines, "now": now}
    run(BEGIN, asked)
    run(SPAN, asked)
    return [Begun(*row) for row in rows(BEGUN, [held.ids])]


def moves(courses: Mapping[int, tuple[int, Course]]) -> dict[int, list[Move]]:
    """What has happened since on the lines of these courses; ids with their line and course."""
    asked = [(id_, line, course.bucket, course.entry) for id_, (line, course) in courses.items()]
    found: dict[int, list[Move]] = {id_: [] for id_ in courses}
    if asked:
        for id_, *move in rows(MOVES, columns(("bigint", "bigint", "integer", "integer"), asked)):
            found[id_].append(Move(*move))
    return found


def earn(totals: Mapping[int, int]) -> None:
    """Notes what has been earned in all; what is earned whole is closed."""
    if totals:
        run(EARN, columns(("bigint", "bigint"), list(totals.items())))


def close(order_id: int, position: int) -> list[TakenBack]:
    """Closes the item's deferrals as they are."""
    return [TakenBack(*row) for row in rows(CLOSE, {"order": order_id, "position": position})]
