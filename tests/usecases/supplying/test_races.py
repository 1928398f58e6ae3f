"""Several workers and several people at one moment: one eSIM for one payment, and no deadlock."""

import logging
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from tests.usecases.buying.conftest import Clock
from tests.usecases.supplying.conftest import NAMES, SupplyingShop, source
from tests.usecases.supplying.mishaps import CODE, GOOD, contested

from eka.gateways.payments.sandbox.counter import Sandbox
from eka.gateways.suppliers.sandbox.counter import SupplierSandbox
from eka.gateways.suppliers.terms import (
    Delivered,
    Notice,
    Progress,
    Supplied,
    SupplierError,
    UsageReport,
)
from eka.ledger import models
from eka.rules.baskets import NewLineItem, RenewalItem
from eka.rules.moves import UnableToMove
from eka.usecases import (
    effects,
    fulfilment,
    moving,
    pools,
    profile_news,
    provisioning,
    refunding,
    supplier_usage,
)
from eka.usecases.refunding import UnableToRefund, Wanted
from eka.usecases.supplier_notices import take_in

PATIENCE_S = 60
USE = ", starts: first_use, activate_within: 180d"


@pytest.fixture
def shop(
    committed_ledger: None,
    clock: Clock,
    market: dict[str, Sandbox],
    wholesale: dict[str, SupplierSandbox],
) -> Iterator[SupplyingShop]:
    """The shop with suppliers, for several workers at once."""
    opened_shop = SupplyingShop(clock, market, wholesale)
    yield opened_shop
    opened_shop.prove()


def at_once(*deeds: Callable[[], object]) -> list[BaseException]:
    """Does them at one moment; what went wrong."""
    ready = Barrier(len(deeds))

    def work(deed: Callable[[], object]) -> BaseException | None:
        try:
            ready.wait(PATIENCE_S)
            deed()
        except Exception as error:
            return error
        finally:
            connection.close()
        return None

    with ThreadPoolExecutor(len(deeds)) as threads:
        return [error for error in threads.map(work, deeds) if error is not None]


def refund_of(shop: SupplyingShop, order: str) -> Callable[[], object]:
    """Olga gives all of the money back, wherever the order is."""

    def deed() -> None:
        wanted = Wanted(key=f"refund-{order}", why="staff", by="olga")
        refunding.refund(order, wanted, shop.clock.now())

    return deed


def delivery_of(shop: SupplyingShop, order: str) -> Callable[[], object]:
    """A worker of the shop delivers the order."""
    return lambda: fulfilment.fulfil(order, shop.clock.now())


@pytest.mark.parametrize("name", NAMES)
def test_four_who_take_one_order_a_step_further_order_once(shop: SupplyingShop, name: str) -> None:
    shop.offer(source(name))
    order = shop.buy_abroad()
    number = models.Supply.objects.get().number
    for _ in range(4):
        now = shop.clock.pass_(seconds=10)
        assert not at_once(*[lambda now=now: provisioning.advance(number, now)] * 4)
    shop.work()
    assert shop.state(order) == "fulfilled"
    assert shop.sold_since(name) == 1
    assert len(shop.profiles()) == 1


def test_an_order_that_is_delivered_by_four_is_delivered_once(shop: SupplyingShop) -> None:
    shop.offer(source("es2plus"))
    order = shop.quote(NewLineItem(plan="abroad"), NewLineItem(plan="abroad"))
    shop.pay(order)
    while provisioning.look_at_due(shop.clock.now()):
        pass
    now = shop.clock.now()
    assert not at_once(*[lambda: fulfilment.fulfil(order, now)] * 4)
    shop.work()
    assert shop.state(order) == "fulfilled"
    assert shop.profile_of(order, 0) != shop.profile_of(order, 1)
    assert models.Line.objects.count() == 3


