"""Plays ledger entries back as levels over time: the machine behind the tide chart.

Entries come in order. Between two *turns* (instants at which bytes are carried or lost, or a period
begins) lies a *span*; within it a level falls by use and jumps by a top-up. Nothing is decided here:
the order in which layers stack is that of `burn_order`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from eka.rules.buckets import FOREVER, burn_order
from eka.rules.instants import parse_instant
from eka.rules.lines import Bucket, Entry, Line, Period
from eka.rules.plans import Kind, Plan

OUTFLOWS = ("forfeited", "expired", "converted")
TURNING = (*OUTFLOWS, "carried", "activated", "lapsed", "closed")


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
    plan: str
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
    begins: str | None = None
    by: str = ""


class Tape:
    """Takes entries in order and keeps the spans and turns that they make."""

    def __init__(self, timezone: str, plans: Mapping[str, Plan], plan: Plan) -> None:
        self.timezone, self.plans, self.plan = timezone, plans, plan
        self.spans: list[Span] = []
        self.turns: list[Turn] = []
        self.buckets: dict[int, Bucket] = {}
        self.levels: dict[int, int] = {}
        self.unlimited = False
        self.used = 0
        self.period_ends: datetime | None = None
        self.period_number = 1
        self._frames: list[tuple[datetime, dict[int, int], int]] = []
        self._turn: list[Entry] = []
        self._before: dict[int, int] = {}

    # Knowing buckets

    def know(self, bucket: Bucket) -> None:
        """Learns of a bucket from the line itself."""
        self.buckets[bucket.number] = bucket

    def learn(self, entry: Entry) -> None:
        """Learns of the bucket or the period that an entry makes, without moving anything."""
        number = entry.into if entry.code == "carried" else entry.bucket
        if entry.code == "granted" and entry.reason == "plan":
            self.plan = self.plans.get(entry.figures["plan"], self.plan)
            self.period_ends = parse_instant(entry.figures["ends"])
            self.period_number += 1
        if entry.code == "end_moved":
            self.period_ends = parse_instant(entry.figures["after"])
        if number is not None and number not in self.buckets:
            self.buckets[number] = self._bucket_of(number, entry)

    def _bucket_of(self, number: int, entry: Entry) -> Bucket:
        carried = entry.code == "carried"
        expires = entry.figures.get("expires")
        ahead = 1 if carried else 0  # what is carried belongs to the period that comes
        own = bool(expires) and (not carried or entry.figures.get("renewals") is None)
        return Bucket(
            number=number,
            kind="rollover" if carried else (entry.kind or "plan"),
            left=1,
            born=entry.at,
            starts=entry.at,
            expires=parse_instant(expires) if expires else None,
            period=None if own else self.period_number + ahead,
            generation=int(entry.figures.get("generation", 0)),
        )

    # Taking entries

    def open(self, at: datetime, levels: Mapping[int, int], used: int = 0) -> None:
        """Begins the first span with levels that were there before."""
        self.levels = {number: level for number, level in levels.items() if level}
        self.used = used
        self._mark(at)

    def jump(self, entries: Iterable[Entry]) -> None:
        """Takes entries that happened, each at its own instant."""
        for entry in entries:
            self._take(entry, entry.at)
        self._close_turn()

    def spread(self, entries: Iterable[Entry], starts: datetime, ends: datetime, asked: int) -> None:
        """Takes uses that are spread evenly over [starts, ends], `asked` bytes in all."""
        done = 0
        for entry in entries:
            if entry.code in ("used", "unserved"):
                done += entry.bytes
            self._take(entry, starts + (ends - starts) * done // max(1, asked), slope=True)
        self._close_turn()
        self._mark(ends)

    def finish(self, at: datetime) -> None:
        """Ends the last span."""
        self._close_turn()
        self._mark(at)
        self._close_span(at)

    def _take(self, entry: Entry, at: datetime, *, slope: bool = False) -> None:
        turns = entry.code in TURNING or (
            entry.code == "granted" and entry.reason in ("plan", "round_up", "brought")
        )
        if not turns or (self._turn and self._turn[0].at != at):
            self._close_turn()
        self.learn(entry)
        if turns:
            if not self._turn:
                self._mark(at)
                self._before = dict(self.levels)
            self._turn.append(replace(entry, at=at))
            self._move(entry)
        else:
            if not slope:
                self._mark(at)
            self._move(entry)
            self._mark(at)

    def _move(self, entry: Entry) -> None:
        if entry.code == "granted":
            self._add(entry.bucket, entry.bytes)
            if entry.reason == "plan":
                self.unlimited, self.used = bool(entry.figures.get("unlimited")), 0
        elif entry.code == "used":
            self.used += entry.bytes
            if not entry.reason:
                self._add(entry.bucket, -entry.bytes)
        elif entry.code == "carried" and entry.into != entry.bucket:
            self._add(entry.bucket, -entry.bytes)
            self._add(entry.into, entry.bytes)
        elif entry.code in OUTFLOWS:
            self._add(entry.bucket, -entry.bytes)
        elif entry.code in ("lapsed", "closed"):
            self.unlimited = False

    def _add(self, bucket: int | None, amount: int) -> None:
        if bucket is not None:
            self.levels[bucket] = self.levels.get(bucket, 0) + amount

    # Cutting the tape into spans

    def _mark(self, at: datetime) -> None:
        frame = (at, {n: level for n, level in self.levels.items() if level}, self.used)
        if not self._frames or self._frames[-1] != frame:
            self._frames.append(frame)

    def _close_turn(self) -> None:
        if not self._turn:
            return
        at = self._turn[0].at
        self._close_span(at)
        begun = next((e for e in self._turn if e.code == "granted" and e.reason == "plan"), None)
        self.turns.append(
            Turn(
                at=at,
                flows=tuple(self._flows()),
                broken=tuple(_broken(entry) for entry in self._turn if entry.code in OUTFLOWS),
                begins=begun.figures["plan"] if begun else None,
                by=begun.figures.get("by", "") if begun else "",
            )
        )
        self._turn = []
        self._mark(at)

    def _flows(self) -> Iterable[Flow]:
        into = {e.bucket: e.into for e in self._turn if e.code == "carried"}
        gone: dict[int | None, int] = {}
        for entry in self._turn:
            if entry.code in OUTFLOWS:
                gone[entry.bucket] = gone.get(entry.bucket, 0) + entry.bytes
        for number, level in self._before.items():
            rest = level - gone.get(number, 0)
            if rest > 0:
                home = into.get(number) or number
                yield Flow(source=number, into=home, bytes=rest, carried=number in into)

    def _close_span(self, at: datetime) -> None:
        frames, self._frames = self._frames, []
        if not frames:
            return
        present = {number for _, levels, _ in frames for number in levels}
        order = self._stack(present)
        held = self.period_ends_of_span if self.period_ends_of_span else None
        self.spans.append(
            Span(
                starts=frames[0][0],
                ends=at,
                plan=self._plan_name,
                unlimited=self._was_unlimited,
                layers=tuple(self._layer(bucket) for bucket in order),
                points=_points(frames, [bucket.number for bucket in order]),
                used=tuple(Total(instant, used) for instant, _, used in frames),
                held_from=held if held and held < at else None,
            )
        )
