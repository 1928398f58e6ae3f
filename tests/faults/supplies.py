"""Paid orders as their delivery goes wrong: real sandboxes, one clock, and one seed for all.

Everything that the shop does may be killed at any step, and goes on as a new process would: from
its tables. Buyers pay from wallets, so that all that is wrong here is wrong with suppliers.
"""

from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

import httpx
from tests.faults.purchases_post import Fate, Killed

from eka.gateways.suppliers.es2plus.notices import CLIENT, PROVEN
from eka.gateways.suppliers.sandbox.counter import SupplierSandbox
from eka.gateways.suppliers.terms import SupplierError
from eka.ledger import models
from eka.rules.baskets import NewLineItem, RenewalItem
from eka.rules.lines import Unable
from eka.usecases import checkout, effects, pools, provisioning, refunding, usage_polling
from eka.usecases.goods import UnableToQuote
from eka.usecases.quoting import Wish, quote
from eka.usecases.refunding import UnableToRefund, Wanted
from eka.usecases.supplier_notices import hear

TALKS = ("order", "look", "top_up", "look_top_up", "cancel", "usage", "progress")
PLANS = ("own", "travel", "roam", "world")
PHONE = ("download", "install", "enable", "use", "use", "disable", "enable", "delete", "fail")
GOOD: dict[str, Any] = {"credit": 10**9}
BAD: tuple[dict[str, Any], ...] = (
    *({"stock": 0}, {"stock": 3}, {"credit": 0}, {"maintenance": True}, {"pending_s": 600}),
    *({"price_percent": 300}, {"recycled": True}, {"quiet": True}),
)


class Mortal:
    """A supplier's adapter in a process that may be killed before and after every request."""

    def __init__(self, real: object, fate: Fate) -> None:
        self._real, self._fate = real, fate

    def __getattr__(self, name: str) -> Any:
        own = getattr(self._real, name)
        if name not in TALKS:
            return own

        def talk(*given: Any) -> Any:
            self._fate.word()
            answer = own(*given)
            self._fate.word()
            return answer

        return talk


