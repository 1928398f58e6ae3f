"""What a line's owner may agree to: methods, the price of today, the words for each method."""

from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec import Struct

from eka.ledger import offers
from eka.portal.speech import own, words
from eka.portal.stand import Stand
from eka.rules.shop import Shop
from eka.rules.units import Money
from eka.usecases.consents import Consent, Method
from eka.usecases.saved_methods import Kept
from eka.usecases.shop import price_of
from eka.words import notes
from eka.words import orders as order_words

BY_ITSELF: tuple[Literal["wallet", "link"], ...] = ("wallet", "link")


class Means(Struct, frozen=True, kw_only=True):
    """One way in which a renewal can be paid: its value in the form, its name, its clause."""

    value: str
    method: Method
    saved: int | None
    name: str
    clause: str


class Terms(Struct, frozen=True, kw_only=True):
    """What is offered for agreement: the plan, today's price, the means."""

    plan: str
    title: str
    price: Money
    means: list[Means]


def terms_for(
    stand: Stand, saved: list[Kept], shop: Shop, currency: str, titles: Mapping[str, str]
) -> Terms | None:
    """The terms for a line; None where its plan is not sold in the currency."""
    offer = offers.find(stand.plan.name) if stand.plan else None
    price = price_of(offer, currency, shop) if offer else None
    if offer is None or price is None:
        return None
    name = offer.plan.name
    return Terms(plan=name, title=titles.get(name, name), price=price, means=_means(saved))


def _means(saved: list[Kept]) -> list[Means]:
    tongue = words().tongue
    cards = [
        Means(
            value=f"saved-{one.id}",
            method=msgspec.convert(one.gateway, Method),
            saved=one.id,
            name=f"{order_words.gateway(tongue, one.gateway)} {one.shown}",
            clause=notes.consent_by(tongue, one.gateway, one.shown),
        )
        for one in saved
    ]
    return cards + [
        Means(
            value=method,
            method=method,
            saved=None,
            name=order_words.gateway(tongue, method),
            clause=notes.consent_by(tongue, method, ""),
        )
        for method in BY_ITSELF
    ]


def text_of(terms: Terms, stand: Stand, shop: Shop) -> list[str]:
    """The sentences that hold whatever the means."""
    return notes.consent(
        words().tongue,
        shop=own(shop.name, "Eka"),
        plan=terms.title,
        line=stand.name,
        price=words().money(terms.price),
    )


def consent_of(
    terms: Terms, means: Means, stand: Stand, shop: Shop, subscriber: int, *, when_low: bool
) -> Consent:
    """The consent as it is recorded: with all the words that were shown for what was chosen."""
    told = [*text_of(terms, stand, shop), means.clause]
    if when_low:
        told.append(notes.consent_low(words().tongue))
    return Consent(
        line=stand.card.id,
        subscriber=subscriber,
        method=means.method,
        saved_method=means.saved,
        when_low=when_low,
        text="\n".join(told),
        language=words().language,
        price=terms.price,
    )
