"""Payments that their payers contest."""

from datetime import timedelta

from eka.gateways.payments.sandbox.paypal.account import Account
from eka.gateways.payments.sandbox.paypal.news import News
from eka.gateways.payments.sandbox.paypal.till import Till
from eka.gateways.payments.sandbox.paypal.wire import (
    INVALID,
    Fault,
    link,
    not_found,
    stamp,
    unprocessable,
)
from eka.gateways.sandbox.records import Document

ANSWER_WITHIN = timedelta(days=10)
OUTCOMES = {"BUYER_FAVOR": "RESOLVED_BUYER_FAVOUR", "SELLER_FAVOR": "RESOLVED_SELLER_FAVOUR"}


class Disputes:
    """The cases of the seller."""

    def __init__(self, account: Account, news: News, till: Till) -> None:
        self._account, self._news, self._till = account, news, till

    def open(self, capture: Document) -> None:
        """The payer says that nothing was delivered for a capture, as PayPal shows it."""
        id_ = f"PP-D-{10_000 + self._account.records.number('dispute')}"
        money = capture["amount"]
        here = self._account.url(f"/v1/customer/disputes/{id_}")
        dispute = {
            "dispute_id": id_,
            "create_time": self._account.stamp,
            "update_time": self._account.stamp,
            "disputed_transactions": [
                {
                    "seller_transaction_id": capture["id"],
                    "invoice_number": capture["invoice_id"],
                    "custom": capture["custom_id"],
                    "gross_amount": money,
                    "seller": {"merchant_id": self._account.seal.merchant_id},
                }
            ],
            "reason": "MERCHANDISE_OR_SERVICE_NOT_RECEIVED",
            "status": "WAITING_FOR_SELLER_RESPONSE",
            "dispute_amount": money,
            "dispute_life_cycle_stage": "CHARGEBACK",
            "seller_response_due_date": stamp(self._account.now + ANSWER_WITHIN),
            "links": [link("self", here), link("adjudicate", f"{here}/adjudicate", "POST")],
        }
        self._account.records.put("dispute", id_, dispute)
        self._news.tell("CUSTOMER.DISPUTE.CREATED", dispute, f"A new dispute opened: {id_}")

    def shown(self, id_: str) -> Document:
        """A case as PayPal shows it."""
        dispute = self._account.records.get("dispute", id_)
        if dispute is None:
            raise not_found()
        return dispute

    def adjudicate(self, id_: str, said: Document) -> Document:
        """PayPal's judgement; its own sandbox has the same request for it."""
        dispute, outcome = self.shown(id_), OUTCOMES.get(said.get("adjudication_outcome", ""))
        if outcome is None:
            raise Fault(INVALID, "", "")
        if dispute["status"] == "RESOLVED":
            raise unprocessable("ACTION_NOT_ALLOWED_IN_CURRENT_DISPUTE_STATE")
        ended = {
            **dispute,
            "status": "RESOLVED",
            "dispute_outcome": {"outcome_code": outcome},
            "update_time": self._account.stamp,
        }
        self._account.records.put("dispute", id_, ended)
        if outcome == OUTCOMES["BUYER_FAVOR"]:
            self._till.reverse(dispute["disputed_transactions"][0]["seller_transaction_id"])
        self._news.tell("CUSTOMER.DISPUTE.RESOLVED", ended, f"A dispute was resolved: {id_}")
        return {"links": dispute["links"]}
