"""Checkouts a second: quoted, begun, paid, notified over HTTP and fulfilled, by the real parts.

Each buyer renews a line of their own, or buys a new one with an eSIM. What is measured is what a
buyer sees: how long it takes from the wish to the page of the gateway, and from paying there until
the data is on the line.
"""

import multiprocessing
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NamedTuple

import click
import psycopg
from psycopg.conninfo import make_conninfo

from eka import clock
from eka.cli.bench_charging_server import Probe
from eka.cli.bench_checkouts_buyers import Acted, Failed, Plan, run_buyers
from eka.cli.bench_checkouts_parts import Parts, cpu_seconds, running_parts
from eka.cli.bench_periods import BUCKETS, ENTRIES, LINES, PERIODS, STATES
from eka.cli.problems import AnswerIsNo

Database = psycopg.Connection[tuple[Any, ...]]

SCHEMA = "eka_bench_checkouts"
GATEWAYS = ("stripe", "paypal", "wechat", "alipay")
WARM_UP_SECONDS_MAX = 5.0
LOOK_EVERY_SECONDS = 0.02
LATE_SECONDS_MAX = 60.0
BARE_SECONDS_MAX = 3.0
BARE_LANES = 4

SUBSCRIBERS = """
INSERT INTO subscriber (id, name, email, language, story)
SELECT n, 'Buyer ' || n, 'buyer@example.com', 'en', '{}'
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
FULFILLED = """
SELECT number FROM sales_order WHERE number = ANY(%s) AND state = 'fulfilled'
"""
BARE = """
INSERT INTO outbox (key, kind, payload, made_at, attempts, last_error)
VALUES (%s, 'bench', '{}', now(), 0, '')
"""
TERMS = "data: 5GB, period: 30d, price: 10.00 USD, prices: [72.00 CNY], rollover: {}"
# What each supplier's sandbox sells.
PACKAGES = {
    "es2plus": "eka-travel",
    "airalo": "moshi-moshi-7days-1gb",
    "esimaccess": "CKH179",
}


def schema_url(url: str) -> str:
    """The address with the bench's own schema."""
    return make_conninfo(url, options=f"-csearch_path={SCHEMA}")


class CheckoutBench(NamedTuple):
    """What is measured: `rate` checkouts a second for so long, paid at these gateways in turn."""

    url: str
    rate: float
    seconds: float
    gateways: tuple[str, ...]
    drivers: int
    threads: int
    supplier: str = ""  # of the eSIMs that are sold; "": lines are renewed

    @property
    def catalogue(self) -> str:
        """What the shop sells."""
        sold = f"plans:\n  bench: {{{TERMS}}}\n"
        if self.supplier:
            source = f"{{supplier: {self.supplier}, package: {PACKAGES[self.supplier]}}}"
            sold += f"  esim: {{{TERMS}, supply: [{source}]}}\n"
        return sold

    @property
    def schema_url(self) -> str:
        """The address with the bench's own schema."""
        return schema_url(self.url)

    @property
    def warm_up(self) -> float:
        """Seconds at the beginning that are not measured."""
        return min(WARM_UP_SECONDS_MAX, self.seconds / 4)

    @property
    def checkouts(self) -> int:
        """How many there are, with those of the warm-up."""
        return round(self.rate * (self.warm_up + self.seconds))


class Seen(NamedTuple):
    """What was seen of the measured checkouts: seconds that they took, instants, CPU seconds.

    Instants are of the machine's monotonic clock.
    """

    begun: list[float]
    fulfilled: list[float]
    first: float
    last: float
    lost: int
    failed: Counter[str]
    cpu: Mapping[str, float]  # by part


