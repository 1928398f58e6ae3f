"""Renewals that have not happened yet, in words: previews, what-ifs, forecasts."""

from collections.abc import Iterator, Mapping

from eka.rules.advice import Forecast, Otherwise, Preview, WhatIf
from eka.rules.fates import Fate, Lost
from eka.rules.plans import Plan
from eka.words import names, policies, reasons
from eka.words.catalogues import N_
from eka.words.reasons import Context
from eka.words.tongue import Tongue

LOSING_WAYS = {
    "nothing": N_("If the line is not renewed in time, {data} is lost."),
    "last_minute": N_("If you renew later than {lead} before the end, {data} is lost."),
    "early": N_("If you renew too early, {data} is lost."),
    "too_young": N_("If you renew soon after the period began, {data} is lost."),
    "manual": N_("If you renew by yourself, {data} is lost."),
    "auto": N_("If it renews automatically, {data} is lost."),
    "other_plan": N_("If you change to another plan, {data} is lost."),
}

LOSING_CHANGES = {
    "same_or_higher": N_("If you change to a lower plan, {data} is lost."),
    "same_group": N_("If you change to a plan of another family, {data} is lost."),
}


def what_if(tongue: Tongue, answer: WhatIf) -> list[str]:
    """What is left of the plan, what carries and how, what is lost, and what would lose more."""
    if answer.left is None:
        return [policies.sentence(tongue, answer.plan)]
    context = Context(answer.timezone, like=answer.plan)
    told = [
        tongue.say(
            N_("If you use {used} of {data}, {left} is left."),
            used=tongue.data(answer.used, answer.plan),
            data=tongue.data(answer.plan.data, answer.plan),
            left=tongue.data(answer.left, answer.plan),
        )
    ]
    if answer.carried:
        told.append(_carries_if(tongue, answer))
    if answer.converted:
        told.append(_becomes_credit(tongue, answer))
    told += [_lost(tongue, loss, context) for loss in answer.losses]
    if answer.left or answer.total != answer.plan.data:
        told.append(_begins_with(tongue, answer.total, answer.plan))
    return told + [_otherwise(tongue, answer.plan, way) for way in answer.otherwise]


def _carries_if(tongue: Tongue, answer: WhatIf) -> str:
    data = tongue.data(answer.carried, answer.plan)
    condition = policies.timing(tongue, answer.plan)
    if answer.itself:
        return tongue.say(
            N_("{data} of it carries over by itself: the next period is paid already."), data=data
        )
    if answer.again is None and answer.carried_until == answer.ends:
        return tongue.say(
            N_("{data} of it carries over if {condition}, and so on from period to period."),
            data=data,
            condition=condition,
        )
    if answer.carried_until is None:
        return tongue.say(
            N_("{data} of it carries over if {condition}."), data=data, condition=condition
        )
    return tongue.say(
        N_("{data} of it carries over if {condition}; use it before {until}."),
        data=data,
        condition=condition,
        until=tongue.day(answer.carried_until, answer.timezone),
    )


def _becomes_credit(tongue: Tongue, of: WhatIf | Preview) -> str:
    return tongue.say(
        N_("{data} unused turns into {credit} of credit."),
        data=tongue.data(of.converted, of.plan),
        credit=tongue.every(tongue.money(money) for money in of.credit),
    )


def _begins_with(tongue: Tongue, total: int | None, plan: Plan) -> str:
    if total is None:
        return tongue.say(N_("The data of the new period is unlimited."))
    return tongue.say(N_("The new period begins with {total}."), total=tongue.data(total, plan))


def _lost(tongue: Tongue, loss: Lost, context: Context) -> str:
    data, kind = tongue.data(loss.bytes, context.like), names.kind_within(tongue, loss.kind)
    if loss.reason == "expired":
        at = tongue.instant(loss.at, context.timezone)
        return tongue.say(N_("{data} of {kind} expires on {at}."), data=data, kind=kind, at=at)
    why = reasons.reason(tongue, loss.reason, loss.figures, context)
    return tongue.say(N_("{data} of {kind} is lost: {reason}."), data=data, kind=kind, reason=why)


def _otherwise(tongue: Tongue, plan: Plan, way: Otherwise) -> str:
    sentence = LOSING_WAYS[way.way]
    allowed = plan.rollover.requires.plan if plan.rollover else ()
    if way.way == "other_plan" and "same" not in allowed:
        sentence = next((LOSING_CHANGES[r] for r in allowed if r in LOSING_CHANGES), sentence)
    lead = plan.rollover.requires.lead_min if plan.rollover else None
    return tongue.say(
        sentence,
        data=tongue.data(way.bytes, plan),
        lead=tongue.duration(lead) if lead else "",
    )


def preview(tongue: Tongue, of: Preview, timezone: str, titles: Mapping[str, str]) -> list[str]:
    """When the next renewal comes, every byte's fate, and what to do by when."""
    context = Context(timezone, titles, of.old_plan)
    told = [_headline(tongue, of, context)]
    told += [line for fate in of.fates for line in _fate(tongue, fate, context)]
    if of.converted:
        told.append(_becomes_credit(tongue, of))
    told += [_lost(tongue, loss, context) for loss in of.losses]
    told.append(_begins_with(tongue, of.total, of.plan))
    return [*told, *_advice(tongue, of, context)]


