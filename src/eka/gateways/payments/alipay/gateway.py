"""Alipay behind the interface that all gateways have."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

from eka import clock
from eka.gateways.payments.alipay import bills, notices
from eka.gateways.payments.alipay.desk import Answer, Desk
from eka.gateways.payments.alipay.settings import AlipaySettings
from eka.gateways.payments.alipay.signing import Content, Signer
from eka.gateways.payments.alipay.texts import (
    CURRENCY,
    end_of_day,
    format_beijing,
    format_yuan,
    parse_beijing,
    parse_yuan,
    title,
)
from eka.gateways.payments.terms import (
    Asked,
    GatewayName,
    GatewayRefused,
    GatewayUnavailable,
    Notice,
    PaymentAsk,
    PaymentReport,
    RefundAsk,
    RefundReport,
    Reply,
    SavedMethod,
    Transaction,
    Way,
)
from eka.rules.instants import DAY
from eka.rules.units import BadValue, Money

PAGE, PHONE, QR = "alipay.trade.page.pay", "alipay.trade.wap.pay", "alipay.trade.precreate"
QUERY, CLOSE = "alipay.trade.query", "alipay.trade.close"
REFUND, REFUND_QUERY = "alipay.trade.refund", "alipay.trade.fastpay.refund.query"
BILL = "alipay.data.dataservice.bill.downloadurl.query"

NO_TRADE = "ACQ.TRADE_NOT_EXIST"
NO_BILL = "isp.bill_not_exist"
NOT_TO_BE_CLOSED = (
    "ACQ.REASON_TRADE_STATUS_INVALID",
    "ACQ.REASON_ILLEGAL_STATUS",
    "ACQ.TRADE_STATUS_ERROR",
)

# A bill is made by nine in the morning of Beijing's next day, "in special cases later". Alipay
# makes none of a day without movements, and says the same of both.
BILL_SURELY_MADE = timedelta(days=3)


class AlipayGateway:
    """An account at Alipay. `now` is for the signatures' time and for which bills exist."""

    name: GatewayName = "alipay"
    ways: tuple[Way, ...] = ("page", "phone", "qr")
    currencies: tuple[str, ...] = (CURRENCY,)
    saves: bool = False
    proves: bool = True

    def __init__(self, settings: AlipaySettings, now: Callable[[], datetime] = clock.now) -> None:
        """Raises ValueError when a key is not one."""
        self.merchant: str = settings.merchant
        self._now, self._signer = now, Signer(settings)
        self._desk = Desk(settings, self._signer, now)

    def begin(self, ask: PaymentAsk) -> Asked:
        """Begins a payment. Alipay hears of a page only when the payer opens it."""
        content = {
            "out_trade_no": ask.number,
            "total_amount": _yuan(ask.amount),
            "subject": title(ask.title),
            "time_expire": format_beijing(ask.expires_at),
        }
        addresses = {"notify_url": ask.notify_url, "return_url": ask.return_url}
        if ask.way == "page":
            content["product_code"] = "FAST_INSTANT_TRADE_PAY"
            return Asked(url=self._desk.address(PAGE, content, addresses))
        if ask.way == "phone":
            content |= {"product_code": "QUICK_WAP_WAY", "quit_url": ask.cancel_url}
            return Asked(url=self._desk.address(PHONE, content, addresses))
        if ask.way == "qr":
            answer = self._desk.call(QR, content, ask.notify_url).demand()
            return Asked(qr=_same(answer, ask.number).text("qr_code"))
        raise GatewayRefused("unsupported", f"Alipay has no way {ask.way!r}")

    def look(self, number: str, reference: str) -> PaymentReport:
        """What became of it. `unknown` as long as the payer has not logged in at Alipay.

        A trade that was paid and then wholly refunded is `closed` like one that nobody paid, with
        reason `refunded`: who first hears of it then must not deliver, for the money is not here,
        and who had heard `paid` before is not told otherwise by a later `closed`.
        """
        answer = self._desk.call(QUERY, {"out_trade_no": number})
        if answer.code == NO_TRADE:
            return PaymentReport(number=number, status="unknown", merchant=self.merchant)
        return self._report(_same(answer.demand(), number))

    def capture(self, number: str, reference: str) -> PaymentReport:
        """Alipay's money moves when the payer agrees: the same as `look`."""
        return self.look(number, reference)

    def close(self, number: str, reference: str) -> PaymentReport:
        """Lets nobody pay it any more, as far as Alipay can.

        A trade that Alipay has not heard of cannot be closed there, though the payer may still hold
        its address or QR code. It is reported as closed all the same: both end by themselves at the
        deadline that they were signed with, and a payment before that is a late payment, which the
        rules let reopen the order or give back.
        """
        answer = self._desk.call(CLOSE, {"out_trade_no": number})
        if answer.code in NOT_TO_BE_CLOSED:
            return self.look(number, reference)
        if answer.code != NO_TRADE:
            _same(answer.demand(), number)
        return PaymentReport(number=number, status="closed", merchant=self.merchant)

    def charge(self, ask: PaymentAsk, method: SavedMethod) -> PaymentReport:
        """Alipay keeps no method for us."""
        raise GatewayRefused("unsupported")

    def forget(self, method: SavedMethod) -> None:
        """Alipay keeps no method for us."""
        raise GatewayRefused("unsupported")

    def refund(self, ask: RefundAsk) -> RefundReport:
        """Gives money back.

        Alipay says `fund_change` Y when this call moved the money. N is the answer to a repetition,
        and to one that is still on its way: then it is asked which. Its `refund_fee` is the total
        of all refunds, so it is not what is reported.
        """
        content = {**_refund_names(ask), "refund_amount": _yuan(ask.amount)}
        if reason := title(ask.reason):
            content["refund_reason"] = reason
        answer = _same(self._desk.call(REFUND, content).demand(), ask.payment_number)
        if answer.text("fund_change") == "Y":
            return RefundReport(
                number=ask.number,
                status="done",
                transaction=answer.text("trade_no"),
                amount=ask.amount,
                at=_time(answer, "gmt_refund_pay"),
            )
        known = self.look_refund(ask, "")
        if known.status == "done":
            return known
        return RefundReport(number=ask.number, status="pending", transaction=ask.transaction)

    def look_refund(self, ask: RefundAsk, reference: str) -> RefundReport:
        """What became of a refund. Alipay does not tell a failed one from one it never heard of.

        Both are `unknown`, and to ask for the refund again under its number is right for both.
        """
        content: Content = {**_refund_names(ask), "query_options": ["gmt_refund_pay"]}
        answer = self._desk.call(REFUND_QUERY, content)
        if answer.code == NO_TRADE or (
            not answer.code and answer.text("refund_status") != "REFUND_SUCCESS"
        ):
            return RefundReport(number=ask.number, status="unknown")
        if answer.demand().text("out_request_no") != ask.number:
            raise GatewayUnavailable(f"{REFUND_QUERY}: an answer to another question")
        return RefundReport(
            number=ask.number,
            status="done",
            transaction=answer.text("trade_no"),
            amount=_money(answer, "refund_amount"),
            at=_time(answer, "gmt_refund_pay"),
        )

    def transactions(self, day: date) -> list[Transaction]:
        """The money that moved on a day of UTC.

        Alipay's days are Beijing's, so a day of UTC is cut out of two bills. The second exists from
        01:00 of UTC on the day after next; until then this raises GatewayUnavailable.
        """
        both = [*self._bill(day), *self._bill(day + DAY)]
        return [moved for moved in both if moved.at.date() == day]

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """The content of a notice. Whose money it is stands in the report's `merchant`."""
        return notices.read(body, self._signer, now)

    def reply(self, accepted: bool) -> Reply:
        """Exactly `success` ends the repetitions."""
        return Reply(body=b"success" if accepted else b"failure")

    def _report(self, answer: Answer) -> PaymentReport:
        status = notices.STATUS.get(answer.text("trade_status"))
        if status is None:
            raise GatewayUnavailable(f"{QUERY}: a status of the trade that is not known")
        paid_at = _time(answer, "send_pay_date")
        return PaymentReport(
            number=answer.text("out_trade_no"),
            status=status,
            transaction=answer.text("trade_no") if status == "paid" or paid_at else "",
            amount=_money(answer, "total_amount"),
            merchant=self.merchant,  # the answer does not name it: it is whom the key is of
            at=paid_at,
            reason="refunded" if status == "closed" and paid_at else "",
        )

    def _bill(self, day: date) -> list[Transaction]:
        age = self._now() - end_of_day(day)
        if age < timedelta(0):
            raise GatewayUnavailable(f"the day of {day} is not over at Alipay")
        answer = self._desk.call(BILL, {"bill_type": "trade", "bill_date": day.isoformat()})
        if answer.code == NO_BILL:
            if age < BILL_SURELY_MADE:
                raise GatewayUnavailable(f"the bill of {day} is not made yet, or has no movement")
            return []
        url = answer.demand().text("bill_download_url")
        return bills.read(self._desk.download(url, bills.ZIP_BYTES_MAX))


