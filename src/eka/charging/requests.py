"""What the doors and the engine say to each other, whatever the wire.

Data is in bytes, spans in seconds. A charging session may meter several rating groups; each is
metered apart (a *part*), and one request may speak of several.
"""

from collections.abc import Callable
from typing import Any, Literal, Protocol

from msgspec import Struct

from eka.rules.lines import SessionResult
from eka.rules.units import Money

Kind = Literal["initial", "update", "end", "event"]
Event = Literal["debit", "refund", "balance", "price"]
Result = Literal["success", "unknown_subscriber", "unknown_session", "busy", "failed", "denied"]
FinalAction = Literal["terminate", "redirect", "restrict"]


class Ask(Struct, frozen=True, kw_only=True):
    """What a request says of one part: bytes used since the last request, bytes asked for.

    `asks` None leaves the size to the server; 0 asks for nothing. `recorded` bytes were used
    outside online charging: kept with the session, not debited. `ends`: this part is over. An event
    that debits takes `asks` all or nothing, and of `used`, which is past, what it can.
    """

    rating_group: int | None = None
    service: int | None = None
    used: int = 0
    asks: int | None = 0
    recorded: int = 0
    ends: bool = False


class ChargingRequest(Struct, frozen=True, kw_only=True):
    """One request of a gateway.

    `session` is the gateway's (or our) name of the session, the same in all its requests; `number`
    tells its requests apart, so that the same number again gets the first answer. Whoever has the
    IMSI gives it, else the MSISDN; a later request may give neither. `facts` are kept with the
    session from its first request on: `door` ("gy" or "nchf") and what that door needs to call the
    gateway back, and what a charging data record shows (apn, rat, network, peer).
    """

    session: str
    kind: Kind
    number: int
    imsi: str | None = None
    msisdn: str | None = None
    asks: tuple[Ask, ...] = ()
    event: Event | None = None
    facts: dict[str, Any] = {}


class Part(Struct, frozen=True, kw_only=True):
    """The answer to one Ask.

    `granted` None: nothing was asked. `validity`: ask again after so many seconds, even if not all
    is used. `threshold`: ask again when so few bytes of the grant are left.
    """

    rating_group: int | None = None
    service: int | None = None
    result: SessionResult = "success"
    granted: int | None = None
    final: bool = False
    validity: int | None = None
    threshold: int | None = None


class ChargingAnswer(Struct, frozen=True, kw_only=True):
    """The answer to one request; it is durable before it is given.

    `busy`: nothing was done, try again. `failed`: nothing was done, and trying again will not help.
    `denied`: an event that the balance does not cover. `enough` answers a balance check, `cost` a
    price enquiry.
    """

    result: Result = "success"
    parts: tuple[Part, ...] = ()
    enough: bool | None = None
    cost: Money | None = None


class FinalUnit(Struct, frozen=True, kw_only=True):
    """What a gateway is to do when a final grant is used up; `redirect_to` is a URL."""

    action: FinalAction = "terminate"
    redirect_to: str = ""


class OpenSession(Struct, frozen=True, kw_only=True):
    """A session that stands open at a gateway; `facts` are those of its first request."""

    id: str
    facts: dict[str, Any]
    rating_groups: tuple[int, ...] = ()


class Charging(Protocol):
    """The engine, as the doors see it."""

    def submit(self, request: ChargingRequest, answer: Callable[[ChargingAnswer], None]) -> None:
        """Takes a request; `answer` is called once, later, in the event loop."""


class Door(Protocol):
    """A door, as the engine's notices see it."""

    def reauthorize(self, session: OpenSession) -> bool:
        """Tells the gateway to ask anew; False where this process cannot reach it."""

    def abort(self, session: OpenSession) -> bool:
        """Tells the gateway to end the session; False where this process cannot reach it."""
