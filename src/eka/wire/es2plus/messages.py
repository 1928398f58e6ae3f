"""The asks and answers of ES2+ (SGP.22, 5.3.1 to 5.3.5), each a value.

Of an optional parameter None says that it is not there; of an EID, "" says the same, since some
send it so. An empty MatchingID is one that is there (4.1.1): the phone asks its default SM-DP+.
"""

from datetime import UTC, datetime
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

Status = Literal["Executed-Success", "Executed-WithWarning", "Failed", "Expired"]
DONE: tuple[Status, ...] = ("Executed-Success", "Executed-WithWarning")

POINT_MAX = 2**31 - 1


class Iccid(str):
    """19 or 20 digits whose check digit is right; on the wire filled up to 20 characters with F."""

    __slots__ = ()


Eid = Annotated[str, Meta(pattern=r"\A(?:[0-9]{32})?\Z")]
Point = Annotated[int, Meta(ge=0, le=POINT_MAX)]
Instant = Annotated[datetime, Meta(tz=True)]


class Part(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A JSON object: names in camel case, nothing said of what is not there."""


class StatusCodeData(Part, frozen=True):
    """Why: codes as in `codes`, `message` for people, whom or what it is about."""

    subject_code: str
    reason_code: str
    subject_identifier: str | None = None
    message: str | None = None


class ExecutionStatus(Part, frozen=True):
    """How a function, or a step on the phone, ended."""

    status: Status
    status_code_data: StatusCodeData | None = None


class RequestHeader(Part, frozen=True):
    """Who asks, and his number of this very ask (6.5.1.3)."""

    function_requester_identifier: str
    function_call_identifier: str


class ResponseHeader(Part, frozen=True):
    """How it ended (6.5.1.4)."""

    function_execution_status: ExecutionStatus


class Ask(Part, frozen=True):
    """What every ask has. `function` is the last part of its path."""

    function: ClassVar[str]
    header: RequestHeader

    def __repr__(self) -> str:
        """Without what it says: a MatchingID is a secret, and messages end up in tracebacks."""
        return f"{type(self).__name__}({self.header!r}, ...)"


class Answer(Part, frozen=True):
    """What every answer has, and all that a failed one has."""

    header: ResponseHeader

    def __repr__(self) -> str:
        """Without what it says, as an ask."""
        return f"{type(self).__name__}({self.header!r}, ...)"


class DownloadOrder(Ask, frozen=True):
    """Reserve a profile: of this type, or this very one, for whoever comes or for this EID."""

    function: ClassVar[str] = "downloadOrder"
    eid: Eid | None = None
    iccid: Iccid | None = None
    profile_type: str | None = None


class DownloadOrdered(Answer, frozen=True):
    """It is reserved."""

    iccid: Iccid


class ConfirmOrder(Ask, frozen=True):
    """Keep it for us; `release_flag`: and let it be downloaded from now on."""

    function: ClassVar[str] = "confirmOrder"
    iccid: Iccid
    release_flag: bool
    eid: Eid | None = None
    matching_id: str | None = None
    confirmation_code: str | None = None
    smds_address: str | None = None


class OrderConfirmed(Answer, frozen=True):
    """It is kept. The MatchingID, with which it is downloaded, is a bearer secret."""

    matching_id: str
    eid: Eid | None = None
    smdp_address: str | None = None


class CancelOrder(Ask, frozen=True):
    """Nobody shall download it. `eid` and `matching_id` where the order has them."""

    function: ClassVar[str] = "cancelOrder"
    iccid: Iccid
    final_profile_status_indicator: Literal["Available", "Unavailable"]
    eid: Eid | None = None
    matching_id: str | None = None


class ReleaseProfile(Ask, frozen=True):
    """It may be downloaded from now on."""

    function: ClassVar[str] = "releaseProfile"
    iccid: Iccid


class HandleDownloadProgressInfo(Ask, frozen=True):
    """The SM-DP+ tells the operator how far a profile is. Nothing but HTTP 204 is answered.

    The standard's list of parameters writes `timestamp`, its example `timeStamp`: one of both.
    """

    function: ClassVar[str] = "handleDownloadProgressInfo"
    iccid: Iccid
    profile_type: str
    notification_point_id: Point
    notification_point_status: ExecutionStatus
    timestamp: Instant | None = None
    time_stamp: Instant | None = None
    eid: Eid | None = None
    result_data: str | None = None

    def __post_init__(self) -> None:
        if self.timestamp is None and self.time_stamp is None:
            raise ValueError("Object missing required field `timestamp`")
        try:
            _ = self.at
        except OverflowError:
            raise ValueError("outside the calendar") from None

    @property
    def at(self) -> datetime:
        """When it happened, in UTC, by the clock of the SM-DP+."""
        at = self.timestamp or self.time_stamp
        assert at is not None
        return at.astimezone(UTC)


ASKS: tuple[type[Ask], ...] = (DownloadOrder, ConfirmOrder, CancelOrder, ReleaseProfile)
