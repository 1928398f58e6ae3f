"""What a supplier does to a line, in words: that it stopped serving, and lines' first use.

Statuses are those of `gateways.suppliers.terms`, events those of `usecases.activation` and
`usecases.supplier_usage`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from eka.rules.instants import parse_instant
from eka.words.catalogues import N_
from eka.words.tongue import Tongue

# What to read on the line's page, in place of "you can use it".
STOPPED = {
    "finished": N_(
        "The network does not serve this line any more, although you have {data} left. Nothing of "
        "it is lost: we have been told and are looking into it."
    ),
    "expired": N_(
        "The network stopped serving this line on {until}, although you have {data} left. Nothing "
        "of it is lost: we have been told and are looking into it."
    ),
    "suspended": N_(
        "The network has paused this line, although you have {data} left. Nothing of it is lost: "
        "we have been told and are looking into it."
    ),
}
STOPPED_SOMETIME = N_(
    "The network stopped serving this line, although you have {data} left. Nothing of it is lost: "
    "we have been told and are looking into it."
)
HEARD = N_("Use is known as of {at}.")
NOT_HEARD = N_("The network has not told yet what was used.")
STARTS_BY = N_("It starts with its first use, which is to be before {by}.")
STARTS = N_("It starts with its first use.")

MESSAGES = {
    "line_activated": N_("{line} was used for the first time, so {plan} has begun: until {ends}."),
    "activation_reminder": N_(
        "{line} has not been used yet. Use it before {by}: later it is closed, and its data lost."
    ),
    "activation_over": N_(
        "{line} was not used before {by}, so it is closed and its data is lost. If something kept "
        "you from it, write to us."
    ),
    "supplier_stopped": N_(
        "The network does not serve {line} at the moment, although you have {data} left. Nothing "
        "of it is lost: we are looking into it."
    ),
    "supplier_again": N_("The network serves {line} again."),
}


def stopped(
    tongue: Tongue, status: str, left: int | None, until: datetime | None, timezone: str
) -> str:
    """That the supplier serves no more, although `left` bytes are owed (None: unlimited)."""
    sentence = STOPPED.get(status, STOPPED_SOMETIME)
    if status == "expired" and until is None:
        sentence = STOPPED_SOMETIME
    when = tongue.instant(until, timezone) if until else ""
    return tongue.say(sentence, data=tongue.data(left), until=when)


def heard(tongue: Tongue, at: datetime | None, timezone: str) -> str:
    """Of when the use is that a line shows; None: nothing was heard yet."""
    return tongue.say(HEARD, at=tongue.instant(at, timezone)) if at else tongue.say(NOT_HEARD)


def starts(tongue: Tongue, by: datetime | None, timezone: str) -> str:
    """What starts a line that was sold and waits, and by when that has to be."""
    return tongue.say(STARTS_BY, by=tongue.instant(by, timezone)) if by else tongue.say(STARTS)


def message(
    tongue: Tongue, event: str, facts: Mapping[str, Any], timezone: str, titles: Mapping[str, str]
) -> str:
    """One thing that the owner was told; `event` is one of MESSAGES."""
    plan = facts.get("plan", "")
    instants = {
        name: tongue.instant(parse_instant(facts[name]), timezone) if facts.get(name) else ""
        for name in ("by", "ends")
    }
    return tongue.say(
        MESSAGES[event],
        line=facts.get("line", ""),
        plan=titles.get(plan, plan),
        data=tongue.data(facts.get("left")),
        **instants,
    )
