"""Wallets: every cent is a movement that happens once, and nobody spends what is not there."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum

from eka.ledger import models
from eka.rules.units import Money
from eka.usecases.wallets import (
    KeyReused,
    Moved,
    NotEnough,
    balances,
    credit,
    debit,
    give,
    movements,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEN, THREE = Money(1000, "USD"), Money(300, "USD")


@pytest.fixture
def alice(db: None) -> int:
    """Alice, who has no wallet yet."""
    return models.Subscriber.objects.create(name="Alice").pk


def charge(subscriber: int, money: Money = TEN, key: str = "charge") -> Moved:
    return credit(subscriber, money, kind="charge", key=key, now=NOON)


def spend(subscriber: int, money: Money = THREE, key: str = "spend") -> Moved:
    return debit(subscriber, money, kind="spend", key=key, now=NOON)


def test_money_goes_in_and_out(alice: int) -> None:
    assert balances(alice) == {}
    assert charge(alice) == Moved(1000, repeated=False)
    assert spend(alice) == Moved(700, repeated=False)
    assert balances(alice) == {"USD": 700}


def test_each_currency_is_a_wallet_of_its_own(alice: int) -> None:
    charge(alice)
    charge(alice, Money(7200, "CNY"), "yuan")
    assert balances(alice) == {"CNY": 7200, "USD": 1000}
    with pytest.raises(NotEnough) as empty:
        spend(alice, Money(1, "EUR"))
    assert empty.value.balance == 0


def test_what_is_not_there_is_not_spent(alice: int) -> None:
    charge(alice)
    with pytest.raises(NotEnough) as refused:
        spend(alice, Money(1001, "USD"))
    assert refused.value.balance == 1000
    assert spend(alice, TEN).balance == 0
    assert [one.kind for one in movements(alice, "USD")] == ["spend", "charge"]


def test_a_repeat_gets_the_first_answer(alice: int) -> None:
    charge(alice)
    first = spend(alice)
    spend(alice, Money(200, "USD"), "another")
    assert spend(alice) == Moved(first.balance, repeated=True)
    assert charge(alice) == Moved(1000, repeated=True)
    assert balances(alice) == {"USD": 500}


def test_a_key_that_moved_something_else_is_refused(alice: int) -> None:
    bob = models.Subscriber.objects.create(name="Bob").pk
    charge(alice)
    with pytest.raises(KeyReused):
        charge(alice, Money(1001, "USD"))
    with pytest.raises(KeyReused):
        charge(alice, Money(1000, "CNY"))
    with pytest.raises(KeyReused):
        charge(bob)
    with pytest.raises(KeyReused):
        spend(alice, TEN, "charge")
    with pytest.raises(KeyReused):
        credit(alice, TEN, kind="refund", key="charge", now=NOON)
    assert balances(alice) == {"USD": 1000}
    assert balances(bob).get("USD", 0) == 0


@pytest.mark.parametrize("minor", [0, -1])
def test_an_amount_has_no_sign(alice: int, minor: int) -> None:
    for move in (charge, spend):
        with pytest.raises(ValueError, match="above zero"):
            move(alice, Money(minor, "USD"))


def test_a_movement_goes_with_the_transaction_that_it_is_part_of(alice: int) -> None:
    charge(alice)
    with transaction.atomic():
        spend(alice)
        transaction.set_rollback(True)
    assert balances(alice) == {"USD": 1000}
    assert not spend(alice).repeated


def test_the_database_itself_refuses_a_negative_balance(alice: int) -> None:
    charge(alice)
    with pytest.raises(IntegrityError, match="wallet_not_negative"), transaction.atomic():
        models.Wallet.objects.update(balance=-1)


def test_movements_are_told_page_by_page(alice: int) -> None:
    for nth in range(5):
        at = NOON + timedelta(hours=nth)
        key = f"gift-{nth}"
        credit(alice, Money(nth + 1, "USD"), kind="credit", key=key, now=at, reason=key)
    newest = movements(alice, "USD", 2)
    assert [one.reason for one in newest] == ["gift-4", "gift-3"]
    rest = movements(alice, "USD", 50, newest[-1].id)
    assert [(one.amount, one.balance_after) for one in rest] == [(3, 6), (2, 3), (1, 1)]
    assert movements(alice, "CNY") == []


def test_what_the_shop_gives_is_in_its_books(alice: int) -> None:
    for _ in range(2):
        give(alice, THREE, why="goodwill", key="sorry", now=NOON, reason="a late delivery")
    assert balances(alice) == {"USD": 300}
    postings = models.Posting.objects.order_by("amount").values_list("account", "amount")
    assert list(postings) == [("wallets", -300), ("promotions:goodwill", 300)]


# ------------------------------------------------------------------------------- several at once


def at_once(*work: object) -> None:
    """Runs functions side by side, each on a connection of its own."""

    def run(one: object) -> None:
        assert callable(one)
        try:
            one()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(work)) as pool:
        list(pool.map(run, work))


def test_two_that_spend_at_once_never_go_below_zero(committed_ledger: None) -> None:
    """Alice's two telephones buy for three dollars each, again and again, out of ten."""
    alice = models.Subscriber.objects.create(name="Alice").pk
    charge(alice)
    spent: list[str] = []
    refused: list[int] = []

    def telephone(name: int) -> None:
        for nth in range(10):
            try:
                spend(alice, THREE, f"{name}-{nth}")
            except NotEnough as too_little:
                refused.append(too_little.balance)
            else:
                spent.append(f"{name}-{nth}")

    at_once(*(lambda name=name: telephone(name) for name in range(4)))

    assert len(spent) == 3
    assert refused == [100] * 37
    assert balances(alice) == {"USD": 100}
    moved = models.WalletMovement.objects.aggregate(sum=Sum("amount"))
    assert moved["sum"] == 100


def test_one_command_sent_by_several_at_once_moves_once(committed_ledger: None) -> None:
    alice = models.Subscriber.objects.create(name="Alice").pk
    at_once(*[lambda: charge(alice)] * 4)
    at_once(*[lambda: spend(alice)] * 4)
    assert balances(alice) == {"USD": 700}
    assert models.WalletMovement.objects.count() == 2
    assert models.Wallet.objects.count() == 1
