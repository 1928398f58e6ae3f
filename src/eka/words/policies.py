"""A plan's rollover policy in one sentence, and in a few words for a badge."""

from collections.abc import Iterator, Mapping
from typing import Any

from eka.rules.conditions import Condition, conditions
from eka.rules.plans import Plan, RenewedBy
from eka.rules.units import Duration, Share
from eka.words import names, reasons
from eka.words.catalogues import N_
from eka.words.tongue import Tongue

NO_TIME = Duration()

NOTHING_CARRIES = {
    "no_rollover": N_("Unused data does not carry over: it is lost when the period ends."),
    "unlimited": N_("The plan is unlimited, so there is no unused data to carry over."),
}

# (whether there are limits, whether only a part carries) -> the sentence
SENTENCES = {
    (False, False): N_("Unused {kinds} carries over {life}, if {conditions}."),
    (True, False): N_("Unused {kinds} carries over {life}, {limits}, if {conditions}."),
    (False, True): N_("{share} of unused {kinds} carries over {life}, if {conditions}."),
    (True, True): N_("{share} of unused {kinds} carries over {life}, {limits}, if {conditions}."),
}

CAPS = {
    "cap_per_renewal": N_("at most {cap} at each renewal"),
    "cap_bank": N_("up to {cap}"),
    "cap_total": N_("up to {cap} together with the new data"),
}

# When to renew: whoever does it, by the given {by}, and automatically only.
TIMINGS = {
    "in_time": (
        N_("you renew by the end of the period"),
        N_("you renew {by} by the end of the period"),
        N_("it renews automatically"),
    ),
    "grace": (
        N_("you renew at most {grace} after the end of the period"),
        N_("you renew {by} at most {grace} after the end of the period"),
        N_("it renews automatically, at most {grace} after the end of the period"),
    ),
    "lead_min": (
        N_("you renew at least {lead_min} before the end of the period"),
        N_("you renew {by} at least {lead_min} before the end of the period"),
        N_("it renews automatically at least {lead_min} before the end of the period"),
    ),
    "at_end": (
        N_("you renew when the period ends and not before"),
        N_("you renew {by} when the period ends and not before"),
        N_("it renews automatically when the period ends and not before"),
    ),
    "lead_max": (
        N_("you renew within the last {lead_max} of the period"),
        N_("you renew {by} within the last {lead_max} of the period"),
        N_("it renews automatically within the last {lead_max} of the period"),
    ),
    "window": (
        N_("you renew between {lead_max} and {lead_min} before the end of the period"),
        N_("you renew {by} between {lead_max} and {lead_min} before the end of the period"),
        N_(
            "it renews automatically between {lead_max} and {lead_min} before the end of the period"
        ),
    ),
}

PLANS = {
    "same": N_("you stay on the same plan"),
    "same_or_higher": N_("you stay on the same or a higher plan"),
    "same_group": N_("you stay with a plan of the same family"),
}

EVENTS = {
    "suspend": N_("the line is suspended"),
    "cancel": N_("the line is closed"),
    "chargeback": N_("a payment is charged back"),
}


def sentence(tongue: Tongue, plan: Plan) -> str:
    """Whether unused data carries over, how much, how long, and what it takes: one sentence."""
    parts = {part.code: part.figures for part in conditions(plan)}
    if "converts" in parts:
        return _converts(tongue, parts["converts"])
    for code, told in NOTHING_CARRIES.items():
        if code in parts:
            return tongue.say(told)
    limits = list(_limits(tongue, plan, parts))
    carried = tongue.say(
        SENTENCES[bool(limits), "fraction" in parts],
        kinds=tongue.every(names.kind_within(tongue, kind) for kind in parts["carries"]["kinds"]),
        life=_life(tongue, plan, parts["life"]),
        limits=tongue.every(limits),
        conditions=tongue.clauses(_requirements(tongue, plan, parts)),
        share=tongue.share(parts.get("fraction", {}).get("share", Share(1, 1))),
    )
    return _with_events(tongue, carried, parts)


def _converts(tongue: Tongue, figures: Mapping[str, Any]) -> str:
    return tongue.say(
        N_("When you renew, unused data turns into credit: {rate} for each {per}."),
        rate=tongue.money(figures["rate"]),
        per=tongue.data(figures["per"]),
    )


def _with_events(tongue: Tongue, carried: str, parts: Mapping[str, Mapping[str, Any]]) -> str:
    """Closing loses everything on any plan; other events are worth a further sentence."""
    events = [e for e in parts.get("forfeits_on", {}).get("events", ()) if e != "cancel"]
    if events:
        told = tongue.either(tongue.say(EVENTS[event]) for event in events)
        carried = tongue.say(
            N_("{policy} Carried data is lost if {events}."), policy=carried, events=told
        )
    if "keep_to_expiry" in parts:
        carried = tongue.say(
            N_("{policy} Otherwise data that was carried before stays until it expires."),
            policy=carried,
        )
    return carried


