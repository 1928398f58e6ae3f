"""What Stripe keeps: objects by their ids, the seller's balance, and the events it tells of."""

import secrets
import string
from copy import deepcopy
from datetime import datetime
from typing import Any

from eka.gateways.payments.sandbox.stripe.refusals import missing
from eka.gateways.sandbox.courier import Courier
from eka.gateways.sandbox.records import Document, Records

API_VERSION = "2026-10-28.endive"
LETTERS = string.ascii_letters + string.digits

# The prefixes of ids, and what the objects are called.
KINDS = {
    "cs": "checkout.session",
    "pi": "payment_intent",
    "ch": "charge",
    "re": "refund",
    "dp": "dispute",
    "txn": "balance_transaction",
    "cus": "customer",
    "pm": "payment_method",
    "evt": "event",
    "we": "webhook_endpoint",
}
WITHOUT_FRACTIONS = ("isk", "ugx")


def chance(letters: int) -> str:
    """Letters and digits that nobody can guess."""
    return "".join(secrets.choice(LETTERS) for _ in range(letters))


def fee(amount: int, currency: str) -> int:
    """2.9 % and 30 of the smallest unit, rounded up to what the currency has."""
    exact = -(-amount * 29 // 1000) + 30
    return -(-exact // 100) * 100 if currency in WITHOUT_FRACTIONS else exact


class Books:
    """Objects are kept as they are answered; what is secret of them is kept under other kinds."""

    def __init__(self, records: Records, courier: Courier) -> None:
        self.records, self.courier = records, courier
        self.keys = records.get("keys", "stripe") or self._new_keys()

    @property
    def now(self) -> datetime:
        """The instant."""
        return self.courier.now()

    @property
    def seconds(self) -> int:
        """The instant, as Stripe writes it."""
        return int(self.now.timestamp())

    def make(self, prefix: str, **fields: Any) -> Document:
        """A new object."""
        middle = {"cs": "test_", "pi": "3", "ch": "3", "re": "3", "txn": "3"}.get(prefix, "1")
        made = {
            "id": f"{prefix}_{middle}{chance(24)}",
            "object": KINDS[prefix],
            "created": self.seconds,
            "livemode": False,
            **fields,
        }
        self.keep(made)
        return made

    def keep(self, changed: Document) -> None:
        """An object as it is now."""
        self.records.put(str(changed["object"]), str(changed["id"]), changed)

    def find(self, id_: str) -> Document | None:
        """The object of an id."""
        return self.records.get(KINDS.get(id_.partition("_")[0], ""), id_)

    def get(self, id_: str, kind: str, param: str = "id") -> Document:
        """The object of an id and a kind, which must be there."""
        found = self.records.get(kind, id_)
        if found is None:
            raise missing(kind.rpartition(".")[2], id_, param)
        return found

    def newest(self, kind: str) -> list[Document]:
        """All objects of a kind, the newest first."""
        return list(self.records.all(kind))[::-1]

    def move(self, kind: str, source: Document, amount: int, fee_of: int) -> str:
        """Moves money on the seller's balance, and gives the movement's id."""
        moved = self.make(
            "txn",
            amount=amount,
            available_on=self.seconds,
            currency=source["currency"],
            description=None,
            exchange_rate=None,
            fee=fee_of,
            fee_details=[{"amount": fee_of, "currency": source["currency"], "type": "stripe_fee"}],
            net=amount - fee_of,
            reporting_category=source["object"],
            source=source["id"],
            status="available",
            type=kind,
        )
        return str(moved["id"])

    def tell(self, kind: str, about: Document, notify_url: str) -> None:
        """Sends an event about an object as it is now to whoever is to hear of it."""
        event = self.make(
            "evt",
            api_version=API_VERSION,
            data={"object": deepcopy(about)},  # as it is at this moment
            pending_webhooks=1,
            request={"id": f"req_{chance(14)}", "idempotency_key": None},
            type=kind,
        )
        endpoints = {
            str(one["url"]): str(one["id"])
            for one in self.records.all("webhook_endpoint")
            if kind in one["enabled_events"] or "*" in one["enabled_events"]
        }
        for url in {notify_url: "", **endpoints}:
            self.courier.post(url, {"event": event, "endpoint": endpoints.get(url, "")})

    def secret(self, endpoint: str) -> str:
        """What an endpoint's events are signed with."""
        kept = self.records.get("endpoint_secret", endpoint) or {}
        return str(kept.get("secret") or self.keys["webhook_secret"])

    def _new_keys(self) -> Document:
        keys = {
            "secret_key": f"sk_test_{chance(48)}",
            "webhook_secret": f"whsec_{chance(32)}",
            "account": f"acct_1{chance(15)}",
        }
        self.records.put("keys", "stripe", keys)
        return keys
