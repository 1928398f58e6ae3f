"""The axes: round amounts to the left, days below, and the line of now."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from eka.charts.scales import Scales, is_open, ticks, x_of
from eka.charts.svg import element, text, width_of
from eka.rules.timelines import Timeline
from eka.words import Words

SIZE = 11.0
HEIGHT = 36.0  # two rows: the day, and what it is
LONG = timedelta(days=400)  # beyond it days are told as months
AIR = 6.0


class Tick(Struct, frozen=True):
    """A day on the axis, and what it is; a lower `rank` matters more."""

    x: float
    day: str
    what: str
    rank: int


def draw_amounts(timeline: Timeline, scales: Scales, words: Words) -> Iterator[str]:
    """Thin lines at round amounts, told to the left of them."""
    box = scales.box
    for amount in ticks(timeline, scales.highest):
        y = scales.y(amount)
        if y < box.top + 2:
            continue
        yield element("path", d=f"M{box.left:.1f} {y:.1f}H{box.right:.1f}", class_="tide-grid")
        told = words.data(amount, timeline.plan)
        yield text(told, box.left - 6, y + 4, class_="tide-tick", font_size=10, text_anchor="end")


def amounts_width(timeline: Timeline, top: int, words: Words) -> float:
    """The room that the amounts need to the left of the picture."""
    told = (words.data(amount, timeline.plan) for amount in ticks(timeline, top))
    return max((width_of(amount, 10) for amount in told), default=0) + 8


def draw_days(
    timeline: Timeline, scales: Scales, words: Words, left: float, right: float
) -> Iterator[str]:
    """The axis of time, with as many days as stand beside one another."""
    box = scales.box
    yield element("path", d=f"M{box.left:.1f} {box.bottom:.1f}H{box.right:.1f}", class_="tide-axis")
    taken: list[tuple[float, float]] = []
    for tick in sorted(_ticks(timeline, scales, words), key=lambda tick: tick.rank):
        width = max(width_of(tick.day, SIZE), width_of(tick.what, SIZE)) * 1.04
        start = min(max(tick.x - width / 2, left), right - width)
        if any(start < b + AIR and a < start + width + AIR for a, b in taken):
            continue
        taken.append((start, start + width))
        yield from _draw_tick(tick, start, width, box.bottom)


def _draw_tick(tick: Tick, start: float, width: float, base: float) -> Iterator[str]:
    yield element("path", d=f"M{tick.x:.1f} {base:.1f}v4", class_="tide-axis")
    middle = start + width / 2
    yield text(tick.day, middle, base + 16, font_size=SIZE, text_anchor="middle")
    if tick.what:
        yield text(
            tick.what, middle, base + 30, class_="tide-tick", font_size=SIZE, text_anchor="middle"
        )


def _ticks(timeline: Timeline, scales: Scales, words: Words) -> Iterator[Tick]:
    def tick(x: float, at: datetime, what: str, rank: int) -> Tick:
        return Tick(x, _day(timeline, at, words), words.label(what) if what else "", rank)

    if timeline.now is not None:
        yield tick(x_of(timeline, scales, timeline.now), timeline.now, "now", 0)
    yield tick(scales.box.left, timeline.starts, "", 2)
    yield tick(scales.box.right, timeline.ends, "", 3)
    for place, turn in enumerate(timeline.turns):
        left, right = scales.gap(place)
        x = (left + right) / 2
        if turn.begins is not None:
            yield tick(x, turn.at, "renewal", 1)
        elif any(mark.code == "lapsed" and mark.at == turn.at for mark in timeline.marks):
            yield tick(left, turn.at, "ended", 1)
        elif is_open(turn):
            yield tick(left, turn.at, "", 4)
    for place, span in enumerate(timeline.spans):
        if span.held_from is not None and span.held_from > span.starts:
            yield tick(scales.x(span, place, span.held_from), span.held_from, "ended", 1)


def _day(timeline: Timeline, at: datetime, words: Words) -> str:
    if timeline.ends - timeline.starts > LONG:
        return words.month(at, timeline.timezone)
    return words.short_day(at, timeline.timezone)


def draw_now(timeline: Timeline, scales: Scales) -> Iterator[str]:
    """The line of now, with a dot on what is left."""
    if timeline.now is None:
        return
    box, x = scales.box, x_of(timeline, scales, timeline.now)
    yield element("path", d=f"M{x:.1f} {box.top:.1f}V{box.bottom + 4:.1f}", class_="tide-now")
    yield element("circle", cx=x, cy=scales.y(amount_now(timeline)), r=4, class_="tide-dot")


def amount_now(timeline: Timeline) -> int:
    """What is left now; of an unlimited plan, what was used."""
    for span in reversed(timeline.spans):
        if timeline.now is not None and span.starts <= timeline.now:
            marks = span.used if span.unlimited else span.points
            past = [mark for mark in marks if mark.at <= timeline.now]
            if past:
                last = past[-1]
                return last.total if hasattr(last, "total") else last.bytes
    return 0
