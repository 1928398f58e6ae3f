"""The audit sees every cent that is not where it should be, and complains of nothing else."""

import pytest
from tests.bookshop import (
    GB,
    activate,
    ask_back,
    contest,
    first,
    give_credit,
    happen,
    on,
    open_shop,
    pay,
    promote,
    receive,
    sell,
    send_back,
)

from eka.ledger import audit, audit_books, models
from eka.ledger.connections import run
from eka.rules import books
from eka.rules.requests import Change, Use
from eka.rules.units import Money
from eka.usecases import bookkeeping

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_shop_with_a_past(db: None) -> None:
    """Alice used one and took one back; for a third she paid twice, and then a cent too little."""
    open_shop()
    kept, returned = activate("ten"), activate("plain")
    bought = sell(1000, kept, first(1000))
    promote(bought, 250, "used")
    happen(kept, Use(3 * GB), 1)
    bookkeeping.release([kept], on(1))

    back = sell(500, returned, first(500))
    promote(back, 100, "released")
    happen(returned, Use(GB), 1)
    (part,) = bookkeeping.take_back(back.pk, 0, on(2))
    send_back(ask_back(back, 500, {books.DEFERRED: part.taken}, day=2))
    happen(returned, Change("cancel"), 2)
    back.items.update(state="returned")
    models.Order.objects.filter(pk=back.pk).update(state="refunded")

    waiting = pay(700, lines=[kept])
    receive(waiting, 700, role="surplus")
    ask_back(waiting, 700, {books.SURPLUS_DUE: 700})
    models.Refund.objects.filter(order=waiting).update(whole=False)
    receive(waiting, 300, role="surplus")
    receive(waiting, 699, role="mismatch")
    contest(bought)
    give_credit(400)
    give_credit(-150)
    run("SET CONSTRAINTS ALL IMMEDIATE", [])  # the past is past: as after its commit


def found() -> dict[str, list[tuple[str, str | None, str | None]]]:
    """What does not hold, by check."""
    failures: dict[str, list[tuple[str, str | None, str | None]]] = {}
    for failure in audit.audit_money():
        assert failure.wrong
        told = (failure.about, failure.expected, failure.found)
        failures.setdefault(failure.check, []).append(told)
    return failures


def test_books_that_are_right_have_no_failures() -> None:
    assert found() == {}


