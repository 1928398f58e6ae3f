"""Reads lines from their rows, whole batches at a time.

A batch is one transaction: `lock` the lines in the order of their ids (two writers never deadlock
and never lose an update), `read` their pages, let the rules change them, and `writing.write` the
difference. Each table costs one statement a batch, whatever its size.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from eka.ledger.connections import Rows, rows
from eka.ledger.pages import Page
from eka.ledger.plans import load_versions, version
from eka.rules.lines import Answer, Bucket, Line, Period, Queued, Session
from eka.rules.units import Money

LOCK = "SELECT line_id FROM line_state WHERE line_id = ANY(%s) ORDER BY line_id FOR UPDATE"

CLAIM_DUE = """
SELECT line_id, next_due FROM line_state
WHERE next_due <= %(now)s AND (next_due, line_id) > (%(due)s::timestamptz, %(id)s::bigint)
  AND NOT line_id = ANY(%(passing_by)s::bigint[])
ORDER BY next_due, line_id LIMIT %(most)s FOR UPDATE SKIP LOCKED
"""

READ_LINES = """
SELECT l.line_id, l.entry_count, l.timezone, l.state, l.suspended, l.auto_renew, l.as_of,
       l.activated_at, l.tenure, l.bucket_count, l.day_starts, l.day_used, l.unserved,
       l.overage::text, l.credit::text,
       l.used, l.hotspot_used, l.beyond, l.alerted::text, l.armed_at, l.cleared,
       l.renewed_itself, l.over,
       p.number, p.plan_version_id, p.starts, p.ends, p.anchor, p.months, p.by, p.paid_at,
       p.term_left
FROM line_state l LEFT JOIN period p ON p.line_id = l.line_id AND p.number = l.period_number
WHERE l.line_id = ANY(%s) ORDER BY l.line_id
"""

READ_BUCKETS = """
SELECT line_id, number, kind, bytes_left, born, starts, expires, period, generation
FROM bucket WHERE line_id = ANY(%s) AND open ORDER BY line_id, number
"""

READ_QUEUE = """
SELECT line_id, plan_version_id, by, paid_at, starts, rollover
FROM queued WHERE line_id = ANY(%s) ORDER BY line_id, position
"""

READ_SESSIONS = """
SELECT line_id, id, open, reserved, last_number, seen_at
FROM session WHERE line_id = ANY(%s) AND (open OR id = %s)
"""

READ_ANSWERS = """
SELECT line_id, number, granted, final, result FROM session_answer
WHERE line_id = ANY(%s) AND session_id = %s
"""


def lock(ids: Sequence[int]) -> list[int]:
    """Locks the lines until the transaction ends; the ids that exist, in order."""
    return [row[0] for row in rows(LOCK, [list(ids)])]


class Place(NamedTuple):
    """A place in the order in which lines fall due; the next claim goes on behind it.

    Without it every claim would walk again over the index entries of all lines settled before.
    """

    due: datetime
    id: int


START = Place(datetime.min.replace(tzinfo=UTC), 0)


def claim_due(
    now: datetime, most: int, after: Place = START, passing_by: Collection[int] = ()
) -> list[Place]:
    """Locks at most `most` lines to which something has become due; locked ones are passed by."""
    asked = {"now": now, "most": most, "passing_by": list(passing_by)}
    found = rows(CLAIM_DUE, {**asked, "due": after.due, "id": after.id})
    return [Place(due, id_) for id_, due in found]


def read(ids: Sequence[int], session_id: str = "") -> list[Page]:
    """The pages of lines, with the answers of the session that is about to be asked."""
    wanted = list(ids)
    found = rows(READ_LINES, [wanted])
    buckets = _grouped(rows(READ_BUCKETS, [wanted]))
    queue = _grouped(rows(READ_QUEUE, [wanted]))
    sessions = _grouped(rows(READ_SESSIONS, [wanted, session_id]))
    answers = _grouped(rows(READ_ANSWERS, [wanted, session_id])) if session_id else {}
    load_versions(list({row[24] for row in found if row[24] is not None}))
    pages = []
    for row in found:
        id_ = row[0]
        line = _line(
            row,
            tuple(_bucket(part) for part in buckets.get(id_, [])),
            tuple(_queued(part) for part in queue.get(id_, [])),
            _sessions(sessions.get(id_, []), session_id, answers.get(id_, [])),
        )
        pages.append(Page(id_, line, row[1]))
    return pages


def _grouped(found: Rows) -> dict[int, Rows]:
    groups: dict[int, Rows] = {}
    for row in found:
        groups.setdefault(row[0], []).append(row)
    return groups


def _line(
    row: tuple[Any, ...],
    buckets: tuple[Bucket, ...],
    queue: tuple[Queued, ...],
    sessions: dict[str, Session],
) -> Line:
    return Line(
        timezone=row[2],
        state=row[3],
        suspended=row[4],
        auto_renew=row[5],
        as_of=row[6],
        activated_at=row[7],
        tenure=row[8],
        bucket_count=row[9],
        day_starts=row[10],
        day_used=row[11],
        unserved=row[12],
        overage=_purse(row[13]),
        credit=_purse(row[14]),
        period=None if row[23] is None else _period(row),
        buckets=buckets,
        queue=queue,
        sessions=sessions,
    )


def _purse(text: str) -> tuple[Money, ...]:
    return () if text == "[]" else tuple(Money(*pair) for pair in msgspec.json.decode(text))


def _period(row: tuple[Any, ...]) -> Period:
    return Period(
        number=row[23],
        plan=version(row[24]),
        starts=row[25],
        ends=row[26],
        anchor=row[27],
        months=row[28],
        by=row[29],
        paid_at=row[30],
        term_left=row[31],
        used=row[15],
        hotspot_used=row[16],
        beyond=row[17],
        alerted=() if row[18] == "[]" else tuple(msgspec.json.decode(row[18])),
        armed_at=row[19],
        cleared=row[20],
        renewed_itself=row[21],
        over=row[22],
    )


def _bucket(row: tuple[Any, ...]) -> Bucket:
    return Bucket(
        number=row[1],
        kind=row[2],
        left=row[3],
        born=row[4],
        starts=row[5],
        expires=row[6],
        period=row[7],
        generation=row[8],
    )


def _queued(row: tuple[Any, ...]) -> Queued:
    return Queued(plan=version(row[1]), by=row[2], paid_at=row[3], starts=row[4], rollover=row[5])


def _sessions(found: Iterable[tuple[Any, ...]], asked: str, answers: Rows) -> dict[str, Session]:
    given = {row[1]: Answer(granted=row[2], final=row[3], result=row[4]) for row in answers}
    return {
        row[1]: Session(
            id=row[1],
            open=row[2],
            reserved=row[3],
            last_number=row[4],
            seen_at=row[5],
            answers=given if row[1] == asked else {},
        )
        for row in found
    }
