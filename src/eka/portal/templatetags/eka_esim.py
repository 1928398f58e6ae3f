"""A line's eSIM in two words, with the ways to install and to move it."""

from typing import Any

from django import template

from eka.portal.installing import stand_of
from eka.portal.network_word import word_of
from eka.portal.speech import words
from eka.rules.lines import Line
from eka.words import profiles as profile_words

register = template.Library()


@register.inclusion_tag("portal/parts/profile_of_line.html")
def esim_of(line_id: int) -> dict[str, Any]:
    """How the line's eSIM stands, and its pages; those of a line without one are few."""
    return _esim(line_id)


@register.inclusion_tag("portal/parts/links_of_line.html")
def links_of(line_id: int) -> dict[str, Any]:
    """The same pages as links in a list of lines."""
    return _esim(line_id)


@register.inclusion_tag("portal/parts/network_word.html")
def network_word(line_id: int, line: Line) -> dict[str, Any]:
    """What is to be known of the line beside its balance: it waits, or its network stopped."""
    return word_of(line_id, line)


def _esim(line_id: int) -> dict[str, Any]:
    stand, tongue = stand_of(line_id), words().tongue
    profile, move = stand.profile, stand.move
    told = profile_words.state(tongue, profile.state) if profile else ""
    return {
        "is_ours": stand.why_without != "none",
        "line": line_id,
        "installable": stand.installable,
        "state": profile_words.move_state(tongue, move.state) if move else told,
        "moving": move is not None,
    }
