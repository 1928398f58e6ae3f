"""What happened can never be changed, by nobody's mistake: the database itself refuses it."""

import pytest
from django.db import IntegrityError, connection
from tests.shop import OPENING, open_shop

from eka.ledger.partitions import ensure_partitions

pytestmark = pytest.mark.django_db

MARCH = "entry_2025_03"


@pytest.fixture(autouse=True)
def _shop(db: None) -> None:
    ensure_partitions(OPENING, 0)
    open_shop()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET bytes = bytes + 1",
        "DELETE FROM entry",
        "TRUNCATE entry",
        f"UPDATE {MARCH} SET bytes = 0",
        f"DELETE FROM {MARCH} WHERE code = 'granted'",
        f"TRUNCATE {MARCH}",
        "TRUNCATE entry_default",
        "UPDATE plan_version SET terms = '{}'",
        "DELETE FROM plan_version",
    ],
)
def test_it_refuses(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {MARCH}")
        assert cursor.fetchone()[0] > 0
        with pytest.raises(IntegrityError, match="append-only"):
            cursor.execute(statement)


def test_a_bucket_cannot_be_negative() -> None:
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="bucket_not_negative"):
        cursor.execute("UPDATE bucket SET bytes_left = -1")
