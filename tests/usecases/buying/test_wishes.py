"""What can be bought, by whom and at which price, and what is refused before anybody pays."""

from datetime import timedelta
from typing import Any

import pytest
from tests.usecases.buying.conftest import NEW_LINE, Shop

from eka.ledger import models
from eka.ledger.orders import find, newest, of_subscriber
from eka.rules.baskets import (
    AddOnItem,
    Item,
    NewLineItem,
    RenewalItem,
    TopUpItem,
    WalletItem,
)
from eka.rules.requests import Change
from eka.usecases import buyers, checkout
from eka.usecases.commands import KeyReused, NoSuchLine, carry_out
from eka.usecases.lines import NewLine, add_line
from eka.usecases.promotions import PromotionGone
from eka.usecases.quoting import UnableToQuote, quote
from eka.usecases.stock import OutOfStock

GB = 10**9


def test_a_quote_shows_what_becomes_of_the_data(shop: Shop) -> None:
    """Alice renews early: what she has is carried, and ten more come."""
    shop.use(4 * GB)
    order = shop.order(shop.quote())
    [effect] = order.promise["items"]
    assert (effect["granted"], effect["carried"], effect["lost"]) == (10 * GB, 6 * GB, 0)
    assert (shop.held(), shop.granted()) == (6 * GB, 10 * GB)  # nothing has happened yet
    checkout_and_pay(shop, order.number)
    assert shop.held() == 16 * GB


def checkout_and_pay(shop: Shop, order: str) -> None:
    shop.pay(order)
    assert shop.state(order) == "fulfilled"


def test_the_same_wish_twice_is_one_order(shop: Shop) -> None:
    wish = shop.wish(key="form-of-alice")
    number = quote(wish, shop.clock.now())
    assert quote(wish, shop.clock.now()) == number
    other = shop.wish(RenewalItem(line=shop.line, times=2), key="form-of-alice")
    with pytest.raises(KeyReused):
        quote(other, shop.clock.now())
    assert models.Order.objects.count() == 1


def test_several_things_in_one_order(shop: Shop) -> None:
    second = add_line(
        NewLine(plan="large", subscriber=shop.alice.pk), shop.clock.now(), activate=True
    )
    order = shop.buy(
        "stripe",
        RenewalItem(line=shop.line),
        RenewalItem(line=second),
        NEW_LINE,
        TopUpItem(line=shop.line, data=GB, validity="30d"),
        WalletItem(amount=500),
    )
    assert shop.order(order).total == 1000 + 1800 + 1000 + 200 + 500
    assert (shop.state(order), models.Line.objects.count()) == ("fulfilled", 3)
    assert (shop.held(), shop.held(second)) == (21 * GB, 40 * GB)
    assert shop.account("wallets") == -500


def test_three_periods_at_once_begin_one_after_another(shop: Shop) -> None:
    order = shop.buy("stripe", RenewalItem(line=shop.line, times=3))
    assert (shop.order(order).total, shop.queued()) == (3000, 2)
    for left in (1, 0):
        shop.clock.pass_(days=30, hours=1)
        shop.settle()
        assert shop.queued() == left
    assert shop.granted() == 40 * GB
    assert models.Period.objects.filter(line=shop.line).count() == 4


def test_a_price_that_is_not_listed_is_made_by_the_shops_rate(shop: Shop) -> None:
    large = shop.order(shop.quote(RenewalItem(line=shop.line, plan="large"), currency="CNY"))
    assert large.total == 12960
    assert shop.order(shop.quote(currency="CNY")).total == 7200


def test_the_price_that_was_quoted_holds(shop: Shop) -> None:
    """Olga raises it while Alice still looks at the page."""
    order = shop.quote(NEW_LINE)
    from eka.rules.catalogue_text import read_catalogue
    from eka.usecases.catalogue import import_catalogue

    dearer = "plans:\n  small: {data: 5GB, period: 30d, price: 20.00 USD}\n"
    import_catalogue(read_catalogue(dearer), shop.clock.now())
    shop.pay(order)
    [item] = models.OrderItem.objects.filter(order__number=order)
    assert (shop.money(), shop.held(item.line_id or 0)) == ([1000], 10 * GB)


def test_a_guest_buys_and_owns_what_they_bought(shop: Shop) -> None:
    guest = buyers.guest("carol@example.com", "zh-hans")
    order = quote(shop.wish(NEW_LINE, by=guest), shop.clock.now())
    shop.pay(order)
    [item] = models.OrderItem.objects.filter(order__number=order)
    assert item.line is not None
    assert item.line.subscriber_id == guest
    assert [row.number for row in of_subscriber(guest)] == [order]
    assert buyers.guest("carol@example.com", "en") != guest  # an address proves nothing


def test_a_line_that_nobody_owned_belongs_to_who_buys_for_it(shop: Shop) -> None:
    line = add_line(NewLine(plan="small", label="Van"), shop.clock.now(), activate=True)
    owner = buyers.owner_of(line)
    assert buyers.owner_of(line) == owner
    assert models.Subscriber.objects.get(pk=owner).name == "Van"
    with pytest.raises(NoSuchLine):
        buyers.owner_of(10**6)


