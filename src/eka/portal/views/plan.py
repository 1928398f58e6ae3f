"""One plan: its terms in numbers, and what becomes of the data that is not used."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from eka import clock
from eka.ledger import offers
from eka.ledger.offers import Offer
from eka.portal.coverage import places_of
from eka.portal.currencies import currency_of
from eka.portal.slider import slider_of
from eka.portal.small_print import starts_of
from eka.portal.what_if import scene_of
from eka.usecases.shop import price_of, the_shop


@require_safe
def plan(request: HttpRequest, name: str) -> HttpResponse:
    """The plan's page; asked by htmx, only what the slider changes."""
    offer = offers.find(name)
    if offer is None:
        raise Http404
    if "HX-Request" in request.headers:
        response = render(request, "portal/parts/what_if.html", _answer(offer, request))
    else:
        response = render(request, "portal/plan.html", _page(offer, request))
    patch_vary_headers(response, ["HX-Request"])
    return response


def _answer(offer: Offer, request: HttpRequest) -> dict[str, Any]:
    slider = slider_of(offer.plan, request.GET.get("used", ""))
    scene = scene_of(offer.plan, slider, clock.now())
    return {"plan": offer.plan, "slider": slider, "scene": scene}


def _page(offer: Offer, request: HttpRequest) -> dict[str, Any]:
    shop = the_shop()
    currency = currency_of(request, shop)
    return _answer(offer, request) | {
        "section": "plans",
        "offer": offer,
        "currency": currency,
        "currencies": shop.currencies,
        "price": price_of(offer, currency, shop),
        "starts": starts_of(offer),
        "places": places_of(offer.plan.name, request),
        "address": request.path,
    }
