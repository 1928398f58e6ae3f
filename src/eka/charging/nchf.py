"""The 5G door: Nchf_ConvergedCharging over HTTP/2, in clear (h2c) or over TLS (TS 32.291).

It reads a request, asks the engine, and writes the answer; what each says is in `wire.nchf` and in
`nchf_requests` and `nchf_answers`.
"""

import asyncio
import logging
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from importlib import resources
from typing import Any

from eka import clock
from eka.charging.nchf_answers import base_of, reply
from eka.charging.nchf_notices import Notices, abortion, reauthorization
from eka.charging.nchf_requests import charging_request
from eka.charging.nchf_server import PEER_GONE, HttpServer, Tls, trust
from eka.charging.requests import Charging, ChargingAnswer, FinalUnit, OpenSession
from eka.wire.nchf import problems, routing
from eka.wire.nchf.problems import JSON, Reply, problem
from eka.wire.nchf.routing import Invocation

log = logging.getLogger(__name__)

HEALTH = "/eka/v1/health"
OUTSTANDING_MAX = 4096
ANSWER_SECONDS_MAX = 10
STOP_SECONDS_MAX = 5

# Given a path with its query, a page returns status, body and content type.
Page = Callable[[str], Awaitable[tuple[int, bytes, str]]]


class NchfDoor:
    """A door to the engine for 5G gateways; implements `requests.Door`.

    `pages` are further GET routes, by the beginning of their path. `requests` counts answers by
    operation and status, `notices` our calls to gateways by type and outcome, `outstanding` the
    requests that wait for the engine now.
    """

    def __init__(
        self, engine: Charging, final_unit: FinalUnit, pages: Mapping[str, Page] | None = None
    ) -> None:
        self._engine = engine
        self._final_unit = final_unit
        openapi = resources.files("eka.wire.nchf").joinpath("openapi.yaml").read_bytes()
        self._pages: dict[str, Page] = {
            HEALTH: _always(b'{"status":"up"}', JSON),
            routing.OPENAPI: _always(openapi, "application/yaml"),
            **(pages or {}),
        }
        self._server = HttpServer(self._serve)
        self._notices: Notices | None = None
        self.requests: Counter[tuple[str, int]] = Counter()
        self.notices: Counter[tuple[str, str]] = Counter()
        self.outstanding = 0

    async def listen(self, host: str, port: int, tls: Tls | None = None) -> int:
        """Returns the port (a free one for 0) once it accepts connections.

        Errors: nchf_server.UnableToListen.
        """
        trusted = trust(tls)
        chosen = await self._server.listen(host, port, tls)
        self._notices = Notices(self.notices, trusted)
        return chosen

    async def closed(self) -> None:
        """Returns when the server has ended, by `stop` or by itself."""
        await self._server.closed()

    async def stop(self, seconds_max: float = STOP_SECONDS_MAX) -> None:
        """Answers what is outstanding, then ends; a peer that does not let go is left behind."""
        if not await self._server.stop(seconds_max):
            log.warning("A gateway kept its connection after GOAWAY.")
        if self._notices is not None:
            await self._notices.close(seconds_max)
            self._notices = None

    def reauthorize(self, session: OpenSession) -> bool:
        """Asks the gateway to report and to ask anew. False where we cannot reach it."""
        return self._notices is not None and self._notices.send(session, reauthorization(session))

    def abort(self, session: OpenSession) -> bool:
        """Asks the gateway to end the session. False where we cannot reach it."""
        return self._notices is not None and self._notices.send(session, abortion())

    async def _serve(self, scope: Any, proto: Any) -> None:
        """One HTTP request, by granian's RSGI."""
        if scope.proto != "http":
            return
        operation = "page"
        try:
            if (page := self._page_at(scope.path)) is not None:
                answer = await _show(page, scope)
            else:
                found = routing.target(scope.method, scope.path)
                operation = "none" if isinstance(found, Reply) else found.operation
                answer = await self._answer(found, scope, proto)
        except PEER_GONE:
            return
        except Exception as error:
            answer = problems.system_failure()
            _log_without_data(operation, error)
        self.requests[operation, answer.status] += 1
        _write(proto, answer)

    def _page_at(self, path: str) -> Page | None:
        return next((page for at, page in self._pages.items() if path.startswith(at)), None)

    async def _answer(self, found: routing.Target | Reply, scope: Any, proto: Any) -> Reply:
        if isinstance(found, Reply):
            return found
        headers = scope.headers
        length = _declared(headers.get("content-length"))
        if unreadable := routing.unreadable(headers.get("content-type") or "", length or 0):
            return unreadable
        body = await _body(proto, length)
        if len(body) > routing.BODY_BYTES_MAX:
            return routing.unreadable(JSON, len(body)) or problems.system_failure()
        invocation = routing.invocation(found, body)
        if isinstance(invocation, Reply):
            return invocation
        authority = scope.authority or headers.get("host") or ""
        base = base_of(scope.scheme, authority)
        return await self._invoke(invocation, scope.client.rpartition(":")[0], base)

    async def _invoke(self, invocation: Invocation, address: str, base: str) -> Reply:
        if self.outstanding >= OUTSTANDING_MAX:
            return problems.busy()
        self.outstanding += 1
        try:
            answer = await self._ask(invocation, address)
        finally:
            self.outstanding -= 1
        if answer is None:
            # Whether it was done is not known; the same request again gets the first answer.
            return problem(504, "TIMED_OUT_REQUEST")
        return reply(invocation, answer, self._final_unit, base, clock.now())

    async def _ask(self, invocation: Invocation, address: str) -> ChargingAnswer | None:
        """The engine's answer; None if there is none within ANSWER_SECONDS_MAX."""
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[ChargingAnswer | None] = loop.create_future()

        def settle(answer: ChargingAnswer | None) -> None:
            if not answered.done():
                answered.set_result(answer)

        self._engine.submit(charging_request(invocation, address), settle)
        timer = loop.call_later(ANSWER_SECONDS_MAX, settle, None)
        try:
            return await answered
        finally:
            timer.cancel()


def _always(body: bytes, content_type: str) -> Page:
    async def page(path: str) -> tuple[int, bytes, str]:
        return 200, body, content_type

    return page


async def _show(page: Page, scope: Any) -> Reply:
    if scope.method != "GET":
        return problem(405, headers=(("allow", "GET"),))
    path = f"{scope.path}?{scope.query_string}" if scope.query_string else scope.path
    status, body, content_type = await page(path)
    return Reply(status, (("content-type", content_type),), body)


def _declared(length: str | None) -> int | None:
    return int(length) if length is not None and length.isascii() and length.isdecimal() else None


async def _body(proto: Any, length: int | None) -> bytes:
    """The body, or a beginning of it that is too long already."""
    if length is not None:
        return bytes(await proto())
    body = bytearray()
    async for chunk in proto:
        body += chunk
        if len(body) > routing.BODY_BYTES_MAX:
            break
    return bytes(body)


def _write(proto: Any, answer: Reply) -> None:
    headers = list(answer.headers)
    if answer.body:
        proto.response_bytes(answer.status, headers, answer.body)
    else:
        proto.response_empty(answer.status, headers)


def _log_without_data(operation: str, error: Exception) -> None:
    """Says where it broke. An error's own text may quote a subscriber, so it is left out."""
    frames = traceback.extract_tb(error.__traceback__)
    at = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "?"
    log.error("Nchf %s failed: %s at %s", operation, type(error).__name__, at)
