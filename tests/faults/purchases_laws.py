"""What must hold of a shop at the end, whatever has happened, by the sandboxes' own books."""

from collections import Counter
from collections.abc import Mapping

from django.db.models import Count, Sum
from tests.faults.purchases_post import moved

from eka.gateways.payments.sandbox.counter import Sandbox
from eka.ledger import audit, models
from eka.ledger.books import trial_balance
from eka.rules.promotion_text import promotion_from_text

Sums = Counter[tuple[str, str]]

UNDELIVERED = ("quoted", "expired", "cancelled")
NOTHING_LEFT = ("customer_prepayments", "refunds_due", "refunds_failed", "surplus_due", "disputes")


def broken(market: Mapping[str, Sandbox], lied_about: set[str]) -> list[str]:
    """Every law that does not hold, as a sentence. `lied_about` are payments that were falsified.

    A gateway that lied left money that a person has to look at; of those orders no more is asked
    than that nothing was delivered without money.
    """
    money = {name: moved(name, box) for name, box in market.items()}
    lied = set(
        models.Payment.objects.filter(number__in=lied_about).values_list("order_id", flat=True)
    )
    return [
        *_audited(),
        *_orders(money, lied),
        *_wallets(),
        *_lines(),
        *_gateways(money),
        *_promotions(),
        *_cases(lied),
    ]


def _audited() -> list[str]:
    failures = [failure for lines in audit.ranges() for failure in audit.audit(lines)]
    return [f"audit: {one}" for one in [*failures, *audit.audit_money()]]


# ----------------------------------------------------------------------------- order by order


def _orders(money: Mapping[str, list[tuple[str, str, int]]], lied: set[int]) -> list[str]:
    order_of = dict(models.Payment.objects.values_list("number", "order_id"))
    net: Counter[int] = Counter()
    for movements in money.values():
        for number, _, amount in movements:
            net[order_of[number]] += amount
    found = []
    for order in models.Order.objects.order_by("pk"):
        wrong = _lied(order) if order.pk in lied else _order(order, net[order.pk])
        found += [f"order {order.number} ({order.state}, {order.total}): {one}" for one in wrong]
    return found


def _lied(order: models.Order) -> list[str]:
    paid = _paid(order)
    if order.fulfilled_at and paid != order.total:
        return [f"was delivered for {paid}"]
    return []


def _order(order: models.Order, net: int) -> list[str]:
    """`net` is what the gateways have of it in the end, by their own books."""
    wrong = []
    paid, back, lost = _paid(order), _back(order), _lost(order)
    by_wallet = order.money.filter(role="credited").count() == 0
    expected = 0 if by_wallet else paid - back - lost
    if net != expected:
        wrong.append(f"the gateways have {net}, not {expected}")
    if order.state in UNDELIVERED and (paid or net or order.items.exclude(state="open").exists()):
        wrong.append(f"ended without anything, and {paid} was paid")
    elif order.state == "fulfilled" and order.items.exclude(state="done").exists():
        wrong.append("counts as fulfilled, and is not")
    elif order.state == "refunded":
        wrong += _refunded(order, paid, back, lost)
    elif order.state not in (*UNDELIVERED, "fulfilled"):
        wrong.append("has not come to its end")
    if order.state == "fulfilled" and paid != order.total:
        wrong.append(f"was delivered for {paid}")
    return wrong


def _refunded(order: models.Order, paid: int, back: int, lost: int) -> list[str]:
    """Whoever asks for it has back what is not used; everybody else has back all."""
    if order.items.filter(state="done").exists():
        return ["was given back, and something of it was kept"]
    asked = order.refunds.filter(why="customer", whole=True).exists()
    if back + lost != paid and not asked:
        return [f"was given back, {back} and {lost} of {paid}"]
    return []


def _paid(order: models.Order) -> int:
    spent = models.WalletMovement.objects.filter(order=order, kind="spend")
    return _sum(order.money.filter(role="credited")) - _sum(spent)


def _back(order: models.Order) -> int:
    return _sum(order.refunds.filter(state="done").exclude(why="surplus"))


def _lost(order: models.Order) -> int:
    return _sum(order.disputes.filter(state="lost"))


def _sum(rows: object) -> int:
    return int(rows.aggregate(sum=Sum("amount"))["sum"] or 0)  # type: ignore[attr-defined]


# ----------------------------------------------------------------------- what they were given


