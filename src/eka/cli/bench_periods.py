"""A million lines whose periods end together: closed, carried over and renewed in batches.

The parent prepares the lines and shows progress; workers settle as the real job does.
"""

import multiprocessing
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple

import click
import psycopg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Database = psycopg.Connection[tuple[Any, ...]]

SCHEMA = "eka_bench"
CHUNK = 50_000


class Bench(NamedTuple):
    """What is measured: so many lines, settled by so many workers, in batches, as of `end`."""

    url: str
    lines: int
    workers: int
    batch: int
    end: datetime

    @property
    def schema_url(self) -> str:
        """The address with the bench's own schema."""
        joint = "&" if "?" in self.url else "?"
        return f"{self.url}{joint}options=-csearch_path%3D{SCHEMA}"


# Lines as activation and two uses leave them: a month's allowance, partly used, and some rolled.
LINES = """
INSERT INTO line (id, label, created_at)
SELECT n, '', %(start)s FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
STATES = """
INSERT INTO line_state (line_id, timezone, state, suspended, auto_renew, as_of, next_due,
    activated_at, tenure, bucket_count, entry_count, day_used, unserved, overage, credit,
    period_number, used, hotspot_used, beyond, alerted, armed_at, cleared, renewed_itself, over)
SELECT n, 'UTC', 'active', false, true, %(start)s, %(end)s,
    %(start)s, 0, 1, 3, 0, 0, '[]', '[]',
    1, 1000000000 + n %% 7 * 500000000, 0, 0, '[]', %(start)s, false, false, false
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
PERIODS = """
INSERT INTO period (line_id, number, plan_version_id, starts, ends, anchor, months, by, paid_at,
    term_left)
SELECT n, 1, %(plan)s, %(start)s, %(end)s, %(start)s, 1, 'manual', %(start)s, 0
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
BUCKETS = """
INSERT INTO bucket (line_id, number, kind, granted, bytes_left, open, born, starts, period,
    generation)
SELECT n, 1, 'plan', 5000000000, 4000000000 - n %% 7 * 500000000, true, %(start)s, %(start)s, 1, 0
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
ENTRIES = """
INSERT INTO entry (line_id, number, at, code, bytes, bucket, kind, reason)
SELECT n, e.number, %(start)s, e.code, e.bytes + n %% 7 * 500000000 * e.varies, e.bucket, 'plan',
    e.reason
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n,
    (VALUES (1, 'activated', 0::bigint, 0, NULL::integer, ''),
            (2, 'granted', 5000000000, 0, 1, 'plan'),
            (3, 'used', 1000000000, 1, 1, '')) AS e(number, code, bytes, varies, bucket, reason)
"""


def run_periods(bench: Bench, *, keep: bool, fresh: bool) -> None:
    """Prepares what is missing, settles what is due, and prints the figures."""
    console = Console()
    with psycopg.connect(bench.url, autocommit=True) as connection:
        if fresh:
            connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        _prepare(connection, bench, console)
        todo = _due(connection, bench)
        console.print(f"{todo:,} of {bench.lines:,} lines to close and renew")
        started = time.monotonic()
        memory = _settle(bench, todo, console)
        seconds = time.monotonic() - started
        _report(connection, bench, todo, seconds, memory)
        if not keep:
            connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE")


def _prepare(connection: Database, bench: Bench, console: Console) -> None:
    """Creates the schema and the lines, in chunks that are each whole or absent."""
    os.environ["DATABASE_URL"] = bench.schema_url
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "eka.web.settings")
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    connection.execute(f"SET search_path TO {SCHEMA}")
    plan = _plan(bench)
    done = _number(connection, "SELECT coalesce(max(id), 0) FROM line")
    with _progress(console, "preparing", bench.lines, done) as advance:
        for first in range(done + 1, bench.lines + 1, CHUNK):
            last = min(first + CHUNK - 1, bench.lines)
            start = bench.end.replace(month=bench.end.month - 1)
            given = {"first": first, "last": last, "start": start, "end": bench.end, "plan": plan}
            with connection.transaction():
                for statement in (LINES, STATES, PERIODS, BUCKETS, ENTRIES):
                    connection.execute(statement, given)
            advance(last - first + 1)
    if done < bench.lines:
        connection.execute("VACUUM ANALYZE")
        # What preparing has left to be written is not part of what is measured.
        connection.execute("CHECKPOINT")


