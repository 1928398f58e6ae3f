"""What a first request tells of its session, to be shown in records (TS 32.299, 7.2.158)."""

from collections.abc import Callable
from contextlib import suppress

from eka.wire.diameter import reading
from eka.wire.diameter.dictionary import (
    CALLED_STATION_ID,
    EVENT_TIMESTAMP,
    PDP_ADDRESS,
    PS_INFORMATION,
    SERVICE_INFORMATION,
    TGPP_CHARGING_ID,
    TGPP_RAT_TYPE,
    TGPP_SGSN_MCC_MNC,
    TGPP_USER_LOCATION_INFO,
)
from eka.wire.diameter.results import DiameterError
from eka.wire.diameter.shapes import Avps

Fact = str | int

_BYTES_MAX = 255  # an access point's name has at most 100, a location 13


def _number(key: int, value: bytes) -> Fact:
    """OctetStrings that hold a number: TS 29.061 gives 3GPP-Charging-Id four bytes, RAT one."""
    if len(value) not in (1, 4):
        raise reading.wrong_value(key, value)
    return int.from_bytes(value, "big")


def _hexadecimal(_: int, value: bytes) -> Fact:
    return value.hex()


_FACTS: dict[int, tuple[str, Callable[[int, bytes], Fact]]] = {
    CALLED_STATION_ID: ("apn", reading.utf8),
    TGPP_RAT_TYPE: ("rat", _number),
    TGPP_SGSN_MCC_MNC: ("network", reading.utf8),
    TGPP_CHARGING_ID: ("charging_id", _number),
    TGPP_USER_LOCATION_INFO: ("location", _hexadecimal),
    PDP_ADDRESS: ("address", reading.address),
    EVENT_TIMESTAMP: ("sent_at", reading.time),
}


def session_facts(avps: Avps) -> dict[str, Fact]:
    """The facts in PS-Information, and in the message itself, where older gateways put them.

    A value that cannot be read is left out: it is not worth a subscriber's session. Errors:
    INVALID_AVP_LENGTH and the like, where the groups themselves are broken.
    """
    found = _known(avps)
    service = avps.first.get(SERVICE_INFORMATION)
    if service is not None:
        information = reading.read(service).first.get(PS_INFORMATION)
        if information is not None:
            found |= _known(reading.read(information))
    return found


def _known(avps: Avps) -> dict[str, Fact]:
    found = {}
    for key in _FACTS.keys() & avps.first.keys():
        fact, read_value = _FACTS[key]
        value = avps.first[key]
        with suppress(DiameterError):
            if len(value) <= _BYTES_MAX:
                found[fact] = read_value(key, value)
    return found
