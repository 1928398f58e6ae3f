"""Why bytes were lost: every reason of the rules as a clause, with its figures."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from eka.rules.plans import Plan
from eka.rules.units import Duration, parse_duration
from eka.words import names
from eka.words.catalogues import N_
from eka.words.tongue import Tongue

Figures = Mapping[str, Any]


class Context(NamedTuple):
    """What a sentence needs to know beside the entry itself."""

    timezone: str = "UTC"
    titles: Mapping[str, str] = {}
    like: Plan | None = None

    def title(self, name: str) -> str:
        """A plan's name as people know it."""
        return self.titles.get(name, name)


# Clauses that need no figures, or the plain ones below.
PLAIN = {
    "lapse": N_("not renewed in time"),
    "manual_clear": N_("the balance was emptied by hand"),
    "refund": N_("it was refunded"),
    "suspend": N_("the line was suspended"),
    "cancel": N_("the line was closed"),
    "chargeback": N_("a payment was charged back"),
    "not_carried": N_("this data does not carry over to the next period"),
    "expired": N_("its validity ended"),
}

SHORT = {
    "late_renewal": N_("renewed late"),
    "too_late_notice": N_("renewed too late"),
    "too_early": N_("renewed too early"),
    "period_too_young": N_("renewed too soon"),
    "renewed_by": N_("wrong kind of renewal"),
    "plan_changed": N_("plan changed"),
    "used_too_little": N_("too little used"),
    "tenure_too_short": N_("too few renewals"),
    "tag_missing": N_("other kind of plan"),
    "fraction": N_("only a part carries"),
    "life_over": N_("carried over already"),
    "cap_per_renewal": N_("over the limit"),
    "cap_bank": N_("over the limit"),
    "cap_total": N_("over the limit"),
    "lapse": N_("not renewed"),
    "manual_clear": N_("emptied"),
    "refund": N_("refunded"),
    "suspend": N_("suspended"),
    "cancel": N_("closed"),
    "chargeback": N_("charged back"),
    "not_carried": N_("does not carry"),
    "expired": N_("expired"),
    "converted": N_("turned into credit"),
}


def reason(tongue: Tongue, code: str, figures: Figures, context: Context) -> str:
    """The clause for a reason; an unknown one (of a newer version) shows its code."""
    if code in PLAIN:
        return tongue.say(PLAIN[code])
    if code in _WITH_FIGURES:
        return _WITH_FIGURES[code](tongue, figures, context)
    return code.replace("_", " ")


def short_reason(tongue: Tongue, code: str, figures: Figures, like: Plan | None = None) -> str:
    """Two or three words for a label; a limit names itself."""
    cap = figures.get("cap")
    if code.startswith("cap_") and isinstance(cap, int):
        return tongue.say(N_("over the {cap} limit"), cap=tongue.data(cap, like))
    return tongue.say(SHORT[code]) if code in SHORT else code.replace("_", " ")


def _late_renewal(tongue: Tongue, figures: Figures, context: Context) -> str:
    if _is_zero(figures["grace"]):
        return tongue.say(N_("renewed after the period’s end"))
    grace = tongue.duration(figures["grace"])
    return tongue.say(N_("renewed more than {grace} after the period’s end"), grace=grace)


def _too_late_notice(tongue: Tongue, figures: Figures, context: Context) -> str:
    lead = tongue.duration(figures["lead_min"])
    return tongue.say(N_("renewed less than {lead} before the period’s end"), lead=lead)


def _too_early(tongue: Tongue, figures: Figures, context: Context) -> str:
    if _is_zero(figures["lead_max"]):
        return tongue.say(N_("renewed before the period’s end"))
    lead = tongue.duration(figures["lead_max"])
    return tongue.say(N_("renewed more than {lead} before the period’s end"), lead=lead)


