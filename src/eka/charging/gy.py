"""The 4G door: Diameter Gy over TCP, in clear or over TLS (RFC 8506, TS 32.299).

It reads requests, asks the engine, and writes its answers; the protocol is in `wire.diameter`, what
each side says to the other in `gy_requests` and `gy_answers`.
"""

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from eka import clock
from eka.charging.gy_answers import AnswerWriter
from eka.charging.gy_connections import Connection, log_without_data
from eka.charging.gy_requests import charging_request
from eka.charging.requests import Charging, ChargingAnswer, FinalUnit, OpenSession
from eka.wire.diameter.gy import CreditControlRequest
from eka.wire.diameter.gy_notices import Notice
from eka.wire.diameter.nodes import Node
from eka.wire.diameter.peers import Endpoint, NoticeOutcome, Opened, Refused, Timings, Told
from eka.wire.diameter.results import LIMITED_SUCCESS, SUCCESS

log = logging.getLogger(__name__)

OUTSTANDING_MAX = 10_000  # requests of one connection that the engine has not answered
CONNECTIONS_MAX = 1024
RELAYED_MAX = 10_000  # gateways behind relays whose way back is remembered
TICK_SECONDS = 0.5
STOP_SECONDS_MAX = 5
TLS_SECONDS_MAX = 10

_BUSY = ChargingAnswer(result="busy")
_FAILED = ChargingAnswer(result="failed")


class GyFigures(Struct):
    """What the door counts of itself, since the process began.

    `answers` are by Result-Code, `refused` those among them that were given without asking the
    engine (malformed, not for us, unwelcome), `notices` by kind and Result-Code, 0 for no answer.
    """

    requests: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)
    notices: Counter[tuple[str, int]] = field(default_factory=Counter)
    retransmitted: int = 0
    connected: int = 0
    failures: int = 0


