"""Result codes (RFC 6733, 7.1; RFC 8506, 9), and the error that carries one."""

SUCCESS = 2001
LIMITED_SUCCESS = 2002

COMMAND_UNSUPPORTED = 3001
UNABLE_TO_DELIVER = 3002
REALM_NOT_SERVED = 3003
TOO_BUSY = 3004
LOOP_DETECTED = 3005
APPLICATION_UNSUPPORTED = 3007
INVALID_HDR_BITS = 3008
INVALID_AVP_BITS = 3009
UNKNOWN_PEER = 3010

END_USER_SERVICE_DENIED = 4010
CREDIT_LIMIT_REACHED = 4012

AVP_UNSUPPORTED = 5001
UNKNOWN_SESSION_ID = 5002
INVALID_AVP_VALUE = 5004
MISSING_AVP = 5005
AVP_OCCURS_TOO_MANY_TIMES = 5009
NO_COMMON_APPLICATION = 5010
UNSUPPORTED_VERSION = 5011
UNABLE_TO_COMPLY = 5012
INVALID_AVP_LENGTH = 5014
INVALID_MESSAGE_LENGTH = 5015
USER_UNKNOWN = 5030
RATING_FAILED = 5031


def is_protocol_error(code: int) -> bool:
    """Whether an answer with this code has the E flag (RFC 6733, 7.1.3)."""
    return 3000 <= code < 4000


class DiameterError(Exception):
    """What is wrong with a message: the Result-Code to answer it with.

    `reason` names AVPs, never their values: it goes into the answer and into logs. `failed` is the
    offending AVP, encoded, for Failed-AVP.
    """

    def __init__(self, code: int, reason: str, failed: bytes = b"") -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
        self.failed = failed
