"""Several processes release what data has earned, and one is killed: the books are the same."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Event

import pytest
from django.db import OperationalError, connection, transaction
from tests.bookshop import GB, activate, balances, first, happen, on, open_shop, sell

from eka.ledger import audit
from eka.ledger.connections import rows
from eka.rules.requests import Use
from eka.usecases.bookkeeping import release, release_some, take_back

WORKERS, PATIENCE_S = 4, 60


@pytest.fixture
def lines(committed_ledger: None) -> list[int]:
    """Thirty lines, each of which has used three of the ten gigabytes that were paid for."""
    open_shop()
    bought = [activate("ten") for _ in range(30)]
    for line in bought:
        sell(1000, line, first(1000))
        happen(line, Use(3 * GB), 5)
    return bought


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads that work side by side."""
    with ThreadPoolExecutor(WORKERS) as threads:
        yield threads


@contextmanager
def own_connection() -> Iterator[None]:
    try:
        yield
    finally:
        connection.close()


def assert_earned(lines: list[int]) -> None:
    count = len(lines)
    assert balances() == {
        "gateway:stripe": 1000 * count,
        "deferred_data": -700 * count,
        "revenue:used": -300 * count,
    }
    assert audit.audit_money() == []


def test_all_at_once_earn_everything_once(lines: list[int], pool: ThreadPoolExecutor) -> None:
    ready = Barrier(WORKERS)

    def work(_: int) -> int:
        with own_connection():
            ready.wait(PATIENCE_S)
            done, after = 0, 0
            while True:
                batch = release_some(on(6), after, 7)
                done += batch.journals
                if batch.next is None:
                    return done
                after = batch.next

    done = sum(pool.map(work, range(WORKERS)))
    # Whoever passes by what another holds need not come back: that one does it.
    assert done == len(lines)
    assert_earned(lines)


def test_what_one_holds_the_other_passes_by(lines: list[int], pool: ThreadPoolExecutor) -> None:
    held, go_on = Event(), Event()

    def hold() -> None:
        with own_connection(), transaction.atomic():
            release(lines[:10], on(6))
            held.set()
            assert go_on.wait(PATIENCE_S)

    holding = pool.submit(hold)
    assert held.wait(PATIENCE_S)
    assert release_some(on(6)).journals == 20
    go_on.set()
    holding.result(PATIENCE_S)
    assert release_some(on(6)).journals == 0
    assert_earned(lines)


def test_who_is_killed_before_the_end_leaves_nothing(
    lines: list[int], pool: ThreadPoolExecutor
) -> None:
    told: list[int] = []
    ready, go_on = Event(), Event()

    def die() -> None:
        with own_connection(), transaction.atomic():
            told.append(rows("SELECT pg_backend_pid()", [])[0][0])
            release(lines, on(6))
            ready.set()
            assert go_on.wait(PATIENCE_S)

    dying = pool.submit(die)
    assert ready.wait(PATIENCE_S)
    rows("SELECT pg_terminate_backend(%s)", told)
    go_on.set()
    assert isinstance(dying.exception(PATIENCE_S), OperationalError)
    assert "revenue:used" not in balances()

    release(lines, on(6))
    assert_earned(lines)


def test_a_refund_and_the_job_take_turns(lines: list[int], pool: ThreadPoolExecutor) -> None:
    order = rows("SELECT min(order_id) FROM deferral", [])[0][0]
    ready = Barrier(2)

    def work() -> None:
        with own_connection():
            ready.wait(PATIENCE_S)
            release(lines, on(6))

    working = pool.submit(work)
    ready.wait(PATIENCE_S)
    (back,) = take_back(order, 0, on(6))
    working.result(PATIENCE_S)

    assert (back.earned, back.taken) == (300, 700)
    assert balances()["revenue:used"] == -300 * len(lines)
