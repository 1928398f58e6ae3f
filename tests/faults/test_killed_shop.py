"""A whole shop of processes, each of which is killed while people buy.

Buyers come by the use cases, payers by the sandboxes' pages, notifications over HTTP. What was
lost or interrupted is found again from the tables; at the end the same laws hold as ever.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import psycopg
import pytest
from tests.faults.conftest import PROJECT, Copies, Database

SEED = random.randrange(10**6)
PURCHASES = 48
KILLS = 6
PACE = 20  # a gateway's tries are used up in hours, not while the web server starts anew
PATIENCE_S = 120

OPEN = """
import django; django.setup()
from tests.faults.shop_buyers import open_shop
open_shop()
"""
BUY = """
import django, sys; django.setup()
from tests.faults.shop_buyers import buy
buy(int(sys.argv[1]), int(sys.argv[2]))
"""
PROVE = """
import django, sys; django.setup()
from tests.faults.shop_buyers import prove
prove(sys.argv[1])
"""

# What would be done later is due now; what is being done is passed by.
TIME_PASSES = (
    """
    UPDATE outbox SET due = now()
    WHERE id IN (SELECT id FROM outbox WHERE due IS NOT NULL FOR UPDATE SKIP LOCKED)
    """,
    """
    UPDATE payment SET next_look = now()
    WHERE id IN (SELECT id FROM payment WHERE next_look IS NOT NULL FOR UPDATE SKIP LOCKED)
    """,
    """
    UPDATE sales_order SET deadline = now(), next_due = now()
    WHERE id IN (SELECT id FROM sales_order WHERE next_due IS NOT NULL FOR UPDATE SKIP LOCKED)
    """,
)
SANDBOXES = 7  # four gateways, and three suppliers behind them
WAITS = """
SELECT (SELECT count(*) FROM outbox WHERE due IS NOT NULL)
     + (SELECT count(*) FROM payment WHERE next_look IS NOT NULL)
     + (SELECT count(*) FROM sales_order WHERE next_due IS NOT NULL)
     + (SELECT count(*) FROM refund WHERE state IN ('asked', 'pending'))
"""


class Part:
    """One process of the shop, whose group can be killed whole and started again."""

    def __init__(self, log: Path, *words: str) -> None:
        self._log, self._words = log, words
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it; what it says goes to its log."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "eka.cli", *self._words],
                cwd=PROJECT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


class KilledShop:
    """The parts of a shop, and the addresses at which they listen."""

    def __init__(self, database: Database, folder: Path, web: int, sandbox: int) -> None:
        self.database, self.folder = database, folder
        self.web, self.sandbox = web, sandbox
        self.parts = [
            Part(folder / "sandbox.log", "sandbox", "--first-port", str(sandbox), "--quiet"),
            Part(folder / "web.log", "serve", "--port", str(web), "--workers", "2"),
            Part(folder / "jobs.log", "jobs", "run"),
        ]

    def start(self) -> None:
        """Starts all of it; returns when web and sandboxes answer."""
        for part in self.parts:
            part.start()
        self.wait_for(self.web, *self.gateways())

    def gateways(self) -> range:
        """The sandboxes' ports."""
        return range(self.sandbox, self.sandbox + 4)

    def wait_for(self, *ports: int) -> None:
        """Until somebody listens there."""
        until = time.monotonic() + PATIENCE_S
        for port in ports:
            while time.monotonic() < until:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)

    def upset(self, **mischief: object) -> None:
        """What goes wrong at every gateway from now on."""
        self.wait_for(*self.gateways())
        for port in self.gateways():
            httpx.post(f"http://127.0.0.1:{port}/sandbox/mischief", json=mischief)

    def let_time_pass(self) -> None:
        """What would be done later is due now."""
        with psycopg.connect(self.database.url, autocommit=True) as connection:
            for statement in TIME_PASSES:
                connection.execute(statement.encode())

    def post(self) -> int:
        """Every gateway sends what it has; how much of that was not accepted."""
        answers = (
            httpx.post(f"http://127.0.0.1:{port}/sandbox/deliver", timeout=PATIENCE_S)
            for port in self.gateways()
        )
        return sum(answer.json()["waiting"] for answer in answers)

    def waits(self) -> int:
        """How much is still to be done."""
        return int(str(self.database.rows(WAITS)[0][0]))


@pytest.fixture
def shop(copies: Copies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KilledShop]:
    web, sandbox = free_ports()
    database = copies()
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("EKA_STATE", str(tmp_path))
    monkeypatch.setenv("EKA_ADDRESS", f"http://127.0.0.1:{web}")
    monkeypatch.setenv("EKA_PAYMENTS", str(tmp_path / "sandbox" / "payments.toml"))
    monkeypatch.setenv("EKA_TEST_SANDBOX", str(sandbox))
    opened = database.run("-c", OPEN)
    assert opened.returncode == 0, opened.stderr
    shop = KilledShop(database, tmp_path, web, sandbox)
    with ExitStack() as stack:
        for part in shop.parts:
            stack.callback(part.kill)
        shop.start()
        yield shop


def free_ports() -> tuple[int, int]:
    """A port for the web, and the first of those of the sandboxes, in a row before it."""
    chance = random.Random()
    while True:
        first = chance.randrange(20_000, 30_000)
        with ExitStack() as stack:
            try:
                for port in range(first, first + SANDBOXES + 1):
                    probe = stack.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return first + SANDBOXES, first


def test_killing_everything_while_people_buy(shop: KilledShop) -> None:
    chance = random.Random(SEED)
    shop.upset(double=200, forge=30, disorder=True, pace=PACE)
    with shop.database.start("-c", BUY, str(SEED), str(PURCHASES)) as buyers:
        kills = 0
        while buyers.poll() is None and kills < KILLS:
            time.sleep(chance.uniform(0.5, 2.5))
            part = shop.parts[kills % len(shop.parts)]
            part.kill()
            part.start()
            kills += 1
        shop.upset(disorder=True, pace=PACE)
        shop.wait_for(shop.web)
        said, err = buyers.communicate(timeout=PATIENCE_S)
    assert buyers.returncode == 0, f"seed {SEED}: {err}"
    assert kills >= KILLS // 2, f"seed {SEED}: it was through too soon"
    wait_until_quiet(shop)
    for part in shop.parts:
        part.kill()
    proof = shop.database.run("-c", PROVE, str(shop.folder / "sandbox"))
    assert proof.returncode == 0, f"seed {SEED}: {proof.stdout} {proof.stderr} {said}"


def wait_until_quiet(shop: KilledShop) -> None:
    """The jobs do what is due until nothing waits any more."""
    until = time.monotonic() + PATIENCE_S
    while shop.post() + shop.waits():
        assert time.monotonic() < until, f"seed {SEED}: {shop.waits()} things still wait"
        shop.let_time_pass()
        time.sleep(0.5)
