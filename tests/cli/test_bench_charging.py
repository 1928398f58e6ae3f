"""The charging bench at its smallest: every phase runs, every row is there, the ledger is right."""

import re
from collections.abc import Callable, Iterator
from subprocess import CompletedProcess

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from eka.cli.bench_charging_lines import schema_url

Eka = Callable[..., "CompletedProcess[str]"]

ROWS = (
    "bare group commit of equal rows",
    "bare, one request a commit, 64 side by side",
    "bare, one at a time",
    "Gy",
    "Gy, few lines",
    "Gy, one at a time",
    "Nchf",
    "Nchf, one at a time",
    "Gy and Nchf: Gy",
    "Gy and Nchf: Nchf",
    "Gy and Nchf: together",
    "Gy, very long",
    "bare group commit, again",
)
RATIOS = (
    "Gy / bare group commit (mean of both)",
    "Gy / one request a commit",
    "Gy one at a time / bare one at a time, p50",
    "Nchf / bare group commit (mean of both)",
    "Gy on 2,000 lines / on 2,000 lines",
)


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    """A database of its own."""
    maintenance = make_conninfo(postgres_url, dbname="postgres")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute("CREATE DATABASE eka_bench_story")
        yield make_conninfo(postgres_url, dbname="eka_bench_story")
        connection.execute("DROP DATABASE eka_bench_story WITH (FORCE)")


def test_every_phase_is_measured_and_the_ledger_is_right_afterwards(eka: Eka, url: str) -> None:
    options = ("--lines", "2000", "--seconds", "0.2", "--outstanding", "32", "--requests", "99")
    done = eka("bench", "charging", *options, "--keep", "--database", url)
    assert done.returncode == 0, done.stderr
    for row in ROWS:
        assert re.search(rf"^{re.escape(row)} +[1-9][0-9,]* ", done.stdout, re.M), done.stdout
    for ratio in RATIOS:
        assert re.search(rf"^{re.escape(ratio)}: [0-9.]+$", done.stdout, re.M), done.stdout
    assert "other than success: none" in done.stdout
    assert url not in done.stdout
    assert "the server ended" in done.stderr

    proof = eka("audit", "--database", schema_url(url))
    assert proof.returncode == 0, proof.stdout + proof.stderr


def test_lines_that_are_too_few_are_refused(eka: Eka, url: str) -> None:
    done = eka("bench", "charging", "--lines", "100", "--database", url)
    assert done.returncode == 2
    assert "--lines" in done.stderr
