"""What Eka says to a payment gateway and hears from it, the same for all of them.

An adapter translates between these values and its gateway's wire format; it decides nothing. What a
report means for an order is judged by `eka.rules.payments`. Money is in minor units.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal, Protocol

from msgspec import Struct

from eka.rules.units import Money

GatewayName = Literal["stripe", "paypal", "wechat", "alipay"]
GATEWAYS: tuple[GatewayName, ...] = ("stripe", "paypal", "wechat", "alipay")

# How the person gets to the gateway: a page of the gateway's, a QR code that a phone scans, the
# browser of a phone (WeChat H5, Alipay wap), or inside WeChat (JSAPI).
Way = Literal["page", "qr", "phone", "inside"]

# approved: the person has agreed, and the money moves when it is captured (PayPal).
Status = Literal["pending", "approved", "paid", "failed", "closed", "unknown"]


class GatewayError(Exception):
    """A gateway did not do what it was asked; the message holds no secret."""


class GatewayUnavailable(GatewayError):
    """No answer, or none that says anything: whether it was done is not known. Ask again later.

    Repeating the same request (same number) is safe, and is how one finds out.
    """


class GatewayRefused(GatewayError):
    """The gateway said no, and nothing was done; `code` is the gateway's own word."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code


class NotAuthentic(GatewayError):
    """A notification that was not signed by the gateway, or not for us, or too long ago."""


class NoticeUnreadable(GatewayError):
    """An authentic notification whose content is not understood; it is kept for a person."""


class PaymentAsk(Struct, frozen=True, kw_only=True):
    """A payment to be begun.

    `number` is ours, of letters and digits, 6 to 32 long, and never used for another payment: it is
    the gateway's merchant order number and its idempotency key. `expires_at` is until when the
    gateway may take the money. `save` asks to keep the method for later charges.
    """

    number: str
    amount: Money
    title: str
    way: Way
    expires_at: datetime
    return_url: str
    cancel_url: str
    notify_url: str
    language: str = "en"
    payer_ip: str = "127.0.0.1"
    payer_email: str = ""
    openid: str = ""
    save: bool = False


class Asked(Struct, frozen=True, kw_only=True):
    """What the person does next: open `url`, or scan `qr`, or let WeChat's page use `fields`.

    `reference` is the gateway's own name of the payment, "" where it only knows our number.
    """

    reference: str = ""
    url: str = ""
    qr: str = ""
    fields: dict[str, str] = {}


class SavedMethod(Struct, frozen=True, kw_only=True):
    """A method that the payer let us charge again; `token` and `payer` are the gateway's names."""

    token: str
    payer: str = ""
    shown: str = ""  # "Visa ···· 4242", to be shown to its owner


class PaymentReport(Struct, frozen=True, kw_only=True):
    """What the gateway says of one payment, in a notification, when asked, or in its list.

    `amount` is what was paid (or is to be), in the currency it names; `transaction` is its number
    of the money's movement, "" before there is one; `merchant` is who it says is paid. `number`
    "" means that the gateway does not know which payment of ours this is.
    """

    number: str
    status: Status
    reference: str = ""
    transaction: str = ""
    amount: Money | None = None
    merchant: str = ""
    at: datetime | None = None
    fee: Money | None = None
    saved: SavedMethod | None = None
    reason: str = ""  # why it failed, in the gateway's word


class RefundAsk(Struct, frozen=True, kw_only=True):
    """A refund; `number` is ours and the idempotency key. `paid` is what the payment was."""

    number: str
    payment_number: str
    transaction: str
    amount: Money
    paid: Money
    notify_url: str
    reference: str = ""  # the payment's, as in Asked
    reason: str = ""


class RefundReport(Struct, frozen=True, kw_only=True):
    """What the gateway says of a refund; `number` "" where it does not know our number."""

    number: str
    status: Literal["pending", "done", "failed", "unknown"]
    transaction: str = ""  # of the payment that it gives back
    reference: str = ""  # the gateway's own number of the refund
    amount: Money | None = None
    at: datetime | None = None
    reason: str = ""


class DisputeReport(Struct, frozen=True, kw_only=True):
    """The payer's bank contests a payment. `respond_by`: until when evidence counts."""

    reference: str
    transaction: str
    status: Literal["open", "won", "lost"]
    number: str = ""  # of our payment, where the gateway says it
    amount: Money | None = None
    reason: str = ""
    respond_by: datetime | None = None


class Notice(Struct, frozen=True, kw_only=True):
    """An authentic notification. `event` is the gateway's number of it: the same is sent again.

    At most one of the reports is there; none is a kind of news that Eka does nothing with.
    """

    event: str
    kind: str  # the gateway's own word, for people
    payment: PaymentReport | None = None
    refund: RefundReport | None = None
    dispute: DisputeReport | None = None


class Transaction(Struct, frozen=True, kw_only=True):
    """A line of the gateway's list of a day: money that moved. `amount` is never negative."""

    kind: Literal["payment", "refund", "dispute", "fee"]
    number: str  # ours: of the payment or the refund; "" where the list does not have it
    transaction: str  # the gateway's number of this movement
    amount: Money
    at: datetime
    fee: Money | None = None


class Reply(Struct, frozen=True, kw_only=True):
    """What the gateway wants to read in answer to a notification."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain"


class PaymentGateway(Protocol):
    """A gateway. All but `read_notice` talk to it and raise GatewayUnavailable or GatewayRefused.

    Every call may be repeated: the same number gives the first result.
    """

    @property
    def name(self) -> GatewayName:
        """Which gateway this is."""

    @property
    def ways(self) -> tuple[Way, ...]:
        """How it can be paid through."""

    @property
    def merchant(self) -> str:
        """Whom its reports must name."""

    @property
    def currencies(self) -> tuple[str, ...]:
        """What it takes; empty: any."""

    @property
    def proves(self) -> bool:
        """Whether a notification's signature covers every byte; if not, it is a hint to look."""

    @property
    def saves(self) -> bool:
        """Whether a method can be kept and charged again."""

    def begin(self, ask: PaymentAsk) -> Asked:
        """Begins a payment."""

    def look(self, number: str, reference: str) -> PaymentReport:
        """What became of it; status `unknown` where the gateway never heard of it."""

    def capture(self, number: str, reference: str) -> PaymentReport:
        """Takes the money of an approved payment; elsewhere the same as `look`."""

    def close(self, number: str, reference: str) -> PaymentReport:
        """Lets nobody pay it any more; what is reported is how it stands after that.

        Where the money came first the report says `paid`.
        """

    def charge(self, ask: PaymentAsk, method: SavedMethod) -> PaymentReport:
        """Charges a kept method without the payer. Only where `saves`."""

    def forget(self, method: SavedMethod) -> None:
        """Lets the gateway drop a kept method. Only where `saves`; one that is gone is no error."""

    def refund(self, ask: RefundAsk) -> RefundReport:
        """Gives money back."""

    def look_refund(self, ask: RefundAsk, reference: str) -> RefundReport:
        """What became of a refund; `unknown` where the gateway never heard of it."""

    def transactions(self, day: date) -> list[Transaction]:
        """The money that moved on a day of UTC, in full (every page of the list)."""

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """The content of a notification that is authentic and fresh at `now`.

        `headers` have lower-case names. Talks to nobody on behalf of a caller that has not proved
        who it is. Raises NotAuthentic, NoticeUnreadable.
        """

    def reply(self, accepted: bool) -> Reply:
        """The answer to a notification; not accepted: the gateway shall send it again."""
