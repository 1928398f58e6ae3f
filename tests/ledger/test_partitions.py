"""The months of the entries are made ahead, once, whoever asks for them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection
from tests.shop import OPENING, open_shop

from eka.ledger.connections import rows, run
from eka.ledger.partitions import ensure_partitions

NOVEMBER = datetime(2091, 11, 30, 23, 59, tzinfo=UTC)
MADE = ["entry_2091_11", "entry_2091_12", "entry_2092_01"]


@pytest.mark.django_db
def test_this_month_and_the_next_ones_are_made_once() -> None:
    assert ensure_partitions(NOVEMBER, 2) == MADE
    assert ensure_partitions(NOVEMBER, 2) == []
    assert ensure_partitions(NOVEMBER, 3) == ["entry_2092_02"]


@pytest.mark.django_db
def test_entries_go_to_the_partition_of_their_month() -> None:
    ensure_partitions(OPENING, 0)
    open_shop()

    assert rows("SELECT DISTINCT tableoid::regclass::text FROM entry", []) == [("entry_2025_03",)]


@pytest.mark.django_db
def test_a_month_that_has_begun_in_the_default_partition_stays_there() -> None:
    open_shop()

    assert ensure_partitions(OPENING, 1) == ["entry_2025_04"]
    assert rows("SELECT DISTINCT tableoid::regclass::text FROM entry", []) == [("entry_default",)]


@pytest.fixture
def _months_are_dropped(committed_ledger: None) -> Iterator[None]:
    yield
    for name in MADE:
        run(f"DROP TABLE IF EXISTS {name}", [])


@pytest.mark.usefixtures("_months_are_dropped")
def test_two_who_make_them_at_once_make_each_once() -> None:
    def make(_: int) -> list[str]:
        try:
            return ensure_partitions(NOVEMBER, 2)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made = [name for names in pool.map(make, range(4)) for name in names]

    assert sorted(made) == MADE
