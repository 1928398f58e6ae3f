"""A shop whose sales are in its books, for stories about money: Alice buys, in cents and gigabytes.

What checkout, gateways and fulfilment do elsewhere is done here by hand, row by row, so that a
story can say exactly what was paid for what.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

from django.db.models import F

from eka.ledger import models
from eka.ledger.books import trial_balance
from eka.ledger.deferrals import Allowance
from eka.rules import books
from eka.rules.lines import Entry
from eka.rules.plan_text import plan_from_text
from eka.rules.requests import Command
from eka.rules.units import Money
from eka.usecases import bookkeeping
from eka.usecases.catalogue import sell as put_on_sale
from eka.usecases.commands import carry_out
from eka.usecases.lines import NewLine, add_line

OPENING = datetime(2025, 3, 1, tzinfo=UTC)
GB = 10**9

# Carried data burns first and lives twenty days, whoever renews; nothing else ends it.
KEEPS = {"life": {"renewals": "unlimited", "duration": "20d"}}
BURN = {"kinds": ["rollover", "plan"]}
PLANS = (
    {"name": "ten", "data": "10GB", "period": "30d", "rollover": KEEPS, "burn": BURN},
    {"name": "plain", "data": "10GB", "period": "30d", "early_renewal": "at_end"},
    {"name": "season", "data": "10GB", "period": "30d", "term": "3"},
    {"name": "ocean", "data": "unlimited", "period": "30d"},
    {
        "name": "round",
        "data": "10GB",
        "period": "30d",
        "rollover": {"fraction": "50%", "round_up_to": "2GB", **KEEPS},
        "burn": BURN,
    },
    {
        "name": "swap",
        "data": "10GB",
        "period": "30d",
        "convert": {"rate": "0.50 USD", "per": "1GB", "step": "1GB"},
    },
)
_numbers = count(1)


def on(day: float) -> datetime:
    """So many days after the opening."""
    return OPENING + timedelta(days=day)


def open_shop() -> None:
    """Puts the plans on sale."""
    for terms in PLANS:
        put_on_sale(plan_from_text(terms), OPENING)


def activate(plan: str) -> int:
    """Alice has a line whose first period starts at the opening; its id."""
    return add_line(NewLine(plan=plan), OPENING, activate=True)


def happen(line: int, command: Command, day: float) -> list[Entry]:
    """Something happens to the line."""
    return carry_out(line, command, now=on(day), key=f"story:{next(_numbers)}").entries


def allowance(nth: int, value: int, **more: object) -> Allowance:
    """An allowance in dollars, paid at the opening unless it is said otherwise."""
    told = {"nth": nth, "value": value, "currency": "USD", "paid_at": OPENING, **more}
    return Allowance(**told)  # type: ignore[arg-type]


def first(value: int) -> Allowance:
    """A first period's ten gigabytes."""
    return allowance(0, value, bucket=1, granted=10 * GB)


def pay(total: int, *, day: float = 0, lines: Sequence[int | None] = (None,)) -> models.Order:
    """A paid order of one item for each line, at equal prices; nothing of it is delivered yet."""
    number, now = next(_numbers), on(day)
    alice, _ = models.Subscriber.objects.get_or_create(name="Alice")
    order = models.Order.objects.create(
        number=f"E{number}",
        key=f"order:{number}",
        subscriber=alice,
        state="paid",
        currency="USD",
        subtotal=total,
        total=total,
        created_at=now,
        deadline=now,
        paid_at=now,
    )
    for position, line in enumerate(lines):
        models.OrderItem.objects.create(
            order=order,
            position=position,
            kind="renewal",
            terms={},
            line_id=line,
            price=total // len(lines),
        )
    if total:
        receive(order, total, day=day)
    return order


def receive(
    order: models.Order, amount: int, *, role: str = "credited", day: float = 0
) -> models.MoneyIn:
    """Stripe takes money for the order; in the books as its role says."""
    number, now = next(_numbers), on(day)
    payment = models.Payment.objects.create(
        number=f"P{number}",
        order=order,
        gateway="stripe",
        way="card",
        currency="USD",
        amount=amount,
        state="paid",
        begun_at=now,
        expires_at=now,
    )
    money = models.MoneyIn.objects.create(
        gateway="stripe",
        transaction=f"T{number}",
        payment=payment,
        order=order,
        currency="USD",
        amount=amount,
        role=role,
        at=now,
        heard_at=now,
    )
    event, journal = {
        "credited": ("money_received", books.money_received),
        "surplus": ("surplus_received", books.surplus_received),
        "mismatch": ("mismatch_received", books.mismatch_received),
    }[role]
    key, postings = f"{event}:{order.number}:{money.pk}", journal("stripe", Money(amount, "USD"))
    bookkeeping.record(event, key, postings, now, order_id=order.pk)
    return money


