"""A spare profile is the pool's, a move's or a buyer's, and never nobody's."""

from tests.usecases.supplying.conftest import SupplyingShop, source
from tests.usecases.supplying.mishaps import deliver, moved, nobodys, refuses, strange
from tests.usecases.supplying.test_pools_and_refunds import refund

from eka.ledger import models
from eka.usecases import moving, provisioning
from eka.usecases.suppliers import suppliers, use_suppliers


def test_a_supplier_that_is_busy_takes_nothing_out_of_the_pool(shop: SupplyingShop) -> None:
    shop.offer(source("es2plus", pool=4, low=1))
    shop.fill_pools()
    for _ in range(3):
        shop.buy_abroad()
    strange("es2plus", order=refuses("busy"))
    shop.fill_pools()
    shop.wait(hours=1)
    assert nobodys() == []
    assert models.Profile.objects.filter(spare=True).count() == 1


def test_a_spare_profile_that_turns_up_while_a_move_waits_is_the_moves(
    shop: SupplyingShop,
) -> None:
    shop.offer(source("es2plus"))
    move = moved(shop)
    real = suppliers()["es2plus"]
    strange("es2plus", order=refuses("busy"))
    shop.supply()
    use_suppliers({**suppliers(), "es2plus": real})
    other = shop.buy_abroad()
    deliver(shop)
    refund(shop, other)
    assert models.Profile.objects.filter(spare=True).count() == 1
    strange("es2plus", order=refuses("busy"))
    shop.wait(hours=1)
    assert models.DeviceMove.objects.get(pk=move).state == "ready"
    assert nobodys() == []


def test_a_move_of_a_line_that_is_closed_brings_no_profile(shop: SupplyingShop) -> None:
    shop.offer(source("es2plus"))
    moved(shop)
    shop.work()
    order = models.Order.objects.latest("pk").number
    refund(shop, order)
    shop.supply()
    assert models.Supply.objects.latest("pk").state == "dropped"
    assert not models.Profile.objects.filter(current=True).exists()
    assert shop.sold_since("es2plus") == 1


def test_a_move_that_was_refused_is_tried_again_as_if_it_were_new(shop: SupplyingShop) -> None:
    shop.offer(source("es2plus"))
    shop.want("es2plus")
    move = moved(shop)
    real = suppliers()["es2plus"]
    strange("es2plus", order=refuses("no_stock"))
    shop.supply()
    shop.supply()
    assert models.DeviceMove.objects.get(pk=move).state == "stuck"
    shop.clock.pass_(days=3)
    use_suppliers({**suppliers(), "es2plus": real})
    moving.replace(move, shop.clock.now())
    shop.work()
    shop.supply()
    assert models.DeviceMove.objects.get(pk=move).state == "ready"
    assert nobodys() == []


def test_a_replacement_that_is_ordered_twice_is_on_its_way_once(shop: SupplyingShop) -> None:
    shop.offer(source("es2plus"))
    move = moved(shop)
    for _ in range(2):
        provisioning.replace(move, shop.clock.now())
    assert models.Supply.objects.filter(need=f"move:{move}").count() == 1
    shop.supply()
    provisioning.replace(move, shop.clock.now())
    assert models.Supply.objects.filter(need=f"move:{move}").count() == 1
