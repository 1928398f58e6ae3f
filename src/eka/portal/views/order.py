"""One order for its whole life: what it is, how it stands, what to do now."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from eka import clock
from eka.portal.access import own_order
from eka.portal.order_page import page_of, stamp_of, waiting_of

GO = "go"  # in the session: the payment whose gateway is to be opened, once


@never_cache
@require_safe
def order(request: HttpRequest, number: str) -> HttpResponse:
    """The order's page; asked by htmx, only what changed since, or nothing."""
    found, now = own_order(request, number), clock.now()
    if "HX-Request" in request.headers:
        if request.GET.get("seen") == stamp_of(found, now):
            return HttpResponse(status=204)
        response = render(request, "portal/parts/order_news.html", page_of(request, found, now))
    else:
        response = render(request, "portal/order.html", page_of(request, found, now))
        waiting = waiting_of(found, now)
        # A form may not lead to another site (form-action): this page leads there, and only once,
        # so that going back from the gateway does not lead there again.
        if request.session.pop(GO, "") and waiting and waiting.url and not waiting.qr:
            response.headers["Refresh"] = f"0; url={waiting.url}"
    patch_vary_headers(response, ["HX-Request"])
    return response
