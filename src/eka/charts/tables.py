"""The tide chart's figures as rows, for screen readers and for those who prefer figures."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from eka.rules.plans import KINDS, Kind
from eka.rules.timelines import Mark, Point, Span, Timeline, Turn
from eka.words import Words


class Table(Struct, frozen=True):
    """A heading for each column, and rows of as many cells."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def table(timeline: Timeline, words: Words) -> Table:
    """What the line holds at each instant at which more than use changes it."""
    kinds = tuple(
        kind
        for kind in KINDS
        if any(layer.kind == kind for span in timeline.spans for layer in span.layers)
    )
    total = "total" if kinds else "total_used"
    head = (words.label("when"), words.label("what"), *map(words.kind, kinds), words.label(total))
    return Table(head, tuple(_rows(timeline, words, kinds)))


def _rows(timeline: Timeline, words: Words, kinds: tuple[Kind, ...]) -> Iterator[tuple[str, ...]]:
    def row(at: datetime, what: str, span: Span, point: Point) -> tuple[str, ...]:
        day = words.instant(at, timeline.timezone)
        return (day, what, *_amounts(timeline, words, kinds, span, point))

    for place, span in enumerate(timeline.spans):
        if place == 0:
            yield row(span.starts, words.label("begins"), span, span.points[0])
        for mark in timeline.marks:
            if mark.code in ("now", "runs_out") and _within(mark, span):
                point = [point for point in span.points if point.at <= mark.at][-1]
                yield row(mark.at, words.label(mark.code), span, point)
        if place < len(timeline.turns):
            turn = timeline.turns[place]
            after = timeline.spans[place + 1]
            yield row(turn.at, _what(timeline, turn, words), after, after.points[0])
    last = timeline.spans[-1]
    if last.ends > last.starts:
        yield row(last.ends, words.label("ends"), last, last.points[-1])


def _within(mark: Mark, span: Span) -> bool:
    return span.starts <= mark.at < span.ends


def _what(timeline: Timeline, turn: Turn, words: Words) -> str:
    told = [words.label("renewal")] if turn.begins is not None else []
    carried = sum(flow.bytes for flow in turn.flows if flow.carried)
    if carried:
        told.append(words.label("carried", data=words.data(carried, timeline.plan)))
    for broken in turn.broken:
        told.append(
            words.label(
                "converted_row" if broken.reason == "converted" else "loss_row",
                data=words.data(broken.bytes, timeline.plan),
                kind=words.kind_within(broken.kind),
                reason=words.reason(
                    broken.reason, broken.figures, timeline.timezone, like=timeline.plan
                ),
            )
        )
    return words.sentence_list(told)


def _amounts(
    timeline: Timeline, words: Words, kinds: tuple[Kind, ...], span: Span, point: Point
) -> Iterator[str]:
    if not kinds or span.unlimited:
        used = [total.bytes for total in span.used if total.at <= point.at]
        yield from ("" for _ in kinds)
        yield words.data(used[-1] if used else 0, timeline.plan)
        return
    for kind in kinds:
        levels = zip(span.layers, point.levels, strict=True)
        held = sum(level for layer, level in levels if layer.kind == kind)
        yield words.data(held, timeline.plan)
    yield words.data(point.total, timeline.plan)
