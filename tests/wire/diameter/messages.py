"""Messages of the cast: Alice owns the line, smf1.operator.example is her gateway.

The requests are built as an Open5GS SMF 2.7 was seen to build them (spec/charging.md).
"""

from eka.wire.diameter import dictionary as avp
from eka.wire.diameter import reading
from eka.wire.diameter import writing as w
from eka.wire.diameter.gy import CreditControlRequest, read_request
from eka.wire.diameter.headers import (
    CAPABILITIES_EXCHANGE,
    CREDIT_CONTROL,
    DEVICE_WATCHDOG,
    DISCONNECT_PEER,
    HEADER_BYTES,
    PROXIABLE,
    REQUEST,
    Header,
    check_header,
    glance,
    write_message,
)
from eka.wire.diameter.nodes import Node
from eka.wire.diameter.shapes import Avps

OCS = Node(host="ocs.operator.example", realm="operator.example", state_id=7)
GATEWAY = "smf1.operator.example"
REALM = "operator.example"
SESSION = "smf1.operator.example;1700000000;12;app_gy"
ALICE_IMSI = "001010000000001"
ALICE_MSISDN = "8613800000001"

_3GPP = avp.VENDOR_3GPP << 32
INITIAL, UPDATE, TERMINATE, EVENT = 1, 2, 3, 4


def request(command: int, *avps: bytes, application: int = 0, hop_by_hop: int = 1) -> bytes:
    flags = REQUEST | PROXIABLE if application else REQUEST
    return write_message(Header(flags, command, application, hop_by_hop, 77), b"".join(avps))


def answer(command: int, hop_by_hop: int, result: int = 2001, application: int = 0) -> bytes:
    body = w.unsigned32(avp.RESULT_CODE, result) + origin()
    return write_message(Header(0, command, application, hop_by_hop, hop_by_hop), body)


def origin(host: str = GATEWAY, realm: str = REALM) -> bytes:
    return w.utf8(avp.ORIGIN_HOST, host) + w.utf8(avp.ORIGIN_REALM, realm)


def cer(host: str = GATEWAY, *, application: int = 4, vendor_specific: bool = False) -> bytes:
    named = w.unsigned32(avp.AUTH_APPLICATION_ID, application)
    if vendor_specific:
        vendor = w.unsigned32(avp.VENDOR_ID, avp.VENDOR_3GPP)
        named = w.group(avp.VENDOR_SPECIFIC_APPLICATION_ID, vendor, named)
    return request(
        CAPABILITIES_EXCHANGE,
        origin(host),
        w.address(avp.HOST_IP_ADDRESS, "192.0.2.1"),
        w.unsigned32(avp.VENDOR_ID, 0),
        w.utf8(avp.PRODUCT_NAME, "SMF"),
        named,
    )


def dwr() -> bytes:
    return request(DEVICE_WATCHDOG, origin())


def dpr() -> bytes:
    return request(DISCONNECT_PEER, origin(), w.unsigned32(avp.DISCONNECT_CAUSE, 0))


def subscription(kind: int, data: str) -> bytes:
    told = w.unsigned32(avp.SUBSCRIPTION_ID_TYPE, kind), w.utf8(avp.SUBSCRIPTION_ID_DATA, data)
    return w.group(avp.SUBSCRIPTION_ID, *told)


ALICE = subscription(1, ALICE_IMSI) + subscription(0, ALICE_MSISDN)


def asks(octets: int | None = 1_000_000) -> bytes:
    unit = b"" if octets is None else w.unsigned64(avp.CC_TOTAL_OCTETS, octets)
    return w.group(avp.REQUESTED_SERVICE_UNIT, unit)


def used(sent: int, received: int, reason: int | None = None) -> bytes:
    why = b"" if reason is None else w.unsigned32(avp.REPORTING_REASON, reason)
    return w.group(
        avp.USED_SERVICE_UNIT,
        why,
        w.unsigned32(avp.CC_TIME, 1_700_000_000),  # the first one is absurd, as from a real SMF
        w.unsigned64(avp.CC_INPUT_OCTETS, sent),
        w.unsigned64(avp.CC_OUTPUT_OCTETS, received),
    )


