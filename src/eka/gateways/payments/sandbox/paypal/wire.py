"""PayPal's form of amounts, instants, numbers, links and refusals."""

import secrets
import string
from datetime import datetime
from http import HTTPStatus

from starlette.responses import JSONResponse, Response

from eka.gateways.sandbox.records import Document
from eka.rules.instants import format_instant
from eka.rules.units import BadValue, Money, format_money, minor_digits, parse_money

# Beside those that have none by ISO 4217.
WITHOUT_DECIMALS = ("HUF", "TWD")
CURRENCIES = (
    *("AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS"),
    *("JPY", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "TWD", "USD"),
)

UNPROCESSABLE = (422, "UNPROCESSABLE_ENTITY")
INVALID = (400, "INVALID_REQUEST")


class Fault(Exception):
    """A refusal, as PayPal writes it."""

    def __init__(self, kind: tuple[int, str], issue: str, description: str = "") -> None:
        super().__init__(issue)
        self.status, self.name = kind
        self.details = [{"issue": issue, "description": description or issue}] if issue else []

    def response(self) -> Response:
        """The error object."""
        said = {
            "name": self.name,
            "message": HTTPStatus(self.status).description or HTTPStatus(self.status).phrase,
            "debug_id": secrets.token_hex(6),
            "details": self.details,
            "links": [],
        }
        return JSONResponse(said, self.status)


def unprocessable(issue: str, description: str = "") -> Fault:
    """What was asked is understood and cannot be."""
    return Fault(UNPROCESSABLE, issue, description)


def not_found() -> Fault:
    """There is no such document."""
    return Fault((404, "RESOURCE_NOT_FOUND"), "INVALID_RESOURCE_ID")


def new_id(length: int = 17) -> str:
    """A number in PayPal's style."""
    letters = string.ascii_uppercase + string.digits
    return "".join(secrets.choice(letters) for _ in range(length))


def stamp(instant: datetime) -> str:
    """An instant as most of PayPal writes it."""
    return format_instant(instant.replace(microsecond=0))


def written(money: Money) -> dict[str, str]:
    """An amount on the wire."""
    sign = "-" if money.minor < 0 else ""
    value = format_money(Money(abs(money.minor), money.currency)).partition(" ")[0]
    if money.currency in WITHOUT_DECIMALS:
        value = value.partition(".")[0]
    return {"currency_code": money.currency, "value": sign + value}


def read(amount: Document | None) -> Money:
    """An amount that somebody asks to be moved. Raises Fault."""
    try:
        currency, value = str((amount or {})["currency_code"]), str((amount or {})["value"])
        money = parse_money(f"{value} {currency}")
    except (KeyError, BadValue) as error:
        raise unprocessable("DECIMAL_PRECISION") from error
    if currency not in CURRENCIES:
        raise unprocessable("CURRENCY_NOT_SUPPORTED")
    if "." in value and (currency in WITHOUT_DECIMALS or not minor_digits(currency)):
        raise unprocessable("DECIMALS_NOT_SUPPORTED")
    if not money.minor:
        raise unprocessable("CANNOT_BE_ZERO_OR_NEGATIVE")
    return money


def link(rel: str, href: str, method: str = "GET") -> dict[str, str]:
    """A link to another document."""
    return {"href": href, "rel": rel, "method": method}
