"""A plan's rollover policy as data: what carries, how much, how long, and what a renewal must meet.

The sentence on a plan's page is made from these; nothing is judged here.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from eka.rules.plans import NO_TIME, RENEWED_BY, Caps, Plan, Requires, Rollover
from eka.rules.units import WHOLE


class Condition(Struct, frozen=True):
    """One part of the policy: its code, and the figures that the plan gives it."""

    code: str
    figures: dict[str, Any] = {}


def conditions(plan: Plan) -> tuple[Condition, ...]:
    """The rollover policy of `plan`, only what it sets, in the order in which it is judged.

    A plan without one gives a single `no_rollover`, `unlimited` or `converts`. Otherwise the first
    two are `carries` and `life`.
    """
    policy = plan.rollover
    if plan.convert is not None:
        rate, per, step = plan.convert.rate, plan.convert.per, plan.convert.step
        return (Condition("converts", {"rate": rate, "per": per, "step": step}),)
    if plan.data is None:
        return (Condition("unlimited"),)
    if policy is None or not policy.carries:
        return (Condition("no_rollover"),)
    return tuple(_parts(policy))


def _parts(policy: Rollover) -> Iterator[Condition]:
    life = policy.life
    yield Condition("carries", {"kinds": policy.carries})
    yield Condition("life", {"renewals": life.renewals, "duration": life.duration})
    if policy.fraction != WHOLE:
        yield Condition("fraction", {"share": policy.fraction})
    if policy.round_up_to > 1:
        yield Condition("round_up", {"to": policy.round_up_to})
    yield from _caps(policy.caps)
    yield from _requirements(policy.requires)
    also = tuple(event for event in policy.forfeits_on if event != "lapse")
    if also:
        yield Condition("forfeits_on", {"events": also})
    if policy.otherwise == "keep_to_expiry":
        yield Condition("keep_to_expiry")


def _caps(caps: Caps) -> Iterator[Condition]:
    for name in ("per_renewal", "bank", "total"):
        if (cap := getattr(caps, name)) is not None:
            yield Condition(f"cap_{name}", {"cap": cap})


def _requirements(requires: Requires) -> Iterator[Condition]:
    if requires.grace != NO_TIME:
        yield Condition("grace", {"grace": requires.grace})
    for name in ("lead_min", "lead_max", "period_age_min"):
        if (span := getattr(requires, name)) is not None:
            yield Condition(name, {name: span})
    if set(requires.by) != set(RENEWED_BY):
        yield Condition("by", {"allowed": requires.by})
    if set(requires.plan) != {"any"}:
        yield Condition("plan", {"allowed": requires.plan})
    for name in ("used_min", "tenure_min", "tags"):
        if least := getattr(requires, name):
            yield Condition(name, {name: least})
