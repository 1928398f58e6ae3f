"""The API's methods: what is asked, as a document, and what is answered. Each may raise Refused."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from eka.gateways.payments.sandbox.alipay import bills
from eka.gateways.payments.sandbox.alipay.trades import (
    CLOSED,
    PAGE,
    PHONE,
    QR,
    WAITING,
    Refused,
    Trades,
    facts,
)
from eka.gateways.payments.sandbox.alipay.writing import beijing, fen, instant, yuan
from eka.gateways.sandbox.records import Document
from eka.rules.instants import format_instant, parse_instant

FEN_MAX = 10_000_000_000
LONGEST = timedelta(days=15)

# What is opened in a browser: the product's code at Alipay, and ours.
PAGES = {
    "alipay.trade.page.pay": ("FAST_INSTANT_TRADE_PAY", PAGE),
    "alipay.trade.wap.pay": ("QUICK_WAP_WAY", PHONE),
}

Fields = dict[str, str]


class Methods:
    """The methods that are answered in JSON, by name, and what all of them are told."""

    def __init__(self, trades: Trades, address: Callable[[], str], link: bills.Link) -> None:
        self._trades, self._address, self._link = trades, address, link
        self.table: dict[str, Callable[[Document, Mapping[str, str]], Fields]] = {
            "alipay.trade.precreate": self._precreate,
            "alipay.trade.query": self._query,
            "alipay.trade.close": self._close,
            "alipay.trade.cancel": self._cancel,
            "alipay.trade.refund": self._refund,
            "alipay.trade.fastpay.refund.query": self._refund_query,
            "alipay.data.dataservice.bill.downloadurl.query": self._bill,
        }

    def asked(self, content: Document, parameters: Mapping[str, str], product: str) -> Document:
        """A payment that the seller asks for, understood. Raises Refused."""
        number, subject = content.get("out_trade_no"), content.get("subject")
        total, expires = fen(content.get("total_amount")), instant(content.get("time_expire"))
        if not isinstance(number, str) or not 0 < len(number) <= 64 or not total or not expires:
            raise Refused("ACQ.INVALID_PARAMETER")
        if not isinstance(subject, str) or not subject or set("/=&") & set(subject):
            raise Refused("ACQ.INVALID_PARAMETER")
        if total > FEN_MAX or expires > self._trades.now() + LONGEST:
            raise Refused("ACQ.INVALID_PARAMETER")
        return {
            "number": number,
            "total": total,
            "subject": subject,
            "product": product,
            "expires": format_instant(expires),
            "notify_url": parameters.get("notify_url", ""),
            "return_url": parameters.get("return_url", ""),
            "quit_url": content.get("quit_url", ""),
        }

    def _precreate(self, content: Document, parameters: Mapping[str, str]) -> Fields:
        asked = self.asked(content, parameters, QR)
        self._trades.offer(asked)
        number = asked["number"]
        return {"out_trade_no": number, "qr_code": f"{self._address()}/qr/{number}"}

    def _query(self, content: Document, _: Mapping[str, str]) -> Fields:
        trade = self._named(content)
        said = facts(trade)
        for unsaid in ("gmt_create", "gmt_close", "gmt_payment", "fund_bill_list"):
            said.pop(unsaid, None)
        paid = {"send_pay_date": beijing(parse_instant(trade["paid"]))} if "paid" in trade else {}
        return {**said, **paid, "buyer_logon_id": "ali***@example.com"}

    def _close(self, content: Document, _: Mapping[str, str]) -> Fields:
        trade = self._named(content)
        if trade["state"] != WAITING:
            raise Refused("ACQ.REASON_TRADE_STATUS_INVALID")
        self._trades.close(trade)
        return _names(trade)

    def _cancel(self, content: Document, _: Mapping[str, str]) -> Fields:
        trade = self._named(content)
        said = {**_names(trade), "retry_flag": "N"}
        if trade["state"] == CLOSED:
            return said
        if trade["state"] == WAITING:
            self._trades.close(trade)
            return {**said, "action": "close"}
        rest = trade["total"] - trade["refunded"]
        self._trades.refund(trade, f"cancel{trade['number']}", rest)
        return {**said, "action": "refund"}

    def _refund(self, content: Document, _: Mapping[str, str]) -> Fields:
        amount = fen(content.get("refund_amount"))
        if amount is None:
            raise Refused("ACQ.INVALID_PARAMETER")
        trade = self._named(content)
        request_no = content.get("out_request_no") or trade["number"]
        after, moved = self._trades.refund(trade, request_no, amount)
        at = self._trades.refunded(after, request_no)
        assert at is not None
        return {
            **_names(after),
            "fund_change": "Y" if moved else "N",
            "refund_fee": yuan(after["refunded"]),
            "send_back_fee": yuan(amount if moved else 0),
            "gmt_refund_pay": beijing(parse_instant(at["at"])),
        }

    def _refund_query(self, content: Document, _: Mapping[str, str]) -> Fields:
        trade = self._named(content)
        refund = self._trades.refunded(trade, str(content.get("out_request_no")))
        if refund is None:
            return {}
        said = {
            **_names(trade),
            "out_request_no": refund["request_no"],
            "total_amount": yuan(trade["total"]),
            "refund_amount": yuan(refund["amount"]),
            "refund_status": "REFUND_SUCCESS",
        }
        if "gmt_refund_pay" in content.get("query_options", ()):
            said["gmt_refund_pay"] = beijing(parse_instant(refund["at"]))
        return said

    def _bill(self, content: Document, _: Mapping[str, str]) -> Fields:
        try:
            day = date.fromisoformat(content["bill_date"])
        except (KeyError, TypeError, ValueError):
            raise Refused("invalid_arguments") from None
        if content.get("bill_type") != "trade" or not bills.is_over(day, self._trades.now()):
            raise Refused("invalid_arguments")
        made = bills.is_made(day, self._trades.now())
        if not made or not bills.movements(self._trades, day):
            raise Refused("isp.bill_not_exist")
        return {"bill_download_url": self._address() + self._link.to(day, self._trades.now())}

    def _named(self, content: Document) -> Document:
        number, trade_no = content.get("out_trade_no", ""), content.get("trade_no", "")
        if not number and not trade_no:
            raise Refused("ACQ.INVALID_PARAMETER")
        return self._trades.demand(number, trade_no)


def _names(trade: Document) -> Fields:
    return {"out_trade_no": trade["number"], "trade_no": trade["trade_no"]}
