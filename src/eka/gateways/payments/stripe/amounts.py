"""Money as Stripe writes it: an integer, mostly in the currency's minor units.

https://docs.stripe.com/currencies: MGA has no decimals there and two in ISO 4217; ISK and UGX have
none in ISO 4217, but two there, both always zero; of three decimals the last is always zero.
"""

from eka.gateways.payments.terms import GatewayRefused
from eka.rules.units import BadValue, Money, minor_digits

WITHOUT_DECIMALS = (
    *("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA"),
    *("PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"),
)
WITH_THREE_DECIMALS = ("BHD", "JOD", "KWD", "OMR", "TND")
WITHOUT_FRACTIONS = ("ISK", "UGX")
DIGITS = dict.fromkeys(WITHOUT_DECIMALS, 0) | dict.fromkeys(WITH_THREE_DECIMALS, 3)

_LISTED = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BWP BYN BZD
CAD CDF CHF CLP CNY COP CRC CVE CZK DJF DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GNF GTQ
GYD HKD HNL HTG HUF IDR ILS INR ISK JMD JOD JPY KES KGS KHR KMF KRW KWD KYD KZT LAK LBP LKR LRD
LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK
PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SEK SGD SHP SLE SOS SRD STD SZL THB TJS TND TOP
TRY TTD TWD TZS UAH UGX USD UYU UZS VND VUV WST XAF XCD XOF XPF YER ZAR ZMW
"""
CURRENCIES = tuple(_LISTED.split())
UNITS = (1, 10, 100, 1000)  # in one of a currency, by its decimals

LARGEST = 99_999_999
LARGEST_IDR = 999_999_999_999


def units(currency: str) -> int:
    """How many of Stripe's units one of the currency is."""
    return UNITS[DIGITS.get(currency, 2)]


def step(currency: str) -> int:
    """What an amount that is charged or given back must be a multiple of, in Stripe's units."""
    if currency in WITHOUT_FRACTIONS:
        return 100
    return 10 if currency in WITH_THREE_DECIMALS else 1


def largest(currency: str) -> int:
    """The most that one payment may be, in Stripe's units."""
    return LARGEST_IDR if currency == "IDR" else LARGEST


def to_stripe(money: Money) -> int:
    """The amount for Stripe, exactly. Raises GatewayRefused, before anything is sent."""
    currency = money.currency
    if currency not in CURRENCIES:
        raise GatewayRefused("currency_not_supported", currency)
    amount, rest = divmod(money.minor * units(currency), UNITS[minor_digits(currency)])
    if rest or amount % step(currency):
        raise GatewayRefused("amount_not_representable", f"{currency} has no such fractions here")
    if amount <= 0:
        raise GatewayRefused("amount_too_small")
    if amount > largest(currency):
        raise GatewayRefused("amount_too_large")
    return amount


def from_stripe(amount: int, currency: str) -> Money:
    """The money of Stripe's amount. Raises BadValue where Eka's units cannot say it exactly."""
    code = currency.upper()
    minor, rest = divmod(amount * UNITS[minor_digits(code)], units(code))
    if rest:
        raise BadValue(f"{amount} of {code} is not a whole number of its minor units")
    return Money(minor, code)
