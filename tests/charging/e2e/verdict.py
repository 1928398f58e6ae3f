"""What the pure rules say of what gateways did and were told."""

from tests.charging.conftest import PLANS, Shop
from tests.charging.e2e.load import Session

from eka import clock
from eka.rules.commands import perform
from eka.rules.lines import Line
from eka.rules.plan_text import plan_from_text
from eka.rules.requests import Activate, SessionRequest


def assert_by_rules(shop: Shop, session: Session) -> None:
    """Each answer, and what is left of the line, are those of the pure rules, to the byte."""
    plan = plan_from_text({"name": session.plan, **PLANS[session.plan]})
    now = clock.now()
    line = perform(Line(), Activate(plan), now).line
    for step in session.steps:
        asked = SessionRequest("s", step.kind, step.used, step.asks, step.number)
        done = perform(line, asked, now)
        line, answer, said = done.line, done.answer, step.said
        assert answer is not None
        assert said is not None
        assert said.result == answer.result, (session.name, step)
        if step.asks and step.kind != "end":
            granted = answer.granted if answer.result == "success" else None
            final = answer.final and answer.result == "success"
            assert (said.granted, said.final) == (granted, final), (session.name, step)
    assert line.period is not None
    expected = (
        sum(bucket.left or 0 for bucket in line.buckets),
        sum(one.reserved for one in line.sessions.values() if one.open),
        line.period.used,
        line.unserved,
    )
    assert shop.figures(session.imsi) == expected, session.name
