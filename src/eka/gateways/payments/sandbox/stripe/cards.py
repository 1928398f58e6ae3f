"""Cards: kept ones, test ones, and what they are declined for."""

from eka.gateways.payments.sandbox.stripe.books import Books
from eka.gateways.payments.sandbox.stripe.forms import Form
from eka.gateways.payments.sandbox.stripe.refusals import Refused
from eka.gateways.sandbox.records import Document

Decline = tuple[str, str]  # error code, decline code

# https://docs.stripe.com/testing: methods that belong to every customer.
TEST_METHODS: dict[str, Decline | None] = {
    "pm_card_visa": None,
    "pm_card_chargeDeclined": ("card_declined", "generic_decline"),
    "pm_card_chargeDeclinedInsufficientFunds": ("card_declined", "insufficient_funds"),
    "pm_card_authenticationRequired": ("authentication_required", "authentication_required"),
}
BAD_LUCK: Decline = ("card_declined", "generic_decline")


def new_card(books: Books, customer: str | None) -> Document:
    """A Visa, kept for the customer if there is one."""
    card = {
        "brand": "visa",
        "country": "US",
        "display_brand": "visa",
        "exp_month": 12,
        "exp_year": books.now.year + 4,
        "funding": "credit",
        "last4": "4242",
        "wallet": None,
    }
    return books.make("pm", type="card", card=card, customer=customer, metadata={})


def usable(books: Books, id_: str, customer: str) -> Document:
    """The method that a customer is to be charged by."""
    if id_ in TEST_METHODS:
        return {"id": id_, "object": "payment_method", "type": "card", "card": {"exp_year": 9999}}
    method = books.get(id_, "payment_method", "payment_method")
    if method["customer"] != customer:
        raise Refused(
            f"The PaymentMethod {id_} does not belong to the Customer {customer}, or was detached."
            " It may not be used again.",
            "",
            "payment_method",
        )
    return method


def declined(books: Books, method: Document) -> Decline | None:
    """Why the method's bank will decline it, if it will."""
    if method["id"] in TEST_METHODS:
        return TEST_METHODS[method["id"]]
    if int(method["card"]["exp_year"]) < books.now.year:
        return ("expired_card", "expired_card")
    return None


def detach(books: Books, id_: str) -> Document:
    """`POST /v1/payment_methods/ID/detach`."""
    method = books.get(id_, "payment_method")
    if method["customer"] is None:
        raise Refused(
            "The payment method you provided is not attached to a customer so detachment is"
            " impossible."
        )
    method["customer"] = None
    books.keep(method)
    return method


def update(books: Books, id_: str, form: Form) -> Document:
    """`POST /v1/payment_methods/ID`: the card's new date."""
    method = books.get(id_, "payment_method")
    card = dict(method["card"])
    for part in ("exp_month", "exp_year"):
        if form.text("card", part):
            card[part] = form.number("card", part)
    method["card"] = card
    books.keep(method)
    return method
