"""Refunds: never more than is left of a charge."""

from eka.gateways.payments.sandbox.stripe.amounts import stepped
from eka.gateways.payments.sandbox.stripe.books import Books
from eka.gateways.payments.sandbox.stripe.forms import Form
from eka.gateways.payments.sandbox.stripe.intents import notify_url
from eka.gateways.payments.sandbox.stripe.refusals import Refused, required
from eka.gateways.sandbox.records import Document


def create(books: Books, form: Form) -> Document:
    """`POST /v1/refunds`."""
    charge = _charge(books, form)
    left = int(charge["amount"]) - int(charge["amount_refunded"])
    amount = form.number("amount") if form.text("amount") else left
    _check(charge, amount, left)
    refund = books.make(
        "re",
        amount=amount,
        charge=charge["id"],
        currency=charge["currency"],
        failure_reason=None,
        metadata=form.metadata(),
        payment_intent=charge["payment_intent"],
        reason=form.text("reason") or None,
        status="succeeded",
    )
    refund["balance_transaction"] = books.move("refund", refund, -amount, 0)
    books.keep(refund)
    charge["amount_refunded"] += amount
    charge["refunded"] = amount == left
    books.keep(charge)
    where = notify_url(refund) or notify_url(charge)
    books.tell("refund.created", refund, where)
    books.tell("charge.refunded", charge, where)
    return refund


def _charge(books: Books, form: Form) -> Document:
    if id_ := form.text("charge"):
        return books.get(id_, "charge", "charge")
    if not form.text("payment_intent"):
        raise required("payment_intent")
    intent = books.get(form.text("payment_intent"), "payment_intent", "payment_intent")
    if intent["status"] != "succeeded":
        raise Refused(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
        )
    return books.get(str(intent["latest_charge"]), "charge")


def _check(charge: Document, amount: int, left: int) -> None:
    if charge["disputed"]:
        raise Refused(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            "charge_disputed",
        )
    if left == 0:
        raise Refused(
            f"Charge {charge['id']} has already been refunded.", "charge_already_refunded"
        )
    if amount < 1:
        raise Refused("Invalid positive integer", "parameter_invalid", "amount")
    if amount > left:
        raise Refused(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            "amount_too_large",
            "amount",
        )
    stepped(amount, str(charge["currency"]))
