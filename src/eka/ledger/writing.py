"""Writes back what changed on lines' pages, each table with one statement a batch."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from eka.ledger import columns
from eka.ledger.connections import Rows, array, copy_in, run
from eka.ledger.pages import Page
from eka.rules.lines import Bucket, Entry, Period

UPDATE_LINES = f"""
UPDATE line_state SET {", ".join(f"{name} = new.{name}" for name in columns.LINE_NAMES)}
FROM unnest({columns.arrays(columns.LINE_TYPES)}) AS new(line_id, {", ".join(columns.LINE_NAMES)})
WHERE line_state.line_id = new.line_id
"""

BUCKET_TYPES = (
    *("bigint", "integer", "bigint", "boolean"),
    *("text", "timestamptz", "integer", "integer"),
)
UPDATE_BUCKETS = f"""
UPDATE bucket SET bytes_left = new.bytes_left, open = new.open, kind = new.kind,
       expires = new.expires, period = new.period, generation = new.generation
FROM unnest({columns.arrays(BUCKET_TYPES)})
     AS new(line_id, number, bytes_left, open, kind, expires, period, generation)
WHERE bucket.line_id = new.line_id AND bucket.number = new.number
"""

PERIOD_TYPES = ("bigint", "integer", "timestamptz", "timestamptz", "integer")
UPDATE_PERIODS = f"""
UPDATE period SET ends = new.ends, anchor = new.anchor, months = new.months
FROM unnest({columns.arrays(PERIOD_TYPES)})
     AS new(line_id, number, ends, anchor, months)
WHERE period.line_id = new.line_id AND period.number = new.number
"""

SESSION_TYPES = ["bigint", "text", "boolean", "bigint", "bigint", "timestamptz"]
PUT_SESSIONS = f"""
INSERT INTO session (line_id, id, open, reserved, last_number, seen_at)
SELECT * FROM unnest({columns.arrays(SESSION_TYPES)})
ON CONFLICT (line_id, id) DO UPDATE SET open = excluded.open, reserved = excluded.reserved,
       last_number = excluded.last_number, seen_at = excluded.seen_at
"""

CLEAR_QUEUE = "DELETE FROM queued WHERE line_id = ANY(%s)"


def write(pages: Iterable[Page]) -> None:
    """Writes what changed on the pages, in the open transaction."""
    changed = [page for page in pages if page.changed]
    if not changed:
        return
    _write_lines(changed)
    _write_periods(changed)
    _write_buckets(changed)
    _write_queue(changed)
    _write_sessions(changed)
    copy_in("entry", columns.ENTRY, _entry_rows(changed))
    copy_in(
        "receipt",
        columns.RECEIPT,
        [
            (page.id, new.key, new.at, new.command, msgspec.json.encode(new.answer).decode())
            for page in changed
            for new in page.receipts
        ],
    )


def _update(sql: str, types: Sequence[str], rows: Rows) -> None:
    if rows:
        by_column = zip(types, zip(*rows, strict=True), strict=True)
        run(sql, [array(sql_type, values) for sql_type, values in by_column])


def _write_lines(pages: list[Page]) -> None:
    rows: Rows = []
    for page in pages:
        values = [column.value(page.line) for column in columns.LINE]
        rows.append((page.id, page.entry_count + len(page.entries), *values))
    _update(UPDATE_LINES, columns.LINE_TYPES, rows)


def _write_periods(pages: list[Page]) -> None:
    new: Rows = []
    moved: Rows = []
    for page in pages:
        now, before = page.line.period, page.before.period
        for period in page.begun.values():
            last = page.ended.get(period.number) or (
                now if now and now.number == period.number else period
            )
            new.append(_period_row(page.id, last))
        if before is None:
            continue
        last = page.ended.get(before.number) or now or before
        if last.ends != before.ends:
            moved.append((page.id, last.number, last.ends, last.anchor, last.months))
    _update(UPDATE_PERIODS, PERIOD_TYPES, moved)
    copy_in("period", columns.PERIOD, new)


def _period_row(line_id: int, period: Period) -> tuple[Any, ...]:
    return (
        line_id,
        period.number,
        period.plan.version,
        period.starts,
        period.ends,
        period.anchor,
        period.months,
        period.by,
        period.paid_at,
        period.term_left,
    )


def _write_buckets(pages: list[Page]) -> None:
    new: Rows = []
    changed: Rows = []
    for page in pages:
        now = {bucket.number: bucket for bucket in page.line.buckets}
        for bucket in page.before.buckets:
            last = now.get(bucket.number)
            if last is not bucket:
                changed.append(_changed_bucket(page.id, last or _emptied(bucket)))
        for made in page.made.values():
            new.append(_bucket_row(page.id, made, now.get(made.number) or _emptied(made)))
    _update(UPDATE_BUCKETS, BUCKET_TYPES, changed)
    copy_in("bucket", columns.BUCKET, new)


def _emptied(bucket: Bucket) -> Bucket:
    return msgspec.structs.replace(bucket, left=0)


def _changed_bucket(line_id: int, bucket: Bucket) -> tuple[Any, ...]:
    return (
        line_id,
        bucket.number,
        bucket.left,
        bucket.left != 0,
        bucket.kind,
        bucket.expires,
        bucket.period,
        bucket.generation,
    )


def _bucket_row(line_id: int, made: Bucket, now: Bucket) -> tuple[Any, ...]:
    return (
        line_id,
        made.number,
        made.kind,
        made.left,
        now.left,
        now.left != 0,
        made.born,
        made.starts,
        now.expires,
        now.period,
        now.generation,
    )


def _write_queue(pages: list[Page]) -> None:
    changed = [page for page in pages if page.line.queue != page.before.queue]
    if not changed:
        return
    run(CLEAR_QUEUE, [[page.id for page in changed]])
    rows: Rows = [
        (
            page.id,
            position,
            queued.plan.version,
            queued.by,
            queued.paid_at,
            queued.starts,
            None if queued.rollover is None else msgspec.json.encode(queued.rollover).decode(),
        )
        for page in changed
        for position, queued in enumerate(page.line.queue)
    ]
    copy_in("queued", columns.QUEUED, rows)


def _write_sessions(pages: list[Page]) -> None:
    put: Rows = []
    answers: Rows = []
    for page in pages:
        if page.line.sessions is page.before.sessions:
            continue
        for id_, session in page.line.sessions.items():
            before = page.before.sessions.get(id_)
            if session is before:
                continue
            put.append(
                (page.id, id_, session.open, session.reserved, session.last_number, session.seen_at)
            )
            known = before.answers if before else {}
            answers += [
                (page.id, id_, number, answer.granted, answer.final, answer.result)
                for number, answer in session.answers.items()
                if number not in known
            ]
    _update(PUT_SESSIONS, SESSION_TYPES, put)
    copy_in("session_answer", columns.ANSWER, answers)


def _entry_rows(pages: list[Page]) -> Rows:
    return [
        _entry_row(page.id, page.entry_count + i, entry)
        for page in pages
        for i, entry in enumerate(page.entries, 1)
    ]


def _entry_row(line_id: int, number: int, entry: Entry) -> tuple[Any, ...]:
    figures = msgspec.json.encode(entry.figures).decode() if entry.figures else None
    return (
        line_id,
        number,
        entry.at,
        entry.code,
        entry.bytes,
        entry.bucket,
        entry.into,
        entry.kind,
        entry.reason,
        figures,
    )
