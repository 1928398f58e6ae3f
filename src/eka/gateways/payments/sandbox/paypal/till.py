"""Money: captures, refunds, reversals, and the report of all of them."""

from datetime import datetime, timedelta

from msgspec import Struct

from eka.gateways.payments.sandbox.paypal.account import Account
from eka.gateways.payments.sandbox.paypal.news import News
from eka.gateways.payments.sandbox.paypal.wire import (
    INVALID,
    Fault,
    link,
    new_id,
    not_found,
    read,
    unprocessable,
    written,
)
from eka.gateways.sandbox.records import Document
from eka.rules.instants import parse_instant
from eka.rules.units import BadValue, Money

# 3.49 % and 49 of the smallest unit, as PayPal's list of prices has it for dollars.
FEE_OF_10000, FEE_FIXED = 349, 49
RANGE_MAX = timedelta(days=31)
PAGE_MAX = 500
ROWS_MAX = 10_000

CHECKOUT, KEPT_METHOD, REFUND, REVERSAL = "T0006", "T0003", "T1107", "T1106"


class Sale(Struct, frozen=True, kw_only=True):
    """What a capture is made for."""

    order: str
    amount: Money
    custom_id: str
    invoice_id: str
    code: str = CHECKOUT


def fee_of(money: Money) -> Money:
    """What PayPal keeps of a payment, rounded to the nearest unit."""
    share = (money.minor * FEE_OF_10000 + 5000) // 10000
    return Money(min(money.minor, share + FEE_FIXED), money.currency)


def _breakdown(money: Money) -> Document:
    fee = fee_of(money)
    net = Money(money.minor - fee.minor, money.currency)
    return {
        "gross_amount": written(money),
        "paypal_fee": written(fee),
        "net_amount": written(net),
    }


def _moved_at(row: Document) -> datetime:
    return parse_instant(row["transaction_initiation_date"])


