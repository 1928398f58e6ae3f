"""`eka promotion` and `eka gift-card` as Olga calls them."""

import csv
import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from eka.cli.failures import sentence_for
from eka.cli.gift_card import gift_card
from eka.cli.promotion import promotion
from eka.ledger import models
from eka.rules.catalogue_text import read_catalogue
from eka.rules.instants import parse_instant
from eka.usecases.catalogue import import_catalogue
from eka.usecases.lines import NewLine, add_line

pytestmark = pytest.mark.django_db
AT = ("--at", "2026-06-01T00:00:00Z")
SHOP = "plans: {four: {data: 4GB, period: 30d, price: 20.00 USD, rollover: {carries: [plan]}}}"
OFFER = """
promotions:
  summer:
    title: {en: Summer, zh-Hans: 夏日优惠}
    does: {percentage: 10%, bonus: {data: 1GB, validity: 7d}}
    only: {kinds: [renewal]}
    ends: 2026-09-01T00:00:00Z
"""


def run(command: click.Command, *arguments: str, typed: str = "") -> Result:
    """Runs a command; the exit code is the one that `eka` would give."""
    result = CliRunner().invoke(command, arguments, input=typed)
    if isinstance(result.exception, Exception) and not isinstance(result.exception, SystemExit):
        known = sentence_for(result.exception)
        assert known is not None, result.exception
        result.exit_code = known.exit_code
        result.stderr_bytes = known.sentence.encode()
    return result


@pytest.fixture
def alice(db: None) -> int:
    """Alice, who has a line of Olga's only plan."""
    now = parse_instant(AT[1])
    import_catalogue(read_catalogue(SHOP), now)
    alice = models.Subscriber.objects.create(name="Alice")
    add_line(NewLine(plan="four", subscriber=alice.pk), now, activate=True)
    return int(alice.pk)


@pytest.fixture
def line(alice: int) -> int:
    return int(models.Line.objects.get(subscriber=alice).pk)


@pytest.fixture
def summer(alice: int, tmp_path: Path) -> Path:
    """Olga's file with one promotion, imported."""
    path = tmp_path / "summer.yaml"
    path.write_text(OFFER, encoding="utf-8")
    imported = run(promotion, "import", str(path))
    assert imported.output.endswith("1 new, 0 changed, 0 as they were\n")
    return path


# ------------------------------------------------------------------------------------ promotions


def test_what_is_exported_imports_to_the_same(summer: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.yaml"
    out.write_text(run(promotion, "export").output, encoding="utf-8")
    again = json.loads(run(promotion, "import", str(out), "--json").output)
    assert again["unchanged"] == ["summer"]
    assert list(json.loads(run(promotion, "export", "--json").output)["promotions"]) == ["summer"]


def test_the_examples_are_imported(alice: int) -> None:
    imported = json.loads(run(promotion, "import", "--shipped", "--json").output)
    assert len(imported["new"]) == 7


def test_a_bad_file_changes_nothing(alice: int, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(OFFER, encoding="utf-8")
    bad.write_text(OFFER.replace("10%", "10"), encoding="utf-8")
    refused = run(promotion, "import", str(good), str(bad))
    assert refused.exit_code == 2
    assert "line 5, promotions.summer.does.percentage: '10' is not a share" in refused.stderr
    assert run(promotion, "list").output == ""


def test_promotions_are_listed_stopped_and_started(summer: Path) -> None:
    assert run(promotion, "list", *AT).output == "summer: campaign, on offer, used 0 times\n"
    assert run(promotion, "stop", "summer", *AT).output == "summer is stopped.\n"
    told = json.loads(run(promotion, "list", "--json", *AT).output)
    assert (told["now"], told["stopped_at"]) == ("stopped", AT[1])
    assert run(promotion, "stop", "summer", "--undo").exit_code == 0
    later = run(promotion, "list", "--at", "2026-09-01T00:00:00Z").output
    assert later == "summer: campaign, over, used 0 times\n"


def test_olga_looks_ahead(summer: Path, line: int) -> None:
    told = json.loads(run(promotion, "preview", "summer", "--json", *AT).output)
    assert told["people"] == 1
    assert told["samples"][0] == {
        "kind": "renewal",
        "plan": "four",
        "times": 1,
        "price": "20.00 USD",
        "off": "2.00 USD",
        "gives": {"bonus": "1GB"},
        "refused": "",
        "buyers": 1,
    }
    assert (told["cost"], told["bonus"]) == (["2.00 USD"], "1GB")
    assert [one["line"] for one in told["examples"]] == [line]
    read = run(promotion, "preview", "summer", *AT).output
    assert "renewal of four: 2.00 USD off 20.00 USD, bonus 1GB; 1 could" in read
    assert "At most: 2.00 USD off, 1GB given" in read


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["import"], 2),
        (["import", "no such file"], 2),
        (["stop", "winter"], 1),
        (["stop", "winter", "--undo"], 1),
        (["preview", "winter"], 1),
        (["preview"], 2),
    ],
)
def test_what_is_wrong_exits_with_its_code(summer: Path, arguments: list[str], code: int) -> None:
    assert run(promotion, *arguments).exit_code == code


