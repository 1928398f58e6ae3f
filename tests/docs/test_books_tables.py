"""The tables of docs/engineers/books.md are true: the chart, the postings, how data is earned."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from eka.rules import books
from eka.rules.books import Post
from eka.rules.earning import INCOME, Course, Move, earned_by_time, follow
from eka.rules.instants import parse_instant
from eka.rules.lines import Entry
from eka.rules.play import RuleStage, play
from eka.rules.scenarios import read_scenario
from eka.rules.units import parse_money

PAGE = (Path(__file__).parents[2] / "docs" / "engineers" / "books.md").read_text(encoding="utf-8")
TABLE = re.compile(r"(?:^\|.*\n)+", re.MULTILINE)
STORY = re.compile(r"```yaml\n(?P<plan>[^`]+)```\n\n(?P<table>(?:\|.*\n)+)")
VALUE = 1000


def cells(table: str) -> list[list[str]]:
    """The table's rows, its header first, without the rule below it."""
    rows = [row.strip().strip("|").split("|") for row in table.splitlines()]
    return [[cell.strip() for cell in row] for i, row in enumerate(rows) if i != 1]


def tables(*header: str) -> Iterator[list[str]]:
    """The rows of all tables with this header."""
    for match in TABLE.finditer(PAGE):
        found = cells(match[0])
        if tuple(found[0]) == header:
            yield from found[1:]


def cents(text: str) -> int:
    """Minor units of an amount in dollars."""
    minor = parse_money(f"{text.removeprefix('-')} USD").minor
    return -minor if text.startswith("-") else minor


def test_the_chart_is_the_charts() -> None:
    told = [
        (name.strip("`"), nature, meaning)
        for name, nature, meaning in tables("account", "nature", "what it is")
    ]
    assert told == [(each.name, each.nature, each.meaning) for each in books.CHART]


JOURNALS = [(row[0].strip("`"), row[1]) for row in tables("journal", "postings")]


@pytest.mark.parametrize(("journal", "postings"), JOURNALS)
def test_the_postings_are_those_of_the_journal(journal: str, postings: str) -> None:
    expected = []
    for told in postings.split(", "):
        account, amount = told.split()
        expected.append(Post(account, cents(amount), "USD"))
    assert eval(journal, {**vars(books), "money": parse_money}) == tuple(expected)


def test_every_journal_of_the_rules_is_told() -> None:
    told = {journal.partition("(")[0] for journal, _ in JOURNALS}
    written = {
        name
        for name, rule in vars(books).items()
        if getattr(rule, "__annotations__", {}).get("return") == books.Postings
        and not name.startswith("_")
    }
    assert written - told == {"balanced", "wallet_charged"}  # a part of them all; order_fulfilled's


STORIES = [(match["plan"], cells(match["table"])) for match in STORY.finditer(PAGE)]


@pytest.mark.parametrize(("plan", "rows"), STORIES, ids=[plan.split(":")[0] for plan, _ in STORIES])
def test_data_is_earned_as_the_table_says(plan: str, rows: list[list[str]]) -> None:
    header, *told = rows
    events = []
    for at, what, *_ in told:
        does = what or "expect: {}"
        events.append(f"  - {{at: {at}T00:00:00Z, {does}}}")
    text = "plans:\n  " + plan.replace("\n", "\n  ") + "\nevents:\n" + "\n".join(events)
    entries = play(read_scenario(text), RuleStage("UTC")).entries
    for at, _, *figures in told:
        instant = parse_instant(f"{at}T00:00:00Z")
        income = earned_by([entry for entry in entries if entry.at <= instant], instant)
        expected = dict(zip(header[2:], map(cents, figures), strict=True))
        owed = {"owed": VALUE - sum(income.values())}
        assert owed | {name: income.get(name, 0) for name in header[3:]} == expected, at


def earned_by(entries: list[Entry], now: datetime) -> dict[str, int]:
    """What the first allowance has earned, by the last word of the account."""
    grant = next(entry for entry in entries if entry.code == "granted")
    if grant.figures["unlimited"]:
        starts, ends = parse_instant(grant.figures["starts"]), parse_instant(grant.figures["ends"])
        return {"unlimited": earned_by_time(VALUE, starts, ends, now)}
    moves = [
        Move(number, entry.bucket, entry.code, entry.bytes, entry.into)
        for number, entry in enumerate(entries, 1)
        if entry.code in (*INCOME, "carried") and entry.bucket is not None
    ]
    _, income = follow(Course(value=VALUE, granted=grant.bytes, bucket=1), moves)
    return {name.partition(":")[2]: amount for name, amount in income.items()}


def test_there_are_stories_of_every_kind() -> None:
    assert len(STORIES) == 4
    assert len(JOURNALS) > 20
