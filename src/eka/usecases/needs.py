"""What orders, moves to another device and pools need of suppliers."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.db import transaction
from msgspec import Struct

from eka.ledger import models, offers
from eka.rules.baskets import AddOnItem, Item, NewLineItem, RenewalItem, TopUpItem
from eka.rules.supply import Source
from eka.rules.units import parse_money
from eka.usecases import handing_over, moving, outbox
from eka.usecases.suppliers import suppliers

DELIVERS = ("paid", "fulfilling")


class Need(Struct, frozen=True, kw_only=True):
    """Something that has to come from a supplier before something of ours can be done.

    `key` names it; `sources` are tried in order, each with its `package`. `kind` is profile or
    top_up; `target` is the profile that data is for. `new`: a spare one will not do.
    """

    key: str
    kind: str
    sources: tuple[Source, ...]
    order: int | None = None
    position: int | None = None
    line: int | None = None
    target: int | None = None
    new: bool = False


def of_order(order: models.Order, items: Sequence[models.OrderItem]) -> list[Need]:
    """All that the order's items need, in their order."""
    return [need for item in items for need in _of_item(order, item)]


def _of_item(order: models.Order, item: models.OrderItem) -> list[Need]:
    terms: Item = msgspec.convert(item.terms, Item)
    if item.plan_version is None:
        return []
    sources = offers.sources(item.plan_version.plan.supply)
    key = f"order:{order.number}:{item.position}"
    if isinstance(terms, NewLineItem):
        sources = sources or _asked(key)
        need = Need(
            key=key, kind="profile", sources=sources, order=order.pk, position=item.position
        )
        return [need] if sources else []
    if not sources:
        return []
    holder = current_profile(item.line_id)
    found = None if holder is None else data_source(sources, holder.supplier, terms)
    if holder is None or found is None:
        return []
    times = terms.times if isinstance(terms, RenewalItem) else 1
    return [
        Need(
            key=f"{key}:{nth}",
            kind="top_up",
            sources=(found,),
            order=order.pk,
            position=item.position,
            line=item.line_id,
            target=holder.pk,
        )
        for nth in range(times)
    ]


def _asked(key: str) -> tuple[Source, ...]:
    """The source of which it was asked last: what was sold with an eSIM is delivered with one."""
    latest = models.Supply.objects.filter(need=key).order_by("-nth").first()
    return () if latest is None else (_source(latest),)


def _source(supply: models.Supply) -> Source:
    cost_max = parse_money(supply.cost_max) if supply.cost_max else None
    return Source(supplier=supply.supplier, package=supply.package, cost_max=cost_max)


def data_source(sources: Sequence[Source], supplier: str, item: Item) -> Source | None:
    """What is to be bought of the profile's supplier for the item; None where it sells no data.

    Its `package` is "" where the supplier would have to sell some, and has none that fits.
    """
    opened = suppliers().get(supplier)
    own = next((source for source in sources if source.supplier == supplier), None)
    # One that is missing from the suppliers file today sells data if the plan names any of its.
    named = own is not None and bool(own.renews or own.top_ups)
    if not (named if opened is None else opened.sells_data):
        return None
    package = ""
    if own is not None and isinstance(item, TopUpItem):
        package = own.top_ups.get(item.data, "")
    elif own is not None and isinstance(item, RenewalItem | AddOnItem):
        package = own.renews
    return Source(
        supplier=supplier, package=package, cost_max=own.cost_max if own is not None else None
    )


def current_profile(line_id: int | None) -> models.Profile | None:
    """The profile with which the line is used."""
    return models.Profile.objects.filter(line=line_id, current=True).first()


def of_move(move: models.DeviceMove) -> Need:
    """Another profile for the line, like the one that it had."""
    row = models.Line.objects.select_related("sold_plan__plan").get(pk=move.line_id)
    kept = row.sold_plan.plan.supply if row.sold_plan else []
    own = Source(supplier=move.old.supplier, package=move.old.package)
    same = [source for source in offers.sources(kept) if source.supplier == own.supplier]
    return Need(
        key=f"move:{move.pk}", kind="profile", sources=tuple(same) or (own,), line=move.line_id
    )


def of_line(line_id: int) -> Need:
    """A first profile for a line that was added without one."""
    row = models.Line.objects.select_related("sold_plan__plan").get(pk=line_id)
    kept = row.sold_plan.plan.supply if row.sold_plan else []
    return Need(key=f"line:{line_id}", kind="profile", sources=offers.sources(kept), line=line_id)


def of_pool(source: Source, nth: int) -> Need:
    """One more profile for the stock."""
    key = f"pool:{source.supplier}/{source.package}:{nth}"
    return Need(key=key, kind="profile", sources=(source,), new=True)


def of_supply(supply: models.Supply) -> Need:
    """The need that the supply is for, with the sources as they are now."""
    if supply.order_id is not None:
        order = models.Order.objects.get(pk=supply.order_id)
        items = order.items.select_related("plan_version__plan").filter(
            position=supply.position or 0
        )
        for need in of_order(order, list(items)):
            if need.key == supply.need:
                return need
    if (move := _move(supply.need)) is not None:
        return of_move(move)
    if supply.need == f"line:{supply.line_id}":
        need = of_line(int(supply.line_id or 0))
        if need.sources:
            return need
    return Need(
        key=supply.need,
        kind=supply.kind,
        sources=(_source(supply),),
        order=supply.order_id,
        position=supply.position,
        line=supply.line_id,
        target=supply.target_id,
        new=supply.need.startswith("pool:"),
    )


def _move(key: str) -> models.DeviceMove | None:
    what, _, id_ = key.partition(":")
    return models.DeviceMove.objects.filter(pk=int(id_)).first() if what == "move" else None


def is_wanted(supply: models.Supply) -> bool:
    """Whether somebody waits for it still: an order that is paid, an open line, the stock."""
    if models.Supply.objects.filter(need=supply.need, state="ready").exists():
        return False
    if supply.order_id is not None:
        return models.Order.objects.get(pk=supply.order_id).state in DELIVERS
    if models.LineState.objects.filter(pk=supply.line_id, state="closed").exists():
        return False
    if supply.need == f"line:{supply.line_id}":
        return current_profile(supply.line_id) is None
    move = _move(supply.need)
    return move is None or move.ended_at is None


@transaction.atomic
def tell(supply: models.Supply, now: datetime, why: str = "") -> None:
    """Those who wait for the supply go on: it is there, or (`why`) nobody delivers it."""
    if supply.order_id is not None:
        number = models.Order.objects.values_list("number", flat=True).get(pk=supply.order_id)
        outbox.put("fulfil", f"fulfil:{number}:{supply.number}:{why}", now, {"order": number})
    elif supply.line_id is not None and supply.need == f"line:{supply.line_id}":
        handing_over.give(supply.need, supply.line_id, now)
    elif (move := _move(supply.need)) is not None:
        if supply.profile_id is not None:
            moving.arrived(move.pk, supply.profile_id, now)
        else:
            moving.not_delivered(move.pk, why, now)
