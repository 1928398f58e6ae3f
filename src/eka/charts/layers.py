"""The water itself: layers over time, what flows on at a turn, what breaks off."""

from collections.abc import Iterator, Sequence
from itertools import product

from eka.charts.scales import Scales, Stretch, stretches, x_of
from eka.charts.svg import Place, area, element, number, outline, text, titled, width_of
from eka.rules.plans import KINDS, Kind
from eka.rules.timelines import Broken, Span, Timeline, Turn
from eka.words import Words

LABEL = 11.0
TEETH = 5.0  # the torn edge of what breaks off
DROP = 5.0  # how far a piece sinks as it breaks off
SLIT = 2.0  # between a piece and the layer it came from
SEAM = 0.4  # opaque shapes overlap a little, so that no hairline shows between them
THINNEST = 2.5  # a small loss is still seen


def patterns(prefix: str) -> str:
    """The hatching of each kind. Ids are the page's own, hence the prefix."""
    made = (
        element(
            "pattern",
            element("rect", width=6, height=6, class_="tide-paper")
            + element("path", d="M0 0V6", class_=f"tide-hatch tide-edge-{kind}"),
            id=f"{prefix}-{kind}",
            width=6,
            height=6,
            patternUnits="userSpaceOnUse",
            patternTransform="rotate(45)",
        )
        for kind in KINDS
    )
    return element("defs", "".join(made))


def draw_spans(timeline: Timeline, scales: Scales) -> Iterator[str]:
    """Every span's layers: what happened in full colour, what is expected paler."""
    for place, span in enumerate(timeline.spans):
        if span.unlimited:
            yield from _use(timeline, span, place, scales)
            continue
        for stretch in stretches(span, timeline.known_until):
            yield from _stack(span, stretch, place, scales)


def _stack(span: Span, stretch: Stretch, place: int, scales: Scales) -> Iterator[str]:
    points = stretch.points
    xs = [scales.x(span, place, point.at) for point in points]
    floors = [0] * len(points)
    for position, layer in enumerate(span.layers):
        tops = [floor + point.levels[position] for floor, point in zip(floors, points, strict=True)]
        upper, lower = _edge(xs, tops, scales), _edge(xs, floors, scales)
        shade = " tide-held" if stretch.held else " tide-ahead" if stretch.ahead else ""
        yield element("path", d=area(upper, lower), class_=f"tide-{layer.kind}{shade}")
        dashes = " tide-edge-ahead" if stretch.ahead else ""
        for run in _runs(upper, lower):
            yield element(
                "path", d=outline(run), class_=f"tide-edge tide-edge-{layer.kind}{dashes}"
            )
        floors = tops


def _edge(xs: Sequence[float], amounts: Sequence[int], scales: Scales) -> list[Place]:
    return [(x, scales.y(amount)) for x, amount in zip(xs, amounts, strict=True)]


def _runs(upper: Sequence[Place], lower: Sequence[Place]) -> Iterator[list[Place]]:
    """The stretches of an edge where its layer has any height."""
    run: list[Place] = []
    for place, (top, floor) in enumerate(zip(upper, lower, strict=True)):
        if top[1] < floor[1] or (run and upper[place - 1][1] < lower[place - 1][1]):
            run.append(top)
        else:
            if len(run) > 1:
                yield run
            run = [top]
    if len(run) > 1 and any(p[1] < q[1] for p, q in zip(upper, lower, strict=True)):
        yield run


def _use(timeline: Timeline, span: Span, place: int, scales: Scales) -> Iterator[str]:
    """An unlimited span: what was used, as a rising edge."""
    for ahead in (False, True):
        points = [
            (scales.x(span, place, used.at), scales.y(used.bytes))
            for used in span.used
            if (used.at >= timeline.known_until if ahead else used.at <= timeline.known_until)
        ]
        if len(points) < 2:
            continue
        floor = [(x, scales.box.bottom) for x, _ in points]
        yield element("path", d=area(points, floor), class_="tide-plan tide-ahead")
        dashes = " tide-edge-ahead" if ahead else ""
        yield element("path", d=outline(points), class_=f"tide-edge tide-edge-plan{dashes}")


def draw_turn(
    timeline: Timeline, place: int, scales: Scales, words: Words, prefix: str
) -> Iterator[str]:
    """What flows through the gap of a turn, over what breaks off in it."""
    turn, before, after = timeline.turns[place], timeline.spans[place], timeline.spans[place + 1]
    left, right = scales.gap(place)
    if right - left < 1:
        return
    ahead = " tide-ahead" if turn.at > timeline.known_until else ""
    seam = 0.0 if ahead else SEAM
    was, becomes = _heights(before, -1), _heights(after, 0)
    kinds = {layer.bucket: layer.kind for layer in (*before.layers, *after.layers)}
    for flow in turn.flows:
        source, home = was.get(flow.source), becomes.get(flow.into)
        if source and home and not (before.unlimited or after.unlimited):
            yield _ribbon(
                (left - seam, scales.y(source[0] + flow.bytes), scales.y(source[0])),
                (right + seam, scales.y(home[1]), scales.y(home[0])),
                f"tide-{kinds[flow.into]}{ahead}",
                f"tide-edge tide-edge-{kinds[flow.into]}" + (" tide-edge-ahead" if ahead else ""),
            )
    for broken, top, bottom in pieces(turn, was):
        yield _piece(broken, (left, right), _edges_of(top, bottom, scales), words, prefix)


