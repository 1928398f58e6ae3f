"""A line's history in words: one sentence for each entry of the rules."""

from collections.abc import Callable
from typing import Any

from eka.rules.instants import parse_instant
from eka.rules.lines import Entry
from eka.rules.units import parse_duration, parse_money, parse_share
from eka.words import names, reasons
from eka.words.catalogues import N_
from eka.words.reasons import Context
from eka.words.tongue import Tongue

GRANTED = {
    "topup": N_("{data} of top-up data added."),
    "bonus": N_("{data} of bonus data added."),
    "brought": N_("{data} of {kind} brought along from before."),
    "round_up": N_("{data} added, because what carries over is rounded up."),
}

GRANTED_UNTIL = {
    "topup": N_("{data} of top-up data added; use it before {until}."),
    "bonus": N_("{data} of bonus data added; use it before {until}."),
    "brought": N_("{data} of {kind} brought along from before; use it before {until}."),
}

USED = {
    "": N_("{data} used."),
    "unlimited": N_("{data} used; the plan is unlimited."),
    "throttled": N_("{data} used at {speed}, because no data was left."),
    "overage": N_("{data} used beyond what was left, for {price}."),
    "paid": N_("{data} used beyond what was left, within a block already charged."),
}

UNSERVED = {
    "suspended": N_("{data} could not be used, because the line was suspended."),
    "nothing_left": N_("{data} could not be used, because no data was left."),
    "not_active": N_("{data} could not be used, because the period had ended."),
}

END_MOVED = {
    "extend": N_("The top-up moved the period’s end from {before} to {after}."),
    "max": N_("The top-up moved the period’s end from {before} to {after}."),
    "reset": N_("The top-up moved the period’s end from {before} to {after}."),
}

TOLD = {
    "suspended": N_("Line suspended."),
    "resumed": N_("Line in service again."),
    "closed": N_("Line closed."),
    "withdrawn": N_("A plan that was to start later was taken back, because it was refunded."),
}


def entry(tongue: Tongue, of: Entry, context: Context) -> str:
    """The sentence for one entry; a code of a newer version shows itself."""
    writer = WRITERS.get(of.code)
    return writer(tongue, of, context) if writer else of.code


def _granted(tongue: Tongue, of: Entry, context: Context) -> str:
    if of.reason == "plan":
        return _new_period(tongue, of, context)
    kind = names.kind_within(tongue, of.kind or "plan")
    figures: dict[str, Any] = {"data": tongue.data(of.bytes, context.like), "kind": kind}
    expires = of.figures.get("expires")
    if expires and of.reason in GRANTED_UNTIL:
        figures["until"] = tongue.instant(parse_instant(expires), context.timezone)
        return tongue.say(GRANTED_UNTIL[of.reason], **figures)
    return tongue.say(GRANTED.get(of.reason, GRANTED["brought"]), **figures)


def _new_period(tongue: Tongue, of: Entry, context: Context) -> str:
    amount = None if of.figures.get("unlimited") else of.bytes
    return tongue.say(
        N_("New period of {plan}: {data}, until {until}."),
        plan=context.title(of.figures["plan"]),
        data=tongue.data(amount, context.like),
        until=tongue.instant(parse_instant(of.figures["ends"]), context.timezone),
    )


def _used(tongue: Tongue, of: Entry, context: Context) -> str:
    figures: dict[str, Any] = {"data": tongue.data(of.bytes, context.like)}
    if "kbps" in of.figures:
        figures["speed"] = tongue.speed(int(of.figures["kbps"]))
    reason = of.reason
    if reason == "overage":
        price = parse_money(of.figures["price"])
        figures["price"] = tongue.money(price)
        reason = reason if price.minor else "paid"
    return tongue.say(USED.get(reason, USED[""]), **figures)


def _carried(tongue: Tongue, of: Entry, context: Context) -> str:
    data = tongue.data(of.bytes, context.like)
    expires, again = of.figures.get("expires"), _carries_left(of)
    kind = names.kind_within(tongue, of.kind or "plan")
    if expires:
        return tongue.say(
            N_(
                "{data} carried into the new period, because unused {kind} carries over; "
                "use it before {until}."
            ),
            data=data,
            kind=kind,
            until=tongue.instant(parse_instant(expires), context.timezone),
        )
    if again is None:
        return tongue.say(
            N_(
                "{data} carried into the new period, because unused {kind} carries over "
                "for as long as the line is renewed in time."
            ),
            data=data,
            kind=kind,
        )
    if again == 0:
        return tongue.say(
            N_(
                "{data} carried into the new period, because unused {kind} carries over; "
                "use it before this period ends, it does not carry again."
            ),
            data=data,
            kind=kind,
        )
    return tongue.count(
        "{data} carried into the new period, because unused {kind} carries over; "
        "it can carry {n} more time.",
        "{data} carried into the new period, because unused {kind} carries over; "
        "it can carry {n} more times.",
        again,
        data=data,
        kind=kind,
    )


