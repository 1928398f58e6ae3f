"""One HTTP request becomes an invocation of the service, or a ready problem (TS 32.291, 6.1.3)."""

import re
from typing import Literal

from msgspec import Struct

from eka.wire.nchf.decoding import decode
from eka.wire.nchf.identity import SESSION, number_of, session_of, subscriber_of
from eka.wire.nchf.problems import JSON, Reply, problem
from eka.wire.nchf.types import ChargingDataRequest

ROOT = "/nchf-convergedcharging/v3/chargingdata"
OPENAPI = "/nchf-convergedcharging/v3/openapi.yaml"
BODY_BYTES_MAX = 256 * 1024

Operation = Literal["create", "update", "release"]

_OF_SESSION = re.compile(re.escape(ROOT) + r"/(?P<ref>[^/]+)/(?P<operation>update|release)\Z")


class Target(Struct, frozen=True):
    """The operation that method and path name; `ref` is empty for a Create."""

    operation: Operation
    ref: str = ""


class Invocation(Struct, frozen=True, kw_only=True):
    """A request of a gateway that can be carried out.

    `ref` is the session, for a Create too; `number` tells the session's requests apart.
    """

    operation: Operation
    ref: str
    number: int
    request: ChargingDataRequest


def target(method: str, path: str) -> Target | Reply:
    """What is asked for; 404 for what there is not, 405 for another method than POST."""
    if path == ROOT:
        found = Target("create")
    elif match := _OF_SESSION.match(path):
        found = Target("update" if match["operation"] == "update" else "release", match["ref"])
    else:
        return problem(404, "RESOURCE_URI_STRUCTURE_NOT_FOUND")
    if method != "POST":
        return problem(405, headers=(("allow", "POST"),))
    if found.ref and not SESSION.match(found.ref):
        # We never gave out such a ref.
        return problem(404, "CONTEXT_NOT_FOUND")
    return found


def unreadable(content_type: str, length: int) -> Reply | None:
    """The problem with a body of that type and that many bytes, if there is one: 415 or 413."""
    if content_type.partition(";")[0].strip().lower() != JSON:
        return problem(415, detail=f"Send {JSON}.")
    if length > BODY_BYTES_MAX:
        return problem(413, detail=f"Send {BODY_BYTES_MAX} bytes at most.")
    return None


def invocation(target: Target, body: bytes) -> Invocation | Reply:
    """Reads the body; 400 where it is not as TS 32.291 wants it, 404 for whom it cannot name."""
    request = decode(body)
    if isinstance(request, Reply):
        return request
    if target.operation != "create":
        number = number_of(request, release=target.operation == "release")
        return Invocation(
            operation=target.operation, ref=target.ref, number=number, request=request
        )
    if not subscriber_of(request).named:
        return _nobody(request)
    return Invocation(operation="create", ref=session_of(body), number=0, request=request)


def _nobody(request: ChargingDataRequest) -> Reply:
    if request.subscriber_identifier:
        return problem(404, "USER_UNKNOWN")
    return problem(400, "MANDATORY_IE_MISSING", invalid={"/subscriberIdentifier": "missing"})


def route(method: str, path: str, content_type: str, body: bytes) -> Invocation | Reply:
    """All of the above for a request that has arrived completely."""
    found = target(method, path)
    if isinstance(found, Reply):
        return found
    return unreadable(content_type, len(body)) or invocation(found, body)
