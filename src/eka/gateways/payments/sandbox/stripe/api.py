"""The part of Stripe's API that there is here: paths, parameters, deeds."""

from collections.abc import Callable

from starlette.routing import Route

from eka.gateways.payments.sandbox.stripe import (
    cards,
    checkout,
    disputes,
    finding,
    intents,
    refunds,
)
from eka.gateways.payments.sandbox.stripe.books import Books, chance
from eka.gateways.payments.sandbox.stripe.door import Deed, door
from eka.gateways.payments.sandbox.stripe.forms import Form
from eka.gateways.payments.sandbox.stripe.refusals import required
from eka.gateways.sandbox.records import Document

PAGING = ("created", "limit", "starting_after")
SESSION = (
    *("adaptive_pricing", "cancel_url", "client_reference_id", "customer_creation"),
    *("customer_email", "expires_at", "line_items", "locale", "metadata", "mode"),
    *("payment_intent_data", "success_url"),
)
INTENT = (
    *("amount", "automatic_payment_methods", "confirm", "currency", "customer", "description"),
    *("metadata", "off_session", "payment_method", "return_url"),
)
REFUND = ("amount", "charge", "metadata", "payment_intent", "reason")
ENDPOINT = ("api_version", "description", "enabled_events", "metadata", "url")


def routes(books: Books, address: Callable[[], str]) -> list[Route]:
    """Everything below /v1."""

    def post(path: str, deed: Deed, known: tuple[str, ...] = ()) -> Route:
        return Route(f"/v1/{path}", door(books, deed, known), methods=["POST"])

    return [
        post("checkout/sessions", lambda f, _: checkout.create(books, f, address()), SESSION),
        post("checkout/sessions/{id}/expire", lambda _, p: checkout.expire(books, p["id"])),
        post("payment_intents", lambda f, _: intents.charge_saved(books, f), INTENT),
        post("payment_intents/{id}/cancel", lambda _, p: intents.cancel(books, p["id"])),
        post("payment_methods/{id}", lambda f, p: cards.update(books, p["id"], f), ("card",)),
        post("payment_methods/{id}/detach", lambda _, p: cards.detach(books, p["id"])),
        post("refunds", lambda f, _: refunds.create(books, f), REFUND),
        post(
            "disputes/{id}",
            lambda f, p: disputes.answer(books, p["id"], f),
            ("evidence", "submit"),
        ),
        post("disputes/{id}/close", lambda _, p: disputes.close(books, p["id"])),
        post("webhook_endpoints", lambda f, _: register(books, f), ENDPOINT),
        *_questions(books),
    ]


def register(books: Books, form: Form) -> Document:
    """`POST /v1/webhook_endpoints`: the only answer that tells the endpoint's secret."""
    kinds = form.values.get("enabled_events")
    if not isinstance(kinds, list):
        raise required("enabled_events")
    endpoint = books.make(
        "we", enabled_events=kinds, metadata=form.metadata(), status="enabled", url=form.must("url")
    )
    books.keep(endpoint)
    secret = {"secret": f"whsec_{chance(32)}"}
    books.records.put("endpoint_secret", str(endpoint["id"]), secret)
    return endpoint | secret


def _questions(books: Books) -> list[Route]:
    def get(path: str, deed: Deed, known: tuple[str, ...] = ()) -> Route:
        return Route(f"/v1/{path}", door(books, deed, known), methods=["GET"])

    def listing(path: str, kind: str, *filters: str) -> Route:
        def deed(form: Form, _: dict[str, str]) -> Document:
            found = books.newest(kind)
            if kind == "checkout.session":
                found = [checkout.aged(books, one) for one in found]
            return finding.page(found, form.values, f"/v1/{path}", filters)

        return get(path, deed, (*PAGING, *filters))

    def one(path: str, kind: str) -> Route:
        return get(f"{path}/{{id}}", lambda _, p: books.get(p["id"], kind))

    def session(_: Form, path: dict[str, str]) -> Document:
        return checkout.aged(books, books.get(path["id"], "checkout.session"))

    def search(form: Form, _: dict[str, str]) -> Document:
        found = books.newest("payment_intent")
        return finding.searched(
            found, form.must("query"), "/v1/payment_intents/search", books.seconds
        )

    return [
        listing("checkout/sessions", "checkout.session", "payment_intent", "customer"),
        get("checkout/sessions/{id}", session),
        get("payment_intents/search", search, ("query", "limit", "page")),
        one("payment_intents", "payment_intent"),
        one("charges", "charge"),
        one("payment_methods", "payment_method"),
        listing("refunds", "refund", "payment_intent", "charge"),
        one("refunds", "refund"),
        listing("disputes", "dispute", "payment_intent", "charge"),
        one("disputes", "dispute"),
        listing("balance_transactions", "balance_transaction", "type", "source"),
        listing("events", "event", "type"),
        one("events", "event"),
    ]
