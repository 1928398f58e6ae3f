"""WeChat Pay as a payment gateway."""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from urllib.parse import quote

import msgspec
from wechatpayv3 import WeChatPay, WeChatPayType  # type: ignore[import-untyped]

from eka import clock
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
from eka.gateways.payments.wechat.bill import BEIJING, made_at, read_bill, unpacked
from eka.gateways.payments.wechat.channel import Channel, WeChatSettings
from eka.gateways.payments.wechat.messages import (
    CURRENCY,
    Begun,
    BillLink,
    Refund,
    Trade,
    merchant_name,
    payment_report,
    refund_report,
    understood,
)
from eka.gateways.payments.wechat.notices import read_notice
from eka.rules.units import BadValue

TYPES: dict[Way, WeChatPayType] = {
    "qr": WeChatPayType.NATIVE,
    "phone": WeChatPayType.H5,
    "inside": WeChatPayType.JSAPI,
}
TITLE_BYTES_MAX = 127
REASON_BYTES_MAX = 80
NEVER_HEARD = {"ORDER_NOT_EXIST", "RESOURCE_NOT_EXISTS"}
NOTHING_MOVED = "NO_STATEMENT_EXIST"


class _Calls(WeChatPay):  # type: ignore[misc]  # the library has no types
    """The library's calls: its paths and bodies, sent through our channel.

    Its own constructor would make a core of its own, and read the private key once more.
    """

    def __init__(self, settings: WeChatSettings, channel: Channel) -> None:
        self._core, self._type, self._partner_mode = channel, WeChatPayType.NATIVE, False
        self._mchid, self._appid, self._notify_url = settings.mchid, settings.appid, None


