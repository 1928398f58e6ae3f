"""One peer connection: bytes and time in; bytes to send, and what the door is to know, out."""

from collections.abc import Callable

from msgspec import Struct

from eka.wire.diameter import capabilities
from eka.wire.diameter.capabilities import Capabilities
from eka.wire.diameter.framing import Framer
from eka.wire.diameter.gy import CreditControlRequest, read_request
from eka.wire.diameter.gy_notices import Notice, read_result, write_notice
from eka.wire.diameter.headers import (
    CAPABILITIES_EXCHANGE,
    CREDIT_CONTROL,
    CREDIT_CONTROL_APPLICATION,
    DEVICE_WATCHDOG,
    DISCONNECT_PEER,
    RETRANSMITTED,
    Header,
    check_header,
    glance,
)
from eka.wire.diameter.nodes import Node, check_destination
from eka.wire.diameter.refusals import write_refusal
from eka.wire.diameter.results import (
    APPLICATION_UNSUPPORTED,
    COMMAND_UNSUPPORTED,
    TOO_BUSY,
    UNKNOWN_PEER,
    DiameterError,
)
from eka.wire.diameter.states import TABLE, Action, Arrival, Event, State

NOTICES_MAX = 10_000  # unanswered ones on one connection

_SERVING: frozenset[State] = frozenset({"open", "asked", "suspect"})
_REACHABLE: frozenset[State] = frozenset({"open", "asked"})
_ARRIVALS: dict[tuple[int, bool], Arrival] = {
    (CAPABILITIES_EXCHANGE, True): "cer",
    (DEVICE_WATCHDOG, True): "dwr",
    (DEVICE_WATCHDOG, False): "dwa",
    (DISCONNECT_PEER, True): "dpr",
    (DISCONNECT_PEER, False): "dpa",
}


class Timings(Struct, frozen=True, kw_only=True):
    """Seconds: of silence before a DWR (Tw, RFC 3539), for a DPA, for the answer to a notice."""

    watchdog: int = 30
    closing: int = 3
    notice: int = 4


class Opened(Struct, frozen=True):
    """The peer has introduced itself: requests may come, notices may go."""

    peer: Capabilities


class Refused(Struct, frozen=True):
    """A request was answered with an error, without asking the engine."""

    result: int


class NoticeOutcome(Struct, frozen=True):
    """A notice's Result-Code; None where no answer came."""

    notice: Notice
    result: int | None


Told = Opened | CreditControlRequest | Refused | NoticeOutcome


class Endpoint:
    """Our end, the same for all connections. `allowed` names the peers let in, None all of them."""

    def __init__(
        self, node: Node, allowed: frozenset[str] | None = None, timings: Timings | None = None
    ) -> None:
        self.node = node
        self.allowed = None if allowed is None else frozenset(host.lower() for host in allowed)
        self.timings = timings or Timings()
        # RFC 6733, 3: twelve bits of the start's time make identifiers unique across restarts.
        self._last = (node.state_id & 0xFFF) << 20

    def next_identifier(self) -> int:
        """A number for hop-by-hop and end-to-end."""
        self._last = (self._last + 1) & 0xFFFFFFFF
        return self._last


class _Arrived(Struct, frozen=True):
    header: Header
    message: bytes
    error: DiameterError | None = None
    peer: Capabilities | None = None


class _Pending(Struct):
    notice: Notice
    message: bytes
    due: float
    is_repeated: bool = False


