"""The charging bench's figures as text: a table, what was consumed, and ratios of one run."""

import os
import platform
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

from eka.cli.bench_charging_phases import Phase

MIB = 1024 * 1024
SETTINGS = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size")

_RATES = "{:<42} {:>10} {:>9} {:>9} {:>9} {:>7}"
_COSTS = "{:<42} {:>8} {:>8} {:>8} {:>8} {:>12}"


def heading(connection: "psycopg.Connection[tuple[Any, ...]]") -> Iterator[str]:
    """How it was called, and on what."""
    # An address may hold a password, and this is to be shown around.
    yield "$ eka " + re.sub(r"(--database[ =])('[^']*'|\S+)", r"\1URL", shlex.join(sys.argv[1:]))
    version = connection.execute("SHOW server_version").fetchone()
    assert version is not None
    yield (
        f"Python {platform.python_version()}, PostgreSQL {version[0]},"
        f" {os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    )
    found = connection.execute(
        "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s) ORDER BY name",
        [list(SETTINGS)],
    )
    yield ", ".join(f"{name} {value}" for name, value in found)


def table(phases: Sequence[Phase]) -> Iterator[str]:
    """A row a phase; two where two doors were open at once."""
    yield _RATES.format("", "requests/s", "p50 ms", "p99 ms", "p99.9 ms", "batch")
    for phase in phases:
        many = len(phase.figures) > 1
        for number, figures in enumerate(phase.figures):
            name = phase.name if not many else f"{phase.name}: {('Gy', 'Nchf')[number]}"
            batch = "" if many else _batch(phase)
            shown = [f"{1000 * seconds:.2f}" for seconds in figures.percentiles]
            yield _RATES.format(name, f"{figures.rate:,.0f}", *shown, batch)
        if many:
            name = f"{phase.name}: together"
            yield _RATES.format(name, f"{phase.rate:,.0f}", "", "", "", _batch(phase))


def costs(phases: Sequence[Phase]) -> Iterator[str]:
    """CPU microseconds and WAL bytes a request, and the server's memory."""
    yield _COSTS.format("a request costs", "server", "postgres", "load", "WAL", "server's memory")
    yield _COSTS.format("", "us", "us", "us", "bytes", "MiB")
    for phase in phases:
        first, last, count = phase.first, phase.last, phase.requests
        load = sum(one.cpu_seconds for one in phase.figures)
        memory = ""
        if first.resident is not None and last.resident is not None:
            memory = f"{first.resident / MIB:.0f} - {last.resident / MIB:.0f}"
        yield _COSTS.format(
            phase.name,
            _each(first.server_cpu, last.server_cpu, count, 1e6),
            _each(first.postgres_cpu, last.postgres_cpu, count, 1e6),
            _each(0.0, load, count, 1e6),
            _each(first.wal, last.wal, count, 1),
            memory,
        )


def wrong(phases: Sequence[Phase]) -> Iterator[str]:
    """Answers other than success, by what they were."""
    total = sum(one.answered for phase in phases for one in phase.figures)
    found = [
        f"{phase.name}: {count:,} x {what}"
        for phase in phases
        for one in phase.figures
        for what, count in one.wrong.most_common()
    ]
    yield f"answers in all: {total:,}; other than success: {', '.join(found) or 'none'}"


def memory(phases: Sequence[Phase]) -> Iterator[str]:
    """How the server's memory grew: over all phases, and in the longest after its first quarter,
    when whatever is kept on purpose is there."""
    served = [phase for phase in phases if phase.resident]
    if not served:
        return
    answered = sum(one.answered for phase in served for one in phase.figures)
    first, last = served[0].resident[0], served[-1].resident[-1]
    yield f"server's memory: {first / MIB:.0f} to {last / MIB:.0f} MiB over {answered:,} answers"
    longest = max(served, key=lambda phase: phase.requests)
    resident = longest.resident
    steps = [resident[(len(resident) - 1) * step // 10] for step in range(11)]
    grown = (resident[-1] - resident[len(resident) // 4]) / MIB
    millions = longest.requests * 0.75 / 1e6
    yield (
        f"in '{longest.name}': {' '.join(f'{step / MIB:.0f}' for step in steps)} MiB;"
        f" after its first quarter {grown / millions:+.1f} MiB a million requests"
    )


def _batch(phase: Phase) -> str:
    """The mean number of requests in a transaction."""
    own = sum(one.batches for one in phase.figures)
    first, last = phase.first.batches, phase.last.batches
    batches = own or (last - first if first is not None and last is not None else 0)
    return f"{phase.requests / batches:.1f}" if batches else ""


def _each(first: float | None, last: float | None, count: int, factor: float) -> str:
    if first is None or last is None or not count:
        return "-"
    return f"{factor * (last - first) / count:.0f}"
