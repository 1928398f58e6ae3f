"""Checkout Sessions: pages on which a payer pays."""

from typing import Any

from eka.gateways.payments.sandbox.stripe import cards, intents
from eka.gateways.payments.sandbox.stripe.amounts import charged
from eka.gateways.payments.sandbox.stripe.books import Books
from eka.gateways.payments.sandbox.stripe.forms import Form
from eka.gateways.payments.sandbox.stripe.intents import notify_url
from eka.gateways.payments.sandbox.stripe.refusals import Refused, required
from eka.gateways.sandbox.records import Document

OPEN_S_MIN, OPEN_S_MAX = 30 * 60, 24 * 60 * 60


def create(books: Books, form: Form, address: str) -> Document:
    """`POST /v1/checkout/sessions` with mode payment and one line of price_data."""
    if form.must("mode") != "payment":
        raise Refused("This sandbox has only mode=payment", "parameter_invalid", "mode")
    lines = form.values.get("line_items")
    if not isinstance(lines, list) or len(lines) != 1:
        raise required("line_items[0]")
    line = Form(lines[0], ("price_data", "quantity"))
    amount, currency = charged(line, ("price_data", "unit_amount"), ("price_data", "currency"))
    title = line.must("price_data", "product_data", "name")
    number = form.text("client_reference_id")
    session = _new_session(books, form, amount, currency)
    session["url"] = f"{address}/sandbox/pay/{number or session['id']}"
    books.keep(session)
    later = {
        "title": title,
        "metadata": form.metadata("payment_intent_data"),
        "description": form.text("payment_intent_data", "description"),
        "setup_future_usage": form.text("payment_intent_data", "setup_future_usage") or None,
    }
    books.records.put("page", str(session["id"]), later)
    return session


def expire(books: Books, id_: str) -> Document:
    """`POST /v1/checkout/sessions/ID/expire`."""
    session = aged(books, books.get(id_, "checkout.session"))
    if session["status"] != "open":
        raise Refused(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout'
            f" Session has a status of `{session['status']}`."
        )
    return _expired(books, session)


def aged(books: Books, session: Document) -> Document:
    """The session as it is now: one whose time is over expires when somebody looks."""
    if session["status"] == "open" and int(session["expires_at"]) <= books.seconds:
        return _expired(books, session)
    return session


def pay(books: Books, session: Document) -> None:
    """The payer's card is accepted, or the money of a slow method arrives."""
    slow = session["status"] == "complete"
    intent = intents.succeed(books, _with_card(books, session, intent_of(books, session)))
    _complete(books, session, intent, "paid")
    ended = "async_payment_succeeded" if slow else "completed"
    books.tell(f"checkout.session.{ended}", session, notify_url(session))


def approve(books: Books, session: Document) -> None:
    """The payer agrees to pay by a method that takes days."""
    intent = _with_card(books, session, intent_of(books, session))
    intent["status"] = "processing"
    books.keep(intent)
    books.tell("payment_intent.processing", intent, notify_url(intent))
    _complete(books, session, intent, "unpaid")
    books.tell("checkout.session.completed", session, notify_url(session))


def fail(books: Books, session: Document) -> None:
    """The payer's card is declined, and the page stays open; a slow method fails for good."""
    intent = intents.decline(books, intent_of(books, session), cards.BAD_LUCK)
    session["payment_intent"] = intent["id"]
    books.keep(session)
    if session["status"] == "complete":
        books.tell("checkout.session.async_payment_failed", session, notify_url(session))


def pay_again(books: Books, session: Document) -> None:
    """Another session of the same number is paid, with a PaymentIntent of its own."""
    twin = books.make("cs", **_same(session))
    twin |= {"status": "open", "payment_status": "unpaid", "payment_intent": None}
    books.records.put("page", str(twin["id"]), page_of(books, session))
    pay(books, twin)


def page_of(books: Books, session: Document) -> Document:
    """What a session's page shows, and what its PaymentIntent will be like."""
    return books.records.get("page", str(session["id"])) or {}


def _same(session: Document) -> dict[str, Any]:
    own = ("id", "object", "created", "livemode")
    return {key: value for key, value in session.items() if key not in own}


def _new_session(books: Books, form: Form, amount: int, currency: str) -> Document:
    until = form.number("expires_at") if form.text("expires_at") else books.seconds + OPEN_S_MAX
    if not OPEN_S_MIN <= until - books.seconds <= OPEN_S_MAX:
        raise Refused(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout"
            " Session creation.",
            "parameter_invalid",
            "expires_at",
        )
    return books.make(
        "cs",
        adaptive_pricing={"enabled": form.text("adaptive_pricing", "enabled") == "true"},
        amount_subtotal=amount,
        amount_total=amount,
        cancel_url=form.text("cancel_url"),
        client_reference_id=form.text("client_reference_id") or None,
        currency=currency,
        customer=None,
        customer_creation=form.text("customer_creation") or "if_required",
        customer_email=form.text("customer_email") or None,
        expires_at=until,
        locale=form.text("locale") or None,
        metadata=form.metadata(),
        mode="payment",
        payment_intent=None,
        payment_method_types=["card", "link"],
        payment_status="unpaid",
        status="open",
        success_url=form.must("success_url"),
        ui_mode="hosted_page",
    )


def _expired(books: Books, session: Document) -> Document:
    session |= {"status": "expired", "url": None}
    books.keep(session)
    books.tell("checkout.session.expired", session, notify_url(session))
    return session


def _complete(books: Books, session: Document, intent: Document, paid: str) -> None:
    session |= {
        "status": "complete",
        "payment_status": paid,
        "payment_intent": intent["id"],
        "customer": intent["customer"],
        "url": None,
    }
    books.keep(session)


def intent_of(books: Books, session: Document) -> Document:
    """The session's PaymentIntent; Stripe makes it when the payer first tries to pay."""
    if session["payment_intent"]:
        return books.get(str(session["payment_intent"]), "payment_intent")
    later = page_of(books, session)
    intent = intents.new_intent(
        books, int(session["amount_total"]), str(session["currency"]), dict(later["metadata"])
    )
    intent |= {
        "description": later["description"],
        "setup_future_usage": later["setup_future_usage"],
    }
    books.keep(intent)
    books.tell("payment_intent.created", intent, notify_url(intent))
    return intent


def _with_card(books: Books, session: Document, intent: Document) -> Document:
    if session["customer_creation"] == "always" and not intent["customer"]:
        email = session["customer_email"] or "payer@example.com"
        intent["customer"] = books.make("cus", email=email, metadata={})["id"]
    kept_for = intent["customer"] if intent["setup_future_usage"] else None
    intent["payment_method"] = cards.new_card(books, kept_for)["id"]
    books.keep(intent)
    return intent
