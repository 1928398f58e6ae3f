"""What was paid for is delivered, once: by the outbox, in one transaction for the whole order.

Either all items are done or none. What the rules refuse for good (a line that was closed meanwhile)
is not tried again: the money goes back, and a case tells why.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.db import transaction

from eka.ledger import models
from eka.ledger.plans import version
from eka.rules import books
from eka.rules.baskets import Gives, Item, NewLineItem, WalletItem
from eka.rules.lines import Entry, Unable
from eka.rules.plans import RenewedBy
from eka.rules.units import Money
from eka.usecases import bookkeeping, refunding, wallets
from eka.usecases.bookkeeping import Allowance
from eka.usecases.cases import open_case
from eka.usecases.commands import Done, NoSuchLine, carry_out
from eka.usecases.goods import commands_of
from eka.usecases.lines import NewLine, add_line
from eka.usecases.orders import locked, message, move

DELIVERS = ("paid", "fulfilling")


def fulfil(order_number: str, now: datetime) -> None:
    """Delivers the order's items, once. What cannot be delivered is refunded whole."""
    try:
        _fulfil(order_number, now)
    except (Unable, NoSuchLine) as refusal:
        give_back(order_number, getattr(refusal, "code", "no_such_line"), now)


@transaction.atomic
def _fulfil(order_number: str, now: datetime) -> None:
    order = locked(order_number)
    if order.state not in DELIVERS:
        return
    items = list(order.items.select_related("plan_version__plan").order_by("position"))
    shares = _shares(order, items)
    credited = 0
    for item, value in zip(items, shares, strict=True):
        credited += _deliver(order, item, value, now)
    values = [value for item, value in zip(items, shares, strict=True) if item.kind != "wallet"]
    bookkeeping.record(
        "order_fulfilled",
        f"fulfilled:{order.number}",
        books.order_fulfilled(order.currency, values, credited),
        now,
        order_id=order.pk,
    )
    if order.state == "paid":
        move(order, "taken_up", now)
    move(order, "fulfilled", now, fulfilled_at=now)
    message(order, "order_fulfilled", order.number, now, {"total": order.total})


@transaction.atomic
def give_back(order_number: str, why: str, now: datetime) -> None:
    """The last resort: the money goes back whole, the buyer is told, and a case has the facts."""
    order = locked(order_number)
    if order.state not in DELIVERS:
        return
    facts = {"order": order.number, "why": why}
    open_case("undeliverable", f"undeliverable:{order.number}", now, facts, order.pk)
    refunding.give_back_whole(order, "undeliverable", why, now)
    message(order, "order_undeliverable", order.number, now, {"total": order.total})


def _shares(order: models.Order, items: Sequence[models.OrderItem]) -> list[int]:
    """What was paid for each item, in minor units; together the order's total."""
    return [item.price - item.discount for item in items]


def _deliver(order: models.Order, item: models.OrderItem, value: int, now: datetime) -> int:
    """Does one item; what it put into the wallet."""
    terms: Item = msgspec.convert(item.terms, Item)
    credited = 0
    if isinstance(terms, WalletItem):
        credited = _charge_wallet(order, item, terms, now)
    else:
        line_id = _line_of(order, item, terms, now)
        done = _perform(order, item, line_id, terms, now)
        item.line_id = line_id
        _note_entries(item, done)
        now = done[0].at  # of a line that has gone on already, a little later
        bookkeeping.defer(order.pk, item.position, line_id, _allowances(order, item, value, done))
    item.state, item.done_at = "done", now
    item.save(update_fields=["state", "done_at", "line", "first_entry", "last_entry"])
    return credited


def _charge_wallet(
    order: models.Order, item: models.OrderItem, terms: WalletItem, now: datetime
) -> int:
    wallets.credit(
        order.subscriber_id,
        Money(terms.amount, order.currency),
        kind="charge",
        key=f"charge:{order.number}:{item.position}",
        now=now,
        order_id=order.pk,
    )
    return terms.amount


def _line_of(order: models.Order, item: models.OrderItem, terms: Item, now: datetime) -> int:
    """The line that the item is for; a new one is made."""
    if not isinstance(terms, NewLineItem):
        if item.line_id is None:
            raise NoSuchLine(order.number)
        return int(item.line_id)
    new = NewLine(
        plan=terms.plan,
        label=terms.label,
        subscriber=order.subscriber_id,
        timezone=terms.timezone,
    )
    return add_line(new, now)


def _perform(
    order: models.Order, item: models.OrderItem, line_id: int, terms: Item, now: datetime
) -> list[Done]:
    by: RenewedBy = "auto" if order.automatic else "manual"
    plan = version(item.plan_version_id) if item.plan_version_id else None
    gives = msgspec.convert(item.gives.get("gifts", []), list[Gives])
    commands = commands_of(terms, plan, gives, by)
    key = f"order:{order.number}:{item.position}"
    return [
        carry_out(line_id, command, now=now, key=f"{key}:{nth}")
        for nth, command in enumerate(commands)
    ]


def _note_entries(item: models.OrderItem, done: Sequence[Done]) -> None:
    numbers = [number for one in done for number in one.numbers]
    if numbers:
        item.first_entry, item.last_entry = min(numbers), max(numbers)


def _allowances(
    order: models.Order, item: models.OrderItem, value: int, done: Sequence[Done]
) -> list[Allowance]:
    """What was paid is earned as the data goes: a share for each period or top-up that was bought.

    A period that is queued has no bucket yet. What promotions gave has no price of its own.
    """
    bought = list(done[: item.terms.get("times", 1)])
    each, rest = divmod(value, len(bought))
    found = []
    for nth, one in enumerate(bought):
        entry = _granted(one.entries, "topup" if item.kind == "top_up" else "plan")
        unlimited = entry is None or entry.figures.get("unlimited")
        found.append(
            Allowance(
                nth=nth,
                value=each + (1 if nth < rest else 0),
                currency=order.currency,
                paid_at=one.at,
                bucket=entry.bucket if entry else None,
                granted=None if unlimited or entry is None else entry.bytes,
            )
        )
    return found


def _granted(entries: Sequence[Entry], reason: str) -> Entry | None:
    granted = [e for e in entries if e.code == "granted" and e.reason == reason]
    return granted[-1] if granted else None
