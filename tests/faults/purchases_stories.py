"""What buyers do: pay, fail, pay twice, pay late, give up, change their minds, and complain."""

from collections.abc import Callable, Generator
from datetime import timedelta
from functools import partial

import httpx
from tests.faults.purchases import Story, World

from eka.gateways.payments.sandbox.paypal import PayPalSandbox
from eka.gateways.payments.sandbox.stripe import StripeSandbox
from eka.ledger import models
from eka.rules.baskets import AddOnItem, Item, NewLineItem, RenewalItem, TopUpItem, WalletItem
from eka.rules.lines import Unable
from eka.rules.requests import Use
from eka.usecases import checkout, fulfilment, looking, refunding
from eka.usecases.commands import carry_out
from eka.usecases.quoting import Wish, quote
from eka.usecases.refunding import Wanted
from eka.usecases.wallets import balances

GB = 10**9
CURRENCY = {"stripe": "USD", "paypal": "USD", "wechat": "CNY", "alipay": "CNY"}
GATEWAYS = tuple(CURRENCY)
CONTESTED = ("stripe", "paypal")  # where the sandbox's payer can contest a payment

Steps = Generator[timedelta, None, None]


class Purchase:
    """One purchase of one buyer, told from the wish to whatever becomes of it."""

    def __init__(self, world: World, buyer: int, nth: int) -> None:
        self.world, self.buyer, self.key = world, buyer, f"form-{nth}"
        self.chance = world.chance
        self.name = self.chance.choice(GATEWAYS)
        self.wish: Wish | None = None
        self.order = ""
        self._refunds = 0

    def story(self) -> Story:
        """All of it."""
        yield self.world.minutes(60 * 48)
        self.order = (yield from self.world.insist(self._quote)) or ""
        if not self.order:
            return
        if self.chance.random() < 0.1:
            assert self._quote() == self.order, "a double click made another order"
        yield self.world.minutes(3)
        row = self._row()
        if row.total == 0:
            yield from self.world.insist(lambda: checkout.pay_nothing(self.order, self.world.now))
        elif self._can_pay_from_wallet(row) and self.chance.random() < 0.7:
            yield from self._pays_from_wallet()
        else:
            habits, weights = zip(*HABITS, strict=True)
            (habit,) = self.chance.choices(habits, weights)
            self.world.counts[habit.__name__.strip("_")] += 1
            yield from habit(self)
        yield from self._afterwards()

    # ------------------------------------------------------------------------------- the wish

    def _quote(self) -> str:
        self.wish = self.wish or Wish(
            subscriber=self.buyer,
            items=tuple(self._item() for _ in range(1 if self.chance.random() < 0.8 else 2)),
            currency=CURRENCY[self.name],
            key=self.key,
            code=self.chance.choice(["", "", "", "TENTH", "LUCKY"]),
        )
        return quote(self.wish, self.world.now)

    def _item(self) -> Item:
        lines = models.Line.objects.filter(subscriber_id=self.buyer).order_by("pk")
        line = self.chance.choice(list(lines.values_list("pk", flat=True)))
        plan = self.chance.choice(["small", "large", "ocean"])
        items: list[Item] = [
            NewLineItem(plan="small"),
            RenewalItem(line=line, times=self.chance.choice([1, 1, 1, 3])),
            RenewalItem(line=line, plan=plan),
            TopUpItem(line=line, data=GB, validity="30d"),
            AddOnItem(line=line, plan=plan),
            WalletItem(amount=self.chance.randrange(500, 6000)),
        ]
        return self.chance.choice(items)

    # ------------------------------------------------------------------------------- paying

    def _pays(self) -> Steps:
        yield from self._pay("pay")

    def _fails_and_pays(self) -> Steps:
        payment = yield from self._begin()
        if payment:
            yield self.world.minutes(4)
            self.world.act(payment, "fail")
            yield self.world.minutes(20)
            payment = (yield from self._begin()) or payment
            self.world.act(payment, "pay")

    def _fails(self) -> Steps:
        yield from self._pay("fail")

    def _pays_twice(self) -> Steps:
        yield from self._pay("pay_twice")

    def _pays_late(self) -> Steps:
        payment = yield from self._begin()
        if payment:
            yield self._row().deadline - self.world.now + self.world.minutes(30 * 60, -0.1)
            self.world.act(payment, "pay_late")

    def _pays_at_the_last_moment(self) -> Steps:
        payment = yield from self._begin()
        if payment:
            yield self._row().deadline - self.world.now + self.world.minutes(0.05, -0.05)
            self.world.act(payment, "pay")

    def _abandons(self) -> Steps:
        yield from self._begin()

    def _cancels(self) -> Steps:
        payment = yield from self._begin()
        yield self.world.minutes(5)
        yield from self.world.insist(lambda: looking.cancel(self.order, self.world.now))
        if payment and self.chance.random() < 0.5:
            yield self.world.minutes(5)
            self.world.act(payment, "pay_late")

    def _pays_while_cancelling(self) -> Steps:
        payment = yield from self._begin()
        if payment:
            self.world.act(payment, "pay")
        yield from self.world.insist(lambda: looking.cancel(self.order, self.world.now))

    def _changes_gateway(self) -> Steps:
        first = yield from self._begin()
        others = [name for name in GATEWAYS if CURRENCY[name] == CURRENCY[self.name]]
        self.name = next(name for name in others if name != self.name)
        yield self.world.minutes(10)
        second = yield from self._begin()
        payments = [payment for payment in (first, second) if payment]
        for payment in self.chance.sample(payments, self.chance.randint(0, len(payments))):
            yield self.world.minutes(3)
            self.world.act(payment, "pay")

    def _double_clicks(self) -> Steps:
        payment = yield from self._begin()
        again = yield from self._begin()
        if payment and again:
            self.world.act(payment, "pay")
            self.world.act(again, "pay")

    def _pays_slowly(self) -> Steps:
        payment = yield from self._begin()
        if payment:
            self.world.act(payment, "approve")
            yield self.world.minutes(60 * 48)
            self.world.act(payment, self.chance.choice(["pay", "fail"]))

    def _pays_from_wallet(self) -> Steps:
        self.world.counts["pays from wallet"] += 1
        for _ in range(self.chance.choice([1, 2])):
            yield from self.world.insist(
                lambda: checkout.pay_from_wallet(self.order, self.world.now, pin=None)
            )

    def _pay(self, act: str) -> Steps:
        payment = yield from self._begin()
        if payment:
            yield self.world.minutes(15)
            self.world.act(payment, act)  # type: ignore[arg-type]

    def _begin(self) -> Generator[timedelta, None, str | None]:
        return (yield from self.world.insist(lambda: self.world.begin(self.order, self.name)))

    def _can_pay_from_wallet(self, order: models.Order) -> bool:
        return balances(self.buyer).get(order.currency, 0) >= order.total

    # ------------------------------------------------------------------------------- afterwards

    def _afterwards(self) -> Steps:
        deeds, weights = zip(*AFTERWARDS, strict=True)
        (deed,) = self.chance.choices(deeds, weights)
        if deed is Purchase._asks_back_at_once:
            yield from self._comes_back()
        else:
            yield self.world.minutes(60 * 60, 60)
        if self._row().paid_at is not None:
            self.world.counts[deed.__name__.strip("_")] += 1
            yield from deed(self)

    def _comes_back(self) -> Steps:
        """The buyer's browser is back from the gateway before any news: the gateway is asked."""
        for payment in models.Payment.objects.filter(order__number=self.order):
            look = partial(looking.look, str(payment.number), self.world.now)
            yield from self.world.insist(look)

    def _is_content(self) -> Steps:
        yield self.world.minutes(1)

    def _uses(self) -> Steps:
        for line in self.lines():
            for nth in range(3):
                yield self.world.minutes(60 * 24)
                data = self.chance.randrange(1, 8 * GB)
                key = f"use:{self.key}:{nth}"
                try:
                    carry_out(line, Use(data), now=self.world.now, key=key)
                except Unable:
                    self.world.counts["no service"] += 1

    def _asks_back(self) -> Steps:
        if self.chance.random() < 0.5:
            yield from self._uses()
        yield from self._refund("customer")

    def _asks_back_at_once(self) -> Steps:
        """Before anything was delivered, perhaps."""
        if self.chance.random() < 0.5:
            yield from self._refund("staff", part=True)
        yield from self._refund("staff")

    def _gets_all_back(self) -> Steps:
        yield from self._refund("staff")

    def _gets_parts_back(self) -> Steps:
        for _ in range(self.chance.randint(1, 3)):
            yield from self._refund("staff", part=True)
            yield self.world.minutes(60 * 24)
        if self.chance.random() < 0.5:
            yield from self._refund("staff")

    def _is_not_delivered(self) -> Steps:
        """Somebody of the shop gives the order up while it is on its way."""
        yield from self.world.insist(
            lambda: fulfilment.give_back(self.order, "by hand", self.world.now)
        )

    def _contests(self) -> Steps:
        payment = models.Payment.objects.filter(order__number=self.order, state="paid").first()
        if payment is None or payment.gateway not in CONTESTED:
            return
        self.world.act(payment.number, "dispute")
        yield self.world.minutes(60 * 24 * 3, 60)
        box, won = self.world.market[payment.gateway], self.chance.random() < 0.5
        while not decide(box, payment.number, won=won):
            yield self.world.minutes(30)

    def _refund(self, why: str, *, part: bool = False) -> Steps:
        total = self._row().total
        amount = self.chance.randrange(1, max(2, total // 2)) if part else None
        self._refunds += 1
        wanted = Wanted(key=f"{self.key}:{why}:{self._refunds}", why=why, by="Olga", amount=amount)
        for _ in range(self.chance.choice([1, 1, 2])):  # a double click asks for it once
            yield from self.world.insist(
                lambda: refunding.refund(self.order, wanted, self.world.now)
            )

    def lines(self) -> list[int]:
        """The lines that the order is for."""
        items = models.OrderItem.objects.filter(order__number=self.order, line__isnull=False)
        return sorted(set(items.values_list("line_id", flat=True)))

    def _row(self) -> models.Order:
        return models.Order.objects.get(number=self.order)


def decide(box: object, number: str, *, won: bool) -> bool:
    """The payer's bank decides; whether it could be told so."""
    if isinstance(box, StripeSandbox):
        return _decide_at_stripe(box, number, won=won)
    assert isinstance(box, PayPalSandbox)
    for dispute in box.records.all("dispute"):
        ours = dispute["disputed_transactions"][0]["custom"] == number
        if ours and dispute["status"] != "RESOLVED":
            outcome = "SELLER_FAVOR" if won else "BUYER_FAVOR"
            box.disputes.adjudicate(dispute["dispute_id"], {"adjudication_outcome": outcome})
    return True


def _decide_at_stripe(box: StripeSandbox, number: str, *, won: bool) -> bool:
    numbers = {row["id"]: row["metadata"].get("number") for row in box.records.all("charge")}
    for dispute in box.records.all("dispute"):
        if numbers[dispute["charge"]] == number and dispute["status"] not in ("won", "lost"):
            text = "winning_evidence" if won else "losing_evidence"
            answer = httpx.post(
                f"{box.address}/v1/disputes/{dispute['id']}",
                data={"evidence[uncategorized_text]": text, "submit": "true"},
                headers={"Authorization": f"Bearer {box.settings()['secret_key']}"},
            )
            return answer.status_code == 200
    return True


Habit = Callable[[Purchase], Steps]

HABITS: tuple[tuple[Habit, int], ...] = (
    (Purchase._pays, 40),
    (Purchase._fails_and_pays, 8),
    (Purchase._fails, 4),
    (Purchase._pays_twice, 6),
    (Purchase._pays_late, 8),
    (Purchase._pays_at_the_last_moment, 5),
    (Purchase._abandons, 5),
    (Purchase._cancels, 5),
    (Purchase._pays_while_cancelling, 4),
    (Purchase._changes_gateway, 8),
    (Purchase._double_clicks, 5),
    (Purchase._pays_slowly, 4),
)
AFTERWARDS: tuple[tuple[Habit, int], ...] = (
    (Purchase._is_content, 40),
    (Purchase._uses, 12),
    (Purchase._asks_back, 10),
    (Purchase._asks_back_at_once, 8),
    (Purchase._gets_all_back, 6),
    (Purchase._gets_parts_back, 8),
    (Purchase._is_not_delivered, 2),
    (Purchase._contests, 14),
)