def run_checkouts(bench: CheckoutBench, *, keep: bool) -> None:
    """Prepares a shop in a schema of its own, loads it, and prints the figures."""
    with psycopg.connect(bench.url, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        try:
            _prepare(connection, bench)
            before = _bare_commits(bench)
            seen = _load(connection, bench)
            after = _bare_commits(bench)
            click.echo("\n".join(_told(bench, seen, (before + after) / 2)))
        finally:
            if not keep:
                connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE")


def _prepare(connection: Database, bench: CheckoutBench) -> None:
    """A shop with a line for each checkout, in the middle of its period."""
    connection.execute(f"CREATE SCHEMA {SCHEMA}")
    connection.execute(f"SET search_path TO {SCHEMA}")
    os.environ["DATABASE_URL"] = bench.schema_url
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "eka.web.settings")
    now = clock.now()
    given = {
        "first": 1,
        "last": bench.checkouts,
        "start": now - timedelta(days=10),
        "end": now + timedelta(days=20),
        "plan": _open_shop(bench, now),
    }
    with connection.transaction():
        for statement in (SUBSCRIBERS, LINES, STATES, PERIODS, BUCKETS, ENTRIES):
            connection.execute(statement, given)
        connection.execute("UPDATE line SET subscriber_id = id")
        connection.execute("SELECT setval(pg_get_serial_sequence('line', 'id'), max(id)) FROM line")
    connection.execute("VACUUM ANALYZE")
    connection.execute("CHECKPOINT")


def _open_shop(bench: CheckoutBench, now: datetime) -> int:
    import django
    from django.core.management import call_command

    django.setup()
    from eka.ledger.plans import OnSale
    from eka.rules.catalogue_text import read_catalogue
    from eka.usecases.catalogue import import_catalogue
    from eka.usecases.shop import set_shop

    call_command("migrate", verbosity=0, interactive=False)
    import_catalogue(read_catalogue(bench.catalogue), now)
    set_shop("currencies: [USD, CNY]", now)
    return OnSale()["bench"].version


# ------------------------------------------------------------------------------- the bare database


