"""Orders and their payments. A payment is a movement of money: one that is paid twice has two."""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from eka.gateways.payments.sandbox.wechat.keys import Keys
from eka.gateways.payments.sandbox.wechat.terms import (
    BEIJING,
    DESCRIPTION_BYTES_MAX,
    OrderAsk,
    Refusal,
    beijing,
    wrong,
)
from eka.gateways.sandbox.records import Document, Records
from eka.rules.instants import format_instant, parse_instant

TRADE_TYPE = {"native": "NATIVE", "h5": "MWEB", "jsapi": "JSAPI"}
PAYABLE_FOR = timedelta(days=7)  # where the merchant does not say until when
SAID = {
    "SUCCESS": "支付成功",
    "REFUND": "转入退款",
    "NOTPAY": "订单未支付",
    "CLOSED": "订单已关闭",
    "PAYERROR": "支付失败(其他原因，如银行返回失败)",
}

Post = Callable[[str, str, Document], None]


class Orders:
    """The one merchant's orders. `post` sends a notification: to where, of what, saying what."""

    def __init__(
        self, records: Records, keys: Keys, now: Callable[[], datetime], post: Post
    ) -> None:
        self._records, self._keys, self._now, self._post = records, keys, now, post

    def begin(self, way: str, ask: OrderAsk) -> Document:
        """A new order, or the one that was begun with the very same words. Raises Refusal."""
        self._check(way, ask)
        words = msgspec.to_builtins(ask)
        known = self._records.get("order", ask.out_trade_no)
        if known is not None:
            _insist_on_the_same(known, way, words)
            return known
        expires = ask.time_expire or self._now() + PAYABLE_FOR
        order = {
            "number": ask.out_trade_no,
            "way": way,
            "words": words,
            "total": ask.amount.total,
            "expires": format_instant(expires),
            "state": "NOTPAY",
            "prepay_id": f"wx{self._now():%d%H%M%S}{self._records.number('prepay'):024d}",
            "openid": ask.payer.openid if ask.payer else "oSandbox-payer",
            "transaction": "",
            "back": "",
        }
        self._records.put("order", ask.out_trade_no, order)
        return order

    def get(self, number: str, mchid: str) -> Document:
        """The order. Raises Refusal."""
        order = self._records.get("order", number)
        if mchid != self._keys.mchid:
            raise wrong("商户号与签名的商户号不一致")
        if order is None:
            raise Refusal(404, "ORDER_NOT_EXIST", "订单不存在")
        return order

    def payment(self, transaction: str, mchid: str) -> tuple[Document, Document]:
        """The order and the payment of a movement of money. Raises Refusal."""
        payment = self._records.get("payment", transaction)
        if payment is None:
            raise Refusal(404, "ORDER_NOT_EXIST", "订单不存在")
        return self.get(payment["number"], mchid), payment

    def close(self, number: str, mchid: str) -> None:
        """Nobody can pay it then. Raises Refusal where somebody has, or it is closed."""
        order = self.get(number, mchid)
        if order["state"] in ("SUCCESS", "REFUND"):
            raise Refusal(400, "ORDER_PAID", "该订单已支付")
        if order["state"] == "CLOSED":
            raise Refusal(400, "ORDER_CLOSED", "该订单已关闭")
        self._records.put("order", number, {**order, "state": "CLOSED"})

    def pay(self, number: str, *, late: bool = False, again: bool = False) -> None:
        """The payer agrees. `late`: the order may be closed or expired; `again`: or paid."""
        order = self.get(number, self._keys.mchid)
        paid = order["state"] in ("SUCCESS", "REFUND")
        ended = order["state"] == "CLOSED" or self._now() >= parse_instant(order["expires"])
        if (paid and not again) or (ended and not paid and not late):
            return
        payment = self._moved(order)
        if not paid:
            order.update(state="SUCCESS", transaction=payment["transaction"])
            self._records.put("order", number, order)
        self._post(order["words"]["notify_url"], "TRANSACTION.SUCCESS", self.told(order, payment))

    def fail(self, number: str) -> None:
        """The payer's bank says no. WeChat sends nothing then, and the payer may try again."""
        order = self.get(number, self._keys.mchid)
        if order["state"] == "NOTPAY":
            self._records.put("order", number, {**order, "state": "PAYERROR"})

    def told(self, order: Document, payment: Document | None = None) -> Document:
        """What WeChat says of an order, or of another payment for it."""
        transaction = payment["transaction"] if payment else order["transaction"]
        payment = self._records.get("payment", transaction)
        said = {
            "appid": self._keys.appid,
            "mchid": self._keys.mchid,
            "out_trade_no": order["number"],
            "trade_state": order["state"],
            "trade_state_desc": SAID[order["state"]],
            "attach": "",
            "amount": {"total": order["total"], "currency": "CNY"},
        }
        if payment is None:
            return said
        cash = {"payer_total": order["total"], "payer_currency": "CNY"}
        return {
            **said,
            "transaction_id": payment["transaction"],
            "trade_type": TRADE_TYPE[order["way"]],
            "bank_type": "OTHERS",
            "success_time": beijing(parse_instant(payment["at"])),
            "payer": {"openid": order["openid"]},
            "amount": {**said["amount"], **cash},
        }

    def _moved(self, order: Document) -> Document:
        day = self._now().astimezone(BEIJING)
        payment = {
            "transaction": f"4200{day:%y%m%d}{self._records.number('payment'):018d}",
            "number": order["number"],
            "total": order["total"],
            "at": format_instant(self._now().replace(microsecond=0)),
        }
        self._records.put("payment", payment["transaction"], payment)
        return payment

    def _check(self, way: str, ask: OrderAsk) -> None:
        if (ask.appid, ask.mchid) != (self._keys.appid, self._keys.mchid):
            raise Refusal(400, "APPID_MCHID_NOT_MATCH", "AppID和mch_id不匹配")
        if len(ask.description.encode()) > DESCRIPTION_BYTES_MAX:
            raise wrong("description 不能超过127字节")
        if ask.amount.currency != "CNY":
            raise wrong("currency 只支持CNY")
        if way == "jsapi" and (ask.payer is None or not ask.payer.openid):
            raise wrong("payer.openid 必填")
        if way == "h5" and (ask.scene_info is None or ask.scene_info.h5_info is None):
            raise wrong("scene_info.h5_info 必填")
        if ask.time_expire is not None:
            self._check_expiry(ask.time_expire)

    def _check_expiry(self, expires: datetime) -> None:
        if expires.tzinfo is None:
            raise wrong("time_expire 须带时区")
        if expires <= self._now():
            raise wrong("time_expire 早于当前时间")


def _insist_on_the_same(known: Document, way: str, words: Document) -> None:
    if known["state"] in ("SUCCESS", "REFUND"):
        raise Refusal(400, "ORDER_PAID", "该订单已支付")
    if known["state"] == "CLOSED":
        raise Refusal(400, "ORDER_CLOSED", "该订单已关闭")
    if (known["way"], known["words"]) != (way, words):
        raise Refusal(403, "OUT_TRADE_NO_USED", "201 商户订单号重复")
