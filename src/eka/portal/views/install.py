"""Installing a line's eSIM: its state for whoever owns it, its codes for who proves it again.

The codes are in no address, and no cache keeps the page. Its referrer policy is the site's own,
`same-origin`: another site learns nothing. (With `no-referrer` browsers send `Origin: null` with
the page's forms, which are refused then.)
"""

from math import ceil

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from eka import clock
from eka.ledger.people import Card
from eka.portal import proof
from eka.portal.installing import Stand, page_of, stamp_of, stand_of, watch
from eka.portal.onward import SeeOther, back_to
from eka.portal.views.lines import own_card
from eka.usecases import showing
from eka.usecases.showing import NotProved

sign_in = login_required(login_url="portal:sign-in")


@sign_in
@never_cache
@require_safe
def install(request: HttpRequest, line_id: int) -> HttpResponse:
    """The page; asked by htmx, whether it has to be loaded anew."""
    card, stand = own_card(request, line_id), stand_of(line_id)
    if "HX-Request" in request.headers:
        same = request.GET.get("seen") == stamp_of(stand)
        response = HttpResponse(status=204) if same else HttpResponseClientRefresh()
    else:
        response = _page(request, card, stand)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _page(request: HttpRequest, card: Card, stand: Stand) -> HttpResponse:
    now = clock.now()
    watch(stand, now)
    page = page_of(request, card, stand, now)
    response = render(request, "portal/install.html", page)
    if page.get("codes"):
        # Loaded anew when the proof has run out, it shows the codes no more.
        response.headers["Refresh"] = str(ceil(proof.left(request, now).total_seconds()))
    return response


@sign_in
@never_cache
@require_POST
def prove(request: HttpRequest) -> HttpResponse:
    """Takes the password once more, or in the demo a click; then back to where it was asked for."""
    now, user = clock.now(), request.user.pk or 0
    try:
        if not proof.by_click(request):
            showing.prove(user, request.POST.get("password", ""), now)
    except NotProved as refused:
        messages.error(request, proof.wrong_password(refused))
    else:
        proof.remember(request, now)
    return SeeOther(back_to(request))