def _headline(tongue: Tongue, of: Preview, context: Context) -> str:
    plan = context.title(of.plan.name)
    starts, ends, paid = (
        tongue.instant(at, context.timezone) for at in (of.starts, of.ends, of.paid_at)
    )
    if of.itself and of.by == "auto":
        sentence = N_("{plan} renews automatically on {starts} and runs until {ends}.")
    elif of.itself:
        sentence = N_("{plan}, paid already, starts on {starts} and runs until {ends}.")
    elif of.paid_at == of.starts:
        sentence = N_("Renewed {by} on {starts}, {plan} runs until {ends}.")
    else:
        sentence = N_("Renewed {by} on {paid}, {plan} starts on {starts} and runs until {ends}.")
    by = names.renewed_by(tongue, of.by)
    return tongue.say(sentence, plan=plan, starts=starts, ends=ends, paid=paid, by=by)


def _fate(tongue: Tongue, fate: Fate, context: Context) -> Iterator[str]:
    """What carries or stays of one bucket; what is lost is told with its reason."""
    kind = names.kind_within(tongue, fate.kind)
    until = tongue.instant(fate.until, context.timezone) if fate.until else ""
    carried, kept = (tongue.data(amount, context.like) for amount in (fate.carried, fate.kept))
    if fate.carried and until:
        yield tongue.say(
            N_("{data} of {kind} carries over; use it before {until}."),
            data=carried,
            kind=kind,
            until=until,
        )
    elif fate.carried:
        yield tongue.say(N_("{data} of {kind} carries over."), data=carried, kind=kind)
    if fate.kept and until:
        yield tongue.say(
            N_("{data} of {kind} stays until {until}."), data=kept, kind=kind, until=until
        )
    elif fate.kept:
        yield tongue.say(N_("{data} of {kind} stays."), data=kept, kind=kind)


def _advice(tongue: Tongue, of: Preview, context: Context) -> Iterator[str]:
    if of.better is not None:
        way = of.better.way
        by = names.renewed_by(tongue, way) if way in ("manual", "auto") else ""
        yield tongue.say(
            N_("Renewed {by} by {at} instead, {data} would carry over.")
            if by
            else N_("Renewed by {at} instead, {data} would carry over."),
            by=by,
            at=tongue.instant(of.better.at, context.timezone),
            data=tongue.data(of.better.bytes, context.like),
        )
    elif not of.itself:
        yield from _deadline(tongue, of, context)
    yield from _if_nothing(tongue, of, context)


def _deadline(tongue: Tongue, of: Preview, context: Context) -> Iterator[str]:
    first, last = of.deadlines.not_before, of.deadlines.until
    if last is None:
        return
    until = tongue.instant(last, context.timezone)
    if first is None:
        yield tongue.say(N_("Renew by {until} so that unused data carries over."), until=until)
    elif first == last:
        yield tongue.say(
            N_("Renew at {until}, not earlier or later, so that unused data carries over."),
            until=until,
        )
    else:
        yield tongue.say(
            N_("Renew between {first} and {until} so that unused data carries over."),
            first=tongue.instant(first, context.timezone),
            until=until,
        )


def _if_nothing(tongue: Tongue, of: Preview, context: Context) -> Iterator[str]:
    nothing = of.nothing
    if of.itself or nothing.renews_itself:
        return
    figures = {
        "ends": tongue.instant(nothing.ends, context.timezone),
        "lost_at": tongue.instant(nothing.lost_at, context.timezone),
        "data": tongue.data(nothing.lost, context.like),
    }
    if nothing.lapsed and nothing.lost:
        yield tongue.say(
            N_("The period ended on {ends}. Without a renewal by {lost_at}, {data} is lost."),
            **figures,
        )
    elif nothing.lapsed:
        yield tongue.say(N_("The period ended on {ends}."), **figures)
    elif not nothing.lost:
        yield tongue.say(N_("Without a renewal the line stops on {ends}."), **figures)
    elif nothing.lost_at == nothing.ends:
        yield tongue.say(
            N_("Without a renewal the line stops on {ends} and {data} is lost."), **figures
        )
    else:
        yield tongue.say(
            N_("Without a renewal the line stops on {ends}, and {data} is lost on {lost_at}."),
            **figures,
        )


def forecast(tongue: Tongue, of: Forecast, timezone: str, like: Plan | None) -> str:
    """How fast the data goes, and when it runs out."""
    rate = tongue.data(of.per_day, like)
    if of.per_day == 0:
        return tongue.say(N_("Nothing has been used in this period yet."))
    if of.runs_out is not None:
        return tongue.say(
            N_("At about {rate} a day the data runs out around {day}."),
            rate=rate,
            day=tongue.day(of.runs_out, timezone),
        )
    if of.runs_out_soonest is not None:
        return tongue.say(
            N_("At about {rate} a day the data should just last to the end of the period."),
            rate=rate,
        )
    return tongue.say(
        N_("At about {rate} a day the data lasts to the end of the period."), rate=rate
    )