def _edges_of(top: int, bottom: int, scales: Scales) -> tuple[float, float, float]:
    return scales.y(top), scales.y(bottom), scales.box.bottom


def _heights(span: Span, point: int) -> dict[int, tuple[int, int]]:
    """Each layer's lower and upper edge in bytes, at the span's first or last point."""
    heights: dict[int, tuple[int, int]] = {}
    floor = 0
    for layer, level in zip(span.layers, span.points[point].levels, strict=True):
        heights[layer.bucket] = floor, floor + level
        floor += level
    return heights


def pieces(turn: Turn, was: dict[int, tuple[int, int]]) -> Iterator[tuple[Broken, int, int]]:
    """What breaks off, with its upper and lower edge: it comes off the top of its layer."""
    tops = {bucket: top for bucket, (_, top) in was.items()}
    for broken in turn.broken:
        top = tops.get(broken.bucket)
        if top is not None:
            tops[broken.bucket] = top - broken.bytes
            yield broken, top, top - broken.bytes


def _piece(
    broken: Broken,
    gap: tuple[float, float],
    edges: tuple[float, float, float],
    words: Words,
    prefix: str,
) -> str:
    top, bottom, ground = edges
    bottom = max(bottom, top + THINNEST)
    left, right = gap[0] + SLIT, gap[0] + (gap[1] - gap[0]) * 0.72
    drop = max(0.0, min(DROP, ground - bottom))
    teeth = max(1, round((bottom - top) / TEETH / 2))
    step = (bottom - top) / teeth
    torn: list[Place] = []
    for tooth in range(teeth):
        torn.append((right, top + drop + step * tooth))
        torn.append((right - TEETH, top + drop + step * (tooth + 0.5)))
    torn.append((right, bottom + drop))
    data = outline([(left, top), *torn, (left, bottom)]) + "Z"
    told = words.label("lost", data=words.data(broken.bytes))
    return titled(
        "path",
        f"{told}: {words.short_reason(broken.reason, broken.figures)}",
        d=data,
        fill=f"url(#{prefix}-{broken.kind})",
        class_=f"tide-scrap tide-edge-{broken.kind}",
    )


def _ribbon(
    source: tuple[float, float, float], home: tuple[float, float, float], fill: str, edge: str
) -> str:
    """A band from (x, top, bottom) to (x, top, bottom), level at both ends."""
    (x, top, bottom), (to_x, to_top, to_bottom) = source, home
    middle = number((x + to_x) / 2)
    there = f"C{middle} {number(top)} {middle} {number(to_top)} {number(to_x)} {number(to_top)}"
    back = f"C{middle} {number(to_bottom)} {middle} {number(bottom)} {number(x)} {number(bottom)}"
    start = f"M{number(x)} {number(top)}{there}"
    band = element("path", d=f"{start}L{number(to_x)} {number(to_bottom)}{back}Z", class_=fill)
    return band + element("path", d=start, class_=edge)


def draw_labels(timeline: Timeline, scales: Scales, words: Words) -> Iterator[str]:
    """The amount with which each layer begins a span, where there is room inside the layer."""
    for place, span in enumerate(timeline.spans):
        if span.unlimited:
            continue
        for position in range(len(span.layers)):
            yield from _label(timeline, place, position, scales, words)


def _label(
    timeline: Timeline, place: int, position: int, scales: Scales, words: Words
) -> Iterator[str]:
    span = timeline.spans[place]
    layer = span.layers[position]
    filled = [point for point in span.points if point.levels[position]]
    if not filled:
        return
    first = [point for point in filled if point.at == filled[0].at][-1]  # after all jumps there
    amount = words.data(first.levels[position], timeline.plan)
    start = scales.x(span, place, first.at) + 6
    now = None if timeline.now is None else x_of(timeline, scales, timeline.now)
    starts = [start] if now is None or now < start else [start, now + 6]
    for told, left in product((f"{words.kind(layer.kind)} {amount}", amount), starts):
        right = left + width_of(told, LABEL) * 1.05
        if now is not None and left - 4 < now < right + 4:
            continue
        room = _room(span, place, position, scales, (left - 4, right + 4))
        if room is not None and room[1] - room[0] >= LABEL + 4:
            y = (room[0] + room[1]) / 2 + LABEL * 0.36
            yield text(told, left, y, class_="tide-on", font_size=LABEL)
            return


def _room(
    span: Span, place: int, position: int, scales: Scales, across: tuple[float, float]
) -> tuple[float, float] | None:
    """The top and bottom that a layer covers all the way across, or None."""
    if across[1] > scales.edges[place][1]:
        return None
    first = None
    top, bottom = scales.box.top, scales.box.bottom
    for point in span.points:
        x = scales.x(span, place, point.at)
        if point.levels[position] and first is None:
            first = x
        if x < across[0] and first is None:
            continue
        floor = sum(point.levels[:position])
        if first is not None:
            top = max(top, scales.y(floor + point.levels[position]))
            bottom = min(bottom, scales.y(floor))
        if x > across[1]:
            break
    return (top, bottom) if top < bottom else None


__all__ = ["Kind", "draw_labels", "draw_spans", "draw_turn", "patterns", "pieces"]
