"""Receipts and statements, gathered from the ledger in a fixed number of reads; nothing is written.

What a line held at an instant is what it holds now less what has happened since: that reads only
the months from then on, and still holds when older partitions of the entries were archived.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby

import msgspec
from django.db.models import Q, Sum

from eka.ledger import history, models, plans, reading
from eka.ledger.connections import rows
from eka.ledger.pages import Page
from eka.ledger.plans import OnSale, remember
from eka.papers import (
    Bought,
    Buyer,
    Discount,
    LineName,
    Paid,
    PaidOrder,
    Receipt,
    Returned,
    Seller,
    Statement,
    WalletMove,
)
from eka.papers.movements import moved
from eka.rules.baskets import Gives, Item, RenewalItem, TopUpItem
from eka.rules.instants import local_date, midnight, parse_instant
from eka.rules.lines import Entry
from eka.rules.orders import OrderState
from eka.rules.plans import KINDS, Kind, Plan
from eka.rules.units import parse_duration
from eka.usecases.commands import NoSuchLine
from eka.usecases.orders import NoSuchOrder
from eka.usecases.shop import the_shop

DAY = timedelta(days=1)
Span = tuple[datetime, datetime]
TAIL = 6  # characters of a gateway's number that a receipt shows

SINCE = """
SELECT min(at), code, kind, sum(bytes)::bigint, min(bucket), min("into") FROM entry
WHERE line_id = %s AND at >= %s AND number <= %s AND (bucket IS NOT NULL OR code = 'closed')
GROUP BY code, kind
"""


class NotPaid(Exception):
    """The order was never paid, so there is nothing to give a receipt for."""


class EmptySpan(Exception):
    """A statement of no time at all, or of none that has come yet."""


# ------------------------------------------------------------------------------------- receipts


def receipt(order_number: str) -> Receipt:
    """The receipt of an order as it stands now. Raises NoSuchOrder, NotPaid."""
    orders = models.Order.objects.select_related("subscriber")
    order = orders.filter(number=order_number).first()
    if order is None:
        raise NoSuchOrder(order_number)
    if order.paid_at is None:
        raise NotPaid(order_number)
    shop, wallet = the_shop(), _wallet(order)
    return Receipt(
        seller=Seller(name=shop.name, about=shop.about),
        buyer=Buyer(name=order.subscriber.name, email=order.email or order.subscriber.email),
        number=order.number,
        state=msgspec.convert(order.state, OrderState),
        at=order.paid_at,
        ordered_at=order.created_at,
        timezone=shop.timezone,
        currency=order.currency,
        items=_items(order),
        discounts=_discounts(order),
        subtotal=order.subtotal,
        discount=order.discount,
        total=order.total,
        paid=_paid(order, wallet),
        returned=_returned(order),
        wallet=wallet,
    )


def _items(order: models.Order) -> tuple[Bought, ...]:
    found = order.items.select_related("line", "plan_version__plan").order_by("position")
    items = list(found)
    periods = _first_periods(order, items)
    return tuple(
        msgspec.structs.replace(
            _bought(item),
            line=None if item.line is None else _line_name(item.line),
            **periods.get(item.position, {}),
        )
        for item in items
    )


def _bought(item: models.OrderItem) -> Bought:
    terms = msgspec.convert(item.terms, Item)
    gifts = msgspec.convert(item.gives.get("gifts", []), list[Gives])
    sold, top_up = item.plan_version, terms if isinstance(terms, TopUpItem) else None
    return Bought(
        kind=terms.__struct_config__.tag,
        price=item.price,
        plan=None if sold is None else remember(sold),
        title={} if sold is None else sold.plan.title,
        times=terms.times if isinstance(terms, RenewalItem) else 1,
        data=top_up.data if top_up else 0,
        validity=parse_duration(top_up.validity) if top_up and top_up.validity else None,
        bonus=sum(gift.bonus for gift in gifts),
        free=sum(gift.periods for gift in gifts),
    )


def _first_periods(
    order: models.Order, items: Sequence[models.OrderItem]
) -> dict[int, dict[str, datetime]]:
    """From when until when the first period runs that an item gave, by the item's position."""
    which = Q()
    for item in items:
        if item.first_entry is not None:
            which |= Q(line=item.line_id, number__range=(item.first_entry, item.last_entry))
    if not which:
        return {}
    grants = models.Entry.objects.filter(
        which, code="granted", reason="plan", at__gte=order.created_at
    ).order_by("-number")
    by_position = {}
    for grant in grants:
        figures = grant.figures or {}
        span = {name: parse_instant(figures[name]) for name in ("starts", "ends")}
        by_position.update({item.position: span for item in items if _made(item, grant)})
    return by_position


