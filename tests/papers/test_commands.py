"""`eka receipt` and `eka statement` write files, or say in a sentence why not."""

import csv
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from tests.papers.reading import says

from eka.cli.failures import Failure, sentence_for
from eka.cli.papers import receipt, statement

pytestmark = pytest.mark.django_db


def call(command: click.Command, *arguments: object) -> Failure:
    """What the command said, and its exit code."""
    result = CliRunner().invoke(command, [str(argument) for argument in arguments])
    if result.exception is None or isinstance(result.exception, SystemExit):
        return Failure(result.output.strip(), result.exit_code)
    assert isinstance(result.exception, Exception)
    failure = sentence_for(result.exception)
    if failure is None:
        raise result.exception
    return failure


def test_olga_writes_a_receipt_in_the_customers_language(order: str, tmp_path: Path) -> None:
    out = tmp_path / "receipt.pdf"
    assert call(receipt, order, "--language", "zh-hans", "--out", out) == (str(out), 0)
    assert says(out.read_bytes(), "海港流量", order, "海港 5", "US$78.00")


def test_olga_writes_a_statement(order: str, line_id: int, tmp_path: Path) -> None:
    out = tmp_path / "march.pdf"
    days = ("--from", "2026-02-01", "--to", "2026-02-28")
    assert call(statement, line_id, *days, "--out", out).exit_code == 0
    assert says(out.read_bytes(), "1 February 2026 – 28 February 2026", order)


def test_without_days_it_is_this_month_as_csv_too(line_id: int, tmp_path: Path) -> None:
    out = tmp_path / "march.csv"
    assert call(statement, line_id, "--out", out).exit_code == 0
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["at"] == "2026-03-01T05:00:00Z"
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (("--from", "2026-03-10", "--to", "2026-03-01"), "There is no time between"),
        (("--from", "2027-01-01", "--to", "2027-01-02"), "There is no time between"),
        (("--to", "9999-12-31"), "There is no time between"),
        (("--from", "tomorrow"), "write it like 2026-01-31"),
    ],
)
def test_days_that_make_no_statement(
    line_id: int, tmp_path: Path, days: tuple[str, ...], said: str
) -> None:
    failure = call(statement, line_id, *days, "--out", tmp_path / "x.pdf")
    assert failure.exit_code == 2
    assert said in failure.sentence


def test_what_is_not_there_is_a_no(quoted: str, tmp_path: Path) -> None:
    out = tmp_path / "x.pdf"
    assert call(receipt, "E1", "--out", out) == ("There is no order E1.", 1)
    unpaid = f"Order {quoted} has not been paid: there is no receipt for it."
    assert call(receipt, quoted, "--out", out) == (unpaid, 1)
    assert call(statement, "999999", "--out", out) == ("There is no line 999999.", 1)
    assert not out.exists()


def test_a_file_that_cannot_be_written_is_named(order: str, tmp_path: Path) -> None:
    nowhere = tmp_path / "no" / "x.pdf"
    assert call(receipt, order, "--out", nowhere).exit_code == 2
    failure = call(receipt, order, "--out", tmp_path / "receipt.txt")
    assert failure == ("--out 'receipt.txt' has to end in .pdf.", 2)