class Till:
    """The seller's money. `rows_max` is how many movements one report may have."""

    def __init__(self, account: Account, news: News) -> None:
        self._account, self._records, self._news = account, account.records, news
        self.rows_max = ROWS_MAX

    def take(self, sale: Sale, status: str = "COMPLETED") -> Document:
        """A capture, and the event of it."""
        now = self._account.stamp
        kept: Document = {
            "id": new_id(),
            "order": sale.order,
            "status": status,
            "minor": sale.amount.minor,
            "currency": sale.amount.currency,
            "custom_id": sale.custom_id,
            "invoice_id": sale.invoice_id,
            "refunded": 0,
            "time": now,
        }
        self._records.put("capture", kept["id"], kept)
        self._note(sale.order, "captures", kept["id"])
        if status == "COMPLETED":
            self._records.put("invoice", sale.invoice_id, {"capture": kept["id"]})
            self._move(sale.code, kept, sale.amount, kept["id"], fee=fee_of(sale.amount))
        self._news.tell(f"PAYMENT.CAPTURE.{status}", self.capture(kept["id"]))
        return kept

    def is_paid(self, invoice_id: str) -> bool:
        """Whether money was taken for an invoice already."""
        return self._records.get("invoice", invoice_id) is not None

    def capture(self, id_: str) -> Document:
        """A capture as PayPal shows it."""
        kept = self._kept("capture", id_)
        money = Money(kept["minor"], kept["currency"])
        here = self._account.url(f"/v2/payments/captures/{id_}")
        order = self._account.url(f"/v2/checkout/orders/{kept['order']}")
        shown = {
            "id": id_,
            "status": kept["status"],
            "amount": written(money),
            "final_capture": True,
            "custom_id": kept["custom_id"],
            "invoice_id": kept["invoice_id"],
            "supplementary_data": {"related_ids": {"order_id": kept["order"]}},
            "payee": self._account.payee,
            "create_time": kept["time"],
            "update_time": kept["time"],
            "links": [
                link("self", here),
                link("refund", f"{here}/refund", "POST"),
                link("up", order),
            ],
        }
        if kept["status"] == "PENDING":
            return {**shown, "status_details": {"reason": "ECHECK"}}
        if kept["status"] == "DECLINED":
            return {**shown, "status_details": {"reason": "DECLINED_BY_RISK_FRAUD_FILTERS"}}
        return {**shown, "seller_receivable_breakdown": _breakdown(money)}

    def captures_of(self, order: str) -> list[Document]:
        """Those of an order as PayPal shows them, oldest first."""
        return [self.capture(id_) for id_ in self._noted(order)["captures"]]

    def refunds_of(self, order: str) -> list[Document]:
        """What was given back of an order as PayPal shows it, oldest first."""
        return [self.refund(id_) for id_ in self._noted(order)["refunds"]]

    def give_back(self, capture: str, said: Document) -> Document:
        """A refund, as it was asked for."""
        kept = self._kept("capture", capture)
        money = self._refundable(kept, said)
        refund: Document = {
            "id": new_id(),
            "capture": capture,
            "minor": money.minor,
            "currency": money.currency,
            "custom_id": said.get("custom_id", kept["custom_id"]),
            "invoice_id": said.get("invoice_id", kept["invoice_id"]),
            "note": said.get("note_to_payer", ""),
            "time": self._account.stamp,
        }
        refunded = kept["refunded"] + money.minor
        status = "REFUNDED" if refunded == kept["minor"] else "PARTIALLY_REFUNDED"
        self._records.put("capture", capture, {**kept, "refunded": refunded, "status": status})
        self._records.put("refund", refund["id"], refund)
        self._records.put("refunded", refund["invoice_id"], {"refund": refund["id"]})
        self._note(kept["order"], "refunds", refund["id"])
        self._move(REFUND, refund, Money(-money.minor, money.currency), capture)
        shown = self.refund(refund["id"])
        self._news.tell("PAYMENT.CAPTURE.REFUNDED", shown)
        return shown

    def refund(self, id_: str) -> Document:
        """A refund as PayPal shows it."""
        kept = self._kept("refund", id_)
        amount = written(Money(kept["minor"], kept["currency"]))
        return {
            "id": id_,
            "status": "COMPLETED",
            "amount": amount,
            "custom_id": kept["custom_id"],
            "invoice_id": kept["invoice_id"],
            "note_to_payer": kept["note"],
            "seller_payable_breakdown": {"gross_amount": amount, "net_amount": amount},
            "create_time": kept["time"],
            "update_time": kept["time"],
            "links": [
                link("self", self._account.url(f"/v2/payments/refunds/{id_}")),
                link("up", self._account.url(f"/v2/payments/captures/{kept['capture']}")),
            ],
        }

    def reverse(self, capture: str) -> None:
        """PayPal takes a payment back from the seller."""
        kept = self._kept("capture", capture)
        left = Money(kept["minor"] - kept["refunded"], kept["currency"])
        reversal = {**kept, "id": new_id(), "time": self._account.stamp}
        self._records.put("capture", capture, {**kept, "refunded": kept["minor"]})
        self._move(REVERSAL, reversal, Money(-left.minor, left.currency), capture)
        up = link("up", self._account.url(f"/v2/payments/captures/{capture}"))
        shown = {
            "id": reversal["id"],
            "status": "COMPLETED",
            "amount": written(left),
            "custom_id": kept["custom_id"],
            "create_time": reversal["time"],
            "links": [up],
        }
        self._news.tell("PAYMENT.CAPTURE.REVERSED", shown)

    def report(self, query: dict[str, str]) -> Document:
        """A page of the movements between two instants."""
        try:
            start, end = parse_instant(query["start_date"]), parse_instant(query["end_date"])
            page, size = int(query.get("page", "1")), int(query.get("page_size", "100"))
        except (KeyError, ValueError, BadValue) as error:
            raise Fault(INVALID, "", "") from error
        if end - start > RANGE_MAX or not 1 <= size <= PAGE_MAX or page < 1:
            raise Fault(INVALID, "", "")
        rows = [row for row in self._records.all("row") if start <= _moved_at(row) <= end]
        if len(rows) > self.rows_max:
            raise Fault((400, "RESULTSET_TOO_LARGE"), "")
        return {
            "transaction_details": [
                {"transaction_info": row} for row in rows[(page - 1) * size : page * size]
            ],
            "account_number": self._account.seal.merchant_id,
            "start_date": query["start_date"],
            "end_date": query["end_date"],
            "last_refreshed_datetime": self._account.stamp,
            "page": page,
            "total_items": len(rows),
            "total_pages": -(-len(rows) // size),
        }

    def _refundable(self, kept: Document, said: Document) -> Money:
        left = kept["minor"] - kept["refunded"]
        if kept["status"] == "PENDING":
            raise unprocessable("PENDING_CAPTURE")
        if not left:
            raise unprocessable("CAPTURE_FULLY_REFUNDED")
        if "amount" not in said:
            return Money(left, kept["currency"])
        money = read(said["amount"])
        if money.currency != kept["currency"]:
            raise unprocessable("REFUND_CAPTURE_CURRENCY_MISMATCH")
        if money.minor > left:
            raise unprocessable("REFUND_AMOUNT_EXCEEDED")
        if self._records.get("refunded", said.get("invoice_id", "")):
            raise unprocessable("DUPLICATE_INVOICE_ID")
        return money

    def _move(
        self, code: str, kept: Document, money: Money, base: str, fee: Money | None = None
    ) -> None:
        instant = kept["time"].replace("Z", "+0000")
        row = {
            "transaction_id": kept["id"],
            "paypal_reference_id": base,
            "paypal_reference_id_type": "TXN",
            "transaction_event_code": code,
            "transaction_initiation_date": instant,
            "transaction_updated_date": instant,
            "transaction_amount": written(money),
            "transaction_status": "S",
            "invoice_id": kept["invoice_id"],
            "custom_field": kept["custom_id"],
        }
        if fee is not None:
            row["fee_amount"] = written(Money(-fee.minor, fee.currency))
        self._records.put("row", kept["id"], row)

    def _noted(self, order: str) -> Document:
        return self._records.get("money", order) or {"captures": [], "refunds": []}

    def _note(self, order: str, kind: str, id_: str) -> None:
        noted = self._noted(order)
        self._records.put("money", order, {**noted, kind: [*noted[kind], id_]})

    def _kept(self, kind: str, id_: str) -> Document:
        kept = self._records.get(kind, id_)
        if kept is None:
            raise not_found()
        return kept
