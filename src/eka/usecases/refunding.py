"""Money that goes back is asked for here: how much, and what that takes back with it.

What goes back never exceeds what came: it is checked here, and by the database. The data that the
money had bought is taken back in the same transaction; `sending_back` is what the outbox does then.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from msgspec import Struct
from msgspec.structs import replace

from eka.ledger import models
from eka.rules import books
from eka.rules.refunds import Allowance, Refundable, refundable
from eka.rules.units import Money
from eka.usecases import bookkeeping, handing_over, outbox, wallets
from eka.usecases.cases import close_case
from eka.usecases.commands import KeyReused
from eka.usecases.orders import NoSuchOrder, locked, move, tell
from eka.usecases.sending_back import book, locked_refund
from eka.usecases.shop import the_shop
from eka.usecases.taking_back import Spent, take_all_back

STATES = ("paid", "fulfilling", "fulfilled")


class UnableToRefund(Exception):
    """A refund that cannot be; `code` says why, `most` what could go back in minor units."""

    def __init__(self, code: str, most: int = 0) -> None:
        super().__init__(code)
        self.code, self.most = code, most


@transaction.atomic
def offer(order_number: str, now: datetime) -> Refundable:
    """What the buyer may have back now by the shop's terms. Raises NoSuchOrder."""
    order = models.Order.objects.filter(number=order_number).first()
    if order is None:
        raise NoSuchOrder(order_number)
    if order.state not in STATES or order.paid_at is None:
        return Refundable(0, order.state)
    given_back = _given_back(order)
    terms = the_shop().refunds
    allowances = _allowances_of(order, now)
    most = refundable(order.total, given_back, allowances, terms, order.paid_at, now)
    return Refundable(0, "spent") if most.amount and _is_spent(order) else most


class Wanted(Struct, frozen=True, kw_only=True):
    """A refund that is asked for: `amount` minor units, None: all that may go back.

    `why` customer: no more than the shop's terms allow; staff: up to what was paid. `key` is the
    command's: the same key again is the same refund.
    """

    key: str
    why: str
    by: str
    amount: int | None = None
    reason: str = ""


@transaction.atomic
def refund(order_number: str, wanted: Wanted, now: datetime) -> str:
    """Asks for money of the order back; the refund's number.

    All of the money back ends the order and takes back all that it bought; so does all that a
    customer may have. Any other part takes back nothing. Raises NoSuchOrder, UnableToRefund,
    KeyReused.
    """
    order = locked(order_number)
    handing_over.lock_all(order.pk)
    if (first := models.Refund.objects.filter(key=wanted.key).first()) is not None:
        if first.order_id != order.pk or wanted.amount not in (None, first.amount):
            raise KeyReused(wanted.key)
        return str(first.number)
    if order.state not in STATES:
        raise UnableToRefund(order.state)
    customer = wanted.why == "customer"
    most = offer(order_number, now) if customer else Refundable(_rest(order))
    amount = most.amount if wanted.amount is None else wanted.amount
    if not 0 < amount <= most.amount:
        raise UnableToRefund(most.why or "too_much", most.amount)
    whole = amount == _rest(order) or (customer and amount == most.amount)
    return _ask(order, replace(wanted, amount=amount), now, whole=whole)


def give_back_whole(order: models.Order, why: str, reason: str, now: datetime) -> None:
    """All of the money goes back, the order is locked already; what was free just ends."""
    rest = _rest(order)
    if rest:
        key = f"{why}:{order.number}"
        wanted = Wanted(key=key, why=why, by="eka", amount=rest, reason=reason)
        _ask(order, wanted, now, whole=True)
        return
    take_all_back(order, now)
    move(order, "refund_asked", now, {"why": why, "reason": reason})
    move(order, "refunded", now)


def _ask(order: models.Order, wanted: Wanted, now: datetime, *, whole: bool) -> str:
    money = order.money.filter(role="credited").first()
    amount = wanted.amount or 0
    refund = models.Refund.objects.create(
        number=f"R{order.number}n{order.refunds.count() + 1}",
        key=wanted.key,
        order=order,
        money=money,
        currency=order.currency,
        amount=amount,
        why=wanted.why,
        whole=whole,
        reason=wanted.reason,
        asked_by=wanted.by,
        asked_at=now,
    )
    if money is not None:
        models.MoneyIn.objects.filter(pk=money.pk).update(given_back=F("given_back") + amount)
    try:
        taken = take_all_back(order, now) if whole else {}
    except Spent:
        raise UnableToRefund("spent") from None
    posts = books.refund_asked(Money(amount, order.currency), taken)
    book(refund, "refund_asked", posts, now)
    facts = {"amount": amount, "why": wanted.why, "reason": wanted.reason, "by": wanted.by}
    if whole:
        move(order, "refund_asked", now, facts)
    else:
        tell(order, "part_refund_asked", now, facts)
    outbox.put("refund", f"refund:{refund.number}", now, {"refund": refund.number})
    return str(refund.number)


