"""What a policy requires of a renewal, so that unused data carries (policy, section 4, step 1).

Each requirement is a question about the renewal; they are asked in the policy's order, and the
first that is answered with no is the reason.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct

from eka.rules.instants import format_instant, minus, plus
from eka.rules.lines import Line, Period
from eka.rules.plans import Plan, RenewedBy, Requires, Rollover, is_same_or_higher
from eka.rules.units import Share, format_duration


class Renewal(Struct, frozen=True, kw_only=True):
    """A renewal as the rules judge it: what is bought, by whom, when paid, when it starts."""

    plan: Plan
    by: RenewedBy
    paid_at: datetime
    starts: datetime
    ends: datetime
    rollover: dict[str, Any] | None = None  # a promotion's parameters over the policy's own


class Unmet(NamedTuple):
    """The requirement that failed first: its reason code, and the figures that explain it."""

    reason: str
    figures: dict[str, Any]


class Case(NamedTuple):
    """What a requirement looks at."""

    line: Line
    ended: Period
    renewal: Renewal
    policy: Rollover


def _within_grace(case: Case) -> bool:
    last = plus(case.ended.ends, case.policy.requires.grace, case.line.timezone)
    return case.renewal.starts <= last


def _early_enough(case: Case) -> bool:
    lead = case.policy.requires.lead_min
    return lead is None or case.renewal.paid_at <= minus(case.ended.ends, lead, case.line.timezone)


def _not_too_early(case: Case) -> bool:
    lead = case.policy.requires.lead_max
    return lead is None or case.renewal.paid_at >= minus(case.ended.ends, lead, case.line.timezone)


def _old_enough(case: Case) -> bool:
    age = case.policy.requires.period_age_min
    return age is None or case.renewal.starts >= plus(case.ended.starts, age, case.line.timezone)


def _renewed_by(case: Case) -> bool:
    return case.renewal.by in case.policy.requires.by


def _plan_allowed(case: Case) -> bool:
    new, old = case.renewal.plan, case.ended.plan
    holds = {
        "any": True,
        "same": new.name == old.name,
        "same_or_higher": is_same_or_higher(new, old),
        "same_group": new.group is not None and new.group == old.group,
    }
    return all(holds[rule] for rule in case.policy.requires.plan)


def _used_enough(case: Case) -> bool:
    least, data = case.policy.requires.used_min, case.ended.plan.data
    if isinstance(least, Share):
        if data is None:
            return True
        return case.ended.used * least.denominator >= data * least.numerator
    return case.ended.used >= least


def _long_enough_here(case: Case) -> bool:
    return case.line.tenure >= case.policy.requires.tenure_min


def _tags_borne(case: Case) -> bool:
    return set(case.policy.requires.tags) <= set(case.renewal.plan.tags)


# In the order in which they are judged; the first that fails is the reason.
REQUIREMENTS: tuple[tuple[str, Callable[[Case], bool]], ...] = (
    ("late_renewal", _within_grace),
    ("too_late_notice", _early_enough),
    ("too_early", _not_too_early),
    ("period_too_young", _old_enough),
    ("renewed_by", _renewed_by),
    ("plan_changed", _plan_allowed),
    ("used_too_little", _used_enough),
    ("tenure_too_short", _long_enough_here),
    ("tag_missing", _tags_borne),
)


# Most plans ask only that the renewal is on time: nine questions that need not be asked.
NOTHING_ASKED = Requires()


def judge(line: Line, ended: Period, renewal: Renewal, policy: Rollover) -> Unmet | None:
    """The first requirement that the renewal fails, or None where data may carry."""
    case = Case(line, ended, renewal, policy)
    if policy.requires == NOTHING_ASKED and renewal.starts <= ended.ends:
        return None
    for reason, holds in REQUIREMENTS:
        if not holds(case):
            return Unmet(reason, _figures(reason, case))
    return None


def _figures(reason: str, case: Case) -> dict[str, Any]:
    """What the requirement asked and what it found, in the units of plan files."""
    requires, renewal, ended = case.policy.requires, case.renewal, case.ended
    paid = {"ends": format_instant(ended.ends), "paid_at": format_instant(renewal.paid_at)}
    asked: dict[str, dict[str, Any]] = {
        "late_renewal": paid | {"grace": format_duration(requires.grace)},
        "too_late_notice": paid | {"lead_min": requires.lead_min},
        "too_early": paid | {"lead_max": requires.lead_max},
        "period_too_young": {"period_age_min": requires.period_age_min},
        "renewed_by": {"by": renewal.by, "allowed": list(requires.by)},
        "plan_changed": {
            "from": ended.plan.name,
            "to": renewal.plan.name,
            "allowed": list(requires.plan),
        },
        "used_too_little": {"used": ended.used, "used_min": _least_use(case)},
        "tenure_too_short": {"tenure": case.line.tenure, "tenure_min": requires.tenure_min},
        "tag_missing": {"tags": list(requires.tags), "to": renewal.plan.name},
    }
    spans = ("lead_min", "lead_max", "period_age_min")
    return {k: format_duration(v) if k in spans else v for k, v in asked[reason].items()}


def _least_use(case: Case) -> int:
    least, data = case.policy.requires.used_min, case.ended.plan.data or 0
    return -(-data * least.numerator // least.denominator) if isinstance(least, Share) else least
