"""The statement for spreadsheets has every entry by itself, to the byte."""

import csv
from io import StringIO

from msgspec.structs import replace
from tests.papers.samples import STATEMENT, march, statement_of

from eka.papers import Statement, statement_csv
from eka.papers.movements import sums, total


def rows(statement: Statement, language: str = "en") -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(statement_csv(statement, language), newline="")))


def test_it_adds_up_to_the_byte() -> None:
    opening, *told = rows(STATEMENT)
    assert (opening["code"], opening["at"]) == ("opening", "2026-03-01T05:00:00Z")
    left = int(opening["left_bytes"])
    for row in told:
        left += int(row["change_bytes"])
        assert int(row["left_bytes"]) == left
    assert left == total(STATEMENT, sums(STATEMENT)).closing


def test_every_use_stands_by_itself() -> None:
    many = rows(statement_of(march(uses_a_day=9)))
    assert len([row for row in many if row["code"] == "used"]) >= 28 * 9


def test_it_is_told_in_the_readers_words() -> None:
    carried = next(row for row in rows(STATEMENT, "zh-hans") if row["code"] == "carried")
    assert carried["what"].startswith("2\u202fGB 已结转到新周期")


def test_no_title_becomes_a_formula() -> None:
    title = "=HYPERLINK(0)"
    bought = replace(
        STATEMENT.entries[0], code="queued", bucket=None, into=None, figures={"plan": "p"}
    )
    evil = replace(STATEMENT, entries=(bought,), titles={"p": {"en": title}})
    assert rows(evil)[-1]["what"].startswith("'=HYPERLINK(0) bought")
