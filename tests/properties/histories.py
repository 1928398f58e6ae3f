"""Random plans and random histories of a line, for laws that must hold for all of them.

Amounts are small whole numbers with odd parts, instants fall on the quarter hour, so that the
interesting coincidences (an expiry at a renewal, a use that empties a bucket) come up often.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from eka.rules.documents import from_plain
from eka.rules.lifecycle import Leftover
from eka.rules.plan_text import edit, plan_from_text
from eka.rules.plans import Plan
from eka.rules.requests import Change, SessionRequest, TopUp, Use
from eka.rules.scenarios import (
    Action,
    ActivatePlan,
    EditPlan,
    Event,
    Expect,
    QueuePlan,
    RenewPlan,
    Scenario,
)
from eka.rules.units import Duration

START = datetime(2026, 1, 31, 5, tzinfo=UTC)
ZONES = ("UTC", "America/New_York", "Asia/Shanghai", "Europe/London", "Australia/Lord_Howe")
NAMES = ("one", "two")

data = st.sampled_from(["1B", "7B", "100B", "999B", "1KB", "1500B"])
limit = st.sampled_from(["none", "0B", "10B", "500B", "2KB", "50%", "150%"])
span = st.sampled_from(["0h", "1h", "24h", "3d", "1mo"])


def mapping(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A mapping with any part of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


def each_alone(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A mapping with exactly one of these fields: together, the first would hide the others."""
    return st.one_of([st.fixed_dictionaries({name: value}) for name, value in fields.items()])


REQUIREMENTS = {
    "grace": span,
    "lead_min": span,
    "lead_max": st.sampled_from(["none", "0h", "3d"]),
    "period_age_min": span,
    "by": st.sampled_from([["manual"], ["auto", "term"], ["manual", "auto", "term"]]),
    "plan": st.sampled_from(["any", "same", "same_or_higher", ["any", "same_group"]]),
    "used_min": st.sampled_from(["0B", "10B", "20%"]),
    "tenure_min": st.sampled_from(["0", "1"]),
    "tags": st.sampled_from([[], ["gold"]]),
}
kinds = st.lists(st.sampled_from(["plan", "rollover", "topup", "bonus"]), unique=True, max_size=4)
rollover = mapping(
    carries=st.sampled_from([["plan"], ["plan", "topup"], ["plan", "topup", "bonus"], ["topup"]]),
    fraction=st.sampled_from(["100%", "50%", "33.3%"]),
    round_up_to=st.sampled_from(["1B", "64B"]),
    caps=mapping(per_renewal=limit, bank=limit, total=limit),
    trim=st.sampled_from(["newest", "earliest_expiry"]),
    life=mapping(
        renewals=st.sampled_from(["1", "2", "unlimited"]),
        duration=st.sampled_from(["none", "3d", "1mo"]),
    ),
    requires=st.one_of(each_alone(**REQUIREMENTS), mapping(**REQUIREMENTS)),
    forfeits_on=st.sampled_from([["lapse"], ["suspend", "chargeback"], ["lapse", "suspend"]]),
    otherwise=st.sampled_from(["forfeit", "keep_to_expiry"]),
)
plan_text = st.fixed_dictionaries(
    {
        "data": st.sampled_from(["100B", "1KB", "1KB", "5KB", "unlimited", "0B"]),
        "period": st.sampled_from(["24h", "3d", "7d", "1mo"]),
        "rollover": st.one_of(rollover, rollover, rollover, st.just("none")),
    },
    optional={
        "term": st.sampled_from(["2", "3"]),
        "price": st.sampled_from(["1.00 USD", "2.00 USD", "2.00 EUR"]),
        "group": st.just("phone"),
        "tags": st.sampled_from([["gold"], []]),
        "early_renewal": st.sampled_from(["now", "at_end"]),
        "burn": mapping(kinds=kinds, tie=st.sampled_from(["earliest_expiry", "oldest", "newest"])),
        "exhausted": st.sampled_from(
            ["stop", {"throttle_kbps": "128"}, {"overage": "1.00 USD", "per": "100B"}]
        ),
        "speeds": st.just([{"after": "500B", "kbps": "64", "from": "08:00", "to": "02:00"}]),
        "daily": st.fixed_dictionaries(
            {"data": st.sampled_from(["50B", "700B"])},
            optional={
                "kbps_after": st.just("256"),
                "clock": st.sampled_from(["natural", "rolling", "utc"]),
            },
        ),
        "hotspot": st.sampled_from([{"data": "100B"}, {"data": "100B", "kbps_after": "64"}]),
        "alerts": st.just({"used": ["50%", "100%"], "ends_in": ["1d", "3d"]}),
        "topup": st.fixed_dictionaries(
            {"rule": st.sampled_from(["own", "with_period", "extend", "max", "reset"])},
            optional={"queue_max": st.sampled_from(["1", "30"])},
        ),
        "convert": st.just({"rate": "0.10 USD", "per": "10B", "step": "7B"}),
        "auto_renew_at": st.sampled_from(["0%", "10%", "50%"]),
    },
)


