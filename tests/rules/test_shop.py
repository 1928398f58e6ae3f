"""The shop's document: what it says is kept, and a mistake names its line and field."""

from datetime import timedelta

import pytest

from eka.rules.documents import BadInput, read_yaml
from eka.rules.refunds import RefundTerms
from eka.rules.shop import Shop, read_shop, shop_from_text, shop_to_text
from eka.rules.units import Money

WHOLE = """\
name: {en: Eka, zh-Hans: E卡}
about: 1 Harbour Road
timezone: Asia/Shanghai
currencies: [USD, CNY]
rates: [USD CNY 7.20 up to 0.10]
payment: 2h
refunds: {days: 7, used: none}
invites: [5.00 USD, 35.00 CNY]
"""


def read(text: str) -> Shop:
    return read_shop(read_yaml(text))


def test_what_it_says_is_kept() -> None:
    shop = read(WHOLE)
    assert (shop.timezone, shop.currencies) == ("Asia/Shanghai", ("USD", "CNY"))
    assert shop.payment == timedelta(hours=2)
    assert shop.refunds == RefundTerms(days=7, used="none")
    assert shop.invites == (Money(500, "USD"), Money(3500, "CNY"))
    assert shop.rates[0].step == 10
    assert shop_from_text(shop_to_text(shop)) == shop


def test_an_empty_document_is_the_usual_shop() -> None:
    assert read("{}") == Shop()
    assert shop_from_text(shop_to_text(Shop())) == Shop()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("timezone: Asia/Atlantis", "line 1, timezone: 'Asia/Atlantis' is not a time zone"),
        ("about: x\ncurrencies: [usd]", "line 2, currencies[1]: 'usd' is not a currency"),
        ("currencies: [USD, DOLLAR]", "line 1, currencies[2]: 'DOLLAR' is not a currency"),
        ("currencies: ['US1']", "line 1, currencies[1]: 'US1' is not a currency"),
        ("currencies: []", "line 1, currencies: a shop sells in one currency at least"),
        ("about: x\nrates: [USD CNY]", "line 2, rates[1]: 'USD CNY' is not a rate"),
        ("payment: 30d", "line 1, payment: '30d' is not between 1h and 23h"),
        ("payment: 0h", "line 1, payment: '0h' is not between 1h and 23h"),
        ("payment: 1mo", "line 1, payment: '1mo' is not between 1h and 23h"),
        ("payment: 10m", "line 1, payment: '10m' is not a duration"),
        ("refunds: {days: -1}", "line 1, refunds.days: '-1' is not a whole number"),
        ("refunds: {used: all}", "line 1, refunds.used: 'all' is not one of: pro_rata, none"),
        ("refund: {days: 1}", "line 1: unknown key `refund`; did you mean `refunds`?"),
        ("invites: [5 dollars]", "line 1, invites[1]: '5 dollars' is not an amount of money"),
        ("name: Eka", "line 1, name: expected a mapping"),
        ("- USD", "expected a mapping"),
        ("name: {en: [", "this is not YAML"),
    ],
)
def test_a_mistake_names_its_line_and_field(wrong: str, message: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(wrong)
    assert message in str(refused.value)
