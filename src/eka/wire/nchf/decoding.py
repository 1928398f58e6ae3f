"""A request's body: typed, or the problem that names what is wrong with it (TS 29.500, 5.2.7.2)."""

import re

import msgspec

from eka.wire.nchf.problems import Reply, problem
from eka.wire.nchf.types import (
    VOLUME_MAX,
    ChargingDataRequest,
    MultipleUnitUsage,
    volume_of,
)

_decoder = msgspec.json.Decoder(ChargingDataRequest)

# What the specification calls mandatory in the objects that are typed here.
_MANDATORY = {
    "nfConsumerIdentification",
    "nodeFunctionality",
    "invocationTimeStamp",
    "invocationSequenceNumber",
    "ratingGroup",
    "localSequenceNumber",
    "triggerType",
}
_MISSING = re.compile(r"^Object missing required field `(?P<field>[^`]+)`")
_AT = re.compile(r" - at `\$(?P<path>[^`]*)`$")


def decode(body: bytes) -> ChargingDataRequest | Reply:
    """A ChargingDataRequest, or the problem to answer. Whatever the bytes are, it raises nothing.

    Several volumes of one rating group are added up, so their sum has the same limit as each.
    """
    try:
        request = _decoder.decode(body)
    except msgspec.ValidationError as error:
        return _refused(str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return problem(400, "INVALID_MSG_FORMAT", "The body is not JSON.")
    for index, usage in enumerate(request.multiple_unit_usage or ()):
        if _total(usage) > VOLUME_MAX:
            return _wrong(f"/multipleUnitUsage/{index}", "its volumes together exceed 2^63-1 bytes")
    return request


def _total(usage: MultipleUnitUsage) -> int:
    asked = volume_of(usage.requested_unit) if usage.requested_unit else None
    used = sum(volume_of(container) or 0 for container in usage.containers)
    return max(asked or 0, used)


def _refused(message: str) -> Reply:
    """Translates msgspec's message, which names a place but no value."""
    at = _AT.search(message)
    pointer = _pointer(at["path"]) if at else ""
    reason = message[: at.start()] if at else message
    if missing := _MISSING.match(reason):
        pointer = f"{pointer}/{missing['field']}"
        return problem(400, "MANDATORY_IE_MISSING", invalid={pointer: "missing"})
    return _wrong(pointer, reason.replace("`", ""))


def _wrong(pointer: str, reason: str) -> Reply:
    name = pointer.rpartition("/")[2]
    kind = "MANDATORY" if pointer == "" or name in _MANDATORY else "OPTIONAL"
    return problem(400, f"{kind}_IE_INCORRECT", invalid={pointer: reason})


def _pointer(path: str) -> str:
    """`.multipleUnitUsage[0].ratingGroup` becomes `/multipleUnitUsage/0/ratingGroup`."""
    return path.replace("[", ".").replace("]", "").replace(".", "/")
