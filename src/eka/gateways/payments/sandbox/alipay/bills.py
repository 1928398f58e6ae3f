"""The bill of a day of Beijing: a zip of two tables in GBK, behind a link that soon ends."""

import calendar
import io
import zipfile
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from operator import itemgetter
from urllib.parse import urlencode

from eka.gateways.payments.sandbox.alipay.keys import Keys
from eka.gateways.payments.sandbox.alipay.trades import Trades
from eka.gateways.payments.sandbox.alipay.writing import CHINA, beijing, yuan
from eka.gateways.sandbox.records import Document
from eka.rules.instants import parse_instant

MADE_AT = timedelta(hours=9)  # of the next morning
LINK_S = 30
PATH = "/downloadBillFile.resource"
FEE_OF_1000 = 6

COLUMNS = (
    *("支付宝交易号", "商户订单号", "业务类型", "商品名称", "创建时间", "完成时间"),
    *("门店编号", "门店名称", "操作员", "终端号", "对方账户", "订单金额（元）", "商家实收（元）"),
    *("支付宝红包（元）", "集分宝（元）", "支付宝优惠（元）", "商家优惠（元）"),
    *("券核销金额（元）", "券名称", "商家红包消费金额（元）", "卡消费金额（元）"),
    *("退款批次号/请求号", "服务费（元）", "分润（元）", "备注"),
)
EMPTY = {name: "0.00" if name.endswith("（元）") else "" for name in COLUMNS}
RULE = "-" * 40


class Link:
    """Links to bills, each good for half a minute."""

    def __init__(self, keys: Keys, seller_id: str) -> None:
        self._keys, self._seller_id = keys, seller_id

    def to(self, day: date, now: datetime) -> str:
        """The path and query of a bill's link."""
        fields = {
            "bizType": "trade",
            "userId": f"{self._seller_id}0156",
            "fileType": "csv.zip",
            "bizDates": day.strftime("%Y%m%d"),
            "timestamp": str(calendar.timegm(now.utctimetuple())),
        }
        return f"{PATH}?{urlencode({**fields, 'token': self._token(fields)})}"

    def day(self, query: Mapping[str, str], now: datetime) -> date | None:
        """The day that a link is for; None where it is not one of ours, or no more."""
        fields = {name: value for name, value in query.items() if name != "token"}
        if query.get("token") != self._token(fields):
            return None
        if calendar.timegm(now.utctimetuple()) > int(fields["timestamp"]) + LINK_S:
            return None
        return date.fromisoformat(fields["bizDates"])

    def _token(self, fields: Mapping[str, str]) -> str:
        return self._keys.link_token(urlencode(sorted(fields.items())))


def is_over(day: date, now: datetime) -> bool:
    """Whether a day of Beijing has ended."""
    return now.astimezone(CHINA).date() > day


def is_made(day: date, now: datetime) -> bool:
    """Whether its bill exists."""
    return is_over(day, now - MADE_AT)


def movements(trades: Trades, day: date) -> list[dict[str, str]]:
    """The rows of a day's bill, in order of time."""
    paid, refunds = trades.moved()
    rows = [_payment(trade) for trade in paid] + [_refund(refund) for refund in refunds]
    of_the_day = (row for row in rows if row["完成时间"].startswith(day.isoformat()))
    return sorted(of_the_day, key=itemgetter("完成时间"))


def archive(trades: Trades, day: date, seller_id: str) -> bytes:
    """The zip."""
    rows = movements(trades, day)
    name = f"{seller_id}0156_{day:%Y%m%d}"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as bill:
        bill.writestr(f"{name}_业务明细.csv", _table(rows, day, seller_id).encode("gbk", "replace"))
        bill.writestr(f"{name}_业务明细(汇总).csv", _summary(rows).encode("gbk", "replace"))
    return content.getvalue()


def fee(total: int) -> int:
    """0.6 % of an amount in fen, a half rounded up."""
    return (total * FEE_OF_1000 + 500) // 1000


def _payment(trade: Document) -> dict[str, str]:
    money = yuan(trade["total"])
    return {
        **EMPTY,
        "支付宝交易号": trade["trade_no"],
        "商户订单号": trade["number"],
        "业务类型": "交易",
        "商品名称": trade["subject"],
        "创建时间": beijing(parse_instant(trade["created"])),
        "完成时间": beijing(parse_instant(trade["paid"])),
        "对方账户": "*丽(ali***@example.com)",
        "订单金额（元）": money,
        "商家实收（元）": money,
        "服务费（元）": yuan(-fee(trade["total"])),
    }


def _refund(refund: Document) -> dict[str, str]:
    """The fee of the payment stays with Alipay."""
    money = yuan(-refund["amount"])
    return {
        **EMPTY,
        "支付宝交易号": refund["trade_no"],
        "商户订单号": refund["number"],
        "业务类型": "退款",
        "商品名称": refund["subject"],
        "创建时间": beijing(parse_instant(refund["at"])),
        "完成时间": beijing(parse_instant(refund["at"])),
        "对方账户": "*丽(ali***@example.com)",
        "订单金额（元）": money,
        "商家实收（元）": money,
        "退款批次号/请求号": refund["request_no"],
    }


def _table(rows: list[dict[str, str]], day: date, seller_id: str) -> str:
    refunds = sum(row["业务类型"] == "退款" for row in rows)
    shown = day.strftime("%Y年%m月%d日")
    lines = [
        "#支付宝业务明细查询",
        f"#账号：[{seller_id}0156]",
        f"#起始日期：[{shown} 00:00:00]   终止日期：[{shown} 23:59:59]",
        f"#{RULE}业务明细列表{RULE}",
        ",".join(COLUMNS),
        *(",".join(f"{row[name]}\t" for name in COLUMNS) for row in rows),
        f"#{RULE}业务明细列表结束{RULE}",
        f"#交易合计：{len(rows) - refunds}笔",
        f"#退款合计：{refunds}笔",
    ]
    return "\r\n".join(lines) + "\r\n"


def _summary(rows: list[dict[str, str]]) -> str:
    refunds = sum(row["业务类型"] == "退款" for row in rows)
    lines = [
        f"#{RULE}业务汇总列表{RULE}",
        "门店编号,门店名称,交易订单总笔数,退款订单总笔数",
        f"合计\t,\t,{len(rows) - refunds}\t,{refunds}\t",
        f"#{RULE}业务汇总列表结束{RULE}",
    ]
    return "\r\n".join(lines) + "\r\n"
