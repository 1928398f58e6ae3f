"""How much a session is granted where the gateway leaves it open, and for how long."""

from datetime import UTC, datetime, timedelta

from eka.rules.commands import perform
from eka.rules.lines import Answer, Line
from eka.rules.plans import Daily, Plan
from eka.rules.requests import Activate, SessionRequest
from eka.rules.units import Duration

MB = 10**6
START = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Surfing:
    """Alice's line, and gateways that let the server choose."""

    def __init__(self, plan: Plan) -> None:
        self.line = perform(Line(), Activate(plan), START).line
        self.now = START

    def ask(self, session: str, used: int = 0, after: int = 0) -> Answer:
        self.now += timedelta(seconds=after)
        known = self.line.sessions.get(session)
        kind = "update" if known and known.open else "initial"
        asked = SessionRequest(session, kind, used=used, asks=None)  # type: ignore[arg-type]
        outcome = perform(self.line, asked, self.now)
        self.line = outcome.line
        assert outcome.answer is not None
        return outcome.answer


def month(data: int | None, **terms: object) -> Plan:
    return Plan(name="m", data=data, period=Duration(months=1), **terms)  # type: ignore[arg-type]


def test_the_first_grant_is_moderate_and_the_next_suits_the_rate() -> None:
    alice = Surfing(month(100_000 * MB))
    assert alice.ask("s1").granted == 10 * MB
    assert alice.ask("s1", used=10 * MB, after=10).granted == 300 * MB


def test_several_sessions_share_the_rest_and_the_last_bytes_are_final() -> None:
    alice = Surfing(month(12 * MB))
    assert alice.ask("s1").granted == 6 * MB
    assert alice.ask("s2").granted == 2 * MB
    third = alice.ask("s3")
    assert (third.granted, third.final) == (1 * MB, False)
    grants = [alice.ask(f"s{number}") for number in range(4, 8)]
    assert [grant.granted for grant in grants] == [1 * MB, 1 * MB, 1 * MB, 0]
    assert [grant.final for grant in grants] == [False, False, True, True]
    assert grants[-1].result == "limit_reached"


def test_a_grant_is_valid_until_what_it_draws_on_changes() -> None:
    alice = Surfing(month(100_000 * MB, daily=Daily(data=1000 * MB)))
    assert alice.ask("s1").validity == 3600
    assert alice.ask("s1", after=11 * 3600 + 1800).validity == 1800  # until midnight
    assert alice.ask("s1", after=1799).validity == 1
    alice.now += timedelta(milliseconds=500)
    assert alice.ask("s1").validity == 1  # never less: a gateway would ask without end
