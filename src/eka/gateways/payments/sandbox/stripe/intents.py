"""PaymentIntents: what is to be paid, and what becomes of it."""

from eka.gateways.payments.sandbox.stripe import cards
from eka.gateways.payments.sandbox.stripe.amounts import charged
from eka.gateways.payments.sandbox.stripe.books import Books, chance, fee
from eka.gateways.payments.sandbox.stripe.cards import Decline
from eka.gateways.payments.sandbox.stripe.forms import Form
from eka.gateways.payments.sandbox.stripe.refusals import Refused, required
from eka.gateways.sandbox.records import Document

MESSAGES = {
    "authentication_required": "Your card was declined. This transaction requires authentication.",
    "expired_card": "Your card has expired.",
}
CANCELABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


def charge_saved(books: Books, form: Form) -> Document:
    """`POST /v1/payment_intents` with `confirm` and `off_session`: charges a kept method.

    Raises Refused with status 402 where the bank declines it; the intent is kept then, too.
    """
    if form.text("confirm") != "true" or form.text("off_session") != "true":
        raise required("confirm and off_session, which is all that this sandbox does")
    amount, currency = charged(form, ("amount",), ("currency",))
    customer = form.must("customer")
    method = cards.usable(books, form.must("payment_method"), customer)
    intent = new_intent(books, amount, currency, form.metadata())
    intent |= {
        "customer": customer,
        "payment_method": method["id"],
        "description": form.text("description"),
    }
    books.keep(intent)
    if why := cards.declined(books, method):
        raise _refusal(decline(books, intent, why), why)
    return succeed(books, intent)


def new_intent(books: Books, amount: int, currency: str, metadata: dict[str, str]) -> Document:
    """An intent that nobody tried to pay yet."""
    return books.make(
        "pi",
        amount=amount,
        amount_received=0,
        capture_method="automatic_async",
        client_secret=None,
        currency=currency,
        customer=None,
        description=None,
        last_payment_error=None,
        latest_charge=None,
        metadata=metadata,
        payment_method=None,
        payment_method_types=["card", "link"],
        setup_future_usage=None,
        status="requires_payment_method",
    )


def succeed(books: Books, intent: Document) -> Document:
    """The intent's method pays."""
    charge = _new_charge(books, intent, "succeeded")
    fee_of = fee(int(intent["amount"]), str(intent["currency"]))
    charge["balance_transaction"] = books.move("charge", charge, int(intent["amount"]), fee_of)
    books.keep(charge)
    intent |= {
        "status": "succeeded",
        "amount_received": intent["amount"],
        "latest_charge": charge["id"],
        "last_payment_error": None,
    }
    books.keep(intent)
    books.tell("charge.succeeded", charge, notify_url(intent))
    books.tell("payment_intent.succeeded", intent, notify_url(intent))
    return intent


def decline(books: Books, intent: Document, why: Decline) -> Document:
    """The intent's method is declined."""
    charge = _new_charge(books, intent, "failed")
    charge |= {"failure_code": why[0], "failure_message": _message(why)}
    books.keep(charge)
    intent |= {
        "status": "requires_payment_method",
        "latest_charge": charge["id"],
        "last_payment_error": {
            "charge": charge["id"],
            "code": why[0],
            "decline_code": why[1],
            "message": _message(why),
            "type": "card_error",
        },
        "payment_method": None,
    }
    books.keep(intent)
    books.tell("charge.failed", charge, notify_url(intent))
    books.tell("payment_intent.payment_failed", intent, notify_url(intent))
    return intent


def cancel(books: Books, id_: str) -> Document:
    """`POST /v1/payment_intents/ID/cancel`."""
    intent = books.get(id_, "payment_intent")
    paged = any(one["payment_intent"] == id_ for one in books.newest("checkout.session"))
    if paged or intent["status"] not in CANCELABLE:
        raise Refused(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']},"
            " or because a Checkout Session made it.",
            "payment_intent_unexpected_state",
        )
    intent |= {"status": "canceled", "canceled_at": books.seconds}
    books.keep(intent)
    books.tell("payment_intent.canceled", intent, notify_url(intent))
    return intent


def notify_url(about: Document) -> str:
    """Where the events of an object go."""
    return str((about["metadata"] or {}).get("notify_url", ""))


def _new_charge(books: Books, intent: Document, status: str) -> Document:
    return books.make(
        "ch",
        amount=intent["amount"],
        amount_captured=intent["amount"] if status == "succeeded" else 0,
        amount_refunded=0,
        balance_transaction=None,
        captured=status == "succeeded",
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        disputed=False,
        failure_code=None,
        failure_message=None,
        metadata=dict(intent["metadata"]),
        paid=status == "succeeded",
        payment_intent=intent["id"],
        payment_method=intent["payment_method"],
        payment_method_details={"type": "card", "card": {"brand": "visa", "last4": "4242"}},
        receipt_url=None,
        refunded=False,
        status=status,
    )


def _message(why: Decline) -> str:
    return MESSAGES.get(why[0], "Your card was declined.")


def _refusal(intent: Document, why: Decline) -> Refused:
    refused = Refused(_message(why), why[0], status=402)
    refused.more = {
        "charge": intent["latest_charge"],
        "decline_code": why[1],
        "payment_intent": intent,
        "request_log_url": f"https://dashboard.stripe.com/test/logs/req_{chance(14)}",
    }
    return refused
