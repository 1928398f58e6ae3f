"""What a reseller may ask for, and the answers that are a no."""

from datetime import UTC, datetime
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

MESSAGES = {
    "000101": "Request header (mandatory) is null",
    "000102": "Wrong request header format",
    "000103": "This https request method (get/post ) is not supported",
    "000104": "Request in invalid JSON format",
    "000105": "Request parameters (mandatory) are not contained",
    "000107": "The length of the request parameter does not meet the requirement.",
    "101001": "The timestamp of the request has expired.",
    "101003": "Request signature mismatch.",
    "200002": "This operation is not allowed due to the order status.",
    "200005": "Package price error. Check price.",
    "200006": "Total order price amount is wrong. Check prices.",
    "200007": "Insufficient account balance",
    "200008": "Order parameters error, please contact customer service.",
    "200010": "Profile is being downloaded for the order.",
    "200011": "Insufficient available Profiles for the package, please contact the customer"
    " service.",
    "310241": "The packageCode does not exist.",
    "310272": "The orderNo does not exist.",
    "310402": "The transactionId has been used.",
    "310403": "The ICCID does not exist in the order.",
    "900001": "The system is busy, please try again later.",
}

NUMBER_MAX = 50
Text = str | None
Asked = TypeVar("Asked", bound=Struct)


class Refusal(Exception):
    """One of eSIM Access's codes."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code, self.message = code, MESSAGES[code]


class Pager(Struct):
    """Which page."""

    pageNum: Annotated[int, Meta(ge=1, le=10_000)]
    pageSize: Annotated[int, Meta(ge=5, le=500)]


class Line(Struct):
    """A package in an order, by code or slug."""

    packageCode: str
    count: Annotated[int, Meta(ge=1, le=30)]
    price: int | None = None


class OrderAsk(Struct):
    """The body of /esim/order."""

    transactionId: str
    packageInfoList: Annotated[list[Line], Meta(min_length=1)]
    amount: int | None = None


class QueryAsk(Struct):
    """The body of /esim/query."""

    pager: Pager
    orderNo: Text = None
    iccid: Text = None
    esimTranNo: Text = None
    startTime: Text = None
    endTime: Text = None


class WhichAsk(Struct):
    """The body of what is done to one profile."""

    iccid: Text = None
    esimTranNo: Text = None


class TopUpAsk(WhichAsk, kw_only=True):
    """The body of /esim/topup."""

    packageCode: str
    transactionId: str
    amount: str | int | None = None


class ListAsk(Struct):
    """The body of /package/list."""

    type: Text = None
    locationCode: Text = None
    packageCode: Text = None
    slug: Text = None
    iccid: Text = None


class WebhookAsk(Struct):
    """The body of /webhook/save."""

    webhook: str


def asked(body: bytes, kind: type[Asked]) -> Asked:
    """The body of a request; none is an empty one. Raises Refusal."""
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise Refusal("000105") from error
    except msgspec.DecodeError as error:
        raise Refusal("000104") from error


def written(instant: datetime) -> str:
    """An instant in an answer."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def stamped(instant: datetime) -> str:
    """An instant in a notification."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
