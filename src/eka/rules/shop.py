"""How a shop sells: its name, zone, currencies, rates, deadlines and refunds, and their text form.

```yaml
name: {en: Eka, zh-Hans: E卡}
timezone: Asia/Shanghai
currencies: [USD, CNY]
rates: [USD CNY 7.20 up to 0.10]
payment: 1h                    # how long an order waits for its money
refunds: {days: 14, used: pro_rata}
invites: [5.00 USD, 35.00 CNY] # what who invited a new buyer gets, in the order's currency
```
"""

from datetime import timedelta
from typing import Any

from msgspec import Struct, field

from eka.rules.documents import Node, from_plain, read_choice, read_count, read_list
from eka.rules.instants import zone
from eka.rules.prices import Rate, is_currency, parse_rate
from eka.rules.refunds import RefundTerms
from eka.rules.units import (
    Duration,
    Money,
    format_duration,
    format_money,
    parse_duration,
    parse_money,
)

PAYMENT_MIN = timedelta(minutes=31)  # Stripe's pages live for half an hour at least


NAME = {"en": "Eka", "zh-Hans": "E卡"}


class Shop(Struct, frozen=True, kw_only=True):
    """The terms of a shop. `payment` is how long an order waits for its money."""

    name: dict[str, str] = field(default_factory=lambda: dict(NAME))
    about: str = ""  # address and tax number, as receipts show them
    timezone: str = "UTC"
    currencies: tuple[str, ...] = ("USD",)
    rates: tuple[Rate, ...] = ()
    rates_text: tuple[str, ...] = ()
    payment: timedelta = timedelta(hours=1)
    refunds: RefundTerms = RefundTerms()
    invites: tuple[Money, ...] = ()


def read_shop(node: Node) -> Shop:
    """The shop of its document. Raises BadInput with line and field."""
    with node.fields() as fields:
        rates = fields.take("rates", read_list(_rate), ())
        return Shop(
            name=fields.take("name", _titles, NAME),
            about=fields.take("about", Node.text, ""),
            timezone=fields.take("timezone", _zone, "UTC"),
            currencies=fields.take("currencies", _currencies, ("USD",)),
            rates=tuple(rate for rate, _ in rates),
            rates_text=tuple(text for _, text in rates),
            payment=fields.take("payment", _wait, timedelta(hours=1)),
            refunds=fields.take("refunds", _refunds, RefundTerms()),
            invites=fields.take("invites", read_list(_money), ()),
        )


def shop_from_text(terms: dict[str, Any]) -> Shop:
    """The shop of what `shop_to_text` gave."""
    return read_shop(from_plain(terms))


def shop_to_text(shop: Shop) -> dict[str, Any]:
    """The shop as plain values, ready to be kept or written as YAML."""

    payment = format_duration(Duration(seconds=int(shop.payment.total_seconds())))
    return {
        "name": dict(shop.name),
        "about": shop.about,
        "timezone": shop.timezone,
        "currencies": list(shop.currencies),
        "rates": list(shop.rates_text),
        "payment": payment,
        "refunds": {"days": str(shop.refunds.days), "used": shop.refunds.used},
        "invites": [format_money(money) for money in shop.invites],
    }


def _titles(node: Node) -> dict[str, str]:
    return {language: title.text() for language, title in node.items()}


def _money(node: Node) -> Money:
    return node.read(parse_money)


def _zone(node: Node) -> str:
    node.read(zone)
    return node.text()


def _currencies(node: Node) -> tuple[str, ...]:
    found = read_list(_currency)(node)
    if not found:
        raise node.fail("a shop sells in one currency at least")
    return found


def _currency(node: Node) -> str:
    text = node.text()
    if not is_currency(text):
        raise node.fail(f"{node.sort()} is not a currency; write it like USD")
    return text


def _rate(node: Node) -> tuple[Rate, str]:
    return node.read(parse_rate), node.text()


def _wait(node: Node) -> timedelta:
    duration = node.read(parse_duration)
    wait = timedelta(seconds=duration.seconds)
    if duration.months or not PAYMENT_MIN <= wait <= timedelta(hours=23):
        raise node.fail(f"{node.sort()} is not between 1h and 23h")
    return wait


def _refunds(node: Node) -> RefundTerms:
    with node.fields() as fields:
        return RefundTerms(
            days=fields.take("days", read_count(0, 3650), 14),
            used=fields.take("used", read_choice("pro_rata", "none"), "pro_rata"),
        )
