"""What the tide chart shows, as values: levels of each bucket over time, turns and marks."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from eka.rules.plans import Kind, Plan

# `slow` and `overage`: from here on the period's use goes beyond what was left.
MarkCode = Literal["now", "runs_out", "slow", "overage", "lapsed", "suspended", "resumed", "closed"]


class Layer(Struct, frozen=True, kw_only=True):
    """One bucket as it is drawn; `until` is its own expiry, None where it ends with its period."""

    bucket: int
    kind: Kind
    generation: int = 0
    until: datetime | None = None


class Point(Struct, frozen=True):
    """The level of each layer at an instant, bottom first; two at one instant are a jump."""

    at: datetime
    levels: tuple[int, ...]

    @property
    def total(self) -> int:
        """What all layers hold."""
        return sum(self.levels)


class Total(Struct, frozen=True):
    """Bytes in all at an instant."""

    at: datetime
    bytes: int


class Span(Struct, frozen=True, kw_only=True):
    """A stretch of time between two turns. Layers that burn first are on top, so they stand last.

    `used` counts the period's use; where the plan is `unlimited` there is nothing else to draw.
    From `held_from` on the period is over and what is left cannot be used.
    """

    starts: datetime
    ends: datetime
    plan: Plan
    unlimited: bool
    layers: tuple[Layer, ...]
    points: tuple[Point, ...]
    used: tuple[Total, ...]
    held_from: datetime | None = None


class Flow(Struct, frozen=True, kw_only=True):
    """Bytes that pass a turn: from a layer before it into one after it."""

    source: int
    into: int
    bytes: int
    carried: bool


class Broken(Struct, frozen=True, kw_only=True):
    """Bytes that end at a turn, and why. `reason` converted: they became credit."""

    bucket: int
    kind: Kind
    bytes: int
    reason: str
    figures: dict[str, Any] = {}


class Turn(Struct, frozen=True, kw_only=True):
    """An instant between two spans: what passes it, what ends at it, the plan that begins at it."""

    at: datetime
    flows: tuple[Flow, ...] = ()
    broken: tuple[Broken, ...] = ()
    begins: Plan | None = None
    by: str = ""


class Mark(Struct, frozen=True, kw_only=True):
    """Something at one instant that is neither a level nor a turn."""

    code: MarkCode
    at: datetime
    figures: dict[str, Any] = {}


class Timeline(Struct, frozen=True, kw_only=True):
    """Levels of data over time. `turns[i]` lies between `spans[i]` and `spans[i + 1]`.

    Up to `known_until` it happened; beyond, it is expected. `low` and `high` enclose the expected
    total. `now` is None where the chart is not about a live line.
    """

    timezone: str
    plan: Plan
    starts: datetime
    ends: datetime
    known_until: datetime
    now: datetime | None = None
    spans: tuple[Span, ...] = ()
    turns: tuple[Turn, ...] = ()
    marks: tuple[Mark, ...] = ()
    low: tuple[Total, ...] = ()
    high: tuple[Total, ...] = ()
