"""The lines of whoever is signed in, and one of them."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eka import clock
from eka.ledger import history, offers, people
from eka.ledger.people import Card
from eka.portal.outlook import outlook_of
from eka.portal.recent import recent
from eka.portal.speech import titles_of
from eka.portal.stand import stand_of
from eka.portal.told import told_to
from eka.usecases import balances, consents

RECENT = 6


def own_card(request: HttpRequest, line_id: int) -> Card:
    """The line if it is the reader's own. Raises Http404: a stranger learns nothing of it."""
    card = people.card(line_id, request.user)
    if card is None:
        raise Http404
    return card


@login_required(login_url="portal:sign-in")
@require_safe
def lines(request: HttpRequest) -> HttpResponse:
    """All lines of the reader, each with what is left."""
    now, titles = clock.now(), titles_of(offers.on_sale())
    stands = [
        stand_of(card, balances.look(card.id, now).line, now, titles)
        for card in people.lines_of(request.user)
    ]
    zone = stands[0].line.timezone if stands else "UTC"
    page = {
        "section": "lines",
        "stands": stands,
        "zone": zone,
        "told": told_to(request.user.pk, zone, titles),
    }
    return render(request, "portal/lines.html", page)


@login_required(login_url="portal:sign-in")
@require_safe
def line(request: HttpRequest, line_id: int) -> HttpResponse:
    """One line: what is left, what the next renewal does with it, what happened last."""
    card, now = own_card(request, line_id), clock.now()
    look, on_sale = balances.look(line_id, now), offers.on_sale()
    titles = titles_of(on_sale)
    since = look.line.period.starts if look.line.period else now
    told = [*history.entries(line_id, since=since), *look.pending]
    page = {
        "section": "lines",
        "stand": stand_of(card, look.line, now, titles),
        "line": look.line,
        "titles": titles,
        "renews": consents.stands(line_id),
        "outlook": outlook_of(look.line, told, now, on_sale, titles),
        "entries": recent(told, look.line.timezone, RECENT),
    }
    return render(request, "portal/line.html", page)