class GyDoor:
    """A door to the engine for 4G gateways; implements `requests.Door`.

    `node` is our Diameter identity; its Origin-State-Id is set here. `allowed` are the Origin-Hosts
    that may connect; None lets any.
    """

    def __init__(
        self,
        engine: Charging,
        node: Node,
        final_unit: FinalUnit,
        *,
        allowed: frozenset[str] | None = None,
        timings: Timings | None = None,
    ) -> None:
        node = replace(node, state_id=int(clock.now().timestamp()) & 0xFFFFFFFF)
        self._engine = engine
        self._endpoint = Endpoint(node, allowed, timings)
        self._writer = AnswerWriter(node, final_unit)
        self._servers: list[asyncio.Server] = []
        self._tick: asyncio.TimerHandle | None = None
        self._connections: set[Connection] = set()
        self._by_host: dict[str, Connection] = {}
        self._relayed: dict[str, Connection] = {}
        self._last_request = 0
        self._is_stopping = False
        self.figures = GyFigures()

    @property
    def connections(self) -> int:
        """How many peers are connected now."""
        return len(self._connections)

    @property
    def outstanding(self) -> int:
        """How many requests wait for the engine now."""
        return sum(len(connection.waiting) for connection in self._connections)

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Returns the port (a free one for 0) once it accepts connections.

        Errors: OSError where it cannot listen there.
        """
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            self._connection,
            host,
            port,
            ssl=tls,
            ssl_handshake_timeout=TLS_SECONDS_MAX if tls else None,
        )
        self._servers.append(server)
        if self._tick is None:
            self._tick = loop.call_later(TICK_SECONDS, self._let_time_pass)
        chosen: int = server.sockets[0].getsockname()[1]
        return chosen

    async def stop(self, seconds_max: float = STOP_SECONDS_MAX) -> None:
        """Answers what is outstanding, takes leave of each peer (REBOOTING), then closes."""
        self._is_stopping = True
        for server in self._servers:
            server.close()
        await _until(lambda: not self.outstanding, seconds_max)
        for connection in tuple(self._connections):
            connection.end("stop")
        await _until(lambda: not self._connections, self._endpoint.timings.closing)
        for connection in tuple(self._connections):
            connection.abort()
        await _until(lambda: not self._connections, 1)
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None

    def reauthorize(self, session: OpenSession) -> bool:
        """Asks the gateway to report and to ask anew. False where we cannot reach it."""
        group = session.rating_groups[0] if len(session.rating_groups) == 1 else None
        return self._notify("reauthorize", session, group)

    def abort(self, session: OpenSession) -> bool:
        """Asks the gateway to end the session. False where we cannot reach it."""
        return self._notify("abort", session, None)

    def _notify(
        self, kind: Literal["reauthorize", "abort"], session: OpenSession, group: int | None
    ) -> bool:
        facts = session.facts
        host, realm = str(facts.get("host", "")), str(facts.get("realm", ""))
        notice = Notice(kind=kind, session=session.id, host=host, realm=realm, rating_group=group)
        for connection in self._ways_to(host, str(facts.get("peer", ""))):
            if connection is not None and connection.notify(notice):
                return True
        return False

    def _ways_to(self, host: str, peer: str) -> tuple[Connection | None, ...]:
        """Its own connection; that through which it spoke last; that through which it began."""
        name = host.lower()
        return self._by_host.get(name), self._relayed.get(name), self._by_host.get(peer.lower())

    def _connection(self) -> Connection:
        return Connection(self._endpoint, self._greet, self._hear, self._forget)

    def _greet(self, connection: Connection) -> None:
        self._connections.add(connection)
        self.figures.connected += 1
        if len(self._connections) > CONNECTIONS_MAX:
            connection.abort()

    def _forget(self, connection: Connection) -> None:
        self._connections.discard(connection)
        for known in (self._by_host, self._relayed):
            for name in [name for name, held in known.items() if held is connection]:
                del known[name]

    def _let_time_pass(self) -> None:
        self._tick = asyncio.get_running_loop().call_later(TICK_SECONDS, self._let_time_pass)
        for connection in tuple(self._connections):
            connection.tick()

    def _hear(self, connection: Connection, told: Told) -> None:
        match told:
            case CreditControlRequest():
                self._ask(connection, told)
            case Opened():
                self._welcome(connection, told.peer.host.lower())
            case Refused():
                self.figures.refused[told.result] += 1
                self.figures.answers[told.result] += 1
            case NoticeOutcome():
                self._note(told)

    def _welcome(self, connection: Connection, name: str) -> None:
        older = self._by_host.get(name)
        self._by_host[name] = connection
        if older is not None and older is not connection:
            log.info("%s has connected anew; its older connection is closed.", name)
            older.end("newer")

    def _note(self, outcome: NoticeOutcome) -> None:
        notice, result = outcome.notice, outcome.result
        self.figures.notices[notice.kind, result or 0] += 1
        if result not in (SUCCESS, LIMITED_SUCCESS):
            why = "did not answer" if result is None else f"answered {result}"
            log.warning("%s was asked to %s a session and %s.", notice.host, notice.kind, why)

    def _ask(self, connection: Connection, request: CreditControlRequest) -> None:
        self.figures.requests[request.kind] += 1
        self.figures.retransmitted += request.header.is_retransmitted
        peer = connection.host or ""
        if request.origin_host != peer:
            self._remember_way(request.origin_host.lower(), connection)
        if self._is_stopping or len(connection.waiting) >= OUTSTANDING_MAX:
            self._send(connection, request, _BUSY)
            return
        self._last_request = number = self._last_request + 1
        connection.waiting.add(number)
        answer = partial(self._answer, connection, request, number)
        try:
            self._engine.submit(charging_request(request, peer), answer)
        except Exception as error:
            log_without_data("A request failed:", error)
            self.figures.failures += 1
            answer(_FAILED)

    def _remember_way(self, name: str, connection: Connection) -> None:
        self._relayed.pop(name, None)
        if len(self._relayed) >= RELAYED_MAX:
            del self._relayed[next(iter(self._relayed))]
        self._relayed[name] = connection

    def _answer(
        self,
        connection: Connection,
        request: CreditControlRequest,
        number: int,
        answer: ChargingAnswer,
    ) -> None:
        if number in connection.waiting:
            connection.waiting.remove(number)
            self._send(connection, request, answer)

    def _send(
        self, connection: Connection, request: CreditControlRequest, answer: ChargingAnswer
    ) -> None:
        try:
            result, message = self._writer.write(request, answer)
        except Exception as error:  # it must not reach the engine, which serves others too
            log_without_data("An answer could not be written:", error)
            self.figures.failures += 1
            result, message = self._writer.write(request, _FAILED)
        self.figures.answers[result] += 1
        connection.send(message)


async def _until(done: Callable[[], bool], seconds_max: float) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds_max
    while not done() and loop.time() < until:
        await asyncio.sleep(0.01)
