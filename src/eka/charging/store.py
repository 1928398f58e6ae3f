"""The ledger's tables over asyncpg: a batch of lines read, a batch of pages written.

Pages are written on condition that nobody wrote their lines since they were read (`revision`): so
nothing is locked while the rules work, a page may be kept from one batch to the next, and any
number of processes may charge the same line.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import asyncpg
import msgspec
from msgspec.structs import replace

from eka.charging.statements import (
    ANSWERS,
    BUCKETS,
    CLEAR_QUEUE,
    FIND_LINES,
    FIND_NAMES,
    FIRST_USE,
    LINES,
    PLAN_VERSIONS,
    PLANS_ON_SALE,
    QUEUE,
    SESSIONS,
    WHOLE_LINE,
    WRITE_PLAIN,
    WRITE_WHOLE_LINES,
    insert_into,
    update_of,
)
from eka.ledger import columns, rows, values
from eka.ledger.composites import plain_rows
from eka.ledger.literals import array
from eka.ledger.pages import Page
from eka.rules.instants import format_instant
from eka.rules.plan_text import plan_from_text
from eka.rules.plans import Plan

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection


class Wanted(NamedTuple):
    """A request that is about to be asked: its line, its session, its parts, its number."""

    line_id: int
    session: str
    parts: Sequence[str]
    number: int


class Plans:
    """Plan versions, each read once a process, and what is on sale, read anew when told."""

    def __init__(self) -> None:
        self._versions: dict[int, Plan] = {}
        self.on_sale: dict[str, Plan] = {}

    def version(self, number: int) -> Plan:
        """The terms of a version that was loaded."""
        return self._versions[number]

    async def load(self, connection: Connection, numbers: set[int]) -> None:
        """Reads the versions that are not known yet."""
        unknown = [number for number in numbers if number not in self._versions]
        if unknown:
            for number, terms in await connection.fetch(PLAN_VERSIONS, unknown):
                self._remember(number, terms)

    async def load_on_sale(self, connection: Connection) -> None:
        """Reads what is on sale now: the newest version of each plan."""
        found = await connection.fetch(PLANS_ON_SALE)
        plans = [self._remember(number, terms) for number, terms in found]
        self.on_sale = {plan.name: plan for plan in plans}

    def _remember(self, number: int, terms: str) -> Plan:
        if number not in self._versions:
            plan = plan_from_text(msgspec.json.decode(terms))
            self._versions[number] = replace(plan, version=number)
        return self._versions[number]


async def find_lines(
    connection: Connection, imsis: Iterable[str], msisdns: Iterable[str]
) -> dict[str, int]:
    """The lines of these IMSIs and telephone numbers, by `imsi:...` and `msisdn:...`."""
    found = await connection.fetch(FIND_LINES, list(imsis), list(msisdns))
    return {key: id_ for key, id_ in found}  # noqa: C416  records are not pairs to dict()


async def find_names(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    """The lines that had sessions of these names; the open one, else the last that was seen."""
    found = await connection.fetch(FIND_NAMES, list(names))
    return {name: line_id for name, line_id in found}  # noqa: C416


async def read(connection: Connection, wanted: Sequence[Wanted], plans: Plans) -> dict[int, Page]:
    """The pages of the lines, with what is known of the sessions that are about to be asked."""
    ids = sorted({one.line_id for one in wanted})
    names = list({one.session for one in wanted if one.session})
    # The lines come first: whatever changes after this shows in their revision when they are
    # written.
    lines = await connection.fetch(LINES, ids)
    buckets = await connection.fetch(BUCKETS, ids)
    sessions = await connection.fetch(SESSIONS, ids, names)
    queued = [row[0] for row in lines if row[QUEUE_COLUMN]]
    queue = await connection.fetch(QUEUE, queued) if queued else []
    parts = values.Parts(buckets, queue, sessions)
    await _add_answers(connection, wanted, parts)
    await plans.load(connection, values.versions(lines, queue))
    return {row[0]: values.page(row, parts, plans.version) for row in lines}


QUEUE_COLUMN = values.REVISION + 1


async def _add_answers(
    connection: Connection, wanted: Sequence[Wanted], parts: values.Parts
) -> None:
    """Looks for first answers, only where a request may be a repeat of one."""
    last = {(row[0], row[1]): row[5] for rows in parts.sessions.values() for row in rows}
    names = {(row[0], row[1]): row[2] for rows in parts.sessions.values() for row in rows}
    asked = [
        (line_id, part, one.number)
        for one in wanted
        for (line_id, part), name in names.items()
        if line_id == one.line_id and name == one.session and one.number <= last[line_id, part]
    ]
    if asked:
        parts.add_answers(await connection.fetch(ANSWERS, *map(list, zip(*asked, strict=True))))


async def note_first_use(connection: Connection, line_ids: list[int], now: datetime) -> None:
    """Has these lines begun by the jobs, once each: they are `ready`, and were just used."""
    await connection.execute(FIRST_USE, line_ids, format_instant(now), now)


async def write(connection: Connection, pages: Iterable[Page]) -> set[int]:
    """Writes what changed; the ids of the lines that were written.

    The others were changed by somebody else meanwhile: they are as that left them. What is returned
    is durable.
    """
    plain: list[Page] = []
    whole: list[Page] = []
    for page in sorted(pages, key=lambda page: page.id):
        (plain if is_plain(page) else whole).append(page)
    written: set[int] = set()
    if plain:
        written |= await _write_plain(connection, plain)
    if whole:
        written |= await _write_whole(connection, whole)
    return written


def is_plain(page: Page) -> bool:
    """Whether only figures moved: no period, bucket or queue came, went or changed its terms."""
    line, before = page.line, page.before
    if page.made or page.begun or page.ended or page.receipts:
        return False
    if line.period is None or before.period is None:
        return False
    return (
        line.state == before.state
        and line.queue is before.queue
        and line.period.over == before.period.over
    )


async def _write_plain(connection: Connection, pages: list[Page]) -> set[int]:
    """All of it is one statement, and so one transaction and one round trip."""
    done = await connection.fetch(WRITE_PLAIN, *plain_rows(pages))
    return {row[0] for row in done}


async def _write_whole(connection: Connection, pages: list[Page]) -> set[int]:
    """Whatever a request may bring about: a period that ends, a plan that waited and begins."""
    async with connection.transaction():
        lines = [
            (row[0], page.revision, *row[1:])
            for page, row in zip(pages, rows.lines(pages), strict=True)
        ]
        done = await connection.fetch(WRITE_WHOLE_LINES, *_literals(WHOLE_LINE, lines))
        written = {row[0] for row in done}
        await _write_parts(connection, [page for page in pages if page.id in written])
    return written


async def _write_parts(connection: Connection, pages: list[Page]) -> None:
    periods, buckets = rows.periods(pages), rows.buckets(pages)
    sessions, answers = rows.sessions(pages)
    ids, queue = rows.queue(pages)
    if ids:
        await connection.execute(CLEAR_QUEUE, ids)
    for write_to, table, shape, changed in (
        (update_of, "period", columns.MOVED_PERIOD, periods.changed),
        (insert_into, "period", columns.PERIOD, periods.new),
        (update_of, "bucket", columns.CHANGED_BUCKET, buckets.changed),
        (insert_into, "bucket", columns.BUCKET, buckets.new),
        (insert_into, "queued", columns.QUEUED, queue),
        (update_of, "session", columns.CHANGED_SESSION, sessions.changed),
        (insert_into, "session", columns.SESSION, sessions.new),
        (insert_into, "session_answer", columns.ANSWER, answers),
        (insert_into, "entry", columns.ENTRY, rows.entries(pages)),
    ):
        if changed:
            await connection.execute(write_to(table, shape), *_literals(shape, changed))


def _literals(shape: Sequence[tuple[str, str]], found: rows.Rows) -> list[str]:
    """One array literal for each column."""
    by_column = zip(shape, zip(*found, strict=True), strict=True)
    return [array(kind, column) for (_, kind), column in by_column]
