"""Plays a scenario on a stage and checks its expectations (policy, section 9).

A stage is where a line lives: the pure rules alone (`RuleStage`), or the ledger's tables behind the
same interface. Both must give the same answers.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from eka.rules.commands import pass_time, perform
from eka.rules.expectations import EXPECTABLE, Facts
from eka.rules.instants import format_instant
from eka.rules.lines import Answer, Entry, Line, Unable
from eka.rules.plans import Plan
from eka.rules.requests import Activate, AddOn, Command, Renew, SessionRequest
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


class Check(Struct, frozen=True):
    """One expectation and what was found, both as text."""

    at: str
    field: str
    expected: str
    actual: str
    ok: bool
    line: int


class Refusal(Struct, frozen=True):
    """A command of the scenario that the rules refused."""

    at: datetime
    code: str
    line: int


class Played(Struct, frozen=True):
    """A scenario that was run to its end."""

    checks: tuple[Check, ...]
    entries: tuple[Entry, ...]
    refusals: tuple[Refusal, ...]
    line: Line

    @property
    def ok(self) -> bool:
        """Whether every expectation held."""
        return all(check.ok for check in self.checks)


class Stage(Protocol):
    """Where a scenario's line lives."""

    def offer(self, plan: Plan) -> None:
        """Sells the plan under these terms from now on."""

    def perform(self, command: Command, at: datetime) -> Answer | None:
        """Applies a command. Raises Unable."""

    def pass_time(self, at: datetime) -> None:
        """Lets everything due up to and including `at` happen."""

    def line(self) -> Line:
        """The line as it is now."""

    def entries(self) -> Sequence[Entry]:
        """Everything that happened to the line so far, in order."""


class RuleStage:
    """A stage of the pure rules: the line is a value in memory."""

    def __init__(self, timezone: str) -> None:
        self._line = Line(timezone=timezone)
        self._entries: list[Entry] = []
        self._offers: dict[str, Plan] = {}

    def offer(self, plan: Plan) -> None:
        """Sells the plan under these terms from now on."""
        self._offers[plan.name] = plan

    def perform(self, command: Command, at: datetime) -> Answer | None:
        """Applies a command. Raises Unable."""
        outcome = perform(self._line, command, at, self._offers)
        self._line = outcome.line
        self._entries += outcome.entries
        return outcome.answer

    def pass_time(self, at: datetime) -> None:
        """Lets everything due up to and including `at` happen."""
        outcome = pass_time(self._line, at, self._offers)
        self._line = outcome.line
        self._entries += outcome.entries

    def line(self) -> Line:
        """The line as it is now."""
        return self._line

    def entries(self) -> Sequence[Entry]:
        """Everything that happened to the line so far, in order."""
        return self._entries


def play(scenario: Scenario, stage: Stage) -> Played:
    """Runs the scenario's events in order and judges its expectations."""
    on_sale = dict(scenario.plans)
    for plan in on_sale.values():
        stage.offer(plan)
    checks: list[Check] = []
    refusals: list[Refusal] = []
    answer: Answer | None = None
    seen = 0
    for event in scenario.events:
        action = event.action
        if isinstance(action, Expect):
            stage.pass_time(event.at)
            entries = tuple(stage.entries())
            facts = Facts(stage.line(), event.at, entries[seen:], answer)
            checks += _judge(event, action, facts)
            seen = len(entries)
        elif isinstance(action, EditPlan):
            stage.pass_time(event.at)
            on_sale[action.plan.name] = action.plan
            stage.offer(action.plan)
        else:
            try:
                command = _command(action, on_sale)
                given = stage.perform(command, event.at)
                answer = given if isinstance(command, SessionRequest) else answer
            except Unable as refusal:
                refusals.append(Refusal(event.at, refusal.code, event.line))
    return Played(tuple(checks), tuple(stage.entries()), tuple(refusals), stage.line())


def _command(action: Action, on_sale: dict[str, Plan]) -> Command:
    """The command of an action, with the plan's terms as they are sold now."""
    match action:
        case ActivatePlan(plan=name, left=left):
            return Activate(on_sale[name], left)
        case RenewPlan(plan=name, by=by, rollover=rollover):
            return Renew(on_sale[name] if name else None, by, rollover)
        case QueuePlan(plan=name, starts=starts):
            return AddOn(on_sale[name], starts)  # type: ignore[arg-type]
        case EditPlan() | Expect():
            raise AssertionError("not a command")
        case _:
            return action


def _judge(event: Event, expect: Expect, facts: Facts) -> list[Check]:
    checks = []
    for field, expected in expect.fields.items():
        actual = EXPECTABLE[field].actual(facts, expected)
        ok = actual == expected
        checks.append(Check(format_instant(event.at), field, expected, actual, ok, event.line))
    return checks
