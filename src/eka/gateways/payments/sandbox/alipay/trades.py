"""Trades: how they come into being, are paid, closed and given back, and what is told of it.

A trade does not exist before the payer opens the page or scans the code. Its number at the seller
(`out_trade_no`) is paid once; the sandbox makes a second trade of the same number where somebody
wants to see what the shop does with a payment that came twice.
"""

from collections.abc import Callable
from datetime import datetime

from eka.gateways.payments.sandbox.alipay.writing import beijing, yuan
from eka.gateways.sandbox.courier import Courier
from eka.gateways.sandbox.records import Document, Records
from eka.rules.instants import format_instant, parse_instant

WAITING, PAID, CLOSED = "WAIT_BUYER_PAY", "TRADE_SUCCESS", "TRADE_CLOSED"
PAGE, PHONE, QR = "page", "phone", "qr"

# Which changes are told: on a phone those of closing too, elsewhere success only.
TOLD = {PAGE: (PAID,), PHONE: (PAID, CLOSED), QR: (PAID,)}


class Refused(Exception):
    """Alipay's no, by its code."""


class Trades:
    """The trades of one seller. A trade is a document: amounts in fen, instants as text."""

    def __init__(self, records: Records, courier: Courier) -> None:
        self._records, self._courier = records, courier

    @property
    def now(self) -> Callable[[], datetime]:
        """The clock: call it."""
        return self._courier.now

    # What the seller offers.

    def offer(self, asked: Document) -> None:
        """Keeps a precreated payment until its code is scanned. Raises Refused."""
        self._agrees(asked)
        self._records.put("offer", asked["number"], asked)

    def offered(self, number: str) -> Document | None:
        """The precreated payment of a number."""
        return self._records.get("offer", number)

    def open(self, asked: Document, *, late: bool = False) -> Document:
        """The trade of a payment whose page was opened: made now, or there already.

        `late`: although its time is over. Raises Refused.
        """
        self._agrees(asked, late=late)
        known = self.find(asked["number"])
        return known or self._made(asked, first=True)

    def _agrees(self, asked: Document, *, late: bool = False) -> None:
        known = self.find(asked["number"])
        if known and known["total"] != asked["total"]:
            raise Refused("ACQ.CONTEXT_INCONSISTENT")
        if known and known["state"] != WAITING:
            gone = known["state"] == CLOSED
            raise Refused("ACQ.TRADE_HAS_CLOSE" if gone else "ACQ.TRADE_HAS_SUCCESS")
        if not late and parse_instant(asked["expires"]) <= self.now():
            raise Refused("ACQ.INVALID_PARAMETER")

    def _made(self, asked: Document, *, first: bool) -> Document:
        day = beijing(self.now())[:10].replace("-", "")
        trade_no = f"{day}2200{self._records.number('trade_no'):016d}"
        trade = {
            **asked,
            "trade_no": trade_no,
            "state": WAITING,
            "refunded": 0,
            "created": format_instant(self.now()),
        }
        self._records.put("trade", trade_no, trade)
        if first:
            self._records.put("order", asked["number"], {"trade_no": trade_no})
        return trade

    # What is known.

    def find(self, number: str, trade_no: str = "") -> Document | None:
        """The trade by Alipay's number, or else by the seller's, as it stands now."""
        order = self._records.get("order", number)
        key = trade_no or (order["trade_no"] if order else "")
        trade = self._records.get("trade", key)
        if trade and trade["state"] == WAITING and parse_instant(trade["expires"]) <= self.now():
            return self.close(trade)
        return trade

    def demand(self, number: str, trade_no: str = "") -> Document:
        """The same. Raises Refused when there is none."""
        trade = self.find(number, trade_no)
        if trade is None:
            raise Refused("ACQ.TRADE_NOT_EXIST")
        return trade

    def all(self) -> list[Document]:
        """What was begun, oldest first: offers that nobody scanned, and the first trades."""
        orders = [order["trade_no"] for order in self._records.all("order")]
        trades = [trade for trade_no in orders if (trade := self.find("", trade_no))]
        known = {trade["number"] for trade in trades}
        return [
            *(offer for offer in self._records.all("offer") if offer["number"] not in known),
            *trades,
        ]

    def moved(self) -> tuple[list[Document], list[Document]]:
        """Every trade that was paid, and every refund."""
        paid = [trade for trade in self._records.all("trade") if "paid" in trade]
        return paid, list(self._records.all("refund"))

    # What happens.

    def pay(self, trade: Document) -> Document:
        """The money comes."""
        return self._become({**trade, "paid": format_instant(self.now())}, PAID)

    def pay_again(self, trade: Document) -> Document:
        """The money comes a second time, as a trade of its own."""
        asked = {name: trade[name] for name in ASKED}
        return self.pay(self._made(asked, first=False))

    def close(self, trade: Document) -> Document:
        """Nobody pays it any more."""
        return self._become({**trade, "closed": format_instant(self.now())}, CLOSED)

    def refund(self, trade: Document, request_no: str, amount: int) -> tuple[Document, bool]:
        """Gives back; the trade afterwards, and whether money moved now. Raises Refused."""
        before = self.refunded(trade, request_no)
        if before:
            if before["amount"] != amount:
                raise Refused("ACQ.DISCORDANT_REPEAT_REQUEST")
            return trade, False
        if "paid" not in trade:
            raise Refused("ACQ.TRADE_STATUS_ERROR")
        total = trade["refunded"] + amount
        if total > trade["total"]:
            raise Refused("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
        at = format_instant(self.now())
        refund = {
            "trade_no": trade["trade_no"],
            "number": trade["number"],
            "subject": trade["subject"],
            "request_no": request_no,
            "amount": amount,
            "at": at,
        }
        self._records.put("refund", _refund_id(trade, request_no), refund)
        whole = {"closed": at} if total == trade["total"] else {}
        news = {"refund_fee": yuan(total), "gmt_refund": f"{beijing(self.now())}.000"}
        return self._become(
            {**trade, **whole, "refunded": total},
            CLOSED if whole else PAID,
            {**news, "out_biz_no": request_no},
        ), True

    def refunded(self, trade: Document, request_no: str) -> Document | None:
        """The refund of a number."""
        return self._records.get("refund", _refund_id(trade, request_no))

    def _become(self, trade: Document, state: str, news: Document | None = None) -> Document:
        trade = {**trade, "state": state}
        self._records.put("trade", trade["trade_no"], trade)
        if state in TOLD[trade["product"]]:
            event = {**facts(trade), **(news or {}), "notify_id": self._notify_id()}
            self._courier.post(trade["notify_url"], event)
        return trade

    def _notify_id(self) -> str:
        day = beijing(self.now())[:10].replace("-", "")
        return f"{day}00222{self._records.number('notify_id'):021d}"


ASKED = (
    *("number", "total", "subject", "product", "expires"),
    *("notify_url", "return_url", "quit_url"),
)


def facts(trade: Document) -> dict[str, str]:
    """What a notice says of a trade."""
    said = {
        "trade_no": trade["trade_no"],
        "out_trade_no": trade["number"],
        "trade_status": trade["state"],
        "total_amount": yuan(trade["total"]),
        "subject": trade["subject"],
        "gmt_create": beijing(parse_instant(trade["created"])),
    }
    if "paid" in trade:
        money = yuan(trade["total"])
        said |= {
            "gmt_payment": beijing(parse_instant(trade["paid"])),
            "receipt_amount": money,
            "buyer_pay_amount": money,
            "invoice_amount": money,
            "point_amount": "0.00",
            "fund_bill_list": f'[{{"amount":"{money}","fundChannel":"ALIPAYACCOUNT"}}]',
        }
    if "closed" in trade:
        said["gmt_close"] = beijing(parse_instant(trade["closed"]))
    return said


def _refund_id(trade: Document, request_no: str) -> str:
    return f"{trade['trade_no']}/{request_no}"
