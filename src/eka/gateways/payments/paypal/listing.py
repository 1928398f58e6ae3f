"""The movements of money of a day, from PayPal's reporting API.

Its list lags: PayPal promises a movement within three hours. It may therefore be asked for a day
when that day has been over for so long.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

import msgspec

from eka.gateways.payments.paypal.amounts import Amount, size_and_sign
from eka.gateways.payments.paypal.api import Api
from eka.gateways.payments.paypal.reports import refund_number
from eka.gateways.payments.paypal.shapes import Page, Row
from eka.gateways.payments.terms import GatewayRefused, Transaction
from eka.rules.instants import DAY, format_instant, parse_instant
from eka.rules.units import Money

PATH = "/v1/reporting/transactions"
SECOND = timedelta(seconds=1)

Kind = Literal["payment", "refund", "dispute", "fee"]

# The codes by which money of a payment moves, and into which direction (1: to the seller).
KINDS: dict[tuple[str, int], Kind] = {
    ("T0003", 1): "payment",  # of a kept method
    ("T0006", 1): "payment",  # at the checkout
    ("T1107", -1): "refund",
    ("T1106", -1): "dispute",  # PayPal took the payment back
    ("T1201", -1): "dispute",  # the payer's bank did
    ("T0106", -1): "fee",  # for a bank's chargeback
    ("T0114", -1): "fee",  # for a dispute
}
MOVED = ("S", "V")  # done, and done but given back since; P may come, D never will


class Listing:
    """The list of transactions; `page_size` is at most 500."""

    def __init__(self, api: Api, page_size: int = 500) -> None:
        self._api, self._page_size = api, page_size

    def of(self, day: date) -> list[Transaction]:
        """What moved on a day of UTC. Raises GatewayUnavailable, GatewayRefused."""
        start = datetime.combine(day, time(), UTC)
        return self._between(start, start + DAY - SECOND)

    def _between(self, start: datetime, end: datetime) -> list[Transaction]:
        """Both ends included, as PayPal does. What it thinks too much is asked for in halves."""
        try:
            return self._pages(start, end)
        except GatewayRefused as error:
            if error.code != "RESULTSET_TOO_LARGE" or start >= end:
                raise
        middle = (start + (end - start) // 2).replace(microsecond=0)
        return [*self._between(start, middle), *self._between(middle + SECOND, end)]

    def _pages(self, start: datetime, end: datetime) -> list[Transaction]:
        query = {
            "start_date": format_instant(start),
            "end_date": format_instant(end),
            "fields": "transaction_info",
            "page_size": str(self._page_size),
        }
        moved, pages = self._api.get(PATH, Page, _moved, query)
        for page in range(2, pages + 1):
            more, _ = self._api.get(PATH, Page, _moved, {**query, "page": str(page)})
            moved += more
        return moved


def _moved(page: Page) -> tuple[list[Transaction], int]:
    rows = [detail.transaction_info for detail in page.transaction_details]
    return [moved for row in rows if (moved := _movement(row))], page.total_pages


def _movement(row: Row) -> Transaction | None:
    """A movement of a payment's money; None for what is none (a withdrawal, an exchange)."""
    if row.transaction_status not in MOVED:
        return None
    size, sign = size_and_sign(row.transaction_amount)
    kind = KINDS.get((row.transaction_event_code, sign))
    if kind is None:
        return None
    number = row.custom_field or row.invoice_id
    return Transaction(
        kind=kind,
        number=refund_number(number) if kind == "refund" else number,
        transaction=row.transaction_id,
        amount=size,
        at=parse_instant(row.transaction_initiation_date),
        fee=_fee(row.fee_amount),
    )


def _fee(amount: Amount | None) -> Money | None:
    """What PayPal kept, which it writes as a negative amount; what it gave back is negative."""
    if amount is None:
        return None
    size, sign = size_and_sign(amount)
    return msgspec.structs.replace(size, minor=-sign * size.minor)