class Supplies:
    """The shop, its suppliers and its buyers."""

    def __init__(
        self, market: Mapping[str, SupplierSandbox], chance: Random, now: datetime, orders: int
    ) -> None:
        self.market, self.chance, self.now, self.to_come = market, chance, now, orders
        self.fate = Fate(chance, of_1000=120)
        self.counts: Counter[str] = Counter()
        self.orders: list[str] = []
        self.post: list[tuple[str, dict[str, str], bytes]] = []
        self.http = httpx.Client(trust_env=False, verify=False)

    # ------------------------------------------------------------------------------- what happens

    def tick(self) -> None:
        """A little time passes, and somebody does something."""
        self.now += timedelta(seconds=int(self.chance.expovariate(1 / 40)) + 1)
        what = self.chance.choices(
            (self.buy, self.renew, self.mood, self.touch_a_phone, self.refund, self.carry_post),
            (6 if self.to_come else 0, 2, 2, 6, 1, 6),
        )[0]
        what()
        self.work()

    def buy(self) -> None:
        """Somebody buys one line, or two in one order."""
        self.to_come -= 1
        items = [NewLineItem(plan=self.chance.choice(PLANS))] * self.chance.choice((1, 1, 1, 2))
        buyer = models.Subscriber.objects.order_by("?").first()
        assert buyer is not None
        self._order(buyer.pk, tuple(items))

    def renew(self) -> None:
        """Somebody renews a line."""
        lines = models.Line.objects.filter(kept__state="active").order_by("pk")
        if lines.exists():
            line = self.chance.choice(list(lines[:200]))
            self._order(line.subscriber_id or 0, (RenewalItem(line=line.pk),))

    def _order(self, buyer: int, items: tuple[Any, ...]) -> None:
        self.counts["order"] += 1
        wish = Wish(
            subscriber=buyer, items=items, currency="USD", key=f"wish-{self.counts['order']}"
        )
        try:
            order = quote(wish, self.now)
        except (UnableToQuote, Unable) as refusal:
            self.counts[f"not sold: {refusal.code}"] += 1
            return
        self.orders.append(order)
        checkout.pay_from_wallet(order, self.now, pin=None)

    def refund(self) -> None:
        """Olga gives somebody the money back, wherever the order is."""
        if self.orders:
            order = self.chance.choice(self.orders)
            wanted = Wanted(key=f"refund-{order}", why="staff", by="olga")
            try:
                refunding.refund(order, wanted, self.now)
                self.counts["refund"] += 1
            except UnableToRefund:
                pass

    def mood(self, *, good: bool = False) -> None:
        """A supplier is in another mood, and so is the way to it."""
        name = self.chance.choice(list(self.market))
        trouble = GOOD if good or self.chance.random() < 0.5 else self.chance.choice(BAD)
        mischief: dict[str, Any] = {"held": True}
        if not good and self.chance.random() < 0.5:
            mischief |= {"mute": self.chance.choice((200, 600)), "lose": 200, "double": 200}
            mischief |= {"down": self.chance.random() < 0.2}
        self.say(name, "trouble", {**GOOD, **trouble})
        self.say(name, "mischief", mischief)
        self.counts[f"{name}: {next(iter(trouble))}"] += 1

    def touch_a_phone(self) -> None:
        """Something happens on a phone."""
        profiles = models.Profile.objects.exclude(line=None).order_by("-pk")[:40]
        if profiles:
            profile = self.chance.choice(list(profiles))
            act = self.chance.choice(PHONE)
            more = {"bytes": self.chance.randrange(10**8)} if act == "use" else {}
            self.say(profile.supplier, f"profiles/{profile.iccid}/{act}", more)
            self.counts[act] += 1

    def carry_post(self) -> None:
        """Notifications arrive: in any order, some twice, some never."""
        for name in self.market:
            taken = self.say(name, "take", {})
            self.post += [(name, one["headers"], b64decode(one["body"])) for one in taken]
        self.chance.shuffle(self.post)
        part = len(self.post) if self.fate.of_1000 == 0 else len(self.post) // 2
        going, self.post = self.post[:part], self.post[part:]
        for name, headers, body in going:
            fate = self.chance.random() if self.fate.of_1000 else 0.5
            for _ in range(0 if fate < 0.1 else 2 if fate > 0.9 else 1):
                self.mortal(lambda n=name, h=headers, b=body: self._hear(n, h, b))  # type: ignore[misc]

    def _hear(self, name: str, headers: dict[str, str], body: bytes) -> None:
        low = {key.lower(): value for key, value in headers.items()}
        hear(name, low | ({CLIENT: PROVEN} if name == "es2plus" else {}), body, self.now)
        self.counts["heard"] += 1

    # ------------------------------------------------------------------------ what the shop does

    def work(self) -> None:
        """The shop's loops turn once, each as far as it lives."""
        for turn in (
            provisioning.look_at_due,
            effects.work,
            pools.keep,
            usage_polling.poll_due,
        ):
            self.mortal(lambda turn=turn: turn(self.now))  # type: ignore[misc]

    def mortal(self, act: Callable[[], object]) -> None:
        """Does it in a process that may be killed."""
        try:
            with self.fate.may_strike():
                act()
        except Killed:
            self.counts["killed"] += 1
        except SupplierError as error:
            self.counts[f"{type(error).__name__}"] += 1

    def calm(self) -> None:
        """All is well again, and time passes until nothing moves any more."""
        self.fate.of_1000 = 0
        for name in self.market:
            self.say(name, "trouble", GOOD)
            self.say(name, "mischief", {"held": True})
        for _ in range(24):
            self.now += timedelta(hours=1)
            self.carry_post()
            for _ in range(3):
                self.work()

    def say(self, name: str, what: str, body: dict[str, Any]) -> Any:
        """Something that a sandbox is asked for beside its API."""
        answer = self.http.post(f"{self.market[name].address}/sandbox/{what}", json=body)
        assert answer.status_code == 200, (what, answer.text)
        return answer.json()

    def sold(self, name: str) -> list[dict[str, Any]]:
        """Every profile that a supplier sold, by its own books."""
        sold: list[dict[str, Any]] = self.http.get(
            f"{self.market[name].address}/sandbox/profiles"
        ).json()
        return sold
