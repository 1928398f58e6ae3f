"""Events, and the webhooks that they are sent to."""

import secrets
import uuid

import msgspec

from eka.gateways.payments.sandbox.paypal.account import Account
from eka.gateways.payments.sandbox.paypal.seal import ALGORITHM, text_to_sign
from eka.gateways.payments.sandbox.paypal.wire import INVALID, Fault, link, new_id
from eka.gateways.sandbox.courier import Envelope
from eka.gateways.sandbox.records import Document

WEBHOOKS_MAX = 10
ALL = "*"


class News:
    """Who is told what."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def webhooks(self) -> Document:
        """All that are registered."""
        return {"webhooks": list(self._account.records.all("webhook"))}

    def register(self, said: Document) -> Document:
        """Registers an address for some kinds of events."""
        url, names = said.get("url"), said.get("event_types")
        if not isinstance(url, str) or "://" not in url or not names:
            raise Fault(INVALID, "", "")
        known = self.webhooks()["webhooks"]
        if any(webhook["url"] == url for webhook in known):
            raise Fault((400, "WEBHOOK_URL_ALREADY_EXISTS"), "")
        if len(known) >= WEBHOOKS_MAX:
            raise Fault((400, "WEBHOOK_NUMBER_LIMIT_EXCEEDED"), "")
        webhook = {"id": new_id(), "url": url, "event_types": names}
        self._account.records.put("webhook", webhook["id"], webhook)
        return webhook

    def tell(self, kind: str, resource: Document, summary: str = "") -> None:
        """Sends an event to everyone who wants to hear of its kind.

        A transmission keeps its id and its time when it is sent again, as PayPal's do.
        """
        event = self._event(kind, resource, summary)
        for webhook in self._account.records.all("webhook"):
            names = {wanted["name"] for wanted in webhook["event_types"]}
            if not names & {kind, ALL}:
                continue
            transmission = {
                "webhook": webhook["id"],
                "id": str(uuid.UUID(bytes=secrets.token_bytes(16), version=4)),
                "time": self._account.stamp,
                "event": event,
            }
            self._account.courier.post(webhook["url"], transmission)

    def envelope(self, transmission: Document) -> Envelope:
        """The notification on the wire."""
        return self.letter(transmission, transmission["webhook"])

    def letter(self, transmission: Document, webhook_id: str) -> Envelope:
        """A notification that is signed for a webhook."""
        body = msgspec.json.encode(transmission["event"])
        id_, time, seal = transmission["id"], transmission["time"], self._account.seal
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "PayPal/AUHD-214.0-sandbox",
            "PAYPAL-TRANSMISSION-ID": id_,
            "PAYPAL-TRANSMISSION-TIME": time,
            "PAYPAL-TRANSMISSION-SIG": seal.sign(text_to_sign(id_, time, webhook_id, body)),
            "PAYPAL-CERT-URL": self._account.url(f"/v1/notifications/certs/{seal.cert_id}"),
            "PAYPAL-AUTH-ALGO": ALGORITHM,
        }
        return Envelope(headers, body)

    def verify(self, body: bytes) -> Document:
        """Whether a notification that somebody got was sent from here.

        The event's own bytes count, as they do at PayPal.
        """
        try:
            asked = msgspec.json.decode(body, type=_Asked)
        except msgspec.DecodeError as error:
            raise Fault(INVALID, "", "") from error
        text = text_to_sign(
            asked.transmission_id,
            asked.transmission_time,
            asked.webhook_id,
            bytes(asked.webhook_event),
        )
        good = asked.auth_algo == ALGORITHM and self._account.seal.signed(
            text, asked.transmission_sig
        )
        return {"verification_status": "SUCCESS" if good else "FAILURE"}

    def _event(self, kind: str, resource: Document, summary: str) -> Document:
        id_ = f"WH-{new_id()}-{new_id()}"
        here = self._account.url(f"/v1/notifications/webhooks-events/{id_}")
        return {
            "id": id_,
            "event_version": "1.0",
            "create_time": self._account.stamp,
            "resource_type": RESOURCES.get(kind.rpartition(".")[0], "unknown"),
            "resource_version": "2.0",
            "event_type": kind,
            "summary": summary or kind,
            "resource": resource,
            "links": [link("self", here), link("resend", f"{here}/resend", "POST")],
        }


RESOURCES = {
    "CHECKOUT.ORDER": "checkout-order",
    "PAYMENT.CAPTURE": "capture",
    "PAYMENT.REFUND": "refund",
    "CUSTOMER.DISPUTE": "dispute",
    "VAULT.PAYMENT-TOKEN": "payment_token",
}


class _Asked(msgspec.Struct):
    transmission_id: str
    transmission_time: str
    transmission_sig: str
    auth_algo: str
    webhook_id: str
    webhook_event: msgspec.Raw
