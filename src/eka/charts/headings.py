"""Above the picture: how much is left, as large as it matters, and what the colours mean."""

from collections.abc import Iterator

from msgspec import Struct

from eka.charts.axis import amount_now
from eka.charts.svg import element, text, width_of
from eka.rules.plans import KINDS, Kind, Plan
from eka.rules.timelines import Span, Timeline
from eka.words import Words

PAD = 12.0
LEGEND = 22.0
SMALL = 12.0


class Legend(Struct, frozen=True):
    """One kind of data in the legend, with what is left of it now."""

    kind: Kind
    told: str
    x: float
    row: int


def heading(timeline: Timeline, words: Words) -> str:
    """What is left now, as large as it matters; of an unlimited plan, what was used."""
    if timeline.now is None:
        return ""
    unlimited = _is_unlimited_now(timeline)
    amount, unit = words.data_parts(amount_now(timeline), timeline.plan)
    code = "used_now" if unlimited else "on_hold" if _is_held_now(timeline) else "left"
    told = words.label(code)
    parts = (
        element("tspan", amount, class_="tide-big", font_size=34)
        + element("tspan", unit, class_="tide-soft", font_size=16, dx=5)
        + element("tspan", told, class_="tide-soft", font_size=14, dx=7)
    )
    return element("text", parts, x=PAD, y=38)


def _is_unlimited_now(timeline: Timeline) -> bool:
    return any(span.unlimited for span in _spans_now(timeline))


def _is_held_now(timeline: Timeline) -> bool:
    """Whether the period is over, so that what is left waits for a renewal."""
    now = timeline.now
    return now is not None and any(
        span.held_from is not None and span.held_from <= now for span in _spans_now(timeline)
    )


def _spans_now(timeline: Timeline) -> list[Span]:
    now = timeline.now
    return [span for span in timeline.spans if now and span.starts <= now < span.ends]


def legend_of(timeline: Timeline, words: Words, width: int) -> list[Legend]:
    """The kinds that occur, in rows; with a live line each tells what is left of it."""
    items: list[Legend] = []
    x, row = PAD, 0
    for kind, told in _legend_texts(timeline, words):
        needed = 16 + width_of(told, SMALL)
        if x + needed > width - PAD and x > PAD:
            x, row = PAD, row + 1
        items.append(Legend(kind, told, x, row))
        x += needed + 14
    return items


def _legend_texts(timeline: Timeline, words: Words) -> Iterator[tuple[Kind, str]]:
    present = {layer.kind for span in timeline.spans for layer in span.layers}
    left = _left_by_kind(timeline)
    endless = [span.plan for span in timeline.spans if span.unlimited]
    if endless:
        yield "plan", _unlimited(endless[0], words)
    for kind in KINDS:
        if kind in present and timeline.now is not None:
            yield kind, f"{words.kind(kind)} {words.data(left.get(kind, 0), timeline.plan)}"
        elif kind in present:
            yield kind, words.kind(kind)


def _left_by_kind(timeline: Timeline) -> dict[Kind, int]:
    left: dict[Kind, int] = {}
    for span in timeline.spans:
        past = [p for p in span.points if timeline.now is not None and p.at <= timeline.now]
        if past:
            left = {}
            for layer, level in zip(span.layers, past[-1].levels, strict=True):
                left[layer.kind] = left.get(layer.kind, 0) + level
    return left


def draw_legend(legend: list[Legend], top: float) -> Iterator[str]:
    """The legend's swatches and texts, from `top` down."""
    for item in legend:
        y = top + LEGEND * item.row
        yield element(
            "rect",
            x=item.x,
            y=y + 5,
            width=11,
            height=11,
            rx=2,
            stroke_width=1.5,
            class_=f"tide-{item.kind} tide-edge-{item.kind}",
        )
        yield text(item.told, item.x + 16, y + 15, font_size=SMALL)


def _unlimited(plan: Plan, words: Words) -> str:
    """The legend of an unlimited plan, with its daily quota where it has one."""
    told, daily = words.label("unlimited"), plan.daily
    if daily is None:
        return told
    data = words.data(daily.data)
    if daily.kbps_after is None:
        return f"{told} · {words.label('daily_stop', data=data)}"
    speed = words.speed(daily.kbps_after)
    return f"{told} · {words.label('daily_slow', data=data, speed=speed)}"
