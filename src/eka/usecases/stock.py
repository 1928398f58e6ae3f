"""New lines that can still be sold of a plan, where there is a limit."""

from collections import Counter

from django.db import transaction
from django.db.models import F

from eka.ledger import models


class OutOfStock(Exception):
    """There are not as many left as the order wants; the plan's name is the message."""


def _wanted(order: models.Order) -> list[tuple[int, int]]:
    items = order.items.filter(kind="new_line").values_list("plan_version__plan_id", flat=True)
    return sorted(Counter(plan for plan in items).items())


@transaction.atomic
def hold(order: models.Order) -> None:
    """Takes the order's new lines off the stock. Raises OutOfStock, with nothing taken."""
    for plan, lines in _wanted(order):
        limited = models.Plan.objects.select_for_update().filter(pk=plan, stock__isnull=False)
        for row in limited:
            if row.stock is not None and row.stock < lines:
                raise OutOfStock(row.name)
            limited.update(stock=F("stock") - lines)


def give_back(order: models.Order) -> None:
    """Puts the order's new lines back, as it was given up."""
    for plan, lines in _wanted(order):
        models.Plan.objects.filter(pk=plan, stock__isnull=False).update(stock=F("stock") + lines)