# Each corruption is done as a replica, for which no trigger and no foreign key is looked at.
CORRUPTIONS = [
    ("UPDATE posting SET amount = amount + 1 WHERE account = 'revenue:used'", "journal_balance"),
    ("DELETE FROM posting WHERE account = 'revenue:used'", "journal_balance"),
    ("UPDATE posting SET currency = 'EUR' WHERE account = 'revenue:used'", "journal_balance"),
    ("UPDATE posting SET position = position + 7", "journal_postings"),
    (
        "INSERT INTO journal (key, event, at, facts) VALUES ('x', '', now(), '{}')",
        "journal_postings",
    ),
    ("UPDATE wallet SET balance = balance + 1", "wallet_sum"),
    ("UPDATE wallet SET balance = balance + 1", "wallets"),
    ("DELETE FROM wallet_movement WHERE amount < 0", "wallet_sum"),
    ("UPDATE wallet_movement SET balance_after = 0 WHERE amount < 0", "wallet_order"),
    ("DELETE FROM posting WHERE account = 'wallets'", "wallets"),
    ("UPDATE deferral SET value = value + 1 WHERE open", "deferred_data"),
    ("UPDATE deferral SET earned = 0", "deferred_data"),
    ("UPDATE journal SET order_id = NULL WHERE event = 'earned'", "deferred_data"),
    ("UPDATE deferral SET open = true", "deferred_data"),
    ("UPDATE deferral SET earned = earned - 1", "earned_journal"),
    ("UPDATE journal SET key = 'earned:0:0' || key WHERE event = 'earned'", "earned_journal"),
    ("UPDATE deferral SET open = false", "deferral_closed"),
    ("UPDATE deferral SET value = value - 1", "item_value"),
    ("DELETE FROM deferral", "item_value"),
    ("UPDATE sales_order SET fulfilled_at = now() WHERE state = 'paid'", "customer_prepayments"),
    ("UPDATE sales_order SET paid_at = NULL WHERE state = 'paid'", "customer_prepayments"),
    ("UPDATE refund SET state = 'done'", "refunds_due"),
    ("UPDATE refund SET state = 'asked'", "refunds_due"),
    ("DELETE FROM money_in WHERE role = 'surplus' AND amount = 300", "surplus_due"),
    ("UPDATE refund SET amount = 1 WHERE amount = 700", "surplus_due"),
    ("UPDATE money_in SET role = 'surplus' WHERE role = 'mismatch'", "suspense"),
    ("UPDATE dispute SET state = 'won'", "disputes"),
    ("DELETE FROM journal WHERE event = 'mismatch_received'", "money_journal"),
    ("UPDATE posting SET amount = 2 * amount WHERE account LIKE 'gateway:%%'", "money_journal"),
    ("UPDATE money_in SET gateway = 'paypal'", "money_journal"),
    ("UPDATE money_in SET amount = amount + 1 WHERE role = 'credited'", "money_credited"),
    ("UPDATE money_in SET currency = 'EUR' WHERE role = 'credited'", "money_credited"),
    ("UPDATE money_in SET given_back = 0", "given_back"),
    ("UPDATE refund SET state = 'failed'", "given_back"),
    ("UPDATE refund SET amount = 501 WHERE state = 'done'", "refunded_too_much"),
    ("UPDATE sales_order SET total = total + 1", "order_items"),
    ("UPDATE order_item SET price = price + 1", "order_items"),
    ("UPDATE order_item SET discount = discount + 1", "order_items"),
    ("UPDATE order_item SET state = 'open'", "order_done"),
    ("UPDATE promotion_use SET amount = amount + 1", "order_discount"),
    ("UPDATE promotion_use SET currency = 'EUR'", "order_discount"),
    ("DELETE FROM promotion_use", "order_discount"),
    ("UPDATE promotion_use SET state = 'held'", "promotion_state"),
    ("UPDATE promotion_use SET state = 'released'", "promotion_state"),
    ("UPDATE sales_order SET state = 'expired' WHERE state = 'fulfilled'", "promotion_state"),
]


@pytest.mark.parametrize(("corruption", "check"), CORRUPTIONS)
def test_it_sees_what_is_wrong(corruption: str, check: str) -> None:
    run("SET LOCAL session_replication_role = replica", [])
    run(corruption, [])
    assert check in found()


def test_every_check_is_seen_to_fail() -> None:
    assert {check for _, check in CORRUPTIONS} == {check.name for check in audit_books.CHECKS}


def test_it_tells_the_order_and_both_figures() -> None:
    order = models.Order.objects.get(state="paid")
    run("SET LOCAL session_replication_role = replica", [])
    run("DELETE FROM posting WHERE account = 'customer_prepayments' AND amount = -700", [])
    assert found()["customer_prepayments"] == [(f"order {order.number}", "-700", "0")]


def test_what_is_posted_without_an_order_is_told_too() -> None:
    stray = books.order_fulfilled("USD", [5])
    bookkeeping.record("order_fulfilled", "stray", stray, on(3))
    assert found() == {
        "customer_prepayments": [("no order", "0", "5")],
        "deferred_data": [("no order", "0", "-5")],
    }


def test_a_refund_that_failed_stays_owed_and_nothing_is_wrong() -> None:
    refund = models.Refund.objects.get(state="asked")
    failed = books.refund_failed(Money(refund.amount, "USD"))
    bookkeeping.record("refund_failed", f"refund_failed:{refund.number}", failed, on(3))
    models.Refund.objects.filter(pk=refund.pk).update(state="failed")
    models.MoneyIn.objects.filter(refunds=refund).update(given_back=0)
    assert found() == {}
