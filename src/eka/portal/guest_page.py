"""What a guest sees of the eSIMs that their order brought: how each stands, and its codes."""

import hashlib
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from msgspec import Struct

from eka.ledger import models
from eka.ledger.orders import OrderRow
from eka.portal import proof
from eka.portal.bought import lines_of
from eka.portal.deliveries import Delivery, deliveries_of
from eka.portal.families import families
from eka.portal.installing import Shown, Stand, shown, stamp_of, stand_of, watch
from eka.portal.speech import words
from eka.usecases import showing
from eka.words import profiles as profile_words

HOW = ("released", "downloaded", "error", "installed")  # in these it helps to know where to tap


class Piece(Struct, frozen=True, kw_only=True):
    """One eSIM of the order; `esim` None: it has not come yet. `codes` are secrets."""

    position: int
    name: str
    esim: models.Profile | None
    installable: bool
    state: str
    meaning: str
    starts: str
    codes: Shown | None


def page_of(request: HttpRequest, order: OrderRow, now: datetime) -> dict[str, Any]:
    """What the template needs; whoever proved the order's address gets the codes with it."""
    proved, found = proof.is_proved(request, now, order.number), _stands(order, now)
    for _, stand in found:
        watch(stand, now)
    pieces = [_piece(order, one, stand, now, proved=proved) for one, stand in found]
    guides = families(request)
    return {
        "section": "orders",
        "order": order,
        "stamp": _stamp(found),
        "live": any(stand is None or stand.live for _, stand in found),
        "pieces": pieces,
        "proved": proved,
        "installable": any(one.installable for one in pieces),
        "how": any(one.esim is not None and one.esim.state in HOW for one in pieces),
        "families": guides,
        "on_iphone": guides[0].fits and guides[0].code == "iphone",
    }


def news_of(order: OrderRow, now: datetime) -> str:
    """Changes when the page would look different."""
    return _stamp(_stands(order, now))


def _stands(order: OrderRow, now: datetime) -> list[tuple[Delivery, Stand | None]]:
    """Each eSIM of the order with how it stands; None while it is being ordered."""
    told = deliveries_of(order, lines_of(order), now)
    return [(one, stand_of(one.line) if one.line is not None else None) for one in told]


def _stamp(found: list[tuple[Delivery, Stand | None]]) -> str:
    seen = [stamp_of(stand) if stand is not None else "" for _, stand in found]
    return hashlib.sha256("\n".join(seen).encode()).hexdigest()[:16]


def _piece(
    order: OrderRow, one: Delivery, stand: Stand | None, now: datetime, *, proved: bool
) -> Piece:
    tongue, profile = words().tongue, stand.profile if stand is not None else None
    why = stand.why_without if stand is not None else "ordering"
    installable = stand is not None and stand.installable
    return Piece(
        position=one.position,
        name=one.name,
        esim=profile,
        installable=installable,
        state=profile_words.state(tongue, profile.state) if profile is not None else "",
        meaning=profile_words.meaning(tongue, profile.state)
        if profile is not None
        else profile_words.without(tongue, why),
        starts=one.starts,
        codes=_codes(order, profile, now) if profile and proved and installable else None,
    )


def _codes(order: OrderRow, profile: models.Profile, now: datetime) -> Shown | None:
    """The codes, each showing written down; None where there is none, or it is not a guest's."""
    try:
        return shown(showing.codes_of_order(profile, order.number, now))
    except (showing.NothingToShow, showing.NotForYou):
        return None
