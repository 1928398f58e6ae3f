"""The eSIMs of a guest's order: their state for who made it, their codes for who proves it.

Who proves it names the e-mail address of the order; as on the page of a line, no code is in any
address, and no cache keeps the page.
"""

from math import ceil

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRefresh

from eka import clock
from eka.ledger.orders import OrderRow
from eka.portal import proof
from eka.portal.access import own_order
from eka.portal.guest_page import news_of, page_of
from eka.portal.onward import see
from eka.usecases import showing
from eka.usecases.showing import NotProved


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def order_esim(request: HttpRequest, number: str) -> HttpResponse:
    """The page; posted, the address is looked at. Asked by htmx, whether to load it anew."""
    order = own_order(request, number)
    if order.user is not None:  # its eSIMs are on the pages of its account's lines
        return see("order", number)
    if request.method == "POST":
        return _prove(request, number)
    if "HX-Request" in request.headers:
        same = request.GET.get("seen") == news_of(order, clock.now())
        response = HttpResponse(status=204) if same else HttpResponseClientRefresh()
    else:
        response = _page(request, order)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _page(request: HttpRequest, order: OrderRow) -> HttpResponse:
    now = clock.now()
    page = page_of(request, order, now)
    response = render(request, "portal/order_esim.html", page)
    if any(piece.codes for piece in page["pieces"]):
        # Loaded anew when the proof has run out, it shows the codes no more.
        rest = proof.left(request, now, order.number).total_seconds()
        response.headers["Refresh"] = str(ceil(rest))
    return response


def _prove(request: HttpRequest, number: str) -> HttpResponse:
    now = clock.now()
    try:
        showing.prove_order(number, request.POST.get("email", ""), now)
    except NotProved as refused:
        messages.error(request, proof.wrong_email(refused))
    else:
        proof.remember(request, now, number)
    return see("order-esim", number)
