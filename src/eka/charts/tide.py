"""The tide chart: one picture that answers "does it carry over?".

Time runs from left to right, the height is the data left, each bucket is a layer. The past is what
happened, the future what is expected; at a renewal what carries flows on into the next period, and
what is lost breaks off in hatching with its amount and reason. `table` tells the same in figures.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

from eka.charts.axis import (
    HEIGHT as AXIS,
)
from eka.charts.axis import (
    amounts_width,
    draw_amounts,
    draw_days,
    draw_now,
)
from eka.charts.flags import LANE, Flag, draw_flag, lanes_needed, plant
from eka.charts.headings import LEGEND, PAD, draw_legend, heading, legend_of
from eka.charts.layers import draw_labels, draw_spans, draw_turn, patterns, pieces
from eka.charts.scales import Box, Scales, highest, scales_of, x_of
from eka.charts.svg import area, element, text, width_of
from eka.charts.tables import Table, table
from eka.rules.timelines import Span, Timeline, Total, Turn
from eka.rules.units import parse_money
from eka.words import Words

__all__ = ["Table", "draw", "stylesheet", "table"]

MOST_LANES = 4


def draw(
    timeline: Timeline | None, words: Words, *, width: int, height: int, css: bool = True
) -> str:
    """The chart as SVG text, `width` by `height` pixels.

    With `css` it brings its own colours and type, for a file that stands alone; without, those of
    the page's tide.css apply. None, a line that was never activated, gives a picture that says so.
    """
    if timeline is None:
        return _frame(_empty(words, width, height), words.label("inactive"), "", width, height, css)
    # Several drawings of one line may stand in a page, and ids must not repeat.
    prefix = f"tide{crc32(repr((timeline, width, height)).encode()):x}"
    content = "".join(_content(timeline, words, width, height, prefix))
    title = words.label(
        "title_unlimited" if all(span.unlimited for span in timeline.spans) else "title",
        starts=words.day(timeline.starts, timeline.timezone),
        ends=words.day(timeline.ends, timeline.timezone),
    )
    told = table(timeline, words)
    desc = "; ".join(" ".join(cell for cell in row if cell) for row in told.rows)
    return _frame(patterns(prefix) + content, title, desc, width, height, css)


@lru_cache(maxsize=1)
def stylesheet() -> str:
    """The chart's colours and type; the portal serves the same file."""
    return (Path(__file__).parent / "tide.css").read_text(encoding="utf-8")


def _frame(content: str, title: str, desc: str, width: int, height: int, css: bool) -> str:
    told = element("title", _escaped(title)) + (element("desc", _escaped(desc)) if desc else "")
    style = element("style", stylesheet()) if css else ""
    paper = element("rect", width=width, height=height, class_="tide-paper") if css else ""
    return element(
        "svg",
        told + style + paper + content,
        xmlns="http://www.w3.org/2000/svg",
        class_="tide",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
    )


def _escaped(content: str) -> str:
    return content.replace("&", "&amp;").replace("<", "&lt;")


def _empty(words: Words, width: int, height: int) -> str:
    return text(
        words.label("inactive"),
        width / 2,
        height / 2,
        class_="tide-soft",
        font_size=14,
        text_anchor="middle",
    )


def _content(
    timeline: Timeline, words: Words, width: int, height: int, prefix: str
) -> Iterator[str]:
    head = heading(timeline, words)
    legend = legend_of(timeline, words, width)
    top = PAD / 2 + (46 if head else 0)
    yield head
    yield from draw_legend(legend, top)
    top += LEGEND * (legend[-1].row + 1 if legend else 0) + 2
    left = PAD + amounts_width(timeline, highest(timeline), words)
    box = Box(left, top, width - PAD, height - AXIS - 4)
    flags = list(_flags(timeline, scales_of(timeline, box), words))
    lanes = lanes_needed(flags, PAD, width - PAD, MOST_LANES)
    scales = scales_of(timeline, Box(box.left, top + lanes * LANE + 4, box.right, box.bottom))
    yield from _picture(timeline, scales, words, prefix)
    for planted in plant(_flags(timeline, scales, words), PAD, width - PAD, lanes):
        yield draw_flag(planted, top + lanes * LANE)
    yield from draw_days(timeline, scales, words, PAD, width - PAD)


def _picture(timeline: Timeline, scales: Scales, words: Words, prefix: str) -> Iterator[str]:
    yield from draw_amounts(timeline, scales, words)
    yield from draw_spans(timeline, scales)
    for place in range(len(timeline.turns)):
        yield from draw_turn(timeline, place, scales, words, prefix)
    yield from _band(timeline, scales)
    yield from draw_labels(timeline, scales, words)
    yield from _limits(timeline, scales, words)
    yield from _beyond(timeline, scales)
    yield from draw_now(timeline, scales)
    for mark in timeline.marks:
        if mark.code == "runs_out":
            x = x_of(timeline, scales, mark.at)
            yield element("circle", cx=x, cy=scales.box.bottom, r=4, class_="tide-open")


