"""Flags: short texts on a thin pole above the place that they explain, never over one another."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from eka.charts.svg import element, text, width_of

SIZE = 11.0
LANE = 30.0  # two lines of text and some air
POLE_GAP = 4.0  # between the pole and its text
AIR = 8.0  # between two flags


class Flag(Struct, frozen=True):
    """Two lines at `x`; `weight` says which flag matters more when room is short."""

    x: float
    head: str
    note: str
    class_: str
    weight: int
    foot: float  # how far down the pole goes

    @property
    def width(self) -> float:
        """How wide the wider line is."""
        return max(width_of(self.head, SIZE) * 1.06, width_of(self.note, SIZE)) + POLE_GAP


class Planted(Struct, frozen=True):
    """A flag in its lane (0 is the lowest); `left` is where its text begins."""

    flag: Flag
    lane: int
    left: float
    right: float


def plant(flags: Iterable[Flag], left: float, right: float, lanes: int) -> list[Planted]:
    """As many flags as fit into `lanes`, and the weightier ones where not all do.

    Several simple orders are tried: trying all would gain nothing that one could see.
    """
    waiting = list(flags)
    orders = [
        sorted(waiting, key=lambda flag: -flag.weight),
        sorted(waiting, key=lambda flag: flag.x),
        sorted(waiting, key=lambda flag: -flag.x),
    ]
    tries = [
        _plant_in_order(order, (left, right), lanes, to_the_right=side)
        for order in orders
        for side in (True, False)
    ]
    return max(tries, key=lambda planted: (len(planted), sum(p.flag.weight for p in planted)))


def _plant_in_order(
    flags: Iterable[Flag], bounds: tuple[float, float], lanes: int, *, to_the_right: bool
) -> list[Planted]:
    planted: list[Planted] = []
    for flag in flags:
        for spot in _spots(flag, bounds, lanes, to_the_right=to_the_right):
            if not any(_collide(spot, other) for other in planted):
                planted.append(spot)
                break
    return planted


def _spots(
    flag: Flag, bounds: tuple[float, float], lanes: int, *, to_the_right: bool
) -> Iterator[Planted]:
    """Where the flag could stand: to the right of its pole or to the left, lowest lane first."""
    starts = (flag.x, flag.x - flag.width)
    for lane in range(lanes):
        for start in starts if to_the_right else reversed(starts):
            if start >= bounds[0] and start + flag.width <= bounds[1]:
                yield Planted(flag, lane, start, start + flag.width)


def _collide(one: Planted, other: Planted) -> bool:
    if one.lane == other.lane:
        return one.left < other.right + AIR and other.left < one.right + AIR
    upper, lower = (one, other) if one.lane > other.lane else (other, one)
    # The upper flag's pole passes the lower one's lane.
    return lower.left - AIR / 2 < upper.flag.x < lower.right + AIR / 2


def lanes_needed(flags: list[Flag], left: float, right: float, most: int) -> int:
    """The fewest lanes in which as many flags stand as in `most`."""
    best = len(plant(flags, left, right, most))
    return next((n for n in range(most) if len(plant(flags, left, right, n)) == best), most)


def draw_flag(planted: Planted, floor: float) -> str:
    """The pole and the two lines; `floor` is the lower edge of the lowest lane."""
    flag, base = planted.flag, floor - LANE * planted.lane
    to_the_right = planted.left >= flag.x
    x = flag.x + POLE_GAP if to_the_right else flag.x - POLE_GAP
    anchor = "start" if to_the_right else "end"
    pole = element(
        "path", d=f"M{flag.x:.1f} {base - LANE + 4:.1f}V{flag.foot:.1f}", class_="tide-pole"
    )
    head = text(
        flag.head,
        x,
        base - 17,
        class_=f"tide-flag {flag.class_}",
        font_size=SIZE,
        text_anchor=anchor,
    )
    note = text(flag.note, x, base - 4, class_="tide-note", font_size=SIZE, text_anchor=anchor)
    return pole + head + (note if flag.note else "")
