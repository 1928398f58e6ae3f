"""A line abroad: where its plan works, on which networks, at what price, how to switch."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eka import clock
from eka.ledger import offers
from eka.portal.coverage import places_of
from eka.portal.speech import titles_of
from eka.portal.stand import name_of
from eka.portal.views.lines import own_card
from eka.usecases import balances
from eka.usecases.coverage import plan_of_line


@login_required(login_url="portal:sign-in")
@require_safe
def abroad(request: HttpRequest, line_id: int) -> HttpResponse:
    """The countries of the line's plan; of a line that has not begun, the plan it was sold with."""
    card = own_card(request, line_id)
    line = balances.look(line_id, clock.now()).line
    plan = line.period.plan.name if line.period else plan_of_line(line_id)
    titles = titles_of(offers.on_sale())
    page = {
        "section": "lines",
        "card": card,
        "name": name_of(card, line, titles),
        "plan": titles.get(plan, plan) if plan else "",
        "places": places_of(plan or "", request),
        "address": request.path,
    }
    return render(request, "portal/abroad.html", page)
