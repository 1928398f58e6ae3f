"""Where gateways and suppliers send their notifications.

What is authentic is never held back, whoever else sends from the same address (behind a proxy all
do). Who keeps failing to prove who they are is told to wait, and no longer fills the log. Nothing
of a body or a signature is logged.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST
from msgspec import Struct

from eka import clock
from eka.api.strangers import Strangers
from eka.gateways.payments import terms as payments
from eka.gateways.suppliers import terms as supplies
from eka.gateways.suppliers.esimaccess.settings import TOKEN_HEADER
from eka.usecases import hearing, supplier_notices
from eka.usecases.gateways import NoSuchGateway, gateway
from eka.usecases.suppliers import NoSuchSupplier, supplier, suppliers

log = logging.getLogger(__name__)

strangers = Strangers()

Reply = payments.Reply | supplies.Reply
BODY_MAX = 64 * 1024


class Door(Struct, frozen=True):
    """Whose news come in here: how they are heard, and how somebody hears no."""

    hear: Callable[[str, Mapping[str, str], bytes, datetime], Reply]
    no: Callable[[str], Reply]


# How each way to fail is told, beside the sender's own way to hear no.
STATUS: dict[type[Exception], int] = {
    payments.NotAuthentic: 401,
    payments.NoticeUnreadable: 422,
    payments.GatewayUnavailable: 503,
    supplies.NotAuthentic: 401,
    supplies.NoticeUnreadable: 422,
    supplies.SupplierUnavailable: 503,
}
PAYMENTS = Door(hearing.hear, lambda name: gateway(name).reply(False))
SUPPLIES = Door(supplier_notices.hear, lambda name: supplier(name).reply(False))


@csrf_exempt
@require_POST
def notify(request: HttpRequest, gateway: str) -> HttpResponse:
    """A gateway's notification: acknowledged as its gateway wants it, or refused."""
    return _let_in(PAYMENTS, request, gateway)


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def notify_of_supply(request: HttpRequest, supplier: str, token: str = "") -> HttpResponse:
    """A supplier's notification: acknowledged as its supplier wants it, or refused.

    `token` is the secret part of an address that was given to a supplier which signs nothing.
    """
    if request.method == "HEAD":  # Airalo looks whether anybody is here before it sends anything
        return HttpResponse(status=200 if supplier in suppliers() else 404)
    return _let_in(SUPPLIES, request, supplier, {TOKEN_HEADER: token} if token else {})


def _let_in(
    door: Door, request: HttpRequest, name: str, further: Mapping[str, str] = {}
) -> HttpResponse:
    now, sender = clock.now(), request.META.get("REMOTE_ADDR", "")
    if _length(request) > BODY_MAX:
        return HttpResponse(status=413)
    headers = {key.lower(): value for key, value in request.headers.items()} | dict(further)
    try:
        return _answer(door.hear(name, headers, request.body, now))
    except (NoSuchGateway, NoSuchSupplier):
        return HttpResponse(status=404)
    except tuple(STATUS) as error:
        status = STATUS[type(error)]
        if status == 401:
            if strangers.is_tired_of(sender, now):
                return HttpResponse(status=429, headers={"Retry-After": "60"})
            strangers.note(sender, now)
        log.warning("a %s notification from %s was refused: %s", name, sender, error)
        refusal = _answer(door.no(name))
        refusal.status_code = status
        return refusal


def _length(request: HttpRequest) -> int:
    """How long the body is; one that does not say is not read at all."""
    said = request.META.get("CONTENT_LENGTH") or "0"
    return int(said) if said.isascii() and said.isdigit() else BODY_MAX + 1


def _answer(reply: Reply) -> HttpResponse:
    return HttpResponse(reply.body, status=reply.status, content_type=reply.content_type)
