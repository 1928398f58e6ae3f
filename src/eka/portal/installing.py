"""What the page shows on which an eSIM is installed: how it stands, its codes, where to tap."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from msgspec import Struct

from eka.ledger import models, offers
from eka.ledger.people import Card
from eka.portal import proof
from eka.portal.families import families
from eka.portal.progress import StepCode, steps_of, times_of
from eka.portal.qr import qr_code
from eka.portal.speech import titles_of, words
from eka.portal.stand import name_of
from eka.usecases import balances, moving, showing
from eka.usecases.supplier_usage import poll_soon
from eka.words import profiles as profile_words

STEPS: Sequence[StepCode] = ("ordered", "released", "downloaded", "installed", "first_data")
# In these a code is of use; in others it would be shown for nothing.
INSTALLABLE = ("released", "downloaded", "error")
LIVE = ("ordered", "confirmed", *INSTALLABLE, "installed")
OPEN_SUPPLY = ("asked", "placed")


class Happened(Struct, frozen=True):
    """A piece of news of the profile; `heard_at` where we heard of it much later."""

    at: datetime
    text: str


class Shown(Struct, frozen=True, kw_only=True):
    """The codes as the page shows them: secrets, all of them."""

    qr: SafeString
    link: str
    smdp: str
    matching_id: str
    text: str
    confirmation: str


class Stand(Struct, frozen=True):
    """What is known of a line's eSIM: the profile, the order that is to bring it, its move."""

    profile: models.Profile | None
    supply: models.Supply | None
    move: models.DeviceMove | None

    @property
    def why_without(self) -> str:
        """Why there is nothing to install; "" where there is."""
        if self.profile is not None:
            return ""
        if self.move is not None:
            return "moving"
        if self.supply is None:
            return "none"
        return "ordering" if self.supply.state in OPEN_SUPPLY else "refused"

    @property
    def installable(self) -> bool:
        """Whether the code is of use now."""
        profile = self.profile
        return profile is not None and profile.state in INSTALLABLE and not profile.final

    @property
    def live(self) -> bool:
        """Whether something may change by itself soon."""
        if self.profile is None:
            return self.why_without in ("ordering", "moving")
        return self.profile.state in LIVE


def stand_of(line_id: int) -> Stand:
    """How the line's eSIM stands; three queries."""
    held = models.Profile.objects.filter(line=line_id, current=True)
    profile = held.select_related("line__subscriber").first()
    supplies = models.Supply.objects.filter(kind="profile").order_by("-pk")
    supply = supplies.filter(profile=profile) if profile else supplies.filter(line=line_id)
    return Stand(profile, supply.first(), moving.open_move(line_id))


def watch(stand: Stand | None, now: datetime) -> None:
    """Somebody looks at it: its supplier is asked soon, should a notification have been lost."""
    if stand is not None and stand.profile is not None and not stand.profile.final:
        poll_soon(stand.profile.supplier, stand.profile.iccid, now)


def stamp_of(stand: Stand) -> str:
    """Changes when the page would look different."""
    profile, supply, move = stand.profile, stand.supply, stand.move
    seen = [
        f"{profile.pk} {profile.state} {profile.events.count()}" if profile else "",
        f"{supply.pk} {supply.state}" if supply else "",
        f"{move.pk} {move.state}" if move else "",
    ]
    return hashlib.sha256("\n".join(seen).encode()).hexdigest()[:16]


def page_of(request: HttpRequest, card: Card, stand: Stand, now: datetime) -> dict[str, Any]:
    """What the template needs; whoever proved who they are gets the codes with it."""
    line, tongue = balances.look(card.id, now).line, words().tongue
    page: dict[str, Any] = {
        "section": "lines",
        "card": card,
        "name": name_of(card, line, titles_of(offers.on_sale())),
        "zone": line.timezone,
        "stamp": stamp_of(stand),
        "live": stand.live,
        "move": stand.move,
        "esim": stand.profile,
    }
    profile, why = stand.profile, stand.why_without
    if profile is None:
        return page | {"without": profile_words.without(tongue, why), "why": why}
    proved, guides = proof.is_proved(request, now), families(request)
    return page | {
        "installable": stand.installable,
        "state": profile_words.state(tongue, profile.state),
        "meaning": profile_words.meaning(tongue, profile.state),
        "steps": steps_of(STEPS, times_of(profile, stand.supply), profile, now),
        "story": story_of(profile),
        "proved": proved,
        "by_click": proof.by_click(request),
        "codes": codes_of(request, profile, now) if proved and stand.installable else None,
        "families": guides,
        "on_iphone": guides[0].fits and guides[0].code == "iphone",
    }


def codes_of(request: HttpRequest, profile: models.Profile, now: datetime) -> Shown | None:
    """The codes, each showing written down; None where there is none yet."""
    try:
        return shown(showing.codes(profile, request.user.pk or 0, "page", now))
    except showing.NothingToShow:
        return None


def shown(codes: showing.Codes) -> Shown:
    """The codes as pictures, links and texts."""
    activation = codes.activation
    return Shown(
        qr=qr_code(activation.text(), _("QR code that installs the eSIM")),
        link=activation.apple_link(),
        smdp=activation.smdp,
        matching_id=activation.matching_id,
        text=activation.text(),
        confirmation=codes.confirmation,
    )


def story_of(profile: models.Profile) -> list[Happened]:
    """All that was heard of the profile, newest first."""
    tongue = words().tongue
    told = [
        Happened(one.at, profile_words.event(tongue, one.event, one.facts))
        for one in profile.events.order_by("-at", "-pk")
        if one.moved or one.event in ("failed", "eligible", "confirmation_entered")
    ]
    return [one for one in told if one.text]
