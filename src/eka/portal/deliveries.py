"""How far the eSIMs of an order are: paid, ordered, ready, installed, first data."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from eka.ledger import models
from eka.ledger.orders import OrderRow
from eka.portal.bought import Lines
from eka.portal.network_word import starts
from eka.portal.progress import Step, StepCode, steps_of, times_of

STEPS: Sequence[StepCode] = ("paid", "ordered", "released", "installed", "first_data")
SHOWN_IN = ("paid", "fulfilling", "fulfilled")
INSTALLED = ("installed", "enabled", "disabled")


class Delivery(Struct, frozen=True, kw_only=True):
    """One eSIM of an order; `line` where it has one already, `name` what that is called.

    `starts` says what begins it, where it waits for that.
    """

    position: int
    name: str
    line: int | None
    installed: bool
    starts: str
    steps: list[Step]


def deliveries_of(order: OrderRow, lines: Lines, now: datetime) -> list[Delivery]:
    """The eSIMs that a paid order brings; of those that come from no supplier there are none."""
    if order.state not in SHOWN_IN:
        return []
    return [_delivery(order, supply, lines, now) for supply in _supplies(order)]


def _delivery(order: OrderRow, supply: models.Supply, lines: Lines, now: datetime) -> Delivery:
    item = next(one for one in order.items if one.position == supply.position)
    profile = supply.profile
    return Delivery(
        position=item.position,
        name=lines.names.get(item.line or 0) or item.terms.get("label") or "eSIM",
        line=item.line if profile is not None and profile.line_id == item.line else None,
        installed=profile is not None and profile.state in INSTALLED,
        starts=starts(item.line, lines.zones[item.line]) if item.line is not None else "",
        steps=steps_of(STEPS, times_of(profile, supply, order.paid_at), profile, now),
    )


def _supplies(order: OrderRow) -> list[models.Supply]:
    """For each eSIM the order with a supplier that brought it, else the last one."""
    made = models.Supply.objects.filter(order=order.id, kind="profile").select_related("profile")
    tried = sorted(made, key=lambda supply: (supply.state == "ready", supply.nth))
    last = {supply.position or 0: supply for supply in tried}
    return [last[position] for position in sorted(last)]


def news_of(order: OrderRow) -> list[str]:
    """Changes when a step is done."""
    if order.state not in SHOWN_IN:
        return []
    return [
        f"{one.number} {one.state} {one.profile.state if one.profile else ''}"
        for one in _supplies(order)
    ]