def _plan(bench: Bench) -> int:
    """The plan that all lines are on: a month, and what is unused lives for one more."""
    import django
    from django.core.management import call_command

    django.setup()
    from eka.ledger.plans import OnSale
    from eka.rules.plans import Plan, Rollover
    from eka.rules.units import Duration
    from eka.usecases.catalogue import sell

    call_command("migrate", verbosity=0, interactive=False)
    plan = Plan(name="bench", data=5 * 10**9, period=Duration(months=1), rollover=Rollover())
    sell(plan, bench.end)
    return OnSale()["bench"].version


def _due(connection: Database, bench: Bench) -> int:
    return _number(connection, "SELECT count(*) FROM line_state WHERE next_due <= %s", bench.end)


def _number(connection: Database, sql: str, *given: object) -> int:
    row = connection.execute(sql.encode(), given).fetchone()
    return int(row[0]) if row else 0


class Memory(NamedTuple):
    """The largest resident memory of a worker after its first batches, and at the end, in KiB."""

    early: int
    late: int


def _settle(bench: Bench, todo: int, console: Console) -> Memory:
    """Runs the workers to the end; their reports move the bar."""
    context = multiprocessing.get_context("spawn")
    pipes: list[Connection] = []
    for _ in range(bench.workers):
        ours, theirs = context.Pipe(duplex=False)
        context.Process(target=_work, args=(bench, theirs), daemon=True).start()
        theirs.close()
        pipes.append(ours)
    sizes: list[int] = []
    with _progress(console, "settling", todo, 0) as advance:
        while pipes:
            for pipe in wait(pipes):
                assert isinstance(pipe, Connection)
                try:
                    lines, size = pipe.recv()
                except EOFError:
                    pipes.remove(pipe)
                    continue
                sizes.append(size)
                advance(lines)
    return Memory(max(sizes[:20], default=0), max(sizes, default=0))


def _work(bench: Bench, pipe: Connection) -> None:
    """A worker: settles batch after batch until nothing is due."""
    import django

    os.environ["DATABASE_URL"] = bench.schema_url
    django.setup()
    from eka.ledger.reading import START, Place
    from eka.usecases.settling import settle_due

    after: Place | None = START
    # A parent that was killed reads no more: then the work stops after the batch at hand.
    with suppress(BrokenPipeError):
        while after is not None:
            done = settle_due(bench.end, bench.batch, after)
            pipe.send((done.lines, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
            after = done.next
    pipe.close()


def _report(
    connection: Database,
    bench: Bench,
    todo: int,
    seconds: float,
    memory: Memory,
) -> None:
    carried = _number(connection, "SELECT count(*) FROM entry WHERE code = 'carried'")
    rate = todo / seconds if seconds else 0
    click.echo(
        f"closed and renewed {todo:,} lines in {seconds:.1f} s: {rate:,.0f} lines/s"
        f" ({bench.workers} workers, batches of {bench.batch:,})"
    )
    click.echo(f"still due: {_due(connection, bench):,}; buckets carried: {carried:,}")
    early, late = memory.early / 1024, memory.late / 1024
    click.echo(f"memory of a worker: {early:.0f} MiB at first, {late:.0f} MiB at the end")


class _Advance:
    def __init__(self, progress: Progress, task: object) -> None:
        self._progress, self._task = progress, task

    def __call__(self, lines: int) -> None:
        self._progress.advance(self._task, lines)  # type: ignore[arg-type]


@contextmanager
def _progress(console: Console, what: str, total: int, done: int) -> Iterator[_Advance]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        yield _Advance(progress, progress.add_task(what, total=total, completed=done))
