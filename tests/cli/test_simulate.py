"""`eka simulate` as a person or a program calls it."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from eka.cli.simulate import simulate

SCENARIOS = Path(__file__).parents[1] / "scenarios"
ATT = str(SCENARIOS / "shared" / "att-prepaid.yaml")
HOLDS = """
plans: {p: {data: 4GB, period: 30d}}
events:
  - {at: 2026-01-01T00:00:00Z, activate: p}
  - {at: 2026-01-02T00:00:00Z, resume: true}
  - {at: 2026-01-02T00:00:00Z, expect: {total: %s, forfeited: {}}}
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(simulate, arguments)


def write(folder: Path, text: str) -> str:
    path = folder / "scenario.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_it_tells_what_happened_and_why() -> None:
    result = run(ATT)
    assert result.exit_code == 0
    assert "1.5 GB of rollover data lost: data carries over at most once." in result.output
    assert "20 of 20 expectations hold" in result.output


def test_an_expectation_that_does_not_hold_is_named_and_exits_1(tmp_path: Path) -> None:
    result = run(write(tmp_path, HOLDS % "3GB"))
    assert result.exit_code == 1
    assert "line 6, 2026-01-02T00:00:00Z: total should be 3000000000B" in result.output


def test_a_bad_file_names_the_line_and_exits_2(tmp_path: Path) -> None:
    result = run(write(tmp_path, HOLDS % "3 gigs"), ATT)
    assert result.exit_code == 2
    assert "line 6" in result.stderr
    assert "write it like 500MB" in result.stderr
    assert "20 of 20 expectations hold" in result.stdout


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x00", b"", b"- 1", b"%s"])
def test_what_is_no_scenario_at_all_exits_2(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    assert run(str(path)).exit_code == 2


def test_a_file_that_is_not_there_exits_2(tmp_path: Path) -> None:
    result = run(str(tmp_path / "none.yaml"))
    assert result.exit_code == 2
    assert "cannot be read" in result.stderr


def test_json_is_one_object_a_line_with_canonical_texts(tmp_path: Path) -> None:
    result = run("--json", write(tmp_path, HOLDS % "4GB"), ATT)
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert list(first) == ["file", "ok", "checks", "timeline"]
    assert first["ok"] is True
    assert first["checks"][0] == {
        "at": "2026-01-02T00:00:00Z",
        "field": "total",
        "expected": "4000000000B",
        "actual": "4000000000B",
        "ok": True,
    }
    assert {"at": "2026-01-02T00:00:00Z", "code": "refused", "reason": "not_suspended"} in first[
        "timeline"
    ]
    assert second["ok"] is True


def test_svg_draws_the_one_file(tmp_path: Path) -> None:
    out = tmp_path / "chart.svg"
    assert run("--svg", str(out), ATT).exit_code == 0
    assert ElementTree.parse(out).getroot().tag.endswith("svg")


@pytest.mark.django_db
def test_the_database_tells_the_same(tmp_path: Path) -> None:
    names = [str(path) for path in sorted((SCENARIOS / "shared").glob("session-*.yaml"))]
    by_rules, by_tables = run("--json", *names), run("--database", "--json", *names)
    assert by_rules.exit_code == by_tables.exit_code == 0
    assert by_rules.stdout == by_tables.stdout
