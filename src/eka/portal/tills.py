"""How an order can be paid: gateways that take its currency, in the ways that suit the device."""

from collections.abc import Mapping

from msgspec import Struct

from eka.gateways.payments.terms import GatewayName, PaymentGateway, Way
from eka.portal.devices import Device, sensible
from eka.portal.speech import words
from eka.rules.units import Money
from eka.usecases.gateways import gateways, takes
from eka.words import orders as order_words


class Till(Struct, frozen=True, kw_only=True):
    """One way to pay; `saves`: the method can be kept for automatic renewals."""

    gateway: GatewayName
    way: Way
    name: str
    where: str
    saves: bool


class Elsewhere(Struct, frozen=True):
    """A currency in which more gateways would take the money, and their names."""

    currency: str
    names: str


def tills_for(amount: Money, device: Device, *, knows_wechat: bool) -> list[Till]:
    """The ways to pay an amount. Inside WeChat it pays only whom it has told us about."""
    return [
        _till(opened, way)
        for opened in gateways().values()
        if takes(opened, amount)
        for way in sensible(device, opened.name)
        if way in opened.ways and (way != "inside" or knows_wechat)
    ]


def _till(opened: PaymentGateway, way: Way) -> Till:
    tongue = words().tongue
    return Till(
        gateway=opened.name,
        way=way,
        name=order_words.gateway(tongue, opened.name),
        where=order_words.way(tongue, opened.name, way),
        saves=opened.saves,
    )


def elsewhere(amount: Money, currencies: tuple[str, ...]) -> list[Elsewhere]:
    """The shop's other currencies, with the gateways that take them and not this one."""
    opened = gateways()
    found = []
    for currency in currencies:
        if currency != amount.currency:
            names = _only_there(opened, amount, Money(amount.minor, currency))
            found.append(Elsewhere(currency, words().tongue.every(names)))
    return found


def _only_there(
    opened: Mapping[GatewayName, PaymentGateway], here: Money, there: Money
) -> list[str]:
    tongue = words().tongue
    return [
        order_words.gateway(tongue, name)
        for name, one in opened.items()
        if takes(one, there) and not takes(one, here)
    ]
