"""Methods that payers let the seller charge again."""

from eka.gateways.payments.sandbox.paypal.account import Account
from eka.gateways.payments.sandbox.paypal.news import News
from eka.gateways.payments.sandbox.paypal.wire import link, new_id, unprocessable
from eka.gateways.sandbox.records import Document

PAYER = {"email_address": "alice@example.com", "payer_id": "ALICEPAYPALID"}


class Vault:
    """The kept methods of the seller's payers."""

    def __init__(self, account: Account, news: News) -> None:
        self._account, self._records, self._news = account, account.records, news

    def keep(self, order: str) -> str:
        """Keeps the method that paid an order; its id."""
        id_ = new_id().lower()
        kept = {"id": id_, "customer": new_id(10), "order": order, "declines": False}
        self._records.put("vault", id_, kept)
        here = self._account.url(f"/v3/vault/payment-tokens/{id_}")
        token = {
            "id": id_,
            "customer": {"id": kept["customer"]},
            "payment_source": {"paypal": {**PAYER, "usage_type": "MERCHANT"}},
            "metadata": {"order_id": order},
            "links": [link("self", here), link("delete", here, "DELETE")],
        }
        self._news.tell("VAULT.PAYMENT-TOKEN.CREATED", token, "A payment token has been created.")
        return id_

    def shown(self, id_: str) -> Document:
        """A kept method as an order shows it."""
        kept = self._records.get("vault", id_)
        if kept is None:
            return {"id": id_, "status": "VAULTED"}
        return {"id": id_, "status": "VAULTED", "customer": {"id": kept["customer"]}}

    def charge(self, id_: str) -> None:
        """Raises Fault if nothing can be paid with it."""
        kept = self._records.get("vault", id_)
        if kept is None:
            raise unprocessable("TOKEN_ID_NOT_FOUND")
        if kept["declines"]:
            raise unprocessable("INSTRUMENT_DECLINED")

    def let(self, id_: str, *, decline: bool) -> None:
        """From now on charges with it are declined, or not any more."""
        if kept := self._records.get("vault", id_):
            self._records.put("vault", id_, {**kept, "declines": decline})

    def drop(self, id_: str) -> None:
        """Forgets it; PayPal does not mind if it is gone."""
        self._records.drop("vault", id_)
