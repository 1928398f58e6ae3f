"""Who has paid and waits for a supplier longer than is usual is told so, once."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Concat

from eka.ledger import models
from eka.usecases.orders import message

USUAL = timedelta(minutes=10)
AT_ONCE_MAX = 100


@transaction.atomic
def tell_who_waits(now: datetime) -> int:
    """Tells at most a hundred buyers that their order takes longer; how many there were."""
    waits = models.Supply.objects.filter(
        order=OuterRef("pk"), state__in=("asked", "placed"), first_asked_at__lte=now - USUAL
    )
    key = Concat(Value("order_delayed:"), OuterRef("number"))
    told = models.Message.objects.filter(key=key)
    late = models.Order.objects.filter(Exists(waits), ~Exists(told), state="fulfilling")
    orders = list(late.order_by("pk")[:AT_ONCE_MAX])
    for order in orders:
        message(order, "order_delayed", order.number, now, {"total": order.total})
    return len(orders)
