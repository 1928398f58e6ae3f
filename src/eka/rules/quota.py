"""Sessions that reserve before they use: credit control (policy, section 7; RFC 8506).

A request first debits what was used, then releases the session's old reservation in full, then
reserves anew what it asks. The same number of the same session again changes nothing and gets the
first answer.
"""

from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from eka.rules.buckets import left, usable
from eka.rules.consumption import consume
from eka.rules.days import rest_today
from eka.rules.grants import LONGEST_VALIDITY, grant_size, validity
from eka.rules.lines import Answer, Bucket, ClosedBy, Draft, Line, Session
from eka.rules.requests import SessionRequest

UNKNOWN = Answer(result="unknown_session")


def reserved(line: Line, but: str = "") -> int:
    """Bytes that the line's open sessions hold, all `but` one."""
    held = 0
    for session in line.sessions.values():
        if session.open and session.id != but:
            held += session.reserved
    return held


def available(line: Line, now: datetime, but: str = "") -> int | None:
    """What can still be reserved: usable bytes, within a hard day quota, less what is held.

    What session `but` holds counts as free: its next grant replaces it.
    """
    rest, today = left(line), rest_today(line, now)
    if today is not None and usable(line):
        rest = today if rest is None else min(rest, today)
    return None if rest is None else max(0, rest - reserved(line, but))


def request(draft: Draft, asked: SessionRequest) -> Answer:
    """Answers one request of a session at the draft's instant."""
    session = draft.line.sessions.get(asked.id)
    number = _number(asked, session)
    if session and number in session.answers:
        return session.answers[number]
    if _is_unknown(asked, session):
        return UNKNOWN if session is None else _keep(draft, session, number, UNKNOWN)
    if session is None:
        session = _begin(draft, asked)
    if asked.request in ("debit", "refund"):
        return _serve_event(draft, session, number, asked)
    return _serve(draft, session, number, asked)


def close_silent(draft: Draft, before: datetime) -> None:
    """Ends the sessions whose last grant was valid until before `before`, releasing what they hold.

    What they used since is not known, and so not debited.
    """
    draft.change(
        sessions={
            id_: replace(session, open=False, reserved=0, closed_by="silence")
            if session.open and (session.valid_until or session.seen_at) < before
            else session
            for id_, session in draft.line.sessions.items()
        }
    )


def _is_unknown(asked: SessionRequest, session: Session | None) -> bool:
    if asked.request not in ("update", "end") or asked.within:
        return False
    return session is None or not session.open


def _begin(draft: Draft, asked: SessionRequest) -> Session:
    return Session(
        id=asked.id,
        name=asked.name or asked.id,
        open=False,
        started_at=draft.now,
        seen_at=draft.now,
        facts=asked.facts,
    )


def _number(asked: SessionRequest, session: Session | None) -> int:
    if asked.number is not None:
        return asked.number
    return session.last_number + 1 if session else 0


def _is_active(draft: Draft) -> bool:
    return draft.line.state == "active" and not draft.line.suspended


def _serve(draft: Draft, session: Session, number: int, asked: SessionRequest) -> Answer:
    served = consume(draft, asked.used, session=session.id) if asked.used else 0
    closed_by: ClosedBy = ""
    if asked.request == "end":
        answer, closed_by = Answer(), "end"
    elif not _is_active(draft):
        answer = Answer(result="not_active")
        closed_by = "end" if asked.request == "initial" else ""
    else:
        answer = _grant(draft, session, asked)
    session = replace(
        session,
        open=not closed_by,
        closed_by=closed_by,
        reserved=answer.granted,
        used=session.used + asked.used,
        unserved=session.unserved + asked.used - served,
        recorded=session.recorded + asked.recorded,
        **_heard(draft, answer),
    )
    return _keep(draft, session, number, answer)


def _grant(draft: Draft, session: Session, asked: SessionRequest) -> Answer:
    most = _most(draft.line, draft.now, session.id)
    if asked.asks is None:
        asks = grant_size(draft.line, session, asked.used, draft.now, most)
        last = asks == most
    else:
        asks, last = asked.asks, False
    granted = asks if most is None else min(asks, most)
    if granted == 0 and (asks > 0 or last):
        return Answer(result="limit_reached")
    return Answer(
        granted=granted,
        final=last or granted < asks or granted == 0,
        validity=validity(draft.line, draft.now),
    )


def _most(line: Line, now: datetime, session: str) -> int | None:
    """The largest grant; None where the plan slows down or charges instead of stopping."""
    period = line.period
    if period is None or period.plan.exhausted is None:
        return available(line, now, session)
    today = rest_today(line, now)
    return None if today is None else max(0, today - reserved(line, session))


def _serve_event(draft: Draft, session: Session, number: int, asked: SessionRequest) -> Answer:
    """One event is a session that begins and ends at once (RFC 8506, section 6)."""
    served = consume(draft, asked.used, session=session.id) if asked.used else 0
    amount, taken = asked.asks or 0, 0
    if not _is_active(draft):
        answer = Answer(result="not_active")
    elif asked.request == "refund":
        _give_back(draft, amount)
        answer = Answer(granted=amount, final=False)
    else:
        answer = _debit(draft, session, amount)
        taken = answer.granted
    session = replace(
        session,
        closed_by="event",
        used=session.used + asked.used + taken,
        unserved=session.unserved + asked.used - served,
        recorded=session.recorded + asked.recorded,
        **_heard(draft, answer),
    )
    return _keep(draft, session, number, answer)


def _debit(draft: Draft, session: Session, amount: int) -> Answer:
    most = _most(draft.line, draft.now, session.id)
    if most is not None and most < amount:
        return Answer(result="limit_reached")
    if amount:
        consume(draft, amount, session=session.id)
    return Answer(granted=amount, final=False)


def _give_back(draft: Draft, amount: int) -> None:
    """Bytes that a gateway refunds are a bonus that lives as long as the period."""
    if amount:
        bucket = Bucket(
            number=0,
            kind="bonus",
            left=amount,
            born=draft.now,
            starts=draft.now,
            period=draft.period.number,
        )
        draft.grant(bucket, "bonus")


def _heard(draft: Draft, answer: Answer) -> dict[str, Any]:
    """What each answered request tells of its session."""
    valid_until = draft.now + timedelta(seconds=answer.validity or LONGEST_VALIDITY)
    # A session that asked for nothing does not stand on its last grant.
    final = answer.final and (answer.granted > 0 or answer.result != "success")
    return {"seen_at": draft.now, "valid_until": valid_until, "final": final}


def _keep(draft: Draft, session: Session, number: int, answer: Answer) -> Answer:
    session = replace(
        session,
        answers={**session.answers, number: answer},
        last_number=max(session.last_number, number),
    )
    draft.change(sessions={**draft.line.sessions, session.id: session})
    return answer
