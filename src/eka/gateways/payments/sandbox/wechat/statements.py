"""The bill of a day in Beijing: what was paid and given back, with WeChat's fee of 0.6 %."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta

from eka.gateways.payments.sandbox.wechat.keys import Keys
from eka.gateways.payments.sandbox.wechat.orders import TRADE_TYPE
from eka.gateways.payments.sandbox.wechat.terms import BEIJING, Refusal, wrong
from eka.gateways.sandbox.records import Document, Records
from eka.rules.instants import parse_instant

MADE_AT = time(10)  # of the next day

HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,"
    "付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,"
    "退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
COLUMNS = tuple(HEADER.split(","))
TOTALS = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)


def fee(fen: int) -> int:
    """0.6 % of an amount, rounded half up to a fen."""
    return (fen * 6 + 500) // 1000


class Statements:
    """The bills of the one merchant."""

    def __init__(self, records: Records, keys: Keys, now: Callable[[], datetime]) -> None:
        self._records, self._keys, self._now = records, keys, now

    def of(self, text: str) -> bytes:
        """The bill of a day such as 2026-01-31. Raises Refusal."""
        try:
            day = date.fromisoformat(text)
        except ValueError as error:
            raise wrong("bill_date 格式为yyyy-MM-DD") from error
        if self._now() < datetime.combine(day + timedelta(days=1), MADE_AT, BEIJING):
            raise Refusal(400, "STATEMENT_CREATING", "账单生成中，请在次日10点后再下载")
        paid, back = (self._on(day, kind) for kind in ("payment", "refund"))
        if not paid and not back:
            raise Refusal(400, "NO_STATEMENT_EXIST", "账单文件不存在")
        return self._written(paid, back).encode()

    def _on(self, day: date, kind: str) -> list[Document]:
        return [
            document
            for document in self._records.all(kind)
            if parse_instant(document["at"]).astimezone(BEIJING).date() == day
        ]

    def _written(self, paid: list[Document], back: list[Document]) -> str:
        rows = [self._payment(payment) for payment in paid]
        rows += [self._refund(refund) for refund in back]
        total, given = (sum(_amount(one) for one in some) for some in (paid, back))
        fees = sum(fee(_amount(one)) for one in paid) - sum(fee(_amount(one)) for one in back)
        sums = [str(len(rows)), _yuan(total), _yuan(given), _yuan(0), f"{_yuan(fees)}000"]
        lines = [HEADER, *(_line(row[name] for name in COLUMNS) for row in rows)]
        lines += [TOTALS, _line([*sums, _yuan(total), _yuan(given)])]
        return "\ufeff" + "".join(f"{line}\r\n" for line in lines)

    def _payment(self, payment: Document) -> dict[str, str]:
        total = _yuan(payment["total"])
        return {
            **self._both(payment, payment["number"]),
            "交易状态": "SUCCESS",
            "应结订单金额": total,
            "订单金额": total,
            "手续费": f"{_yuan(fee(payment['total']))}000",
        }

    def _refund(self, refund: Document) -> dict[str, str]:
        amount = _yuan(refund["amount"])
        return {
            **self._both(refund, refund["order"]),
            "交易状态": "REFUND",
            "微信退款单号": refund["refund_id"],
            "商户退款单号": refund["number"],
            "退款金额": amount,
            "申请退款金额": amount,
            "退款类型": "ORIGINAL",
            "退款状态": refund["status"],
            "手续费": f"{_yuan(-fee(refund['amount']))}000",
        }

    def _both(self, document: Document, number: str) -> dict[str, str]:
        order = self._records.get("order", number)
        assert order is not None
        at = parse_instant(document["at"]).astimezone(BEIJING)
        empty = dict.fromkeys(COLUMNS, "")
        nothing = dict.fromkeys((name for name in COLUMNS if name.endswith("金额")), _yuan(0))
        return {
            **empty,
            **nothing,
            "交易时间": f"{at:%Y-%m-%d %H:%M:%S}",
            "公众账号ID": self._keys.appid,
            "商户号": self._keys.mchid,
            "特约商户号": "0",
            "微信订单号": document["transaction"],
            "商户订单号": number,
            "用户标识": order["openid"],
            "交易类型": TRADE_TYPE[order["way"]],
            "付款银行": "OTHERS",
            "货币种类": "CNY",
            "微信退款单号": "0",
            "商户退款单号": "0",
            "商品名称": order["words"]["description"],
            "费率": "0.60%",
        }


def _amount(document: Document) -> int:
    return int(document["total"] if "total" in document else document["amount"])


def _line(fields: Iterable[str]) -> str:
    return ",".join(f"`{field}" for field in fields)


def _yuan(fen: int) -> str:
    whole, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole}.{rest:02d}"
