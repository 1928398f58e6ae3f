"""The checkout bench at its smallest: all parts run, every buyer gets what they paid for."""

import re
from collections.abc import Callable, Iterator
from subprocess import CompletedProcess

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from eka.cli.bench_checkouts import schema_url

Eka = Callable[..., "CompletedProcess[str]"]

ROWS = (
    r"from the wish to the gateway's page: p50 [0-9,]+ ms, p99 [0-9,]+ ms",
    r"from paying to the data on the line: p50 [0-9,]+ ms, p99 [0-9,]+ ms",
    r"lost: 0; failed: 0",
    r"  web server +[0-9.]+ cores, +[0-9.]+ ms a checkout",
    r"  jobs +[0-9.]+ cores, +[0-9.]+ ms a checkout",
    r"  sandboxes +[0-9.]+ cores, +[0-9.]+ ms a checkout",
    r"  buyers +[0-9.]+ cores, +[0-9.]+ ms a checkout",
    r"  PostgreSQL +[0-9.]+ cores, +[0-9.]+ ms a checkout",
    r"checkouts / bare commits: [0-9.]+",
)


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    """A database of its own."""
    maintenance = make_conninfo(postgres_url, dbname="postgres")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute("CREATE DATABASE eka_bench_shop")
        yield make_conninfo(postgres_url, dbname="eka_bench_shop")
        connection.execute("DROP DATABASE eka_bench_shop WITH (FORCE)")


def test_every_checkout_is_fulfilled_and_the_books_are_right(eka: Eka, url: str) -> None:
    options = ("--rate", "5", "--seconds", "2", "--drivers", "1", "--threads", "2")
    done = eka("bench", "checkouts", *options, "--keep", "--database", url)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^[1-9][0-9]* checkouts in [0-9.]+ s: ", done.stdout, re.M), done.stdout
    for row in ROWS:
        assert re.search(f"^{row}$", done.stdout, re.M), done.stdout
    assert url not in done.stdout

    proof = eka("audit", "--database", schema_url(url))
    assert proof.returncode == 0, proof.stdout + proof.stderr


def test_a_rate_of_nothing_is_refused(eka: Eka, url: str) -> None:
    done = eka("bench", "checkouts", "--rate", "0", "--database", url)
    assert done.returncode == 2
    assert "--rate" in done.stderr


def test_new_lines_get_their_esims_from_the_supplier(eka: Eka, url: str) -> None:
    options = ("--rate", "5", "--seconds", "2", "--drivers", "1", "--threads", "2")
    done = eka("bench", "checkouts", *options, "--esims", "es2plus", "--keep", "--database", url)
    assert done.returncode == 0, done.stderr
    assert "es2plus" in done.stdout
    assert re.search("^lost: 0; failed: 0$", done.stdout, re.M), done.stdout
    with psycopg.connect(schema_url(url)) as connection:
        asked = "SELECT count(*), count(DISTINCT iccid) FROM profile WHERE current"
        held, different = connection.execute(asked).fetchall()[0]
        sold = connection.execute(
            "SELECT count(*) FROM order_item WHERE kind = 'new_line' AND state = 'done'"
        ).fetchall()[0][0]
    assert held == different == sold > 0