@pytest.mark.parametrize("name", NAMES)
def test_a_refund_while_the_supplier_answers_is_a_refund(shop: SupplyingShop, name: str) -> None:
    shop.offer(source(name))
    orders = [shop.buy_abroad() for _ in range(3)]
    now = shop.clock.now()
    for order in orders:
        supply = models.Supply.objects.get(order__number=order)
        wrong = at_once(
            lambda number=supply.number: provisioning.advance(number, now),  # type: ignore[misc]
            refund_of(shop, order),
            lambda order=order: fulfilment.fulfil(order, now),  # type: ignore[misc]
        )
        assert not wrong
    shop.wait(hours=1)
    assert {shop.state(order) for order in orders} == {"refunded"}
    assert shop.sold_since(name) == models.Profile.objects.filter(spare=True).count()


def test_the_last_spare_profile_is_one_buyers(shop: SupplyingShop) -> None:
    shop.offer(source("es2plus", pool=1))
    shop.fill_pools()
    orders = [shop.quote(NewLineItem(plan="abroad")) for _ in range(4)]
    for order in orders:
        shop.act(shop.begin(order), "pay")
    shop.deliver("stripe")
    now = shop.clock.now()
    assert not at_once(*(lambda o=order: fulfilment.fulfil(o, now) for order in orders))
    assert sorted(shop.state(order) for order in orders) == ["fulfilled", *["fulfilling"] * 3]
    shop.supply()
    assert {shop.state(order) for order in orders} == {"fulfilled"}
    assert len({shop.profile_of(order).pk for order in orders}) == 4
    assert shop.sold_since("es2plus") == 4


def test_a_line_that_is_replaced_by_four_gets_one_profile(shop: SupplyingShop) -> None:
    shop.offer(source("es2plus"))
    order = shop.buy_abroad()
    shop.supply()
    line = int(shop.profile_of(order).line_id or 0)
    now = shop.clock.now()
    models.Profile.objects.update(state="enabled")
    move = moving.ask(moving.Wish(line=line, reason="lost_phone"), "one", now)
    at_once(*[lambda: provisioning.replace(move, now)] * 4)
    assert models.Supply.objects.filter(need=f"move:{move}").count() == 1
    number = models.Supply.objects.get(need=f"move:{move}").number
    for _ in range(3):
        now = shop.clock.pass_(seconds=10)
        at_once(*[lambda now=now: provisioning.advance(number, now)] * 3)
    assert models.DeviceMove.objects.get().state == "ready"
    assert models.Profile.objects.filter(line_id=line, current=True).count() == 1
    assert shop.sold_since("es2plus") == 2


def test_a_notification_beside_a_poll_brings_one_profile(shop: SupplyingShop) -> None:
    shop.offer(source("esimaccess"))
    order = shop.buy_abroad()
    number, now = models.Supply.objects.get().number, shop.clock.now()
    profile = Delivered(iccid=GOOD, activation_code=CODE)
    said = Supplied(number=number, status="ready", profile=profile)
    notice = Notice(event="N1", kind="ORDER_STATUS", supplied=said)
    wrong = at_once(
        *[lambda: take_in("esimaccess", notice, b"{}", now)] * 3,
        *[lambda: provisioning.take(said, now)] * 3,
    )
    assert not wrong
    shop.work()
    assert shop.state(order) == "fulfilled"
    assert models.SupplierNotice.objects.count() == 1
    assert [profile.iccid for profile in shop.profiles()] == [GOOD]


def test_the_first_use_is_heard_of_twice_and_begins_once(shop: SupplyingShop) -> None:
    shop.offer(source("airalo"), more=USE)
    order = shop.buy_abroad()
    shop.supply()
    profile = shop.profile_of(order)
    line, now = int(profile.line_id or 0), shop.clock.pass_(days=1)
    report = UsageReport(iccid=profile.iccid, status="active", used=10**6, at=now)
    enabled = Progress(iccid=profile.iccid, event="enabled", at=now)
    wrong = at_once(
        *[lambda: supplier_usage.take_report("airalo", report, now)] * 3,
        *(
            lambda key=key: profile_news.take_progress("airalo", enabled, key, now)
            for key in "aaabc"
        ),
    )
    assert not [error for error in wrong if "profile_event" not in str(error)]
    assert shop.held(line) == 5 * 10**9 - 10**6
    assert models.Period.objects.filter(line_id=line).count() == 1


