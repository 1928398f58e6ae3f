"""PayPal as a payment gateway.

A payment is an order of one unit whose custom_id is our number and whose reference is PayPal's id
of the order. The payer approves it on PayPal's page; money moves when it is captured, never by
itself. PayPal keeps the keys of requests for some hours: a number that is begun again later gives a
second order, of which only one can be captured, since PayPal refuses a second capture for an
invoice (DUPLICATE_INVOICE_ID: it says that the money is there, not that it was declined).
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

import msgspec

from eka.gateways.payments.paypal.amounts import CURRENCIES, amount_of
from eka.gateways.payments.paypal.api import Api
from eka.gateways.payments.paypal.authenticity import Authenticity
from eka.gateways.payments.paypal.certificates import Allowance, Certificates
from eka.gateways.payments.paypal.listing import Listing
from eka.gateways.payments.paypal.notices import notice_of
from eka.gateways.payments.paypal.reports import REFUND_MARK, payment_of_order, refund_of
from eka.gateways.payments.paypal.settings import PayPalSettings
from eka.gateways.payments.paypal.shapes import Capture, Order, Payments, Refund
from eka.gateways.payments.paypal.webhooks import Webhooks
from eka.gateways.payments.terms import (
    Asked,
    GatewayName,
    GatewayRefused,
    Notice,
    PaymentAsk,
    PaymentReport,
    RefundAsk,
    RefundReport,
    Reply,
    SavedMethod,
    Transaction,
    Way,
)
from eka.rules.units import BadValue

ORDERS = "/v2/checkout/orders"
CAPTURES = "/v2/payments/captures"
REFUNDS = "/v2/payments/refunds"
VAULT = "/v3/vault/payment-tokens"

LOCALES = {"en": "en-US", "zh": "zh-CN", "zh-hans": "zh-CN", "zh-hant": "zh-TW"}
DESCRIPTION_MAX = 127
NOTE_MAX = 255

NOT_THERE = ("INVALID_RESOURCE_ID", "RESOURCE_NOT_FOUND", "HTTP_404")
NOTHING_TO_CAPTURE = ("ORDER_ALREADY_CAPTURED", "ORDER_NOT_APPROVED", *NOT_THERE)

# The payer cannot pay so: the payment failed, and another method may do.
DECLINED = (
    *("INSTRUMENT_DECLINED", "TRANSACTION_REFUSED", "TRANSACTION_LIMIT_EXCEEDED"),
    *("PAYER_CANNOT_PAY", "PAYER_ACCOUNT_RESTRICTED", "PAYER_ACCOUNT_LOCKED_OR_CLOSED"),
    *("COMPLIANCE_VIOLATION", "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED"),
    *("TOKEN_ID_NOT_FOUND", "AGREEMENT_ALREADY_CANCELLED", "BILLING_AGREEMENT_NOT_FOUND"),
)


class PayPalGateway:
    """One PayPal account; threads may share it."""

    name: GatewayName = "paypal"
    ways: tuple[Way, ...] = ("page",)
    currencies = CURRENCIES
    saves = True
    proves = False  # PayPal signs a CRC-32 of the body, which many bodies share

    def __init__(self, settings: PayPalSettings) -> None:
        self.merchant = settings.merchant_id
        self._api = Api(settings)
        self._webhooks = Webhooks(self._api, settings.webhook_id)
        self._listing = Listing(self._api)
        allowance = Allowance()
        certificates = Certificates(settings, allowance)
        self._authenticity = Authenticity(certificates, self._webhooks, allowance)

    def begin(self, ask: PaymentAsk) -> Asked:
        """Creates the order. PayPal has no deadline of ours: after it, nobody captures."""
        wallet: dict[str, Any] = {"experience_context": _experience(ask)}
        if ask.save:
            vault = {"store_in_vault": "ON_SUCCESS", "usage_type": "MERCHANT"}
            wallet["attributes"] = {"vault": vault}
        self._webhooks.ensure(ask.notify_url)
        return self._api.post(ORDERS, _order(ask, wallet), Order, _asked, ask.number)

    def look(self, number: str, reference: str) -> PaymentReport:
        """PayPal knows an order by its reference only; without one it is `unknown`."""
        unknown = PaymentReport(number=number, status="unknown", reference=reference)
        if not reference:
            return unknown
        try:
            return self._api.get(_path(ORDERS, reference), Order, payment_of_order)
        except GatewayRefused as error:
            if error.code not in NOT_THERE:
                raise
            return unknown

    def capture(self, number: str, reference: str) -> PaymentReport:
        """Takes the money. One that PayPal declines has failed, and may be approved again."""
        path, key = _path(ORDERS, reference) + "/capture", f"{number}.capture"
        try:
            return self._api.post(path, {}, Order, payment_of_order, key)
        except GatewayRefused as error:
            if error.code in NOTHING_TO_CAPTURE:
                return self.look(number, reference)
            return _declined(error, number, reference)

    def close(self, number: str, reference: str) -> PaymentReport:
        """PayPal cannot take an order back: it is closed by not capturing it any more.

        The payer may still approve it, of which PayPal tells; no money has moved then.
        """
        report = self.look(number, reference)
        if report.status == "paid" or (report.status == "pending" and report.transaction):
            return report
        return msgspec.structs.replace(report, status="closed")

    def charge(self, ask: PaymentAsk, method: SavedMethod) -> PaymentReport:
        """Creates an order that is captured at once from the kept method."""
        self._webhooks.ensure(ask.notify_url)
        body = _order(ask, {"vault_id": method.token})
        try:
            return self._api.post(ORDERS, body, Order, payment_of_order, ask.number)
        except GatewayRefused as error:
            return _declined(error, ask.number, "")

    def forget(self, method: SavedMethod) -> None:
        """Deletes the kept method."""
        try:
            self._api.delete(_path(VAULT, method.token))
        except GatewayRefused as error:
            if error.code not in NOT_THERE:
                raise

    def refund(self, ask: RefundAsk) -> RefundReport:
        """Gives money of the capture back."""
        body: dict[str, Any] = {
            "amount": amount_of(ask.amount),
            "invoice_id": ask.number,
            "custom_id": REFUND_MARK + ask.number,
        }
        if ask.reason:
            body["note_to_payer"] = ask.reason[:NOTE_MAX]
        path = _path(CAPTURES, ask.transaction) + "/refund"
        return self._api.post(path, body, Refund, refund_of, ask.number)

    def look_refund(self, ask: RefundAsk, reference: str) -> RefundReport:
        """By PayPal's reference; without one, among the refunds of the order of the capture."""
        unknown = RefundReport(number=ask.number, status="unknown", transaction=ask.transaction)
        try:
            if reference:
                return self._api.get(_path(REFUNDS, reference), Refund, refund_of)
            refunds = self._refunds_of(ask.transaction)
        except GatewayRefused as error:
            if error.code not in NOT_THERE:
                raise
            return unknown
        return next((refund for refund in refunds if refund.number == ask.number), unknown)

    def transactions(self, day: date) -> list[Transaction]:
        """What PayPal's report has of a day, complete three hours after its end."""
        return self._listing.of(day)

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """The event in a notification. Raises GatewayUnavailable too: it shall be sent again."""
        self._authenticity.insist(headers, body, now)
        return notice_of(body)

    def reply(self, accepted: bool) -> Reply:
        """PayPal sends again whatever is not answered with 2xx."""
        return Reply(status=200 if accepted else 503)

    def _refunds_of(self, transaction: str) -> list[RefundReport]:
        path = _path(CAPTURES, transaction)
        order = self._api.get(path, Capture, _order_above)
        return self._api.get(_path(ORDERS, order), Order, _refunds_in)