def _bare_commits(bench: CheckoutBench) -> float:
    """Rows of the outbox a second, each in a transaction of its own, on a few connections."""
    seconds = min(BARE_SECONDS_MAX, bench.seconds)
    counts = Counter[int]()

    def write(lane: int) -> None:
        with psycopg.connect(bench.schema_url, autocommit=True) as connection:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                key = f"bare:{time.monotonic_ns()}:{lane}"
                connection.execute(BARE, [key])
                counts[lane] += 1

    threads = [threading.Thread(target=write, args=(lane,)) for lane in range(BARE_LANES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counts.total() / seconds


# -------------------------------------------------------------------------------------- the load


def _load(connection: Database, bench: CheckoutBench) -> Seen:
    with (
        tempfile.TemporaryDirectory(prefix="eka-bench-") as folder,
        running_parts(bench.schema_url, Path(folder)) as parts,
    ):
        pipes, drivers = _drivers(bench, parts)
        for pipe in pipes:
            pipe.recv()  # it is ready
        starts = time.monotonic()
        for pipe in pipes:
            pipe.send(starts)
        watcher = _Watcher(connection, bench, starts, parts, drivers)
        return watcher.watch(pipes)


def _drivers(bench: CheckoutBench, parts: Parts) -> tuple[list[Connection], list[int]]:
    context = multiprocessing.get_context("spawn")
    pipes, processes = list[Connection](), list[int]()
    for nth in range(bench.drivers):
        plan = Plan(
            nth=nth,
            every=bench.drivers,
            threads=bench.threads,
            rate=bench.rate,
            checkouts=bench.checkouts,
            gateways=bench.gateways,
            esims=bool(bench.supplier),
            environment=dict(parts.environment),
            addresses=dict(parts.addresses),
        )
        ours, theirs = context.Pipe()
        process = context.Process(target=run_buyers, args=(plan, theirs), daemon=True)
        process.start()
        theirs.close()
        pipes.append(ours)
        processes.append(process.pid or 0)
    return pipes, processes


class _Watcher:
    """Sees orders become fulfilled as anybody would who looks at them again and again."""

    def __init__(
        self,
        connection: Database,
        bench: CheckoutBench,
        starts: float,
        parts: Parts,
        drivers: list[int],
    ) -> None:
        self._connection, self._starts = connection, starts + bench.warm_up
        self._probe = Probe(connection)
        self._processes = {name: [one.pid] for name, one in parts.processes.items()}
        self._processes["buyers"] = drivers
        self._waiting: dict[str, Acted] = {}
        self._begun, self._fulfilled = list[float](), list[float]()
        self._failed: Counter[str] = Counter()
        self._last = self._starts
        self._cpu: dict[str, float] = {}

    def watch(self, pipes: list[Connection]) -> Seen:
        """Until every checkout has come to its end, or is late beyond hope."""
        open_pipes, ended = list(pipes), 0.0
        cpu_after: dict[str, float] = {}
        while open_pipes or self._waiting:
            self._hear(open_pipes)
            self._look()
            if not self._cpu and time.monotonic() >= self._starts:
                self._cpu = self._consumed()
            if not open_pipes:
                ended = ended or time.monotonic()
                if time.monotonic() > ended + LATE_SECONDS_MAX:
                    break
            else:
                cpu_after = self._consumed() if self._cpu else {}
        cpu_after |= {k: v for k, v in self._consumed().items() if k != "buyers"}
        spent = {name: cpu_after.get(name, 0) - self._cpu.get(name, 0) for name in cpu_after}
        return Seen(
            self._begun,
            self._fulfilled,
            self._starts,
            self._last,
            len(self._waiting),
            self._failed,
            spent,
        )

    def _hear(self, pipes: list[Connection]) -> None:
        for pipe in wait(pipes, LOOK_EVERY_SECONDS) if pipes else []:
            assert isinstance(pipe, Connection)
            try:
                while pipe.poll():
                    self._note(pipe.recv())
            except EOFError:
                pipes.remove(pipe)

    def _note(self, told: Acted | Failed) -> None:
        if isinstance(told, Failed):
            self._failed[told.why] += 1
            return
        self._waiting[told.order] = told
        if told.due >= self._starts:
            self._begun.append(told.begun - told.due)

    def _look(self) -> None:
        if not self._waiting:
            return
        found = self._connection.execute(FULFILLED, [list(self._waiting)]).fetchall()
        now = time.monotonic()
        for (number,) in found:
            told = self._waiting.pop(number)
            if told.due >= self._starts:
                self._fulfilled.append(now - told.paid)
                self._last = now

    def _consumed(self) -> dict[str, float]:
        found = {name: sum(map(cpu_seconds, ids)) for name, ids in self._processes.items()}
        if (postgres := self._probe.look().postgres_cpu) is not None:
            found["PostgreSQL"] = postgres
        return found


# -------------------------------------------------------------------------------------- the report


def _told(bench: CheckoutBench, seen: Seen, bare: float) -> Iterator[str]:
    if not seen.fulfilled:
        why = next(iter(seen.failed), "nothing was fulfilled")
        raise AnswerIsNo(f"No checkout came to its end: {why}")
    done, seconds = len(seen.fulfilled), seen.last - seen.first
    rate = done / seconds
    yield (
        f"{done:,} checkouts in {seconds:.1f} s: {rate:.1f} a second"
        f" ({bench.rate:g} were asked for; {bench.supplier or 'renewals'};"
        f" {', '.join(bench.gateways)};"
        f" {bench.drivers} processes of {bench.threads} buyers)"
    )
    yield f"from the wish to the gateway's page: {_percentiles(seen.begun)}"
    yield f"from paying to the data on the line: {_percentiles(seen.fulfilled)}"
    yield f"lost: {seen.lost}; failed: {seen.failed.total()}"
    for why, times in seen.failed.most_common(3):
        yield f"  {times} times: {why.strip().splitlines()[-1]}"
    yield f"CPU: {sum(seen.cpu.values()) / seconds:.2f} cores of {os.cpu_count()}"
    for name, spent in sorted(seen.cpu.items(), key=lambda item: -item[1]):
        yield f"  {name:<12} {spent / seconds:5.2f} cores, {spent / done * 1000:6.2f} ms a checkout"
    yield f"bare commits on {BARE_LANES} connections: {bare:,.0f} a second"
    yield f"checkouts / bare commits: {rate / bare:.4f}"


def _percentiles(took: list[float]) -> str:
    ordered = sorted(took)
    fifty, most = (ordered[min(len(took) - 1, len(took) * of // 100)] for of in (50, 99))
    return f"p50 {fifty * 1000:,.0f} ms, p99 {most * 1000:,.0f} ms"
