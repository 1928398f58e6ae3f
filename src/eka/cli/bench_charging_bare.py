"""What the database alone can do: the rows that charging writes, without charging.

Sessions are walked through as gateways walk through them, and each request writes with the hot
path's own statement what the server would write for it. But nothing is read, decided, decoded or
kept, and the values are made as cheaply as they can be.
"""

import asyncio
import time
from array import array
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from random import getrandbits
from typing import Any

import asyncpg
import uvloop

from eka import clock
from eka.charging.lanes import Lane
from eka.charging.links import Link, parameters_of
from eka.charging.statements import PLAIN_BUCKET, PLAIN_LINE, WRITE_PLAIN
from eka.charging.store import Connection
from eka.cli.bench_charging_load import LAST, any_line
from eka.cli.bench_charging_meter import Meter, Task
from eka.ledger import columns

USED = GRANTED = 1_000_000
VALIDITY = 3600

_CHUNK = 100_000
_FACTS = (
    r'"{\"apn\":\"internet\",\"rat\":6,\"network\":\"99970\",\"door\":\"gy\",'
    r'\"host\":\"smf00.bench.example\",\"realm\":\"bench.example\"}"'
)
_LEDGER = """
SELECT array_agg(l.revision ORDER BY l.line_id), array_agg(l.entry_count ORDER BY l.line_id),
       array_agg(l.used ORDER BY l.line_id), array_agg(b.bytes_left ORDER BY l.line_id)
FROM line_state l JOIN bucket b ON b.line_id = l.line_id AND b.number = 1
WHERE l.line_id BETWEEN $1 AND $2
"""


# What the statement's parameters are, in their order.
_TABLES = [
    [name for name, _ in shape]
    for shape in (
        PLAIN_LINE,
        PLAIN_BUCKET,
        columns.SESSION,
        columns.CHANGED_SESSION,
        columns.ANSWER,
        columns.ENTRY,
    )
]

Literals = dict[str, str]


