"""From a wish to data, through each gateway: what was paid comes once."""

import pytest
from tests.usecases.buying.conftest import CURRENCY, NEW_LINE, Shop

from eka.ledger import models


@pytest.mark.parametrize("name", list(CURRENCY))
def test_alice_renews_her_line(shop: Shop, name: str) -> None:
    order = shop.buy(name, currency=CURRENCY[name])
    assert shop.state(order) == "fulfilled"
    assert shop.granted() == 20 * 10**9
    assert shop.cases() == []


@pytest.mark.parametrize("name", list(CURRENCY))
def test_a_new_line_is_sold(shop: Shop, name: str) -> None:
    order = shop.buy(name, NEW_LINE, NEW_LINE, currency=CURRENCY[name])
    items = models.OrderItem.objects.filter(order__number=order)
    lines = [item.line for item in items]
    assert len({line.pk for line in lines if line}) == 2
    assert shop.state(order) == "fulfilled"
