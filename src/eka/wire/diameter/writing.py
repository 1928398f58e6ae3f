"""AVPs to bytes (RFC 6733, 4.1 to 4.4). Keys are the dictionary's."""

from functools import lru_cache
from ipaddress import ip_address
from struct import Struct as Layout

from eka.wire.diameter.dictionary import DICTIONARY, Definition, Type

VENDOR, MANDATORY = 0x80, 0x40

_PLAIN = Layout("!II")
_OF_VENDOR = Layout("!III")
_PADDING = (b"", b"\0\0\0", b"\0\0", b"\0")
_UNKNOWN = Definition("", "octets")

# The shortest payload of a type, for an AVP that Failed-AVP shows but nobody sent.
_BLANK_BYTES: dict[Type, int] = {
    "unsigned32": 4,
    "integer32": 4,
    "enumerated": 4,
    "time": 4,
    "unsigned64": 8,
    "integer64": 8,
    "address": 6,
}


def octets(key: int, value: bytes) -> bytes:
    """An AVP of these bytes, padded to a multiple of four."""
    flags = MANDATORY if DICTIONARY.get(key, _UNKNOWN).mandatory else 0
    size = len(value)
    if key >> 32:
        word = (flags | VENDOR) << 24 | size + 12
        head = _OF_VENDOR.pack(key & 0xFFFFFFFF, word, key >> 32)
    else:
        head = _PLAIN.pack(key, flags << 24 | size + 8)
    return head + value + _PADDING[size & 3]


def utf8(key: int, text: str) -> bytes:
    """UTF8String and DiameterIdentity."""
    return octets(key, text.encode())


# Result codes, validities, sizes of grants: what answers say is said again and again.
@lru_cache(maxsize=4096)
def unsigned32(key: int, value: int) -> bytes:
    """Unsigned32, and Enumerated without negative values."""
    return octets(key, value.to_bytes(4, "big"))


@lru_cache(maxsize=4096)
def unsigned64(key: int, value: int) -> bytes:
    """Unsigned64."""
    return octets(key, value.to_bytes(8, "big"))


def integer32(key: int, value: int) -> bytes:
    """Integer32."""
    return octets(key, value.to_bytes(4, "big", signed=True))


def integer64(key: int, value: int) -> bytes:
    """Integer64."""
    return octets(key, value.to_bytes(8, "big", signed=True))


def address(key: int, text: str) -> bytes:
    """Address: family 1 before four bytes, 2 before sixteen (RFC 6733, 4.3.1)."""
    ip = ip_address(text)
    return octets(key, (b"\0\1" if ip.version == 4 else b"\0\2") + ip.packed)


def group(key: int, *members: bytes) -> bytes:
    """Grouped: AVPs within an AVP."""
    return octets(key, b"".join(members))


def blank(key: int) -> bytes:
    """An AVP that was missing or could not be read: its header, and zeros (RFC 6733, 7.5)."""
    return octets(key, bytes(_BLANK_BYTES.get(DICTIONARY.get(key, _UNKNOWN).type, 0)))
