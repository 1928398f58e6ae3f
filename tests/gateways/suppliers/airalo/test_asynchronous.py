"""Orders that are taken at once and delivered later, by a notification or by asking."""

import pytest
from tests.gateways.suppliers.airalo.stage import JAPAN, Airalo, ask, delivered, dollars

from eka.gateways.suppliers.terms import NotAuthentic, SupplierRefused, SupplierUnavailable


def test_news_of_a_delivery_is_worth_a_look(airalo: Airalo) -> None:
    shop = airalo.asynchronous()
    taken = shop.order(ask("ORDER1"))
    assert taken.status == "pending"
    assert len(taken.reference) == 25
    [notice] = airalo.news()
    assert (notice.kind, notice.order, notice.supplied) == ("async_orders", "ORDER1", None)
    found = shop.look(ask("ORDER1"), taken.reference)
    assert delivered(found).activation_code.startswith("LPA:1$")
    assert found.cost == dollars(360)
    # From now on the order has an id, and that is what it is looked at by.
    assert shop.look(ask("ORDER1"), found.reference) == found


def test_what_waits_is_unknown_until_it_is_made(airalo: Airalo) -> None:
    airalo.trouble(pending_s=30)
    shop = airalo.asynchronous()
    taken = shop.order(ask("ORDER1"))
    assert shop.look(ask("ORDER1"), taken.reference).status == "unknown"
    assert airalo.news() == []
    airalo.clock.forward(seconds=30)
    assert shop.look(ask("ORDER1"), taken.reference).status == "ready"
    assert [notice.order for notice in airalo.news()] == ["ORDER1"]


def test_when_the_news_is_lost_asking_finds_it(airalo: Airalo) -> None:
    airalo.mischief(lose=1000)
    shop = airalo.asynchronous()
    taken = shop.order(ask("ORDER1"))
    assert airalo.news() == []
    assert shop.look(ask("ORDER1"), taken.reference).status == "ready"
    assert airalo.sold() == ["ORDER1"]


def test_a_lost_answer_brings_no_second_profile(airalo: Airalo) -> None:
    shop = airalo.asynchronous()
    shop.balance()
    airalo.mischief(mute=1000)
    with pytest.raises(SupplierUnavailable):
        shop.order(ask("ORDER1"))
    airalo.mischief()
    assert shop.look(ask("ORDER1"), "").status == "ready"
    assert airalo.sold() == ["ORDER1"]


def test_the_same_news_twice_has_the_same_number(airalo: Airalo) -> None:
    airalo.mischief(double=1000)
    airalo.asynchronous().order(ask("ORDER1"))
    first, second = airalo.news()
    assert first == second
    airalo.asynchronous().order(ask("ORDER2"))
    other, _ = airalo.news()
    assert other.event != first.event


def test_forged_news_is_not_believed(airalo: Airalo) -> None:
    airalo.mischief(forge=1000)
    airalo.asynchronous().order(ask("ORDER1"))
    forged, genuine = airalo.taken()
    with pytest.raises(NotAuthentic):
        airalo.read(forged)
    assert airalo.read(genuine).order == "ORDER1"


def test_an_order_that_comes_to_nothing_is_told(airalo: Airalo) -> None:
    airalo.trouble(stock=0)
    shop = airalo.asynchronous()
    taken = shop.order(ask("ORDER1"))
    [notice] = airalo.news()
    assert notice.supplied is not None
    assert notice.supplied.reference == taken.reference
    assert (notice.supplied.status, notice.supplied.why) == ("refused", "no_stock")
    assert notice.order == ""
    assert shop.look(ask("ORDER1"), taken.reference).status == "unknown"
    assert airalo.sold() == []


def test_what_is_wrong_at_once_is_refused_at_once(airalo: Airalo) -> None:
    shop = airalo.asynchronous()
    with pytest.raises(SupplierRefused, match="34"):
        shop.order(ask(package="nowhere-1gb"))
    with pytest.raises(SupplierRefused, match="price"):
        shop.order(ask(most=dollars(359)))
    assert airalo.news() == []


def test_airalo_wants_to_know_where_to_send_it(airalo: Airalo) -> None:
    shop = airalo.supplier_with(asynchronous=True)
    with pytest.raises(SupplierRefused, match="webhook_url"):
        shop.order(ask())
    airalo.wanted("async_orders")
    assert shop.order(ask()).status == "pending"
    assert [notice.order for notice in airalo.news()] == ["ORDER1"]


def test_a_quiet_airalo_delivers_all_the_same(airalo: Airalo) -> None:
    airalo.trouble(quiet=True)
    shop = airalo.asynchronous()
    taken = shop.order(ask("ORDER1", JAPAN))
    assert airalo.news() == []
    assert shop.look(ask("ORDER1"), taken.reference).status == "ready"
