"""What the database alone can do: the rows that charging writes, without charging.

Sessions are walked through as gateways walk through them, and each request writes what the server
would write for it. But nothing is read, decided, decoded or kept, and the values are made as
cheaply as they can be.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from random import getrandbits
from typing import Any

import asyncpg
import uvloop

from eka.charging.lanes import Lane
from eka.charging.links import Link, parameters_of
from eka.charging.store import Connection
from eka.cli.bench_charging_load import LAST
from eka.cli.bench_charging_meter import Meter, Task
from eka.cli.bench_charging_rows import grouped, single
from eka.cli.bench_charging_walks import Book, Walk

_CHUNK = 100_000
_LEDGER = """
SELECT array_agg(l.revision ORDER BY l.line_id), array_agg(l.entry_count ORDER BY l.line_id),
       array_agg(l.used ORDER BY l.line_id), array_agg(b.bytes_left ORDER BY l.line_id)
FROM line_state l JOIN bucket b ON b.line_id = l.line_id AND b.number = 1
WHERE l.line_id BETWEEN $1 AND $2
"""

Rows = Callable[[list[Walk], Book], tuple[str, list[str]]]


def write_grouped(task: Task, meter: Meter) -> None:
    """Writes until the task is done: what waits when a connection is free goes together."""
    _run(_write(task, meter, grouped))


def write_singly(task: Task, meter: Meter) -> None:
    """Writes until the task is done: one request a transaction, as many as connections."""
    _run(_write(task._replace(outstanding=task.connections), meter, single))


def _run(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


async def _write(task: Task, meter: Meter, rows: Rows) -> None:
    parameters = parameters_of(task.url)
    book = await _open_book(parameters, task.lines)
    run = f"bare{getrandbits(48):012x}"
    writers = [Writer(Link(parameters), book, meter, rows) for _ in range(task.connections)]
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


class Writer:
    """One connection, and the sessions whose requests go over it; batched as in the engine."""

    def __init__(self, link: Link, book: Book, meter: Meter, rows: Rows) -> None:
        self.link, self._book, self._meter, self._rows = link, book, meter, rows
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
            statement, parameters = self._rows(batch, self._book)
            written = await connection.fetch(statement, *parameters)
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
        self._book.note_written(walk)
        if walk.goes_on:
            walk.number = LAST if self._meter.is_over else walk.number + 1
        elif self._meter.is_over:
            self.running -= 1
            return
        else:
            walk.begin(self._book)
        self._ask(walk)
