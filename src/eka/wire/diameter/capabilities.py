"""How two peers meet, watch and leave each other: CER, DWR, DPR and their answers (RFC 6733, 5)."""

from msgspec import Struct

from eka.wire.diameter import reading
from eka.wire.diameter.dictionary import (
    AUTH_APPLICATION_ID,
    DISCONNECT_CAUSE,
    ERROR_MESSAGE,
    FIRMWARE_REVISION,
    HOST_IP_ADDRESS,
    ORIGIN_HOST,
    ORIGIN_REALM,
    ORIGIN_STATE_ID,
    PRODUCT_NAME,
    RESULT_CODE,
    SUPPORTED_VENDOR_ID,
    VENDOR_3GPP,
    VENDOR_ID,
    VENDOR_SPECIFIC_APPLICATION_ID,
)
from eka.wire.diameter.headers import (
    BASE_APPLICATION,
    CREDIT_CONTROL_APPLICATION,
    DEVICE_WATCHDOG,
    DISCONNECT_PEER,
    HEADER_BYTES,
    RELAY_APPLICATION,
    REQUEST,
    Header,
    answer_header,
    write_message,
)
from eka.wire.diameter.nodes import Node
from eka.wire.diameter.results import (
    NO_COMMON_APPLICATION,
    SUCCESS,
    UNKNOWN_PEER,
    DiameterError,
    is_protocol_error,
)
from eka.wire.diameter.shapes import Avps
from eka.wire.diameter.writing import address, group, unsigned32, utf8

REBOOTING = 0
_NO_VENDOR = 0  # Eka has no enterprise number of its own
_FIRMWARE = 1


class Capabilities(Struct, frozen=True):
    """What a peer said of itself. `vendor_specific`: it names Gy inside such an AVP only."""

    host: str
    realm: str
    vendor_specific: bool = False


def read_capabilities(message: bytes) -> Capabilities:
    """Reads a CER, its header already checked.

    Only its names and applications matter; what else RFC 6733, 5.3.1 demands may be missing.
    Errors: NO_COMMON_APPLICATION, and those of reading.
    """
    avps = reading.read(message, HEADER_BYTES)
    host = reading.utf8(ORIGIN_HOST, reading.required(avps, ORIGIN_HOST))
    realm = reading.utf8(ORIGIN_REALM, reading.required(avps, ORIGIN_REALM))
    if _names_ours(avps):
        return Capabilities(host, realm)
    if any(_names_ours(reading.read(v)) for v in avps.every(VENDOR_SPECIFIC_APPLICATION_ID)):
        return Capabilities(host, realm, vendor_specific=True)
    raise DiameterError(NO_COMMON_APPLICATION, "credit control (4) is not among the applications")


def _names_ours(avps: Avps) -> bool:
    values = avps.every(AUTH_APPLICATION_ID)
    named = {reading.unsigned32(AUTH_APPLICATION_ID, value) for value in values}
    return not named.isdisjoint({CREDIT_CONTROL_APPLICATION, RELAY_APPLICATION})


def check_peer(node: Node, peer: Capabilities, allowed: frozenset[str] | None) -> None:
    """Refuses a peer that is not among `allowed` (None: all are), or that has our own name.

    Errors: UNKNOWN_PEER.
    """
    if node.is_me(peer.host) or not (allowed is None or peer.host.lower() in allowed):
        raise DiameterError(UNKNOWN_PEER, "this Origin-Host is not welcome here")


def write_capabilities(
    node: Node, request: Header, local_address: str, peer: Capabilities
) -> bytes:
    """A CEA that welcomes `peer`."""
    ours = unsigned32(AUTH_APPLICATION_ID, CREDIT_CONTROL_APPLICATION)
    body = [_introduction(node, local_address, SUCCESS), ours]
    if peer.vendor_specific:
        vendor = unsigned32(VENDOR_ID, VENDOR_3GPP)
        body.append(group(VENDOR_SPECIFIC_APPLICATION_ID, vendor, ours))
    body.append(unsigned32(FIRMWARE_REVISION, _FIRMWARE))
    return write_message(answer_header(request), b"".join(body))


def write_refused_capabilities(
    node: Node, request: Header, local_address: str, error: DiameterError
) -> bytes:
    """A CEA before the connection is closed."""
    body = _introduction(node, local_address, error.code) + utf8(ERROR_MESSAGE, error.reason)
    header = answer_header(request, error=is_protocol_error(error.code))
    return write_message(header, body)


def _introduction(node: Node, local_address: str, result: int) -> bytes:
    return b"".join(
        [
            unsigned32(RESULT_CODE, result),
            node.origin,
            address(HOST_IP_ADDRESS, local_address),
            unsigned32(VENDOR_ID, _NO_VENDOR),
            utf8(PRODUCT_NAME, "Eka"),
            unsigned32(ORIGIN_STATE_ID, node.state_id),
            unsigned32(SUPPORTED_VENDOR_ID, VENDOR_3GPP),
        ]
    )


def write_watchdog(node: Node, hop_by_hop: int, end_to_end: int) -> bytes:
    """A DWR."""
    header = Header(REQUEST, DEVICE_WATCHDOG, BASE_APPLICATION, hop_by_hop, end_to_end)
    return write_message(header, node.origin + unsigned32(ORIGIN_STATE_ID, node.state_id))


def write_disconnect(node: Node, hop_by_hop: int, end_to_end: int) -> bytes:
    """A DPR: we are going down, and come back."""
    header = Header(REQUEST, DISCONNECT_PEER, BASE_APPLICATION, hop_by_hop, end_to_end)
    return write_message(header, node.origin + unsigned32(DISCONNECT_CAUSE, REBOOTING))


def write_acknowledgement(node: Node, request: Header) -> bytes:
    """A DWA or DPA."""
    body = unsigned32(RESULT_CODE, SUCCESS) + node.origin
    if request.command == DEVICE_WATCHDOG:
        body += unsigned32(ORIGIN_STATE_ID, node.state_id)
    return write_message(answer_header(request), body)
