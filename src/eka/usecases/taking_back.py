"""What an order gave is taken back, as its money goes back: data, lines, money in the wallet."""

from datetime import datetime

from eka.ledger import history, models
from eka.rules import books
from eka.rules.lines import Unable
from eka.rules.requests import Change, Command, Withdraw
from eka.rules.units import Money
from eka.usecases import bookkeeping, handing_over, promotions, stock, wallets
from eka.usecases.bookkeeping import TakenBack
from eka.usecases.cases import open_case
from eka.usecases.commands import carry_out

BOUGHT = ("plan", "topup", "bonus")  # why entries grant what an order buys


class Spent(Exception):
    """Money that a wallet was charged with is not there any more."""


def take_all_back(
    order: models.Order, now: datetime, *, what_is_there: bool = False
) -> dict[str, int]:
    """Takes back all that the order gave; what each liability gives up, by account.

    Money in a wallet that was spent since cannot be: then Spent is raised, unless
    `what_is_there` is enough.
    """
    promotions.release(order.pk)
    if order.fulfilled_at is None:
        stock.give_back(order)
        handing_over.release(order.pk)
        handing_over.tell_of_data(order.pk, now)
        taken = {books.PREPAYMENTS: bookkeeping.owed(order.pk, books.PREPAYMENTS, order.currency)}
    else:
        taken = {books.DEFERRED: 0, books.WALLETS: 0}
        for item in order.items.filter(state="done").order_by("position"):
            if item.kind == "wallet":
                amount = _take_from_wallet(order, item, now, what_is_there=what_is_there)
                taken[books.WALLETS] += amount
            else:
                taken[books.DEFERRED] += sum(part.taken for part in _take_data(order, item, now))
            item.state = "returned"
            item.save(update_fields=["state"])
    return {account: amount for account, amount in taken.items() if amount}


def _take_data(order: models.Order, item: models.OrderItem, now: datetime) -> list[TakenBack]:
    """Takes back what is left of the item's data; a line that was bought with it is closed."""
    handing_over.lock(item.line_id)  # profiles before their line, as everywhere
    taken = bookkeeping.take_back(order.pk, item.position, now)
    if item.line_id is None:
        return taken
    back: Command = Withdraw(tuple(sorted(buckets_of(item))), item.done_at)
    if item.kind == "new_line":
        back = Change("cancel")
    try:
        carry_out(item.line_id, back, now=now, key=f"withdraw:{order.number}:{item.position}")
    except Unable as refusal:
        facts = {"order": order.number, "position": item.position, "why": refusal.code}
        open_case("not_withdrawn", f"not_withdrawn:{order.number}", now, facts, order.pk)
    if item.kind == "new_line":
        handing_over.take_back(item.line_id, now)
    return taken


def buckets_of(item: models.OrderItem) -> set[int]:
    """The buckets that hold what the item's fulfilment granted, and what of it was carried on.

    What was queued by it was granted later, when its period began.
    """
    if item.first_entry is None or item.last_entry is None or item.line_id is None:
        return set()
    own = (item.first_entry, item.last_entry)
    granted = history.entries(item.line_id, numbers=own, codes=["granted"])
    found = {entry.bucket or 0 for entry in granted if entry.reason in BOUGHT}
    begun = models.Period.objects.filter(line_id=item.line_id, paid_at=item.done_at)  # type: ignore[misc]
    later = models.Bucket.objects.filter(
        line_id=item.line_id, kind="plan", period__in=begun.values("number")
    )
    found |= set(later.values_list("number", flat=True))
    after_it = (item.first_entry, history.LAST)
    for entry in history.entries(item.line_id, numbers=after_it, codes=["carried"]):
        if entry.bucket in found:
            found.add(entry.into or 0)
    return found


def _take_from_wallet(
    order: models.Order, item: models.OrderItem, now: datetime, *, what_is_there: bool
) -> int:
    amount = int(item.terms["amount"])
    held = wallets.balances(order.subscriber_id).get(order.currency, 0)
    if held < amount and not what_is_there:
        raise Spent
    amount = min(amount, held)
    if amount:
        wallets.debit(
            order.subscriber_id,
            Money(amount, order.currency),
            kind="refund",
            key=f"uncharge:{order.number}:{item.position}",
            now=now,
            order_id=order.pk,
        )
    return amount
