"""The rest of a plan's terms, each in a line of numbers: what pays first, what slows down."""

from collections.abc import Iterator
from typing import NamedTuple

from django.utils.translation import gettext as _

from eka.ledger.offers import Offer
from eka.portal.speech import listed, words
from eka.rules.plans import KINDS, Burn, Daily, Overage, Plan, SpeedTier, Throttle

ALL_DAY = (0, 86400)


class Print(NamedTuple):
    """One term: its name, and what it says."""

    name: str
    text: str


def small_print(plan: Plan) -> list[Print]:
    """The terms that the plan sets beside its data, period, price and rollover."""
    return [
        *_exhausted(plan),
        *_burn(plan.burn),
        *_fair_use(plan),
        *_top_ups(plan),
        *_renewals(plan),
    ]


def starts_of(offer: Offer) -> str:
    """When the plan begins, and by when it has to be; "" where it begins with the delivery."""
    if offer.starts != "first_use":
        return ""
    if offer.activate_within is None:
        return _("It starts with its first use, not when you buy it.")
    within = words().duration(offer.activate_within)
    return _(
        "It starts with its first use, not when you buy it. Use it within %(within)s of buying: "
        "after that it is closed, and its data is lost."
    ) % {"within": within}


def _exhausted(plan: Plan) -> Iterator[Print]:
    if plan.data is None:
        return
    yield Print(_("When it is used up"), _after(plan))


def _after(plan: Plan) -> str:
    match plan.exhausted:
        case Throttle(kbps):
            return _("It goes on at %(speed)s") % {"speed": words().speed(kbps)}
        case Overage(price, per):
            asked = {"price": words().money(price), "amount": words().data(per)}
            return _("%(price)s for each further %(amount)s begun") % asked
    return _("It stops until you top up or renew")


def _burn(burn: Burn) -> Iterator[Print]:
    if len(burn.kinds) == 1 and set(burn.kinds[0]) == set(KINDS):
        text = {
            "earliest_expiry": _("Whatever expires first"),
            "oldest": _("Whatever is oldest"),
            "newest": _("Whatever is newest"),
        }[burn.tie]
        yield Print(_("Used first"), text)
        return
    ranks = [_(" or ").join(words().kind(kind) for kind in kinds) for kinds in burn.kinds]
    yield Print(_("Used in this order"), _(", then ").join(ranks))


def _fair_use(plan: Plan) -> Iterator[Print]:
    for tier in plan.speeds:
        yield Print(_("Fair use"), _tier(tier))
    if plan.daily:
        yield Print(_("Each day"), _daily(plan.daily))
    if plan.hotspot:
        yield Print(_("Hotspot"), _quota(plan.hotspot.data, plan.hotspot.kbps_after))


def _tier(tier: SpeedTier) -> str:
    told = {"amount": words().data(tier.after), "speed": words().speed(tier.kbps)}
    if (tier.starts, tier.ends) == ALL_DAY:
        return _("After %(amount)s in a period: %(speed)s") % told
    hours = {"starts": _clock(tier.starts), "ends": _clock(tier.ends)}
    return _("After %(amount)s in a period: %(speed)s from %(starts)s to %(ends)s") % (told | hours)


def _clock(second: int) -> str:
    return f"{second // 3600:02d}:{second // 60 % 60:02d}"


def _quota(amount: int, kbps_after: int | None) -> str:
    told = {"amount": words().data(amount), "speed": words().speed(kbps_after)}
    if kbps_after is None:
        return _("%(amount)s, then it stops") % told
    return _("%(amount)s, then %(speed)s") % told


def _daily(daily: Daily) -> str:
    renewed = {
        "natural": _("the day starts at local midnight"),
        "rolling": _("the day starts at the hour of activation"),
        "utc": _("the day starts at midnight UTC"),
    }[daily.clock]
    return listed([_quota(daily.data, daily.kbps_after), renewed])


def _top_ups(plan: Plan) -> Iterator[Print]:
    rules = {
        "own": _("Live for their own time, whatever becomes of the period"),
        "with_period": _("End with the period"),
        "extend": _("Make the period longer by their own time"),
        "max": _("Make the period as long as their own time, if that is longer"),
        "reset": _("Let the period start again with their own time"),
    }
    yield Print(_("Top-ups"), rules[plan.topup.rule])


def _renewals(plan: Plan) -> Iterator[Print]:
    if plan.term > 1:
        told = {"count": plan.term}
        yield Print(_("Paid ahead"), _("One payment covers %(count)d periods") % told)
    elif plan.early_renewal == "at_end":
        yield Print(_("Renewed early"), _("The new period waits for the end of this one"))
    else:
        yield Print(_("Renewed early"), _("The new period starts at once"))
    if plan.auto_renew_at is not None:
        told_share = {"share": words().share(plan.auto_renew_at)}
        yield Print(_("Renews itself"), _("When %(share)s of the data is left") % told_share)
