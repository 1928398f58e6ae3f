"""Hundreds of purchases at the sandboxes, with all that can go wrong; then the books are closed.

`EKA_PURCHASES_SEED` tells it again, `EKA_PURCHASES_COUNT` makes it longer: some thousands by hand.
"""

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.faults.purchases import World
from tests.faults.purchases_laws import broken
from tests.faults.purchases_post import MortalGateway
from tests.faults.purchases_stories import GATEWAYS, Purchase
from tests.selling import PLANS, SHOP

import eka.clock
from eka.gateways.payments.opening import open_tables
from eka.gateways.payments.sandbox.counter import Sandbox
from eka.gateways.payments.sandbox.market import open_market
from eka.gateways.sandbox.serving import opened
from eka.ledger import connections, models
from eka.rules.catalogue_text import read_catalogue
from eka.rules.promotion_text import read_promotions
from eka.usecases import bookkeeping, reconciling, repairing
from eka.usecases.catalogue import import_catalogue
from eka.usecases.gateways import use_gateways
from eka.usecases.lines import NewLine, add_line
from eka.usecases.promotions import import_promotions
from eka.usecases.settling import settle_all
from eka.usecases.shop import set_shop

SEED = int(os.environ.get("EKA_PURCHASES_SEED") or random.randrange(10**6))
COUNT = int(os.environ.get("EKA_PURCHASES_COUNT") or 150)

PROMOTIONS = """
promotions:
  tenth:
    title: {en: A tenth off, zh-Hans: 九折}
    code: TENTH
    does: {percentage: 10%}
    limits: {per_person: 2, in_all: 20, budget: [30.00 USD, 200.00 CNY]}
  lucky:
    title: {en: The lucky ones, zh-Hans: 幸运儿}
    code: LUCKY
    does: {percentage: 100%}
    limits: {per_person: 1, in_all: 5}
"""


class Clock:
    """The one clock of shop, adapters and sandboxes: it stands still between two events."""

    def __init__(self) -> None:
        self.world: World | None = None
        self.opening = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)

    def now(self) -> datetime:
        return self.world.now if self.world else self.opening


@pytest.fixture(scope="module")
def clock() -> Iterator[Clock]:
    clock = Clock()
    eka.clock.set_offset_source(lambda: clock.now() - datetime.now(UTC))
    yield clock
    eka.clock.set_offset_source(None)


@pytest.fixture
def market(clock: Clock) -> Iterator[dict[str, Sandbox]]:
    """New sandboxes, which send nothing by themselves."""
    boxes = open_market(None, clock.now, seed=SEED)
    for box in boxes.values():
        box.courier.mischief.held = True
    with opened(list(boxes.values())):
        yield boxes
    use_gateways({})


@pytest.fixture
def world(
    committed_ledger: None,
    clock: Clock,
    market: dict[str, Sandbox],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    """A shop with a buyer for every fifth purchase, each with a line."""
    now = clock.now()
    world = clock.world = World(market, random.Random(SEED), now)
    monkeypatch.setattr(connections, "cursor", world.fate.cursor)
    tables = {name: box.settings() for name, box in market.items()}
    use_gateways(
        {name: MortalGateway(real, world.fate) for name, real in open_tables(tables).items()}
    )
    import_catalogue(read_catalogue(PLANS), now)
    import_promotions(read_promotions(PROMOTIONS), now)
    set_shop(SHOP, now)
    for nth in range(max(3, COUNT // 5)):
        buyer = models.Subscriber.objects.create(name=f"Buyer {nth}")
        add_line(NewLine(plan="small", subscriber=buyer.pk), now, activate=True)
    yield world
    world.http.close()


def test_whatever_goes_wrong_nobody_is_out_of_pocket(
    world: World, market: dict[str, Sandbox]
) -> None:
    buyers = list(models.Subscriber.objects.order_by("pk").values_list("pk", flat=True))
    until = world.now + timedelta(days=6)
    for nth in range(COUNT):
        world.tell(Purchase(world, world.chance.choice(buyers), nth).story())
    for name in GATEWAYS:
        world.tell(world.moods(name, until))
    world.tell(world.watch(until))
    world.run()
    close_the_books(world)
    told = [f"seed {SEED}, {COUNT} purchases", *tell(world)]
    print("\n".join(told))
    assert world.counts["act pay"], told
    wrong = broken(market, world.falsified)
    assert not wrong, "\n".join([*told, *wrong])


def close_the_books(world: World) -> None:
    """Time passes until everything is quiet, every day is reconciled and every period has ended."""
    world.fate.of_1000 = 0
    for _ in range(20):
        world.now += timedelta(hours=18)
        world.work(repairing.repair_due)
        world.work(reconciling.reconcile_due)
        world.run()
    world.now += timedelta(days=800)
    settle_all(world.now)
    bookkeeping.release_some(world.now, most=10**6)


def tell(world: World) -> list[str]:
    """What has happened, and how often."""
    states = models.Order.objects.values_list("state", flat=True)
    return [
        f"processes killed: {world.fate.killed}",
        *(f"{what}: {times}" for what, times in sorted(world.counts.items())),
        *(f"orders {state}: {list(states).count(state)}" for state in sorted(set(states))),
    ]