@transaction.atomic
def try_again(refund_number: str, key: str, by: str, now: datetime) -> str:
    """Asks anew for a refund that failed, under a new number; that number.

    A gateway answers its old number as it did before. Raises UnableToRefund, KeyReused.
    """
    failed = locked_refund(refund_number)
    if (first := models.Refund.objects.filter(key=key).first()) is not None:
        if first.facts.get("again") != failed.number:
            raise KeyReused(key)
        return str(first.number)
    order, money = failed.order, failed.money
    if failed.state != "failed" or failed.facts.get("followed_by"):
        raise UnableToRefund(str(failed.state))
    again = models.Refund.objects.create(
        number=f"R{order.number}n{order.refunds.count() + 1}",
        key=key,
        order=order,
        money=money,
        currency=failed.currency,
        amount=failed.amount,
        why=failed.why,
        whole=failed.whole,
        reason=failed.reason,
        asked_by=by,
        asked_at=now,
        facts={"again": failed.number},
    )
    failed.facts = {**failed.facts, "followed_by": again.number}
    failed.save(update_fields=["facts"])
    if money is not None:
        models.MoneyIn.objects.filter(pk=money.pk).update(
            given_back=F("given_back") + failed.amount
        )
    posts = books.refund_asked(
        Money(failed.amount, failed.currency), {books.REFUNDS_FAILED: failed.amount}
    )
    book(again, "refund_asked", posts, now)
    close_case(f"refund_failed:{failed.number}", now, f"asked again as {again.number}")
    tell(order, "refund_asked_again", now, {"amount": again.amount, "by": by})
    outbox.put("refund", f"refund:{again.number}", now, {"refund": again.number})
    return str(again.number)


@transaction.atomic
def return_mismatch(gateway_name: str, transaction_number: str, by: str, now: datetime) -> str:
    """Sends money back that was not what was asked for, and was credited to nobody; the refund.

    Raises UnableToRefund where there is no such money, or it went back already.
    """
    waiting = models.MoneyIn.objects.select_related("order")
    money = waiting.filter(
        gateway=gateway_name, transaction=transaction_number, role="mismatch"
    ).first()
    if money is None:
        raise UnableToRefund("unknown")
    order = locked(money.order.number)
    refund, is_new = models.Refund.objects.get_or_create(
        key=f"mismatch:{money.pk}",
        defaults={
            "number": f"R{order.number}m{money.pk}",
            "order": order,
            "money": money,
            "currency": money.currency,
            "amount": money.amount,
            "why": "mismatch",
            "asked_by": by,
            "asked_at": now,
        },
    )
    if is_new:
        models.MoneyIn.objects.filter(pk=money.pk).update(given_back=money.amount)
        posts = books.refund_asked(
            Money(money.amount, money.currency), {books.SUSPENSE: money.amount}
        )
        book(refund, "refund_asked", posts, now)
        tell(order, "part_refund_asked", now, {"amount": money.amount, "why": "mismatch", "by": by})
        outbox.put("refund", f"refund:{refund.number}", now, {"refund": refund.number})
        close_case(f"mismatch:{gateway_name}:{transaction_number}", now, "sent back")
    return str(refund.number)


def _allowances_of(order: models.Order, now: datetime) -> tuple[Allowance, ...]:
    """What the order's data has earned by now."""
    lines = order.items.filter(line__isnull=False).values_list("line_id", flat=True)
    bookkeeping.release(sorted(set(lines)), now)
    figures = models.Deferral.objects.filter(order=order).values_list("value", "earned")
    return tuple(Allowance(value=value, earned=earned) for value, earned in figures)


def _is_spent(order: models.Order) -> bool:
    """Whether the wallet holds less than the order has put into it."""
    charges = order.items.filter(kind="wallet", state="done")
    held = wallets.balances(order.subscriber_id).get(order.currency, 0)
    return held < sum(int(item.terms["amount"]) for item in charges)


def _given_back(order: models.Order) -> int:
    back = order.refunds.exclude(state="failed").exclude(why__in=("surplus", "mismatch"))
    return sum(back.values_list("amount", flat=True))


def _rest(order: models.Order) -> int:
    return order.total - _given_back(order)
