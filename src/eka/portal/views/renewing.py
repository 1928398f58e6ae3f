"""Renewing a line, topping it up, lining up a further plan."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from eka import clock
from eka.ledger import offers
from eka.portal.choices import Buyer, choices_for
from eka.portal.currencies import currency_of
from eka.portal.onward import see
from eka.portal.refusals import told
from eka.portal.speech import titles_of, words
from eka.portal.stand import stand_of
from eka.portal.views.lines import own_card
from eka.portal.wishes import Wanted, order_for, read_items
from eka.rules.shop import Shop
from eka.usecases import balances
from eka.usecases.buyers import owner_of
from eka.usecases.quoting import UnableToQuote
from eka.usecases.shop import the_shop


@login_required(login_url="portal:sign-in")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def renew(request: HttpRequest, line_id: int) -> HttpResponse:
    """What can be bought for the line; chosen, its order."""
    own_card(request, line_id)
    shop = the_shop()
    currency, problem = currency_of(request, shop), ""
    if request.method == "POST":
        items = read_items(request.POST.getlist("item"))
        if not items:
            raise BadRequest("nothing was chosen")
        if any(getattr(item, "line", None) != line_id for item in items):
            raise Http404
        try:
            return see("order", order_for(request, Wanted(items=items, currency=currency)))
        except UnableToQuote as error:
            problem = told(error)
    page = _page(request, line_id, shop, currency) | {"problem": problem}
    return render(request, "portal/renew.html", page, status=422 if problem else 200)


def _page(request: HttpRequest, line_id: int, shop: Shop, currency: str) -> dict[str, Any]:
    now, card = clock.now(), own_card(request, line_id)
    line = balances.look(line_id, now).line
    buyer = Buyer(subscriber=owner_of(line_id), currency=currency, shop=shop, now=now)
    choices = choices_for(line_id, line, buyer)
    titles = titles_of(offers.on_sale())
    return {
        "section": "lines",
        "stand": stand_of(card, line, now, titles),
        "line": line,
        "titles": titles,
        "language": words().language,
        "currency": currency,
        "currencies": shop.currencies,
        "shelves": {
            shelf: [choice for choice in choices if choice.shelf == shelf]
            for shelf in ("own", "top_up", "add_on", "other")
        },
        "nothing": not choices,
    }
