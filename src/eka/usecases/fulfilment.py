"""What was paid for is delivered, once: by the outbox, in one transaction for the whole order.

What suppliers have to deliver for it is there first (`provisioning`); until then the order is
`fulfilling`. Either all items are done or none. What the rules refuse for good (a line that was
closed meanwhile) is not tried again: the money goes back, and a case tells why.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from django.db import transaction

from eka.ledger import direct, models
from eka.ledger.plans import version
from eka.rules import books
from eka.rules.baskets import Gives, Item, NewLineItem, WalletItem
from eka.rules.first_use import deadline
from eka.rules.lines import Entry, Unable
from eka.rules.plans import RenewedBy
from eka.rules.units import Money, parse_duration
from eka.usecases import (
    bookkeeping,
    handing_over,
    needs,
    provisioning,
    referrals,
    refunding,
    wallets,
)
from eka.usecases.bookkeeping import Allowance
from eka.usecases.cases import open_case
from eka.usecases.commands import Done, NoSuchLine, carry_out
from eka.usecases.goods import commands_of
from eka.usecases.lines import NewLine, add_line
from eka.usecases.orders import locked, message, move
from eka.usecases.provisioning import Undeliverable
from eka.usecases.shop import the_shop


def fulfil(order_number: str, now: datetime) -> None:
    """Delivers the order's items, once. What cannot be delivered is refunded whole."""
    try:
        _fulfil(order_number, now)
    except Undeliverable as refusal:
        give_back(order_number, f"supplier_{refusal}", now)
    except (Unable, NoSuchLine) as refusal:
        give_back(order_number, getattr(refusal, "code", "no_such_line"), now)


@transaction.atomic
def _fulfil(order_number: str, now: datetime) -> None:
    order = locked(order_number)
    if order.state not in needs.DELIVERS:
        return
    handing_over.lock_all(order.pk)
    items = list(order.items.select_related("plan_version__plan").order_by("position"))
    if not provisioning.have(needs.of_order(order, items), now):
        if order.state == "paid":
            move(order, "taken_up", now)
        return
    wallet = sum(_deliver(order, item, now) for item in items)
    paid_for = sum(_value(item) for item in items if item.kind == "wallet")
    values = [_value(item) for item in items if item.kind != "wallet"]
    bookkeeping.record(
        "order_fulfilled",
        f"fulfilled:{order.number}",
        books.order_fulfilled(order.currency, values, wallet, wallet - paid_for),
        now,
        order_id=order.pk,
    )
    if order.state == "paid":
        move(order, "taken_up", now)
    move(order, "fulfilled", now, fulfilled_at=now)
    for money in the_shop().invites:
        if money.currency == order.currency:
            referrals.reward(order.pk, money, now)
    message(order, "order_fulfilled", order.number, now, {"total": order.total})


@transaction.atomic
def give_back(order_number: str, why: str, now: datetime) -> None:
    """The last resort: the money goes back whole, the buyer is told, and a case has the facts."""
    order = locked(order_number)
    if order.state not in needs.DELIVERS:
        return
    facts = {"order": order.number, "why": why}
    open_case("undeliverable", f"undeliverable:{order.number}", now, facts, order.pk)
    refunding.give_back_whole(order, "undeliverable", why, now)
    # Its line is not renewed after all: the consent is looked at again, once a day.
    agreed = models.AutoRenewal.objects.filter(order=order, ended_at=None, step="paid")
    agreed.update(step="look", next_due=now + timedelta(days=1))
    message(order, "order_undeliverable", order.number, now, {"total": order.total})


def _value(item: models.OrderItem) -> int:
    """What was paid for the item, in minor units; over all items the order's total."""
    return item.price - item.discount


def _deliver(order: models.Order, item: models.OrderItem, now: datetime) -> int:
    """Does one item; what it put into the wallet."""
    terms: Item = msgspec.convert(item.terms, Item)
    credited = 0
    if isinstance(terms, WalletItem):
        credited = _charge_wallet(order, item, terms, now)
    else:
        line_id = item.line_id = _line_of(order, item, terms, now)
        done = [] if _waits_for_use(item) else _perform(order, item, line_id, terms, now)
        _note_entries(item, done)
        now = done[0].at if done else now  # of a line that has gone on already, a little later
        bookkeeping.defer(order.pk, item.position, line_id, _allowances(order, item, done, now))
    item.state, item.done_at = "done", now
    direct.change(item, "state", "done_at", "line", "first_entry", "last_entry")
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
    line_id = add_line(new, now)
    if _waits_for_use(item):
        _set_deadline(item, line_id, terms.timezone, now)
    handing_over.give(f"order:{order.number}:{item.position}", line_id, now)
    return line_id


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


def _waits_for_use(item: models.OrderItem) -> bool:
    """Whether what is bought begins only when the line first uses data."""
    sold = item.plan_version
    return item.kind == "new_line" and sold is not None and sold.plan.starts == "first_use"


def _set_deadline(item: models.OrderItem, line_id: int, timezone: str, now: datetime) -> None:
    assert item.plan_version is not None
    within = item.plan_version.plan.activate_within
    by = deadline(now, parse_duration(within) if within else None, timezone)
    models.Line.objects.filter(pk=line_id).update(activate_by=by)


def _note_entries(item: models.OrderItem, done: Sequence[Done]) -> None:
    numbers = [number for one in done for number in one.numbers]
    if numbers:
        item.first_entry, item.last_entry = min(numbers), max(numbers)


def _allowances(
    order: models.Order, item: models.OrderItem, done: Sequence[Done], now: datetime
) -> list[Allowance]:
    """What was paid is earned as the data goes: a share for each period or top-up that was bought.

    A period that has not begun has no bucket yet. Periods that a promotion gave are worth nothing,
    and stand in the row all the same, so that those that were paid for find their own.
    """
    gives = msgspec.convert(item.gives.get("gifts", []), list[Gives])
    times = item.terms.get("times", 1)
    term = 1 if item.kind == "top_up" or not item.plan_version_id else _term(item.plan_version_id)
    free = sum(gift.periods for gift in gives)
    each, rest = divmod(_value(item), times * term)
    bought = [*done[: times + free], *[None] * (times + free - len(done))]
    begun = [one for command in bought for one in (command, *[None] * (term - 1))]
    return [
        _allowance(
            nth,
            0 if nth >= times * term else each + (1 if nth < rest else 0),
            order.currency,
            now,
            _granted(one, "topup" if item.kind == "top_up" else "plan") if one else None,
        )
        for nth, one in enumerate(begun)
    ]


def _term(plan_version: int) -> int:
    return version(plan_version).term


def _allowance(
    nth: int, value: int, currency: str, paid_at: datetime, granted: Entry | None
) -> Allowance:
    unlimited = granted is None or granted.figures.get("unlimited")
    return Allowance(
        nth=nth,
        value=value,
        currency=currency,
        paid_at=paid_at,
        bucket=granted.bucket if granted else None,
        granted=None if unlimited or granted is None else granted.bytes,
    )


def _granted(done: Done, reason: str) -> Entry | None:
    """What the command granted at once, at its very end; what came due before it does not count."""
    last = done.entries[-1] if done.entries else None
    return last if last and last.code == "granted" and last.reason == reason else None