def _period_too_young(tongue: Tongue, figures: Figures, context: Context) -> str:
    age = tongue.duration(figures["period_age_min"])
    return tongue.say(N_("renewed when the period was less than {age} old"), age=age)


def _renewed_by(tongue: Tongue, figures: Figures, context: Context) -> str:
    allowed = tongue.either(names.renewed_by(tongue, by) for by in figures["allowed"])
    by = names.renewed_by(tongue, figures["by"])
    return tongue.say(
        N_("renewed {by}, while data carries only when renewed {allowed}"),
        by=by,
        allowed=allowed,
    )


def _plan_changed(tongue: Tongue, figures: Figures, context: Context) -> str:
    rules = tongue.every(tongue.say(names.PLAN_RULES[rule]) for rule in figures["allowed"])
    return tongue.say(
        N_("the new plan is {to}, while data carries only to {rules}"),
        to=context.title(figures["to"]),
        rules=rules,
    )


def _used_too_little(tongue: Tongue, figures: Figures, context: Context) -> str:
    return tongue.say(
        N_("only {used} used in the period, while at least {least} is needed"),
        used=tongue.data(figures["used"], context.like),
        least=tongue.data(figures["used_min"], context.like),
    )


def _tenure_too_short(tongue: Tongue, figures: Figures, context: Context) -> str:
    least = int(figures["tenure_min"])
    return tongue.count(
        "data carries only after {n} renewal on time in a row, so far there are {tenure}",
        "data carries only after {n} renewals on time in a row, so far there are {tenure}",
        least,
        tenure=tongue.number(figures["tenure"]),
    )


def _tag_missing(tongue: Tongue, figures: Figures, context: Context) -> str:
    to = context.title(figures["to"])
    return tongue.say(N_("{to} is not a plan that keeps carried data"), to=to)


def _fraction(tongue: Tongue, figures: Figures, context: Context) -> str:
    share = tongue.share(figures["share"])
    return tongue.say(N_("only {share} of unused data carries over"), share=share)


def _life_over(tongue: Tongue, figures: Figures, context: Context) -> str:
    most = figures.get("renewals")
    if most is None or figures["generation"] < most:
        return tongue.say(N_("carried data has reached the end of its life"))
    if most == 0:
        return tongue.say(N_("carried data cannot be carried again"))
    return tongue.count(
        "data carries over at most once",
        "data carries over at most {n} times",
        most,
    )


def _cap(sentence: str) -> Callable[[Tongue, Figures, Context], str]:
    def clause(tongue: Tongue, figures: Figures, context: Context) -> str:
        return tongue.say(sentence, cap=cap(tongue, figures["cap"], context.like))

    return clause


def cap(tongue: Tongue, limit: Any, like: Plan | None) -> str:
    """A limit: bytes, or a share of the plan's data as [numerator, denominator]."""
    if isinstance(limit, int):
        return tongue.data(limit, like)
    return tongue.say(N_("{share} of the plan’s data"), share=tongue.share(limit))


def _is_zero(span: Duration | str) -> bool:
    return (parse_duration(span) if isinstance(span, str) else span) == Duration()


_WITH_FIGURES: dict[str, Callable[[Tongue, Figures, Context], str]] = {
    "late_renewal": _late_renewal,
    "too_late_notice": _too_late_notice,
    "too_early": _too_early,
    "period_too_young": _period_too_young,
    "renewed_by": _renewed_by,
    "plan_changed": _plan_changed,
    "used_too_little": _used_too_little,
    "tenure_too_short": _tenure_too_short,
    "tag_missing": _tag_missing,
    "fraction": _fraction,
    "life_over": _life_over,
    "cap_per_renewal": _cap(N_("one renewal carries at most {cap}")),
    "cap_bank": _cap(N_("carried data can add up to at most {cap}")),
    "cap_total": _cap(N_("carried and new data together can be at most {cap}")),
}

KNOWN = frozenset(PLAIN) | frozenset(_WITH_FIGURES)
