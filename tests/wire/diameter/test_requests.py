"""What Eka understands of a gateway's Credit-Control-Request (RFC 8506, 3.1; TS 32.299, 6.4.2)."""

import pytest
from tests.wire.diameter import messages as m
from tests.wire.diameter.messages import ALICE_IMSI, ALICE_MSISDN, asks, ccr, mscc, used

from eka.rules.units import LARGEST
from eka.wire.diameter import dictionary as avp
from eka.wire.diameter import writing as w
from eka.wire.diameter.gy import Mscc
from eka.wire.diameter.nodes import Node, check_destination
from eka.wire.diameter.results import DiameterError


def part_of(*members: bytes) -> Mscc:
    return m.read(ccr(m.UPDATE, 1, mscc(*members))).parts[0]


def refusal(message: bytes) -> DiameterError:
    with pytest.raises(DiameterError) as caught:
        m.read(message)
    return caught.value


def test_alices_phone_attaches() -> None:
    request = m.read(m.CCR_INITIAL)
    assert (request.session, request.kind, request.number) == (m.SESSION, "initial", 0)
    assert (request.imsi, request.msisdn) == (ALICE_IMSI, ALICE_MSISDN)
    assert (request.origin_host, request.origin_realm) == (m.GATEWAY, m.REALM)
    assert request.parts == (Mscc(asks=1_000_000),)
    assert request.multiple
    assert request.action is None, "Open5GS always sends Requested-Action; it is for events only"
    assert request.facts == {
        "apn": "internet",
        "rat": 6,
        "network": "00101",
        "charging_id": 7,
        "location": "8200f110000100f11000000001",
        "address": "10.45.0.2",
        "sent_at": 1703248256,
    }


def test_use_is_input_and_output_where_no_total_is_given() -> None:
    request = m.read(m.CCR_UPDATE)
    assert request.parts == (Mscc(used=1_100_000, asks=1_000_000, used_reasons=(3,)),)
    assert request.facts == {}, "facts are told once"


def test_her_phone_detaches() -> None:
    request = m.read(m.CCR_TERMINATE)
    assert request.kind == "terminate"
    assert request.parts == (Mscc(used=30, asks=0, reasons=(2,)),)


def octets(key: int, amount: int) -> bytes:
    return w.unsigned64(key, amount)


def unit(key: int, *members: bytes) -> bytes:
    return w.group(key, *members)


ASKED, USED = avp.REQUESTED_SERVICE_UNIT, avp.USED_SERVICE_UNIT
TOTAL, SENT, RECEIVED = avp.CC_TOTAL_OCTETS, avp.CC_INPUT_OCTETS, avp.CC_OUTPUT_OCTETS


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ([], Mscc()),
        ([unit(ASKED)], Mscc(asks=None)),
        ([unit(ASKED, w.unsigned32(avp.CC_TIME, 60))], Mscc(asks=None)),
        ([unit(ASKED, octets(TOTAL, 0))], Mscc(asks=0)),
        ([unit(ASKED, octets(SENT, 3), octets(RECEIVED, 4))], Mscc(asks=7)),
        ([unit(ASKED, octets(RECEIVED, 4))], Mscc(asks=4)),
        ([unit(ASKED, octets(TOTAL, 2**64 - 1))], Mscc(asks=LARGEST)),
        ([unit(ASKED, octets(SENT, 2**64 - 1))], Mscc(asks=LARGEST)),
        ([unit(USED, octets(TOTAL, 5), octets(SENT, 1), octets(RECEIVED, 1))], Mscc(used=5)),
        ([unit(USED, octets(TOTAL, 5)), unit(USED, octets(TOTAL, 6))], Mscc(used=11)),
        ([unit(USED)], Mscc()),
        (
            [w.unsigned32(avp.RATING_GROUP, 100), w.unsigned32(avp.SERVICE_IDENTIFIER, 7)],
            Mscc(rating_group=100, services=(7,)),
        ),
        (
            [w.unsigned32(avp.SERVICE_IDENTIFIER, 7), w.unsigned32(avp.SERVICE_IDENTIFIER, 8)],
            Mscc(services=(7, 8)),
        ),
        ([w.unsigned32(avp.REPORTING_REASON, 4)], Mscc(reasons=(4,))),
    ],
)
def test_what_one_rating_group_says(members: list[bytes], expected: Mscc) -> None:
    assert part_of(*members) == expected


