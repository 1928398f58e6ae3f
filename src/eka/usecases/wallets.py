"""Wallets: money that a subscriber keeps with the shop, in minor units, one balance a currency.

A balance is the sum of its movements and never below zero. `credit` and `debit` leave the books to
who knows why the money moves; `give` is the shop's own gift and books it.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from msgspec import Struct

from eka.ledger import models
from eka.rules import books
from eka.rules.units import Money
from eka.usecases import bookkeeping
from eka.usecases.commands import KeyReused

__all__ = [
    "KeyReused",
    "Moved",
    "Movement",
    "NotEnough",
    "balances",
    "credit",
    "debit",
    "movements",
]


class NotEnough(Exception):
    """The wallet holds less than is to be spent; `balance` is what it holds, in minor units."""

    def __init__(self, balance: int) -> None:
        super().__init__("not_enough")
        self.balance = balance


class Moved(Struct, frozen=True):
    """The balance after a movement, in minor units, and whether its key had moved it before."""

    balance: int
    repeated: bool


class Movement(Struct, frozen=True, kw_only=True):
    """Money into a wallet (`amount` > 0) or out of it, in minor units; `order` is its number."""

    id: int
    at: datetime
    kind: str
    amount: int
    balance_after: int
    order: str
    reason: str


@transaction.atomic
def credit(  # noqa: PLR0913 - what the movement's row tells
    subscriber_id: int,
    money: Money,
    *,
    kind: str,
    key: str,
    now: datetime,
    order_id: int | None = None,
    reason: str = "",
) -> Moved:
    """Puts money into the wallet, which is opened if need be; once for its key.

    Raises KeyReused where the key moved another amount, or moved it elsewhere.
    """
    _need_some(money)
    models.Wallet.objects.bulk_create(
        [models.Wallet(subscriber_id=subscriber_id, currency=money.currency)],
        ignore_conflicts=True,
    )
    wallet = _locked(subscriber_id, money.currency)
    assert wallet is not None
    movement = models.WalletMovement(
        wallet=wallet, key=key, at=now, kind=kind, order_id=order_id, reason=reason
    )
    return _move(wallet, movement, money.minor)


@transaction.atomic
def debit(  # noqa: PLR0913 - what the movement's row tells
    subscriber_id: int,
    money: Money,
    *,
    kind: str,
    key: str,
    now: datetime,
    order_id: int | None = None,
    reason: str = "",
) -> Moved:
    """Takes money out of the wallet, once for its key.

    Raises NotEnough, with nothing taken, and KeyReused as `credit` does.
    """
    _need_some(money)
    wallet = _locked(subscriber_id, money.currency)
    if wallet is None:
        raise NotEnough(0)
    movement = models.WalletMovement(
        wallet=wallet, key=key, at=now, kind=kind, order_id=order_id, reason=reason
    )
    return _move(wallet, movement, -money.minor)


@transaction.atomic
def give(
    subscriber_id: int, money: Money, *, why: str, key: str, now: datetime, reason: str = ""
) -> Moved:
    """Gives credit at the shop's cost: `why` is goodwill, referral, ... Raises KeyReused."""
    moved = credit(subscriber_id, money, kind="credit", key=key, now=now, reason=reason)
    postings = books.wallet_credited(money, why)
    bookkeeping.record("wallet_credited", f"wallet_credited:{key}", postings, now)
    return moved


def _need_some(money: Money) -> None:
    if money.minor <= 0:
        raise ValueError("an amount that moves is above zero; its direction is the function's")


def _locked(subscriber_id: int, currency: str) -> models.Wallet | None:
    """The wallet, which nobody else moves until the transaction ends."""
    wallets = models.Wallet.objects.select_for_update()
    return wallets.filter(subscriber_id=subscriber_id, currency=currency).first()


def _move(wallet: models.Wallet, movement: models.WalletMovement, amount: int) -> Moved:
    """Writes the movement and the balance that it leaves."""
    first = models.WalletMovement.objects.filter(key=movement.key).first()
    if first is not None:
        if (first.wallet_id, first.amount, first.kind) != (wallet.pk, amount, movement.kind):
            raise KeyReused(movement.key)
        return Moved(first.balance_after, repeated=True)
    if wallet.balance + amount < 0:
        raise NotEnough(wallet.balance)
    wallet.balance += amount
    wallet.save(update_fields=["balance"])
    movement.amount, movement.balance_after = amount, wallet.balance
    try:
        with transaction.atomic():
            movement.save(force_insert=True)
    except IntegrityError as error:  # another wallet was moved by this key at the same moment
        raise KeyReused(movement.key) from error
    return Moved(wallet.balance, repeated=False)


def balances(subscriber_id: int) -> Mapping[str, int]:
    """What the subscriber's wallets hold, in minor units, by currency."""
    wallets = models.Wallet.objects.filter(subscriber_id=subscriber_id).order_by("currency")
    return dict(wallets.values_list("currency", "balance"))


def movements(
    subscriber_id: int, currency: str, limit: int = 50, before: int | None = None
) -> list[Movement]:
    """At most `limit` movements, the newest first; `before` is the id where the last page ended."""
    moved = models.WalletMovement.objects.filter(
        wallet__subscriber_id=subscriber_id, wallet__currency=currency
    ).select_related("order")
    if before is not None:
        moved = moved.filter(pk__lt=before)
    return [_movement(row) for row in moved.order_by("-pk")[:limit]]


def _movement(row: models.WalletMovement) -> Movement:
    return Movement(
        id=row.pk,
        at=row.at,
        kind=row.kind,
        amount=row.amount,
        balance_after=row.balance_after,
        order=row.order.number if row.order else "",
        reason=row.reason,
    )
