"""What a merchant may ask for, and the answers that are a no."""

from datetime import datetime, timedelta, timezone
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

BEIJING = timezone(timedelta(hours=8))

Number = Annotated[str, Meta(pattern=r"^[0-9A-Za-z_\-|*]{6,32}$")]
RefundNumber = Annotated[str, Meta(pattern=r"^[0-9A-Za-z_\-|*@]{1,64}$")]
Address = Annotated[str, Meta(pattern=r"^https?://[^?#]+$", max_length=255)]
Fen = Annotated[int, Meta(ge=1)]
Asked = TypeVar("Asked", bound=Struct)

DESCRIPTION_BYTES_MAX = 127
REASON_BYTES_MAX = 80


class Refusal(Exception):
    """An HTTP status, WeChat's code, and its sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


class OrderAmount(Struct):
    """The price of an order."""

    total: Fen
    currency: str = "CNY"


class Payer(Struct):
    """Who pays inside WeChat."""

    openid: str


class H5Info(Struct):
    """The kind of page that opens WeChat."""

    type: str


class Scene(Struct):
    """Where the payer is."""

    payer_client_ip: str
    h5_info: H5Info | None = None


class OrderAsk(Struct):
    """The body of Native, H5 and JSAPI orders."""

    appid: str
    mchid: str
    description: Annotated[str, Meta(min_length=1)]
    out_trade_no: Number
    notify_url: Address
    amount: OrderAmount
    time_expire: datetime | None = None
    payer: Payer | None = None
    scene_info: Scene | None = None


class CloseAsk(Struct):
    """The body of a request to close."""

    mchid: str


class AskedRefundAmount(Struct):
    """How much of what is to be given back."""

    refund: Fen
    total: Fen
    currency: str


class RefundAsk(Struct):
    """The body of a request to give money back."""

    out_refund_no: RefundNumber
    amount: AskedRefundAmount
    transaction_id: str = ""
    out_trade_no: str = ""
    reason: str = ""
    notify_url: Address | None = None


def asked(body: bytes, kind: type[Asked]) -> Asked:
    """The body of a request. Raises Refusal."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise wrong(str(error)) from error


def wrong(message: str) -> Refusal:
    """A request that is not as the documentation wants it."""
    return Refusal(400, "PARAM_ERROR", message)


def beijing(instant: datetime) -> str:
    """An instant as WeChat writes it."""
    return instant.astimezone(BEIJING).isoformat(timespec="seconds")
