"""A statement's arithmetic: what each entry moved, what was left after it, and the sums by kind.

Opening balance and movements give the closing balance, to the byte; nothing here is rounded.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace

from eka.papers.values import Statement
from eka.rules.instants import local_date
from eka.rules.lines import Entry
from eka.rules.plans import KINDS, Kind
from eka.rules.units import Money, format_money, parse_money

PLAIN_USE = ("used", "unserved")
UNTOLD = ("alert",)  # a warning moves nothing, and is nothing to account for


class Movement(Struct, frozen=True):
    """An entry, or several uses in a row: from when to when, the change, and what was left then.

    `left` None is unlimited.
    """

    entry: Entry
    since: datetime
    change: int
    left: int | None


class Sums(Struct, frozen=True, kw_only=True):
    """One kind of bucket over the span: `opening` and the changes give `closing`.

    Where a plan without limit was in force these two are None, and `used` is what it served.
    """

    kind: Kind
    opening: int | None
    added: int = 0
    carried: int = 0
    used: int = 0
    lost: int = 0
    converted: int = 0
    closing: int | None = None


def moved(entry: Entry) -> Iterator[tuple[Kind, int]]:
    """By how much an entry changes each kind. What is carried turns into rollover."""
    if entry.bucket is None:
        return
    yield entry.kind or "plan", entry.bytes if entry.code == "granted" else -entry.bytes
    if entry.into is not None:
        yield "rollover", entry.bytes


def is_unlimited(statement: Statement, at: datetime) -> bool:
    """Whether a plan without limit was in force at this instant."""
    return any(starts <= at < ends for starts, ends in statement.unlimited)


def movements(statement: Statement) -> list[Movement]:
    """Every entry that is told, in order, with what was left after it."""
    return _running(statement, [(entry.at, entry) for entry in statement.entries])


def by_day(statement: Statement) -> list[tuple[date, list[Movement]]]:
    """The movements by local day; uses between two other movements of a day are taken together."""

    def day(movement: Movement) -> date:
        return local_date(movement.entry.at, statement.timezone)

    told = _running(statement, _uses_together(statement))
    return [(at, list(those)) for at, those in groupby(told, key=day)]


def _running(statement: Statement, told: Iterable[tuple[datetime, Entry]]) -> list[Movement]:
    left, running = sum(statement.opening.values()), []
    for since, entry in told:
        change = sum(amount for _, amount in moved(entry))
        left += change
        if entry.code not in UNTOLD:
            known = None if is_unlimited(statement, entry.at) else left
            running.append(Movement(entry, since, change, known))
    return running


def _uses_together(statement: Statement) -> list[tuple[datetime, Entry]]:
    """The entries with the instant at which each began: equal uses in a row are one."""
    told: list[tuple[datetime, Entry]] = []
    row: dict[tuple[object, ...], int] = {}  # the uses since anything else happened, by sort
    for entry in statement.entries:
        if entry.code not in (*PLAIN_USE, *UNTOLD):
            row.clear()
        sort = (local_date(entry.at, statement.timezone), *_sort(entry))
        if entry.code in PLAIN_USE and sort in row:
            since, before = told[row[sort]]
            told[row[sort]] = (since, _together(before, entry))
            continue
        row[sort] = len(told)
        told.append((entry.at, entry))
    return told


def _sort(entry: Entry) -> tuple[object, ...]:
    price = entry.figures.get("price")
    currency = parse_money(price).currency if price else ""
    return (entry.code, entry.kind, entry.reason, entry.figures.get("kbps"), currency)


def _together(one: Entry, other: Entry) -> Entry:
    figures = dict(other.figures)
    if "price" in figures:
        first, second = parse_money(one.figures["price"]), parse_money(figures["price"])
        figures["price"] = format_money(Money(first.minor + second.minor, second.currency))
    return replace(other, bytes=one.bytes + other.bytes, figures=figures)


def sums(statement: Statement) -> list[Sums]:
    """The kinds that held or moved anything, in the order in which they are named."""
    return [row for kind in KINDS if (row := _sums_of(statement, kind)) is not None]


def total(statement: Statement, rows: Sequence[Sums]) -> Sums:
    """All kinds together; what is carried from one to another is nothing here."""
    return Sums(
        kind="plan",
        opening=_together_or_none([row.opening for row in rows]),
        closing=_together_or_none([row.closing for row in rows]),
        **{name: sum(getattr(row, name) for row in rows) for name in CHANGES},
    )


CHANGES = ("added", "carried", "used", "lost", "converted")
COLUMN_OF = {
    "granted": "added",
    "carried": "carried",
    "used": "used",
    "forfeited": "lost",
    "expired": "lost",
    "converted": "converted",
}


def _sums_of(statement: Statement, kind: Kind) -> Sums | None:
    opening = statement.opening.get(kind, 0)
    changes = dict.fromkeys(CHANGES, 0)
    for entry in statement.entries:
        for moved_kind, amount in moved(entry):
            if moved_kind == kind:
                changes[COLUMN_OF[entry.code]] += amount
    closing = opening + sum(changes.values())
    endless = {"opening": False, "closing": False}
    if kind == "plan":
        changes["used"] -= beyond(statement, "unlimited")
        endless["opening"] = is_unlimited(statement, statement.starts)
        endless["closing"] = any(
            starts < statement.ends <= ends for starts, ends in statement.unlimited
        )
    if not (opening or any(changes.values()) or any(endless.values())):
        return None
    return Sums(
        kind=kind,
        opening=None if endless["opening"] else opening,
        closing=None if endless["closing"] else closing,
        **changes,
    )


def beyond(statement: Statement, *reasons: str) -> int:
    """Bytes used that no bucket held: without limit, slower, or at a price."""
    return sum(
        entry.bytes
        for entry in statement.entries
        if entry.code == "used" and entry.reason in reasons
    )


def _together_or_none(amounts: Iterable[int | None]) -> int | None:
    known = list(amounts)
    return None if None in known else sum(amount or 0 for amount in known)
