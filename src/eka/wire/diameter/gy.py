"""Credit-Control-Request (RFC 8506, 3.1; TS 32.299, 6.4.2): the hot path, written by hand."""

from functools import lru_cache
from typing import Literal

from msgspec import Struct

from eka.rules.units import LARGEST
from eka.wire.diameter import reading
from eka.wire.diameter.dictionary import (
    CC_INPUT_OCTETS,
    CC_MONEY,
    CC_OUTPUT_OCTETS,
    CC_REQUEST_NUMBER,
    CC_REQUEST_TYPE,
    CC_SERVICE_SPECIFIC_UNITS,
    CC_TOTAL_OCTETS,
    DESTINATION_HOST,
    DESTINATION_REALM,
    MULTIPLE_SERVICES_CREDIT_CONTROL,
    MULTIPLE_SERVICES_INDICATOR,
    ORIGIN_HOST,
    ORIGIN_REALM,
    PROXY_INFO,
    RATING_GROUP,
    REPORTING_REASON,
    REQUESTED_ACTION,
    REQUESTED_SERVICE_UNIT,
    ROUTE_RECORD,
    SERVICE_CONTEXT_ID,
    SERVICE_IDENTIFIER,
    SESSION_ID,
    USED_SERVICE_UNIT,
    name,
)
from eka.wire.diameter.facts import Fact, session_facts
from eka.wire.diameter.headers import HEADER_BYTES, Header
from eka.wire.diameter.results import (
    AVP_OCCURS_TOO_MANY_TIMES,
    RATING_FAILED,
    DiameterError,
)
from eka.wire.diameter.shapes import Avps
from eka.wire.diameter.subscribers import subscriber
from eka.wire.diameter.writing import octets, unsigned64

Kind = Literal["initial", "update", "terminate", "event"]
Action = Literal["debit", "refund", "balance", "price"]

_KINDS: dict[int, Kind] = {1: "initial", 2: "update", 3: "terminate", 4: "event"}
_ACTIONS: dict[int, Action] = {0: "debit", 1: "refund", 2: "balance", 3: "price"}

PARTS_MAX = 100  # rating groups in one request; real gateways send a handful
FINAL = 2  # Reporting-Reason (TS 32.299, 7.2.175)

_READ_ONCE = frozenset(
    {
        *(SESSION_ID, ORIGIN_HOST, ORIGIN_REALM, DESTINATION_HOST, DESTINATION_REALM),
        *(CC_REQUEST_TYPE, CC_REQUEST_NUMBER, SERVICE_CONTEXT_ID, REQUESTED_ACTION),
        *(RATING_GROUP, REQUESTED_SERVICE_UNIT, MULTIPLE_SERVICES_INDICATOR),
        *(CC_TOTAL_OCTETS, CC_INPUT_OCTETS, CC_OUTPUT_OCTETS),
    }
)
_TOTAL_OCTETS_ALONE = unsigned64(CC_TOTAL_OCTETS, 0)[:8]


class Mscc(Struct, frozen=True, gc=False):
    """One Multiple-Services-Credit-Control, or a request's own units where it has none.

    `used` bytes; `asks` bytes, 0 for nothing, None where the server is to choose. `reasons` are the
    Reporting-Reasons of the whole, `used_reasons` those of its Used-Service-Units.
    """

    rating_group: int | None = None
    services: tuple[int, ...] = ()
    used: int = 0
    asks: int | None = 0
    reasons: tuple[int, ...] = ()
    used_reasons: tuple[int, ...] = ()


class CreditControlRequest(Struct, frozen=True, kw_only=True, gc=False):
    """A CCR. `facts` come with the first request only; `proxies` are Proxy-Infos as they came.

    `multiple`: the parts came as Multiple-Services-Credit-Control, and go back as such.
    """

    header: Header
    session: str
    kind: Kind
    number: int
    origin_host: str
    origin_realm: str
    destination_host: str | None
    destination_realm: str | None
    context: str
    imsi: str | None
    msisdn: str | None
    multiple: bool
    multiple_supported: bool
    parts: tuple[Mscc, ...]
    action: Action | None
    facts: dict[str, Fact]
    proxies: list[bytes]
    route: list[str]


def read_request(header: Header, message: bytes) -> CreditControlRequest:
    """Reads a CCR, its header already checked.

    Errors: DiameterError with the Result-Code and Failed-AVP that RFC 6733, 7.1 asks for; and
    RATING_FAILED where units are asked for that are not bytes.
    """
    avps = reading.read(message, HEADER_BYTES)
    if avps.again:
        _check_repeats(avps)
    kind = _kind(avps)
    imsi, msisdn = subscriber(avps)
    services = avps.every(MULTIPLE_SERVICES_CREDIT_CONTROL)
    return CreditControlRequest(
        header=header,
        session=_text(avps, SESSION_ID),
        kind=kind,
        number=reading.unsigned32(CC_REQUEST_NUMBER, reading.required(avps, CC_REQUEST_NUMBER)),
        origin_host=_name(avps, ORIGIN_HOST),
        origin_realm=_name(avps, ORIGIN_REALM),
        destination_host=_name_if_any(avps, DESTINATION_HOST),
        destination_realm=_name_if_any(avps, DESTINATION_REALM),
        context=_name_if_any(avps, SERVICE_CONTEXT_ID) or "",
        imsi=imsi,
        msisdn=msisdn,
        multiple=bool(services),
        multiple_supported=_number_if_any(avps, MULTIPLE_SERVICES_INDICATOR) == 1,
        parts=_parts(services) if services else _own_units(avps),
        action=_action(avps) if kind == "event" else None,
        facts=session_facts(avps) if kind == "initial" else {},
        proxies=avps.every(PROXY_INFO),
        route=[reading.utf8(ROUTE_RECORD, value) for value in avps.every(ROUTE_RECORD)],
    )