@st.composite
def plans(draw: st.DrawFn, name: str) -> Plan:
    """A plan of this name."""
    return plan_from_text({"name": name, **draw(plan_text)})


whole = st.sampled_from([1, 7, 50, 100, 101, 250, 1000, 1001, 6000])
validity = st.sampled_from(
    [Duration(seconds=3600), Duration(seconds=3 * 86400), Duration(months=1)]
)
leftover = st.builds(
    Leftover,
    kind=st.sampled_from(["rollover", "rollover", "topup", "bonus"]),
    data=whole,
    born=st.just(START - timedelta(days=20)),
    expires=st.sampled_from([None, START + timedelta(days=2), START + timedelta(days=40)]),
    generation=st.sampled_from([1, 2]),
)
session = st.builds(
    SessionRequest,
    id=st.sampled_from(["s1", "s2"]),
    request=st.sampled_from(["initial", "update", "update", "end"]),
    used=st.sampled_from([0, 3, 120, 2000]),
    asks=st.sampled_from([0, 5, 300, 10000]),
    number=st.sampled_from([None, None, 0, 1, 2]),
)
action: st.SearchStrategy[Action] = st.one_of(
    st.builds(Use, data=whole, hotspot=st.booleans()),
    st.builds(
        RenewPlan,
        plan=st.sampled_from([None, *NAMES]),
        by=st.sampled_from(["manual", "auto"]),
        rollover=st.one_of(st.none(), rollover),
    ),
    st.builds(TopUp, data=whole, validity=validity, kind=st.sampled_from(["topup", "bonus"])),
    st.builds(
        QueuePlan, plan=st.sampled_from(NAMES), starts=st.sampled_from(["at_end", "on_empty"])
    ),
    session,
    session,
    st.builds(Change, st.sampled_from(["clear", "suspend", "resume"])),
    st.builds(Change, st.sampled_from(["suspend", "resume", "resume", "chargeback"])),
    st.just(Expect({})),
)
gap = st.sampled_from([0, 0, 1, 24, 96, 4 * 24, 10 * 24, 70 * 24]).map(
    lambda quarters: timedelta(minutes=15 * quarters)
)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """A line on a random plan, and up to fifteen random things that happen to it."""
    sold = {name: draw(plans(name)) for name in NAMES}
    brought = tuple(draw(st.lists(leftover, max_size=2)))
    at = START
    events = [Event(at, ActivatePlan("one", brought), 1)]
    for number, (wait, what) in enumerate(
        draw(st.lists(st.tuples(gap, action), min_size=1, max_size=15)), 2
    ):
        at += wait
        events.append(Event(at, what, number))
    if draw(st.booleans()):
        new_terms = edit(sold["one"], from_plain({"data": "2KB"}))
        events.insert(len(events) // 2, Event(events[len(events) // 2].at, EditPlan(new_terms), 0))
    if draw(st.integers(0, 9)) == 0:
        events.append(Event(at, Change("cancel"), 0))
    return Scenario("random", "", draw(st.sampled_from(ZONES)), sold, tuple(events))