def _made(item: models.OrderItem, entry: models.Entry) -> bool:
    first, last = item.first_entry or 0, item.last_entry or 0
    return item.line_id == entry.line_id and first <= entry.number <= last


def _discounts(order: models.Order) -> tuple[Discount, ...]:
    """What each promotion took off, as it was promised."""
    off: Counter[str] = Counter()
    for part in order.promise.get("discounts", []):
        off[part["promotion"]] += part["amount"]
    terms = dict(models.Promotion.objects.filter(name__in=off).values_list("name", "terms"))
    return tuple(
        Discount(title=terms.get(name, {}).get("title") or {"en": name}, amount=amount)
        for name, amount in off.items()
        if amount
    )


def _wallet(order: models.Order) -> tuple[WalletMove, ...]:
    moves = models.WalletMovement.objects.filter(order=order).order_by("pk")
    return tuple(
        WalletMove(at=move.at, kind=move.kind, amount=move.amount, balance=move.balance_after)
        for move in moves
    )


def _paid(order: models.Order, wallet: Iterable[WalletMove]) -> tuple[Paid, ...]:
    """What gateways took for the order, and what was spent on it from the wallet."""
    taken = models.MoneyIn.objects.filter(order=order, role__in=("credited", "surplus"))
    came = [
        Paid(
            at=money.at,
            gateway=money.gateway,
            amount=money.amount,
            transaction=masked(money.transaction),
            shown=money.payment.method.shown if money.payment.method else "",
            surplus=money.role == "surplus",
        )
        for money in taken.select_related("payment__method").order_by("pk")
    ]
    spent = [
        Paid(at=move.at, gateway="wallet", amount=-move.amount)
        for move in wallet
        if move.kind == "spend"
    ]
    return (*came, *spent)


def masked(number: str) -> str:
    """The end of a gateway's number: enough to find it in a bank's list, too little to use."""
    return f"****{number[-min(TAIL, len(number) // 2) :]}" if len(number) > 1 else ""


def _returned(order: models.Order) -> tuple[Returned, ...]:
    refunds = models.Refund.objects.filter(order=order).exclude(state="failed")
    return tuple(
        Returned(
            at=refund.done_at or refund.asked_at,
            number=refund.number,
            gateway=refund.money.gateway if refund.money else "wallet",
            amount=refund.amount,
            done=refund.state == "done",
        )
        for refund in refunds.select_related("money").order_by("pk")
    )


# ----------------------------------------------------------------------------------- statements


def timezone_of(line_id: int) -> str:
    """Where the line lives: its days begin there. Raises NoSuchLine."""
    state = models.LineState.objects.filter(pk=line_id).only("timezone").first()
    if state is None:
        raise NoSuchLine(line_id)
    return state.timezone


def days(first: date | None, last: date | None, timezone: str, now: datetime) -> Span:
    """The start and end of the local days from `first` to `last`, which default to this month.

    Raises OverflowError at the ends of the calendar.
    """
    today = local_date(now, timezone)
    last = last or today
    first = first or last.replace(day=1)
    return midnight(first, timezone), midnight(last + DAY, timezone)


def statement(line_id: int, starts: datetime, ends: datetime, now: datetime) -> Statement:
    """The line's statement from `starts` to just before `ends`, or to `now` if that comes first.

    What is due by now is told as done, whether or not a job has written it yet. Raises NoSuchLine,
    EmptySpan.
    """
    ends = min(ends, now)
    if starts >= ends:
        raise EmptySpan
    owned = models.Line.objects.select_related("subscriber", "sold_plan__plan")
    row, pages = owned.filter(pk=line_id).first(), reading.read([line_id])
    if row is None or not pages:
        raise NoSuchLine(line_id)
    page, shop = pages[0], the_shop()
    page.pass_time(now, OnSale())
    since = _since(page, starts)
    entries = _entries(page, starts, ends)
    terms = _in_force(page, starts, ends)
    sold = [remember(row.sold_plan)] if row.sold_plan else []
    named = [plan.name for _, _, plan in terms] or [plan.name for plan in sold]
    return Statement(
        seller=Seller(name=shop.name, about=shop.about),
        owner=row.subscriber.name if row.subscriber else "",
        line=_line_name(row),
        timezone=page.line.timezone,
        starts=starts,
        ends=ends,
        opening=_opening(page, since),
        entries=entries,
        unlimited=_unlimited(page, terms, since, starts),
        titles=_titles(named, entries),
        plan=next((plan for _, _, plan in reversed(terms)), sold[0] if sold else None),
        plans=tuple(dict.fromkeys(named)),
        orders=_orders(line_id, starts, ends),
    )


