"""What a plan asks of a renewal before data carries, and what it cuts: one sentence a condition."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from eka.portal.speech import listed, words
from eka.rules.advice import Condition, conditions
from eka.rules.plans import Plan
from eka.rules.units import Duration, Share

Figures = Mapping[str, Any]


def conditions_of(plan: Plan) -> list[str]:
    """The conditions of the plan's rollover beside what carries and for how long."""
    return [
        SENTENCES[code](figures, plan)
        for condition in conditions(plan)
        for code, figures in _apart(condition)
        if code in SENTENCES
    ]


def _apart(condition: Condition) -> Iterator[tuple[str, Figures]]:
    """A rule about plans may ask for several things; each is a sentence of its own."""
    if condition.code != "plan":
        yield condition.code, condition.figures
        return
    for rule in condition.figures["allowed"]:
        if rule != "any":
            yield "plan", {"rule": rule}


def _amount(value: int | Share, plan: Plan) -> str:
    if not isinstance(value, Share):
        return words().data(value, plan)
    return _("%(share)s of the plan’s data") % {"share": words().share(value)}


def _span(figures: Figures, name: str) -> str:
    span: Duration = figures[name]
    return words().duration(span)


def _fraction(figures: Figures, plan: Plan) -> str:
    return _("%(share)s of the rest carries, the remainder is lost.") % {
        "share": words().share(figures["share"])
    }


def _round_up(figures: Figures, plan: Plan) -> str:
    return _("What carries is rounded up to whole %(amount)s.") % {
        "amount": words().data(figures["to"], plan)
    }


def _cap_per_renewal(figures: Figures, plan: Plan) -> str:
    return _("One renewal carries at most %(amount)s.") % {"amount": _amount(figures["cap"], plan)}


def _cap_bank(figures: Figures, plan: Plan) -> str:
    return _("All rollover data together is at most %(amount)s.") % {
        "amount": _amount(figures["cap"], plan)
    }


def _cap_total(figures: Figures, plan: Plan) -> str:
    return _("Rollover and new plan data together are at most %(amount)s.") % {
        "amount": _amount(figures["cap"], plan)
    }


def _grace(figures: Figures, plan: Plan) -> str:
    return _("Renew no later than %(span)s after the period’s end.") % {
        "span": _span(figures, "grace")
    }


def _lead_min(figures: Figures, plan: Plan) -> str:
    return _("Renew at least %(span)s before the period’s end.") % {
        "span": _span(figures, "lead_min")
    }


def _lead_max(figures: Figures, plan: Plan) -> str:
    if figures["lead_max"] == Duration():
        return _("Do not renew before the period’s end: an early renewal loses the rest.")
    return _("Renew no earlier than %(span)s before the period’s end.") % {
        "span": _span(figures, "lead_max")
    }


def _period_age_min(figures: Figures, plan: Plan) -> str:
    return _("Renew at least %(span)s after the last renewal.") % {
        "span": _span(figures, "period_age_min")
    }


def _by(figures: Figures, plan: Plan) -> str:
    if set(figures["allowed"]) == {"manual"}:
        return _("Renew by hand: an automatic renewal loses the rest.")
    if "manual" not in figures["allowed"]:
        return _("Let it renew automatically: a renewal by hand loses the rest.")
    return _("Renew in one of these ways: %(ways)s.") % {
        "ways": listed(words().renewed_by(by) for by in figures["allowed"])
    }


def _plan(figures: Figures, plan: Plan) -> str:
    sentences = {
        "same": _("Stay on the same plan."),
        "same_or_higher": _("Stay on this plan or take a higher one."),
        "same_group": _("Stay within the same family of plans."),
    }
    return sentences[figures["rule"]]


def _used_min(figures: Figures, plan: Plan) -> str:
    return _("Use at least %(amount)s in the period that ends.") % {
        "amount": _amount(figures["used_min"], plan)
    }


def _tenure_min(figures: Figures, plan: Plan) -> str:
    count = figures["tenure_min"]
    return ngettext(
        "Renew in time %(count)d time in a row before it.",
        "Renew in time %(count)d times in a row before it.",
        count,
    ) % {"count": count}


def _tags(figures: Figures, plan: Plan) -> str:
    return _("Take a plan that bears the mark: %(tags)s.") % {"tags": listed(figures["tags"])}


def _forfeits_on(figures: Figures, plan: Plan) -> str:
    events = {
        "suspend": _("a suspension"),
        "cancel": _("a cancellation"),
        "chargeback": _("a payment that is taken back"),
    }
    named = _(" or ").join(events[event] for event in figures["events"])
    return _("Rollover data is lost at once by %(events)s.") % {"events": named}


def _keep_to_expiry(figures: Figures, plan: Plan) -> str:
    return _("If a condition is not met, earlier rollover data stays until its own expiry.")


SENTENCES: dict[str, Callable[[Figures, Plan], str]] = {
    "fraction": _fraction,
    "round_up": _round_up,
    "cap_per_renewal": _cap_per_renewal,
    "cap_bank": _cap_bank,
    "cap_total": _cap_total,
    "grace": _grace,
    "lead_min": _lead_min,
    "lead_max": _lead_max,
    "period_age_min": _period_age_min,
    "by": _by,
    "plan": _plan,
    "used_min": _used_min,
    "tenure_min": _tenure_min,
    "tags": _tags,
    "forfeits_on": _forfeits_on,
    "keep_to_expiry": _keep_to_expiry,
}
