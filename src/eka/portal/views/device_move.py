"""Moving a line to another device: what would happen, the request, and how it stands."""

from typing import Any, get_args

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRefresh

from eka import clock
from eka.portal import proof
from eka.portal.device_move_page import page_of, stamp_of
from eka.portal.installing import stand_of, watch
from eka.portal.onward import see
from eka.portal.views.lines import own_card
from eka.portal.wishes import form_key
from eka.rules.moves import MoveReason
from eka.usecases import moving
from eka.usecases.moving import NothingToMove, NotNow, Wish

GUARDED = ("begin", "lost")  # who only holds a session may not take a line away from its owner
ACTS = (*GUARDED, "again", "installed", "cancel")


@login_required(login_url="portal:sign-in")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def device_move(request: HttpRequest, line_id: int) -> HttpResponse:
    """The page; posted, the move goes on. Asked by htmx, whether it has to be loaded anew."""
    card = own_card(request, line_id)
    if request.method == "POST":
        return _act(request, line_id)
    if "HX-Request" in request.headers:
        same = request.GET.get("seen") == stamp_of(moving.last_move(line_id))
        response = HttpResponse(status=204) if same else HttpResponseClientRefresh()
    else:
        watch(stand_of(line_id), clock.now())
        page = page_of(request, card, clock.now())
        response = render(request, "portal/device_move.html", page)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _act(request: HttpRequest, line_id: int) -> HttpResponse:
    act, now = request.POST.get("act", ""), clock.now()
    if act not in ACTS:
        raise BadRequest("not an act")
    if act in GUARDED and not proof.is_proved(request, now):
        messages.error(request, _("Nothing was done: first show once more that it is you."))
        return see("device-move", line_id)
    try:
        _do(request, line_id, act)
    except NothingToMove:
        messages.error(request, _("This line has no eSIM from us that could be moved."))
    except NotNow:
        pass  # a second click, or another tab: the page says how the move stands now
    return see("device-move", line_id)


def _do(request: HttpRequest, line_id: int, act: str) -> None:
    now, why = clock.now(), request.POST.get("why", "").strip()
    match act:
        case "begin":
            moving.ask(_wish(request, line_id, why), f"{form_key(request)}:{line_id}", now)
        case "lost":
            moving.declare_lost(line_id, why, now)
        case "again":
            moving.did_not_work(line_id, now)
        case "installed":
            moving.confirm(line_id, now)
        case "cancel":
            moving.cancel(line_id, now)


def _wish(request: HttpRequest, line_id: int, why: str) -> Wish:
    reason: Any = request.POST.get("reason", "")
    if reason not in get_args(MoveReason):
        raise BadRequest("not a reason")
    device = request.POST.get("device", "").strip()
    return Wish(line=line_id, reason=reason, device=device, why=why)
