"""From a quote to money: the buyer chooses how to pay, and the gateway is asked for a payment.

What needs the gateway's answer is three steps: what is wanted is written down, then the gateway is
asked outside any transaction, then its answer is written down. A process that dies in between
leaves a payment `beginning`; asking again with its number gets the same answer.
"""

from datetime import datetime, timedelta

from django.db import transaction
from msgspec import Struct

from eka.gateways.payments.terms import (
    Asked,
    GatewayRefused,
    PaymentAsk,
    PaymentGateway,
    PaymentReport,
    SavedMethod,
    Way,
)
from eka.ledger import direct, models
from eka.ledger.seals import unseal
from eka.rules.orders import WAITING
from eka.rules.patience import next_look
from eka.rules.units import Money
from eka.usecases import outbox, pins, promotions, stock, taking, wallets
from eka.usecases.addresses import notify_url
from eka.usecases.gateways import gateway, takes
from eka.usecases.numbers import new_number
from eka.usecases.orders import NoSuchOrder, locked, move, tell

# A gateway's page must live for a while: an order that is nearly over waits a little longer.
WINDOW_MIN = timedelta(minutes=31)


class UnableToPay(Exception):
    """A payment that cannot be begun; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Paying(Struct, frozen=True, kw_only=True):
    """How the buyer wants to pay, and where the gateway sends them and its news."""

    gateway: str
    way: Way
    return_url: str
    cancel_url: str
    notify_url: str
    title: str
    payer_ip: str = "127.0.0.1"
    openid: str = ""
    save: bool = False


class Begun(Struct, frozen=True, kw_only=True):
    """A payment that waits for its payer."""

    number: str
    asked: Asked
    expires_at: datetime


def begin(order_number: str, paying: Paying, now: datetime) -> Begun:
    """Begins a payment of the order, or gives the one that is open by the same way.

    Raises UnableToPay, NoSuchOrder, NoSuchGateway, PromotionGone, GatewayRefused, and
    GatewayUnavailable, after which the same call may be made again.
    """
    opened = gateway(paying.gateway)
    payment = _write_down(order_number, opened, paying, now)
    if payment.state == "open":
        return _begun(payment)
    try:
        asked = opened.begin(_ask(payment, paying))
    except GatewayRefused as refusal:
        _note_refusal(payment.number, refusal.code, now)
        raise
    payment = _note_answer(payment.number, asked, now)
    if payment.state == "closed":
        raise UnableToPay(models.Order.objects.get(pk=payment.order_id).state)
    return _begun(payment)


@transaction.atomic
def _write_down(
    order_number: str, opened: PaymentGateway, paying: Paying, now: datetime
) -> models.Payment:
    order = place(order_number, now)
    amount = Money(order.total, order.currency)
    if order.state not in WAITING:
        raise UnableToPay(order.state)
    if not order.total or not takes(opened, amount) or paying.way not in opened.ways:
        raise UnableToPay("not_this_way")
    same = models.Payment.objects.filter(
        order=order, gateway=opened.name, way=paying.way, state__in=("beginning", "open")
    )
    if (waiting := same.filter(expires_at__gt=now).first()) is not None:
        return waiting
    if order.deadline < now + WINDOW_MIN:
        order.deadline = order.next_due = now + WINDOW_MIN
        order.save(update_fields=["deadline", "next_due"])
    tell(order, "payment_begun", now, {"gateway": opened.name, "way": paying.way})
    return direct.insert(
        models.Payment(
            number=new_number("P"),
            order=order,
            gateway=opened.name,
            way=paying.way,
            currency=order.currency,
            amount=order.total,
            save_method=paying.save and opened.saves,
            begun_at=now,
            expires_at=order.deadline,
            next_look=next_look(0, now, order.deadline),
        )
    )


def place(order_number: str, now: datetime) -> models.Order:
    """Locks the order, and takes it from quote to purchase: promotions and stock are held.

    In a transaction of the caller. Raises NoSuchOrder, PromotionGone, OutOfStock, and UnableToPay
    where its deadline has passed, whether or not a job has noticed.
    """
    order = locked(order_number)
    if order.state in WAITING and order.deadline <= now:
        raise UnableToPay("expired")
    if order.state != "quoted":
        return order
    promotions.hold(order, now)
    stock.hold(order)
    move(order, "placed", now)
    return order


def _ask(payment: models.Payment, paying: Paying) -> PaymentAsk:
    return PaymentAsk(
        number=payment.number,
        amount=Money(payment.amount, payment.currency),
        title=paying.title,
        way=paying.way,
        expires_at=payment.expires_at,
        return_url=paying.return_url,
        cancel_url=paying.cancel_url,
        notify_url=paying.notify_url,
        language=payment.order.language,
        payer_ip=paying.payer_ip,
        payer_email=payment.order.email,
        openid=paying.openid,
        save=payment.save_method,
    )


@transaction.atomic
def _note_answer(number: str, asked: Asked, now: datetime) -> models.Payment:
    payment = direct.find(models.Payment, lock=True, number=number)
    assert payment is not None
    payment.reference, payment.url, payment.qr = asked.reference, asked.url, asked.qr
    payment.fields = asked.fields
    if payment.state == "beginning":  # a notification may have been quicker than the answer
        payment.state = "open"
    if payment.state == "closed":  # or the order was given up meanwhile: nobody shall pay it
        outbox.put("close", f"close:{number}:again", now, {"payment": number})
    direct.change(payment, "reference", "url", "qr", "fields", "state")
    return payment


@transaction.atomic
def _note_refusal(number: str, code: str, now: datetime) -> None:
    refused = models.Payment.objects.filter(number=number, state="beginning")
    refused.update(state="failed", reason=code, ended_at=now, next_look=None)


def _begun(payment: models.Payment) -> Begun:
    asked = Asked(
        reference=payment.reference, url=payment.url, qr=payment.qr, fields=payment.fields
    )
    return Begun(number=payment.number, asked=asked, expires_at=payment.expires_at)


@transaction.atomic
def pay_nothing(order_number: str, now: datetime) -> None:
    """Takes an order whose total is nothing as paid. Raises NoSuchOrder, UnableToPay."""
    order = place(order_number, now)
    if order.total:
        raise UnableToPay("not_free")
    if order.state in WAITING:
        taking.paid(order, now, "free")


def pay_from_wallet(order_number: str, now: datetime, *, pin: str | None) -> None:
    """Pays the order from its buyer's wallet; doing it again changes nothing.

    `pin` None: the buyer's recorded consent stands for it (an automatic renewal). Raises
    NoSuchOrder, UnableToPay, PinRefused, NotEnough.
    """
    if pin is not None:
        order = models.Order.objects.filter(number=order_number).first()
        if order is None:
            raise NoSuchOrder(order_number)
        pins.verify(order.subscriber_id, pin, now)
    _spend(order_number, now)


@transaction.atomic
def _spend(order_number: str, now: datetime) -> None:
    order = place(order_number, now)
    if order.paid_at is not None:
        return
    if order.state not in WAITING:
        raise UnableToPay(order.state)
    if order.items.filter(kind="wallet").exists():
        raise UnableToPay("wallet_from_wallet")
    if order.total:
        wallets.debit(
            order.subscriber_id,
            Money(order.total, order.currency),
            kind="spend",
            key=f"order:{order.number}",
            now=now,
            order_id=order.pk,
        )
    taking.paid(order, now, "wallet")


class ChargeOutcome(Struct, frozen=True):
    """What became of a charge without the payer: paid, failed or pending, and why."""

    state: str
    reason: str = ""


def charge_saved(order_number: str, saved_method_id: int, now: datetime) -> ChargeOutcome:
    """Charges the order to a method that its buyer saved; doing it again gets the same outcome.

    Raises NoSuchOrder, UnableToPay, NoSuchGateway, GatewayRefused, GatewayUnavailable.
    """
    method = models.SavedMethod.objects.get(pk=saved_method_id)
    opened = gateway(method.gateway)
    payment = _write_down_charge(order_number, opened, method, now)
    if payment is None:
        return ChargeOutcome("paid")
    if payment.state in ("failed", "closed"):
        return ChargeOutcome("failed", payment.reason)
    ask = PaymentAsk(
        number=payment.number,
        amount=Money(payment.amount, payment.currency),
        title=order_number,
        way="page",
        expires_at=payment.expires_at,
        return_url="",
        cancel_url="",
        notify_url=notify_url(opened.name),
        language=payment.order.language,
        payer_email=payment.order.email,
    )
    try:
        report = opened.charge(ask, SavedMethod(token=unseal(method.token), payer=method.payer))
    except GatewayRefused as refusal:
        # It may refuse because it did it before: then its answer had been lost.
        report = opened.look(payment.number, payment.reference)
        if report.status not in ("paid", "pending"):
            report = PaymentReport(number=payment.number, status="failed", reason=refusal.code)
    taking.take(payment.number, report, now)
    state = models.Payment.objects.get(number=payment.number)
    return ChargeOutcome(
        {"paid": "paid", "failed": "failed"}.get(state.state, "pending"), state.reason
    )


@transaction.atomic
def _write_down_charge(
    order_number: str, opened: PaymentGateway, method: models.SavedMethod, now: datetime
) -> models.Payment | None:
    order = locked(order_number)
    if order.paid_at is not None:
        return None
    if order.state not in WAITING or method.subscriber_id != order.subscriber_id:
        raise UnableToPay(order.state)
    if method.removed_at is not None or not opened.saves:
        raise UnableToPay("no_such_method")
    before = models.Payment.objects.filter(order=order, method=method).order_by("-pk").first()
    if before is not None:  # what was begun in time is brought to its end after the deadline too
        return before
    order = place(order_number, now)
    return models.Payment.objects.create(
        number=new_number("P"),
        order=order,
        gateway=opened.name,
        way="saved",
        currency=order.currency,
        amount=order.total,
        method=method,
        begun_at=now,
        expires_at=order.deadline,
        next_look=next_look(0, now, order.deadline),
    )
