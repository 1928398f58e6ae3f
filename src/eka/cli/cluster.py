"""One PostgreSQL data folder (a cluster, in PostgreSQL's words) and the server on it.

Whoever calls `running`, `launch` or `shut_down` holds the state folder's turn (eka.cli.embedded),
so nothing here happens twice at once.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg
from psycopg import sql

from eka.cli import places, postmaster
from eka.cli.children import die_with_parent
from eka.cli.locks import Lock
from eka.cli.postgres_failures import explained, version_problem
from eka.cli.problems import CallWrong

ROLE = DATABASE = "eka"
START_SECONDS_MAX = 60  # recovery after a crash replays at most what max_wal_size lets grow
STOP_SECONDS_MAX = 60
LOG_BYTES_MAX = 10_000_000

DURABLE = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    # Room for bulk work: PostgreSQL's own defaults checkpoint every few seconds under it, and each
    # checkpoint makes every page be written whole once more.
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "jit": "off",  # our statements are short; compiling them takes longer than running them
}
# For tests only: a crash of the machine may lose everything, and there is nothing to lose.
THROWAWAY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class Cluster:
    """The data folder that belongs to one state folder, and its server.

    Errors of all methods: CallWrong with a sentence for a person; OSError from the file system.
    """

    def __init__(self, state: Path, settings: Mapping[str, str]) -> None:
        self._state = state
        self._settings = settings
        self._account = places.server_account(state / "data")
        self._home = places.home_for(state, self._account)
        self._data = self._home / "data"
        self._log = state / "postgres.log"
        self._log_start = 0
        self._alive = Lock(state / "server.lock")
        self._process: subprocess.Popen[bytes] | None = None

    def is_alive(self) -> bool:
        """Whether any process of the server lives."""
        return not self._alive.is_free()

    def running(self) -> str | None:
        """The address of the server that runs already, once it answers; None if there is none."""
        _wait(lambda: not self.is_alive() or self._answers(), START_SECONDS_MAX)
        if not self.is_alive():
            return None
        if not self._answers():
            raise CallWrong(self._no_answer())
        return self._address(DATABASE)

    def launch(self) -> str:
        """Start the server, after making the data folder if there is none; return its address."""
        self._alive.take(wait=True)
        try:
            self._clear_after_crash()
            binaries = places.binaries_for(self._account)
            self._create_data(binaries)
            self._process = self._spawn(binaries)
        finally:
            self._alive.release()
        self._await_answer(self._process)
        self._create_database()
        return self._address(DATABASE)

    def shut_down(self) -> None:
        """End the server: politely; then without a checkpoint, which it makes up for later."""
        server = postmaster.Postmaster.of(self._data)
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            self._signal(server, number)
            if _wait(lambda: not self.is_alive(), STOP_SECONDS_MAX):
                break
        if server is not None:
            places.remove_socket_folder(server.socket_folder)
        if self._process is not None:
            self._process.wait()
            self._process = None

    def leave_to_others(self) -> None:
        """Let a server that we started run on, because others use it."""
        if self._process is not None:
            _left_to_others.append(self._process)

    def remove(self) -> None:
        """Remove the data of a server that has been shut down."""
        for folder in (self._data, self._home / "run"):
            shutil.rmtree(folder, ignore_errors=True)
        if self._home != self._state:
            shutil.rmtree(self._home)

    # Steps of a start

    def _clear_after_crash(self) -> None:
        if not (self._data / postmaster.PID_FILE).exists():
            return
        # The lock says that no server of ours lives; this looks for one that was started by hand.
        if postmaster.anyone_holds(self._data):
            raise CallWrong(explained("pre-existing shared memory block", self._data))
        dead = postmaster.Postmaster.of(self._data)
        postmaster.clear_traces(self._data)
        if dead is not None:
            places.remove_socket_folder(dead.socket_folder)

    def _create_data(self, binaries: Path) -> None:
        """Make the data folder at the first start, whole or not at all; else check its version."""
        version_file = self._data / "PG_VERSION"
        if version_file.exists():
            found = version_file.read_text(encoding="ascii").strip()
            if problem := version_problem(found, places.wheel_version().split(".")[0], self._data):
                raise CallWrong(problem)
            return
        unfinished = self._home / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        self._account.give(unfinished)
        self._initdb(binaries, unfinished)
        unfinished.rename(self._data)

    def _initdb(self, binaries: Path, folder: Path) -> None:
        # The built-in C.UTF-8 knows every letter's case and sorts the same on every machine.
        command = [
            *(str(binaries / "initdb"), "-D", str(folder), "-U", ROLE),
            *("--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--locale=C"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--data-checksums", "--no-instructions"),
            *(["--no-sync"] if self._settings is THROWAWAY else []),
        ]
        made = subprocess.run(
            command,
            cwd="/",
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
            **self._account.run_as(),
        )
        if made.returncode != 0:
            raise CallWrong(explained(made.stdout + made.stderr, self._home))

    def _spawn(self, binaries: Path) -> "subprocess.Popen[bytes]":
        sockets = places.socket_folder(self._home, self._account)
        settings = {
            **self._settings,
            "listen_addresses": "",
            "unix_socket_directories": '"{}"'.format(str(sockets).replace('"', '""')),
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with self._open_log() as log:
            # In a session of its own, because Ctrl-C in the terminal is ours to answer. Every
            # process of the server inherits the lock that says that it lives.
            return subprocess.Popen(
                [str(binaries / "postgres"), "-D", str(self._data), *options],
                cwd="/",
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[self._alive.fileno()],
                start_new_session=True,
                preexec_fn=_quit_with_parent if self._settings is THROWAWAY else None,  # noqa: PLW1509
                **self._account.run_as(),
            )

    def _open_log(self) -> IO[bytes]:
        if self._log.exists() and self._log.stat().st_size > LOG_BYTES_MAX:
            self._log.replace(self._log.with_suffix(".log.1"))
        log = self._log.open("ab")
        self._log_start = log.tell()
        return log

    def _await_answer(self, process: "subprocess.Popen[bytes]") -> None:
        ended_or_answers = _wait(
            lambda: process.poll() is not None or self._answers(), START_SECONDS_MAX
        )
        if ended_or_answers and process.returncode is None:
            return
        self.shut_down()
        if not ended_or_answers:
            raise CallWrong(self._no_answer())
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            said = log.read().decode("utf-8", "replace")
        raise CallWrong(explained(said, self._home))

    def _create_database(self) -> None:
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            found = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
            ).fetchone()
            if found is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    # Reaching the server

    def _address(self, database: str) -> str:
        server = postmaster.Postmaster.of(self._data)
        if server is None:
            raise CallWrong(f"The PostgreSQL of {self._data} is not running.")
        return f"postgresql://{ROLE}@{quote(str(server.socket_folder), safe='')}/{database}"

    def _no_answer(self) -> str:
        return (
            f"The PostgreSQL of {self._data} has not answered for {START_SECONDS_MAX} s."
            f" Its log: {self._log}"
        )

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self._address("postgres"), connect_timeout=2):
                return True
        except (psycopg.OperationalError, CallWrong):
            return False

    def _signal(self, server: postmaster.Postmaster | None, number: signal.Signals) -> None:
        # Our own child may be dead and the server another's, started since.
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
        elif server is not None:
            postmaster.send(server, self._data, number)


# Servers that we started and that others still use when we stop. Python would warn of a child
# that runs on, and here it does so on purpose.
_left_to_others: "list[subprocess.Popen[bytes]]" = []


def _quit_with_parent() -> None:
    die_with_parent(signal.SIGQUIT)


def _environment() -> dict[str, str]:
    # Nothing of ours but the way to the libraries: no PG* variable, no locale, no secret.
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _wait(condition: Callable[[], bool], seconds_max: float) -> bool:
    deadline = time.monotonic() + seconds_max
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return met
