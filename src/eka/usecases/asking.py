"""What a supplier is asked of one of our orders with it; outside any transaction."""

from typing import Any

from eka.gateways.suppliers.terms import ProfileAsk, Supplied, Supplier, TopUpAsk
from eka.ledger import models
from eka.rules.units import parse_money


def order(opened: Supplier, supply: models.Supply) -> Supplied:
    """Orders it. Raises SupplierUnavailable, SupplierRefused."""
    if supply.kind == "top_up":
        return opened.top_up(_top_up(supply))
    return opened.order(ProfileAsk(**_shared(supply)))


def look(opened: Supplier, supply: models.Supply) -> Supplied:
    """Asks whether it was ordered, and how it stands. Raises as `order`."""
    if supply.kind == "top_up":
        return opened.look_top_up(_top_up(supply), supply.reference)
    return opened.look(ProfileAsk(**_shared(supply)), supply.reference)


def _top_up(supply: models.Supply) -> TopUpAsk:
    target = supply.target
    assert target is not None
    return TopUpAsk(iccid=target.iccid, profile=target.reference, **_shared(supply))


def _shared(supply: models.Supply) -> dict[str, Any]:
    return {
        "number": supply.number,
        "package": supply.package,
        "asked_at": supply.asked_at,
        "cost_max": parse_money(supply.cost_max) if supply.cost_max else None,
    }
