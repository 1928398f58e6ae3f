"""What is known of a profile that decides how its line gets to another device."""

from datetime import datetime

from eka.ledger import models
from eka.rules.moves import REPLACEMENTS_WITHIN, Facts
from eka.rules.profiles import UNTOUCHED, ProfileState
from eka.usecases.suppliers import NoSuchSupplier, supplier


def facts_of(
    move: models.DeviceMove, profile: models.Profile, now: datetime, *, tried: bool = False
) -> Facts:
    """The facts of a move; `profile` is its old one. `tried`: it was installed again in vain."""
    others = models.DeviceMove.objects.exclude(pk=move.pk)
    lately = others.filter(
        line=move.line_id, way="replacement", asked_at__gt=now - REPLACEMENTS_WITHIN
    )
    return Facts(
        own=is_own(profile),
        state=_state(profile),
        final=profile.final or profile.lost_at is not None,
        used=_is_used(profile),
        same_device=move.reason == "deleted_by_accident",
        tried=tried or others.filter(old=profile, way="install_again").exists(),
        replacements=lately.count(),
    )


def is_own(profile: models.Profile) -> bool:
    """Whether it is from an SM-DP+ of ours; a supplier that is gone sells us nothing."""
    try:
        return not supplier(profile.supplier).sells_data
    except NoSuchSupplier:
        return False


def _state(profile: models.Profile) -> ProfileState:
    return profile.state  # type: ignore[return-value]


def _is_used(profile: models.Profile) -> bool:
    """Whether data went through a profile of which nobody tells where it is."""
    used = (profile.usage_used or 0) > profile.usage_base
    if not used or profile.state not in UNTOUCHED:
        return False
    return not profile.events.filter(state="deleted", moved=True).exists()
