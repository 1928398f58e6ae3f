"""Reads lines from their rows, whole batches at a time.

A batch is one transaction: `lock` the lines in the order of their ids (two writers never deadlock
and never lose an update), `read` their pages, let the rules change them, and `writing.write` the
difference. Each table costs one statement a batch, whatever its size.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from eka.ledger import values
from eka.ledger.connections import rows
from eka.ledger.pages import Page
from eka.ledger.plans import load_versions, version

LOCK = "SELECT line_id FROM line_state WHERE line_id = ANY(%s) ORDER BY line_id FOR UPDATE"

CLAIM_DUE = """
SELECT line_id, next_due FROM line_state
WHERE next_due <= %(now)s AND (next_due, line_id) > (%(due)s::timestamptz, %(id)s::bigint)
  AND NOT line_id = ANY(%(passing_by)s::bigint[])
ORDER BY next_due, line_id LIMIT %(most)s FOR UPDATE SKIP LOCKED
"""

READ_LINES = values.LINES + "WHERE l.line_id = ANY(%s) ORDER BY l.line_id"
READ_BUCKETS = values.BUCKETS + "WHERE line_id = ANY(%s) AND open ORDER BY line_id, number"
READ_QUEUE = values.QUEUE + "WHERE line_id = ANY(%s) ORDER BY line_id, position"
# A line may have had thousands of sessions; each half finds its few rows by an index of its own.
READ_SESSIONS = f"""
{values.SESSIONS} WHERE line_id = ANY(%(ids)s) AND open
UNION ALL {values.SESSIONS} WHERE line_id = ANY(%(ids)s) AND id = %(asked)s AND NOT open
"""
READ_ANSWERS = values.ANSWERS + "WHERE line_id = ANY(%s) AND session_id = %s"


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
    found, queue = rows(READ_LINES, [wanted]), rows(READ_QUEUE, [wanted])
    sessions = rows(READ_SESSIONS, {"ids": wanted, "asked": session_id})
    parts = values.Parts(rows(READ_BUCKETS, [wanted]), queue, sessions)
    if session_id:
        parts.add_answers(rows(READ_ANSWERS, [wanted, session_id]))
    load_versions(list(values.versions(found, queue)))
    return [values.page(row, parts, version) for row in found]
