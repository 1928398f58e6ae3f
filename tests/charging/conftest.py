"""A shop whose lines are charged online, and the charging process itself.

A template is migrated and filled once; each story works on lines of its own, so that nothing has to
be tidied away in between. Where processes are killed, each story has a copy of the whole shop.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from queue import Queue
from typing import IO, NamedTuple

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from tests.faults.conftest import PROJECT, Database

# What they assert is explained as in a test.
pytest.register_assert_rewrite("tests.charging.engine.mirror", "tests.charging.e2e.verdict")

# Olga's plans. An hour and a day are short enough to end while somebody surfs.
OPEN_SHOP = """
import django; django.setup()
from django.db import transaction
from eka import clock
from eka.rules.plan_text import plan_from_text
from eka.usecases.catalogue import sell
from eka.usecases.lines import NewLine, add_line
from tests.charging.conftest import LINES, PLANS
now = clock.now()
with transaction.atomic():
    for name, terms in PLANS.items():
        sell(plan_from_text({"name": name, **terms}), now)
    for place, name in enumerate(PLANS):
        for i in range(LINES.get(name, 12)):
            imsi, msisdn = f"31041{place:02}{i:08}", f"1415{place:02}{i:05}"
            new = NewLine(plan=name, imsi=imsi, msisdn=msisdn, auto_renew=name == "hourly")
            add_line(new, now, activate=True)
"""
PLANS: dict[str, dict[str, object]] = {
    "phone": {"data": "10MB", "period": "30d", "rollover": {}},
    "office": {"data": "900GB", "period": "30d"},
    "ocean": {"data": "unlimited", "period": "30d"},
    "slow": {"data": "10MB", "period": "30d", "exhausted": {"throttle_kbps": 128}},
    "dear": {
        "data": "10MB",
        "period": "30d",
        "exhausted": {"overage": "1.00 USD", "per": "1MB"},
    },
    "daily": {"data": "100MB", "period": "30d", "daily": {"data": "2MB", "clock": "rolling"}},
    "hour": {"data": "10MB", "period": "1h", "rollover": {"requires": {"grace": "1h"}}},
    "hourly": {"data": "10MB", "period": "1h", "rollover": {}},  # renews itself
}
LINES = {"phone": 100, "office": 60}  # and a dozen of the others

MB = 10**6

START_SECONDS_MAX = 30


class Figures(NamedTuple):
    """What the ledger says of a line."""

    left: int
    reserved: int
    used: int
    unserved: int


class Shop(Database):
    """A database of Olga's, whose lines are handed out one by one."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._given = dict.fromkeys(PLANS, 0)

    def sim(self, plan: str = "phone") -> str:
        """The IMSI of a line that nobody has used."""
        number = self._given[plan]
        self._given[plan] = number + 1
        assert number < LINES.get(plan, 12), "sell more lines in OPEN_SHOP"
        return f"31041{list(PLANS).index(plan):02}{number:08}"

    def figures(self, imsi: str) -> Figures:
        """Sums over the line's buckets and sessions."""
        found = self.rows(
            f"""
            SELECT (SELECT coalesce(sum(bytes_left), 0)::bigint FROM bucket b
                    WHERE b.line_id = l.id AND open),
                   (SELECT coalesce(sum(reserved), 0)::bigint FROM session s
                    WHERE s.line_id = l.id AND open),
                   s.used, s.unserved
            FROM line l JOIN line_state s ON s.line_id = l.id WHERE imsi = '{imsi}'
            """
        )
        return Figures(*[int(str(value)) for value in found[0]])

    def line(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Runs `eka line` and insists that it succeeds."""
        done = self.eka("line", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done


def execute(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.encode())


def fill(database: Database) -> None:
    """Makes the tables and opens Olga's shop."""
    for done in (database.eka("migrate"), database.run("-c", OPEN_SHOP)):
        assert done.returncode == 0, done.stderr


@contextlib.contextmanager
def olgas_shop(server_url: str, name: str) -> Iterator[str]:
    """The name of a database that nobody is connected to, as a template."""
    maintenance = make_conninfo(server_url, dbname="postgres")
    execute(maintenance, f"CREATE DATABASE {name}")
    fill(Database(make_conninfo(server_url, dbname=name)))
    yield name
    execute(maintenance, f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def copy_of_shop(server_url: str, template: str, name: str) -> Iterator[Shop]:
    """A copy that the audit proves when the stories are over."""
    maintenance = make_conninfo(server_url, dbname="postgres")
    execute(maintenance, f"CREATE DATABASE {name} TEMPLATE {template}")
    shop = Shop(make_conninfo(server_url, dbname=name))
    yield shop
    shop.assert_proved()
    execute(maintenance, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def shop_template(postgres_url: str) -> Iterator[str]:
    """Olga's shop, made once."""
    with olgas_shop(postgres_url, f"eka_charging_{os.getpid()}") as name:
        yield name


@pytest.fixture(scope="session")
def shop(postgres_url: str, shop_template: str) -> Iterator[Shop]:
    """Olga's shop, for all stories in which nothing is killed."""
    with copy_of_shop(postgres_url, shop_template, f"{shop_template}_open") as shop:
        yield shop


# ------------------------------------------------------------------------ the process itself

Address = tuple[str, int]
LOOPBACK = "127.0.0.1"


class Charging:
    """`eka charging` as its own process, on ports that it keeps when it is started again."""

    def __init__(self, url: str, *options: str, host: str = LOOPBACK) -> None:
        self._url, self._options = url, options
        self.doors: dict[str, Address] = {"gy": (host, 0), "nchf": (LOOPBACK, 0)}
        self._log: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
        self._process: subprocess.Popen[str] | None = None

    @property
    def gy(self) -> Address:
        return self.doors["gy"]

    @property
    def nchf(self) -> str:
        """The root of the 5G door."""
        return "http://{}:{}".format(*self.doors["nchf"])

    @property
    def log(self) -> str:
        """What it has said on stderr."""
        self._log.seek(0)
        return self._log.read()

    def start(self) -> None:
        """Returns when both doors are open."""
        doors = [f"--{name}={host}:{port}" for name, (host, port) in self.doors.items()]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "eka.cli", "charging", *doors, *self._options],
            cwd=PROJECT,
            env={**os.environ, "DATABASE_URL": self._url},
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            start_new_session=True,
        )
        for line in _lines(self._process, len(self.doors)):
            _, door, _, address = line.split()
            host, _, port = address.rpartition(":")
            self.doors[door] = (host, int(port))

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.communicate(timeout=20)

    def terminate(self) -> None:
        """SIGTERM, without waiting."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """Its exit status."""
        assert self._process is not None
        self._process.communicate(timeout=30)
        return self._process.returncode

    def __enter__(self) -> "Charging":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()
        if kind is not None:
            print(self.log)  # pytest shows it beside the failure
        self._log.close()


def _lines(process: "subprocess.Popen[str]", count: int) -> Iterator[str]:
    """The first lines of its stdout; read by a thread, as a pipe knows no patience."""
    assert process.stdout is not None
    told: Queue[str] = Queue()
    stdout = process.stdout

    def read() -> None:
        for _ in range(count):
            told.put(stdout.readline())

    threading.Thread(target=read, daemon=True).start()
    for _ in range(count):
        line = told.get(timeout=START_SECONDS_MAX)
        assert line.startswith("charging: "), f"it did not start: {line!r}"
        yield line
