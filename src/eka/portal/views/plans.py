"""The list of plans."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eka.ledger import offers
from eka.portal.shelf import carriers_of, choose, countries_of, read_wish


@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    """Every plan on sale, those first that the visitor asked for."""
    wish = read_wish(request.GET.dict())
    on_sale = offers.on_sale()
    page = {
        "section": "plans",
        "wish": wish,
        "offers": choose(on_sale, wish),
        "on_sale": len(on_sale),
        "carriers": carriers_of(on_sale),
        "countries": countries_of(on_sale),
    }
    return render(request, "portal/plans.html", page)
