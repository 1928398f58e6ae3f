"""What a purchase does to a line, as sentences: the balance before and after, every byte's fate.

The figures are the plain values that an order's promise keeps (`usecases.trying.effect_on`).
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from eka.rules.fates import Fate, Lost
from eka.rules.instants import parse_instant
from eka.words import names, reasons
from eka.words.catalogues import N_
from eka.words.reasons import Context
from eka.words.tongue import Tongue

Effect = Mapping[str, Any]


def fates(effect: Effect) -> list[Fate]:
    """What becomes of each bucket that the line has now."""
    return msgspec.convert(effect["fates"], list[Fate])


def losses(effect: Effect) -> list[Lost]:
    """What the purchase lets expire or forfeits, with the reasons."""
    return msgspec.convert(effect["losses"], list[Lost])


def sentences(tongue: Tongue, effect: Effect, context: Context) -> list[str]:
    """Every byte's fate, then what comes anew."""
    told = [line for fate in fates(effect) for line in _fate(tongue, fate, context)]
    told += [_lost(tongue, loss, context) for loss in losses(effect)]
    if effect["granted"]:
        new = tongue.data(effect["granted"], context.like)
        told.append(tongue.say(N_("{data} of new data is there at once."), data=new))
    return told


def _fate(tongue: Tongue, fate: Fate, context: Context) -> Iterator[str]:
    kind = names.kind_within(tongue, fate.kind)
    until = tongue.instant(fate.until, context.timezone) if fate.until else ""
    carried, kept = (tongue.data(amount, context.like) for amount in (fate.carried, fate.kept))
    if fate.carried and until:
        sentence = N_("{data} of {kind} carries over; use it before {until}.")
        yield tongue.say(sentence, data=carried, kind=kind, until=until)
    elif fate.carried:
        yield tongue.say(N_("{data} of {kind} carries over."), data=carried, kind=kind)
    if fate.kept and until:
        sentence = N_("{data} of {kind} stays until {until}.")
        yield tongue.say(sentence, data=kept, kind=kind, until=until)
    elif fate.kept:
        yield tongue.say(N_("{data} of {kind} stays."), data=kept, kind=kind)
    if fate.converted:
        given = tongue.data(fate.converted, context.like)
        yield tongue.say(N_("{data} of {kind} becomes credit."), data=given, kind=kind)


def _lost(tongue: Tongue, loss: Lost, context: Context) -> str:
    return tongue.say(
        N_("{data} of {kind} is lost: {reason}."),
        data=tongue.data(loss.bytes, context.like),
        kind=names.kind_within(tongue, loss.kind),
        reason=reasons.reason(tongue, loss.reason, loss.figures, context),
    )


def ends(tongue: Tongue, effect: Effect, context: Context, *, on_empty: bool) -> str:
    """Until when the line runs then, or how many periods wait for their turn; "": as before.

    `on_empty`: what waits starts as soon as the present data is used up.
    """
    before, after = (
        tongue.instant(parse_instant(effect[name]), context.timezone) if effect[name] else ""
        for name in ("ends_before", "ends_after")
    )
    if effect["waits"] > 0 and on_empty:
        return tongue.say(N_("It waits, and starts by itself as soon as the data is used up."))
    if effect["waits"] > 0 and before:
        return tongue.count(
            "{n} paid period waits; the first starts when the present one ends, on {ends}.",
            "{n} paid periods wait; the first starts when the present one ends, on {ends}.",
            effect["waits"],
            ends=after,
        )
    if not after or after == before:
        return ""
    sentence = N_("The period then runs until {after} instead of {before}.")
    if not before:
        sentence = N_("The period then runs until {after}.")
    return tongue.say(sentence, before=before, after=after)
