"""AVPs from bytes, every length and flag checked (RFC 6733, 4.1).

A message's or group's AVPs are read one level deep; who knows a group reads it in turn. So nesting
costs nothing, however deep, and nothing here calls itself.
"""

from ipaddress import ip_address
from struct import Struct as Layout

from eka.wire.diameter.dictionary import VENDOR_3GPP, name
from eka.wire.diameter.results import (
    AVP_UNSUPPORTED,
    INVALID_AVP_BITS,
    INVALID_AVP_LENGTH,
    INVALID_AVP_VALUE,
    MISSING_AVP,
    DiameterError,
)
from eka.wire.diameter.shapes import Avps, Shapes
from eka.wire.diameter.writing import blank, octets

# IANA has assigned no AVP above this. What lies below is known to somebody, and ignored here even
# where its sender insists (M flag): real gateways set M on AVPs that change no charge.
IETF_LAST = 1023
VENDORS_TOLERATED = frozenset({0, VENDOR_3GPP, 5535, 13019})  # and 3GPP2, ETSI

_VENDOR = 0x80000000
_MANDATORY = 0x40000000
_RESERVED = 0x1F000000

_HEAD = Layout("!II").unpack_from
_UNSIGNED32 = Layout("!I").unpack_from

_SHAPES = Shapes()

_SECONDS_1900_TO_1970 = 2_208_988_800
_SECONDS_1900_TO_2036 = 2**32  # where the 32 bits of Time begin again


def read(data: bytes, at: int = 0) -> Avps:
    """The AVPs in `data` from `at` on.

    Errors: INVALID_AVP_LENGTH, INVALID_AVP_BITS, AVP_UNSUPPORTED.
    """
    alike = _SHAPES.cut(data, at)
    if alike is not None:
        return alike
    found = Avps({}, [])
    fill(found, data, at)
    _SHAPES.learn(data, at)
    return found


def fill(found: Avps, data: bytes, at: int) -> None:
    """Reads into `found`, which then has what came before an error."""
    first, end = found.first, len(data)
    while at < end:
        if end - at < 8:
            raise DiameterError(INVALID_AVP_LENGTH, "an AVP's header is cut off")
        key, word = _HEAD(data, at)
        begin = at + 8
        if word & _VENDOR:
            key |= _vendor(data, begin) << 32
            begin += 4
        stop = at + (word & 0xFFFFFF)
        if stop > end or stop < begin:
            raise DiameterError(INVALID_AVP_LENGTH, f"the length of {name(key)}", blank(key))
        value = data[begin:stop]
        if word & _RESERVED or key > IETF_LAST:
            _check_flags(key, word, value)
        if key in first:
            found.again.append((key, value))
        else:
            first[key] = value
        at = stop + 3 & -4


def _vendor(data: bytes, at: int) -> int:
    if len(data) - at < 4:
        raise DiameterError(INVALID_AVP_LENGTH, "an AVP's header is cut off")
    vendor: int = _UNSIGNED32(data, at)[0]
    return vendor


def _check_flags(key: int, word: int, value: bytes) -> None:
    if word & _RESERVED:
        raise DiameterError(INVALID_AVP_BITS, f"the flags of {name(key)}", octets(key, value))
    vendor = key >> 32
    unknown = vendor not in VENDORS_TOLERATED or (vendor == 0 and key > IETF_LAST)
    if word & _MANDATORY and unknown:
        raise DiameterError(AVP_UNSUPPORTED, f"{name(key)} is unknown", octets(key, value))


def required(avps: Avps, key: int) -> bytes:
    """The value of an AVP that must be there. Errors: MISSING_AVP."""
    value = avps.first.get(key)
    if value is None:
        raise DiameterError(MISSING_AVP, f"{name(key)} is missing", blank(key))
    return value


def unsigned32(key: int, value: bytes) -> int:
    """Unsigned32, and Enumerated without negative values. Errors: INVALID_AVP_LENGTH."""
    if len(value) != 4:
        raise wrong_size(key, value)
    return int.from_bytes(value, "big")


def unsigned64(key: int, value: bytes) -> int:
    """Unsigned64. Errors: INVALID_AVP_LENGTH."""
    if len(value) != 8:
        raise wrong_size(key, value)
    return int.from_bytes(value, "big")


def integer32(key: int, value: bytes) -> int:
    """Integer32. Errors: INVALID_AVP_LENGTH."""
    if len(value) != 4:
        raise wrong_size(key, value)
    return int.from_bytes(value, "big", signed=True)


def integer64(key: int, value: bytes) -> int:
    """Integer64. Errors: INVALID_AVP_LENGTH."""
    if len(value) != 8:
        raise wrong_size(key, value)
    return int.from_bytes(value, "big", signed=True)


def utf8(key: int, value: bytes) -> str:
    """UTF8String and DiameterIdentity. Errors: INVALID_AVP_VALUE.

    A zero byte is refused as well: no name has one, and no database takes it.
    """
    try:
        text = value.decode()
    except UnicodeDecodeError:
        raise wrong_value(key, value) from None
    if "\0" in text:
        raise wrong_value(key, value)
    return text


def address(key: int, value: bytes) -> str:
    """Address, as text: `10.45.0.2` (RFC 6733, 4.3.1). Errors: INVALID_AVP_VALUE."""
    family, packed = value[:2], value[2:]
    if (family, len(packed)) not in ((b"\0\1", 4), (b"\0\2", 16)):
        raise wrong_value(key, value)
    return str(ip_address(packed))


def time(key: int, value: bytes) -> int:
    """Time, in seconds since 1970; it can tell 1968 to 2104 (RFC 6733, 4.3.1).

    Errors: INVALID_AVP_LENGTH.
    """
    seconds = unsigned32(key, value)
    if seconds < 2**31:
        seconds += _SECONDS_1900_TO_2036
    return seconds - _SECONDS_1900_TO_1970


def wrong_size(key: int, value: bytes) -> DiameterError:
    """INVALID_AVP_LENGTH, with the AVP."""
    return DiameterError(INVALID_AVP_LENGTH, f"{name(key)} has {len(value)}B", octets(key, value))


def wrong_value(key: int, value: bytes) -> DiameterError:
    """INVALID_AVP_VALUE, with the AVP."""
    return DiameterError(INVALID_AVP_VALUE, f"the value of {name(key)}", octets(key, value))
