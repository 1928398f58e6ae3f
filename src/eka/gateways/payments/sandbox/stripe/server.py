"""The sandbox of Stripe, among the others."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from eka.gateways.payments.sandbox.counter import Act, Sandbox, Shown
from eka.gateways.payments.sandbox.stripe import api, checkout, disputes
from eka.gateways.payments.sandbox.stripe.books import Books, chance
from eka.gateways.payments.stripe.amounts import from_stripe
from eka.gateways.sandbox.courier import Courier, Envelope
from eka.gateways.sandbox.records import Document, Records

MINUTE, HOUR = 60, 3600


class StripeSandbox(Sandbox):
    """Stripe's API in test mode, as far as Eka uses it."""

    name = "Stripe"
    # Three days, ever less often.
    retry_after_s = (5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, *[12 * HOUR] * 4)
    acts: tuple[Act, ...] = ("pay", "fail", "pay_twice", "pay_late", "approve", "dispute")

    def __init__(self, records: Records, courier: Courier) -> None:
        super().__init__(records, courier)
        self.books = Books(records, courier)

    def routes(self) -> list[Route]:
        """Everything below /v1."""
        return api.routes(self.books, lambda: self.address)

    def settings(self) -> dict[str, str]:
        """What `StripeSettings` needs."""
        return {**self.books.keys, "api_base": self.address}

    def envelope(self, event: Document, now: datetime) -> Envelope:
        """The event, signed with the secret of the endpoint that it goes to."""
        return _letter(event["event"], self.books.secret(event["endpoint"]), now)

    def forgery(self, event: Document, now: datetime) -> Envelope:
        """The event, signed with a secret that somebody made up."""
        return _letter(event["event"], f"whsec_{chance(32)}", now)

    def accepted(self, status: int, body: bytes) -> bool:
        """Stripe looks at the status only."""
        return 200 <= status < 300

    def payments(self) -> list[Shown]:
        """Pages first, charges of kept methods after them."""
        pages: dict[str, Document] = {}
        for session in self.records.all("checkout.session"):
            pages.setdefault(_number(session), session)
        charges = [one for one in self.records.all("payment_intent") if _number(one) not in pages]
        return [self._showing(one) for one in pages.values()] + [_charge(one) for one in charges]

    def shown(self, number: str) -> Shown | None:
        """A page, or a charge of a kept method."""
        if session := self._session(number):
            return self._showing(session)
        intent = self._intent(number)
        return _charge(intent) if intent else None

    def act(self, number: str, act: Act) -> None:
        """What the payer does on the page; only `dispute` can befall a charge without one."""
        session = self._session(number)
        if act == "dispute":
            paid = self._intent(number)
            if paid and paid["status"] == "succeeded":
                disputes.begin(self.books, self.books.get(str(paid["latest_charge"]), "charge"))
        elif session:
            ACTS[act](self.books, checkout.aged(self.books, session))

    def out_of_order(self, status: int) -> Response:
        """As Stripe's servers say it; after a 500 they ask not to try again at once."""
        error = {"type": "api_error", "message": "An error occurred. Please try again later."}
        headers = {"Stripe-Should-Retry": "false"} if status == 500 else {}
        return JSONResponse({"error": error}, status, headers=headers)

    def _session(self, number: str) -> Document | None:
        """The first of the number: a second one was paid by mistake."""
        found = self.records.all("checkout.session")
        return next((one for one in found if _number(one) == number), None)

    def _intent(self, number: str) -> Document | None:
        found = self.records.all("payment_intent")
        return next((one for one in found if _number(one) == number), None)

    def _showing(self, session: Document) -> Shown:
        paid = session["payment_status"] == "paid"
        waiting = session["status"] == "complete" and not paid
        return Shown(
            number=_number(session),
            state="paid" if paid else "processing" if waiting else session["status"],
            amount=from_stripe(session["amount_total"], session["currency"]),
            title=checkout.page_of(self.books, session).get("title", ""),
            back=session["success_url"],
            cancel=session["cancel_url"],
        )


def _pay(books: Books, session: Document) -> None:
    if _payable(books, session):
        checkout.pay(books, session)


def _fail(books: Books, session: Document) -> None:
    if _payable(books, session):
        checkout.fail(books, session)


def _pay_twice(books: Books, session: Document) -> None:
    _pay(books, session)
    if session["payment_status"] == "paid":
        checkout.pay_again(books, session)


def _pay_late(books: Books, session: Document) -> None:
    """The page closes while the card is asked, and the bank's yes comes after that."""
    if session["status"] == "open":
        session = checkout.expire(books, str(session["id"]))
    if session["status"] == "expired" or _payable(books, session):
        checkout.pay(books, session)


def _approve(books: Books, session: Document) -> None:
    if session["status"] == "open":
        checkout.approve(books, session)


def _payable(books: Books, session: Document) -> bool:
    """An open page, or a complete one whose slow method is still under way."""
    if session["status"] == "complete":
        return bool(checkout.intent_of(books, session)["status"] == "processing")
    return str(session["status"]) == "open"


ACTS: dict[Act, Callable[[Books, Document], None]] = {
    "pay": _pay,
    "fail": _fail,
    "pay_twice": _pay_twice,
    "pay_late": _pay_late,
    "approve": _approve,
}


def _number(document: Document) -> str:
    return str(document.get("client_reference_id") or document["metadata"].get("number", ""))


def _charge(intent: Document) -> Shown:
    states = {"succeeded": "paid", "requires_payment_method": "failed"}
    return Shown(
        number=_number(intent),
        state=states.get(str(intent["status"]), str(intent["status"])),
        amount=from_stripe(intent["amount"], intent["currency"]),
        title=intent["description"] or "",
    )


def _letter(event: Document, secret: str, now: datetime) -> Envelope:
    body = json.dumps(event, indent=2).encode()
    sent = int(now.timestamp())
    signed = hmac.new(secret.encode(), f"{sent}.".encode() + body, hashlib.sha256).hexdigest()
    return Envelope(
        {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            # Test mode has a signature of an old scheme, which must not be looked at.
            "Stripe-Signature": f"t={sent},v1={signed},v0={hashlib.sha256(body).hexdigest()}",
        },
        body,
    )
