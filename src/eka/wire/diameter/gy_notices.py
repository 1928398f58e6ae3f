"""What we ask of a gateway: Re-Auth (RFC 8506, 3; 5.5) and Abort-Session (RFC 6733, 8.5)."""

from typing import Literal

from msgspec import Struct

from eka.wire.diameter import reading
from eka.wire.diameter.dictionary import (
    AUTH_APPLICATION_ID,
    DESTINATION_HOST,
    DESTINATION_REALM,
    EXPERIMENTAL_RESULT,
    EXPERIMENTAL_RESULT_CODE,
    ORIGIN_STATE_ID,
    RATING_GROUP,
    RE_AUTH_REQUEST_TYPE,
    RESULT_CODE,
    SESSION_ID,
)
from eka.wire.diameter.headers import (
    ABORT_SESSION,
    CREDIT_CONTROL_APPLICATION,
    HEADER_BYTES,
    PROXIABLE,
    RE_AUTH,
    REQUEST,
    Header,
    write_message,
)
from eka.wire.diameter.nodes import Node
from eka.wire.diameter.writing import unsigned32, utf8

AUTHORIZE_ONLY = 0
_COMMANDS = {"reauthorize": RE_AUTH, "abort": ABORT_SESSION}


class Notice(Struct, frozen=True, kw_only=True):
    """A request to the gateway `host` of `realm` about one of its sessions.

    `rating_group` None: all of the session's.
    """

    kind: Literal["reauthorize", "abort"]
    session: str
    host: str
    realm: str
    rating_group: int | None = None


def write_notice(node: Node, notice: Notice, hop_by_hop: int, end_to_end: int) -> bytes:
    """A whole RAR or ASR."""
    body = [
        utf8(SESSION_ID, notice.session),
        node.origin,
        utf8(DESTINATION_REALM, notice.realm),
        utf8(DESTINATION_HOST, notice.host),
        unsigned32(AUTH_APPLICATION_ID, CREDIT_CONTROL_APPLICATION),
        unsigned32(ORIGIN_STATE_ID, node.state_id),
    ]
    if notice.kind == "reauthorize":
        body.append(unsigned32(RE_AUTH_REQUEST_TYPE, AUTHORIZE_ONLY))
        if notice.rating_group is not None:
            body.append(unsigned32(RATING_GROUP, notice.rating_group))
    command = _COMMANDS[notice.kind]
    flags = REQUEST | PROXIABLE
    header = Header(flags, command, CREDIT_CONTROL_APPLICATION, hop_by_hop, end_to_end)
    return write_message(header, b"".join(body))


def read_result(message: bytes) -> int:
    """The Result-Code of an answer, or its Experimental-Result-Code.

    Errors: DiameterError where it has none.
    """
    avps = reading.read(message, HEADER_BYTES)
    experimental = avps.first.get(EXPERIMENTAL_RESULT)
    if experimental is not None and RESULT_CODE not in avps.first:
        code = reading.required(reading.read(experimental), EXPERIMENTAL_RESULT_CODE)
        return reading.unsigned32(EXPERIMENTAL_RESULT_CODE, code)
    return reading.unsigned32(RESULT_CODE, reading.required(avps, RESULT_CODE))
