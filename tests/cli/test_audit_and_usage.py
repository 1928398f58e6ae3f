"""What `eka audit` and `eka usage import` say to people, and with which exit code."""

import json
from pathlib import Path

import pytest
from click import Command
from click.testing import CliRunner, Result
from tests.shop import ALICE, DORA, open_shop, record, write_csv

from eka.cli.audit import audit
from eka.cli.problems import AnswerIsNo
from eka.cli.usage import usage
from eka.ledger.connections import run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(db: None) -> None:
    open_shop()


def call(command: Command, *words: str | Path) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words])


def test_an_audit_that_finds_nothing() -> None:
    assert call(audit).stdout == "Lines: 4. Everything holds.\n"
    assert call(audit, "--line", ALICE).stdout == "Lines: 1. Everything holds.\n"
    assert json.loads(call(audit, "--json").stdout) == {"ok": True, "lines": 4, "failures": 0}


def test_an_audit_that_finds_something() -> None:
    run("UPDATE line_state SET unserved = 5 FROM line WHERE id = line_id AND imsi = %s", [ALICE])

    told, plain = call(audit), call(audit, "--json")

    assert isinstance(told.exception, AnswerIsNo)
    assert "that could not be served are not the sum of their entries" in told.stdout
    assert "expected 0, found 5" in told.stdout
    failure, conclusion = map(json.loads, plain.stdout.splitlines())
    assert (failure["check"], failure["expected"], failure["found"]) == ("unserved", "0", "5")
    assert conclusion == {"ok": False, "lines": 4, "failures": 1}
    assert call(audit, "--line", DORA).exit_code == 0


def test_an_audit_of_a_line_that_is_not_there() -> None:
    assert str(call(audit, "--line", "12345").exception) == "There is no line 12345."


def test_an_import_tells_what_became_of_the_rows(tmp_path: Path) -> None:
    rows = [record(ALICE, "r1"), record(ALICE, "r1"), record(DORA, "d1")]
    path = write_csv(tmp_path / "usage.csv", rows)

    first, again = call(usage, "import", path), call(usage, "import", path)

    assert isinstance(first.exception, AnswerIsNo)
    assert first.stdout == (
        "3 rows: 1 accepted, 1 repeated, 1 rejected.\n  line 4: the line is not activated\n"
    )
    assert again.stdout.startswith(f"{path} was imported before; nothing has changed.")
