"""Plays ledger entries back as levels over time: the machine behind the tide chart.

Entries come in order. Between two *turns* (instants at which bytes are carried or lost, or a
period begins) lies a *span*; within it a level falls by use and jumps by a top-up. Nothing is
decided here: the order in which layers stack is that of `burn_order`.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from eka.rules.buckets import burn_order
from eka.rules.fates import OUTFLOWS, is_turning, moves
from eka.rules.forecasts import between
from eka.rules.instants import parse_instant
from eka.rules.lines import Bucket, Entry, Line, Period
from eka.rules.plans import Plan
from eka.rules.timelines import Broken, Flow, Layer, Mark, MarkCode, Point, Span, Total, Turn

MARKS: dict[str, MarkCode] = {
    "suspended": "suspended",
    "resumed": "resumed",
    "closed": "closed",
    "lapsed": "lapsed",
}

BEYOND: dict[str, MarkCode] = {"throttled": "slow", "overage": "overage"}


class Frame(NamedTuple):
    """The levels at an instant, and the bytes used in the period by then."""

    at: datetime
    levels: dict[int, int]
    used: int


class Scene(NamedTuple):
    """What a span is played in: the plan, the period's end and number, whether it is unlimited."""

    plan: Plan
    number: int
    ends: datetime | None = None
    unlimited: bool = False


