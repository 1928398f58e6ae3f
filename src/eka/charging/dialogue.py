"""One request of a gateway, answered on a line's page by the rules (policy, section 7).

Each rating group of a session is a session of its own for the rules: a *part*.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from eka.charging.requests import Ask, ChargingAnswer, ChargingRequest, Part
from eka.ledger.pages import Page
from eka.rules.commands import pass_time
from eka.rules.grants import threshold
from eka.rules.lines import Answer, Line, Session
from eka.rules.plans import Overage, Plan
from eka.rules.quota import available
from eka.rules.requests import SessionRequest
from eka.rules.units import Money

Offers = Mapping[str, Plan]

UNKNOWN_SESSION = ChargingAnswer(result="unknown_session")


def part_id(session: str, ask: Ask) -> str:
    """The name under which the ledger keeps a part."""
    if ask.rating_group is None and ask.service is None:
        return session
    group = "" if ask.rating_group is None else ask.rating_group
    return f"{session}#{group}" if ask.service is None else f"{session}#{group}.{ask.service}"


def respond(page: Page, request: ChargingRequest, now: datetime, offers: Offers) -> ChargingAnswer:
    """Answers a request; what it changes is on the page."""
    if request.kind == "event":
        return _answer_event(page, request, now, offers)
    parts = [part for part in page.line.sessions.values() if part.name == request.session]
    if request.kind == "initial":
        answers = _ask_all(page, request, request.asks or (Ask(),), now, offers)
        return _all(answers if request.asks else [])
    if not parts:
        return UNKNOWN_SESSION
    if request.kind == "end":
        return _end(page, request, parts, now, offers)
    return _update(page, request, parts, now, offers)


def _update(
    page: Page, request: ChargingRequest, parts: list[Session], now: datetime, offers: Offers
) -> ChargingAnswer:
    if not request.asks:
        # It reports nothing and asks nothing: the session is known, or was when this came first.
        known = any(part.open or request.number <= part.last_number for part in parts)
        return ChargingAnswer() if known else UNKNOWN_SESSION
    return _all(_ask_all(page, request, request.asks, now, offers))


def _end(
    page: Page, request: ChargingRequest, parts: list[Session], now: datetime, offers: Offers
) -> ChargingAnswer:
    """Ends what the request names, with its use, and every other part of the session."""
    answers = _ask_all(page, request, request.asks, now, offers)
    named = {part_id(request.session, ask) for ask in request.asks}
    others = []
    for part in parts:
        # A part that ended earlier knows nothing of this request; the session is known all the
        # same if another part still stands, or if this is a repeat.
        if part.id not in named and (part.open or request.number in part.answers):
            asked = SessionRequest(part.id, "end", number=request.number)
            answer = page.perform(asked, now, offers)
            others.append(Part(result=answer.result if answer else "success"))
    if not answers and not others:
        return UNKNOWN_SESSION
    whole = _all([*answers, *others])
    return ChargingAnswer(result=whole.result, parts=tuple(answers) if whole.parts else ())


def _all(parts: list[Part]) -> ChargingAnswer:
    if parts and all(part.result == "unknown_session" for part in parts):
        return UNKNOWN_SESSION
    return ChargingAnswer(parts=tuple(parts))


def _ask_all(
    page: Page, request: ChargingRequest, asks: tuple[Ask, ...], now: datetime, offers: Offers
) -> list[Part]:
    # Whether the session stands is decided once: a part may end in the request that begins another.
    stands = any(part.open and part.name == request.session for part in page.line.sessions.values())
    kind: Literal["initial", "update", "end"] = "update"
    if request.kind in ("initial", "end"):
        kind = "initial" if request.kind == "initial" else "end"
    answers = []
    for ask in asks:
        command = SessionRequest(
            part_id(request.session, ask),
            "end" if ask.ends else kind,
            used=ask.used,
            asks=ask.asks,
            number=request.number,
            recorded=ask.recorded,
            name=request.session,
            facts=request.facts,
            within=stands,
        )
        answer = page.perform(command, now, offers)
        assert answer is not None
        answers.append(_part(ask, answer))
    return answers


def _part(ask: Ask, answer: Answer) -> Part:
    asked = ask.asks is None or ask.asks > 0
    granted = answer.granted if asked and answer.result == "success" else None
    final = asked and answer.final and answer.result == "success"
    return Part(
        rating_group=ask.rating_group,
        service=ask.service,
        result=answer.result,
        granted=granted,
        final=final,
        validity=answer.validity if asked else None,
        threshold=None if granted is None else threshold(granted, final=final),
    )


def _answer_event(
    page: Page, request: ChargingRequest, now: datetime, offers: Offers
) -> ChargingAnswer:
    asks = request.asks or (Ask(asks=0),)
    if request.event in ("balance", "price"):
        line = pass_time(page.line, now, offers).line
        return _look(line, request, asks, now)
    parts = tuple(_settle_event(page, request, ask, now, offers) for ask in asks)
    denied = any(part.result != "success" for part in parts)
    return ChargingAnswer(result="denied" if denied else "success", parts=parts)


def _settle_event(
    page: Page, request: ChargingRequest, ask: Ask, now: datetime, offers: Offers
) -> Part:
    answer = page.perform(
        SessionRequest(
            part_id(request.session, ask),
            "refund" if request.event == "refund" else "debit",
            used=ask.used,
            asks=ask.asks or 0,
            number=request.number,
            recorded=ask.recorded,
            name=request.session,
            facts=request.facts,
        ),
        now,
        offers,
    )
    assert answer is not None
    return _part(ask, answer)


def _look(
    line: Line, request: ChargingRequest, asks: tuple[Ask, ...], now: datetime
) -> ChargingAnswer:
    """Checks a balance or a price; nothing changes (RFC 8506, sections 6.1 and 6.2)."""
    wanted = sum(ask.asks or 0 for ask in asks)
    rest = available(line, now)
    plan = line.period.plan if line.period else None
    active = line.state == "active" and not line.suspended
    beyond = plan is not None and plan.exhausted is not None
    enough = active and (beyond or rest is None or rest >= max(wanted, 1))
    if request.event == "balance":
        return ChargingAnswer(enough=enough)
    return ChargingAnswer(cost=_price(line, plan, wanted - (rest or 0) if rest is not None else 0))


def _price(line: Line, plan: Plan | None, beyond: int) -> Money | None:
    """What so many bytes beyond the balance cost; data that is paid for costs nothing more."""
    if plan is None:
        return None
    if isinstance(plan.exhausted, Overage):
        overage, counted = plan.exhausted, line.period.beyond if line.period else 0
        blocks = -(-(counted + max(0, beyond)) // overage.per) - -(-counted // overage.per)
        return Money(blocks * overage.price.minor, overage.price.currency)
    return Money(0, plan.price.currency) if plan.price else None
