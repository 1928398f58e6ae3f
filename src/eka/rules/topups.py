"""Data bought or given in addition, and what it does to the period's end (policy, section 5)."""

from eka.rules.alerts import rearm
from eka.rules.instants import format_instant, plus
from eka.rules.lines import Bucket, Draft, Unable
from eka.rules.plans import Kind
from eka.rules.units import Duration


class UnableToTopUp(Unable):
    """A top-up or bonus that the rules refuse."""


def top_up(draft: Draft, kind: Kind, data: int, validity: Duration | None) -> None:
    """Adds a bucket of `data` bytes by the rule of the line's plan. Raises UnableToTopUp."""
    if draft.line.state not in ("active", "lapsed"):
        raise UnableToTopUp("not_active", state=draft.line.state)
    rule = draft.period.plan.topup.rule
    expires, period = None, None
    if rule == "own":
        expires = plus(draft.now, validity, draft.line.timezone) if validity else None
    else:
        if rule != "with_period":
            _move_end(draft, rule, validity)
        # Bought between two periods, it belongs to the next one.
        period = draft.period.number + (draft.line.state == "lapsed")
    bucket = Bucket(
        number=0,
        kind=kind,
        left=data,
        born=draft.now,
        starts=draft.now,
        expires=expires,
        period=period,
    )
    draft.grant(bucket, kind, expires=expires and format_instant(expires))


def _move_end(draft: Draft, rule: str, validity: Duration | None) -> None:
    """Moves the period's end; what is bound to the period follows it, and the anchor is new."""
    if draft.line.state == "lapsed":
        raise UnableToTopUp("lapsed", rule=rule)
    if validity is None:
        raise UnableToTopUp("validity_missing", rule=rule)
    zone, before = draft.line.timezone, draft.period.ends
    from_now = plus(draft.now, validity, zone)
    ends = {"extend": plus(before, validity, zone), "max": max(before, from_now)}.get(
        rule, from_now
    )
    if ends == before:
        return
    draft.change_period(ends=ends, anchor=ends, months=0)
    rearm(draft)
    draft.tell("end_moved", reason=rule, before=format_instant(before), after=format_instant(ends))
