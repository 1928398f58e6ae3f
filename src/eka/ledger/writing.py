"""Writes back what changed on lines' pages, each table with one statement a batch."""

from collections.abc import Iterable, Sequence

from eka.ledger import columns, rows
from eka.ledger.connections import copy_in, run
from eka.ledger.literals import array
from eka.ledger.pages import Page

UPDATE_LINES = f"""
UPDATE line_state SET revision = revision + 1,
       {", ".join(f"{name} = new.{name}" for name in columns.LINE_NAMES)}
FROM unnest({columns.arrays(columns.LINE_TYPES)}) AS new(line_id, {", ".join(columns.LINE_NAMES)})
WHERE line_state.line_id = new.line_id
"""


def _update_of(table: str, shape: Sequence[tuple[str, str]]) -> str:
    """An UPDATE of many rows by their first two columns."""
    names = [name for name, _ in shape]
    line_id, key, *others = names
    return f"""
    UPDATE {table} SET {", ".join(f"{name} = new.{name}" for name in others)}
    FROM unnest({columns.arrays(kind for _, kind in shape)}) AS new({", ".join(names)})
    WHERE {table}.{line_id} = new.{line_id} AND {table}.{key} = new.{key}
    """


UPDATE_PERIODS = _update_of("period", columns.MOVED_PERIOD)
UPDATE_BUCKETS = _update_of("bucket", columns.CHANGED_BUCKET)
UPDATE_SESSIONS = _update_of("session", columns.CHANGED_SESSION)

CLEAR_QUEUE = "DELETE FROM queued WHERE line_id = ANY(%s)"

# Who keeps open sessions of a line hears that something else happened to it. A notice holds at most
# 8,000 bytes, and an id has at most 19 digits.
TELL = "SELECT pg_notify('eka_lines', %s)"
IDS_IN_A_NOTICE = 400
WORTH_TELLING = frozenset(
    ("granted", "carried", "lapsed", "end_moved", "suspended", "resumed", "closed", "activated")
)


def write(pages: Iterable[Page]) -> None:
    """Writes what changed on the pages, in the open transaction."""
    changed = [page for page in pages if page.changed]
    if not changed:
        return
    _update(UPDATE_LINES, columns.LINE_TYPES, rows.lines(changed))
    periods, buckets = rows.periods(changed), rows.buckets(changed)
    _update(UPDATE_PERIODS, _types(columns.MOVED_PERIOD), periods.changed)
    copy_in("period", columns.PERIOD, periods.new)
    _update(UPDATE_BUCKETS, _types(columns.CHANGED_BUCKET), buckets.changed)
    copy_in("bucket", columns.BUCKET, buckets.new)
    _write_queue(changed)
    _write_sessions(changed)
    copy_in("entry", columns.ENTRY, rows.entries(changed))
    copy_in("receipt", columns.RECEIPT, rows.receipts(changed))
    _tell(changed)


def _write_queue(pages: list[Page]) -> None:
    ids, waiting = rows.queue(pages)
    if ids:
        run(CLEAR_QUEUE, [ids])
        copy_in("queued", columns.QUEUED, waiting)


def _write_sessions(pages: list[Page]) -> None:
    sessions, answers = rows.sessions(pages)
    _update(UPDATE_SESSIONS, _types(columns.CHANGED_SESSION), sessions.changed)
    copy_in("session", columns.SESSION, sessions.new)
    copy_in("session_answer", columns.ANSWER, answers)


def _tell(pages: list[Page]) -> None:
    """Lets the charging processes know of lines with open sessions, when this is committed."""
    told = [
        str(page.id)
        for page in pages
        if any(session.open for session in page.line.sessions.values())
        and any(entry.code in WORTH_TELLING for entry in page.entries)
    ]
    for first in range(0, len(told), IDS_IN_A_NOTICE):
        run(TELL, [",".join(told[first : first + IDS_IN_A_NOTICE])])


def _types(shape: Sequence[tuple[str, str]]) -> list[str]:
    return [kind for _, kind in shape]


def _update(sql: str, types: Sequence[str], changed: rows.Rows) -> None:
    if changed:
        by_column = zip(types, zip(*changed, strict=True), strict=True)
        run(sql, [array(sql_type, values) for sql_type, values in by_column])
