"""What a gateway says, as the engine hears it; what the engine says, as a gateway hears it."""

import pytest
from tests.wire.diameter import messages as m
from tests.wire.diameter.messages import asks, ccr, mscc, used

from eka.charging.gy_answers import AnswerWriter
from eka.charging.gy_requests import charging_request
from eka.charging.requests import Ask, ChargingAnswer, FinalUnit, Part
from eka.rules.units import LARGEST, Money
from eka.wire.diameter import dictionary as avp
from eka.wire.diameter import reading
from eka.wire.diameter import writing as w
from eka.wire.diameter.headers import glance
from eka.wire.diameter.shapes import Avps

FINAL = w.unsigned32(avp.REPORTING_REASON, 2)


def heard(message: bytes) -> tuple[Ask, ...]:
    return charging_request(m.read(message), "dra1").asks


def test_alices_session_begins() -> None:
    request = charging_request(m.read(m.CCR_INITIAL), "dra1.operator.example")
    assert (request.kind, request.number, request.session) == ("initial", 0, m.SESSION)
    assert (request.imsi, request.msisdn, request.event) == (m.ALICE_IMSI, m.ALICE_MSISDN, None)
    assert request.asks == (Ask(asks=1_000_000),)
    assert request.facts == {
        "door": "gy",
        "host": m.GATEWAY,
        "realm": m.REALM,
        "peer": "dra1.operator.example",
        "context": "32251@3gpp.org",
        "apn": "internet",
        "rat": 6,
        "network": "00101",
        "charging_id": 7,
        "location": "8200f110000100f11000000001",
        "address": "10.45.0.2",
        "sent_at": 1703248256,
    }


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (m.CCR_UPDATE, [Ask(used=1_100_000, asks=1_000_000)]),
        (m.CCR_TERMINATE, [Ask(used=30)]),
        (ccr(m.UPDATE, 1, mscc(used(1, 2), FINAL)), [Ask(used=3, ends=True)]),
        (ccr(m.UPDATE, 1, mscc(used(1, 2), FINAL, asks())), [Ask(used=3, asks=1_000_000)]),
        (ccr(m.UPDATE, 1, mscc(used(1, 2, reason=2))), [Ask(used=3)]),
        (
            ccr(m.UPDATE, 1, mscc(asks(5), rating_group=1), mscc(asks(None), rating_group=2)),
            [Ask(rating_group=1, asks=5), Ask(rating_group=2, asks=None)],
        ),
        (ccr(m.UPDATE, 1, mscc(used(1, 2)), mscc(asks(5))), [Ask(used=3, asks=5)]),
        (ccr(m.UPDATE, 1, mscc(asks(5)), mscc(asks(None))), [Ask(asks=None)]),
        (ccr(m.UPDATE, 1, mscc(asks(LARGEST)), mscc(asks(1))), [Ask(asks=LARGEST)]),
    ],
)
def test_what_is_asked(message: bytes, expected: list[Ask]) -> None:
    assert list(heard(message)) == expected


def test_facts_are_told_once() -> None:
    assert charging_request(m.read(m.CCR_UPDATE), "dra1").facts == {}


@pytest.mark.parametrize(
    ("value", "event"), [(0, "debit"), (1, "refund"), (2, "balance"), (3, "price")]
)
def test_an_event(value: int, event: str) -> None:
    message = m.without(ccr(m.EVENT, 0, asks(10)), avp.REQUESTED_ACTION)
    message = m.with_avps(message, w.unsigned32(avp.REQUESTED_ACTION, value))
    request = charging_request(m.read(message), "dra1")
    assert (request.kind, request.event, request.asks) == ("event", event, (Ask(asks=10),))


def told(answer: ChargingAnswer, final_unit: FinalUnit | None = None) -> tuple[bytes, Avps]:
    """The CCA to her update, and its only Mscc."""
    writer = AnswerWriter(m.OCS, final_unit or FinalUnit())
    _, message = writer.write(m.read(m.CCR_UPDATE), answer)
    part = m.avps(message).first.get(avp.MULTIPLE_SERVICES_CREDIT_CONTROL)
    return message, reading.read(part or b"")


@pytest.mark.parametrize(
    ("result", "code", "flags"),
    [
        ("success", 2001, 0x40),
        ("unknown_subscriber", 5030, 0x40),
        ("unknown_session", 5002, 0x40),
        ("busy", 3004, 0x60),
        ("failed", 5012, 0x40),
        ("denied", 4012, 0x40),
    ],
)
def test_a_result_has_its_code(result, code: int, flags: int) -> None:  # type: ignore[no-untyped-def]
    message, _ = told(ChargingAnswer(result=result))
    assert (m.result_of(message), glance(message).flags) == (code, flags)


@pytest.mark.parametrize(
    ("part", "code"),
    [
        (Part(granted=5), 2001),
        (Part(result="limit_reached"), 4012),
        (Part(result="not_active"), 4010),
        (Part(result="unknown_session"), 5002),
    ],
)
def test_a_parts_result_has_its_code_in_the_part(part: Part, code: int) -> None:
    message, inner = told(ChargingAnswer(parts=(part,)))
    assert m.result_of(message) == 2001
    assert m.number(inner, avp.RESULT_CODE) == code
    assert (avp.GRANTED_SERVICE_UNIT in inner.first) == (code == 2001)


@pytest.mark.parametrize(
    ("action", "part", "value"),
    [
        ("terminate", Part(granted=5), None),
        ("terminate", Part(granted=5, final=True), 0),
        ("redirect", Part(granted=5, final=True), 1),
        ("restrict", Part(granted=5, final=True), 2),
        ("terminate", Part(result="limit_reached"), None),
        ("redirect", Part(result="limit_reached"), 1),
        ("restrict", Part(result="limit_reached"), 2),
        ("redirect", Part(result="not_active"), None),
    ],
)
def test_what_the_gateway_is_to_do_at_the_end(action, part: Part, value: int | None) -> None:  # type: ignore[no-untyped-def]
    unit = FinalUnit(action=action, redirect_to="https://topup.example")
    _, inner = told(ChargingAnswer(parts=(part,)), unit)
    indication = inner.first.get(avp.FINAL_UNIT_INDICATION)
    found = None
    if indication is not None:
        found = m.number(reading.read(indication), avp.FINAL_UNIT_ACTION)
    assert found == value


def test_an_event_is_answered_with_price_and_balance() -> None:
    message, _ = told(ChargingAnswer(enough=False, cost=Money(5, "USD")))
    answer = m.avps(message)
    assert m.number(answer, avp.CHECK_BALANCE_RESULT) == 1
    assert avp.COST_INFORMATION in answer.first


def test_all_services_of_a_part_go_back() -> None:
    services = [w.unsigned32(avp.SERVICE_IDENTIFIER, number) for number in (7, 8)]
    request = m.read(ccr(m.UPDATE, 1, mscc(asks(5), *services, rating_group=1)))
    (ask,) = charging_request(request, "dra1").asks
    assert ask == Ask(rating_group=1, service=7, asks=5)
    part = Part(rating_group=1, service=7, granted=5)
    _, message = AnswerWriter(m.OCS, FinalUnit()).write(request, ChargingAnswer(parts=(part,)))
    inner = reading.read(m.avps(message).first[avp.MULTIPLE_SERVICES_CREDIT_CONTROL])
    assert len(inner.every(avp.SERVICE_IDENTIFIER)) == 2
