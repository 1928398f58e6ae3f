"""Where an instant and an amount lie in the chart.

At each turn where bytes are carried or lost the axis of time has a gap, in which what carries flows
on and what is lost breaks off.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from msgspec import Struct

from eka.rules.timelines import Point, Span, Timeline, Turn
from eka.rules.units import BINARY, DECIMAL, is_binary

WIDEST_GAP = 44.0
GAPS_SHARE = 0.28  # of the width, at most, for all gaps together
SHORTEST = 10.0  # pixels that even a brief span gets
HEADROOM = 1.06


class Box(Struct, frozen=True):
    """A rectangle of the picture: where something is drawn."""

    left: float
    top: float
    right: float
    bottom: float


class Scales(Struct, frozen=True):
    """The picture's places: each span's edges in pixels, and the amount at the top."""

    box: Box
    edges: tuple[tuple[float, float], ...]
    highest: int

    def x(self, span: Span, place: int, at: datetime) -> float:
        """Where an instant of the span at `place` lies."""
        left, right = self.edges[place]
        length = (span.ends - span.starts).total_seconds()
        if length <= 0:
            return left
        return left + (right - left) * (at - span.starts).total_seconds() / length

    def y(self, amount: int) -> float:
        """How high an amount reaches."""
        return self.box.bottom - (self.box.bottom - self.box.top) * amount / self.highest

    def gap(self, place: int) -> tuple[float, float]:
        """The gap of the turn at `place`."""
        after = self.edges[place + 1][0] if place + 1 < len(self.edges) else self.box.right
        return self.edges[place][1], after


def is_open(turn: Turn) -> bool:
    """Whether the turn needs a gap: something is carried or lost."""
    return bool(turn.broken) or any(flow.carried for flow in turn.flows)


def scales_of(timeline: Timeline, box: Box) -> Scales:
    """The scales that fit the timeline into the box."""
    return Scales(box, tuple(_edges(timeline, box)), highest(timeline))


def _edges(timeline: Timeline, box: Box) -> Iterator[tuple[float, float]]:
    gaps = [is_open(turn) for turn in timeline.turns]
    width = box.right - box.left
    gap = min(WIDEST_GAP, width * GAPS_SHARE / max(1, sum(gaps)))
    lengths = [(span.ends - span.starts).total_seconds() for span in timeline.spans]
    least = [SHORTEST if length > 0 else 0.0 for length in lengths]
    rest = width - gap * sum(gaps) - sum(least)
    whole = sum(lengths) or 1.0
    at = box.left
    for place, length in enumerate(lengths):
        right = at + least[place] + rest * length / whole
        yield at, right
        at = right + (gap if place < len(gaps) and gaps[place] else 0.0)


def highest(timeline: Timeline) -> int:
    """The amount at the top of the picture, with some room above what is drawn."""
    amounts = [point.total for span in timeline.spans for point in span.points]
    amounts += [total.bytes for total in timeline.high]
    for span in timeline.spans:
        if span.unlimited:
            amounts += [used.bytes for used in span.used]
            amounts += [tier.after for tier in span.plan.speeds]
    return int(max([*amounts, 1]) * HEADROOM) + 1


def ticks(timeline: Timeline, top: int) -> list[int]:
    """Two to four round amounts for the axis, in the unit the plan was sold in."""
    data = timeline.plan.data
    units = BINARY if data and is_binary(data) else DECIMAL
    base = max((factor for factor in units.values() if factor <= top), default=1)
    steps = [base * part // 4 for part in (1, 2, 4)]
    steps += [base * factor * 10**power for power in range(4) for factor in (2, 5, 10)]
    step = next((step for step in steps if step and top // step <= 4), top)
    return list(range(step, top + 1, step))


def x_of(timeline: Timeline, scales: Scales, at: datetime) -> float:
    """Where an instant lies, before any gap that is there."""
    for place, span in enumerate(timeline.spans):
        if span.starts <= at <= span.ends:
            return scales.x(span, place, at)
    return scales.box.right


class Stretch(Struct, frozen=True):
    """A part of a span that is drawn alike: expected or not, held (unusable) or not."""

    points: tuple[Point, ...]
    ahead: bool
    held: bool


def stretches(span: Span, known_until: datetime) -> Iterator[Stretch]:
    """The span cut where knowledge ends and where its period is over; there are points at both."""
    cuts = {span.starts, span.ends, known_until, span.held_from or span.ends}
    inside = sorted(cut for cut in cuts if span.starts <= cut <= span.ends)
    for starts, ends in pairwise(inside):
        first = [point for point in span.points if point.at <= starts][-1:]
        points = first if starts > span.starts else []
        points = [*points, *(p for p in span.points if _in(p.at, starts, ends, span))]
        held = span.held_from is not None and starts >= span.held_from
        if len(points) > 1:
            yield Stretch(tuple(points), starts >= known_until, held)


def _in(at: datetime, starts: datetime, ends: datetime, span: Span) -> bool:
    return (starts < at <= ends) or (at == starts == span.starts)
