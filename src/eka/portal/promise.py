"""What a purchase does to a line, as an order promises it: two bars, a sentence for every byte."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from eka.portal.speech import words
from eka.rules.instants import parse_instant
from eka.rules.plans import Plan
from eka.words import purchases
from eka.words.reasons import Context

LOST = "lost"


class Piece(Struct, frozen=True):
    """One stretch of a bar, in per cent of its width; `kind` may also be `lost`."""

    kind: str
    starts: str
    width: str


class Bar(Struct, frozen=True):
    """A balance: its figure, its stretches, and the same in words."""

    total: int | None
    pieces: list[Piece]
    spoken: str


class Change(Struct, frozen=True, kw_only=True):
    """The balance of a line before and after a purchase."""

    like: Plan | None
    at: datetime
    before: Bar
    after: Bar
    lost: int
    sentences: Sequence[str]
    ends: str


Parts = list[tuple[str, int]]


def change_of(
    effect: Mapping[str, Any],
    kind: str,
    bonus: int,
    context: Context,
    *,
    on_empty: bool,
) -> Change | None:
    """The change that an effect tells of; None where no line is changed.

    `on_empty`: what was bought starts when the present data is used up.
    """
    if not effect:
        return None
    now, then = _now(effect), _then(effect, kind, bonus)
    whole = max(1, sum(amount for _, amount in now), sum(amount for _, amount in then))
    like = context.like
    return Change(
        like=like,
        at=parse_instant(effect["at"]),
        before=_bar(effect["line"]["before"], now, whole, like),
        after=_bar(effect["line"]["after"], then, whole, like),
        lost=effect["lost"],
        sentences=purchases.sentences(words().tongue, effect, context),
        ends=purchases.ends(words().tongue, effect, context, on_empty=on_empty),
    )


def _now(effect: Mapping[str, Any]) -> Parts:
    return [(fate.kind, fate.left or 0) for fate in purchases.fates(effect)]


def _then(effect: Mapping[str, Any], kind: str, bonus: int) -> Parts:
    """What stays and carries, what is new, and last what is lost."""
    fates = purchases.fates(effect)
    given = min(bonus, effect["granted"])
    new = "topup" if kind == "top_up" else "plan"
    return [
        *(("rollover", fate.carried) for fate in fates),
        *((fate.kind, fate.kept) for fate in fates),
        (new, effect["granted"] - given),
        ("bonus", given),
        (LOST, sum(fate.lost for fate in fates)),
    ]


def _bar(total: int | None, parts: Parts, whole: int, like: Plan | None) -> Bar:
    pieces, before = [], 0
    for kind, amount in parts:
        if amount and total is not None:
            pieces.append(Piece(kind, _percent(before, whole), _percent(amount, whole)))
        before += amount
    return Bar(total, pieces, _spoken(parts, like))


def _spoken(parts: Parts, like: Plan | None) -> str:
    told = [
        words().label("lost", data=data) if kind == LOST else f"{words().kind(kind)} {data}"  # type: ignore[arg-type]
        for kind, data in ((kind, words().data(amount, like)) for kind, amount in parts if amount)
    ]
    return words().tongue.every(told)


def _percent(amount: int, whole: int) -> str:
    return f"{amount / whole * 100:.2f}%"
