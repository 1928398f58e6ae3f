"""Money that goes back: asked for here, sent by the outbox, confirmed by the gateway.

What goes back never exceeds what came: it is checked here, and by the database. The data that the
money had bought is taken back in the same transaction.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from msgspec import Struct
from msgspec.structs import replace

from eka.gateways.payments.terms import GatewayRefused, RefundAsk, RefundReport
from eka.ledger import history, models
from eka.rules import books
from eka.rules.lines import Unable
from eka.rules.orders import can
from eka.rules.refunds import Allowance, Refundable, refundable
from eka.rules.requests import Change, Command, Withdraw
from eka.rules.units import Money
from eka.usecases import bookkeeping, outbox, promotions, stock, wallets
from eka.usecases.bookkeeping import TakenBack
from eka.usecases.cases import close_case, open_case
from eka.usecases.commands import KeyReused, carry_out
from eka.usecases.gateways import gateway
from eka.usecases.orders import NoSuchOrder, locked, message, move, tell
from eka.usecases.shop import the_shop

LOOK_AGAIN = timedelta(hours=1)  # a refund on its way is asked about, should no notice come

BOUGHT = ("plan", "topup", "bonus")  # why entries grant what an order buys
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
    taken = take_all_back(order, now) if whole else {}
    posts = books.refund_asked(Money(amount, order.currency), taken)
    _book(refund, "refund_asked", posts, now)
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
    failed = _locked(refund_number)
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
    _book(again, "refund_asked", posts, now)
    close_case(f"refund_failed:{failed.number}", now, f"asked again as {again.number}")
    tell(order, "refund_asked_again", now, {"amount": again.amount, "by": by})
    outbox.put("refund", f"refund:{again.number}", now, {"refund": again.number})
    return str(again.number)


def take_all_back(
    order: models.Order, now: datetime, *, what_is_there: bool = False
) -> dict[str, int]:
    """Takes back all that the order gave; what each liability gives up, by account.

    Money in a wallet that was spent since cannot be: then UnableToRefund is raised, unless
    `what_is_there` is enough.
    """
    promotions.release(order.pk)
    if order.fulfilled_at is None:
        stock.give_back(order)
        taken = {books.PREPAYMENTS: bookkeeping.owed(order.pk, books.PREPAYMENTS, order.currency)}
    else:
        taken = {books.DEFERRED: 0, books.WALLETS: 0}
        for item in order.items.filter(state="done").order_by("position"):
            if item.kind == "wallet":
                amount = _take_from_wallet(order, item, now, what_is_there=what_is_there)
                taken[books.WALLETS] += amount
            else:
                taken[books.DEFERRED] += sum(part.taken for part in _take_data(order, item, now))
            item.state = "returned"
            item.save(update_fields=["state"])
    return {account: amount for account, amount in taken.items() if amount}


def _take_data(order: models.Order, item: models.OrderItem, now: datetime) -> list[TakenBack]:
    """Takes back what is left of the item's data; a line that was bought with it is closed."""
    taken = bookkeeping.take_back(order.pk, item.position, now)
    if item.line_id is None:
        return taken
    back: Command = Withdraw(tuple(sorted(buckets_of(item))), item.done_at)
    if item.kind == "new_line":
        back = Change("cancel")
    try:
        carry_out(item.line_id, back, now=now, key=f"withdraw:{order.number}:{item.position}")
    except Unable as refusal:
        facts = {"order": order.number, "position": item.position, "why": refusal.code}
        open_case("not_withdrawn", f"not_withdrawn:{order.number}", now, facts, order.pk)
    return taken


def buckets_of(item: models.OrderItem) -> set[int]:
    """The buckets that hold what the item's fulfilment granted, and what of it was carried on.

    What was queued by it was granted later, when its period began.
    """
    if item.first_entry is None or item.last_entry is None or item.line_id is None:
        return set()
    own = (item.first_entry, item.last_entry)
    granted = history.entries(item.line_id, numbers=own, codes=["granted"])
    found = {entry.bucket or 0 for entry in granted if entry.reason in BOUGHT}
    begun = models.Period.objects.filter(line_id=item.line_id, paid_at=item.done_at)  # type: ignore[misc]
    later = models.Bucket.objects.filter(
        line_id=item.line_id, kind="plan", period__in=begun.values("number")
    )
    found |= set(later.values_list("number", flat=True))
    after_it = (item.first_entry, history.LAST)
    for entry in history.entries(item.line_id, numbers=after_it, codes=["carried"]):
        if entry.bucket in found:
            found.add(entry.into or 0)
    return found


def _take_from_wallet(
    order: models.Order, item: models.OrderItem, now: datetime, *, what_is_there: bool
) -> int:
    amount = int(item.terms["amount"])
    held = wallets.balances(order.subscriber_id).get(order.currency, 0)
    if held < amount and not what_is_there:
        raise UnableToRefund("spent")
    amount = min(amount, held)
    if amount:
        wallets.debit(
            order.subscriber_id,
            Money(amount, order.currency),
            kind="refund",
            key=f"uncharge:{order.number}:{item.position}",
            now=now,
            order_id=order.pk,
        )
    return amount


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
    back = order.refunds.exclude(state="failed").exclude(why="surplus")
    return sum(back.values_list("amount", flat=True))


def _rest(order: models.Order) -> int:
    return order.total - _given_back(order)


def _book(refund: models.Refund, event: str, posts: books.Postings, now: datetime) -> None:
    key = f"{event}:{refund.number}"
    bookkeeping.record(event, key, posts, now, order_id=refund.order_id)


# ---------------------------------------------------------------------------------- sending it


