"""Credit-Control-Answer (RFC 8506, 3.2; TS 32.299, 6.4.3)."""

from collections.abc import Iterator

from msgspec import Struct

from eka.rules.units import Money, minor_digits
from eka.wire.diameter.currencies import currency_number
from eka.wire.diameter.dictionary import (
    AUTH_APPLICATION_ID,
    CC_REQUEST_NUMBER,
    CC_REQUEST_TYPE,
    CC_TOTAL_OCTETS,
    CHECK_BALANCE_RESULT,
    COST_INFORMATION,
    CURRENCY_CODE,
    EXPONENT,
    FINAL_UNIT_ACTION,
    FINAL_UNIT_INDICATION,
    GRANTED_SERVICE_UNIT,
    MULTIPLE_SERVICES_CREDIT_CONTROL,
    PROXY_INFO,
    RATING_GROUP,
    REDIRECT_ADDRESS_TYPE,
    REDIRECT_SERVER,
    REDIRECT_SERVER_ADDRESS,
    RESULT_CODE,
    SERVICE_IDENTIFIER,
    SESSION_ID,
    UNIT_VALUE,
    VALIDITY_TIME,
    VALUE_DIGITS,
    VOLUME_QUOTA_THRESHOLD,
)
from eka.wire.diameter.gy import CreditControlRequest, Kind
from eka.wire.diameter.headers import CREDIT_CONTROL_APPLICATION, answer_header, write_message
from eka.wire.diameter.nodes import Node
from eka.wire.diameter.results import SUCCESS, is_protocol_error
from eka.wire.diameter.writing import (
    group,
    integer32,
    integer64,
    octets,
    unsigned32,
    unsigned64,
    utf8,
)

TERMINATE, REDIRECT, RESTRICT_ACCESS = range(3)
URL = 2
ENOUGH_CREDIT, NO_CREDIT = range(2)

UNSIGNED32_MAX = 2**32 - 1

_NUMBERS: dict[Kind, int] = {"initial": 1, "update": 2, "terminate": 3, "event": 4}
_KINDS = {kind: unsigned32(CC_REQUEST_TYPE, number) for kind, number in _NUMBERS.items()}
_APPLICATION = unsigned32(AUTH_APPLICATION_ID, CREDIT_CONTROL_APPLICATION)


class Grant(Struct, frozen=True, kw_only=True):
    """The answer to one Mscc. `granted` bytes, None for no Granted-Service-Unit; seconds; bytes.

    `final` is an encoded Final-Unit-Indication, or empty.
    """

    rating_group: int | None = None
    services: tuple[int, ...] = ()
    result: int = SUCCESS
    granted: int | None = None
    validity: int | None = None
    threshold: int | None = None
    final: bytes = b""


def write_answer(
    node: Node, request: CreditControlRequest, result: int, *parts: Grant, more: bytes = b""
) -> bytes:
    """A whole CCA; `more` are encoded AVPs of an event's answer.

    Where the request had no Multiple-Services-Credit-Control, its one part is told in the answer
    itself, Result-Code included (RFC 8506, 8.16).
    """
    own_units = parts and not request.multiple
    if own_units and result == SUCCESS:
        result = parts[0].result
    error = is_protocol_error(result)
    body = [
        utf8(SESSION_ID, request.session),
        unsigned32(RESULT_CODE, result),
        node.origin,
        _APPLICATION,
        _KINDS[request.kind],
        unsigned32(CC_REQUEST_NUMBER, request.number),
    ]
    if own_units:
        body.extend(_units(parts[0]))
    else:
        body.extend([_mscc(part) for part in parts])
    body.append(more)
    body.extend([octets(PROXY_INFO, proxy) for proxy in request.proxies])
    return write_message(answer_header(request.header, error=error), b"".join(body))


def _mscc(part: Grant) -> bytes:
    members = list(_units(part))
    members.extend([unsigned32(SERVICE_IDENTIFIER, service) for service in part.services])
    if part.rating_group is not None:
        members.append(unsigned32(RATING_GROUP, part.rating_group))
    members.append(unsigned32(RESULT_CODE, part.result))
    return octets(MULTIPLE_SERVICES_CREDIT_CONTROL, b"".join(members))


def _units(part: Grant) -> Iterator[bytes]:
    if part.granted is not None:
        yield octets(GRANTED_SERVICE_UNIT, unsigned64(CC_TOTAL_OCTETS, part.granted))
    if part.validity is not None:
        yield unsigned32(VALIDITY_TIME, min(part.validity, UNSIGNED32_MAX))
    if part.final:
        yield part.final
    if part.threshold is not None:
        yield unsigned32(VOLUME_QUOTA_THRESHOLD, min(part.threshold, UNSIGNED32_MAX))


def final_unit(action: int, redirect_to: str = "") -> bytes:
    """Final-Unit-Indication (RFC 8506, 8.34); `redirect_to` is a URL."""
    members = [unsigned32(FINAL_UNIT_ACTION, action)]
    if action == REDIRECT:
        address_type = unsigned32(REDIRECT_ADDRESS_TYPE, URL)
        server_address = utf8(REDIRECT_SERVER_ADDRESS, redirect_to)
        members.append(group(REDIRECT_SERVER, address_type, server_address))
    return group(FINAL_UNIT_INDICATION, *members)


def balance_result(enough: bool) -> bytes:
    """Check-Balance-Result (RFC 8506, 8.6)."""
    return unsigned32(CHECK_BALANCE_RESULT, ENOUGH_CREDIT if enough else NO_CREDIT)


def cost_information(cost: Money) -> bytes:
    """Cost-Information (RFC 8506, 8.7): 0.05 USD is 5, exponent -2, currency 840."""
    digits = integer64(VALUE_DIGITS, cost.minor)
    exponent = integer32(EXPONENT, -minor_digits(cost.currency))
    currency = unsigned32(CURRENCY_CODE, currency_number(cost.currency))
    return group(COST_INFORMATION, group(UNIT_VALUE, digits, exponent), currency)
