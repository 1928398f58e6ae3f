"""Money that comes: what a gateway reports is judged (`eka.rules.payments`) and written down once.

A report comes as a notification, as the answer to a question, or in a list; they all end here.
"""

from datetime import datetime

import msgspec
from django.db import transaction

from eka.gateways.payments.terms import PaymentReport, SavedMethod
from eka.ledger import direct, models
from eka.ledger.seals import digest, seal
from eka.rules import books
from eka.rules.payments import Claim, Heard, Judgement, Verdict, judge
from eka.rules.units import Money
from eka.usecases import bookkeeping, outbox, promotions, stock
from eka.usecases.cases import open_case
from eka.usecases.gateways import gateway
from eka.usecases.orders import move, tell

ENDS = {"failed": "failed", "closed": "closed"}


@transaction.atomic
def take(number: str, report: PaymentReport, now: datetime) -> Verdict:
    """Takes in what a gateway says of the payment `number`; the same again changes nothing.

    A payment that is not ours is a case: the money is real, and somebody waits for something.
    """
    found = _locked(number)
    if found is None:
        return _unheard_of(number, report, now)
    order, payment = found
    _keep_method(payment, report.saved, now)
    if report.transaction and _known(payment.gateway, report):
        return "nothing"
    judged = judge(_claim(payment, order), _heard(report), now)
    _act(judged, payment, order, report, now)
    return judged.verdict


def paid(order: models.Order, now: datetime, how: str) -> None:
    """The order's money is there: its goods are to be delivered. In a transaction of the caller."""
    move(order, "paid", now, {"how": how}, paid_at=now, ended_at=None, next_due=None)
    promotions.use(order.pk)
    if how == "wallet" and order.total:
        money = Money(order.total, order.currency)
        _book(order, "order_paid_from_wallet", "", books.order_paid_from_wallet(money), now)
    outbox.put("fulfil", f"fulfil:{order.number}", now, {"order": order.number})
    # Whoever has another page of the shop open cannot pay a second time by mistake.
    for other in order.payments.filter(state__in=("beginning", "open", "approved")):
        outbox.put("close", f"close:{other.number}", now, {"payment": other.number})


def _locked(number: str) -> tuple[models.Order, models.Payment] | None:
    """The payment and its order, which is locked: who pays it, refunds it or delivers it takes
    turns, and nobody changes its payments otherwise.
    """
    known = direct.find(models.Payment, number=number)
    if known is None:
        return None
    order = direct.find(models.Order, lock=True, id=known.order_id)
    payment = direct.find(models.Payment, number=number)  # as it is now
    assert order is not None
    assert payment is not None
    payment.order = order
    return order, payment


def _claim(payment: models.Payment, order: models.Order) -> Claim:
    return Claim(
        state=payment.state,
        amount=Money(payment.amount, payment.currency),
        merchant=gateway(payment.gateway).merchant,
        order_state=order.state,
        order_total=Money(order.total, order.currency),
        order_deadline=order.deadline,
        order_paid=order.paid_at is not None,
    )


def _heard(report: PaymentReport) -> Heard:
    return Heard(
        word=report.status,
        transaction=report.transaction,
        amount=report.amount,
        merchant=report.merchant,
    )


def _known(gateway_name: str, report: PaymentReport) -> bool:
    """Whether this very money was written down before."""
    if report.status != "paid":
        return False
    return direct.exists(models.MoneyIn, gateway=gateway_name, transaction=report.transaction)


def _act(
    judged: Judgement,
    payment: models.Payment,
    order: models.Order,
    report: PaymentReport,
    now: datetime,
) -> None:
    match judged.verdict:
        case "credit" if not judged.why or _taken_up(order):
            _credit(payment, order, report, now)
        case "credit":
            _surplus(payment, order, report, "out_of_stock", now)
        case "surplus":
            _surplus(payment, order, report, judged.why, now)
        case "mismatch":
            _mismatch(payment, order, report, judged.why, now)
        case "capture":
            _change(payment, state="approved")
            outbox.put("capture", f"capture:{payment.number}", now, {"payment": payment.number})
        case "failed" | "closed":
            _end(payment, ENDS[judged.verdict], report.reason, now)
            tell(order, f"payment_{judged.verdict}", now, {"reason": report.reason})


def _taken_up(order: models.Order) -> bool:
    """Whether what an order that had expired wants can still be had: it is held again then."""
    try:
        stock.hold(order)
    except stock.OutOfStock:
        return False
    return True


