"""The tables and use cases give the same answers as the rules alone, for random histories."""

import msgspec
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace
from tests.properties.histories import scenarios

from eka.cli.stages import LedgerStage
from eka.ledger import plans
from eka.rules.lines import Line
from eka.rules.play import RuleStage, play
from eka.rules.scenarios import Scenario


def plain(entries: object) -> object:
    """As JSON keeps them: the ledger cannot tell a tuple from a list."""
    return msgspec.json.decode(msgspec.json.encode(entries))


def comparable(line: Line) -> Line:
    """Without what differs by design: plan versions, and sessions that are closed."""
    period = line.period
    return replace(
        line,
        as_of=None,
        period=period and replace(period, plan=replace(period.plan, version=0)),
        queue=tuple(replace(q, plan=replace(q.plan, version=0)) for q in line.queue),
        sessions={
            id_: replace(session, answers={})
            for id_, session in line.sessions.items()
            if session.open
        },
    )


@pytest.mark.django_db
@given(scenarios())
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_both_stages_tell_the_same_story(scenario: Scenario) -> None:
    rules = RuleStage(scenario.timezone)
    with transaction.atomic():
        tables = LedgerStage(scenario.timezone)
        told = play(scenario, tables)
        by_rules = play(scenario, rules)
        # What is due after a refused command waits for the job here, for the next call there.
        for stage in (tables, rules):
            stage.pass_time(scenario.events[-1].at)
        assert plain(list(tables.entries())) == plain(list(rules.entries()))
        assert comparable(tables.line()) == comparable(rules.line())
        assert told.refusals == by_rules.refusals
        transaction.set_rollback(True)
    plans.forget()
