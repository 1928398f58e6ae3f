"""The list of plans."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eka.ledger import offers
from eka.ledger.offers import Offer
from eka.portal.currencies import currency_of
from eka.portal.shelf import carriers_of, choose, countries_of, read_wish
from eka.rules.shop import Shop
from eka.rules.units import Money
from eka.usecases.shop import price_of, the_shop


@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    """Every plan on sale, those first that the visitor asked for."""
    wish = read_wish(request.GET.dict())
    on_sale = offers.on_sale()
    shop = the_shop()
    currency = currency_of(request, shop)
    prices = {offer.plan.name: _price(offer, currency, shop) for offer in on_sale}
    page = {
        "section": "plans",
        "wish": wish,
        "offers": choose(on_sale, wish, prices),
        "prices": prices,
        "on_sale": len(on_sale),
        "carriers": carriers_of(on_sale),
        "countries": countries_of(on_sale),
    }
    return render(request, "portal/plans.html", page)


def _price(offer: Offer, currency: str, shop: Shop) -> Money | None:
    """The price in the visitor's currency; where there is none, the plan's own to go by."""
    return price_of(offer, currency, shop) or offer.plan.price
