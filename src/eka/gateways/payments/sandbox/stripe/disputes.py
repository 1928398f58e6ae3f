"""Disputes. As in Stripe's test mode, the evidence says how they end."""

from eka.gateways.payments.sandbox.stripe.books import Books
from eka.gateways.payments.sandbox.stripe.forms import Form
from eka.gateways.payments.sandbox.stripe.intents import notify_url
from eka.gateways.payments.sandbox.stripe.refusals import Refused
from eka.gateways.sandbox.records import Document

FEE = 1500
RESPOND_S = 7 * 24 * 60 * 60
ENDS = {"winning_evidence": "won", "losing_evidence": "lost"}  # https://docs.stripe.com/testing


def begin(books: Books, charge: Document) -> None:
    """The payer's bank takes the money back until the dispute ends."""
    left = int(charge["amount"]) - int(charge["amount_refunded"])
    if charge["disputed"] or not left:
        return
    charge["disputed"] = True
    books.keep(charge)
    dispute = books.make(
        "dp",
        amount=left,
        balance_transactions=[],
        charge=charge["id"],
        currency=charge["currency"],
        evidence_details={"due_by": books.seconds + RESPOND_S, "has_evidence": False},
        metadata={},
        payment_intent=charge["payment_intent"],
        reason="fraudulent",
        status="needs_response",
    )
    books.move("adjustment", dispute, -left, FEE)
    where = notify_url(charge)
    books.tell("charge.dispute.created", dispute, where)
    books.tell("charge.dispute.funds_withdrawn", dispute, where)


def answer(books: Books, id_: str, form: Form) -> Document:
    """`POST /v1/disputes/ID` with evidence and `submit`."""
    dispute = _open(books, id_)
    text = form.text("evidence", "uncategorized_text")
    where = notify_url(books.get(str(dispute["charge"]), "charge"))
    dispute["status"] = "under_review"
    books.keep(dispute)
    books.tell("charge.dispute.updated", dispute, where)
    return _end(books, dispute, ENDS[text]) if text in ENDS else dispute


def close(books: Books, id_: str) -> Document:
    """`POST /v1/disputes/ID/close`: the seller gives in."""
    return _end(books, _open(books, id_), "lost")


def _open(books: Books, id_: str) -> Document:
    dispute = books.get(id_, "dispute")
    if dispute["status"] not in ("needs_response", "under_review"):
        raise Refused("This dispute is already closed")
    return dispute


def _end(books: Books, dispute: Document, status: str) -> Document:
    dispute["status"] = status
    books.keep(dispute)
    where = notify_url(books.get(str(dispute["charge"]), "charge"))
    if status == "won":
        books.move("adjustment", dispute, int(dispute["amount"]), -FEE)
        books.tell("charge.dispute.funds_reinstated", dispute, where)
    books.tell("charge.dispute.closed", dispute, where)
    return dispute
