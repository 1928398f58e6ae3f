"""Why a function was not executed: a subject and a reason (SGP.22, 5.2.6; SGP.02, 5.1.6)."""

from collections.abc import Mapping
from typing import NamedTuple

from eka.wire.es2plus.messages import ExecutionStatus, ResponseHeader, StatusCodeData


class Code(NamedTuple):
    """Such as 8.2.5 and 3.7: of this type of profiles none is left."""

    subject: str
    reason: str

    def __str__(self) -> str:
        return f"{self.subject}/{self.reason}"


SUBJECTS: Mapping[str, str] = {
    "1.1": "Function Requester",
    "1.2": "Function Provider",
    "1.3": "Protocol",
    "1.3.1": "Protocol Format",
    "1.3.2": "Protocol Version",
    "1.6": "Function",
    "8": "eUICC Remote Provisioning",
    "8.1": "eUICC",
    "8.1.1": "EID",
    "8.2": "Profile",
    "8.2.1": "Profile ICCID",
    "8.2.5": "Profile Type",
    "8.2.6": "Matching ID",
    "8.2.7": "Confirmation Code",
    "8.2.8": "PPR",
    "8.2.9": "Profile Metadata",
    "8.2.10": "Bound Profile Package",
    "8.8.5": "Download Order",
    "8.9": "SM-DS",
}

REASONS: Mapping[str, str] = {
    "1.1": "Unknown (Identification or Authentication)",
    "1.2": "Not Allowed (Authorisation)",
    "2.1": "Invalid",
    "2.2": "Mandatory Element Missing",
    "2.3": "Conditional Element Missing",
    "3.1": "Unsupported",
    "3.3": "Already in Use (Uniqueness)",
    "3.5": "Invalid Transition",
    "3.7": "Unavailable",
    "3.8": "Refused",
    "3.9": "Unknown",
    "3.10": "Invalid Association",
    "3.11": "Value has Changed",
    "4.2": "Execution Error",
    "4.4": "Busy",
    "5.1": "Inaccessible",
    "5.3": "Time to Live Expired",
    "6.4": "Maximum Number of Retries Exceeded",
}

# What any function may say.
UNKNOWN_REQUESTER = Code("1.1", "1.1")
REQUESTER_NOT_ALLOWED = Code("1.1", "1.2")
PROVIDER_FAILED = Code("1.2", "4.2")
PROVIDER_BUSY = Code("1.2", "4.4")
FORMAT_UNSUPPORTED = Code("1.3.1", "3.1")
VERSION_UNSUPPORTED = Code("1.3.2", "3.1")
PARAMETER_INVALID = Code("1.6", "2.1")
PARAMETER_MISSING = Code("1.6", "2.2")
CONDITIONAL_MISSING = Code("1.6", "2.3")

# What the functions say beside that (tables 24, 27, 30, 32).
ICCID_UNKNOWN = Code("8.2.1", "3.9")
ICCID_NOT_ALLOWED = Code("8.2.1", "1.2")
ICCID_IN_USE = Code("8.2.1", "3.3")
ICCID_OF_OTHER_EID = Code("8.2.1", "3.10")
ICCID_NOT_RELEASABLE = Code("8.2.1", "3.5")
TYPE_UNKNOWN = Code("8.2.5", "3.9")
TYPE_NOT_ALLOWED = Code("8.2.5", "1.2")
NO_MORE_PROFILES = Code("8.2.5", "3.7")
TYPE_OF_OTHER_ICCID = Code("8.2.5", "3.8")
MATCHING_ID_IN_USE = Code("8.2.6", "3.3")
OTHER_MATCHING_ID = Code("8.2.6", "3.10")
EID_MISSING = Code("8.1.1", "2.2")
OTHER_EID = Code("8.1.1", "3.10")
SMDS_INACCESSIBLE = Code("8.9", "5.1")
SMDS_FAILED = Code("8.9", "4.2")

# What a step on the phone fails with, if it is not the user's own wish (tables 32b and 32c).
DOWNLOAD_FAILED = Code("8.2.10", "4.2")


def words(code: Code) -> str:
    """The code as a person reads it, such as Profile Type: Unavailable."""
    subject = SUBJECTS.get(code.subject, code.subject)
    return f"{subject}: {REASONS.get(code.reason, code.reason)}"


def code_of(status: ExecutionStatus) -> Code | None:
    """Why; None where nothing is said of it."""
    data = status.status_code_data
    return None if data is None else Code(data.subject_code, data.reason_code)


def told(status: ExecutionStatus) -> str:
    """How it ended, with its code if it has one, in a line."""
    code = code_of(status)
    return status.status if code is None else f"{status.status} {code} ({words(code)})"


def done() -> ResponseHeader:
    """The header of an answer: it was executed."""
    return ResponseHeader(function_execution_status=ExecutionStatus(status="Executed-Success"))


def failed(code: Code, message: str = "") -> ResponseHeader:
    """The header of an answer: it was not executed, and why."""
    data = StatusCodeData(
        subject_code=code.subject, reason_code=code.reason, message=message or words(code)
    )
    status = ExecutionStatus(status="Failed", status_code_data=data)
    return ResponseHeader(function_execution_status=status)
