"""The orders of whoever is signed in, or was a guest in this browser."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from eka.ledger import models
from eka.ledger.orders import of_subscriber
from eka.portal.access import numbers_of
from eka.portal.bought import in_short
from eka.usecases.shop import the_shop


@never_cache
@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """The newest orders; those that were only looked at are left out."""
    own = (
        models.Subscriber.objects.filter(user=request.user.pk).first() if request.user.pk else None
    )
    found = of_subscriber(own.pk) if own else []
    as_guest = models.Order.objects.filter(number__in=numbers_of(request)).exclude(state="quoted")
    known = {order.pk for order in found}
    found = [*found, *(order for order in as_guest.order_by("-pk") if order.pk not in known)]
    page = {"section": "orders", "orders": in_short(found), "zone": the_shop().timezone}
    return render(request, "portal/orders.html", page)
