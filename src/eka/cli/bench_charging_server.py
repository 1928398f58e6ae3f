"""The server under measurement as a process of its own, and what it and PostgreSQL consume."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import click
import psutil
import psycopg

from eka.cli.children import PARENT_VARIABLE
from eka.cli.problems import AnswerIsNo

STOP_SECONDS_MAX = 10
_SCRAPE_SECONDS_MAX = 10

Database = psycopg.Connection[tuple[Any, ...]]


class Server(NamedTuple):
    """A server that runs, and the ports of its doors on this machine."""

    process: "subprocess.Popen[str]"
    gy: int
    nchf: int


class Sample(NamedTuple):
    """What was consumed until now: CPU seconds, WAL bytes; batches; resident bytes now.

    None where it cannot be known: PostgreSQL's CPU on another machine, say.
    """

    server_cpu: float | None
    postgres_cpu: float | None
    wal: int | None
    batches: float | None
    resident: int | None


@contextmanager
def running_server(url: str, lanes: int) -> Iterator[Server]:
    """`eka charging` with both doors on free ports.

    Errors: AnswerIsNo where it does not start. How it ended is printed if it did not end well.
    """
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "eka.cli", "charging", "--lanes", str(lanes)),
            *("--gy", "127.0.0.1:0", "--nchf", "127.0.0.1:0"),
        ],
        env={**os.environ, "DATABASE_URL": url, PARENT_VARIABLE: str(os.getpid())},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is ours to answer
    )
    try:
        yield Server(process, *_ports(process))
    finally:
        _stop(process)


def _ports(process: "subprocess.Popen[str]") -> tuple[int, int]:
    """Reads `charging: gy on 127.0.0.1:3868` and the like, as the server prints them."""
    assert process.stdout is not None
    found: dict[str, int] = {}
    while len(found) < 2:
        words = process.stdout.readline().split()
        if not words:
            raise AnswerIsNo("The server did not start; its reason stands above.")
        found[words[1]] = int(words[-1].rpartition(":")[2])
    return found["gy"], found["nchf"]


def _stop(process: "subprocess.Popen[str]") -> None:
    started = time.monotonic()
    process.terminate()
    try:
        process.communicate(timeout=STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        click.echo(f"The server did not end within {STOP_SECONDS_MAX} s of SIGTERM.", err=True)
        process.kill()
        process.communicate()
        return
    seconds = time.monotonic() - started
    if process.returncode:
        click.echo(f"The server ended with code {process.returncode}.", err=True)
    click.echo(f"the server ended {seconds:.1f} s after SIGTERM", err=True)


class Probe:
    """Looks at PostgreSQL and, while it runs, at the server."""

    def __init__(self, connection: Database) -> None:
        self._connection = connection
        self._postmaster = _postmaster(connection)
        self.server: Server | None = None

    def look(self) -> Sample:
        """A sample of this moment."""
        postgres = None if self._postmaster is None else _cpu(self._postmaster)
        if self.server is None:
            return Sample(None, postgres, self._wal(), None, None)
        process = psutil.Process(self.server.process.pid)
        batches = _batches(self.server.nchf)
        return Sample(_cpu(process), postgres, self._wal(), batches, self.resident())

    def resident(self) -> int | None:
        """Bytes of memory that the server holds."""
        if self.server is None:
            return None
        resident: int = psutil.Process(self.server.process.pid).memory_info().rss
        return resident

    def _wal(self) -> int | None:
        try:
            row = self._connection.execute(
                "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')"
            ).fetchone()
        except psycopg.Error:
            return None
        return int(row[0]) if row else None


def _postmaster(connection: Database) -> psutil.Process | None:
    """PostgreSQL's first process, where it runs on this machine."""
    host = connection.info.host
    if not (host.startswith("/") or host in ("localhost", "127.0.0.1", "::1")):
        return None
    try:
        parent = psutil.Process(connection.info.backend_pid).parent()
    except psutil.Error:
        return None
    return parent if parent is not None and "postgres" in parent.name() else None


def _cpu(process: psutil.Process) -> float:
    """CPU seconds of a process and all its children, also of those that are gone."""
    times = process.cpu_times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in process.children():
        with suppress(psutil.NoSuchProcess):
            own = child.cpu_times()
            total += own.user + own.system
    return float(total)


def _batches(port: int) -> float | None:
    """How many transactions the server has done, by its own count."""
    address = f"http://127.0.0.1:{port}/metrics"
    with urllib.request.urlopen(address, timeout=_SCRAPE_SECONDS_MAX) as page:
        for line in page.read().decode().splitlines():
            name, _, value = line.rpartition(" ")
            if name == "eka_charging_batch_size_count":
                return float(value)
    return None
