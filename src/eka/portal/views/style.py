"""The living style page: the tokens and the parts, drawn with the parts themselves."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eka.ledger.people import Card
from eka.portal.stand import stand_of
from eka.rules.commands import perform
from eka.rules.lines import Line
from eka.rules.plans import KINDS, Plan, Rollover
from eka.rules.requests import Activate, Renew, TopUp, Use
from eka.rules.units import Duration

TOKENS = ("paper", "paper-sunk", "ink", "ink-soft", "line", "line-strong", "jade", "warn")
STARTS = datetime(2026, 1, 1, tzinfo=UTC)
GB = 10**9


@require_safe
def style(request: HttpRequest) -> HttpResponse:
    """Every part once."""
    line = _sample()
    card = Card(0, "", None, None, None, False)
    page = {
        "tokens": TOKENS,
        "kinds": KINDS,
        "plan": line.period and line.period.plan,
        "line": line,
        "stand": stand_of(card, line, STARTS, {}),
    }
    return render(request, "portal/style.html", page)


def _sample() -> Line:
    """A line with a bucket of each kind, made by the rules."""
    plan = Plan(name="5 GB", data=5 * GB, period=Duration(seconds=30 * 86400), rollover=Rollover())
    line = Line()
    month = Duration(seconds=60 * 86400)
    for command in (
        Activate(plan),
        Use(3 * GB),
        Renew(plan),
        TopUp(2 * GB, month),
        TopUp(GB, month, kind="bonus"),
        Use(1 * GB),
    ):
        line = perform(line, command, STARTS).line
    return line
