"""Closing periods, killed again and again, ends as if it had never been: nothing lost or double."""

import random
import time

import psutil
import pytest
from tests.faults.conftest import Copies, Database

SEED = random.randrange(10**6)
ROUNDS = 5

# The job's own batches, made small, of all that is due within a year of the shop's opening.
SETTLE = """
import django, sys; django.setup()
from datetime import timedelta
from eka.ledger.reading import START
from eka.usecases.settling import settle_due
from tests.shop import OPENING
after = START
while after is not None:
    after = settle_due(OPENING + timedelta(days=int(sys.argv[1])), 3, after).next
"""
DUE = "SELECT count(*) FROM line_state WHERE next_due <= '2025-12-31T00:00:00Z'"
DAYS = "305"


def due(database: Database) -> int:
    return int(str(database.rows(DUE)[0][0]))


def settle(database: Database) -> None:
    done = database.run("-c", SETTLE, DAYS)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def expected(copies: Copies) -> dict[str, list[str]]:
    """What a run that nobody disturbs leaves."""
    database = copies()
    settle(database)
    database.assert_proved()
    return database.everything()


def test_killing_the_job(copies: Copies, expected: dict[str, list[str]]) -> None:
    chance, kills = random.Random(SEED), 0
    database = copies()
    for _ in range(ROUNDS):
        process, before = database.start("-c", SETTLE, DAYS), due(database)
        while process.poll() is None and due(database) == before:
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.03))
        kills += process.poll() is None
        process.kill()
        process.communicate(timeout=20)
    settle(database)
    assert kills > 0, f"seed {SEED}: it was through too soon"
    assert database.everything() == expected, f"seed {SEED}"
    database.assert_proved()


def test_several_jobs_at_once(copies: Copies, expected: dict[str, list[str]]) -> None:
    database = copies()
    jobs = [database.start("-c", SETTLE, DAYS) for _ in range(3)]
    for job in jobs:
        _, err = job.communicate(timeout=60)
        assert job.returncode == 0, err
    settle(database)  # what one had locked while another passed it by
    assert database.everything() == expected
    database.assert_proved()


def test_the_job_itself_settles_and_stops_when_told(
    copies: Copies, expected: dict[str, list[str]]
) -> None:
    """`eka jobs run` by the real clock: everything that was due this long ago is done at once."""
    database = copies()
    job = database.start("-m", "eka.cli", "jobs", "run")
    deadline = time.monotonic() + 60
    while due(database) and time.monotonic() < deadline:
        time.sleep(0.05)
    psutil.Process(job.pid).terminate()
    _, err = job.communicate(timeout=20)
    assert job.returncode == 0, err
    assert due(database) == 0
    database.assert_proved()