def _flags(timeline: Timeline, scales: Scales, words: Words) -> Iterator[Flag]:
    for place, turn in enumerate(timeline.turns):
        yield from _losses(timeline, place, turn, scales, words)
    for mark in timeline.marks:
        if mark.code in ("runs_out", "slow", "overage"):
            x = x_of(timeline, scales, mark.at)
            day = words.short_day(mark.at, timeline.timezone)
            speed = words.speed(mark.figures.get("kbps"))
            head = words.label(mark.code, speed=speed)
            yield Flag(x, head, day, "", 2**62, scales.box.bottom - 4)


def _losses(
    timeline: Timeline, place: int, turn: Turn, scales: Scales, words: Words
) -> Iterator[Flag]:
    """One flag for each reason for which something breaks off at a turn."""
    left, right = scales.gap(place)
    before = timeline.spans[place]
    was, floor = {}, 0
    for layer, level in zip(before.layers, before.points[-1].levels, strict=True):
        was[layer.bucket] = floor, floor + level
        floor += level
    told: dict[str, list[tuple[int, int]]] = {}
    figures = {broken.reason: broken.figures for broken in turn.broken}
    for broken, top, _ in pieces(turn, was):
        told.setdefault(broken.reason, []).append((broken.bytes, top))
    share = (right - left) * 0.72 / max(1, len(told))
    for position, (reason, cuts) in enumerate(told.items()):
        amount = sum(cut for cut, _ in cuts)
        foot = scales.y(max(top for _, top in cuts)) + 3
        code = _head(reason, ahead=turn.at > timeline.known_until)
        yield Flag(
            left + share * (position + 0.5),
            words.label(code, data=words.data(amount, timeline.plan)),
            _note(reason, figures[reason], timeline, words),
            "" if reason == "converted" else "tide-lost",
            amount,
            foot,
        )


def _note(reason: str, figures: Mapping[str, Any], timeline: Timeline, words: Words) -> str:
    """The second line of a flag: why, or what it became."""
    if reason == "expired":
        return ""
    if reason == "converted":
        return words.money(parse_money(figures["credit"]))
    return words.short_reason(reason, figures, timeline.plan)


def _head(reason: str, *, ahead: bool) -> str:
    if reason == "converted":
        return "converted"
    if reason == "expired":
        return "to_expire" if ahead else "expired"
    return "to_lose" if ahead else "lost"


def _band(timeline: Timeline, scales: Scales) -> Iterator[str]:
    """Between the slower and the faster pace: where the total will probably be."""
    for place, span in enumerate(timeline.spans):
        edges = [
            [(scales.x(span, place, total.at), scales.y(total.bytes)) for total in totals]
            for totals in (_within(timeline.high, span), _within(timeline.low, span))
        ]
        if not span.unlimited and all(len(edge) > 1 for edge in edges):
            yield element("path", d=area(*edges), class_="tide-band")


def _within(totals: Sequence[Total], span: Span) -> list[Total]:
    """The totals of one span: after the jump at its start, before the one at its end."""
    inside = [total for total in totals if span.starts <= total.at <= span.ends]
    while len(inside) > 1 and inside[1].at == span.starts:
        inside.pop(0)
    while len(inside) > 1 and inside[-2].at == span.ends:
        inside.pop()
    return inside


def _limits(timeline: Timeline, scales: Scales, words: Words) -> Iterator[str]:
    """Fair use in an unlimited plan: from which amount on it gets slower. Told once."""
    told_already: set[str] = set()
    for place, span in enumerate(timeline.spans):
        left, right = scales.edges[place]
        for tier in span.plan.speeds if span.unlimited else ():
            y = scales.y(tier.after)
            yield element("path", d=f"M{left:.1f} {y:.1f}H{right:.1f}", class_="tide-limit")
            data, speed = words.data(tier.after), words.speed(tier.kbps)
            told = words.label("fair_use", data=data, speed=speed)
            if told not in told_already:
                told_already.add(told)
                yield _limit_label(told, timeline, scales, y + 14)


def _limit_label(told: str, timeline: Timeline, scales: Scales, y: float) -> str:
    """At the right, where there is rarely anything; at the left where now would cross it."""
    right = scales.box.right - 4
    now = x_of(timeline, scales, timeline.now) if timeline.now else scales.box.left
    if now > right - width_of(told, 11) - 8:
        return text(told, scales.box.left + 6, y, class_="tide-lost", font_size=11)
    return text(told, right, y, class_="tide-lost", font_size=11, text_anchor="end")


def _beyond(timeline: Timeline, scales: Scales) -> Iterator[str]:
    """A strip on the ground from where use goes beyond what was left."""
    for mark in timeline.marks:
        if mark.code in ("slow", "overage"):
            place = max(i for i, span in enumerate(timeline.spans) if span.starts <= mark.at)
            left = scales.x(timeline.spans[place], place, mark.at)
            width = scales.edges[place][1] - left
            y = scales.box.bottom - 4
            yield element("rect", x=left, y=y, width=width, height=4, class_="tide-beyond")