def _life(tongue: Tongue, plan: Plan, life: Mapping[str, Any]) -> str:
    renewals, duration = life["renewals"], life["duration"]
    if renewals is None and duration is None:
        return tongue.say(N_("for as long as you keep renewing"))
    if renewals is None:
        return tongue.say(N_("for {span}"), span=tongue.duration(duration))
    span = tongue.duration(_times(plan.period, max(1, renewals)))
    if duration is None:
        return tongue.say(N_("for {span} more"), span=span)
    most = tongue.duration(duration)
    return tongue.say(N_("for {span} more (at most {most})"), span=span, most=most)


def _times(span: Duration, number: int) -> Duration:
    return Duration(span.seconds * number, span.months * number)


def _limits(tongue: Tongue, plan: Plan, parts: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for code, clause in CAPS.items():
        if code in parts:
            limit = parts[code]["cap"]
            yield tongue.say(clause, cap=reasons.cap(tongue, limit, plan))


def timing(tongue: Tongue, plan: Plan) -> str:
    """Who has to renew, and when, as a clause: "you renew by yourself at least ..."."""
    return _timing(tongue, {part.code: part.figures for part in conditions(plan)})


def _timing(tongue: Tongue, parts: Mapping[str, Mapping[str, Any]]) -> str:
    spans = {name: parts[name][name] for name in ("grace", "lead_min", "lead_max") if name in parts}
    plain, with_by, by_itself = TIMINGS[_which_timing(spans)]
    told = {name: tongue.duration(span) for name, span in spans.items()}
    by: tuple[RenewedBy, ...] = parts.get("by", {}).get("allowed", ())
    if not by:
        return tongue.say(plain, **told)
    if set(by) <= {"auto", "term"}:
        return tongue.say(by_itself, **told)
    who = tongue.either(names.renewed_by(tongue, each) for each in by)
    return tongue.say(with_by, by=who, **told)


def _which_timing(spans: Mapping[str, Duration]) -> str:
    if spans.get("lead_max") == NO_TIME:
        return "at_end"
    if "lead_max" in spans:
        return "window" if "lead_min" in spans else "lead_max"
    return next((name for name in ("lead_min", "grace") if name in spans), "in_time")


def _requirements(
    tongue: Tongue, plan: Plan, parts: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    yield _timing(tongue, parts)
    for part in (Condition(code, dict(figures)) for code, figures in parts.items()):
        if part.code == "plan":
            yield from (tongue.say(PLANS[r]) for r in part.figures["allowed"] if r in PLANS)
        elif part.code in _FURTHER:
            yield _further(tongue, plan, part)


_FURTHER = ("period_age_min", "used_min", "tenure_min", "tags")


def _further(tongue: Tongue, plan: Plan, part: Condition) -> str:
    figure = part.figures[part.code]
    if part.code == "period_age_min":
        return tongue.say(
            N_("the period is at least {age} old by then"), age=tongue.duration(figure)
        )
    if part.code == "used_min":
        least = (
            reasons.cap(tongue, (figure.numerator, figure.denominator), plan)
            if isinstance(figure, Share)
            else tongue.data(figure, plan)
        )
        return tongue.say(N_("you used at least {least} in the period"), least=least)
    if part.code == "tenure_min":
        return tongue.count(
            "you renewed on time at least {n} time in a row before",
            "you renewed on time at least {n} times in a row before",
            figure,
        )
    return tongue.say(N_("the new plan is marked {tags}"), tags=tongue.every(figure))


def badge(tongue: Tongue, plan: Plan) -> str:
    """The policy in a few words: what a list of plans has room for."""
    parts = {part.code: part.figures for part in conditions(plan)}
    if "converts" in parts:
        return tongue.say(N_("Unused data becomes credit"))
    if "unlimited" in parts:
        return tongue.say(N_("Unlimited"))
    if "no_rollover" in parts:
        return tongue.say(N_("Does not carry over"))
    life = _short_life(tongue, plan, parts["life"])
    caps = [parts[code]["cap"] for code in CAPS if code in parts]
    if not caps:
        return tongue.say(N_("Carries over: {life}"), life=life)
    most = reasons.cap(tongue, caps[0], plan)
    return tongue.say(N_("Carries over: up to {cap}, {life}"), cap=most, life=life)


def _short_life(tongue: Tongue, plan: Plan, life: Mapping[str, Any]) -> str:
    if life["duration"] is not None:
        return tongue.duration(life["duration"])
    if life["renewals"] is None:
        return tongue.say(N_("while you renew"))
    return tongue.duration(_times(plan.period, max(1, life["renewals"])))