def _path(collection: str, id_: str) -> str:
    return f"{collection}/{quote(id_, safe='')}"


def _order(ask: PaymentAsk, wallet: dict[str, Any]) -> dict[str, Any]:
    unit = {
        "reference_id": ask.number,
        "custom_id": ask.number,
        "invoice_id": ask.number,
        "description": ask.title[:DESCRIPTION_MAX],
        "amount": amount_of(ask.amount),
    }
    return {
        "intent": "CAPTURE",
        "purchase_units": [unit],
        "payment_source": {"paypal": wallet},
    }


def _experience(ask: PaymentAsk) -> dict[str, str]:
    context = {
        "return_url": ask.return_url,
        "cancel_url": ask.cancel_url,
        "user_action": "PAY_NOW",
        "shipping_preference": "NO_SHIPPING",
    }
    locale = LOCALES.get(ask.language.lower())
    return {**context, "locale": locale} if locale else context


def _asked(order: Order) -> Asked:
    for link in order.links:
        if link.rel in ("payer-action", "approve"):
            return Asked(reference=order.id, url=link.href)
    raise BadValue("an order without a page to approve it on")


def _declined(error: GatewayRefused, number: str, reference: str) -> PaymentReport:
    """Raises the error again if it is not the payer's method that was refused."""
    if error.code not in DECLINED:
        raise error
    return PaymentReport(number=number, status="failed", reference=reference, reason=error.code)


def _order_above(capture: Capture) -> str:
    for link in capture.links:
        if link.rel == "up" and "/orders/" in link.href:
            return link.href.rpartition("/")[2]
    raise BadValue("a capture without its order")


def _refunds_in(order: Order) -> list[RefundReport]:
    return [
        refund_of(refund)
        for unit in order.purchase_units
        for refund in (unit.payments or Payments()).refunds
    ]