def _wallets() -> list[str]:
    """A wallet holds what was charged and given back, less what was spent: counted from orders."""
    expected: Counter[tuple[int, str]] = Counter()
    for item in models.OrderItem.objects.filter(kind="wallet").exclude(state="open"):
        order, amount = item.order, int(item.terms["amount"])
        taken = -_sum(
            models.WalletMovement.objects.filter(order=order, kind="refund", amount__lt=0)
        )
        expected[order.subscriber_id, order.currency] += amount
        if item.state == "returned":  # a bank's judgement does not wait for money that was spent
            lost = order.disputes.filter(state="lost").exists()
            expected[order.subscriber_id, order.currency] -= min(taken, amount) if lost else amount
    for spent in models.WalletMovement.objects.filter(kind="spend").select_related("order"):
        assert spent.order is not None
        expected[spent.order.subscriber_id, spent.order.currency] -= spent.order.total
    for refund in models.Refund.objects.filter(money=None, state="done").select_related("order"):
        expected[refund.order.subscriber_id, refund.currency] += refund.amount
    return [
        f"wallet {wallet.pk} holds {wallet.balance}, not {should}:"
        f" {list(wallet.movements.order_by('pk').values_list('order__number', 'kind', 'amount'))}"
        for wallet in models.Wallet.objects.all()
        if wallet.balance != (should := expected[wallet.subscriber_id, wallet.currency])
    ]


def _lines() -> list[str]:
    """Every line was granted what was bought for it, once; every new line was asked for."""
    made = models.OrderItem.objects.filter(kind="new_line").exclude(state="open")
    buyers = models.Subscriber.objects.count()  # each had a line to begin with
    lines = models.Line.objects.filter(subscriber__isnull=False)
    found = []
    if lines.count() != buyers + made.count():
        found.append(f"{buyers} buyers have {lines.count()} lines, {made.count()} were sold")
    granted = Counter(models.Entry.objects.filter(code="granted").values_list("line_id", "reason"))
    for line in lines.order_by("pk"):
        items = list(models.OrderItem.objects.filter(line=line).exclude(state="open"))
        if any(item.state == "returned" for item in items):
            continue  # how much of that was used before is for the audit
        first = 0 if any(item.kind == "new_line" for item in items) else 1
        periods = first + sum(_periods(item) for item in items)
        topups = sum(item.kind == "top_up" for item in items)
        if (granted[line.pk, "plan"], granted[line.pk, "topup"]) != (periods, topups):
            found.append(
                f"line {line.pk} was granted {granted[line.pk, 'plan']} periods,"
                f" {granted[line.pk, 'topup']} top-ups; bought were {periods}, {topups}"
            )
    return found


def _periods(item: models.OrderItem) -> int:
    if item.kind not in ("new_line", "renewal", "add_on"):
        return 0
    return int(item.terms.get("times", 1))


# ------------------------------------------------------------------------------- as a whole


def _gateways(money: Mapping[str, list[tuple[str, str, int]]]) -> list[str]:
    """The books have what the gateways have, before fees."""
    theirs: Sums = Counter()
    for name, movements in money.items():
        for _, currency, amount in movements:
            theirs[name, currency] += amount
    for lie in models.MoneyIn.objects.filter(role="mismatch").select_related("payment"):
        theirs[lie.gateway, lie.currency] += lie.amount
        theirs[lie.gateway, lie.payment.currency] -= lie.payment.amount
    ours: Sums = Counter()
    left: Counter[str] = Counter()
    for each in trial_balance():
        family, _, name = each.account.partition(":")
        if family in ("gateway", "fees"):
            ours[name, each.currency] += each.amount
        elif each.account in NOTHING_LEFT:
            left[f"{each.account} {each.currency}"] += each.amount
    return [
        f"{name}: the books have {ours[name, currency]} {currency}, not {theirs[name, currency]}"
        for name, currency in sorted(theirs.keys() | ours.keys())
        if ours[name, currency] != theirs[name, currency]
    ] + [f"{account} is left with {amount}" for account, amount in left.items() if amount]


def _promotions() -> list[str]:
    """No limit was passed; but who paid when the time had run out keeps what was promised."""
    uses = models.PromotionUse.objects.exclude(state="released")
    uses = uses.exclude(order__events__event="expired")
    found = []
    for row in models.Promotion.objects.all():
        limits = promotion_from_text(row.name, row.terms).limits
        own = uses.filter(promotion=row)
        most = own.values("subscriber").annotate(n=Count("pk")).order_by("-n").first()
        if limits.per_person and most and most["n"] > limits.per_person:
            found.append(f"promotion {row.name} was used {most['n']} times by one person")
        if limits.in_all and own.count() > limits.in_all:
            found.append(f"promotion {row.name} was used {own.count()} times")
        for budget in limits.budget:
            if (spent := _sum(own.filter(currency=budget.currency))) > budget.minor:
                found.append(f"promotion {row.name} took off {spent} {budget.currency}")
    return found


def _cases(lied: set[int]) -> list[str]:
    """Nobody has to look at anything but lies, and at what was given back as it could not be."""
    transactions = set(
        models.MoneyIn.objects.filter(order__in=lied).values_list("transaction", flat=True)
    )
    return [
        f"case {case.kind}: {case.facts}"
        for case in models.Case.objects.filter(closed_at=None)
        if case.order_id not in lied
        and case.kind not in ("payment_unknown", "undeliverable")
        and case.facts.get("transaction") not in transactions
    ]
