"""Where an SM-DP+ sends its notifications: ES2+.HandleDownloadProgressInfo (GSMA SGP.22, 5.3.5).

It is an application of its own, not a page of the portal: it is served where the TLS layer lets in
nobody but the SM-DP+'s client certificate (`eka es2plus`), and that is all that proves who sends.
What it takes is answered 204 without a body; what it does not, by an HTTP status of its kind, with
a functionExecutionStatus that says why.
"""

import logging
from collections.abc import Callable, Mapping

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from eka.gateways.suppliers.es2plus.notices import CLIENT, PROVEN
from eka.gateways.suppliers.terms import (
    NotAuthentic,
    NoticeUnreadable,
    Reply,
    SupplierError,
)
from eka.wire.es2plus import codec, codes
from eka.wire.es2plus.codes import Code
from eka.wire.es2plus.messages import Answer, HandleDownloadProgressInfo

log = logging.getLogger(__name__)

# What is done with a notification: headers in lower case, and the body, both authentic.
Hear = Callable[[Mapping[str, str], bytes], Reply]

REFUSED: dict[type[SupplierError], tuple[int, Code]] = {
    NotAuthentic: (403, codes.REQUESTER_NOT_ALLOWED),
    NoticeUnreadable: (400, codes.PARAMETER_INVALID),
}
# Anything else is ours, and shall come again.
LATER = (503, codes.PROVIDER_BUSY)


def listener(hear: Hear, protocol: str = codec.PROTOCOL) -> Starlette:
    """The application. Its server must ask for client certificates; `hear` may wait for a database.

    What `hear` raises as a SupplierError is answered; anything else is an error of ours (500).
    """
    headers = codec.headers(protocol)

    async def endpoint(request: Request) -> Response:
        status, body = await _answered(hear, request)
        said = {name: headers[name] for name in headers if body or name != "Content-Type"}
        return Response(body, status, headers=said)

    return Starlette(
        routes=[Route(codec.path(HandleDownloadProgressInfo), endpoint, methods=["POST"])]
    )


async def _answered(hear: Hear, request: Request) -> tuple[int, bytes]:
    """The status and body of an answer."""
    try:
        codec.check_headers(request.headers)
    except codec.Unreadable as error:
        version = error.parameter == "X-Admin-Protocol"
        code = codes.VERSION_UNSUPPORTED if version else codes.FORMAT_UNSUPPORTED
        return 400 if version else 415, _failed(code, str(error))
    body = await _body(request)
    if body is None:
        return 413, _failed(codes.PARAMETER_INVALID, "the body is too long")
    headers = {**request.headers, CLIENT: PROVEN}
    try:
        reply = await run_in_threadpool(hear, headers, body)
    except SupplierError as error:
        status, code = REFUSED.get(type(error), LATER)
        log.warning("an ES2+ notification was refused: %s", error)
        return status, _failed(code, str(error))
    return reply.status, reply.body


async def _body(request: Request) -> bytes | None:
    """All of it, or None as soon as it is too long."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > codec.BODY_MAX:
            return None
    return body


def _failed(code: Code, message: str) -> bytes:
    return codec.encode(Answer(header=codes.failed(code, message)))
