"""Where gateways send their notifications.

What is authentic is never held back, whoever else sends from the same address (behind a proxy all
do). Who keeps failing to prove who they are is told to wait, and no longer fills the log. Nothing
of a body or a signature is logged.
"""

import logging

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from eka import clock
from eka.api.strangers import Strangers
from eka.gateways.payments.terms import (
    GatewayError,
    GatewayUnavailable,
    NotAuthentic,
    NoticeUnreadable,
    Reply,
)
from eka.usecases.gateways import NoSuchGateway, gateway
from eka.usecases.hearing import BODY_MAX, hear

log = logging.getLogger(__name__)

strangers = Strangers()


# How each way to fail is told, beside the gateway's own way to hear no.
STATUS: dict[type[GatewayError], int] = {
    NotAuthentic: 401,
    NoticeUnreadable: 422,
    GatewayUnavailable: 503,
}


@csrf_exempt
@require_POST
def notify(request: HttpRequest, gateway: str) -> HttpResponse:
    """A notification: taken in and acknowledged as its gateway wants it, or refused."""
    now, sender = clock.now(), request.META.get("REMOTE_ADDR", "")
    if _length(request) > BODY_MAX:
        return HttpResponse(status=413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        return _answer(hear(gateway, headers, request.body, now))
    except NoSuchGateway:
        return HttpResponse(status=404)
    except tuple(STATUS) as error:
        if isinstance(error, NotAuthentic):
            if strangers.is_tired_of(sender, now):
                return HttpResponse(status=429, headers={"Retry-After": "60"})
            strangers.note(sender, now)
        log.warning("a %s notification from %s was refused: %s", gateway, sender, error)
        return _refused(gateway, STATUS[type(error)])


def _length(request: HttpRequest) -> int:
    """How long the body is; one that does not say is not read at all."""
    said = request.META.get("CONTENT_LENGTH") or "0"
    return int(said) if said.isascii() and said.isdigit() else BODY_MAX + 1


def _answer(reply: Reply) -> HttpResponse:
    return HttpResponse(reply.body, status=reply.status, content_type=reply.content_type)


def _refused(name: str, status: int) -> HttpResponse:
    """The gateway's own way to hear no, under a status that says why."""
    reply = gateway(name).reply(False)
    return HttpResponse(reply.body, status=status, content_type=reply.content_type)
