"""The worked tables of the documentation are true."""

import re
from pathlib import Path

import pytest

from eka.rules.play import RuleStage, play
from eka.rules.scenarios import read_scenario

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = re.compile(r"```yaml\n(?P<plan>[^`]+)```\n\n(?P<table>(?:\|.*\n)+)")
HEADER = ["at", "what", "plan", "rollover", "lost"]


def examples() -> list[tuple[str, str, list[list[str]]]]:
    """Each plan with the table that follows it: the page, the plan, the table's rows."""
    found = []
    for page in sorted(DOCS.rglob("*.md")):
        for match in EXAMPLE.finditer(page.read_text(encoding="utf-8")):
            rows = [_cells(row) for row in match["table"].splitlines()]
            if rows[0] == HEADER:
                found.append((f"{page.name}:{rows[2][1]}", match["plan"], rows[2:]))
    return found


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def test_there_are_worked_tables() -> None:
    assert len(examples()) >= 5


@pytest.mark.parametrize(("name", "plan", "rows"), examples(), ids=[e[0] for e in examples()])
def test_the_table_holds(name: str, plan: str, rows: list[list[str]]) -> None:
    events = []
    for at, what, plan_left, rollover, lost in rows:
        instant = f"at: {at}T00:00:00Z"
        if what:
            events.append(f"  - {{{instant}, {what}}}")
        expected = f"plan: {plan_left}, rollover: {rollover}, forfeited: {{{lost}}}"
        events.append(f"  - {{{instant}, expect: {{{expected}}}}}")
    text = "plans:\n  " + plan.replace("\n", "\n  ") + "\nevents:\n" + "\n".join(events)
    scenario = read_scenario(text)
    wrong = [check for check in play(scenario, RuleStage("UTC")).checks if not check.ok]
    assert wrong == []
