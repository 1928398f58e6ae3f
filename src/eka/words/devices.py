"""Whether a device takes an eSIM, why, and what to do next; and why a number is no EID."""

import re
from collections.abc import Sequence

from eka.rules.activation_codes import Fault
from eka.rules.devices import ELSEWHERE, Certainty, Esim, Verdict
from eka.words.catalogues import N_
from eka.words.tongue import Tongue

NO_BREAK = "\u00a0"
_KEPT = re.compile(r" (?=[0-9(])")  # a number stays with its name: iPhone 13

# Babel's names of these say more than where a phone was bought.
PLACES = {
    "CN": N_("mainland China"),
    "HK": N_("Hong Kong"),
    "MO": N_("Macao"),
    "TW": N_("Taiwan"),
    ELSEWHERE: N_("somewhere else"),
}

HEADLINES = {
    "yes": N_("Yes, {name} supports eSIM."),
    "no": N_("No, {name} does not support eSIM."),
    "locked": N_("Not yet: {name} has to be unlocked first."),
    "depends": N_("{name}: it depends."),
    "unknown": N_("We do not know this device yet."),
}

LOCKED = N_("A locked device takes only the eSIM of the carrier that sold it.")

WHYS = {
    "unplaced": N_("We know this model, but not the one sold there."),
    "unlisted": N_("It is not in our table. That does not mean that it has no eSIM."),
    "ambiguous": N_("Several devices go by this name. Choose yours:"),
    "eid": N_("It shows an EID, and only a device with an eSIM has one."),
    "eid_unlisted": N_(
        "It shows an EID, so it has the chip; but by our table this model cannot use it. "
        "See in its settings whether “Add eSIM” is offered."
    ),
    "no_eid": N_("A device that shows no EID has no eSIM."),
    "locked": LOCKED,
}

STEPS = {
    "lock": N_("See that it is not locked to a carrier: how is said below."),
    "dial": N_("Dial *#06# on it: if an EID is shown, it supports eSIM."),
    "settings": N_("Look for an EID in its settings: if there is one, it supports eSIM."),
    "place": N_("Choose where it was bought, then look again."),
    "unlock": N_("Ask the carrier that sold it to unlock it. After that it takes any eSIM."),
    "another": N_("Another phone or a tablet with eSIM can share its data with it by hotspot."),
}

ESIMS: dict[Esim, str] = {
    "yes": N_("has eSIM"),
    "no": N_("no eSIM"),
    "some": N_("some models"),
}

CERTAINTIES: dict[Certainty, str] = {
    "stated": N_("the maker says so"),
    "listed": N_("another list or report"),
    "believed": N_("general knowledge; to be checked there"),
}


def place(tongue: Tongue, code: str) -> str:
    """Where a device was sold."""
    if code in PLACES:
        return tongue.say(PLACES[code])
    return str(tongue.locale.territories.get(code, code))


def title(tongue: Tongue, code: str) -> str:
    """The same at the head of a row or a choice."""
    return _headed(place(tongue, code))


def places(tongue: Tongue, codes: Sequence[str], *, all_of_them: bool) -> str:
    """Where a row of the table holds; "" is everywhere, or everywhere that no other row names."""
    general = N_("everywhere") if all_of_them else N_("everywhere else")
    named = [place(tongue, code) if code else tongue.say(general) for code in codes]
    return _headed(tongue.every(named))


def _headed(text: str) -> str:
    return text[:1].upper() + text[1:]


def headline(tongue: Tongue, verdict: Verdict) -> str:
    """The answer in one sentence."""
    key = "locked" if verdict.why == "locked" else verdict.answer
    name = verdict.name or tongue.say(N_("your device"))
    return tongue.say(HEADLINES[key], name=_KEPT.sub(NO_BREAK, name))


def reasons(tongue: Tongue, verdict: Verdict) -> list[str]:
    """Why the answer is so; the notes of the rows are not among them."""
    why = [tongue.say(WHYS[verdict.why])] if verdict.why in WHYS else _by_place(tongue, verdict)
    if verdict.locked and verdict.why != "locked":
        why.append(tongue.say(LOCKED))
    return why + _doubt(tongue, verdict)


def steps(tongue: Tongue, verdict: Verdict) -> list[str]:
    """What to do next."""
    return [tongue.say(STEPS[step]) for step in _steps(verdict)]


def esim(tongue: Tongue, of: Esim) -> str:
    """What a row of the table says, in two words."""
    return tongue.say(ESIMS[of])


def certainty(tongue: Tongue, of: Certainty) -> str:
    """How far a row is to be trusted."""
    return tongue.say(CERTAINTIES[of])


def eid_fault(tongue: Tongue, fault: Fault, digits: int) -> str:
    """Why a number is no EID; `digits` is how many it has."""
    if fault == "check_digit":
        return tongue.say(
            N_("This is not an EID: at least one digit is mistyped. Compare it with the screen.")
        )
    return tongue.count(
        "An EID has 32 digits and nothing else; this has {n} digit.",
        "An EID has 32 digits and nothing else; this has {n} digits.",
        digits,
    )


def _by_place(tongue: Tongue, verdict: Verdict) -> list[str]:
    """What the table says, place by place where that differs or is named."""
    if verdict.why == "region":
        return _apart(tongue, verdict)
    (said,) = {row.esim for row in verdict.listings}
    named = any(row.region for row in verdict.listings)
    if not verdict.region or not named:
        return [tongue.say(N_("Some models have it, others do not."))] if said == "some" else []
    return [_of_place(tongue, said, [verdict.region])]


def _apart(tongue: Tongue, verdict: Verdict) -> list[str]:
    told = []
    for said in ("no", "some", "yes"):
        places = [row.region for row in verdict.listings if row.esim == said and row.region]
        if places and said != _elsewhere(verdict):
            told.append(_of_place(tongue, said, places))
    if elsewhere := _elsewhere(verdict):
        told.append(tongue.say(ELSEWHERES[elsewhere]))
    return told


ELSEWHERES: dict[Esim, str] = {
    "yes": N_("Models sold elsewhere have it."),
    "no": N_("Models sold elsewhere have none."),
    "some": N_("Of those sold elsewhere only some have it."),
}


def _elsewhere(verdict: Verdict) -> Esim | None:
    return next((row.esim for row in verdict.listings if not row.region), None)


def _of_place(tongue: Tongue, said: Esim, places: Sequence[str]) -> str:
    where = tongue.every(place(tongue, code) for code in places)
    if said == "yes":
        return tongue.say(N_("Models sold in {places} have an eSIM."), places=where)
    if said == "no":
        return tongue.say(N_("Models sold in {places} have no eSIM."), places=where)
    return tongue.say(N_("Of the models sold in {places} only some have an eSIM."), places=where)


def _doubt(tongue: Tongue, verdict: Verdict) -> list[str]:
    from_table = verdict.why in ("listed", "some", "region", "locked")
    if from_table and all(row.certainty == "believed" for row in verdict.listings):
        return [tongue.say(N_("We have not found this on the maker’s own page yet."))]
    return []


def _steps(verdict: Verdict) -> list[str]:
    phone = all(row.kind == "phone" for row in verdict.listings)
    look = "dial" if phone else "settings"
    if verdict.why == "locked":
        return ["unlock"]
    if verdict.answer == "yes":
        return ["lock"] if verdict.locked is None else []
    if verdict.answer == "no":
        return ["another"] if verdict.why == "no_eid" else [look, "another"]
    if verdict.why == "eid_unlisted":
        return []
    return ["place", look] if verdict.why == "region" else [look]