def test_a_gateway_that_knows_no_multiple_services_has_its_units_in_the_request() -> None:
    request = m.read(ccr(m.UPDATE, 1, used(1, 2), asks(50)))
    assert request.parts == (Mscc(used=3, asks=50),)
    assert not request.multiple
    assert m.read(ccr(m.UPDATE, 1)).parts == ()


@pytest.mark.parametrize(
    ("subscriber", "imsi", "msisdn"),
    [
        (b"", None, None),
        (m.subscription(1, ALICE_IMSI), ALICE_IMSI, None),
        (m.subscription(0, "+" + ALICE_MSISDN), None, ALICE_MSISDN),
        (m.subscription(3, f"0{ALICE_IMSI}@nai.epc.mnc001.mcc001.example"), ALICE_IMSI, None),
        (m.subscription(3, f"{ALICE_IMSI}@operator.example"), ALICE_IMSI, None),
        (m.subscription(3, "alice@operator.example"), None, None),
        (m.subscription(2, f"sip:+{ALICE_MSISDN}@operator.example"), None, ALICE_MSISDN),
        (m.subscription(2, f"tel:+{ALICE_MSISDN}"), None, ALICE_MSISDN),
        (m.subscription(2, f"sip:{ALICE_IMSI}@ims.mnc001.mcc001.example"), ALICE_IMSI, None),
        (w.utf8(avp.USER_NAME, f"{ALICE_IMSI}@operator.example"), ALICE_IMSI, None),
        (m.subscription(4, "private"), None, None),
        (m.subscription(1, "Robert'); DROP TABLE line;--"), None, None),
        (m.subscription(1, "٠٠١٠١٠٠٠٠٠٠٠٠٠١"), None, None),
        (m.subscription(9, ALICE_IMSI), None, None),
    ],
)
def test_whose_request_it_is(subscriber: bytes, imsi: str | None, msisdn: str | None) -> None:
    request = m.read(ccr(m.INITIAL, 0, subscriber=subscriber))
    assert (request.imsi, request.msisdn) == (imsi, msisdn)


@pytest.mark.parametrize(
    ("value", "action"), [(0, "debit"), (1, "refund"), (2, "balance"), (3, "price")]
)
def test_an_event_says_what_it_wants(value: int, action: str) -> None:
    message = m.without(ccr(m.EVENT, 0, asks(10)), avp.REQUESTED_ACTION)
    message = m.with_avps(message, w.unsigned32(avp.REQUESTED_ACTION, value))
    assert m.read(message).action == action


@pytest.mark.parametrize(
    "key",
    [
        *(avp.SESSION_ID, avp.ORIGIN_HOST, avp.ORIGIN_REALM),
        *(avp.CC_REQUEST_TYPE, avp.CC_REQUEST_NUMBER),
    ],
)
def test_what_is_missing_is_named(key: int) -> None:
    error = refusal(m.without(m.CCR_INITIAL, key))
    assert error.code == 5005
    assert error.failed == w.blank(key)


@pytest.mark.parametrize(
    "key",
    [avp.DESTINATION_REALM, avp.SERVICE_CONTEXT_ID, avp.AUTH_APPLICATION_ID, avp.SUBSCRIPTION_ID],
)
def test_what_can_be_done_without_may_be_missing(key: int) -> None:
    assert m.read(m.without(m.CCR_INITIAL, key)).session == m.SESSION