def mscc(*members: bytes, rating_group: int | None = None) -> bytes:
    group = b"" if rating_group is None else w.unsigned32(avp.RATING_GROUP, rating_group)
    return w.group(avp.MULTIPLE_SERVICES_CREDIT_CONTROL, *members, group, QOS)


QOS = w.group(
    _3GPP | 1016,
    w.unsigned32(_3GPP | 1028, 9),
    w.group(_3GPP | 1034, w.unsigned32(_3GPP | 1046, 8), w.unsigned32(_3GPP | 1047, 1)),
)

SERVICE = w.group(
    avp.SERVICE_INFORMATION,
    w.group(
        avp.PS_INFORMATION,
        w.octets(avp.TGPP_CHARGING_ID, b"\0\0\0\7"),
        w.unsigned32(_3GPP | 3, 0),
        w.address(avp.PDP_ADDRESS, "10.45.0.2"),
        w.utf8(avp.CALLED_STATION_ID, "internet"),
        w.utf8(avp.TGPP_SGSN_MCC_MNC, "00101"),
        w.octets(avp.TGPP_USER_LOCATION_INFO, bytes.fromhex("8200f110000100f11000000001")),
        w.octets(avp.TGPP_RAT_TYPE, b"\6"),
    ),
)


def ccr(
    kind: int, number: int, *parts: bytes, subscriber: bytes = ALICE, hop_by_hop: int = 1
) -> bytes:
    """A request as Open5GS sends it: Requested-Action always, no Rating-Group by itself."""
    return request(
        CREDIT_CONTROL,
        w.utf8(avp.SESSION_ID, SESSION),
        origin(),
        w.utf8(avp.DESTINATION_REALM, REALM),
        w.unsigned32(avp.AUTH_APPLICATION_ID, 4),
        w.utf8(avp.SERVICE_CONTEXT_ID, "32251@3gpp.org"),
        w.unsigned32(avp.CC_REQUEST_TYPE, kind),
        w.unsigned32(avp.CC_REQUEST_NUMBER, number),
        w.octets(avp.EVENT_TIMESTAMP, bytes.fromhex("e9300000")),
        subscriber,
        w.unsigned32(avp.REQUESTED_ACTION, 0),
        w.unsigned32(avp.MULTIPLE_SERVICES_INDICATOR, 0),
        *parts,
        SERVICE,
        application=4,
        hop_by_hop=hop_by_hop,
    )


CCR_INITIAL = ccr(INITIAL, 0, mscc(asks()))
CCR_UPDATE = ccr(UPDATE, 1, mscc(asks(), used(600_000, 500_000, reason=3)))
CCR_TERMINATE = ccr(TERMINATE, 2, mscc(used(10, 20), w.unsigned32(avp.REPORTING_REASON, 2)))


def read(message: bytes) -> CreditControlRequest:
    header = glance(message)
    check_header(header, message)
    return read_request(header, message)


def avps(message: bytes) -> Avps:
    return reading.read(message, HEADER_BYTES)


def number(found: Avps, key: int) -> int:
    return int.from_bytes(found.first[key], "big")


def result_of(message: bytes) -> int:
    return number(avps(message), avp.RESULT_CODE)


def without(message: bytes, key: int) -> bytes:
    """The message without its AVPs of `key`."""
    return rebuilt(message, [(k, v) for k, v in ordered(message) if k != key])


def with_avps(message: bytes, *more: bytes) -> bytes:
    return write_message(glance(message), message[HEADER_BYTES:] + b"".join(more))


def rebuilt(message: bytes, pairs: list[tuple[int, bytes]]) -> bytes:
    return write_message(glance(message), b"".join(w.octets(key, value) for key, value in pairs))


def ordered(message: bytes) -> list[tuple[int, bytes]]:
    found = avps(message)
    return [*sorted(found.first.items()), *found.again]
