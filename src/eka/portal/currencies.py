"""The currency in which a visitor sees prices: what they chose, else what suits the language."""

from django.http import HttpRequest
from django.utils.translation import get_language

from eka.rules.shop import Shop

CHOSEN = "currency"  # in the session
USUAL = {"zh-hans": "CNY"}


def currency_of(request: HttpRequest, shop: Shop) -> str:
    """One of the shop's currencies."""
    wishes = (request.session.get(CHOSEN), USUAL.get(get_language() or ""))
    return next((wish for wish in wishes if wish in shop.currencies), shop.currencies[0])


def choose(request: HttpRequest, currency: str) -> None:
    """Remembers the visitor's choice."""
    request.session[CHOSEN] = currency
