"""Online charging under load, beside what the same database does without it, in one run."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import NamedTuple

import click
import psycopg

from eka.cli import bench_charging_report as report
from eka.cli.bench_charging_bare import write_grouped, write_singly
from eka.cli.bench_charging_gy import load_gy
from eka.cli.bench_charging_lines import SCHEMA, calm, prepare, schema_url
from eka.cli.bench_charging_meter import Task, Work
from eka.cli.bench_charging_phases import Phase, measure
from eka.cli.bench_charging_server import Probe, Server, running_server
from eka.cli.problems import CallWrong

CONNECTIONS = 4  # of a door's load
SINGLES = 64  # connections that each commit one request at a time
FEW_LINES = 10_000
TURN = 0x656B612062  # "eka b" in ASCII

GROUPED = "bare group commit of equal rows"
AGAIN = "bare group commit, again"
SINGLE = f"bare, one request a commit, {SINGLES} side by side"
LONE = "bare, one at a time"
GY, GY_FEW, GY_LONE, GY_LONG = "Gy", "Gy, few lines", "Gy, one at a time", "Gy, very long"
NCHF, NCHF_LONE, BOTH = "Nchf", "Nchf, one at a time", "Gy and Nchf"


class ChargingBench(NamedTuple):
    """What is measured. `requests`: so many more over Gy at the end, None for none."""

    url: str
    lines: int
    seconds: float
    outstanding: int
    lanes: int
    doors: tuple[str, ...]
    requests: int | None

    def task(self, connections: int, outstanding: int, port: int = 0) -> Task:
        """A task on all lines."""
        url = schema_url(self.url)
        return Task(url, port, connections, outstanding, self.lines, self.seconds)


def run_charging(bench: ChargingBench, *, keep: bool, fresh: bool) -> None:
    """Prepares what is missing, measures phase after phase, and prints the figures."""
    if "nchf" in bench.doors and find_spec("ngh2") is None:
        raise CallWrong("Nchf's load needs the package ngh2 (extra `dev`); or use --door gy.")
    with psycopg.connect(bench.url, autocommit=True) as connection:
        _be_alone(connection)
        if fresh:
            connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        prepare(connection, bench.url, bench.lines)
        run = _Run(bench, connection)
        run.measure_all()
        click.echo("\n".join(run.told()))
        if not keep:
            connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE")


def _be_alone(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    """Two at once would change each other's lines. The lock goes with the connection."""
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", [TURN]).fetchone()
    if row is None or not row[0]:
        raise CallWrong("Another `eka bench charging` is at work on this database.")


class _Run:
    def __init__(
        self, bench: ChargingBench, connection: "psycopg.Connection[tuple[object, ...]]"
    ) -> None:
        self._bench, self._connection = bench, connection
        self._probe = Probe(connection)
        self._phases: dict[str, Phase] = {}

    def measure_all(self) -> None:
        """The bare database first and last: what the machine did meanwhile shows between them."""
        bench = self._bench
        grouped = bench.task(bench.lanes, bench.outstanding)
        self._measure(GROUPED, (write_grouped, grouped))
        self._measure(SINGLE, (write_singly, bench.task(SINGLES, SINGLES)))
        self._measure(LONE, (write_singly, bench.task(1, 1)))
        with running_server(schema_url(bench.url), bench.lanes) as server:
            self._probe.server = server
            self._measure_server(server)
            self._probe.server = None
        self._measure(AGAIN, (write_grouped, grouped))

    def _measure_server(self, server: Server) -> None:
        bench, connections = self._bench, min(CONNECTIONS, self._bench.outstanding)
        gy = bench.task(connections, bench.outstanding, server.gy)
        if "gy" in bench.doors:
            self._measure(GY, (load_gy, gy))
            self._measure(GY_FEW, (load_gy, gy._replace(lines=min(FEW_LINES, gy.lines))))
            self._measure(GY_LONE, (load_gy, gy._replace(connections=1, outstanding=1)))
        if "nchf" in bench.doors:
            self._measure_nchf(gy, gy._replace(port=server.nchf))
        if bench.requests:
            self._measure(GY_LONG, (load_gy, gy._replace(requests=bench.requests)))

    def _measure_nchf(self, gy: Task, nchf: Task) -> None:
        # Only who chose Nchf needs what its load is built on.
        from eka.cli.bench_charging_nchf import load_nchf

        self._measure(NCHF, (load_nchf, nchf))
        self._measure(NCHF_LONE, (load_nchf, nchf._replace(connections=1, outstanding=1)))
        if "gy" in self._bench.doors:
            half = max(1, self._bench.outstanding // 2)
            shares = [task._replace(outstanding=half) for task in (gy, nchf)]
            self._measure(BOTH, (load_gy, shares[0]), (load_nchf, shares[1]))

    def _measure(self, name: str, *works: tuple[Work, Task]) -> None:
        calm(self._connection)
        self._phases[name] = measure(name, works, self._probe)

    def told(self) -> Iterator[str]:
        """Everything, as text."""
        bench, phases = self._bench, list(self._phases.values())
        yield from report.heading(self._connection)
        yield (
            f"{bench.lines:,} lines; {bench.outstanding} requests outstanding,"
            f" {bench.lanes} lanes, {bench.seconds:g} s a phase after its warm-up"
        )
        yield ""
        yield from report.table(phases)
        yield ""
        yield from report.costs(phases)
        yield ""
        yield from report.wrong(phases)
        yield from report.memory(phases)
        yield ""
        yield from self._ratios()

    def _ratios(self) -> Iterator[str]:
        phases = self._phases
        grouped = (phases[GROUPED].rate + phases[AGAIN].rate) / 2
        bare = phases[LONE].figures[0].percentiles[0]
        for door, lone in ((GY, GY_LONE), (NCHF, NCHF_LONE)):
            if door not in phases:
                continue
            rate, alone = phases[door].rate, phases[lone].figures[0].percentiles[0]
            yield f"{door} / bare group commit (mean of both): {_ratio(rate, grouped)}"
            yield f"{door} / one request a commit: {_ratio(rate, phases[SINGLE].rate)}"
            yield f"{door} one at a time / bare one at a time, p50: {_ratio(alone, bare)}"
        if GY in phases:
            few, lines = min(FEW_LINES, self._bench.lines), self._bench.lines
            ratio = _ratio(phases[GY_FEW].rate, phases[GY].rate)
            yield f"Gy on {few:,} lines / on {lines:,} lines: {ratio}"


def _ratio(one: float, other: float) -> str:
    return f"{one / other:.2f}" if other else "-"
