"""A use of data: which buckets pay, and what happens beyond them (policy, sections 2, 3, 6, 8).

A use flows like water: it goes on through buckets, into a waiting add-on when everything is used,
and past the point where a plan renews itself, so that one use of 5 GB and five of 1 GB at the same
instant leave the same line.
"""

from typing import Any

from eka.rules.alerts import warn_of_use
from eka.rules.buckets import first_to_burn
from eka.rules.days import day_of, rest_today, used_today
from eka.rules.lines import Bucket, Draft, Line
from eka.rules.plans import Overage, Throttle
from eka.rules.renewals import renews_itself, rest_before_auto_renewal, start_addon_if_empty
from eka.rules.units import Money, add_money, format_money


def consume(draft: Draft, amount: int, *, hotspot: bool = False, **figures: Any) -> int:
    """Debits `amount` bytes at the draft's instant; what nothing can serve is unserved.

    Returns the bytes served. `figures` are kept with the entries (a record's id, its network).
    """
    rest = amount
    while rest and (taken := _serve(draft, rest, hotspot, figures)):
        rest -= taken
    if amount:
        start_addon_if_empty(draft)
        if rest:
            draft.change(unserved=draft.line.unserved + rest)
            draft.tell("unserved", rest, reason=_why_unserved(draft.line), **figures)
    if rest < amount:
        warn_of_use(draft)
    return amount - rest


def _serve(draft: Draft, rest: int, hotspot: bool, figures: dict[str, Any]) -> int:
    """Serves some of `rest` from the bucket that burns first, or beyond all buckets."""
    if draft.line.state != "active" or draft.line.suspended:
        return 0
    start_addon_if_empty(draft)
    allowed = _allowed(draft, rest, hotspot)
    if allowed == 0:
        return 0
    bucket = first_to_burn(draft.line)
    if bucket is not None:
        taken = _burn(draft, bucket, allowed, figures)
    else:
        taken = _go_beyond(draft, allowed, figures)
    _count(draft, taken, hotspot)
    if taken:
        renews_itself(draft)
    return taken


def _allowed(draft: Draft, rest: int, hotspot: bool) -> int:
    """What the hard quotas of the day and of the hotspot let through of `rest`."""
    period, today = draft.period, rest_today(draft.line, draft.now)
    allowed = rest if today is None else min(rest, today)
    quota = period.plan.hotspot
    if hotspot and quota and quota.kbps_after is None:
        allowed = min(allowed, max(0, quota.data - period.hotspot_used))
    return allowed


def _burn(draft: Draft, bucket: Bucket, allowed: int, figures: dict[str, Any]) -> int:
    if bucket.left is None:
        return _at_once(draft, allowed, "unlimited", {"bucket": bucket.number, **figures})
    taken = min(allowed, bucket.left)
    if bucket.kind == "plan":
        # The plan renews itself in the middle of a use, exactly where it says so.
        taken = min(taken, rest_before_auto_renewal(draft.line) or taken)
    draft.take_out(bucket, "used", taken, "", **figures)
    return taken


def _go_beyond(draft: Draft, allowed: int, figures: dict[str, Any]) -> int:
    """Use beyond what is left: slower, at a price, or not at all."""
    exhausted = draft.period.plan.exhausted
    if exhausted is None:
        return 0
    if isinstance(exhausted, Throttle):
        return _at_once(draft, allowed, "throttled", {"kbps": exhausted.kbps, **figures})
    price = _charge(draft, exhausted, allowed)
    return _at_once(draft, allowed, "overage", {"price": format_money(price), **figures})


def _charge(draft: Draft, overage: Overage, amount: int) -> Money:
    """Charges each block of `per` that this use starts; blocks are counted anew each period."""
    before, after = draft.period.beyond, draft.period.beyond + amount
    blocks = -(-after // overage.per) - -(-before // overage.per)
    price = Money(blocks * overage.price.minor, overage.price.currency)
    draft.change_period(beyond=after)
    draft.change(overage=add_money(draft.line.overage, price))
    return price


def _at_once(draft: Draft, amount: int, reason: str, figures: dict[str, Any]) -> int:
    """Bytes that no bucket holds: granted and used at once (policy, section 8)."""
    draft.tell("used", amount, reason=reason, **figures)
    return amount


def _count(draft: Draft, taken: int, hotspot: bool) -> None:
    """Counts bytes towards the period, its hotspot quota and the day."""
    period, line = draft.period, draft.line
    draft.change_period(
        used=period.used + taken, hotspot_used=period.hotspot_used + (taken if hotspot else 0)
    )
    if daily := period.plan.daily:
        today = used_today(line, daily, draft.now) + taken
        draft.change(day_starts=day_of(line, daily, draft.now)[0], day_used=today)


def _why_unserved(line: Line) -> str:
    if line.suspended:
        return "suspended"
    return "nothing_left" if line.state == "active" else "not_active"
