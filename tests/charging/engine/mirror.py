"""The pure rules, told the same requests in the order in which the engine made them durable.

The order is in the ledger: a request that took effect stands with its instant in `seen_at` of its
parts, and a session has only one new request in each round.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from tests.charging.conftest import Shop

from eka.charging.requests import Ask, ChargingAnswer, ChargingRequest
from eka.rules.commands import pass_time, perform
from eka.rules.lines import Answer, Entry, Line, Session
from eka.rules.plans import Plan
from eka.rules.requests import CloseSilent, Command, SessionRequest

Rows = list[tuple[Any, ...]]


def part_of(request: ChargingRequest, ask: Ask) -> str:
    """The part's name in the tables."""
    group = ask.rating_group
    return request.session if group is None else f"{request.session}#{group}"


class Mirror:
    """One line as the rules alone have it."""

    def __init__(self, id_: int, line: Line, offers: Mapping[str, Plan]) -> None:
        self.id, self.line, self._offers = id_, line, offers
        self.entries: list[Entry] = []

    def hear(self, request: ChargingRequest, now: datetime) -> list[tuple[Ask, Answer]]:
        """Carries out a request; what it answers to each ask."""
        stands = any(one.open and one.name == request.session for one in self._sessions())
        answers = [(ask, self._ask(request, ask, now, stands)) for ask in request.asks or (Ask(),)]
        if request.kind == "end":
            asked = {part_of(request, ask) for ask in request.asks or (Ask(),)}
            for other in [one for one in self._sessions() if one.open]:
                if other.name == request.session and other.id not in asked:
                    self.perform(SessionRequest(other.id, "end", number=request.number), now)
        return answers

    def settle(self, now: datetime) -> None:
        """Lets happen what is due: a repeat changes nothing else, but it lets time pass."""
        done = pass_time(self.line, now, self._offers)
        self.line = done.line
        self.entries += done.entries

    def close_silent(self, before: datetime) -> None:
        """Ends what was not heard of."""
        self.perform(CloseSilent(before), before)

    def perform(self, command: Command, now: datetime) -> Answer | None:
        done = perform(self.line, command, now, self._offers)
        self.line = done.line
        self.entries += done.entries
        return done.answer

    def _sessions(self) -> Iterable[Session]:
        return self.line.sessions.values()

    def _ask(self, request: ChargingRequest, ask: Ask, now: datetime, stands: bool) -> Answer:
        kind = "end" if ask.ends else request.kind
        assert kind != "event"
        asked = SessionRequest(
            part_of(request, ask),
            kind,
            used=ask.used,
            asks=ask.asks,
            number=request.number,
            recorded=ask.recorded,
            name=request.session,
            within=stands,
        )
        answer = self.perform(asked, now)
        assert answer is not None
        return answer


def told(answers: list[tuple[Ask, Answer]]) -> list[tuple[object, ...]]:
    """Answers of the rules, as a gateway would see them."""
    seen: list[tuple[object, ...]] = []
    for ask, answer in answers:
        asked = ask.asks != 0
        granting = asked and answer.result == "success"
        seen.append(
            (
                answer.result,
                answer.granted if granting else None,
                answer.final and granting,
                answer.validity if asked else None,
            )
        )
    return seen


def said(request: ChargingRequest, answer: ChargingAnswer) -> list[tuple[object, ...]]:
    """What the engine answered, in the same words."""
    if answer.result == "unknown_session":
        return [("unknown_session", None, False, None)] * len(request.asks)
    assert answer.result == "success", answer
    return [(part.result, part.granted, part.final, part.validity) for part in answer.parts]


class Tables:
    """What the tables hold of a line, in the words of the rules."""

    def __init__(self, shop: Shop, id_: int) -> None:
        self._shop, self._id = shop, id_

    def assert_equal(self, mirror: Mirror) -> None:
        """Every bucket, session, answer, entry and running figure is that of the rules."""
        ((as_of,),) = self._rows("line_state", "as_of")
        mirror.settle(as_of)
        line, period = mirror.line, mirror.line.period
        assert self._rows(
            "bucket", "number, kind, bytes_left, expires, period", "AND open ORDER BY number"
        ) == [(b.number, b.kind, b.left, b.expires, b.period) for b in line.buckets]
        assert self._rows(
            "line_state", "state, unserved, day_used, used, beyond, bucket_count, entry_count"
        ) == [
            (
                *(line.state, line.unserved, line.day_used),
                *((period.used, period.beyond) if period else (0, 0)),
                *(line.bucket_count, self._first_entries + len(mirror.entries)),
            )
        ]
        self._assert_sessions(line)
        self._assert_entries(mirror)

    def _assert_sessions(self, line: Line) -> None:
        sessions = sorted(line.sessions.values(), key=lambda one: one.id)
        columns = "id, open, reserved, last_number, final, used, unserved, recorded, closed_by"
        assert self._rows("session", columns + ", seen_at, valid_until", "ORDER BY id") == [
            (
                *(one.id, one.open, one.reserved, one.last_number, one.final, one.used),
                *(one.unserved, one.recorded, one.closed_by, one.seen_at, one.valid_until),
            )
            for one in sessions
        ]
        assert self._rows(
            "session_answer",
            "session_id, number, granted, final, result, validity",
            "ORDER BY session_id, number",
        ) == [
            (one.id, number, answer.granted, answer.final, answer.result, answer.validity)
            for one in sessions
            for number, answer in sorted(one.answers.items())
        ]

    _first_entries = 2  # it was activated and granted its plan's data

    def _assert_entries(self, mirror: Mirror) -> None:
        assert self._rows(
            "entry",
            "at, code, bytes, bucket, into, kind, reason",
            f"AND number > {self._first_entries} ORDER BY number",
        ) == [
            (one.at, one.code, one.bytes, one.bucket, one.into, one.kind, one.reason)
            for one in mirror.entries
        ]

    def _rows(self, table: str, columns: str, more: str = "") -> Rows:
        columns = columns.replace("into", '"into"')
        return self._shop.rows(f"SELECT {columns} FROM {table} WHERE line_id = {self._id} {more}")
