"""What the outbox does: each kind of effect, and its last resort when it cannot be done.

Doing an effect twice changes nothing: a worker may die after the deed and before it says so.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from eka.gateways.payments.terms import GatewayError, GatewayRefused
from eka.gateways.suppliers.terms import SupplierError
from eka.ledger import models
from eka.rules.instants import parse_instant
from eka.usecases import (
    fulfilment,
    giving_back,
    looking,
    moving,
    outbox,
    provisioning,
    sending_back,
)
from eka.usecases.activation import first_use
from eka.usecases.addresses import notify_url
from eka.usecases.cases import open_case
from eka.usecases.gateways import NoSuchGateway, gateway
from eka.usecases.outbox import Effect
from eka.usecases.suppliers import NoSuchSupplier
from eka.usecases.taking import take

log = logging.getLogger(__name__)

EXPECTED = (GatewayError, NoSuchGateway, SupplierError, NoSuchSupplier)
Payload = Mapping[str, Any]


class Kind(NamedTuple):
    """How an effect is done, and what happens where it cannot be."""

    do: Callable[[Payload, datetime], None]
    give_up: Callable[[Payload, str, datetime], None]


def work(now: datetime, most: int = 20, kinds: Sequence[str] | None = None) -> int:
    """Does at most `most` effects that are due; how many there were."""
    claimed = outbox.claim(now, most, kinds)
    for effect in claimed:
        attempt(effect, now)
    return len(claimed)


def attempt(effect: Effect, now: datetime) -> None:
    """Does one effect; what cannot be done now is tried again, ever less often."""
    kind = KINDS[effect.kind]
    try:
        kind.do(effect.payload, now)
    except Exception as error:
        expected = isinstance(error, EXPECTED)
        log.log(
            logging.WARNING if expected else logging.ERROR,
            "effect %s failed (attempt %d): %s",
            effect.key,
            effect.attempts,
            error,
            exc_info=not expected,
        )
        why = str(error) or type(error).__name__
        if not outbox.again(effect, why, now):
            kind.give_up(effect.payload, why, now)
    else:
        outbox.done(effect, now)


def _fulfil(payload: Payload, now: datetime) -> None:
    fulfilment.fulfil(payload["order"], now)


def _not_fulfilled(payload: Payload, why: str, now: datetime) -> None:
    fulfilment.give_back(payload["order"], why, now)


def _refund(payload: Payload, now: datetime) -> None:
    number = payload["refund"]
    refund = models.Refund.objects.select_related("money").get(number=number)
    told = notify_url(refund.money.gateway) if refund.money else ""
    sending_back.send(number, told, now)


def _not_refunded(payload: Payload, why: str, now: datetime) -> None:
    number = payload["refund"]
    refund = models.Refund.objects.get(number=number)
    facts = {"refund": number, "why": why}
    open_case("refund_stuck", f"refund_stuck:{number}", now, facts, refund.order_id)


def _close(payload: Payload, now: datetime) -> None:
    looking.close(payload["payment"], now)


def _capture(payload: Payload, now: datetime) -> None:
    payment = models.Payment.objects.get(number=payload["payment"])
    opened = gateway(payment.gateway)
    if payment.order.paid_at is not None:
        return
    try:
        report = opened.capture(payment.number, payment.reference)
    except GatewayRefused:
        report = opened.look(payment.number, payment.reference)
    take(payment.number, report, now)


def _look(payload: Payload, now: datetime) -> None:
    looking.look(payload["payment"], now)


def _left_to_people(payload: Payload, why: str, now: datetime) -> None:
    number = payload["payment"]
    payment = models.Payment.objects.get(number=number)
    facts = {"payment": number, "why": why}
    open_case("payment_stuck", f"payment_stuck:{number}", now, facts, payment.order_id)


def _replace_profile(payload: Payload, now: datetime) -> None:
    provisioning.replace(payload["move"], now)


def _not_replaced(payload: Payload, why: str, now: datetime) -> None:
    moving.not_delivered(payload["move"], why, now)


def _cancel_profile(payload: Payload, now: datetime) -> None:
    giving_back.cancel(payload["iccid"], now)


def _not_cancelled(payload: Payload, why: str, now: datetime) -> None:
    iccid = payload["iccid"]
    open_case("profile_not_cancelled", f"not_cancelled:{iccid}", now, {"iccid": iccid, "why": why})


def _first_use(payload: Payload, now: datetime) -> None:
    first_use(payload["line"], parse_instant(payload["at"]), now)


def _not_begun(payload: Payload, why: str, now: datetime) -> None:
    line = payload["line"]
    open_case("not_begun", f"not_begun:{line}", now, {"line": line, "why": why})


KINDS: Mapping[str, Kind] = {
    "fulfil": Kind(_fulfil, _not_fulfilled),
    "refund": Kind(_refund, _not_refunded),
    "close": Kind(_close, _left_to_people),
    "look": Kind(_look, _left_to_people),
    "capture": Kind(_capture, _left_to_people),
    "replace_profile": Kind(_replace_profile, _not_replaced),
    "first_use": Kind(_first_use, _not_begun),
    "cancel_profile": Kind(_cancel_profile, _not_cancelled),
}
