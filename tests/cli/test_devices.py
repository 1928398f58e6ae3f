"""`eka devices` as Olga and her agents call it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eka.cli.devices import devices
from eka.cli.failures import sentence_for
from eka.ledger import models

pytestmark = pytest.mark.django_db

HEAD = "brand,model,region,esim,source,checked_on\n"
EID = "89049032000008123456789012345643"


def run(*arguments: str) -> Result:
    """Runs the command; the exit code is the one that `eka` would give."""
    result = CliRunner().invoke(devices, arguments)
    if isinstance(result.exception, Exception) and not isinstance(result.exception, SystemExit):
        known = sentence_for(result.exception)
        assert known is not None, result.exception
        result.exit_code = known.exit_code
        result.stderr_bytes = known.sentence.encode()
    return result


def test_an_agent_asks_for_a_customer() -> None:
    told = run("check", "iPhone 13", "--region", "cn", "--json")
    assert told.exit_code == 1
    said = json.loads(told.output)
    assert (said["answer"], said["name"], said["region"]) == ("no", "iPhone 13", "CN")
    (row,) = said["rows"]
    assert (row["source"], row["certainty"]) == (
        "https://support.apple.com/en-us/HT212780",
        "stated",
    )
    assert row["checked_on"].startswith("2026-")


def test_the_answer_is_read_in_a_sentence() -> None:
    told = run("check", "iPhone 13")
    assert told.exit_code == 1
    assert told.output.startswith("iPhone 13: it depends.\n")
    assert "Models sold in mainland China, Hong Kong and Macao have no eSIM." in told.output
    assert "CN: no (stated, 2026-" in told.output


def test_a_yes_is_exit_code_zero() -> None:
    assert run("check", "pixel 8", "--region", "GB", "--unlocked").exit_code == 0
    locked = run("check", "pixel 8", "--region", "GB", "--locked")
    assert (locked.exit_code, "unlocked first" in locked.output) == (1, True)


def test_an_eid_settles_it_and_a_wrong_one_is_told() -> None:
    assert run("check", "Brick 3000", "--eid", EID).exit_code == 0
    short = run("check", "Brick 3000", "--eid", EID[:-1])
    assert (short.exit_code, "this has 31 digits" in short.stderr) == (2, True)
    wrong = run("check", "Brick 3000", "--eid", EID[:-1] + str((int(EID[-1]) + 1) % 10))
    assert (wrong.exit_code, "mistyped" in wrong.stderr) == (2, True)
    assert EID[:-1] not in wrong.stderr


def test_what_is_exported_imports_to_the_same(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text(HEAD + "Brick,3000,HK MO,yes,tried,2026-01-31\n", encoding="utf-8-sig")
    assert run("import", str(file)).output.endswith("2 new, 0 changed, 0 as they were\n")
    file.write_text(run("export", "--own").output, encoding="utf-8")
    again = json.loads(run("import", str(file), "--json").output)
    assert again["unchanged"] == ["Brick 3000 (HK)", "Brick 3000 (MO)"]
    everything = run("export").output
    assert "Brick,3000,HK" in everything
    assert everything.count("\n") > 800


def test_one_bad_row_and_nothing_is_taken(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(HEAD + "Brick,3000,,yes,tried,2026-01-31\n", encoding="utf-8")
    bad.write_text(
        HEAD + "Brick,4000,,yes,tried,2026-01-31\nBrick,5000,,ja,tried,2026-01-31\n",
        encoding="utf-8",
    )
    refused = run("import", str(good), str(bad))
    assert refused.exit_code == 2
    assert "bad.csv: line 3, esim: 'ja' is not one of: yes, no, some" in refused.stderr
    assert not models.Device.objects.exists()


@pytest.mark.parametrize("arguments", [["import"], ["import", "no such file"], ["check"]])
def test_a_wrong_call_is_exit_code_two(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2
