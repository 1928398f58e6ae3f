"""Proves that the ledger is right: every figure of every line is what its entries say.

Lines are looked at in ranges of their ids, each in one snapshot, so that memory stays flat and
writers are not disturbed. The shop's money (`eka.ledger.audit_books`) and what it bought of
suppliers (`eka.ledger.audit_profiles`) are looked at as a whole.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import accumulate, islice
from typing import NamedTuple

from django.db import connection, transaction

from eka.ledger import audit_books, audit_profiles, reading
from eka.ledger.audit_checks import ALL, CHECKS
from eka.ledger.connections import rows, run
from eka.ledger.pages import Page
from eka.rules.due import next_due
from eka.rules.instants import format_instant
from eka.rules.lines import InvariantBroken

LINES_MAX = 10_000
ENTRIES_MAX = 200_000
LAST_ID = 2**63 - 1

NEXT_LINES = """
SELECT line_id, entry_count FROM line_state WHERE line_id > %s ORDER BY line_id LIMIT %s
"""
STORED_DUE = "SELECT line_id, next_due FROM line_state WHERE line_id > %s AND line_id <= %s"

WRONG = {check.name: check.wrong for check in CHECKS} | {
    "next_due": "the next instant at which something happens is not what the rules say",
    "unreadable": "the rules cannot make sense of the line",
}

MONEY_WRONG = {check.name: check.wrong for check in (*audit_books.CHECKS, *audit_profiles.CHECKS)}


class Failure(NamedTuple):
    """Something that does not hold: of which line and bucket, what, and both figures."""

    line: int
    bucket: int | None
    check: str
    expected: str | None
    found: str | None

    @property
    def wrong(self) -> str:
        """What is wrong, in words."""
        return WRONG[self.check]


class MoneyFailure(NamedTuple):
    """Something that does not hold of the shop's money or its profiles: of what, both figures."""

    about: str
    check: str
    expected: str | None
    found: str | None

    @property
    def wrong(self) -> str:
        """What is wrong, in words."""
        return MONEY_WRONG[self.check]


class Range(NamedTuple):
    """The lines with ids above `after`, up to and including `last`; `lines` of them exist."""

    after: int
    last: int
    lines: int


def count_lines() -> int:
    """How many lines there are to prove."""
    return int(rows("SELECT count(*) FROM line_state", [])[0][0])


def ranges() -> Iterator[Range]:
    """All ids there can be, in ranges that hold a bounded number of lines and entries."""
    after = 0
    while found := rows(NEXT_LINES, [after, LINES_MAX]):
        lines = _fitting([count for _, count in found])
        last = found[lines - 1][0]
        yield Range(after, last, lines)
        after = last
    # Rows whose line is missing may lie behind the last line.
    yield Range(after, LAST_ID, 0)


def _fitting(entry_counts: list[int]) -> int:
    """How many of these lines to look at together: at least one."""
    before = accumulate(entry_counts, initial=0)
    return sum(1 for entries in islice(before, len(entry_counts)) if entries < ENTRIES_MAX)


def audit(lines: Range) -> list[Failure]:
    """What does not hold of these lines, seen at one moment."""
    with transaction.atomic():
        _take_snapshot()
        bounds = {"after": lines.after, "last": lines.last}
        failures = [
            Failure(line, bucket, check, expected, found)
            for check, line, bucket, expected, found in rows(ALL, bounds)
        ]
        failures += _wrongly_due(lines)
    return sorted(failures, key=lambda failure: (failure.line, failure.bucket or 0, failure.check))


def audit_money() -> list[MoneyFailure]:
    """What does not hold of orders, payments, wallets, books and profiles, seen at one moment."""
    with transaction.atomic():
        _take_snapshot()
        failures = [
            MoneyFailure(about, check, expected, found)
            for sql in (audit_books.ALL, audit_profiles.ALL)
            for check, about, expected, found in rows(sql, [])
        ]
    return sorted(failures, key=lambda failure: (failure.about, failure.check))


def _take_snapshot() -> None:
    if len(connection.savepoint_ids) == 0:
        run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", [])
    # Where statistics are old, PostgreSQL expects few rows and would join them one by one.
    run("SET LOCAL enable_nestloop = off", [])


def _wrongly_due(lines: Range) -> Iterator[Failure]:
    """Lines of which the index of due things holds something else than the rules say."""
    stored: dict[int, datetime | None] = dict(rows(STORED_DUE, [lines.after, lines.last]))
    for page in reading.read(list(stored)):
        if (failure := _due(page, stored[page.id])) is not None:
            yield failure


def _due(page: Page, stored: datetime | None) -> Failure | None:
    try:
        due = next_due(page.line)
    except (InvariantBroken, AssertionError) as error:
        return Failure(page.id, None, "unreadable", "a line", str(error))
    if due == stored:
        return None
    return Failure(page.id, None, "next_due", _text(due), _text(stored))


def _text(instant: datetime | None) -> str:
    return "never" if instant is None else format_instant(instant)