def _yuan(amount: Money) -> str:
    """The amount as it is sent. Raises GatewayRefused."""
    if amount.currency != CURRENCY:
        raise GatewayRefused("unsupported", f"Alipay takes {CURRENCY} only")
    try:
        return format_yuan(amount.minor)
    except BadValue as error:
        raise GatewayRefused("amount", str(error)) from error


def _refund_names(ask: RefundAsk) -> dict[str, str]:
    """Which refund of which trade. A number that was paid twice has two trades."""
    names = {"out_trade_no": ask.payment_number, "out_request_no": ask.number}
    return names | ({"trade_no": ask.transaction} if ask.transaction else {})


def _same(answer: Answer, number: str) -> Answer:
    """The answer, if it is of this payment: a genuine one of another may have been replayed."""
    if answer.text("out_trade_no") != number:
        raise GatewayUnavailable(f"{answer.method}: an answer to another question")
    return answer


def _money(answer: Answer, name: str) -> Money:
    try:
        return parse_yuan(answer.text(name))
    except BadValue as error:
        raise GatewayUnavailable(f"{answer.method}: {name} is not an amount") from error


def _time(answer: Answer, name: str) -> datetime | None:
    try:
        return parse_beijing(answer.text(name)) if answer.text(name) else None
    except BadValue as error:
        raise GatewayUnavailable(f"{answer.method}: {name} is not a time") from error
