"""A statement for spreadsheets: CSV with every entry by itself, in words and in bytes."""

import csv
from io import StringIO

from eka.papers.movements import movements
from eka.papers.statements import titles_in
from eka.papers.values import Statement
from eka.rules.instants import format_instant
from eka.words import Words

HEAD = (
    "at",
    "code",
    "kind",
    "reason",
    "bytes",
    "change_bytes",
    "left_bytes",
    "what",
)
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def statement_csv(statement: Statement, language: str) -> str:
    """The statement as CSV: the balance brought forward, then every entry; instants in UTC.

    `left_bytes` is empty while a plan without limit is in force.
    """
    words, sheet = Words(language), StringIO()
    titles = titles_in(statement, words)
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(HEAD)
    opening = sum(statement.opening.values())
    writer.writerow([format_instant(statement.starts), "opening", "", "", 0, 0, opening, ""])
    for movement in movements(statement):
        entry = movement.entry
        writer.writerow(
            [
                format_instant(entry.at),
                entry.code,
                entry.kind or "",
                entry.reason,
                entry.bytes,
                movement.change,
                "" if movement.left is None else movement.left,
                _harmless(words.entry(entry, statement.timezone, titles, statement.plan)),
            ]
        )
    return sheet.getvalue()


def _harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: plans' titles stand in it."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text