class WeChatGateway:
    """One merchant and one app. May be used from several threads.

    A number belongs to the way it was begun: WeChat refuses it (OUT_TRADE_NO_USED) for another way,
    amount or title. `save` is passed over, as nothing can be kept.
    """

    name: GatewayName = "wechat"
    ways: tuple[Way, ...] = ("qr", "phone", "inside")
    currencies: tuple[str, ...] = (CURRENCY,)
    saves = False
    proves = True

    def __init__(self, settings: WeChatSettings, now: Callable[[], datetime] = clock.now) -> None:
        """`now` dates what we sign. Raises BadValue where a key cannot be read."""
        self.merchant = merchant_name(settings.mchid, settings.appid)
        self._settings, self._now = settings, now
        self._channel = Channel(settings, now)
        self._pay = _Calls(settings, self._channel)

    def begin(self, ask: PaymentAsk) -> Asked:
        """A code to scan, a page for a phone's browser, or what WeChat's own page needs."""
        if ask.way not in TYPES or ask.amount.currency != CURRENCY:
            raise GatewayRefused("unsupported", f"{ask.way} in {ask.amount.currency}")
        scene = {"payer_client_ip": ask.payer_ip, "h5_info": {"type": "Wap"}}
        body = self._pay.pay(
            description=_cut(ask.title, TITLE_BYTES_MAX) or ask.number,
            out_trade_no=ask.number,
            amount={"total": ask.amount.minor, "currency": CURRENCY},
            time_expire=ask.expires_at.astimezone(BEIJING).isoformat(timespec="seconds"),
            notify_url=ask.notify_url,
            scene_info=scene if ask.way == "phone" else None,
            payer={"openid": ask.openid} if ask.way == "inside" else None,
            pay_type=TYPES[ask.way],
        )
        return self._asked(ask, understood(body, Begun))

    def look(self, number: str, reference: str) -> PaymentReport:
        """How the payment stands; `reference` is not needed."""
        try:
            trade = understood(self._pay.query(out_trade_no=number), Trade)
        except GatewayRefused as refusal:
            if refusal.code not in NEVER_HEARD:
                raise
            return PaymentReport(number=number, status="unknown")
        try:
            return payment_report(trade)
        except BadValue as error:
            raise GatewayUnavailable(str(error)) from error

    def capture(self, number: str, reference: str) -> PaymentReport:
        """The same as `look`: at WeChat the money moves when the payer agrees."""
        return self.look(number, reference)

    def close(self, number: str, reference: str) -> PaymentReport:
        """Whatever WeChat says to the closing, what it says of the payment then is reported.

        Its refusal is passed on only where the payment can still be paid.
        """
        refused: GatewayRefused | None = None
        try:
            self._pay.close(out_trade_no=number)
        except GatewayRefused as refusal:
            refused = refusal
        report = self.look(number, reference)
        if refused and report.status in ("pending", "failed"):
            raise refused
        return report

    def charge(self, ask: PaymentAsk, method: SavedMethod) -> PaymentReport:
        """Is not offered here."""
        raise GatewayRefused("unsupported")

    def forget(self, method: SavedMethod) -> None:
        """Is not offered here."""
        raise GatewayRefused("unsupported")

    def refund(self, ask: RefundAsk) -> RefundReport:
        """Gives back by the number of the money's movement, or of the order where it is not known.

        `failed` with the reason ABNORMAL: the payer's bank turned the money down, and a person has
        to finish it on the merchant platform; a report of `done` may follow.
        """
        if {ask.amount.currency, ask.paid.currency} != {CURRENCY}:
            raise GatewayRefused("unsupported", f"a refund in {ask.amount.currency}")
        body = self._pay.refund(
            out_refund_no=ask.number,
            amount={"refund": ask.amount.minor, "total": ask.paid.minor, "currency": CURRENCY},
            transaction_id=ask.transaction or None,
            out_trade_no=ask.payment_number,
            reason=_cut(ask.reason, REASON_BYTES_MAX) or None,
            notify_url=ask.notify_url,
        )
        return _refund_report(body)

    def look_refund(self, ask: RefundAsk, reference: str) -> RefundReport:
        """How the refund stands; `reference` is not needed."""
        try:
            return _refund_report(self._pay.query_refund(out_refund_no=ask.number))
        except GatewayRefused as refusal:
            if refusal.code not in NEVER_HEARD:
                raise
            return RefundReport(number=ask.number, status="unknown")

    def transactions(self, day: date) -> list[Transaction]:
        """From the bills of the two days in Beijing that overlap the day of UTC.

        The later one is made at 02:00 UTC two days after `day` began; before that this raises
        GatewayUnavailable, as a list with half a day in it would look like missing money.
        """
        listed = [*self._bill(day), *self._bill(day + timedelta(days=1))]
        return [moved for moved in listed if moved.at.date() == day]

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """A payment's or refund's news; signed within five minutes of `now`, before or after."""
        return read_notice(self._channel, self._settings.mchid, headers, body, now)

    def reply(self, accepted: bool) -> Reply:
        """204, or 500 with a reason, upon which WeChat sends it again."""
        if accepted:
            return Reply(status=204)
        body = msgspec.json.encode({"code": "FAIL", "message": "not accepted; send it again"})
        return Reply(status=500, body=body, content_type="application/json")

    def _asked(self, ask: PaymentAsk, begun: Begun) -> Asked:
        if ask.way == "qr" and begun.code_url:
            return Asked(qr=begun.code_url)
        if ask.way == "phone" and begun.h5_url:
            joint = "&" if "?" in begun.h5_url else "?"
            return Asked(url=f"{begun.h5_url}{joint}redirect_url={quote(ask.return_url, safe='')}")
        if ask.way == "inside" and begun.prepay_id:
            return Asked(fields=self._bridge(begun.prepay_id))
        raise GatewayUnavailable("WeChat did not say where the payer goes")

    def _bridge(self, prepay_id: str) -> dict[str, str]:
        """What WeixinJSBridge's getBrandWCPayRequest takes, signed."""
        timestamp, nonce = str(int(self._now().timestamp())), secrets.token_hex(16)
        package = f"prepay_id={prepay_id}"
        return {
            "appId": self._settings.appid,
            "timeStamp": timestamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": self._pay.sign([self._settings.appid, timestamp, nonce, package]),
        }

    def _bill(self, day: date) -> list[Transaction]:
        """A day's bill of Beijing; none was made of a day on which nothing moved."""
        if self._now() < made_at(day):
            raise GatewayUnavailable(f"WeChat makes the bill of {day} at {made_at(day)}")
        try:
            link = understood(self._pay.trade_bill(bill_date=day.isoformat()), BillLink)
        except GatewayRefused as refusal:
            if refusal.code != NOTHING_MOVED:
                raise
            return []
        # The answer is signed, but our signature shall go to nobody else's address all the same.
        if not link.download_url.startswith(self._channel.base + "/"):
            raise GatewayUnavailable("WeChat's bill lies at another address")
        return _checked(self._pay.download_bill(link.download_url), link)


def _checked(packed: bytes, link: BillLink) -> list[Transaction]:
    try:
        content = unpacked(packed)
        if hashlib.sha1(content).hexdigest() != link.hash_value.lower():
            raise BadValue("the bill is not the one that was announced")
        return read_bill(content)
    except (ValueError, KeyError) as error:
        raise GatewayUnavailable(f"WeChat's bill is not understood: {error}") from error


def _refund_report(body: bytes) -> RefundReport:
    try:
        return refund_report(understood(body, Refund))
    except BadValue as error:
        raise GatewayUnavailable(str(error)) from error


def _cut(text: str, bytes_max: int) -> str:
    return text.encode()[:bytes_max].decode(errors="ignore")
