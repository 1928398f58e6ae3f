"""Whose request it is: IMSI and MSISDN in whatever Subscription-Id they come (RFC 8506, 8.46)."""

import re

from eka.wire.diameter import reading
from eka.wire.diameter.dictionary import (
    SUBSCRIPTION_ID,
    SUBSCRIPTION_ID_DATA,
    SUBSCRIPTION_ID_TYPE,
    USER_NAME,
)
from eka.wire.diameter.shapes import Avps
from eka.wire.diameter.writing import octets, unsigned32

E164, IMSI, SIP_URI, NAI = range(4)

# 3GPP TS 23.003: an IMSI has at most 15 digits. Before it, a NAI may have one digit that tells how
# the user authenticates (19.3.2); an IMS identity that stands for an IMSI has none (13.4B).
_IMSI_NAI = re.compile(r"[0-9]?([0-9]{15})@[^@]+")
_PUBLIC = re.compile(r"(?:sips?|tel):\+?([0-9]{5,15})(?:[@;].*)?")
_IMSI_SIP = re.compile(r"sips?:([0-9]{15})@ims\.mnc[0-9]+\.mcc[0-9]+\..*")

_TYPE_FIRST = unsigned32(SUBSCRIPTION_ID_TYPE, 0)[:8]
_DATA_SECOND = octets(SUBSCRIPTION_ID_DATA, b"")[:5]


def subscriber(avps: Avps) -> tuple[str | None, str | None]:
    """(IMSI, MSISDN) of a request, None for what it does not tell.

    What is not a number is no number: nobody has it, so it is left out rather than refused.
    """
    told: dict[int, str] = {}
    for value in avps.every(SUBSCRIPTION_ID):
        kind, data = _type_and_data(value)
        told[kind] = reading.utf8(SUBSCRIPTION_ID_DATA, data)
    imsi, msisdn = _digits(told.get(IMSI, "")), _digits(told.get(E164, "").removeprefix("+"))
    if imsi is None:
        imsi = _imsi_elsewhere(told, avps)
    if msisdn is None and SIP_URI in told:
        msisdn = _public_number(told[SIP_URI])
    return imsi, msisdn


def _type_and_data(value: bytes) -> tuple[int, bytes]:
    stop = 12 + int.from_bytes(value[17:20], "big")
    if (
        value[:8] == _TYPE_FIRST
        and value[12:17] == _DATA_SECOND
        and 20 <= stop <= len(value) < stop + 4
    ):
        return int.from_bytes(value[8:12], "big"), value[20:stop]  # as nearly all gateways write it
    members = reading.read(value)
    kind = reading.required(members, SUBSCRIPTION_ID_TYPE)
    data = reading.required(members, SUBSCRIPTION_ID_DATA)
    return reading.unsigned32(SUBSCRIPTION_ID_TYPE, kind), data


def _digits(text: str) -> str | None:
    is_number = 5 <= len(text) <= 15 and text.isascii() and text.isdecimal()
    return text if is_number else None


def _imsi_elsewhere(told: dict[int, str], avps: Avps) -> str | None:
    if match := _IMSI_SIP.fullmatch(told.get(SIP_URI, "")):
        return match[1]
    names = [told.get(NAI, "")]
    if USER_NAME in avps.first:
        names.append(reading.utf8(USER_NAME, avps.first[USER_NAME]))
    for name in names:
        if match := _IMSI_NAI.fullmatch(name):
            return match[1]
    return None


def _public_number(uri: str) -> str | None:
    match = None if _IMSI_SIP.fullmatch(uri) else _PUBLIC.fullmatch(uri)
    return match[1] if match else None
