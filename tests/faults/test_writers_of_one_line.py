"""Two writers of one line cannot lose an update: each waits for the other."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from tests.shop import ALICE, OPENING, open_shop

from eka.ledger import audit, reading
from eka.ledger.connections import rows
from eka.ledger.people import find_line
from eka.rules.requests import TopUp, Use
from eka.rules.units import Duration
from eka.usecases.commands import carry_out
from eka.usecases.settling import settle_all

WRITERS, ROUNDS = 4, 25


@pytest.fixture
def alice(committed_ledger: None) -> int:
    """Alice's line: 10 kB."""
    open_shop()
    found = find_line(ALICE)
    assert found is not None
    return found


def at_once(*work: object) -> None:
    """Runs functions side by side, each on a connection of its own."""

    def run(one: object) -> None:
        assert callable(one)
        try:
            one()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(work)) as pool:
        list(pool.map(run, work))


def failures() -> list[audit.Failure]:
    return [failure for part in audit.ranges() for failure in audit.audit(part)]


def test_nothing_is_lost(alice: int) -> None:
    def writer(name: int) -> None:
        for i in range(ROUNDS):
            carry_out(alice, Use(1), now=OPENING + timedelta(hours=i), key=f"{name}-{i}")

    at_once(*(lambda name=name: writer(name) for name in range(WRITERS)))

    line = reading.read([alice])[0].line
    assert line.period is not None
    assert line.period.used == WRITERS * ROUNDS
    assert sum(bucket.left or 0 for bucket in line.buckets) == 10_000 - WRITERS * ROUNDS
    assert failures() == []


def test_the_same_command_from_all_of_them_is_done_once(alice: int) -> None:
    def writer() -> None:
        for i in range(ROUNDS):
            carry_out(alice, Use(7), now=OPENING + timedelta(hours=i), key=f"{i}")

    at_once(*[writer] * WRITERS)

    assert rows("SELECT sum(bytes) FROM entry WHERE code = 'used'", []) == [(7 * ROUNDS,)]
    assert failures() == []


def test_uses_top_ups_and_the_job_meet_at_the_end_of_a_period(alice: int) -> None:
    def user() -> None:
        for i in range(ROUNDS):
            now = OPENING + timedelta(days=29, hours=i * 2)
            carry_out(alice, Use(10), now=now, key=f"use-{i}")

    def buyer() -> None:
        for i in range(ROUNDS):
            now = OPENING + timedelta(days=29, hours=i * 2)
            carry_out(alice, TopUp(100, Duration(seconds=86_400)), now=now, key=f"top-up-{i}")

    def job() -> None:
        for i in range(ROUNDS):
            settle_all(OPENING + timedelta(days=29, hours=i * 2))

    at_once(user, buyer, job, job)

    used = rows("SELECT sum(bytes) FROM entry WHERE line_id = %s AND code = 'used'", [alice])
    assert used == [(10 * ROUNDS,)]
    assert failures() == []
