"""PayPal's decimal strings, written and read exactly."""

from msgspec import Struct

from eka.gateways.payments.terms import GatewayRefused
from eka.rules.units import Money, format_money, parse_money

# PayPal writes these without decimals although ISO 4217 gives them two.
WHOLE_ONLY = ("HUF", "TWD")

CURRENCIES = (
    *("AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS"),
    *("JPY", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "TWD", "USD"),
)


class Amount(Struct, frozen=True):
    """Money on the wire."""

    currency_code: str
    value: str


def amount_of(money: Money) -> Amount:
    """The amount as PayPal wants it. Raises GatewayRefused where it has no such amount."""
    value = format_money(money).partition(" ")[0]
    if money.currency in WHOLE_ONLY:
        value, _, decimals = value.partition(".")
        if decimals.strip("0"):
            raise GatewayRefused("DECIMALS_NOT_SUPPORTED", f"{money.currency} has no decimals")
    return Amount(money.currency, value)


def money_of(amount: Amount) -> Money:
    """The money that was written. Raises BadValue."""
    value = amount.value
    if "." in value:
        value = value.rstrip("0").rstrip(".")
    return parse_money(f"{value} {amount.currency_code}")


def size_and_sign(amount: Amount) -> tuple[Money, int]:
    """How much moved, and whether to the seller (1) or from it (-1). Raises BadValue."""
    size = amount.value.removeprefix("-")
    sign = 1 if size == amount.value else -1
    return money_of(Amount(amount.currency_code, size)), sign