class Peer:
    """One connection. `outgoing` is to be sent, and emptied; once `state` is closed, to be closed.

    `now` is in seconds of any clock that never goes back.
    """

    def __init__(self, endpoint: Endpoint, local_address: str, now: float) -> None:
        self.state: State = "waiting"
        self.peer: Capabilities | None = None
        self.outgoing: list[bytes] = []
        self._endpoint = endpoint
        self._node = endpoint.node
        self._local_address = local_address
        self._framer = Framer()
        self._due = now + endpoint.timings.watchdog
        self._pending: dict[int, _Pending] = {}
        self._told: list[Told] = []
        self._actions: dict[Action, Callable[[_Arrived], None]] = {
            "welcome": self._welcome,
            "turn_away": self._turn_away,
            "acknowledge": self._acknowledge,
            "deliver": self._deliver,
            "refuse": self._refuse,
            "match": self._match,
        }

    def receive(self, data: bytes, now: float) -> list[Told]:
        """Reads what came. Whatever it is, nothing is raised."""
        try:
            for message in self._framer.feed(data):
                event, arrived = self._judge(message)
                self._happen(event, now, arrived)
                if self.state == "closed":
                    break
        except DiameterError:
            self._happen("unreadable", now)
        return self._take()

    def tick(self, now: float) -> list[Told]:
        """Lets time pass: to be called every second or so."""
        if now >= self._due:
            self._happen("silence", now)
        for identifier, pending in list(self._pending.items()):
            if now >= pending.due:
                self._overdue(identifier, pending, now)
        return self._take()

    def end(self, why: Event, now: float) -> list[Told]:
        """`stop` says goodbye first; `newer` and `lost` end at once."""
        self._happen(why, now)
        return self._take()

    def notify(self, notice: Notice, now: float) -> bool:
        """Sends a notice, if it can be sent now."""
        if self.state not in _REACHABLE or len(self._pending) >= NOTICES_MAX:
            return False
        identifier = self._endpoint.next_identifier()
        message = write_notice(self._node, notice, identifier, identifier)
        due = now + self._endpoint.timings.notice
        self._pending[identifier] = _Pending(notice, message, due)
        self.outgoing.append(message)
        return True

    def _judge(self, message: bytes) -> tuple[Arrival, _Arrived]:
        header = glance(message)
        other: Arrival = "request" if header.is_request else "answer"
        try:
            check_header(header, message)
        except DiameterError as error:
            return other, _Arrived(header, message, error)
        event = _ARRIVALS.get((header.command, header.is_request), other)
        if event != "cer":
            return event, _Arrived(header, message)
        try:
            return "cer", _Arrived(header, message, peer=self._introduced(message))
        except DiameterError as error:
            return "cer_refused", _Arrived(header, message, error)

    def _introduced(self, message: bytes) -> Capabilities:
        peer = capabilities.read_capabilities(message)
        capabilities.check_peer(self._node, peer, self._endpoint.allowed)
        if self.peer is not None and self.peer.host != peer.host:
            raise DiameterError(UNKNOWN_PEER, "this connection is another Origin-Host's")
        return peer

    def _happen(self, event: Event, now: float, arrived: _Arrived | None = None) -> None:
        before = self.state
        action, self.state = TABLE[before][event]
        if self.state in _SERVING:
            self._due = now + self._endpoint.timings.watchdog
        elif before != self.state:
            self._due = now + self._endpoint.timings.closing
        if arrived is not None and action in self._actions:
            self._actions[action](arrived)
        elif action == "send_dwr":
            self._send(capabilities.write_watchdog)
        elif action == "send_dpr":
            self._send(capabilities.write_disconnect)
        if self.state == "closed":
            self._give_up()

    def _send(self, write: Callable[[Node, int, int], bytes]) -> None:
        identifier = self._endpoint.next_identifier()
        self.outgoing.append(write(self._node, identifier, identifier))

    def _welcome(self, arrived: _Arrived) -> None:
        assert arrived.peer is not None
        self.peer = arrived.peer
        self.outgoing.append(
            capabilities.write_capabilities(
                self._node, arrived.header, self._local_address, arrived.peer
            )
        )
        self._told.append(Opened(arrived.peer))

    def _turn_away(self, arrived: _Arrived) -> None:
        assert arrived.error is not None
        self.outgoing.append(
            capabilities.write_refused_capabilities(
                self._node, arrived.header, self._local_address, arrived.error
            )
        )
        self._told.append(Refused(arrived.error.code))

    def _acknowledge(self, arrived: _Arrived) -> None:
        self.outgoing.append(capabilities.write_acknowledgement(self._node, arrived.header))

    def _deliver(self, arrived: _Arrived) -> None:
        try:
            self._told.append(self._read(arrived))
        except DiameterError as error:
            self._refuse_for(arrived, error)

    def _read(self, arrived: _Arrived) -> CreditControlRequest:
        header = arrived.header
        if arrived.error is not None:
            raise arrived.error
        if header.application != CREDIT_CONTROL_APPLICATION:
            raise DiameterError(APPLICATION_UNSUPPORTED, "only credit control (4) is served")
        if header.command != CREDIT_CONTROL:
            raise DiameterError(COMMAND_UNSUPPORTED, "only Credit-Control is served")
        request = read_request(header, arrived.message)
        destination = request.destination_host, request.destination_realm
        check_destination(self._node, *destination, request.route)
        return request

    def _refuse(self, arrived: _Arrived) -> None:
        self._refuse_for(arrived, DiameterError(TOO_BUSY, "going down"))

    def _refuse_for(self, arrived: _Arrived, error: DiameterError) -> None:
        self.outgoing.append(write_refusal(self._node, arrived.header, arrived.message, error))
        self._told.append(Refused(error.code))

    def _match(self, arrived: _Arrived) -> None:
        pending = self._pending.pop(arrived.header.hop_by_hop, None)
        if pending is None:
            return
        try:
            result = read_result(arrived.message)
        except DiameterError as error:
            result = error.code
        self._told.append(NoticeOutcome(pending.notice, result))

    def _overdue(self, identifier: int, pending: _Pending, now: float) -> None:
        if pending.is_repeated:
            del self._pending[identifier]
            self._told.append(NoticeOutcome(pending.notice, None))
            return
        pending.is_repeated = True
        pending.due = now + self._endpoint.timings.notice
        flags = pending.message[4] | RETRANSMITTED
        self.outgoing.append(pending.message[:4] + bytes([flags]) + pending.message[5:])

    def _give_up(self) -> None:
        for pending in self._pending.values():
            self._told.append(NoticeOutcome(pending.notice, None))
        self._pending.clear()

    def _take(self) -> list[Told]:
        told, self._told = self._told, []
        return told
