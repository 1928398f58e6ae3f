"""Rule 8: money in the wallet comes by orders, and leaves it for orders, with the payment PIN."""

import pytest
from tests.usecases.buying.conftest import Shop

from eka.ledger import models
from eka.rules.baskets import WalletItem
from eka.usecases import pins, refunding, wallets
from eka.usecases.checkout import UnableToPay, pay_from_wallet
from eka.usecases.orders import NoSuchOrder
from eka.usecases.pins import PinRefused
from eka.usecases.refunding import Wanted
from eka.usecases.wallets import NotEnough

PIN = "281937"


@pytest.fixture
def rich(shop: Shop) -> Shop:
    """Alice put twenty dollars into her wallet, and set a PIN."""
    shop.buy("stripe", WalletItem(amount=2000))
    pins.set_pin(shop.alice.pk, PIN, shop.clock.now())
    return shop


def balance(shop: Shop) -> int:
    return wallets.balances(shop.alice.pk).get("USD", 0)


def pay(shop: Shop, order: str, pin: str | None = PIN) -> None:
    pay_from_wallet(order, shop.clock.now(), pin=pin)
    shop.work()


def test_what_was_charged_is_in_the_wallet_once(rich: Shop) -> None:
    assert balance(rich) == 2000
    models.Outbox.objects.update(due=rich.clock.now())
    rich.work()
    assert (balance(rich), rich.account("wallets")) == (2000, -2000)


def test_the_wallet_pays_with_the_pin(rich: Shop) -> None:
    order = rich.quote()
    pay(rich, order)
    assert (rich.state(order), balance(rich)) == ("fulfilled", 1000)
    pay(rich, order)
    assert balance(rich) == 1000


def test_without_the_pin_it_does_not(rich: Shop) -> None:
    order = rich.quote()
    for wrong in ("281938", "", "000000"):
        with pytest.raises(PinRefused):
            pay(rich, order, wrong)
    assert (rich.state(order), balance(rich)) == ("quoted", 2000)


def test_a_wallet_pays_no_more_than_it_holds(rich: Shop) -> None:
    pay(rich, rich.quote())
    pay(rich, rich.quote())
    order = rich.quote()
    with pytest.raises(NotEnough):
        pay(rich, order)
    assert (rich.state(order), balance(rich)) == ("quoted", 0)


def test_money_of_another_currency_pays_nothing(rich: Shop) -> None:
    with pytest.raises(NotEnough):
        pay(rich, rich.quote(currency="CNY"))


def test_a_wallet_is_not_filled_from_itself(rich: Shop) -> None:
    order = rich.quote(WalletItem(amount=500))
    with pytest.raises(UnableToPay, match="wallet_from_wallet"):
        pay(rich, order)


def test_what_is_over_or_not_there_is_not_paid(rich: Shop) -> None:
    order = rich.quote()
    rich.clock.pass_(hours=2)
    with pytest.raises(UnableToPay, match="expired"):
        pay(rich, order)
    rich.expire()
    with pytest.raises(UnableToPay, match="expired"):
        pay(rich, order)
    with pytest.raises(NoSuchOrder):
        pay(rich, "ENONE")


def test_a_page_that_is_open_elsewhere_cannot_be_paid_any_more(rich: Shop) -> None:
    """Alice has Stripe's page open in another tab, and pays from her wallet."""
    order = rich.quote()
    payment = rich.begin(order)
    pay(rich, order)
    assert models.Payment.objects.get(number=payment).state == "closed"
    rich.act(payment, "pay")
    rich.go_on()
    assert (rich.money(), rich.money("surplus")) == ([2000], [])


def test_what_was_paid_from_the_wallet_goes_back_into_it(rich: Shop) -> None:
    order = rich.quote()
    pay(rich, order)
    for amount, left in ((300, 1300), (None, 2000)):
        wanted = Wanted(key=f"k{amount}", why="staff", by="olga", amount=amount)
        refunding.refund(order, wanted, rich.clock.now())
        rich.work()
        assert balance(rich) == left
    assert rich.state(order) == "refunded"


def test_a_charge_that_a_promotion_made_cheaper_is_charged_whole(shop: Shop) -> None:
    shop.promote(
        "extra: {title: {en: Extra, zh-Hans: 充值优惠}, does: {percentage: 10%},"
        " only: {kinds: [wallet]}}"
    )
    shop.buy("stripe", WalletItem(amount=2000))
    assert (shop.money(), balance(shop)) == ([1800], 2000)
    assert shop.account("promotions:wallet") == 200
