"""The 20 bytes that every message begins with (RFC 6733, 3)."""

from struct import Struct as Layout

from msgspec import Struct

from eka.wire.diameter.results import (
    INVALID_HDR_BITS,
    INVALID_MESSAGE_LENGTH,
    UNSUPPORTED_VERSION,
    DiameterError,
)

VERSION = 1
HEADER_BYTES = 20

REQUEST, PROXIABLE, ERROR, RETRANSMITTED = 0x80, 0x40, 0x20, 0x10
_RESERVED = 0x0F

CAPABILITIES_EXCHANGE = 257
RE_AUTH = 258
CREDIT_CONTROL = 272
ABORT_SESSION = 274
DEVICE_WATCHDOG = 280
DISCONNECT_PEER = 282

BASE_APPLICATION = 0
CREDIT_CONTROL_APPLICATION = 4
RELAY_APPLICATION = 0xFFFFFFFF

_LAYOUT = Layout("!5I")


class Header(Struct, frozen=True, gc=False):
    """A message's header, without its version and length."""

    flags: int
    command: int
    application: int
    hop_by_hop: int
    end_to_end: int

    @property
    def is_request(self) -> bool:
        """Whether the R flag is set."""
        return self.flags & REQUEST != 0

    @property
    def is_retransmitted(self) -> bool:
        """Whether the T flag is set: the sender may have sent this request before."""
        return self.flags & RETRANSMITTED != 0


def glance(message: bytes) -> Header:
    """The header of at least 20 bytes as it stands, right or wrong."""
    _, flags, application, hop_by_hop, end_to_end = _LAYOUT.unpack_from(message)
    return Header(flags >> 24, flags & 0xFFFFFF, application, hop_by_hop, end_to_end)


def check_header(header: Header, message: bytes) -> None:
    """Refuses a header that RFC 6733, 3 does not allow.

    Errors: UNSUPPORTED_VERSION, INVALID_MESSAGE_LENGTH, INVALID_HDR_BITS.
    """
    if message[0] != VERSION:
        raise DiameterError(UNSUPPORTED_VERSION, f"version {message[0]} is not 1")
    length = int.from_bytes(message[1:4], "big")
    if length % 4 or length != len(message):
        raise DiameterError(INVALID_MESSAGE_LENGTH, "the length is not a multiple of four")
    if header.flags & _RESERVED or (header.is_request and header.flags & ERROR):
        raise DiameterError(INVALID_HDR_BITS, "flags that a message of this kind cannot have")


def write_message(header: Header, body: bytes) -> bytes:
    """The whole message: `header` before the AVPs in `body`."""
    return (
        _LAYOUT.pack(
            VERSION << 24 | HEADER_BYTES + len(body),
            header.flags << 24 | header.command,
            header.application,
            header.hop_by_hop,
            header.end_to_end,
        )
        + body
    )


def answer_header(request: Header, *, error: bool = False) -> Header:
    """The header of an answer: the request's names, its P flag and perhaps E (RFC 6733, 6.2)."""
    return Header(
        request.flags & PROXIABLE | (ERROR if error else 0),
        request.command,
        request.application,
        request.hop_by_hop,
        request.end_to_end,
    )
