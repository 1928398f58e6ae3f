"""Rows as the tables hold them, turned into the values of the rules.

Without I/O: whoever has a connection runs these SELECTs and hands their rows over
(`eka.ledger.reading` for use cases, `eka.charging.store` for the hot path).
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import msgspec

from eka.ledger.pages import Page
from eka.rules.lines import Answer, Bucket, Line, Period, Queued, Session
from eka.rules.plans import Plan
from eka.rules.units import Money


class Row(Protocol):
    """A row of either driver: its values by place."""

    def __getitem__(self, place: int, /) -> Any:
        """The value at this place."""


Version = Callable[[int], Plan]  # the terms of a plan version

LINES = """
SELECT l.line_id, l.entry_count, l.timezone, l.state, l.suspended, l.auto_renew, l.as_of,
       l.activated_at, l.tenure, l.bucket_count, l.day_starts, l.day_used, l.unserved,
       l.overage::text, l.credit::text,
       l.used, l.hotspot_used, l.beyond, l.alerted::text, l.armed_at, l.cleared,
       l.renewed_itself, l.over,
       p.number, p.plan_version_id, p.starts, p.ends, p.anchor, p.months, p.by, p.paid_at,
       p.term_left, l.revision
FROM line_state l LEFT JOIN period p ON p.line_id = l.line_id AND p.number = l.period_number
"""
PLAN_VERSION, REVISION = 24, 32  # places in a row of LINES

BUCKETS = """
SELECT line_id, number, kind, bytes_left, born, starts, expires, period, generation FROM bucket
"""
QUEUE = """
SELECT line_id, plan_version_id, by, paid_at, starts, rollover::text FROM queued
"""
SESSIONS = """
SELECT line_id, id, name, open, reserved, last_number, started_at, seen_at, valid_until, final,
       used, unserved, recorded, closed_by
FROM session
"""
ANSWERS = """
SELECT line_id, session_id, number, granted, final, result, validity FROM session_answer
"""


class Parts:
    """The rows of a batch that belong to lines, each table's by line."""

    def __init__(
        self, buckets: Iterable[Row], queue: Iterable[Row] = (), sessions: Iterable[Row] = ()
    ) -> None:
        self.buckets = _grouped(buckets)
        self.queue = _grouped(queue)
        self.sessions = _grouped(sessions)
        self.answers: dict[tuple[int, str], dict[int, Answer]] = {}

    def add_answers(self, rows: Iterable[Row]) -> None:
        """Adds rows of ANSWERS to the sessions that they belong to."""
        for row in rows:
            answer = Answer(granted=row[3], final=row[4], result=row[5], validity=row[6])
            self.answers.setdefault((row[0], row[1]), {})[row[2]] = answer


def page(row: Row, parts: Parts, version: Version) -> Page:
    """The page of a line, of its row of LINES and its parts."""
    id_ = row[0]
    line = Line(
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
        period=None if row[23] is None else _period(row, version),
        buckets=tuple(_bucket(part) for part in parts.buckets.get(id_, ())),
        queue=tuple(_queued(part, version) for part in parts.queue.get(id_, ())),
        sessions={part[1]: _session(part, parts) for part in parts.sessions.get(id_, ())},
    )
    return Page(id_, line, row[1], row[REVISION])


def versions(lines: Iterable[Row], queue: Iterable[Row]) -> set[int]:
    """The plan versions that rows of LINES and QUEUE speak of."""
    wanted = {row[PLAN_VERSION] for row in lines} | {row[1] for row in queue}
    return wanted - {None}


def _grouped(found: Iterable[Row]) -> dict[int, list[Row]]:
    groups: dict[int, list[Row]] = {}
    for row in found:
        groups.setdefault(row[0], []).append(row)
    return groups


def _purse(text: str) -> tuple[Money, ...]:
    return () if text == "[]" else tuple(Money(*pair) for pair in msgspec.json.decode(text))


def _period(row: Row, version: Version) -> Period:
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


def _bucket(row: Row) -> Bucket:
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


def _queued(row: Row, version: Version) -> Queued:
    rollover = None if row[5] is None else msgspec.json.decode(row[5])
    return Queued(plan=version(row[1]), by=row[2], paid_at=row[3], starts=row[4], rollover=rollover)


def _session(row: Row, parts: Parts) -> Session:
    return Session(
        id=row[1],
        name=row[2],
        open=row[3],
        reserved=row[4],
        last_number=row[5],
        started_at=row[6],
        seen_at=row[7],
        valid_until=row[8],
        final=row[9],
        used=row[10],
        unserved=row[11],
        recorded=row[12],
        closed_by=row[13],
        answers=parts.answers.get((row[0], row[1]), {}),
    )
