"""Amounts, times and names as the reader's language writes them, and the demo's strip."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.template.context import RequestContext
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from eka import clock
from eka.ledger.offers import Offer
from eka.portal.speech import own_title, words
from eka.rules.plans import Plan
from eka.rules.units import Duration, Money
from eka.usecases import demo

register = template.Library()

COUNTRIES_NAMED_MAX = 3


@register.simple_tag
def data(amount: int | None, like: Plan | None = None) -> str:
    """An amount of data in a sentence."""
    return words().data(amount, like)


@register.simple_tag
def amount(value: int | None, like: Plan | None = None) -> SafeString:
    """An amount of data as a figure: the number big, the unit small."""
    if value is None:
        return format_html('<span class="amount amount-words">{}</span>', words().data(None))
    number, unit = words().data_parts(value, like)
    return format_html('<span class="amount"><b>{}</b><small> {}</small></span>', number, unit)


@register.simple_tag
def money(value: Money) -> str:
    """An amount of money."""
    return words().money(value)


@register.simple_tag
def duration(span: Duration) -> str:
    """A span of time."""
    return words().duration(span)


@register.simple_tag
def term(plan: Plan) -> str:
    """How long one payment lasts: 30 days, or 3 × 30 days."""
    once = words().duration(plan.period)
    return once if plan.term == 1 else f"{plan.term} × {once}"


@register.simple_tag
def instant(at: datetime, timezone: str) -> SafeString:
    """A date and time on the line's wall clock, readable by machines too."""
    shown = words().instant(at, timezone)
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), shown)


@register.simple_tag
def day(at: datetime, timezone: str) -> SafeString:
    """A date on the line's wall clock."""
    shown = words().day(at, timezone)
    return format_html('<time datetime="{}">{}</time>', at.date().isoformat(), shown)


@register.simple_tag
def speed(kbps: int | None) -> str:
    """A speed, or full speed."""
    return words().speed(kbps)


@register.simple_tag
def country(code: str) -> str:
    """A country's name."""
    return str(words().locale.territories.get(code, code))


@register.simple_tag
def countries(codes: Sequence[str]) -> str:
    """The names of a few countries; of many, the first and how many more."""
    named = [country(code) for code in codes[:COUNTRIES_NAMED_MAX]]
    more = len(codes) - len(named)
    listed = _(", ").join(named)
    return _("%(countries)s and %(more)d more") % {"countries": listed, "more": more} if more else listed


@register.simple_tag
def title(offer: Offer) -> str:
    """An offer's title."""
    return own_title(offer.title, offer.plan.name)


@register.filter
def rollover(plan: Plan) -> str:
    """What happens to the plan's unused data, in one sentence."""
    return words().rollover_sentence(plan)


@register.inclusion_tag("portal/parts/demo.html", takes_context=True)
def demo_strip(context: RequestContext) -> dict[str, Any]:
    """The demo's clock and cast; nothing in a shop."""
    request = context["request"]
    if not demo.is_demo():
        return {"is_demo": False}
    return {
        "is_demo": True,
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "now": clock.now(),
        "user": request.user,
    }
