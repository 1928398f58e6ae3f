"""New lines that can still be sold of a plan, where there is a limit."""

from django.db import transaction
from django.db.models import F

from eka.ledger import models
from eka.ledger.connections import rows

WANTED = """
SELECT plan_id, count(*) FROM order_item JOIN plan_version v ON v.id = plan_version_id
WHERE order_id = %s AND order_item.kind = 'new_line' GROUP BY plan_id ORDER BY plan_id
"""


class OutOfStock(Exception):
    """There are not as many left as the order wants; the plan's name is the message."""


def _wanted(order: models.Order) -> list[tuple[int, int]]:
    return [(plan, lines) for plan, lines in rows(WANTED, [order.pk])]


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
