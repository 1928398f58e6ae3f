"""What things are called, and why commands are refused."""

from eka.rules.lines import ShownState, Unable
from eka.rules.plans import Kind, RenewedBy
from eka.words.catalogues import N_
from eka.words.tongue import Tongue

KINDS: dict[Kind, str] = {
    "plan": N_("Plan data"),
    "rollover": N_("Rollover"),
    "topup": N_("Top-up"),
    "bonus": N_("Bonus"),
}

# The same inside a sentence: "1.5 GB of plan data".
KINDS_WITHIN: dict[Kind, str] = {
    "plan": N_("plan data"),
    "rollover": N_("rollover data"),
    "topup": N_("top-up data"),
    "bonus": N_("bonus data"),
}

STATES: dict[ShownState, str] = {
    "ready": N_("Not activated yet"),
    "active": N_("Active"),
    "lapsed": N_("Ended, not renewed"),
    "suspended": N_("Suspended"),
    "closed": N_("Closed"),
}

RENEWED_BY: dict[RenewedBy, str] = {
    "manual": N_("by yourself"),
    "auto": N_("automatically"),
    "term": N_("within a term paid ahead"),
}

PLAN_RULES = {
    "any": N_("any plan"),
    "same": N_("the same plan"),
    "same_or_higher": N_("the same or a higher plan"),
    "same_group": N_("a plan of the same family"),
}

REFUSALS = {
    "already_active": N_("This line has been activated already. Nothing has changed."),
    "already_suspended": N_("This line is suspended already. Nothing has changed."),
    "not_suspended": N_("This line is not suspended. Nothing has changed."),
    "wrong_state": N_(
        "This is not possible while the line’s state is “{state}”. Nothing has changed."
    ),
    "not_active": N_(
        "This is not possible while the line’s state is “{state}”. Nothing has changed."
    ),
    "lapsed": N_(
        "The period has ended. Renew the line first; after that it can be topped up. "
        "Nothing has changed."
    ),
    "validity_missing": N_(
        "On this plan a top-up moves the period’s end, so it needs a validity. Nothing has changed."
    ),
}


def kind(tongue: Tongue, of: Kind) -> str:
    """A bucket's kind as a title."""
    return tongue.say(KINDS[of])


def kind_within(tongue: Tongue, of: Kind) -> str:
    """A bucket's kind inside a sentence."""
    return tongue.say(KINDS_WITHIN[of])


def state(tongue: Tongue, of: ShownState) -> str:
    """A line's state."""
    return tongue.say(STATES[of])


def renewed_by(tongue: Tongue, by: RenewedBy) -> str:
    """Who renewed, as an adverb."""
    return tongue.say(RENEWED_BY[by])


def refusal(tongue: Tongue, unable: Unable) -> str:
    """Why a command was refused, that nothing moved, and what to do now."""
    if unable.code == "queue_full":
        most = int(unable.figures["queue_max"])
        return tongue.count(
            "{n} renewal is waiting already, the most this plan allows. "
            "You can renew again once it has started. Nothing has changed.",
            "{n} renewals are waiting already, the most this plan allows. "
            "You can renew again once the next one has started. Nothing has changed.",
            most,
        )
    sentence = REFUSALS.get(unable.code)
    if sentence is None:
        return tongue.say(
            N_("This is not possible now ({code}). Nothing has changed."), code=unable.code
        )
    figures = dict(unable.figures)
    if figures.get("state") in STATES:
        figures["state"] = state(tongue, figures["state"])
    return tongue.say(sentence, **figures)