def _carries_left(of: Entry) -> int | None:
    """How often the same bytes may still be carried; None is without limit."""
    most = of.figures.get("renewals")
    return None if most is None else max(0, most - int(of.figures.get("generation", 1)))


def _lost(tongue: Tongue, of: Entry, context: Context) -> str:
    return tongue.say(
        N_("{data} of {kind} lost: {reason}."),
        data=tongue.data(of.bytes, context.like),
        kind=names.kind_within(tongue, of.kind or "plan"),
        reason=reasons.reason(tongue, of.reason, of.figures, context),
    )


def _expired(tongue: Tongue, of: Entry, context: Context) -> str:
    return tongue.say(
        N_("{data} of {kind} expired: {reason}."),
        data=tongue.data(of.bytes, context.like),
        kind=names.kind_within(tongue, of.kind or "plan"),
        reason=reasons.reason(tongue, of.reason, of.figures, context),
    )


def _converted(tongue: Tongue, of: Entry, context: Context) -> str:
    return tongue.say(
        N_("{data} unused turned into {credit} of credit."),
        data=tongue.data(of.bytes, context.like),
        credit=tongue.money(parse_money(of.figures["credit"])),
    )


def _unserved(tongue: Tongue, of: Entry, context: Context) -> str:
    sentence = UNSERVED.get(of.reason, UNSERVED["nothing_left"])
    return tongue.say(sentence, data=tongue.data(of.bytes, context.like))


def _activated(tongue: Tongue, of: Entry, context: Context) -> str:
    return tongue.say(N_("Line activated with {plan}."), plan=context.title(of.figures["plan"]))


def _queued(tongue: Tongue, of: Entry, context: Context) -> str:
    plan = context.title(of.figures["plan"])
    if of.figures.get("starts") == "on_empty":
        return tongue.say(
            N_("{plan} bought; it starts when the present data is used up or its period ends."),
            plan=plan,
        )
    if of.reason == "auto":
        return tongue.say(
            N_("{plan} renewed automatically; it starts when the present period ends."), plan=plan
        )
    return tongue.say(N_("{plan} bought; it starts when the present period ends."), plan=plan)


def _lapsed(tongue: Tongue, of: Entry, context: Context) -> str:
    ended = tongue.instant(parse_instant(of.figures["ended"]), context.timezone)
    return tongue.say(N_("The period ended on {ended} and was not renewed in time."), ended=ended)


def _end_moved(tongue: Tongue, of: Entry, context: Context) -> str:
    instants = {
        name: tongue.instant(parse_instant(of.figures[name]), context.timezone)
        for name in ("before", "after")
    }
    return tongue.say(END_MOVED.get(of.reason, END_MOVED["max"]), **instants)


def _told(tongue: Tongue, of: Entry, context: Context) -> str:
    return tongue.say(TOLD[of.code])


def _alert(tongue: Tongue, of: Entry, context: Context) -> str:
    return alert(tongue, of.reason)


def alert(tongue: Tongue, label: str) -> str:
    """A warning: `used 75%` or `ends_in 3d`."""
    what, _, figure = label.partition(" ")
    if what == "ends_in":
        return tongue.say(
            N_("The period ends in {span}."), span=tongue.duration(parse_duration(figure))
        )
    share = parse_share(figure)
    if share.numerator == share.denominator:
        return tongue.say(N_("All data is used."))
    return tongue.say(N_("{share} of the data is used."), share=tongue.share(share))


WRITERS: dict[str, Callable[[Tongue, Entry, Context], str]] = {
    "granted": _granted,
    "used": _used,
    "carried": _carried,
    "forfeited": _lost,
    "expired": _expired,
    "converted": _converted,
    "unserved": _unserved,
    "activated": _activated,
    "queued": _queued,
    "lapsed": _lapsed,
    "end_moved": _end_moved,
    "suspended": _told,
    "resumed": _told,
    "closed": _told,
    "withdrawn": _told,
    "alert": _alert,
}
