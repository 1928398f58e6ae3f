"""The few words that stand in a chart and its table."""

from typing import Any

from eka.words.catalogues import N_
from eka.words.tongue import Tongue

LABELS = {
    "now": N_("now"),
    "left": N_("left"),
    "used_now": N_("used"),
    "on_hold": N_("on hold until renewed"),
    "lost": N_("{data} lost"),
    "expired": N_("{data} expired"),
    "to_lose": N_("{data} to be lost"),
    "to_expire": N_("{data} to expire"),
    "converted": N_("{data} to credit"),
    "carried": N_("{data} carried over"),
    "renewal": N_("renewal"),
    "ended": N_("ended"),
    "ends": N_("ends"),
    "begins": N_("begins"),
    "runs_out": N_("runs out"),
    "slow": N_("slows to {speed}"),
    "overage": N_("extra data charged"),
    "unlimited": N_("Unlimited"),
    "used": N_("{data} used"),
    "fair_use": N_("from {data} on {speed}"),
    "daily_slow": N_("{data} a day, then {speed}"),
    "daily_stop": N_("{data} a day"),
    "inactive": N_("Not activated yet"),
    "title": N_("Data left from {starts} to {ends}"),
    "title_unlimited": N_("Data used from {starts} to {ends}"),
    "when": N_("When"),
    "what": N_("What"),
    "total": N_("Total"),
    "total_used": N_("Used"),
    "loss_row": N_("{data} of {kind} lost: {reason}"),
    "converted_row": N_("{data} of {kind} turned into credit"),
}


def label(tongue: Tongue, code: str, /, **figures: Any) -> str:
    """One label of a chart, by its code."""
    return tongue.say(LABELS[code], **figures)
