"""Every scenario file holds, by the rules alone and through the tables."""

from pathlib import Path

import msgspec
import pytest

from eka.cli.stages import LedgerStage
from eka.rules.lines import Entry
from eka.rules.play import Check, RuleStage, play
from eka.rules.scenarios import read_scenario

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("*/*.yaml"))
NAMES = [str(path.relative_to(FOLDER)) for path in FILES]


def wrong(checks: tuple[Check, ...]) -> list[str]:
    """The expectations that do not hold, for a person."""
    return [f"line {c.line}: {c.field} {c.expected} {c.actual}" for c in checks if not c.ok]


def as_json(entries: tuple[Entry, ...]) -> list[dict[str, object]]:
    """Entries as JSON keeps them, with keys in no order."""
    plain: list[dict[str, object]] = msgspec.json.decode(msgspec.json.encode(entries))
    return plain


def test_there_are_scenarios_of_every_sort() -> None:
    assert {path.parent.name for path in FILES} == {"shared", "operators", "rules"}
    assert len(FILES) > 140


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_it_holds_by_the_rules_alone(path: Path) -> None:
    scenario = read_scenario(path.read_text(encoding="utf-8"))
    played = play(scenario, RuleStage(scenario.timezone))
    assert wrong(played.checks) == []
    assert played.checks


@pytest.mark.django_db
@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_it_holds_through_the_tables_with_the_same_timeline(path: Path) -> None:
    scenario = read_scenario(path.read_text(encoding="utf-8"))
    tables = play(scenario, LedgerStage(scenario.timezone))
    assert wrong(tables.checks) == []
    by_rules = play(scenario, RuleStage(scenario.timezone))
    assert as_json(tables.entries) == as_json(by_rules.entries)


def test_every_title_and_source_is_given() -> None:
    for path in FILES:
        scenario = read_scenario(path.read_text(encoding="utf-8"))
        assert scenario.title, path
        assert scenario.source, path