def wishes(shop: Shop) -> dict[str, tuple[Item, ...]]:
    """What cannot be sold, by the code of the refusal."""
    bobs = models.Subscriber.objects.create(name="Bob")
    theirs = add_line(NewLine(plan="small", subscriber=bobs.pk), shop.clock.now(), activate=True)
    unused = add_line(NewLine(plan="small", subscriber=shop.alice.pk), shop.clock.now())
    own = shop.line
    return {
        "no_such_line": (RenewalItem(line=theirs),),
        "no_such_plan": (NewLineItem(plan="gigantic"),),
        "not_active": (AddOnItem(line=unused, plan="small"),),
        "times": (RenewalItem(line=own, times=25),),
        "no_such_top_up": (TopUpItem(line=own, data=2 * GB, validity="30d"),),
        "amount": (WalletItem(amount=0),),
        "how_many": (NEW_LINE,) * 21,
        "timezone": (NewLineItem(plan="small", timezone="Asia/Atlantis"),),
    }


def test_what_cannot_be_sold_is_refused_before_anybody_pays(shop: Shop) -> None:
    for code, items in wishes(shop).items():
        with pytest.raises(UnableToQuote) as refused:
            shop.quote(*items)
        assert refused.value.code == code
    assert models.Order.objects.count() == 0


@pytest.mark.parametrize(
    "item",
    [
        RenewalItem(line=0, times=0),
        RenewalItem(line=10**6),
        TopUpItem(line=0, data=-1),
        WalletItem(amount=-1),
        WalletItem(amount=10**9 + 1),
    ],
)
def test_odd_figures_are_refused(shop: Shop, item: Any) -> None:
    with pytest.raises(UnableToQuote):
        shop.quote(item)


def test_a_currency_that_the_shop_does_not_take(shop: Shop) -> None:
    with pytest.raises(UnableToQuote, match="currency"):
        shop.quote(currency="EUR")


def test_nothing_at_all_is_no_order(shop: Shop) -> None:
    empty = shop.wish()
    with pytest.raises(UnableToQuote, match="how_many"):
        quote(type(empty)(**{**_fields(empty), "items": ()}), shop.clock.now())


def _fields(wish: Any) -> dict[str, Any]:
    return {name: getattr(wish, name) for name in wish.__struct_fields__}


def test_a_line_that_is_closed_is_not_renewed(shop: Shop) -> None:
    carry_out(shop.line, Change("cancel"), now=shop.clock.now(), key="close")
    with pytest.raises(UnableToQuote, match="not_active"):
        shop.quote()


# ---------------------------------------------------------------------------------- limited things


def stock(plan: str = "small") -> int:
    return models.Plan.objects.get(name=plan).stock or 0


def test_the_last_one_is_sold_once(shop: Shop) -> None:
    models.Plan.objects.filter(name="small").update(stock=1)
    first, second = shop.quote(NEW_LINE), shop.quote(NEW_LINE)
    shop.begin(first)
    assert shop.begin(first)  # once more takes nothing more
    with pytest.raises(OutOfStock, match="small"):
        shop.begin(second)
    assert (shop.state(second), stock()) == ("quoted", 0)
    shop.clock.pass_(hours=2)
    shop.expire()
    assert (shop.state(first), shop.state(second), stock()) == ("expired", "expired", 1)


def test_what_is_only_looked_at_takes_nothing_off_the_stock(shop: Shop) -> None:
    models.Plan.objects.filter(name="small").update(stock=1)
    shop.quote(NEW_LINE)
    shop.clock.pass_(hours=2)
    shop.expire()
    assert stock() == 1


TEN_PERCENT = """
  early: {title: {en: Early, zh-Hans: 早鸟}, code: EARLY, does: {percentage: 10%},
          limits: {in_all: 1}}
"""


def test_a_promotion_is_held_while_the_order_waits_and_used_when_it_is_paid(shop: Shop) -> None:
    shop.promote(TEN_PERCENT.strip())
    first, second = shop.quote(code="EARLY"), shop.quote(code="EARLY")
    assert (shop.order(first).total, shop.order(first).discount) == (900, 100)
    shop.begin(first)
    with pytest.raises(PromotionGone):
        shop.begin(second)
    shop.pay(first)
    assert (shop.state(first), shop.money()) == ("fulfilled", [900])
    assert models.PromotionUse.objects.get().state == "used"
    refused = shop.order(shop.quote(code="EARLY"))
    assert (refused.total, refused.promise["refused"][0][1]) == (1000, "used_up")


def test_a_promotion_is_free_again_when_the_order_expires(shop: Shop) -> None:
    shop.promote(TEN_PERCENT.strip())
    shop.begin(shop.quote(code="EARLY"))
    shop.clock.pass_(hours=2)
    shop.expire()
    assert shop.order(shop.quote(code="EARLY")).total == 900


def test_bonus_data_and_a_free_period_come_with_what_was_bought(shop: Shop) -> None:
    shop.promote(
        "more: {title: {en: More, zh-Hans: 多送},"
        " does: {periods: 1, bonus: {data: 1GB, validity: 7d}}}"
    )
    order = shop.buy()
    assert (shop.order(order).total, shop.queued()) == (1000, 1)
    assert shop.held() == 21 * GB


# ---------------------------------------------------------------------------------------- looking


def test_an_order_is_shown_with_all_that_hangs_on_it(shop: Shop) -> None:
    number = shop.buy()
    order = find(number)
    assert order is not None
    assert [item.plan for item in order.items] == ["small"]
    assert [payment.state for payment in order.payments] == ["paid"]
    assert [event.event for event in order.story][:4] == [
        "quoted",
        "placed",
        "payment_begun",
        "paid",
    ]
    assert find("ENONE") is None
    assert [row["number"] for row in newest(5)] == [number]
    assert newest(5, "expired") == []


def test_a_quote_lives_as_long_as_the_shop_says(shop: Shop) -> None:
    order = shop.order(shop.quote())
    assert order.deadline - order.created_at == timedelta(hours=1)
    with pytest.raises(checkout.UnableToPay, match="not_free"):
        checkout.pay_nothing(order.number, shop.clock.now())
