"""Facts about a running PostgreSQL server, read from its data folder and the process table."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import psutil

PID_FILE = "postmaster.pid"


@dataclass(frozen=True)
class Postmaster:
    """What a server says of itself in postmaster.pid (PostgreSQL, miscadmin.h: LOCK_FILE_LINE_*).

    Lines: pid, data folder, start time, port, socket folder, listen address, shared memory, status.
    """

    pid: int
    socket_folder: Path

    @classmethod
    def of(cls, data: Path) -> "Postmaster | None":
        """Read the file; None while it is missing or not yet complete (it is written in steps)."""
        try:
            lines = (data / PID_FILE).read_text(encoding="utf-8").splitlines()
            pid, folder = int(lines[0]), lines[4]
        except (FileNotFoundError, IndexError, ValueError):
            return None
        return cls(pid, Path(folder)) if folder else None


def holds(process: psutil.Process, data: Path) -> bool:
    """Whether `process` is a live PostgreSQL process of this data folder.

    A zombie has no working folder any more and so holds nothing.
    """
    try:
        return process.name().startswith("postgres") and process.cwd() == str(data)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def anyone_holds(data: Path) -> bool:
    """Whether any process of this machine that we can see has the data folder open."""
    return any(holds(process, data) for process in psutil.process_iter())


def send(server: Postmaster, data: Path, number: signal.Signals) -> None:
    """Signal the server, having made sure that its pid has not passed to another program."""
    try:
        if holds(psutil.Process(server.pid), data):
            os.kill(server.pid, number)
    except (psutil.NoSuchProcess, ProcessLookupError):
        return


def clear_traces(data: Path) -> None:
    """Remove the lock files of a dead server. Only for one who knows that it is dead.

    PostgreSQL does so by itself, unless the old pid exists: as a zombie, which nobody reaps in
    many containers, or as an unrelated program of the same user.
    """
    server = Postmaster.of(data)
    if server:
        for trace in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
            (server.socket_folder / trace).unlink(missing_ok=True)
    (data / PID_FILE).unlink(missing_ok=True)