def _credit(
    payment: models.Payment, order: models.Order, report: PaymentReport, now: datetime
) -> None:
    money = _write_money(payment, order, report, "credited", now)
    _end(payment, "paid", "", now)
    came = Money(money.amount, money.currency)
    posts = books.money_received(payment.gateway, came)
    _book(order, "money_received", f":{money.pk}", posts, now)
    paid(order, now, payment.gateway)
    if payment.save_method and report.saved is None:  # some tell of a kept method only when asked
        outbox.put("look", f"look:{payment.number}", now, {"payment": payment.number})


def _surplus(
    payment: models.Payment,
    order: models.Order,
    report: PaymentReport,
    why: str,
    now: datetime,
) -> None:
    money = _write_money(payment, order, report, "surplus", now)
    if payment.state != "paid":
        _end(payment, "paid", "surplus", now)
    came = Money(money.amount, money.currency)
    posts = books.surplus_received(payment.gateway, came)
    _book(order, "surplus_received", f":{money.pk}", posts, now)
    refund = models.Refund.objects.create(
        number=f"R{payment.number}s{money.pk}",
        key=f"surplus:{money.pk}",
        order=order,
        money=money,
        currency=money.currency,
        amount=money.amount,
        why="surplus",
        reason=why,
        asked_by="eka",
        asked_at=now,
    )
    models.MoneyIn.objects.filter(pk=money.pk).update(given_back=money.amount)
    asked = books.refund_asked(came, {books.SURPLUS_DUE: came.minor})
    _book(order, "refund_asked", f":{refund.number}", asked, now)
    tell(order, "surplus", now, {"amount": money.amount, "why": why})
    outbox.put("refund", f"refund:{refund.number}", now, {"refund": refund.number})


def _mismatch(
    payment: models.Payment,
    order: models.Order,
    report: PaymentReport,
    why: str,
    now: datetime,
) -> None:
    """Nobody is credited; money that is ours is kept in suspense until a person has decided."""
    facts = {
        "payment": payment.number,
        "why": why,
        "asked": {"amount": payment.amount, "currency": payment.currency},
        "reported": report.amount and msgspec.to_builtins(report.amount),
        "merchant": report.merchant,
        "transaction": report.transaction,
    }
    came = report.status == "paid" and why in ("amount", "currency")
    if came and report.amount is not None:
        money = _write_money(payment, order, report, "mismatch", now)
        posts = books.mismatch_received(payment.gateway, report.amount)
        _book(order, "mismatch_received", f":{money.pk}", posts, now)
    key = f"mismatch:{payment.gateway}:{report.transaction or payment.number}"
    open_case("payment_mismatch", key, now, facts, order.pk)
    tell(order, "payment_mismatch", now, {"why": why})
    _change(payment, next_look=None)


def _book(
    order: models.Order, event: str, which: str, posts: books.Postings, now: datetime
) -> None:
    bookkeeping.record(event, f"{event}:{order.number}{which}", posts, now, order_id=order.pk)


def _unheard_of(number: str, report: PaymentReport, now: datetime) -> Verdict:
    if report.status == "paid":
        facts = {"number": number, "transaction": report.transaction, "merchant": report.merchant}
        open_case("payment_unknown", f"unknown:{report.transaction or number}", now, facts)
    return "mismatch" if report.status == "paid" else "nothing"


def _write_money(
    payment: models.Payment,
    order: models.Order,
    report: PaymentReport,
    role: str,
    now: datetime,
) -> models.MoneyIn:
    amount = report.amount or Money(payment.amount, payment.currency)
    return direct.insert(
        models.MoneyIn(
            gateway=payment.gateway,
            transaction=report.transaction,
            payment=payment,
            order=order,
            currency=amount.currency,
            amount=amount.minor,
            role=role,
            at=report.at or now,
            heard_at=now,
            fee=report.fee.minor if report.fee else None,
        )
    )


def _keep_method(payment: models.Payment, method: SavedMethod | None, now: datetime) -> None:
    if method is None or not payment.save_method:
        return
    models.SavedMethod.objects.update_or_create(
        subscriber_id=payment.order.subscriber_id,
        gateway=payment.gateway,
        token_digest=digest(method.token),
        defaults={"payer": method.payer, "shown": method.shown, "removed_at": None},
        create_defaults={
            "token": seal(method.token),
            "payer": method.payer,
            "shown": method.shown,
            "created_at": now,
        },
    )


def _end(payment: models.Payment, state: str, reason: str, now: datetime) -> None:
    _change(payment, state=state, reason=reason, ended_at=now, next_look=None)


def _change(payment: models.Payment, **fields: object) -> None:
    for name, value in fields.items():
        setattr(payment, name, value)
    direct.change(payment, *fields)
