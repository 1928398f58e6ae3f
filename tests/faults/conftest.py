"""Throw-away databases whose writers are killed: other processes, real commits.

A template holds the tables and a shop; each story works on copies of it, so that what was
interrupted can be compared with what was not.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from tests.shop import record, write_csv

PROJECT = Path(__file__).resolve().parents[2]

OPEN_SHOP = """
import django; django.setup()
from tests.shop import add, open_shop
open_shop()
for number in range(5, 41): add(f"3104100000{number:05}")
"""

# The command itself, in small steps and on several lanes although the file is small.
IMPORT = """
import functools, sys
from eka.cli import usage_lanes
from eka.cli.main import main
usage_lanes.ROWS_WORTH_A_PROCESS = 2_000
usage_lanes.run_lanes = functools.partial(usage_lanes.run_lanes, size=100)
main(["usage", "import", *sys.argv[1:]])
"""

WHAT_COUNTS = {
    "line_state": "*",
    "bucket": "*",
    "period": "*",
    "entry": "*",
    "receipt": "line_id, key, command, answer",
    "usage_import": "digest, lane, rows_done, accepted, repeated, rejected, unserved, finished",
    "usage_rejection": "*",
}


class Database:
    """A database of a shop, and programs that run on it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def run(self, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        """Runs Python to its end."""
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def start(self, *arguments: str | Path) -> "subprocess.Popen[str]":
        """Starts Python on this database, as the leader of a group that can be killed whole."""
        own = {"DATABASE_URL": self.url, "DJANGO_SETTINGS_MODULE": "eka.web.settings"}
        return subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            cwd=PROJECT,
            env={**os.environ, **own},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def eka(self, *words: str | Path) -> "subprocess.CompletedProcess[str]":
        """Runs the command line."""
        return self.run("-m", "eka.cli", *words)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """What a query finds."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(sql.encode()).fetchall()

    def everything(self) -> dict[str, list[str]]:
        """All that the story may have changed, each row as text, without when it was done."""
        return {
            table: sorted(map(str, self.rows(f"SELECT {columns} FROM {table}")))
            for table, columns in WHAT_COUNTS.items()
        }

    def rows_done(self) -> int:
        """How far the import of a file is, over all its lanes."""
        return int(str(self.rows("SELECT coalesce(sum(rows_done), 0) FROM usage_import")[0][0]))

    def assert_proved(self) -> None:
        """The audit finds nothing wrong."""
        proof = self.eka("audit")
        assert proof.returncode == 0, proof.stdout + proof.stderr

    def open_shop(self) -> None:
        """Makes the tables and fills them."""
        for done in (self.eka("migrate"), self.run("-c", OPEN_SHOP)):
            assert done.returncode == 0, done.stderr


Copies = Callable[[], Database]


def copies_of(server_url: str, template: str) -> Iterator[Copies]:
    """A function that makes copies of a database; they are dropped at the end."""
    names: list[str] = []
    maintenance = make_conninfo(server_url, dbname="postgres")

    def copy() -> Database:
        names.append(f"{template}_{len(names)}")
        _execute(maintenance, f"CREATE DATABASE {names[-1]} TEMPLATE {template}")
        return Database(make_conninfo(server_url, dbname=names[-1]))

    yield copy
    for name in names:
        _execute(maintenance, f"DROP DATABASE {name} WITH (FORCE)")


def _execute(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.encode())


@pytest.fixture(scope="session")
def template(postgres_url: str) -> Iterator[str]:
    """The name of a database with a shop of forty lines that nobody is connected to."""
    name = f"eka_faults_{os.getpid()}"
    maintenance = make_conninfo(postgres_url, dbname="postgres")
    _execute(maintenance, f"CREATE DATABASE {name}")
    Database(make_conninfo(postgres_url, dbname=name)).open_shop()
    yield name
    _execute(maintenance, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def copies(postgres_url: str, template: str) -> Iterator[Copies]:
    """Makes databases of the shop."""
    yield from copies_of(postgres_url, template)


@pytest.fixture(scope="session")
def usage_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight thousand records of two months, some of them twice, some of nobody, some too late."""

    def row(i: int) -> list[object]:
        day = 1 + i / 140 - (i % 11 == 0) * 3
        name = f"3104100000{i * 7 % 43 + 1:05}"
        return record(name, f"r{i - (i % 50 == 0) * 43}", day=day, up=i % 3, down=i % 40)

    return write_csv(tmp_path_factory.mktemp("usage") / "usage.csv", map(row, range(8_000)))


@pytest.fixture(scope="session")
def undisturbed(copies: Copies, usage_file: Path) -> dict[str, list[str]]:
    """Everything in the database after an import that nobody disturbed."""
    database = copies()
    done = database.run("-c", IMPORT, usage_file)
    assert done.returncode == 1, done.stderr  # some rows are refused
    database.assert_proved()
    return database.everything()
