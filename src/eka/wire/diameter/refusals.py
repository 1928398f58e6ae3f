"""The answer to a request that cannot be read or served (RFC 6733, 7.2 and 6.2)."""

from contextlib import suppress

from eka.wire.diameter.dictionary import (
    CC_REQUEST_NUMBER,
    CC_REQUEST_TYPE,
    ERROR_MESSAGE,
    FAILED_AVP,
    PROXY_INFO,
    RESULT_CODE,
    SESSION_ID,
)
from eka.wire.diameter.headers import HEADER_BYTES, Header, answer_header, write_message
from eka.wire.diameter.nodes import Node
from eka.wire.diameter.reading import fill
from eka.wire.diameter.results import DiameterError, is_protocol_error
from eka.wire.diameter.shapes import Avps
from eka.wire.diameter.writing import octets, unsigned32, utf8

_FAILED_BYTES_MAX = 4096  # more of an offending AVP helps nobody
_ECHOED = ((CC_REQUEST_TYPE, 4), (CC_REQUEST_NUMBER, 4))


def write_refusal(node: Node, header: Header, message: bytes, error: DiameterError) -> bytes:
    """An answer with the error's Result-Code, Error-Message and Failed-AVP.

    What of the request can be read is echoed, so that relays and gateways know whose answer it is.
    """
    found = Avps({}, [])
    with suppress(DiameterError):
        fill(found, message, HEADER_BYTES)
    body = []
    if SESSION_ID in found.first:
        body.append(octets(SESSION_ID, found.first[SESSION_ID]))
    body += [unsigned32(RESULT_CODE, error.code), node.origin]
    for key, size in _ECHOED:
        if len(found.first.get(key, b"")) == size:
            body.append(octets(key, found.first[key]))
    body.append(utf8(ERROR_MESSAGE, error.reason))
    if 0 < len(error.failed) <= _FAILED_BYTES_MAX:
        body.append(octets(FAILED_AVP, error.failed))
    body += [octets(PROXY_INFO, value) for value in found.every(PROXY_INFO)]
    answer = answer_header(header, error=is_protocol_error(error.code))
    return write_message(answer, b"".join(body))
