"""One gateway's connection: bytes between a transport and `wire.diameter.peers`."""

import asyncio
import logging
import traceback
from collections.abc import Callable
from functools import partial
from typing import cast

from eka.wire.diameter.gy_notices import Notice
from eka.wire.diameter.peers import Endpoint, Peer, Told
from eka.wire.diameter.states import Event

log = logging.getLogger(__name__)

WRITE_BYTES_HIGH = 262_144  # above, no more is read from this peer until it has read
WRITE_BYTES_MAX = 8_388_608  # above, the peer does not read at all: it is let go
CLOSE_SECONDS_MAX = 3
_ANY_ADDRESS = "0.0.0.0"


class Connection(asyncio.Protocol):
    """`enter` is called when the socket is there (after TLS, that is), `leave` when it is gone;
    `hear` gets what the peer tells, one by one.

    `waiting` are the requests that the engine has not answered, by a number of the door's.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        enter: Callable[["Connection"], None],
        hear: Callable[["Connection", Told], None],
        leave: Callable[["Connection"], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._enter = enter
        self._hear = hear
        self._leave = leave
        self._endpoint = endpoint
        self._transport: asyncio.Transport | None = None
        self._peer = Peer(endpoint, _ANY_ADDRESS, self._loop.time())
        self._will_flush = False
        self._abort: asyncio.TimerHandle | None = None
        self.waiting: set[int] = set()

    @property
    def host(self) -> str | None:
        """The peer's Origin-Host, once it has introduced itself."""
        return self._peer.peer.host if self._peer.peer else None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the socket is there."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=WRITE_BYTES_HIGH)
        address = transport.get_extra_info("sockname")
        local = str(address[0]) if isinstance(address, tuple) else _ANY_ADDRESS
        self._peer = Peer(self._endpoint, local, self._loop.time())
        self._enter(self)

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes came."""
        self._tell(partial(self._peer.receive, data))

    def connection_lost(self, error: Exception | None) -> None:
        """asyncio: the socket is gone."""
        if self._abort is not None:
            self._abort.cancel()
        self._tell(partial(self._peer.end, "lost"))
        self._transport = None
        self._leave(self)

    def pause_writing(self) -> None:
        """asyncio: the peer reads slower than it asks, so it is read slower too."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """asyncio: the peer has caught up."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def send(self, message: bytes) -> None:
        """Sends an answer, together with whatever else this turn of the loop brings."""
        if self._peer.state != "closed":
            self._peer.outgoing.append(message)
            self._flush_soon()

    def notify(self, notice: Notice) -> bool:
        """Sends a notice; False where the peer cannot be spoken to now."""
        sent = self._transport is not None and self._peer.notify(notice, self._loop.time())
        if sent:
            self._flush_soon()
        return sent

    def tick(self) -> None:
        """Lets the watchdog and the notices see the time."""
        self._tell(self._peer.tick)

    def end(self, why: Event) -> None:
        """Takes leave of the peer (`stop`), or closes at once (`newer`)."""
        self._tell(partial(self._peer.end, why))

    def abort(self) -> None:
        """Closes, whatever has not been sent."""
        if self._transport is not None:
            self._transport.abort()

    def _tell(self, happen: Callable[[float], list[Told]]) -> None:
        """Whatever goes wrong ends no more than this connection."""
        try:
            for told in happen(self._loop.time()):
                self._hear(self, told)
        except Exception as error:
            log_without_data("A connection is closed after", error)
            self.abort()
        if self._peer.outgoing or self._peer.state == "closed":
            self._flush_soon()

    def _flush_soon(self) -> None:
        if not self._will_flush:
            self._will_flush = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._will_flush = False
        transport = self._transport
        if transport is None or transport.is_closing():
            self._peer.outgoing.clear()
            return
        if self._peer.outgoing:
            transport.write(b"".join(self._peer.outgoing))
            self._peer.outgoing.clear()
        if transport.get_write_buffer_size() > WRITE_BYTES_MAX:
            log.warning("%s does not read its answers: closed.", self.host)
            transport.abort()
        elif self._peer.state == "closed":
            transport.close()
            # A peer that does not read would keep a closing transport for ever.
            self._abort = self._loop.call_later(CLOSE_SECONDS_MAX, transport.abort)


def log_without_data(what: str, error: Exception) -> None:
    """Logs what kind of error it was and where; its text may hold a subscriber's data."""
    places = traceback.extract_tb(error.__traceback__)
    place = f"{places[-1].filename}:{places[-1].lineno}" if places else "?"
    log.error("%s %s at %s", what, type(error).__name__, place)
