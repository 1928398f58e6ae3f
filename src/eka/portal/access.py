"""Whose orders a reader may see: those of their account, and those made in this browser as a guest.

A guest's orders are known to the session alone. No address holds a secret.
"""

import secrets

from django.http import Http404, HttpRequest

from eka.ledger.orders import OrderRow, find

OWN = "orders"  # in the session: the numbers of a guest's orders, the newest last
GUEST = "guest"  # in the session: who the guest is to our forms
KEPT_MAX = 50


def guest_of(request: HttpRequest) -> str:
    """The name by which this browser's forms are told from those of all others."""
    name: str = request.session.setdefault(GUEST, secrets.token_hex(16))
    return name


def remember(request: HttpRequest, number: str) -> None:
    """Lets this browser see a guest's order from now on."""
    others = [known for known in numbers_of(request) if known != number]
    request.session[OWN] = [*others, number][-KEPT_MAX:]


def numbers_of(request: HttpRequest) -> list[str]:
    """The orders that were made in this browser as a guest."""
    known: list[str] = request.session.get(OWN, [])
    return known


def own_order(request: HttpRequest, number: str) -> OrderRow:
    """The order if it is the reader's own. Raises Http404: a stranger learns nothing of it."""
    found = find(number)
    if found is None:
        raise Http404
    signed_in = request.user.pk is not None and found.user == request.user.pk
    if not signed_in and number not in numbers_of(request):
        raise Http404
    return found