def send(refund_number: str, notify_url: str, now: datetime) -> None:
    """Sends the money back through the gateway that took it, or into the wallet that paid.

    Its number makes it safe to send it again. Raises GatewayUnavailable, to be tried again.
    """
    refund = models.Refund.objects.select_related("money__payment", "order").get(
        number=refund_number
    )
    if refund.state not in ("asked", "pending"):
        return
    if refund.money is None:
        _to_wallet(refund_number, now)
        return
    opened = gateway(refund.money.gateway)
    ask = _refund_ask(refund, notify_url)
    try:
        report = (
            opened.refund(ask)
            if refund.state == "asked"
            else opened.look_refund(ask, refund.reference)
        )
    except GatewayRefused as refusal:
        _fail(refund_number, refusal.code, now)
        return
    _take(refund_number, report, now)


def _refund_ask(refund: models.Refund, notify_url: str) -> RefundAsk:
    money = refund.money
    assert money is not None
    return RefundAsk(
        number=refund.number,
        payment_number=money.payment.number,
        transaction=money.transaction,
        amount=Money(refund.amount, refund.currency),
        paid=Money(money.amount, money.currency),
        notify_url=notify_url,
        reference=money.payment.reference,
        reason=refund.why,
    )


def take(gateway_name: str, report: RefundReport, now: datetime) -> str:
    """Takes in what a gateway says of a refund, in a notification. An unknown one is a case."""
    refund = _find(gateway_name, report)
    if refund is None:
        facts = {"gateway": gateway_name, "number": report.number, "reference": report.reference}
        if report.status == "done":
            key = f"refund_unknown:{gateway_name}:{report.reference or report.number}"
            open_case("refund_unknown", key, now, facts)
        return "unknown"
    return _take(refund.number, report, now)


def _find(gateway_name: str, report: RefundReport) -> models.Refund | None:
    ours = models.Refund.objects.filter(money__gateway=gateway_name)
    if report.number:
        return ours.filter(number=report.number).first()
    return ours.filter(reference=report.reference).first() if report.reference else None


@transaction.atomic
def _take(refund_number: str, report: RefundReport, now: datetime) -> str:
    refund = _locked(refund_number)
    if refund.state == "done" and report.status == "failed":
        facts = {"refund": refund.number, "amount": refund.amount, "why": report.reason}
        open_case(
            "refund_returned", f"refund_returned:{refund.number}", now, facts, refund.order_id
        )
        return "returned"
    if refund.state in ("done", "failed"):
        return "nothing"
    if report.amount is not None and report.amount != Money(refund.amount, refund.currency):
        facts = {"refund": refund.number, "asked": refund.amount, "told": report.amount.minor}
        open_case("refund_mismatch", f"refund:{refund.number}", now, facts, refund.order_id)
        return "mismatch"
    refund.reference = report.reference or refund.reference
    if report.status == "done":
        _finish(refund, now)
    elif report.status == "failed":
        _fail_locked(refund, report.reason, now)
    else:
        refund.state = "pending"
        refund.save(update_fields=["state", "reference"])
        look_at = f"refund:{refund.number}:look:{now.isoformat()}"
        outbox.put("refund", look_at, now, {"refund": refund.number}, due=now + LOOK_AGAIN)
    return report.status


@transaction.atomic
def _to_wallet(refund_number: str, now: datetime) -> None:
    refund = _locked(refund_number)
    if refund.state != "asked":
        return
    amount = Money(refund.amount, refund.currency)
    wallets.credit(
        refund.order.subscriber_id,
        amount,
        kind="refund",
        key=f"refund:{refund.number}",
        now=now,
        order_id=refund.order_id,
    )
    _book(refund, "refund_to_wallet", books.refund_to_wallet(amount), now)
    _done(refund, now)


def _finish(refund: models.Refund, now: datetime) -> None:
    money = refund.money
    assert money is not None
    amount = Money(refund.amount, refund.currency)
    _book(refund, "refund_done", books.refund_done(money.gateway, amount), now)
    _done(refund, now)


def _done(refund: models.Refund, now: datetime) -> None:
    refund.state, refund.done_at = "done", now
    refund.save(update_fields=["state", "done_at", "reference"])
    order = refund.order
    if refund.whole and can(order.state, "refunded"):
        move(order, "refunded", now, {"amount": refund.amount})
    else:
        tell(order, "part_refunded", now, {"amount": refund.amount})
    close_case(f"refund_failed:{refund.number}", now, "sent after all")
    message(order, "refunded", refund.number, now, {"amount": refund.amount})


@transaction.atomic
def _fail(refund_number: str, why: str, now: datetime) -> None:
    refund = _locked(refund_number)
    if refund.state in ("asked", "pending"):
        _fail_locked(refund, why, now)


def _fail_locked(refund: models.Refund, why: str, now: datetime) -> None:
    """The gateway will not: the money stays owed, and a person has to send it another way."""
    refund.state, refund.facts = "failed", {"why": why}
    refund.save(update_fields=["state", "facts", "reference"])
    _book(refund, "refund_failed", books.refund_failed(Money(refund.amount, refund.currency)), now)
    if refund.money_id is not None:
        money = models.MoneyIn.objects.filter(pk=refund.money_id)
        money.update(given_back=F("given_back") - refund.amount)
    tell(refund.order, "refund_failed", now, {"why": why, "amount": refund.amount})
    facts = {"refund": refund.number, "why": why}
    open_case("refund_failed", f"refund_failed:{refund.number}", now, facts, refund.order_id)


def _locked(refund_number: str) -> models.Refund:
    """The refund with its order, locked in the order in which everybody locks them."""
    found = models.Refund.objects.get(number=refund_number)
    order = models.Order.objects.select_for_update().get(pk=found.order_id)
    refund = models.Refund.objects.select_for_update().get(pk=found.pk)
    refund.order = order
    return refund
