"""Where PayPal sends its notifications, and by which ids they are signed.

PayPal is told the address once an app, not with each payment.
"""

import threading

from eka.gateways.payments.paypal.api import Api
from eka.gateways.payments.paypal.shapes import Webhook, WebhookList
from eka.gateways.payments.terms import GatewayRefused

PATH = "/v1/notifications/webhooks"

EVENTS = (
    "CHECKOUT.ORDER.APPROVED",
    "PAYMENT.CAPTURE.COMPLETED",
    "PAYMENT.CAPTURE.PENDING",
    "PAYMENT.CAPTURE.DECLINED",
    "PAYMENT.CAPTURE.DENIED",
    "PAYMENT.CAPTURE.REFUNDED",
    "PAYMENT.CAPTURE.REVERSED",
    "PAYMENT.REFUND.PENDING",
    "PAYMENT.REFUND.FAILED",
    "CUSTOMER.DISPUTE.CREATED",
    "CUSTOMER.DISPUTE.UPDATED",
    "CUSTOMER.DISPUTE.RESOLVED",
    "VAULT.PAYMENT-TOKEN.CREATED",
)


class Webhooks:
    """The app's addresses. An id that was configured is trusted, and nothing is asked."""

    def __init__(self, api: Api, configured: str) -> None:
        self._api, self.configured = api, configured
        self._lock = threading.Lock()
        self._id_by_url: dict[str, str] = {}

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids that are known now."""
        return (self.configured,) if self.configured else tuple(self._id_by_url.values())

    def ensure(self, url: str) -> None:
        """Registers `url` unless it is; PayPal is asked once a process."""
        if self.configured or url in self._id_by_url:
            return
        with self._lock:
            self._look()
            if url not in self._id_by_url:
                self._register(url)

    def learn(self) -> None:
        """Asks PayPal for the ids that are registered."""
        with self._lock:
            self._look()

    def _look(self) -> None:
        found = self._api.get(PATH, WebhookList, lambda answer: answer.webhooks)
        self._id_by_url = {webhook.url: webhook.id for webhook in found}

    def _register(self, url: str) -> None:
        body = {"url": url, "event_types": [{"name": event} for event in EVENTS]}
        try:
            made = self._api.post(PATH, body, Webhook, lambda answer: answer)
        except GatewayRefused as error:
            if error.code != "WEBHOOK_URL_ALREADY_EXISTS":
                raise
            self._look()  # another process was quicker
        else:
            self._id_by_url = {**self._id_by_url, made.url: made.id}
