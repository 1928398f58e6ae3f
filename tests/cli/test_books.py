"""What `eka books` shows of the money, and what an accountant's spreadsheet gets."""

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.bookshop import GB, activate, first, give_credit, happen, on, open_shop, pay, sell

from eka.cli.audit import audit
from eka.cli.books import books
from eka.cli.problems import AnswerIsNo, CallWrong
from eka.ledger import models
from eka.rules.books import Post
from eka.rules.instants import format_instant
from eka.rules.requests import Use
from eka.usecases import bookkeeping

AT = format_instant(on(5))
pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(db: None) -> models.Order:
    """On the first of March Alice bought ten gigabytes; on the sixth she had used three."""
    open_shop()
    line = activate("ten")
    order = sell(1000, line, first(1000))
    happen(line, Use(3 * GB), 5)
    return order


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(books, [str(word) for word in words])


def release() -> str:
    return call("release", "--at", AT).stdout


def test_the_balance(alice: models.Order) -> None:
    assert release() == "Allowances that have earned something since: 1.\n"
    assert release() == "Allowances that have earned something since: 0.\n"
    assert call("balance").stdout.splitlines() == [
        "USD                                         debit           credit",
        "  deferred_data                                               7.00",
        "  gateway:stripe                            10.00",
        "  revenue:used                                                3.00",
        "  total                                     10.00            10.00",
    ]


def test_the_balance_of_a_day_is_that_of_its_end(alice: models.Order) -> None:
    release()
    days = {day: call("balance", "--at", f"2025-03-{day}").stdout for day in ("05", "06")}
    assert "revenue:used" not in days["05"]
    assert "revenue:used" in days["06"]
    assert call("balance", "--at", "2025-02-28").stdout == ""


def test_the_balance_for_programs(alice: models.Order) -> None:
    release()
    told = [json.loads(line) for line in call("balance", "--json").stdout.splitlines()]
    owed = next(each for each in told if each["account"] == "deferred_data")
    assert owed == {
        "account": "deferred_data",
        "nature": "liability",
        "currency": "USD",
        "debits": 300,
        "credits": 1000,
        "balance": -700,
    }
    assert json.loads(call("release", "--json", "--at", AT).stdout) == {"earned": 0}


def test_each_currency_has_its_own_table(alice: models.Order) -> None:
    yen = (Post("gateway:paypal", 500, "JPY"), Post("customer_prepayments", -500, "JPY"))
    bookkeeping.record("money_received", "yen", yen, on(1), order_id=alice.pk)
    printed = call("balance").stdout.splitlines()
    assert printed[0].split() == ["JPY", "debit", "credit"]
    assert printed[2].split() == ["gateway:paypal", "500"]
    assert printed[3].split() == ["total", "500", "500"]
    assert printed[4].split() == ["USD", "debit", "credit"]


def test_an_account_newest_first_and_page_by_page(alice: models.Order) -> None:
    give_credit(500, day=2)
    later = pay(700, day=3)
    printed = call("account", "gateway:stripe").stdout.splitlines()
    assert [line.split()[-3:] for line in printed] == [
        ["USD", "order", later.number],
        ["USD", "order", alice.number],
    ]
    newest = json.loads(call("account", "gateway:stripe", "--json", "--limit", "1").stdout)
    assert (newest["amount"], newest["order"]) == (700, later.number)
    before = call("account", "gateway:stripe", "--before", str(newest["journal"])).stdout
    assert before.splitlines() == printed[1:]


def test_an_account_that_is_not_in_the_chart() -> None:
    assert isinstance(call("account", "petty cash").exception, CallWrong)


def test_the_journal_as_a_spreadsheet(alice: models.Order, tmp_path: Path) -> None:
    release()
    file = tmp_path / "march.csv"
    said = call("export", "--from", "2025-03-06", "--to", "2025-03-06", file).stdout
    assert said == f"2 postings written to {file}.\n"
    with file.open(encoding="utf-8", newline="") as source:
        debit, credit = csv.DictReader(source)
    journal = models.Journal.objects.get(event="earned")
    assert debit == {
        "date": "2025-03-06T00:00:00Z",
        "journal": str(journal.pk),
        "event": "earned",
        "account": "deferred_data",
        "currency": "USD",
        "debit": "3.00",
        "credit": "",
        "order": alice.number,
        "line": str(journal.line_id),
    }
    assert (credit["account"], credit["debit"], credit["credit"]) == ("revenue:used", "", "3.00")


def test_a_longer_export_has_all_of_it_in_order(alice: models.Order, tmp_path: Path) -> None:
    for day in range(2, 12):
        for _ in range(60):
            give_credit(1, day=day)
    release()
    file = tmp_path / "all.csv"
    call("export", "--from", "2025-03-01", "--to", "2025-03-31", file)
    with file.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    assert len(rows) == models.Posting.objects.count() == 2 * (2 + 600 + 1)
    assert [row["date"] for row in rows] == sorted(row["date"] for row in rows)


def test_calls_that_are_wrong(alice: models.Order, tmp_path: Path) -> None:
    nowhere = call("export", "--from", "2025-03-01", "--to", "2025-03-02", tmp_path / "no" / "x")
    assert isinstance(nowhere.exception, CallWrong)
    assert call("balance", "--at", "yesterday").exit_code == 2
    assert isinstance(call("balance", "--at", "9999-12-31").exception, CallWrong)


def test_the_audit_tells_of_money_too(alice: models.Order) -> None:
    models.Deferral.objects.update(value=1100)
    told = CliRunner().invoke(audit, [])
    plain = CliRunner().invoke(audit, ["--json"])
    one_line = CliRunner().invoke(audit, ["--line", str(models.Line.objects.get().pk)])

    assert isinstance(told.exception, AnswerIsNo)
    assert (
        f"order {alice.number}: the books do not owe what an order's data has not yet earned;"
        " expected -1100, found -1000\n"
    ) in told.stdout
    *failures, conclusion = map(json.loads, plain.stdout.splitlines())
    assert {failure["check"] for failure in failures} == {"deferred_data", "item_value"}
    assert conclusion == {"ok": False, "lines": 1, "failures": 2}
    assert one_line.exit_code == 0