# ------------------------------------------------------------------------------------ gift cards


def make(*gives: str) -> str:
    """The code of a card."""
    made = run(gift_card, "make", "--batch", "spring", *gives, "--json", *AT)
    assert made.exit_code == 0, made.stderr
    (code,) = json.loads(made.output)["codes"]
    return str(code)


def test_a_card_is_made_redeemed_and_listed(alice: int) -> None:
    code = make("--money", "20.00 USD", "--expires", "2027-06-01T00:00:00Z")
    who = ("--subscriber", str(alice))
    assert run(gift_card, "redeem", code, *who, *AT).output == "20.00 USD\n"
    again = run(gift_card, "redeem", *who, *AT, typed=f"{code.lower()}\n")
    assert again.output == "20.00 USD (as before)\n"
    (row,) = csv.DictReader(run(gift_card, "list", *AT).output.splitlines())
    assert (row["ends_in"], row["gives"], row["state"]) == (code[-4:], "20.00 USD", "redeemed")
    assert (row["redeemed_by"], row["redeemed_at"]) == (str(alice), AT[1])
    assert code not in run(gift_card, "list", "--json", *AT).output


def test_a_refill_is_for_a_line(alice: int, line: int) -> None:
    code = make("--data", "5GB", "--validity", "30d")
    who = ("--subscriber", str(alice))
    refused = run(gift_card, "redeem", code, *who, *AT)
    assert (refused.exit_code, "--line" in refused.stderr) == (1, True)
    done = run(gift_card, "redeem", code, *who, "--line", str(line), "--json", *AT)
    assert json.loads(done.output) == {
        "gives": {"data": "5GB", "validity": "30d", "kind": "topup"},
        "line": line,
        "at": AT[1],
        "repeated": False,
    }


def test_what_the_line_refuses_is_said_in_a_sentence(alice: int) -> None:
    sold = add_line(NewLine(plan="four", subscriber=alice), parse_instant(AT[1]))
    code = make("--plan", "four")
    who = ("--subscriber", str(alice), "--line", str(sold))
    refused = run(gift_card, "redeem", code, *who, *AT)
    assert refused.exit_code == 1
    assert refused.stderr.endswith(".")


def test_cards_are_cancelled(alice: int) -> None:
    run(gift_card, "make", "--batch", "spring", "--count", "3", "--money", "5.00 USD", *AT)
    assert run(gift_card, "cancel", "--batch", "spring", *AT).output == "3 cancelled\n"
    assert json.loads(run(gift_card, "cancel", "--batch", "spring", "--json").output) == {
        "cancelled": 0
    }


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["make", "--batch", "b"], 2),
        (["make", "--batch", "b", "--money", "5"], 2),
        (["make", "--batch", "b", "--data", "5GB"], 2),
        (["make", "--batch", "b", "--money", "5.00 USD", "--plan", "four"], 2),
        (["make", "--batch", "b", "--money", "5.00 USD", "--count", "0"], 1),
        (["make", "--batch", "b", "--plan", "five"], 1),
        (["redeem", "0000-0000-0000-0012", "--subscriber", "0"], 1),
        (["redeem", "0000-0000-0000-0012"], 2),
        (["cancel", "--batch", "none"], 1),
    ],
)
def test_a_wrong_call_has_its_code(alice: int, arguments: list[str], code: int) -> None:
    assert run(gift_card, *arguments).exit_code == code


def test_a_wrong_code_is_not_repeated_to_who_reads_the_log(alice: int) -> None:
    for typed in ("0000-0000-0000-0012", "0000-0000-0000-0013"):
        refused = run(gift_card, "redeem", typed, "--subscriber", str(alice), *AT)
        assert refused.exit_code == 1
        assert typed not in refused.output
