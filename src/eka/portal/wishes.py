"""From a form to an order in state `quoted`, once: the same form again is the same order.

A form's key belongs to who filled it in, and to what was typed: who goes back, changes something
and submits again gets another order.
"""

import hashlib
import re
from collections.abc import Sequence

import msgspec
from django.core.exceptions import BadRequest
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from msgspec import Struct

from eka import clock
from eka.ledger import models
from eka.ledger.orders import OrderRow
from eka.portal.access import guest_of, remember
from eka.portal.speech import words
from eka.rules.baskets import Item
from eka.usecases.buyers import guest, of_user
from eka.usecases.commands import KeyReused
from eka.usecases.quoting import Wish, quote

KEY = re.compile(r"[0-9a-f]{32}")


class Wanted(Struct, frozen=True, kw_only=True):
    """What a form asks for; `email` is a guest's."""

    items: tuple[Item, ...]
    currency: str
    code: str = ""
    email: str = ""


def form_key(request: HttpRequest) -> str:
    """The key of the form that was submitted, bound to its reader. Raises BadRequest."""
    token = request.POST.get("key", "")
    if not KEY.fullmatch(token):
        raise BadRequest("a form without its key")
    owner = f"user {request.user.pk}" if request.user.is_authenticated else guest_of(request)
    return f"web:{hashlib.sha256(f'{owner} {token}'.encode()).hexdigest()[:40]}"


def order_for(request: HttpRequest, wanted: Wanted) -> str:
    """Quotes what the form asks for; the order's number. Raises UnableToQuote."""
    return _once(request, wanted, form_key(request), None)


def order_again(request: HttpRequest, order: OrderRow, *, currency: str, code: str) -> str:
    """The same things in another currency, with another code, or at today's prices."""
    items = tuple(msgspec.convert(item.terms, Item) for item in order.items)
    wanted = Wanted(items=items, currency=currency, code=code, email=order.email)
    return _once(request, wanted, form_key(request), order.subscriber)


def _once(request: HttpRequest, wanted: Wanted, key: str, subscriber: int | None) -> str:
    typed = hashlib.sha256(msgspec.json.encode(wanted)).hexdigest()[:16]
    key = f"{key}:{typed}"
    number = _known(key)
    if number is None:
        try:
            number = _quote(request, wanted, key, subscriber)
        except (KeyReused, IntegrityError):  # the same form was submitted twice at one moment
            number = _known(key)
            if number is None:
                raise
    if not request.user.is_authenticated:
        remember(request, number)
    return number


def _known(key: str) -> str | None:
    return models.Order.objects.filter(key=key).values_list("number", flat=True).first()


@transaction.atomic
def _quote(request: HttpRequest, wanted: Wanted, key: str, subscriber: int | None) -> str:
    language, user = words().language, request.user
    email = wanted.email or getattr(user, "email", "")
    if subscriber is None:
        subscriber = (
            guest(email, language) if user.pk is None else of_user(user.pk, email, language)
        )
    wish = Wish(
        subscriber=subscriber,
        items=wanted.items,
        currency=wanted.currency,
        key=key,
        code=wanted.code,
        language=language,
        email=email,
    )
    return quote(wish, clock.now())


def read_items(texts: Sequence[str]) -> tuple[Item, ...]:
    """The items of a form's hidden fields. Raises BadRequest."""
    try:
        return tuple(msgspec.json.decode(text, type=Item) for text in texts)
    except msgspec.MsgspecError as error:
        raise BadRequest("not an item") from error
