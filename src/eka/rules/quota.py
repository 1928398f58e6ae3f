"""Sessions that reserve before they use: credit control (policy, section 7; RFC 8506).

A request first debits what was used, then releases the session's old reservation in full, then
reserves anew what it asks. The same number of the same session again changes nothing and gets the
first answer.
"""

from datetime import datetime

from msgspec.structs import replace

from eka.rules.buckets import left, usable
from eka.rules.consumption import consume
from eka.rules.days import rest_today
from eka.rules.lines import Answer, Draft, Line, Session
from eka.rules.requests import SessionRequest


def reserved(line: Line) -> int:
    """Bytes that the line's open sessions hold."""
    return sum(session.reserved for session in line.sessions.values() if session.open)


def available(line: Line, now: datetime) -> int | None:
    """What can still be reserved: usable bytes, within a hard day quota, less what is held."""
    rest, today = left(line), rest_today(line, now)
    if today is not None and usable(line):
        rest = today if rest is None else min(rest, today)
    return None if rest is None else max(0, rest - reserved(line))


def request(draft: Draft, asked: SessionRequest) -> Answer:
    """Answers one request of a session at the draft's instant."""
    session = draft.line.sessions.get(asked.id)
    number = _number(asked, session)
    if session and number in session.answers:
        return session.answers[number]
    if asked.request != "initial" and (session is None or not session.open):
        answer = Answer(result="unknown_session")
        return answer if session is None else _remember(draft, session, number, answer)
    session = session or Session(id=asked.id, open=False, seen_at=draft.now)
    session = replace(session, open=True, seen_at=draft.now)
    return _serve(draft, session, number, asked)


def _number(asked: SessionRequest, session: Session | None) -> int:
    if asked.number is not None:
        return asked.number
    return session.last_number + 1 if session else 0


def _serve(draft: Draft, session: Session, number: int, asked: SessionRequest) -> Answer:
    consume(draft, asked.used, session=session.id)
    # The old reservation goes before the new one is measured, so that a grant replaces a grant.
    draft.change(sessions={**draft.line.sessions, session.id: replace(session, reserved=0)})
    active = draft.line.state == "active" and not draft.line.suspended
    if asked.request == "end":
        answer, still_open = Answer(), False
    elif not active:
        answer, still_open = Answer(result="not_active"), asked.request == "update"
    else:
        answer, still_open = _grant(draft, asked.asks), True
    session = replace(session, open=still_open, reserved=answer.granted)
    return _remember(draft, session, number, answer)


def _grant(draft: Draft, asks: int) -> Answer:
    most = _most(draft.line, draft.now)
    granted = asks if most is None else min(asks, most)
    if granted == 0 and asks > 0:
        return Answer(result="limit_reached")
    return Answer(granted=granted, final=granted < asks or granted == 0)


def _most(line: Line, now: datetime) -> int | None:
    """The largest grant; None where the plan slows down or charges instead of stopping."""
    period, today = line.period, rest_today(line, now)
    if period is not None and period.plan.exhausted is not None:
        return None if today is None else max(0, today - reserved(line))
    return available(line, now)


def _remember(draft: Draft, session: Session, number: int, answer: Answer) -> Answer:
    session = replace(
        session,
        answers={**session.answers, number: answer},
        last_number=max(session.last_number, number),
    )
    draft.change(sessions={**draft.line.sessions, session.id: session})
    return answer