class Crowd:
    """People, phones and suppliers that all do something at one moment, again and again."""

    def __init__(self, shop: SupplyingShop, seed: int) -> None:
        self.shop, self.chance = shop, random.Random(seed)
        self.used = 0

    def deed(self) -> Callable[[], object]:
        """Something that somebody does."""
        now = self.shop.clock.now()
        order = self.chance.choice(list(models.Order.objects.values_list("number", flat=True)))
        number = self.chance.choice(list(models.Supply.objects.values_list("number", flat=True)))
        held = list(models.Profile.objects.all())
        deeds: list[Callable[[], object]] = [
            lambda: provisioning.advance(number, now),
            lambda: provisioning.look_at_due(now),
            lambda: effects.work(now),
            lambda: fulfilment.fulfil(order, now),
            lambda: pools.keep(now),
            refund_of(self.shop, order),
            lambda: contested(self.shop, order, self.chance.choice(("open", "won", "lost"))),
        ]
        if held:
            deeds += self._of_profile(self.chance.choice(held)) * 2
        return self.chance.choice(deeds)

    def _of_profile(self, profile: models.Profile) -> list[Callable[[], object]]:
        now, name = self.shop.clock.now(), profile.supplier
        self.used += 10**6
        events: Any = ("downloaded", "enabled", "disabled", "deleted")
        told = Progress(iccid=profile.iccid, event=self.chance.choice(events), at=now)
        report = UsageReport(iccid=profile.iccid, status="active", used=self.used, at=now)
        line = int(profile.line_id or 0)
        reasons: Any = ("new_phone", "lost_phone", "deleted_by_accident")
        wish = moving.Wish(line=line, reason=self.chance.choice(reasons))
        key = str(self.chance.random())
        return [
            lambda: profile_news.take_progress(name, told, key, now),
            lambda: supplier_usage.take_report(name, report, now),
            lambda: moving.ask(wish, key, now),
            lambda: moving.cancel(line, now),
            lambda: moving.declare_lost(line, "gone", now),
        ]


EXPECTED = (
    *(UnableToRefund, SupplierError, moving.NotNow, moving.NothingToMove, UnableToMove),
    models.MoneyIn.DoesNotExist,
)


@pytest.mark.parametrize("seed", range(3))
def test_whoever_does_whatever_at_once_nobody_waits_for_ever(
    shop: SupplyingShop, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    shop.offer(source("es2plus", pool=2), source("esimaccess"), more=USE if seed % 2 else "")
    crowd = Crowd(shop, seed)
    for round_ in range(12):
        if round_ % 2 == 0:
            shop.buy_abroad(lines=1 + round_ % 4)
        wrong = at_once(*(crowd.deed() for _ in range(6)))
        assert [error for error in wrong if not isinstance(error, EXPECTED)] == []
        shop.clock.pass_(minutes=2)
    shop.wait(hours=1)
    assert "deadlock" not in caplog.text


def test_two_families_that_renew_each_others_lines_do_not_wait_for_each_other(
    shop: SupplyingShop,
) -> None:
    shop.offer(source("es2plus"))
    first = shop.buy_abroad(lines=2)
    shop.supply()
    one, two = (int(shop.profile_of(first, nth).line_id or 0) for nth in (0, 1))
    for _ in range(6):
        orders = []
        for lines in ((one, two), (two, one)) * 2:
            orders.append(shop.quote(*(RenewalItem(line=line) for line in lines)))
            shop.act(shop.begin(orders[-1]), "pay")
        shop.deliver("stripe")
        assert not at_once(*(delivery_of(shop, order) for order in orders))
        assert not at_once(*(refund_of(shop, order) for order in orders))
