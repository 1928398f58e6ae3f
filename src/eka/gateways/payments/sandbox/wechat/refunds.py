"""Refunds: whole or part, never more than a payment was; the same number is the same refund."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from eka.gateways.payments.sandbox.wechat.keys import Keys
from eka.gateways.payments.sandbox.wechat.orders import Post
from eka.gateways.payments.sandbox.wechat.terms import (
    BEIJING,
    REASON_BYTES_MAX,
    RefundAsk,
    Refusal,
    beijing,
    wrong,
)
from eka.gateways.sandbox.records import Document, Records
from eka.rules.instants import format_instant, parse_instant

OUTCOMES = ("SUCCESS", "ABNORMAL", "CLOSED")
MISMATCH = "订单金额或退款金额与之前请求不一致，请核实后再试"


class Refunds:
    """The refunds of the one merchant."""

    def __init__(
        self, records: Records, keys: Keys, now: Callable[[], datetime], post: Post
    ) -> None:
        self._records, self._keys, self._now, self._post = records, keys, now, post

    def begin(self, ask: RefundAsk) -> Document:
        """Takes a refund, says that it is on its way, and ends it well. Raises Refusal."""
        words = msgspec.to_builtins(ask)
        known = self._records.get("refund", ask.out_refund_no)
        if known is not None:
            if known["words"] != words:
                raise Refusal(400, "INVALID_REQUEST", MISMATCH)
            return self.told(known)
        payment = self._payment(ask)
        self._check(ask, payment)
        refund = self._taken(ask, payment, words)
        order = self._records.get("order", payment["number"])
        assert order is not None
        if order["transaction"] == payment["transaction"]:
            self._records.put("order", order["number"], {**order, "state": "REFUND"})
        answer = self.told(refund)
        self.end(ask.out_refund_no, "SUCCESS")
        return answer

    def end(self, number: str, outcome: str) -> None:
        """What became of it: it arrived, the bank turned it down, or it was given up."""
        refund = self.get(number)
        refund.update(status=outcome, ended=format_instant(self._now().replace(microsecond=0)))
        self._records.put("refund", number, refund)
        told = self.told(refund)
        news = {name: told[name] for name in told if name not in ("status", "amount")}
        amount = {name: told["amount"][name] for name in ("total", "refund")}
        news |= {"mchid": self._keys.mchid, "refund_status": outcome}
        cash = {"payer_total": amount["total"], "payer_refund": amount["refund"]}
        news["amount"] = amount | cash
        self._post(refund["words"]["notify_url"] or "", f"REFUND.{outcome}", news)

    def get(self, number: str) -> Document:
        """The refund. Raises Refusal."""
        refund = self._records.get("refund", number)
        if refund is None:
            raise Refusal(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
        return refund

    def told(self, refund: Document) -> Document:
        """What WeChat says of a refund."""
        asked = refund["words"]["amount"]
        said = {
            "refund_id": refund["refund_id"],
            "out_refund_no": refund["number"],
            "transaction_id": refund["transaction"],
            "out_trade_no": refund["order"],
            "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱",
            "create_time": beijing(parse_instant(refund["at"])),
            "status": refund["status"],
            "amount": {**asked, "payer_total": asked["total"], "payer_refund": asked["refund"]},
        }
        if refund["status"] == "SUCCESS":
            said["success_time"] = beijing(parse_instant(refund["ended"]))
        return said

    def _taken(self, ask: RefundAsk, payment: Document, words: Document) -> Document:
        day = self._now().astimezone(BEIJING)
        refund = {
            "number": ask.out_refund_no,
            "refund_id": f"5030{day:%y%m%d}{self._records.number('refund'):019d}",
            "transaction": payment["transaction"],
            "order": payment["number"],
            "words": words,
            "amount": ask.amount.refund,
            "status": "PROCESSING",
            "at": format_instant(self._now().replace(microsecond=0)),
        }
        self._records.put("refund", ask.out_refund_no, refund)
        return refund

    def _payment(self, ask: RefundAsk) -> Document:
        transaction = ask.transaction_id
        if not transaction:
            order = self._records.get("order", ask.out_trade_no)
            transaction = order["transaction"] if order else ""
        payment = self._records.get("payment", transaction)
        if payment is None:
            raise Refusal(404, "RESOURCE_NOT_EXISTS", "订单不存在")
        return payment

    def _check(self, ask: RefundAsk, payment: Document) -> None:
        if ask.amount.currency != "CNY" or len(ask.reason.encode()) > REASON_BYTES_MAX:
            raise wrong("currency 只支持CNY，reason 不能超过80字节")
        if ask.amount.total != payment["total"]:
            raise Refusal(400, "INVALID_REQUEST", MISMATCH)
        given = sum(
            refund["amount"]
            for refund in self._records.all("refund")
            if refund["transaction"] == payment["transaction"] and refund["status"] != "CLOSED"
        )
        if given + ask.amount.refund > payment["total"]:
            raise Refusal(400, "INVALID_REQUEST", "申请退款金额大于订单可退金额")
