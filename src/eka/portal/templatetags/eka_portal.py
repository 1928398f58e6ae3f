"""Amounts, times and names as the reader's language writes them."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django import template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from eka.ledger.offers import Offer
from eka.portal import shelf
from eka.portal import small_print as prints
from eka.portal.conditions import conditions_of
from eka.portal.speech import listed, words
from eka.portal.speech import own as own_text
from eka.rules.instants import zone
from eka.rules.lines import Entry, Line, shown_state
from eka.rules.plans import Kind, Plan
from eka.rules.units import Money
from eka.words import orders as order_words

register = template.Library()

COUNTRIES_NAMED_MAX = 3


class Shown(NamedTuple):
    """A code for the style sheet, and its words."""

    code: str
    text: str


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
    return format_html('<span class="amount"><b>{}</b> <small>{}</small></span>', number, unit)


@register.simple_tag
def money(value: Money) -> str:
    """An amount of money."""
    return words().money(value)


@register.simple_tag
def wallet_money(minor: int, currency: str) -> str:
    """An amount of a wallet."""
    return words().money(Money(minor, currency))


@register.simple_tag(takes_context=True)
def price(context: Context, offer: Offer) -> Money | None:
    """What an offer in the list costs, in the visitor's currency where it has such a price."""
    found: Money | None = context["prices"][offer.plan.name]
    return found


@register.simple_tag
def gateway(name: str) -> str:
    """How people call a way to pay."""
    return order_words.gateway(words().tongue, name)


@register.simple_tag
def form_key() -> SafeString:
    """The key of a form, new each time it is shown: submitted twice, it is one command."""
    return format_html('<input type="hidden" name="key" value="{}">', secrets.token_hex(16))


@register.simple_tag
def term(plan: Plan) -> str:
    """How long one payment lasts: 30 days, or 3 × 30 days."""
    once = words().duration(plan.period)
    return once if plan.term == 1 else f"{plan.term} × {once}"


@register.simple_tag
def instant(at: datetime, timezone: str) -> SafeString:
    """A date and time on the line's wall clock, readable by machines too."""
    return _time(at, words().instant(at, timezone))


@register.simple_tag
def day(at: datetime, timezone: str) -> SafeString:
    """A date on the line's wall clock."""
    return _time(at, words().day(at, timezone))


@register.simple_tag
def wall_clock(at: datetime, timezone: str) -> str:
    """Hours and minutes on the line's wall clock."""
    return f"{at.astimezone(zone(timezone)):%H:%M}"


@register.simple_tag
def until(at: datetime, timezone: str) -> SafeString:
    """Until when something lives."""
    return _time(at, _("until %(when)s") % {"when": words().instant(at, timezone)})


def _time(at: datetime, shown: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), shown)


@register.simple_tag
def speed(kbps: int | None) -> str:
    """A speed, or full speed."""
    return words().speed(kbps)


@register.simple_tag
def kind(of: Kind) -> str:
    """What a bucket is called."""
    return words().kind(of)


@register.simple_tag
def state(line: Line) -> Shown:
    """The line's state, as a code and in words."""
    code = shown_state(line)
    return Shown(code, words().state(code))


@register.simple_tag
def entry_text(entry: Entry, line: Line, titles: Mapping[str, str]) -> str:
    """One movement as a sentence."""
    like = line.period.plan if line.period else None
    return words().entry(entry, line.timezone, titles, like)


@register.simple_tag
def country(code: str) -> str:
    """A country's name."""
    return str(words().tongue.locale.territories.get(code, code))


@register.simple_tag
def countries(codes: Sequence[str]) -> str:
    """The names of a few countries; of many, the first and how many more."""
    named = listed(country(code) for code in codes[:COUNTRIES_NAMED_MAX])
    more = len(codes) - COUNTRIES_NAMED_MAX
    if more <= 0:
        return named
    return _("%(countries)s and %(more)d more") % {"countries": named, "more": more}


@register.simple_tag
def title(offer: Offer) -> str:
    """An offer's title."""
    return own_text(offer.title, offer.plan.name)


@register.simple_tag
def plan_title(plan: Plan, titles: Mapping[str, str]) -> str:
    """What a plan is called."""
    return titles.get(plan.name, plan.name)


@register.simple_tag
def own(texts: Mapping[str, str]) -> str:
    """A text in the reader's language."""
    return own_text(texts)


@register.simple_tag
def small_print(plan: Plan) -> list[prints.Print]:
    """The rest of the plan's terms."""
    return prints.small_print(plan)


@register.simple_tag
def conditions(plan: Plan) -> list[str]:
    """What the plan asks of a renewal before data carries."""
    return conditions_of(plan)


@register.filter
def carries(plan: Plan) -> bool:
    """Whether the plan's own data carries over."""
    return shelf.carries(plan)


@register.filter
def rollover(plan: Plan) -> str:
    """What happens to the plan's unused data, in one sentence."""
    return words().rollover_sentence(plan)


@register.filter
def badge(plan: Plan) -> str:
    """The same in a few words; plans of which only additions carry are not among those that do."""
    carried = plan.rollover.carries if plan.rollover else ()
    if carried and plan.data is not None and not shelf.carries(plan):
        return _("Only top-ups carry over")
    return words().rollover_badge(plan)