SPECIFIC = w.unsigned64(avp.CC_SERVICE_SPECIFIC_UNITS, 1)
TYPE_9 = w.unsigned32(avp.CC_REQUEST_TYPE, 9)
ACTION_9 = w.unsigned32(avp.REQUESTED_ACTION, 9)
EVENT_WITHOUT_ACTION = m.without(ccr(m.EVENT, 0), avp.REQUESTED_ACTION)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (m.with_avps(m.without(m.CCR_INITIAL, avp.CC_REQUEST_TYPE), TYPE_9), 5004),
        (m.with_avps(EVENT_WITHOUT_ACTION, ACTION_9), 5004),
        (EVENT_WITHOUT_ACTION, 5005),
        (m.with_avps(m.CCR_INITIAL, w.utf8(avp.SESSION_ID, "another")), 5009),
        (ccr(m.UPDATE, 1, mscc(asks(), asks())), 5009),
        (ccr(m.UPDATE, 1, mscc(unit(USED, octets(TOTAL, 1), octets(TOTAL, 1)))), 5009),
        (ccr(m.UPDATE, 1, *[mscc(asks(1), rating_group=n) for n in range(101)]), 5009),
        (ccr(m.UPDATE, 1, mscc(unit(ASKED, SPECIFIC))), 5031),
        (ccr(m.UPDATE, 1, mscc(used(2**63, 0))), 5004),
        (ccr(m.UPDATE, 1, mscc(unit(USED, w.octets(TOTAL, b"1234")))), 5014),
        (ccr(m.UPDATE, 1, w.octets(avp.MULTIPLE_SERVICES_CREDIT_CONTROL, b"12345678")), 5014),
        (ccr(m.UPDATE, 1, subscriber=w.group(avp.SUBSCRIPTION_ID)), 5005),
        (m.with_avps(m.without(m.CCR_INITIAL, avp.SESSION_ID), w.utf8(avp.SESSION_ID, "")), 5004),
        (m.with_avps(m.CCR_INITIAL, w.octets(100_000, b"")), 5001),
    ],
)
def test_what_cannot_be_served_is_refused(message: bytes, code: int) -> None:
    assert refusal(message).code == code


def test_a_fact_that_cannot_be_read_is_left_out() -> None:
    broken = w.group(
        avp.SERVICE_INFORMATION,
        w.group(
            avp.PS_INFORMATION,
            w.octets(avp.PDP_ADDRESS, b"12"),
            w.octets(avp.TGPP_RAT_TYPE, b"123"),
            w.octets(avp.TGPP_USER_LOCATION_INFO, bytes(5000)),
            w.utf8(avp.CALLED_STATION_ID, "ims"),
        ),
    )
    message = m.with_avps(m.without(m.CCR_INITIAL, avp.SERVICE_INFORMATION), broken)
    assert m.read(message).facts == {"apn": "ims", "sent_at": 1703248256}


@pytest.mark.parametrize(
    ("host", "realm", "route", "code"),
    [
        (None, None, [], None),
        (None, "Operator.Example", [], None),
        ("OCS.operator.example", "operator.example", ["dra1.operator.example"], None),
        (None, "another.example", [], 3003),
        (None, "brand.example", [], None),
        ("ocs2.operator.example", "operator.example", [], 3002),
        (None, None, ["dra1.operator.example", "ocs.operator.example"], 3005),
    ],
)
def test_whether_a_request_is_for_us(
    host: str | None, realm: str | None, route: list[str], code: int | None
) -> None:
    node = Node(host=m.OCS.host, realm=m.OCS.realm, realms=frozenset({"Brand.example"}))
    found = None
    try:
        check_destination(node, host, realm, route)
    except DiameterError as error:
        found = error.code
    assert found == code


def test_who_was_given_no_name_insists_on_none() -> None:
    node = Node(host=m.OCS.host, realm=m.OCS.realm, any_host=True, any_realm=True)
    check_destination(node, "ocs2.operator.example", "another.example", [])
    with pytest.raises(DiameterError):
        check_destination(node, None, None, [m.OCS.host])
