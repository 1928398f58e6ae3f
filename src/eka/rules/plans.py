"""A plan's terms as values (policy, sections 3 to 6 and 8). Text forms: `plan_text`."""

from typing import Literal

from msgspec import Struct

from eka.rules.units import WHOLE, Duration, Money, Share

Kind = Literal["plan", "rollover", "topup", "bonus"]
KINDS: tuple[Kind, ...] = ("plan", "rollover", "topup", "bonus")
RenewedBy = Literal["manual", "auto", "term"]
RENEWED_BY: tuple[RenewedBy, ...] = ("manual", "auto", "term")
PlanRule = Literal["any", "same", "same_or_higher", "same_group"]
PLAN_RULES: tuple[PlanRule, ...] = ("any", "same", "same_or_higher", "same_group")
Tie = Literal["earliest_expiry", "oldest", "newest"]
TIES: tuple[Tie, ...] = ("earliest_expiry", "oldest", "newest")
TopUpMove = Literal["own", "with_period", "extend", "max", "reset"]
TOPUP_MOVES: tuple[TopUpMove, ...] = ("own", "with_period", "extend", "max", "reset")
ForfeitEvent = Literal["lapse", "suspend", "cancel", "chargeback"]
FORFEIT_EVENTS: tuple[ForfeitEvent, ...] = ("lapse", "suspend", "cancel", "chargeback")
Limit = int | Share | None  # bytes, a share of the plan's data, or no limit
NO_TIME = Duration()


class Burn(Struct, frozen=True):
    """Which bucket pays first: kinds in ranks, then the tie."""

    kinds: tuple[tuple[Kind, ...], ...] = (KINDS,)
    tie: Tie = "earliest_expiry"


class Throttle(Struct, frozen=True, tag="throttle"):
    """Beyond what is left, data flows at this speed."""

    kbps: int


class Overage(Struct, frozen=True, tag="overage"):
    """Beyond what is left, each started block of `per` bytes costs `price`."""

    price: Money
    per: int


class SpeedTier(Struct, frozen=True):
    """At `after` bytes used in the period, `kbps` between two local times (seconds of the day)."""

    after: int
    kbps: int
    starts: int = 0
    ends: int = 86400


class Daily(Struct, frozen=True):
    """A quota of bytes a day; past it `kbps_after`, or a stop where that is absent."""

    data: int
    kbps_after: int | None = None
    clock: Literal["natural", "rolling", "utc"] = "natural"


class Hotspot(Struct, frozen=True):
    """A quota for shared connections inside the plan's data."""

    data: int
    kbps_after: int | None = None


class Alerts(Struct, frozen=True):
    """Warnings: shares of the data used, and spans before the period's end."""

    used: tuple[Share, ...] = ()
    ends_in: tuple[Duration, ...] = ()


class Caps(Struct, frozen=True):
    """What rollover may not exceed, each in bytes or as a share of the new period's data."""

    per_renewal: Limit = None
    bank: Limit = None
    total: Limit = None


class Life(Struct, frozen=True):
    """How often bytes may be carried (None: without limit) and how long they live."""

    renewals: int | None = 1
    duration: Duration | None = None


class Requires(Struct, frozen=True):
    """What a renewal must meet so that data carries, in the order in which it is judged."""

    grace: Duration = NO_TIME
    lead_min: Duration | None = None
    lead_max: Duration | None = None
    period_age_min: Duration | None = None
    by: tuple[RenewedBy, ...] = RENEWED_BY
    plan: tuple[PlanRule, ...] = ("any",)
    used_min: int | Share = 0
    tenure_min: int = 0
    tags: tuple[str, ...] = ()


class Rollover(Struct, frozen=True):
    """The rollover policy (policy, section 4)."""

    carries: tuple[Kind, ...] = ("plan",)
    fraction: Share = WHOLE
    round_up_to: int = 1
    caps: Caps = Caps()
    trim: Literal["newest", "earliest_expiry"] = "newest"
    life: Life = Life()
    requires: Requires = Requires()
    forfeits_on: tuple[ForfeitEvent, ...] = ("lapse",)
    otherwise: Literal["forfeit", "keep_to_expiry"] = "forfeit"


class TopUpRule(Struct, frozen=True):
    """How top-ups behave on this plan (policy, section 5)."""

    rule: TopUpMove = "own"
    queue_max: int = 30


class Convert(Struct, frozen=True):
    """At a renewal each whole `step` of the rest becomes credit, at `rate` for `per` bytes."""

    rate: Money
    per: int
    step: int = 1


class Plan(Struct, frozen=True, kw_only=True):
    """One version of a plan's terms; `data` None is unlimited.

    `version` is the ledger's number for these terms, 0 where there is no ledger.
    """

    name: str
    data: int | None
    period: Duration
    term: int = 1
    price: Money | None = None
    group: str | None = None
    tags: tuple[str, ...] = ()
    early_renewal: Literal["now", "at_end"] = "now"
    burn: Burn = Burn()
    exhausted: Throttle | Overage | None = None
    speeds: tuple[SpeedTier, ...] = ()
    daily: Daily | None = None
    hotspot: Hotspot | None = None
    alerts: Alerts = Alerts()
    rollover: Rollover | None = None
    topup: TopUpRule = TopUpRule()
    convert: Convert | None = None
    auto_renew_at: Share | None = None
    version: int = 0


def limit_in_bytes(limit: Limit, plan: Plan) -> int | None:
    """A cap in bytes for `plan`; a share of an unlimited plan is no cap (policy, section 8)."""
    if not isinstance(limit, Share):
        return limit
    return None if plan.data is None else limit.of(plan.data)


def is_same_or_higher(new: Plan, old: Plan) -> bool:
    """By price where both have one in the same currency, else by data (policy, section 8)."""
    if new.price and old.price and new.price.currency == old.price.currency:
        return new.price.minor >= old.price.minor
    if new.data is None or old.data is None:
        return new.data is None
    return new.data >= old.data
