"""The books' journals: written once by their keys, added up, and read back page by page."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from eka.ledger.connections import cursor, rows, run
from eka.ledger.literals import array
from eka.rules.books import Post, Postings

ADD_JOURNALS = """
INSERT INTO journal (key, event, at, order_id, line_id, facts)
SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::bigint[], %s::bigint[],
                     %s::jsonb[])
ON CONFLICT (key) DO NOTHING RETURNING key, id
"""
JOURNAL_TYPES = ("text", "text", "timestamptz", "bigint", "bigint", "jsonb")

ADD_POSTINGS = """
INSERT INTO posting (journal_id, position, account, currency, amount)
SELECT * FROM unnest(%s::bigint[], %s::integer[], %s::text[], %s::text[], %s::bigint[])
"""
POSTING_TYPES = ("bigint", "integer", "text", "text", "bigint")

POSTINGS = """
SELECT account, amount, currency FROM journal JOIN posting ON journal_id = id
WHERE key = %s ORDER BY position
"""

OWED = """
SELECT -coalesce(sum(amount), 0)::bigint FROM journal JOIN posting ON journal_id = id
WHERE order_id = %s AND account = %s AND currency = %s
"""

BALANCE = """
SELECT account, currency, sum(amount)::bigint,
       coalesce(sum(amount) FILTER (WHERE amount > 0), 0)::bigint
FROM journal JOIN posting ON journal_id = id
WHERE %(before)s::timestamptz IS NULL OR at < %(before)s
GROUP BY account, currency ORDER BY currency, account
"""

LINES = """
SELECT j.at, j.id, position, event, account, posting.currency, amount, number, j.line_id
FROM journal j JOIN posting ON journal_id = j.id LEFT JOIN sales_order o ON o.id = j.order_id
"""
OF_ACCOUNT = f"""
{LINES} WHERE account = %(account)s AND (j.id, position) < (%(id)s::bigint, %(position)s::integer)
ORDER BY j.id DESC, position DESC LIMIT %(most)s
"""
EXPORT = f"""
DECLARE journal_lines NO SCROLL CURSOR FOR
{LINES} WHERE j.at >= %(since)s AND j.at < %(until)s ORDER BY j.at, j.id, position
"""
# A long export must not hold all of it in memory, on either side.
ROWS_AT_ONCE = 1000


class NewJournal(Struct, frozen=True, kw_only=True):
    """A journal to be written, with the order and the line that it is about."""

    key: str
    event: str
    at: datetime
    postings: Postings
    order_id: int | None = None
    line_id: int | None = None
    facts: dict[str, Any] = {}


class Balance(Struct, frozen=True, kw_only=True):
    """An account in one currency: what its debits and credits come to, and their difference."""

    account: str
    currency: str
    debits: int
    credits: int
    amount: int


class JournalLine(Struct, frozen=True, kw_only=True):
    """One posting with its journal; `order` is the order's number."""

    at: datetime
    journal: int
    position: int
    event: str
    account: str
    currency: str
    amount: int
    order: str | None
    line: int | None


class Place(Struct, frozen=True):
    """A place in an account's history, newest first; the next page goes on behind it."""

    journal: int
    position: int


NEWEST = Place(2**63 - 1, 0)


def add(journals: Sequence[NewJournal]) -> set[str]:
    """Writes the journals whose keys are new, with their postings; returns those keys."""
    values = [(j.key, j.event, j.at, j.order_id, j.line_id, _json(j.facts)) for j in journals]
    ids: dict[str, int] = dict(rows(ADD_JOURNALS, columns(JOURNAL_TYPES, values)))
    posted = [
        (ids[journal.key], position, post.account, post.currency, post.amount)
        for journal in journals
        if journal.key in ids
        for position, post in enumerate(journal.postings)
    ]
    if posted:
        run(ADD_POSTINGS, columns(POSTING_TYPES, posted))
    return set(ids)


def postings(key: str) -> Postings:
    """The postings of the journal of this key."""
    return tuple(Post(*row) for row in rows(POSTINGS, [key]))


def owed(order_id: int, account: str, currency: str) -> int:
    """What an order's journals leave owed on an account."""
    return int(rows(OWED, [order_id, account, currency])[0][0])


def trial_balance(before: datetime | None = None) -> list[Balance]:
    """Every account in every currency, of all journals or of those before an instant."""
    return [
        Balance(
            account=account,
            currency=currency,
            debits=debits,
            credits=debits - amount,
            amount=amount,
        )
        for account, currency, amount, debits in rows(BALANCE, {"before": before})
    ]


def history(account: str, most: int, after: Place = NEWEST) -> list[JournalLine]:
    """An account's postings, newest first, behind a place."""
    asked = {"account": account, "most": most, "id": after.journal, "position": after.position}
    return [_line(row) for row in rows(OF_ACCOUNT, asked)]


def export(since: datetime, until: datetime) -> Iterator[JournalLine]:
    """All postings from `since`, before `until`, in the order of time. Needs a transaction."""
    source = cursor()
    source.execute(EXPORT.encode(), {"since": since, "until": until})
    fetch = f"FETCH {ROWS_AT_ONCE} FROM journal_lines".encode()
    while found := source.execute(fetch, binary=True).fetchall():
        yield from map(_line, found)
    source.execute(b"CLOSE journal_lines")


def _line(row: tuple[Any, ...]) -> JournalLine:
    return JournalLine(**dict(zip(JournalLine.__struct_fields__, row, strict=True)))


def columns(types: Sequence[str], values: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Rows turned into one array of each type, for unnest."""
    by_column = zip(types, zip(*values, strict=True), strict=True)
    return [array(sql_type, column) for sql_type, column in by_column]


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
