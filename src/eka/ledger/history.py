"""A line's entries, read back as the rules wrote them."""

from datetime import datetime
from typing import Any

from eka.ledger.connections import rows
from eka.rules.lines import Entry

ENTRIES = """
SELECT at, code, bytes, bucket, "into", kind, reason, figures FROM entry
WHERE line_id = %(line)s AND (%(since)s::timestamptz IS NULL OR at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR at < %(until)s)
  AND number BETWEEN %(first)s AND %(last)s
  AND (%(codes)s::text[] IS NULL OR code = ANY(%(codes)s))
ORDER BY number
"""

LATEST = """
SELECT at, code, bytes, bucket, "into", kind, reason, figures FROM entry
WHERE line_id = %(line)s AND (%(codes)s::text[] IS NULL OR code = ANY(%(codes)s))
ORDER BY number DESC LIMIT %(limit)s OFFSET %(skip)s
"""

COUNT = """
SELECT count(*) FROM entry
WHERE line_id = %(line)s AND (%(codes)s::text[] IS NULL OR code = ANY(%(codes)s))
"""

LAST = 2**31 - 1


def entries(
    line_id: int,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    numbers: tuple[int, int] = (1, LAST),
    codes: list[str] | None = None,
) -> list[Entry]:
    """The line's entries, oldest first: from `since`, before `until`, of these numbers, codes."""
    bounds = {"since": since, "until": until, "first": numbers[0], "last": numbers[1]}
    found = rows(ENTRIES, {"line": line_id, "codes": codes, **bounds})
    return [_entry(row) for row in found]


def latest(
    line_id: int, limit: int, *, skip: int = 0, codes: list[str] | None = None
) -> list[Entry]:
    """The line's last `limit` entries, newest first, after `skip` newer ones."""
    asked = {"line": line_id, "limit": limit, "skip": skip, "codes": codes}
    return [_entry(row) for row in rows(LATEST, asked)]


def count(line_id: int, codes: list[str] | None = None) -> int:
    """How many entries the line has."""
    return int(rows(COUNT, {"line": line_id, "codes": codes})[0][0])


def _entry(row: tuple[Any, ...]) -> Entry:
    return Entry(
        at=row[0],
        code=row[1],
        bytes=row[2],
        bucket=row[3],
        into=row[4],
        kind=row[5],
        reason=row[6],
        figures=row[7] or {},
    )
