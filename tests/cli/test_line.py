"""`eka line` and `eka catalogue` as scripts call them."""

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from eka.cli.catalogue import catalogue
from eka.cli.failures import sentence_for
from eka.cli.line import line

pytestmark = pytest.mark.django_db
SHOP = "plans:\n  four: {data: 4GB, period: 30d, rollover: {carries: [plan]}}\n"


def run(command: click.Command, *arguments: str) -> Result:
    """Runs a command; the exit code is the one that `eka` would give."""
    result = CliRunner().invoke(command, arguments)
    if isinstance(result.exception, Exception) and not isinstance(result.exception, SystemExit):
        known = sentence_for(result.exception)
        assert known is not None, result.exception
        result.exit_code = known.exit_code
        result.stderr_bytes = known.sentence.encode()
    return result


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Olga's shop, which sells one plan."""
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP, encoding="utf-8")
    assert run(catalogue, "import", str(path)).output.endswith("1 new, 0 changed, 0 as they were\n")
    return path


def test_a_line_is_added_and_shown(shop: Path) -> None:
    start = ("--at", "2026-01-01T00:00:00Z")
    added = run(line, "add", "--plan", "four", "--imsi", "310410000000001", "--activate", *start)
    assert added.output.strip().isdecimal()
    shown = run(line, "show", "310410000000001", "--json", "--at", "2026-01-02T00:00:00Z")
    told = json.loads(shown.output)
    assert told["id"] == int(added.output)
    assert told["state"] == "active"
    assert told["total"] == told["available"] == 4_000_000_000
    assert told["period"]["ends"] == "2026-01-31T00:00:00Z"
    assert told["buckets"][0]["kind"] == "plan"
    assert told["next_renewal"]["carried"] == 4_000_000_000


def test_a_command_with_a_key_is_carried_out_once(shop: Path) -> None:
    at = ("--at", "2026-01-01T00:00:00Z")
    id_ = run(line, "add", "--plan", "four", "--activate", *at).output.strip()
    first = run(line, "use", id_, "--data", "1GB", "--key", "k", *at)
    again = run(line, "use", id_, "--data", "1GB", "--key", "k", *at)
    assert first.output == again.output == "1 GB used.\n"
    other = run(line, "use", id_, "--data", "2GB", "--key", "k", *at)
    assert other.exit_code == 2
    assert json.loads(run(line, "show", id_, "--json", *at).output)["total"] == 3_000_000_000


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["show", "999"], 1),
        (["show", "no such"], 1),
        (["add", "--plan", "five"], 1),
        (["add", "--plan", "four", "--imsi", "12a"], 2),
        (["add", "--plan", "four", "--timezone", "Mars/Base"], 2),
        (["add", "--plan", "four", "--at", "2026-01-01"], 2),
        (["add"], 2),
        (["use", "1", "--data", "1"], 2),
        (["renew", "999"], 1),
    ],
)
def test_what_is_wrong_exits_with_its_code(shop: Path, arguments: list[str], code: int) -> None:
    assert run(line, *arguments).exit_code == code


def test_lines_are_listed(shop: Path) -> None:
    for number in range(3):
        run(line, "add", "--plan", "four", "--imsi", f"31041000000000{number}")
    listed = [json.loads(row) for row in run(line, "list", "--json").output.splitlines()]
    assert [row["imsi"][-1] for row in listed] == ["0", "1", "2"]
    assert {row["state"] for row in listed} == {"ready"}
    assert {row["plan"] for row in listed} == {"four"}


def test_a_bad_catalogue_changes_nothing(shop: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("plans:\n  five: {data: 5GB, period: 30}\n", encoding="utf-8")
    good = tmp_path / "good.yaml"
    good.write_text("plans:\n  six: {data: 6GB, period: 30d}\n", encoding="utf-8")
    result = run(catalogue, "import", str(good), str(bad))
    assert result.exit_code == 2
    listed = run(catalogue, "list").output
    assert "four" in listed
    assert "six" not in listed


def test_what_is_exported_imports_to_the_same(shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.yaml"
    out.write_text(run(catalogue, "export").output, encoding="utf-8")
    assert run(catalogue, "import", str(out)).output.endswith("0 new, 0 changed, 1 as they were\n")