def _since(page: Page, starts: datetime) -> list[Entry]:
    """What moved bytes since `starts`, added up by code and kind; and when the line was closed.

    Only entries that the page knows of count: others may have been written since it was read.
    """
    names = ("at", "code", "kind", "bytes", "bucket", "into")
    summed = rows(SINCE, [page.id, starts, page.entry_count])
    written = [Entry(**dict(zip(names, row, strict=True))) for row in summed]
    return written + [entry for entry in page.entries if entry.at >= starts]


def _opening(page: Page, since: Iterable[Entry]) -> dict[Kind, int]:
    held: dict[Kind, int] = dict.fromkeys(KINDS, 0)
    for bucket in page.line.buckets:
        held[bucket.kind] += bucket.left or 0
    for entry in since:
        for kind, amount in moved(entry):
            held[kind] -= amount
    return held


def _entries(page: Page, starts: datetime, ends: datetime) -> tuple[Entry, ...]:
    numbers = (1, page.entry_count)
    written = history.entries(page.id, since=starts, until=ends, numbers=numbers)
    return (*written, *(entry for entry in page.entries if starts <= entry.at < ends))


Terms = list[tuple[datetime, datetime, Plan]]  # from when until when a plan was in force


def _in_force(page: Page, starts: datetime, ends: datetime) -> Terms:
    """The periods that touch the span; one ends early where the next one came early."""
    found = models.Period.objects.filter(line=page.id, starts__lt=ends).order_by("number")
    written = list(found.values_list("starts", "ends", "plan_version"))
    plans.load_versions([version for *_, version in written])
    begun = [p for p in page.begun.values() if p.starts < ends]
    terms = [(first, last, plans.version(version)) for first, last, version in written]
    terms += [(period.starts, period.ends, period.plan) for period in begun]
    nexts = [*(first for first, _, _ in terms[1:]), *(last for _, last, _ in terms[-1:])]
    cut = [
        (first, min(last, follows), plan)
        for (first, last, plan), follows in zip(terms, nexts, strict=True)
    ]
    return [term for term in cut if term[1] > starts]


def _unlimited(
    page: Page, terms: Terms, since: Iterable[Entry], starts: datetime
) -> tuple[Span, ...]:
    """When a plan without limit was in force; it ends with the line, if that was closed."""
    spans = [(first, last) for first, last, plan in terms if plan.data is None]
    if page.line.state == "closed":
        closed = min((entry.at for entry in since if entry.code == "closed"), default=starts)
        spans = [(first, min(last, closed)) for first, last in spans]
    return tuple(spans)


def _titles(named: Iterable[str], entries: Iterable[Entry]) -> dict[str, dict[str, str]]:
    told = {entry.figures["plan"] for entry in entries if "plan" in entry.figures}
    found = models.Plan.objects.filter(name__in={*named, *told})
    return dict(found.values_list("name", "title"))


def _orders(line_id: int, starts: datetime, ends: datetime) -> tuple[PaidOrder, ...]:
    found = models.OrderItem.objects.filter(
        line=line_id, order__paid_at__gte=starts, order__paid_at__lt=ends
    ).select_related("order", "plan_version__plan")
    items = list(found.order_by("order__paid_at", "order_id", "position"))
    refunds = models.Refund.objects.filter(order__in={item.order_id for item in items})
    back = refunds.exclude(state="failed").exclude(why="surplus").values_list("order")
    refunded = dict(back.annotate(Sum("amount")))
    grouped = groupby(items, key=lambda item: item.order)
    return tuple(_order(order, list(of), refunded.get(order.pk, 0)) for order, of in grouped)


def _order(order: models.Order, items: list[models.OrderItem], refunded: int) -> PaidOrder:
    assert order.paid_at is not None
    return PaidOrder(
        at=order.paid_at,
        number=order.number,
        currency=order.currency,
        items=tuple(_bought(item) for item in items),
        amount=sum(item.price - item.discount for item in items),
        refunded=refunded,
    )


def _line_name(line: models.Line) -> LineName:
    return LineName(id=line.pk, label=line.label, msisdn=line.msisdn or "", iccid=line.iccid or "")
