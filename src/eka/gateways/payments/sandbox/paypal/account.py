"""What all parts of the server share: records, clock, who the seller is, where it listens."""

from collections.abc import Callable
from datetime import datetime

from eka.gateways.payments.sandbox.paypal.seal import Seal
from eka.gateways.payments.sandbox.paypal.wire import stamp
from eka.gateways.sandbox.courier import Courier
from eka.gateways.sandbox.records import Document, Records


class Account:
    """The seller's account. `address` is asked each time: it is known once the server listens."""

    def __init__(self, records: Records, courier: Courier, address: Callable[[], str]) -> None:
        self.records, self.courier, self._address = records, courier, address
        self.seal = Seal(records, courier.now())

    @property
    def now(self) -> datetime:
        """The sandbox's clock."""
        return self.courier.now()

    @property
    def stamp(self) -> str:
        """The same, as PayPal writes it."""
        return stamp(self.now)

    def url(self, path: str) -> str:
        """The address of something of the server's."""
        return self._address() + path

    @property
    def payee(self) -> Document:
        """The seller, as orders name it."""
        return {
            "email_address": "olga@shop.example",
            "merchant_id": self.seal.merchant_id,
        }
