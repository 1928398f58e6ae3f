"""One plan: its terms in numbers, and what becomes of the data that is not used."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from eka import clock
from eka.ledger import offers
from eka.portal.currencies import currency_of
from eka.portal.slider import slider_of
from eka.portal.what_if import scene_of
from eka.usecases.shop import price_of, the_shop


@require_safe
def plan(request: HttpRequest, name: str) -> HttpResponse:
    """The plan's page; asked by htmx, only what the slider changes."""
    offer = offers.find(name)
    if offer is None:
        raise Http404
    slider = slider_of(offer.plan, request.GET.get("used", ""))
    scene = scene_of(offer.plan, slider, clock.now())
    shop = the_shop()
    currency = currency_of(request, shop)
    page = {
        "section": "plans",
        "offer": offer,
        "plan": offer.plan,
        "slider": slider,
        "scene": scene,
        "currency": currency,
        "currencies": shop.currencies,
        "price": price_of(offer, currency, shop),
    }
    part = "portal/parts/what_if.html" if "HX-Request" in request.headers else "portal/plan.html"
    response = render(request, part, page)
    patch_vary_headers(response, ["HX-Request"])
    return response
