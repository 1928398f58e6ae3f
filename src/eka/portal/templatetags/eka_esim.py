"""A line's eSIM in two words, with the ways to install and to move it."""

from typing import Any

from django import template

from eka.portal.installing import stand_of
from eka.portal.speech import words
from eka.words import profiles as profile_words

register = template.Library()


@register.inclusion_tag("portal/parts/profile_of_line.html")
def esim_of(line_id: int) -> dict[str, Any]:
    """Nothing for a line whose eSIM is not from us."""
    stand, tongue = stand_of(line_id), words().tongue
    if stand.why_without == "none":
        return {"is_ours": False}
    profile, move = stand.profile, stand.move
    told = profile_words.state(tongue, profile.state) if profile else ""
    return {
        "is_ours": True,
        "line": line_id,
        "installable": stand.installable,
        "state": profile_words.move_state(tongue, move.state) if move else told,
        "moving": move is not None,
    }