def deliver(
    order: models.Order, line: int, allowances: Sequence[Allowance], *, position: int = 0
) -> None:
    """An item's data is there: its value is deferred."""
    postings = books.order_fulfilled("USD", [each.value for each in allowances])
    key, now = f"fulfilled:{order.pk}:{position}", order.created_at
    bookkeeping.record("order_fulfilled", key, postings, now, order_id=order.pk, line_id=line)
    bookkeeping.defer(order.pk, position, line, allowances)
    order.items.filter(position=position).update(state="done", line_id=line, done_at=now)
    if not order.items.filter(state="open").exists():
        order.state, order.fulfilled_at = "fulfilled", now
        order.save()


def sell(total: int, line: int, *allowances: Allowance, day: float = 0) -> models.Order:
    """A paid order of one item, delivered."""
    order = pay(total, day=day, lines=[line])
    deliver(order, line, allowances)
    return order


def ask_back(
    order: models.Order, amount: int, taken: dict[str, int], *, day: float = 1
) -> models.Refund:
    """Money of an order is to go back; what each account gives up for it."""
    number, now = next(_numbers), on(day)
    money = order.money.latest("pk")
    refund = models.Refund.objects.create(
        number=f"R{number}",
        key=f"refund:{number}",
        order=order,
        money=money,
        currency="USD",
        amount=amount,
        why="customer",
        whole=amount == order.total,
        asked_at=now,
    )
    models.MoneyIn.objects.filter(pk=money.pk).update(given_back=money.given_back + amount)
    postings = books.refund_asked(Money(amount, "USD"), taken)
    bookkeeping.record(
        "refund_asked", f"refund_asked:{refund.number}", postings, now, order_id=order.pk
    )
    return refund


def send_back(refund: models.Refund, *, day: float = 2) -> None:
    """The gateway has sent it."""
    postings = books.refund_done("stripe", Money(refund.amount, "USD"))
    bookkeeping.record("refund_done", f"refund_done:{refund.number}", postings, on(day))
    models.Refund.objects.filter(pk=refund.pk).update(state="done", done_at=on(day))


def contest(order: models.Order, *, day: float = 3) -> models.Dispute:
    """The payer's bank takes the order's money until it has decided."""
    money = order.money.latest("pk")
    dispute = models.Dispute.objects.create(
        gateway="stripe",
        reference=f"D{next(_numbers)}",
        order=order,
        money=money,
        currency="USD",
        amount=money.amount,
        opened_at=on(day),
    )
    postings = books.dispute_opened("stripe", Money(money.amount, "USD"))
    bookkeeping.record("dispute_opened", f"dispute_opened:{dispute.reference}", postings, on(day))
    return dispute


def give_credit(amount: int, *, day: float = 1) -> None:
    """Goodwill goes into (or out of) Alice's wallet."""
    key, now = f"credit:{next(_numbers)}", on(day)
    alice, _ = models.Subscriber.objects.get_or_create(name="Alice")
    wallet, _ = models.Wallet.objects.get_or_create(subscriber=alice, currency="USD")
    wallet.balance += amount
    wallet.save()
    models.WalletMovement.objects.create(
        wallet=wallet, key=key, at=now, kind="credit", amount=amount, balance_after=wallet.balance
    )
    bookkeeping.record("credit", key, books.wallet_adjusted(Money(amount, "USD")), now)


def promote(order: models.Order, amount: int, state: str) -> None:
    """A promotion takes something off the order."""
    promotion, _ = models.Promotion.objects.get_or_create(
        name="spring", defaults={"terms": {}, "created_at": OPENING}
    )
    models.PromotionUse.objects.create(
        promotion=promotion,
        order=order,
        subscriber=order.subscriber,
        currency="USD",
        amount=amount,
        state=state,
        at=OPENING,
    )
    order.items.filter(position=0).update(price=F("price") + amount, discount=amount)
    order.subtotal, order.discount = order.subtotal + amount, amount
    order.save()


def balances() -> dict[str, int]:
    """Every account that is not at nothing."""
    return {each.account: each.amount for each in trial_balance() if each.amount}


def earned() -> dict[str, int]:
    """What has been earned so far, in cents by account."""
    return {name: -amount for name, amount in balances().items() if name.startswith("revenue:")}


def owed() -> int:
    """What is still owed in data, in cents."""
    return -balances().get("deferred_data", 0)


def journals() -> list[tuple[str, list[tuple[str, int]]]]:
    """Everything that was recorded: each event with its postings."""
    return [
        (journal.event, [(post.account, post.amount) for post in posts])
        for journal in models.Journal.objects.order_by("id")
        if (posts := list(journal.postings.order_by("position")))
    ]