def _check_repeats(avps: Avps) -> None:
    for key, value in avps.again:
        if key in _READ_ONCE:
            reason = f"{name(key)} comes more than once"
            raise DiameterError(AVP_OCCURS_TOO_MANY_TIMES, reason, octets(key, value))


def _text(avps: Avps, key: int) -> str:
    text = reading.utf8(key, reading.required(avps, key))
    if not text:
        raise reading.wrong_value(key, b"")
    return text


# Hosts, realms and contexts are few, and stand in every message.
_known_text = lru_cache(maxsize=1024)(reading.utf8)


def _name(avps: Avps, key: int) -> str:
    name = _known_text(key, reading.required(avps, key))
    if not name:
        raise reading.wrong_value(key, b"")
    return name


def _name_if_any(avps: Avps, key: int) -> str | None:
    value = avps.first.get(key)
    return None if value is None else _known_text(key, value)


def _number_if_any(avps: Avps, key: int) -> int | None:
    value = avps.first.get(key)
    return None if value is None else reading.unsigned32(key, value)


def _kind(avps: Avps) -> Kind:
    value = reading.required(avps, CC_REQUEST_TYPE)
    kind = _KINDS.get(reading.unsigned32(CC_REQUEST_TYPE, value))
    if kind is None:
        raise reading.wrong_value(CC_REQUEST_TYPE, value)
    return kind


def _action(avps: Avps) -> Action:
    value = reading.required(avps, REQUESTED_ACTION)
    action = _ACTIONS.get(reading.unsigned32(REQUESTED_ACTION, value))
    if action is None:
        raise reading.wrong_value(REQUESTED_ACTION, value)
    return action


def _parts(services: list[bytes]) -> tuple[Mscc, ...]:
    if len(services) > PARTS_MAX:
        key = MULTIPLE_SERVICES_CREDIT_CONTROL
        reason = f"{name(key)} comes more than {PARTS_MAX} times"
        raise DiameterError(AVP_OCCURS_TOO_MANY_TIMES, reason, octets(key, services[PARTS_MAX]))
    return tuple([_mscc(reading.read(value)) for value in services])


def _own_units(avps: Avps) -> tuple[Mscc, ...]:
    """A request without Multiple-Services-Credit-Control has its units itself (RFC 8506, 8.16)."""
    if USED_SERVICE_UNIT in avps.first or REQUESTED_SERVICE_UNIT in avps.first:
        return (_mscc(avps),)
    return ()


def _mscc(avps: Avps) -> Mscc:
    first = avps.first
    if avps.again:
        _check_repeats(avps)
    used = 0
    used_reasons: tuple[int, ...] = ()
    if USED_SERVICE_UNIT in first:
        used, used_reasons = _used(avps.every(USED_SERVICE_UNIT))
    asked = first.get(REQUESTED_SERVICE_UNIT)
    return Mscc(
        _number_if_any(avps, RATING_GROUP),
        _numbers(avps, SERVICE_IDENTIFIER) if SERVICE_IDENTIFIER in first else (),
        used,
        0 if asked is None else _asked(asked),
        _numbers(avps, REPORTING_REASON) if REPORTING_REASON in first else (),
        used_reasons,
    )


def _numbers(avps: Avps, key: int) -> tuple[int, ...]:
    if not avps.again:
        return (reading.unsigned32(key, avps.first[key]),)
    return tuple([reading.unsigned32(key, value) for value in avps.every(key)])


def _used(units: list[bytes]) -> tuple[int, tuple[int, ...]]:
    """Bytes of all Used-Service-Units: at a change of tariff there is one before and one after."""
    total = 0
    reasons: tuple[int, ...] = ()
    for value in units:
        avps = reading.read(value)
        total += _octets(avps) or 0
        if REPORTING_REASON in avps.first:
            reasons += _numbers(avps, REPORTING_REASON)
    if total > LARGEST:
        raise reading.wrong_value(USED_SERVICE_UNIT, units[-1])
    return total, reasons


def _asked(unit: bytes) -> int | None:
    """Bytes asked for; None where the unit has none, and the server is to choose.

    Whoever asks for more than can be counted asks for everything.
    """
    if unit.startswith(_TOTAL_OCTETS_ALONE) and len(unit) == 16:
        return min(int.from_bytes(unit[8:], "big"), LARGEST)  # what nearly all gateways send
    avps = reading.read(unit)
    octets_asked = _octets(avps)
    if octets_asked is not None:
        return min(octets_asked, LARGEST)
    if CC_MONEY in avps.first or CC_SERVICE_SPECIFIC_UNITS in avps.first:
        # RFC 8506, 8.18: units that the server does not know are to be refused, not guessed at.
        failed = octets(REQUESTED_SERVICE_UNIT, unit)
        raise DiameterError(RATING_FAILED, "units are asked for that are not octets", failed)
    return None


def _octets(avps: Avps) -> int | None:
    """CC-Total-Octets, or else input and output together."""
    if avps.again:
        _check_repeats(avps)
    first = avps.first
    total = first.get(CC_TOTAL_OCTETS)
    if total is not None:
        return reading.unsigned64(CC_TOTAL_OCTETS, total)
    sent, received = first.get(CC_INPUT_OCTETS), first.get(CC_OUTPUT_OCTETS)
    if sent is None and received is None:
        return None
    return (0 if sent is None else reading.unsigned64(CC_INPUT_OCTETS, sent)) + (
        0 if received is None else reading.unsigned64(CC_OUTPUT_OCTETS, received)
    )
