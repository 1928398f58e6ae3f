"""The commands that change a line, as values: what a caller asks for (policy, section 9)."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from eka.rules.lifecycle import Leftover
from eka.rules.plans import Plan, RenewedBy
from eka.rules.units import Duration


class Activate(Struct, frozen=True, tag="activate"):
    """Start the first period of a line that was sold."""

    plan: Plan
    left: tuple[Leftover, ...] = ()


class Use(Struct, frozen=True, tag="use"):
    """`data` bytes were used at once; `figures` are kept with the entries."""

    data: int
    hotspot: bool = False
    figures: dict[str, str] = {}


class Renew(Struct, frozen=True, tag="renew"):
    """Buy the next period; `rollover` are a promotion's parameters for this one renewal.

    Without a plan it is the line's own, under the terms it is sold with now. With `starts` it joins
    the queue of a period that still runs, whatever the plan says of early renewals; the shop has
    then chosen the instant, and `lead_max` is not held against the subscriber.
    """

    plan: Plan | None = None
    by: RenewedBy = "manual"
    rollover: dict[str, Any] | None = None
    starts: Literal["", "at_end", "on_empty"] = ""


class TopUp(Struct, frozen=True, tag="topup"):
    """Data in addition: bought (`topup`) or given (`bonus`)."""

    data: int
    validity: Duration | None = None
    kind: Literal["topup", "bonus"] = "topup"


class AddOn(Struct, frozen=True, tag="addon"):
    """A whole further plan, starting at the end or as soon as everything is used."""

    plan: Plan
    starts: Literal["at_end", "on_empty"] = "at_end"


class Change(Struct, frozen=True, tag="change"):
    """A change without figures."""

    what: Literal["clear", "suspend", "resume", "cancel", "chargeback"]


class Withdraw(Struct, frozen=True, tag="withdraw"):
    """Take back what was bought with money that is refunded: `buckets`, and what `paid_at` paid.

    What is queued of it never starts; the periods of its term that have not begun never do.
    """

    buckets: tuple[int, ...]
    paid_at: datetime | None = None


class SessionRequest(Struct, frozen=True, tag="session"):
    """One request of online charging: bytes used since the last one, bytes asked for.

    `asks` None leaves the size of the grant to the rules. A `debit` takes what it asks at once, all
    or nothing, and debits what it says was used; a `refund` gives back what it asks. `recorded`
    bytes were used outside online charging.
    `within`: other sessions of this `name` stand open, and this one may begin with any request.
    """

    id: str
    request: Literal["initial", "update", "end", "debit", "refund"]
    used: int = 0
    asks: int | None = 0
    number: int | None = None
    recorded: int = 0
    name: str = ""
    facts: dict[str, Any] = {}
    within: bool = False


class CloseSilent(Struct, frozen=True, tag="close_silent"):
    """End the sessions whose last grant was valid until before `before`: nobody asks any more."""

    before: datetime


Command = Activate | Use | Renew | TopUp | AddOn | Change | Withdraw | SessionRequest | CloseSilent