class Tape:
    """Takes entries in order and keeps the spans, turns and marks that they make."""

    def __init__(self, timezone: str, plans: Mapping[str, Plan], scene: Scene) -> None:
        self.timezone, self.plans = timezone, plans
        self.spans: list[Span] = []
        self.turns: list[Turn] = []
        self.marks: list[Mark] = []
        self._scene, self._old_scene = scene, scene
        self._buckets: dict[int, Bucket] = {}
        self._levels: dict[int, int] = {}
        self._old_levels: dict[int, int] = {}
        self._used = 0
        self._frames: list[Frame] = []
        self._turn: list[Entry] = []

    def know(self, buckets: Iterable[Bucket]) -> None:
        """Learns of buckets from the line itself."""
        self._buckets.update((bucket.number, bucket) for bucket in buckets)

    def resume(self, period: Period) -> None:
        """Learns what the present period is from the line itself."""
        unlimited = period.plan.data is None
        self._scene = Scene(period.plan, period.number, period.ends, unlimited)

    def learn(self, entry: Entry) -> None:
        """Learns of the bucket or the period that an entry makes, without moving anything."""
        if entry.code == "granted" and entry.reason == "plan":
            plan = self.plans.get(entry.figures["plan"], self._scene.plan)
            ends, unlimited = parse_instant(entry.figures["ends"]), plan.data is None
            self._scene = Scene(plan, self._scene.number + 1, ends, unlimited)
        elif entry.code == "activated":
            plan = self.plans.get(entry.figures["plan"], self._scene.plan)
            self._scene = self._scene._replace(plan=plan)
        elif entry.code == "end_moved":
            self._scene = self._scene._replace(ends=parse_instant(entry.figures["after"]))
        elif entry.code in ("lapsed", "closed"):
            self._scene = self._scene._replace(unlimited=False)
        number = entry.into if entry.code == "carried" else entry.bucket
        known = self._buckets.get(number or 0)
        if number is not None and known is None:
            self._buckets[number] = self._bucket_of(number, entry)
        elif known is not None and entry.code == "carried":  # carried again: it lives on, as old
            self._buckets[known.number] = replace(
                self._bucket_of(known.number, entry), born=known.born
            )

    def _bucket_of(self, number: int, entry: Entry) -> Bucket:
        carried, expires = entry.code == "carried", entry.figures.get("expires")
        own = bool(expires) and (not carried or entry.figures.get("renewals") is None)
        return Bucket(
            number=number,
            kind="rollover" if carried else (entry.kind or "plan"),
            left=1,
            born=entry.at,
            starts=entry.at,
            expires=parse_instant(expires) if expires else None,
            period=None
            if own
            else self._scene.number + carried,  # what is carried comes with the next
            generation=int(entry.figures.get("generation", 0)),
        )

    def open(self, at: datetime, levels: Mapping[int, int]) -> None:
        """Begins the first span with levels that were there before."""
        self._levels = dict(levels)
        self._mark(at)

    def jump(self, entries: Iterable[Entry], not_before: datetime | None = None) -> None:
        """Takes entries that happened, each at its own instant."""
        for entry in entries:
            at = entry.at if not_before is None else max(entry.at, not_before)
            self._take(entry, at, jumps=True)
            self._note_beyond(entry, at)
        self._close_turn()

    def spread(
        self, entries: Iterable[Entry], starts: datetime, ends: datetime, asked: int
    ) -> None:
        """Takes uses that are spread evenly over [starts, ends], `asked` bytes in all."""
        done = 0
        for entry in entries:
            begun, done = done, done + (entry.bytes if entry.code in ("used", "unserved") else 0)
            self._take(entry, between(starts, ends, done, asked), jumps=False)
            self._note_beyond(entry, between(starts, ends, begun, asked))
        self.wait(ends)

    def wait(self, at: datetime) -> None:
        """Nothing more happens until `at`."""
        self._close_turn()
        self._mark(at)

    def finish(self, at: datetime) -> None:
        """Ends the last span."""
        self.wait(at)
        self._close_span(at, self._scene)

    def _take(self, entry: Entry, at: datetime, *, jumps: bool) -> None:
        turning = is_turning(entry)
        if self._frames:  # what was brought along may have expired before the line began
            at = max(at, self._frames[-1].at)
        if self._turn and (not turning or self._turn[0].at != at):
            self._close_turn()
        if turning and not self._turn:
            self._mark(at)
            self._old_scene, self._old_levels = self._scene, dict(self._levels)
        elif not turning and jumps:
            self._mark(at)
        self.learn(entry)
        self._move(entry)
        if turning:
            self._turn.append(replace(entry, at=at))
        else:
            self._mark(at)
        self._note(entry, at)

    def _move(self, entry: Entry) -> None:
        for bucket, amount in moves(entry):
            self._levels[bucket] = self._levels.get(bucket, 0) + amount
        if entry.code == "used":
            self._used += entry.bytes
        elif entry.code == "granted" and entry.reason == "plan":
            self._used = 0

    def _note(self, entry: Entry, at: datetime) -> None:
        code = MARKS.get(entry.code)
        if code is not None:
            self.marks.append(Mark(code=code, at=at))

    def _note_beyond(self, entry: Entry, at: datetime) -> None:
        """Marks the period's first use beyond what was left."""
        beyond = BEYOND.get(entry.reason) if entry.code == "used" else None
        since = self._period_starts()
        if beyond and not any(mark.code == beyond and mark.at >= since for mark in self.marks):
            figures = {"kbps": entry.figures["kbps"]} if beyond == "slow" else {}
            self.marks.append(Mark(code=beyond, at=at, figures=figures))

    def _period_starts(self) -> datetime:
        return self.turns[-1].at if self.turns else self._frames[0].at

    def _mark(self, at: datetime) -> None:
        over, last = self._scene.ends, self._frames[-1] if self._frames else None
        if over and last and last.at < over < at:  # from here on what is left is held
            self._frames.append(Frame(over, last.levels, last.used))
        frame = Frame(at, {n: level for n, level in self._levels.items() if level}, self._used)
        if not self._frames or self._frames[-1] != frame:
            self._frames.append(frame)

    def _close_turn(self) -> None:
        if not self._turn:
            return
        told, self._turn = self._turn, []
        at, begins = told[0].at, None
        if not self.spans and all(f.at == at and not f.levels for f in self._frames):
            self._frames = []  # the line's very beginning: there is nothing before it
            self._mark(at)
            return
        self._close_span(at, self._old_scene)
        granted = [e for e in told if e.code == "granted" and e.reason == "plan"]
        if granted:
            begins = self.plans.get(granted[-1].figures["plan"], self._scene.plan)
        self.turns.append(
            Turn(
                at=at,
                flows=tuple(_flows(self._old_levels, told)),
                broken=tuple(_broken(entry) for entry in told if entry.code in OUTFLOWS),
                begins=begins,
                by=granted[-1].figures.get("by", "") if granted else "",
            )
        )
        self._mark(at)

    def _close_span(self, at: datetime, scene: Scene) -> None:
        frames, self._frames = self._frames, []
        stack = self._stack({n for frame in frames for n in frame.levels}, scene, at)
        over = scene.ends is not None and scene.ends < at
        self.spans.append(
            Span(
                starts=frames[0].at,
                ends=at,
                plan=scene.plan,
                unlimited=scene.unlimited,
                layers=tuple(self._layer(number) for number in stack),
                points=tuple(
                    Point(f.at, tuple(f.levels.get(number, 0) for number in stack)) for f in frames
                ),
                used=tuple(Total(frame.at, frame.used) for frame in frames),
                held_from=max(scene.ends, frames[0].at) if over and scene.ends else None,
            )
        )

    def _layer(self, number: int) -> Layer:
        bucket = self._buckets[number]
        return Layer(
            bucket=number, kind=bucket.kind, generation=bucket.generation, until=bucket.expires
        )

    def _stack(self, present: set[int], scene: Scene, at: datetime) -> list[int]:
        """The buckets from the bottom up: what burns first lies on top."""
        ends = scene.ends or at
        period = Period(
            number=scene.number,
            plan=scene.plan,
            starts=at,
            ends=ends,
            anchor=at,
            months=0,
            paid_at=at,
            armed_at=at,
        )
        held = tuple(replace(self._buckets[number], left=1) for number in sorted(present))
        line = Line(timezone=self.timezone, state="active", period=period, buckets=held)
        return [bucket.number for bucket in reversed(burn_order(line))]


def _flows(before: Mapping[int, int], told: Iterable[Entry]) -> Iterator[Flow]:
    """What of each level passes the turn, and into which bucket."""
    told = list(told)
    homes = {entry.bucket: entry.into for entry in told if entry.code == "carried"}
    for number, level in before.items():
        gone = sum(e.bytes for e in told if e.code in OUTFLOWS and e.bucket == number)
        if level > gone:
            into = homes.get(number)
            yield Flow(
                source=number, into=into or number, bytes=level - gone, carried=into is not None
            )


def _broken(entry: Entry) -> Broken:
    return Broken(
        bucket=entry.bucket or 0,
        kind=entry.kind or "plan",
        bytes=entry.bytes,
        reason=entry.reason,
        figures=entry.figures,
    )