def write_bare(task: Task, meter: Meter) -> None:
    """Writes until the task is done: so many sessions at once, on so many connections."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_write(task, meter))


async def _write(task: Task, meter: Meter) -> None:
    parameters = parameters_of(task.url)
    book = await _open_book(parameters, task.lines)
    run = f"bare{getrandbits(48):012x}"
    writers = [Writer(Link(parameters), book, meter) for _ in range(task.connections)]
    async with AsyncExitStack() as stack:
        for writer in writers:
            await writer.link.connected()
            stack.push_async_callback(writer.link.close)
        tasks = [asyncio.create_task(writer.lane.run()) for writer in writers]
        for number in range(task.outstanding):
            writers[number % len(writers)].put(Walk(f"{run};{number:06}", book))
        while any(writer.running for writer in writers):
            await asyncio.sleep(0.05)
            meter.look(time.perf_counter())
            _raise_what_broke(writers)
        for one in tasks:
            one.cancel()


def _raise_what_broke(writers: Sequence["Writer"]) -> None:
    for writer in writers:
        if writer.error is not None:
            raise writer.error


class Book:
    """What the ledger holds of each line, by id, and which lines are being walked through."""

    def __init__(self, lines: int, ends: datetime) -> None:
        self.lines, self.ends = lines, ends
        self.revision, self.entries, self.used, self.left = (array("q", [0]) for _ in range(4))
        self.taken: set[int] = set()

    def take(self) -> int:
        """A line that nobody else has: a line is in one batch at a time."""
        while (line_id := any_line(self.lines)) in self.taken:
            pass
        self.taken.add(line_id)
        return line_id


async def _open_book(parameters: dict[str, Any], lines: int) -> Book:
    connection: Connection = await asyncpg.connect(**parameters)
    try:
        book = Book(lines, await connection.fetchval("SELECT max(ends) FROM period"))
        for first in range(1, lines + 1, _CHUNK):
            last = min(first + _CHUNK - 1, lines)
            row = await connection.fetchrow(_LEDGER, first, last)
            assert row is not None
            for kept, values in zip(
                (book.revision, book.entries, book.used, book.left), row, strict=True
            ):
                kept.extend(values)
    finally:
        await connection.close()
    return book


class Walk:
    """One session after the other: its line, its name, the number of the request at hand."""

    __slots__ = ("figures", "line_id", "name", "number", "prefix", "put_at", "serial")

    def __init__(self, prefix: str, book: Book) -> None:
        self.prefix, self.serial, self.put_at = prefix, 0, 0.0
        self.line_id = 0
        self.begin(book)

    def begin(self, book: Book) -> None:
        """Begins a session on another line."""
        book.taken.discard(self.line_id)
        self.line_id, self.number, self.serial = book.take(), 0, self.serial + 1
        self.name = f"{self.prefix};{self.serial:08}"
        self.figures = rf'"{{\"session\":\"{self.name}\"}}"'


class Writer:
    """One connection, and the sessions whose requests go over it; batched as in the engine."""

    def __init__(self, link: Link, book: Book, meter: Meter) -> None:
        self.link, self._book, self._meter = link, book, meter
        self.lane: Lane[Walk] = Lane(link, self._serve, lambda walk, passing: None)
        self.running = 0
        self.error: Exception | None = None

    def put(self, walk: Walk) -> None:
        """Adds a session that goes on until the meter says that it is over."""
        self.running += 1
        self._ask(walk)

    def _ask(self, walk: Walk) -> None:
        walk.put_at = time.perf_counter()
        self.lane.put(walk)

    async def _serve(self, connection: Connection, batch: list[Walk]) -> None:
        try:
            written = await connection.fetch(WRITE_PLAIN, *parameters_for(batch, self._book))
        except Exception as error:
            self.error = error
            return
        if len(written) < len(batch):
            self.error = RuntimeError("a line was changed by somebody else")
        now = time.perf_counter()
        note = self._meter.note
        for walk in batch:
            note(now - walk.put_at)
            self._go_on(walk)
        self._meter.batches += 1

    def _go_on(self, walk: Walk) -> None:
        book, line_id, number = self._book, walk.line_id, walk.number
        book.revision[line_id] += 1
        if number:
            book.entries[line_id] += 1
            book.used[line_id] += USED
            book.left[line_id] -= USED
        if number < LAST:
            walk.number = LAST if self._meter.is_over else number + 1
        elif self._meter.is_over:
            self.running -= 1
            return
        else:
            walk.begin(book)
        self._ask(walk)


def parameters_for(batch: list[Walk], book: Book) -> list[str]:
    """What the statement wants to know of a batch: an array literal for each column."""
    batch.sort(key=lambda walk: walk.line_id)
    now = clock.now()
    begun = [walk for walk in batch if walk.number == 0]
    gone_on = [walk for walk in batch if walk.number]
    tables = (
        _lines(batch, book, now),
        _buckets(gone_on, book),
        _sessions(begun, now),
        _sessions(gone_on, now),
        _answers(batch),
        _entries(gone_on, book, now),
    )
    return [table[name] for names, table in zip(_TABLES, tables, strict=True) for name in names]


def _lines(batch: list[Walk], book: Book, now: datetime) -> Literals:
    count, ids = len(batch), [walk.line_id for walk in batch]
    zeros, nothing = _same("0", count), _same("[]", count)
    return {
        "line_id": _each(ids),
        "revision": _each([book.revision[id_] for id_ in ids]),
        "entry_count": _each([book.entries[one.line_id] + (one.number > 0) for one in batch]),
        "as_of": _same(_instant(now), count),
        "next_due": _same(_instant(book.ends), count),
        "day_starts": _same("NULL", count),
        "day_used": zeros,
        "unserved": zeros,
        "overage": nothing,
        "used": _each([book.used[one.line_id] + USED * (one.number > 0) for one in batch]),
        "beyond": zeros,
        "alerted": nothing,
    }


def _buckets(batch: list[Walk], book: Book) -> Literals:
    count = len(batch)
    return {
        "line_id": _each([walk.line_id for walk in batch]),
        "number": _same("1", count),
        "bytes_left": _each([book.left[walk.line_id] - USED for walk in batch]),
        "open": _same("t", count),
    }


def _entries(batch: list[Walk], book: Book, now: datetime) -> Literals:
    count, nulls = len(batch), _same("NULL", len(batch))
    return {
        "line_id": _each([walk.line_id for walk in batch]),
        "number": _each([book.entries[walk.line_id] + 1 for walk in batch]),
        "at": _same(_instant(now), count),
        "code": _same("used", count),
        "bytes": _same(str(USED), count),
        "bucket": _same("1", count),
        "into": nulls,
        "kind": _same("plan", count),
        "reason": _same('""', count),
        "figures": _each([walk.figures for walk in batch]),
    }


def _sessions(batch: list[Walk], now: datetime) -> Literals:
    count, names = len(batch), _each([walk.name for walk in batch])
    zeros, at = _same("0", count), _same(_instant(now), count)
    return {
        "line_id": _each([walk.line_id for walk in batch]),
        "id": names,
        "open": _each(["t" if walk.number < LAST else "f" for walk in batch]),
        "reserved": _each([GRANTED * (walk.number < LAST) for walk in batch]),
        "last_number": _each([walk.number for walk in batch]),
        "seen_at": at,
        "valid_until": _same(_instant(now + timedelta(seconds=VALIDITY)), count),
        "final": _each(["f" if walk.number < LAST else "t" for walk in batch]),
        "used": _each([USED * walk.number for walk in batch]),
        "unserved": zeros,
        "recorded": zeros,
        "closed_by": _each(['""' if walk.number < LAST else "end" for walk in batch]),
        "name": names,
        "started_at": at,
        "facts": _same(_FACTS, count),
    }


def _answers(batch: list[Walk]) -> Literals:
    return {
        "line_id": _each([walk.line_id for walk in batch]),
        "session_id": _each([walk.name for walk in batch]),
        "number": _each([walk.number for walk in batch]),
        "granted": _each([GRANTED * (walk.number < LAST) for walk in batch]),
        "final": _each(["f" if walk.number < LAST else "t" for walk in batch]),
        "result": _same("success", len(batch)),
        "validity": _each([VALIDITY if walk.number < LAST else "NULL" for walk in batch]),
    }


# What is written here needs no quotes, or brings them along.


def _each(values: Iterable[int | str]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


def _same(value: str, count: int) -> str:
    return "{" + ",".join([value] * count) + "}"


def _instant(at: datetime) -> str:
    return f'"{at.isoformat()}"'
