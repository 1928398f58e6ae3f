"""The worked tables of the documentation are true."""

import re
from pathlib import Path

import pytest

from eka.rules.play import RuleStage, play
from eka.rules.scenarios import read_scenario

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = re.compile(r"```yaml\n(?P<plan>[^`]+)```\n\n(?P<table>(?:\|.*\n)+)")
ROLLOVER = ["at", "what", "plan", "rollover", "lost"]
SESSIONS = ["at", "what", "available", "granted", "final", "result"]


def examples() -> list[tuple[str, str, list[list[str]]]]:
    """Each plan with the table that follows it: the page, the plan, the table's rows."""
    found = []
    for page in sorted(DOCS.rglob("*.md")):
        for match in EXAMPLE.finditer(page.read_text(encoding="utf-8")):
            rows = [_cells(row) for row in match["table"].splitlines()]
            if rows[0] in (ROLLOVER, SESSIONS):
                name = f"{page.name}:{rows[2][1]}"
                found.append((name, match["plan"], [rows[0], *rows[2:]]))
    return found


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def test_there_are_worked_tables() -> None:
    assert len(examples()) >= 6


def expectation(header: list[str], figures: list[str]) -> str:
    """What a row expects, in the words of a scenario file; a cell left empty expects nothing."""
    named = dict(zip(header[2:], figures, strict=True))
    if "lost" in named:
        named["forfeited"] = f"{{{named.pop('lost')}}}"
    return ", ".join(f"{name}: {figure}" for name, figure in named.items() if figure)


@pytest.mark.parametrize(("name", "plan", "rows"), examples(), ids=[e[0] for e in examples()])
def test_the_table_holds(name: str, plan: str, rows: list[list[str]]) -> None:
    header, *told = rows
    events = []
    for at, what, *figures in told:
        instant = f"at: {at}T00:00:00Z"
        if what:
            events.append(f"  - {{{instant}, {what}}}")
        events.append(f"  - {{{instant}, expect: {{{expectation(header, figures)}}}}}")
    text = "plans:\n  " + plan.replace("\n", "\n  ") + "\nevents:\n" + "\n".join(events)
    scenario = read_scenario(text)
    wrong = [check for check in play(scenario, RuleStage("UTC")).checks if not check.ok]
    assert wrong == []
