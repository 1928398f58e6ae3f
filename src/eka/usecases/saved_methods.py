"""Methods that subscribers let us charge again: listed, and given up for good.

Who gives one up need not wait for its gateway: from that moment on nothing charges it. What the
gateway then could not be told is a case for a person.
"""

from datetime import datetime

from django.db import transaction
from msgspec import Struct

from eka.gateways.payments.terms import GatewayError, SavedMethod
from eka.ledger import models
from eka.ledger.seals import unseal
from eka.usecases import consents
from eka.usecases.cases import open_case
from eka.usecases.gateways import NoSuchGateway, gateway


class NoSuchMethod(Exception):
    """The subscriber has no such method."""


class Kept(Struct, frozen=True, kw_only=True):
    """A method that is kept; `lines` are those that it renews by itself."""

    id: int
    gateway: str
    shown: str
    lines: tuple[int, ...]


def kept(subscriber_id: int) -> list[Kept]:
    """The subscriber's methods, oldest first; two queries."""
    rows = models.SavedMethod.objects.filter(subscriber_id=subscriber_id, removed_at=None)
    standing = models.AutoRenewal.objects.filter(subscriber_id=subscriber_id, ended_at=None)
    used = list(standing.order_by("line_id").values_list("saved_method_id", "line_id"))
    return [
        Kept(
            id=row.pk,
            gateway=row.gateway,
            shown=row.shown,
            lines=tuple(line for method, line in used if method == row.pk),
        )
        for row in rows.order_by("pk")
    ]


def remove(method_id: int, subscriber_id: int, now: datetime) -> None:
    """Gives a method up, and with it the automatic renewals that it pays for.

    Doing it again changes nothing. Raises NoSuchMethod.
    """
    method = _removed(method_id, subscriber_id, now)
    if method is None:
        return
    paid_by_it = models.AutoRenewal.objects.filter(saved_method=method, ended_at=None)
    for line_id in list(paid_by_it.values_list("line_id", flat=True)):
        consents.stop(line_id, subscriber_id, now)
    try:
        gateway(method.gateway).forget(SavedMethod(token=unseal(method.token), payer=method.payer))
    except (GatewayError, NoSuchGateway) as error:
        facts = {"method": method.pk, "gateway": method.gateway, "why": str(error)}
        open_case("method_not_forgotten", f"method_not_forgotten:{method.pk}", now, facts)


@transaction.atomic
def _removed(method_id: int, subscriber_id: int, now: datetime) -> models.SavedMethod | None:
    """Marks the method; None where it was given up before."""
    own = models.SavedMethod.objects.select_for_update().filter(subscriber_id=subscriber_id)
    method = own.filter(pk=method_id).first()
    if method is None:
        raise NoSuchMethod(method_id)
    if method.removed_at is not None:
        return None
    method.removed_at = now
    method.save(update_fields=["removed_at"])
    return method
