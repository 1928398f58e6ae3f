"""The tide chart on a page: drawn for a phone and for a desk, with the same figures as a table."""

from django.utils.safestring import SafeString, mark_safe
from msgspec import Struct

from eka.charts.tide import Table, draw, table
from eka.portal.speech import words
from eka.rules.tide import Timeline

NARROW = (358, 300)  # a phone of 390 pixels, less the page's edges
WIDE = (1088, 380)  # the page's full width


class Tide(Struct, frozen=True):
    """Both drawings and the table; the style sheet shows the drawing that fits."""

    narrow: SafeString
    wide: SafeString
    table: Table


def tide_of(timeline: Timeline) -> Tide:
    """The chart of a timeline in the reader's language."""
    return Tide(_drawn(timeline, NARROW), _drawn(timeline, WIDE), table(timeline, words()))


def _drawn(timeline: Timeline, size: tuple[int, int]) -> SafeString:
    # The chart escapes what it writes; it holds no text but the words' own and plan figures.
    width, height = size
    return mark_safe(draw(timeline, words(), width=width, height=height, css=False))
