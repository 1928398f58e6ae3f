"""What changed on lines' pages, as rows for each table in the order of `columns`.

Without I/O, so that use cases (psycopg) and the hot path (asyncpg) write the same.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from eka.ledger import columns
from eka.ledger.pages import Page
from eka.rules.lines import Bucket, Entry, Period, Session

Rows = list[tuple[Any, ...]]


class Changes:
    """New and changed rows of one table."""

    def __init__(self) -> None:
        self.new: Rows = []
        self.changed: Rows = []


def lines(pages: Iterable[Page]) -> Rows:
    """A row of line_state each: id, number of entries, then the columns of LINE."""
    return [
        (
            page.id,
            page.entry_count + len(page.entries),
            *[column.value(page.line) for column in columns.LINE],
        )
        for page in pages
    ]


def periods(pages: Iterable[Page]) -> Changes:
    """Periods that began, with what became of them, and the present one where its end moved."""
    changes = Changes()
    for page in pages:
        now, before = page.line.period, page.before.period
        for period in page.begun.values():
            last = page.ended.get(period.number) or (
                now if now and now.number == period.number else period
            )
            changes.new.append(_period(page.id, last))
        if before is None:
            continue
        last = page.ended.get(before.number) or now or before
        if last.ends != before.ends:
            changes.changed.append((page.id, last.number, last.ends, last.anchor, last.months))
    return changes


def _period(line_id: int, period: Period) -> tuple[Any, ...]:
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


def buckets(pages: Iterable[Page]) -> Changes:
    """Buckets that came to be, as they are now, and those that changed."""
    changes = Changes()
    for page in pages:
        if page.line.buckets is page.before.buckets and not page.made:
            continue
        now = {bucket.number: bucket for bucket in page.line.buckets}
        for bucket in page.before.buckets:
            last = now.get(bucket.number)
            if last is not bucket:
                changes.changed.append(_changed_bucket(page.id, last or _emptied(bucket)))
        for made in page.made.values():
            changes.new.append(_bucket(page.id, made, now.get(made.number) or _emptied(made)))
    return changes


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


def _bucket(line_id: int, made: Bucket, now: Bucket) -> tuple[Any, ...]:
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


def queue(pages: Iterable[Page]) -> tuple[list[int], Rows]:
    """The lines whose queue changed, and all that waits in them now."""
    changed = [page for page in pages if page.line.queue != page.before.queue]
    rows: Rows = [
        (
            page.id,
            position,
            queued.plan.version,
            queued.by,
            queued.paid_at,
            queued.starts,
            None if queued.rollover is None else _json(queued.rollover),
        )
        for page in changed
        for position, queued in enumerate(page.line.queue)
    ]
    return [page.id for page in changed], rows


def sessions(pages: Iterable[Page]) -> tuple[Changes, Rows]:
    """Sessions that began and that changed, and their new answers."""
    changes, answers = Changes(), []
    for page in pages:
        if page.line.sessions is page.before.sessions:
            continue
        for id_, session in page.line.sessions.items():
            before = page.before.sessions.get(id_)
            if session is before:
                continue
            if before is None:
                changes.new.append(_session(page.id, session))
            else:
                changes.changed.append(_changed_session(page.id, session))
            known = before.answers if before else {}
            answers += [
                (page.id, id_, number, answer.granted, answer.final, answer.result, answer.validity)
                for number, answer in session.answers.items()
                if number not in known
            ]
    return changes, answers


def _changed_session(line_id: int, session: Session) -> tuple[Any, ...]:
    return (
        line_id,
        session.id,
        session.open,
        session.reserved,
        session.last_number,
        session.seen_at,
        session.valid_until,
        session.final,
        session.used,
        session.unserved,
        session.recorded,
        session.closed_by,
    )


def _session(line_id: int, session: Session) -> tuple[Any, ...]:
    kept = _changed_session(line_id, session)
    return (*kept, session.name, session.started_at, _json(session.facts))


def entries(pages: Iterable[Page]) -> Rows:
    """What happened, numbered on from what each line has."""
    return [
        _entry(page.id, page.entry_count + i, entry)
        for page in pages
        for i, entry in enumerate(page.entries, 1)
    ]


def _entry(line_id: int, number: int, entry: Entry) -> tuple[Any, ...]:
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
        _json(entry.figures) if entry.figures else None,
    )


def receipts(pages: Iterable[Page]) -> Rows:
    """The first answers to commands' keys."""
    return [
        (page.id, new.key, new.at, new.command, _json(new.answer))
        for page in pages
        for new in page.receipts
    ]


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
