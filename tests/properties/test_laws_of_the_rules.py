"""Laws that hold for every plan and every history, by the rules alone."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.properties.histories import scenarios

from eka.rules.commands import pass_time, perform
from eka.rules.lines import Answer, Bucket, Entry, Line, Unable
from eka.rules.plans import Plan
from eka.rules.play import Played, RuleStage, play
from eka.rules.requests import Command, SessionRequest, Use
from eka.rules.scenarios import Event, Scenario

FREE = ("unlimited", "throttled", "overage")
LOST = ("forfeited", "expired")


class Witness(RuleStage):
    """A stage that looks at the line after every step."""

    def __init__(self, timezone: str) -> None:
        super().__init__(timezone)
        self.lines: list[Line] = []

    def perform(self, command: Command, at: datetime) -> Answer | None:
        answer = super().perform(command, at)
        self.lines.append(self.line())
        self.check()
        return answer

    def check(self) -> None:
        line, entries = self.line(), self.entries()
        assert all(bucket.left is None or bucket.left > 0 for bucket in line.buckets)
        assert granted(entries) == used(entries) + gone(entries) + left(line)
        assert balances(entries, line) == {
            bucket.number: bucket.left for bucket in line.buckets if bucket.left is not None
        }


def granted(entries: Sequence[Entry]) -> int:
    free = sum(entry.bytes for entry in entries if entry.reason in FREE)
    return free + sum(entry.bytes for entry in entries if entry.code == "granted")


def used(entries: Sequence[Entry]) -> int:
    return sum(entry.bytes for entry in entries if entry.code == "used")


def gone(entries: Sequence[Entry]) -> int:
    return sum(entry.bytes for entry in entries if entry.code in (*LOST, "converted"))


def left(line: Line) -> int:
    return sum(bucket.left or 0 for bucket in line.buckets)


def balances(entries: Sequence[Entry], line: Line) -> dict[int, int]:
    """What each bucket holds by its entries alone; never below zero on the way."""
    sums: dict[int, int] = {}
    for entry in entries:
        if entry.bucket is None or entry.reason in FREE:
            continue
        sign = 1 if entry.code == "granted" else -1
        sums[entry.bucket] = sums.get(entry.bucket, 0) + sign * entry.bytes
        if entry.into is not None:
            sums[entry.into] = sums.get(entry.into, 0) + entry.bytes
        assert min(sums.values()) >= 0
    return {number: amount for number, amount in sums.items() if amount}


@given(scenarios())
def test_bytes_are_conserved_at_every_step(scenario: Scenario) -> None:
    """Granted is used, left, forfeited, expired or converted; buckets are sums of their entries."""
    witness = Witness(scenario.timezone)
    play(scenario, witness)
    witness.check()


@given(scenarios())
def test_no_bucket_is_used_outside_its_time(scenario: Scenario) -> None:
    witness = Witness(scenario.timezone)
    play(scenario, witness)
    known: dict[int, Bucket] = {b.number: b for line in witness.lines for b in line.buckets}
    for entry in witness.entries():
        bucket = known.get(entry.bucket or 0)
        if entry.code == "used" and bucket is not None:
            assert bucket.starts <= entry.at
            assert bucket.expires is None or entry.at < bucket.expires


@given(scenarios())
def test_entries_are_told_in_the_order_of_time(scenario: Scenario) -> None:
    instants = [entry.at for entry in played(scenario).entries]
    assert instants == sorted(instants)


class Interrupted(RuleStage):
    """A stage that looks at the clock between events, and forgets all but what it wrote down."""

    def perform(self, command: Command, at: datetime) -> Answer | None:
        line = self.line()
        if line.as_of is not None and line.as_of < at:
            self.pass_time(line.as_of + (at - line.as_of) / 2)
        self._line = msgspec.msgpack.decode(msgspec.msgpack.encode(self._line), type=Line)
        return super().perform(command, at)


@given(scenarios())
def test_a_run_in_parts_equals_one_run(scenario: Scenario) -> None:
    whole, parts = RuleStage(scenario.timezone), Interrupted(scenario.timezone)
    assert play(scenario, parts).refusals == play(scenario, whole).refusals
    for stage in (whole, parts):
        stage.pass_time(scenario.events[-1].at)
    assert parts.entries() == whole.entries()
    assert timeless(parts.line()) == timeless(whole.line())


@given(scenarios(), st.integers(1, 3))
def test_one_use_equals_its_parts(scenario: Scenario, part: int) -> None:
    """Five megabytes at once or one and four at the same instant leave the same line."""
    events: list[Event] = []
    for event in scenario.events:
        action = event.action
        if isinstance(action, Use) and action.data > part:
            events.append(replace(event, action=replace(action, data=part)))
            events.append(replace(event, action=replace(action, data=action.data - part)))
        else:
            events.append(event)
    parts = played(replace(scenario, events=tuple(events)))
    assert timeless(parts.line) == timeless(played(scenario).line)


@given(scenarios())
def test_a_repeated_session_request_changes_nothing(scenario: Scenario) -> None:
    once, again = RuleStage(scenario.timezone), RuleStage(scenario.timezone)
    play(scenario, once)
    play(scenario, _Repeating(again))
    assert again.entries() == once.entries()
    assert again.line() == once.line()


class _Repeating:
    """Sends every session request twice, and insists on the same answer."""

    def __init__(self, stage: RuleStage) -> None:
        self._stage = stage
        self.offer, self.pass_time = stage.offer, stage.pass_time
        self.line, self.entries = stage.line, stage.entries

    def perform(self, command: Command, at: datetime) -> Answer | None:
        answer = self._stage.perform(command, at)
        if isinstance(command, SessionRequest):
            session = self._stage.line().sessions.get(command.id)
            number = command.number
            if number is None and session is not None:
                number = session.last_number
            again = replace(command, number=number)
            assert self._stage.perform(again, at) == answer
        return answer


@given(scenarios())
def test_a_refused_command_changes_nothing(scenario: Scenario) -> None:
    stage = _Careful(scenario.timezone)
    play(scenario, stage)


class _Careful(RuleStage):
    def perform(self, command: Command, at: datetime) -> Answer | None:
        before, told = self.line(), len(self.entries())
        try:
            return super().perform(command, at)
        except Unable:
            assert self.line() is before
            assert len(self.entries()) == told
            raise


@given(scenarios())
@settings(max_examples=50)
def test_what_is_settled_is_not_due_again(scenario: Scenario) -> None:
    line = played(scenario).line
    now = scenario.events[-1].at
    settled = pass_time(line, now).line
    again = pass_time(settled, now)
    assert again.entries == []
    assert again.line == settled


def test_a_late_command_happens_at_the_last_decided_instant(four: Plan, noon: datetime) -> None:
    """Alice's gateway reports a use an hour late; the ledger never goes back in time."""
    from datetime import timedelta

    from eka.rules.requests import Activate

    line = perform(Line(), Activate(four), noon).line
    line = perform(line, Use(10), noon + timedelta(hours=2)).line
    late = perform(line, Use(10), noon + timedelta(hours=1))
    assert late.entries[0].at == noon + timedelta(hours=2)
    assert late.line.period is not None
    assert late.line.period.used == 20


def played(scenario: Scenario) -> Played:
    return play(scenario, RuleStage(scenario.timezone))


def timeless(line: Line) -> Line:
    """The line without the instant of its last change, which a mere look moves."""
    return replace(line, as_of=None)


def test_random_histories_reach_every_rule() -> None:
    """The laws above mean little if the histories never come to most of the rules."""
    seen: set[str] = set()

    @given(scenarios())
    @settings(max_examples=3000, database=None, derandomize=True)
    def look(scenario: Scenario) -> None:
        result = played(scenario)
        seen.update(entry.reason for entry in result.entries if entry.code in LOST)
        seen.update(entry.code for entry in result.entries)

    look()
    assert seen >= {
        *("too_late_notice", "too_early", "period_too_young", "renewed_by", "plan_changed"),
        *("used_too_little", "tenure_too_short", "tag_missing", "fraction", "life_over"),
        *("cap_per_renewal", "cap_bank", "cap_total", "lapse", "manual_clear", "suspend"),
        *("cancel", "chargeback", "not_carried", "expired"),
        *("granted", "used", "carried", "converted", "unserved", "queued", "end_moved", "alert"),
    }
