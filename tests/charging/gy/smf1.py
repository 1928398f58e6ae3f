"""smf1, Alice's gateway, over a real socket; and an engine that answers as a story tells it to."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable

from tests.wire.diameter import messages as m

from eka.charging.gy import GyDoor
from eka.charging.requests import ChargingAnswer, ChargingRequest, FinalUnit, Part
from eka.wire.diameter.headers import glance
from eka.wire.diameter.nodes import Node
from eka.wire.diameter.peers import Timings

MB = 10**6
HERE = "127.0.0.1"

Answering = Callable[[ChargingRequest], ChargingAnswer | None]


def grants_all(request: ChargingRequest) -> ChargingAnswer:
    """Alice has plenty; who leaves the size to us gets 100 MB."""
    return ChargingAnswer(
        parts=tuple(
            Part(
                rating_group=ask.rating_group,
                service=ask.service,
                granted=100 * MB if ask.asks is None else ask.asks or None,
                validity=3600,
            )
            for ask in request.asks
        )
    )


class Engine:
    """Answers each request in the loop's next turn; what it has no answer to, waits."""

    def __init__(self, answering: Answering = grants_all) -> None:
        self.answering = answering
        self.asked: list[ChargingRequest] = []
        self.waiting: list[Callable[[ChargingAnswer], None]] = []

    def submit(self, request: ChargingRequest, answer: Callable[[ChargingAnswer], None]) -> None:
        self.asked.append(request)
        said = self.answering(request)
        if said is None:
            self.waiting.append(answer)
        else:
            asyncio.get_running_loop().call_soon(answer, said)


class Gateway:
    """One connection of a gateway or a relay."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    def send(self, *messages: bytes) -> None:
        self.writer.write(b"".join(messages))

    async def hear(self) -> bytes:
        """The next message that comes."""
        async with asyncio.timeout(5):
            head = await self._reader.readexactly(4)
            return head + await self._reader.readexactly(int.from_bytes(head[1:], "big") - 4)

    async def ask(self, message: bytes) -> bytes:
        self.send(message)
        return await self.hear()

    async def is_let_go(self) -> bool:
        """Whether the door closes the connection, whatever it still says."""
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionError):
                await self._reader.read()
        return True


@contextlib.asynccontextmanager
async def gateway(
    port: int, host: str = m.GATEWAY, *, greets: bool = True, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Gateway]:
    """A gateway that has introduced itself, if it `greets`."""
    reader, writer = await asyncio.open_connection(HERE, port, ssl=tls)
    peer = Gateway(reader, writer)
    try:
        if greets:
            assert m.result_of(await peer.ask(m.cer(host))) == 2001
        yield peer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def open_door(
    engine: Engine,
    *,
    allowed: frozenset[str] | None = None,
    timings: Timings | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[tuple[GyDoor, int]]:
    """A door on a free port of this machine, and that port."""
    node = Node(host=m.OCS.host, realm=m.OCS.realm)
    timings = timings or Timings(closing=1)
    door = GyDoor(engine, node, FinalUnit(), allowed=allowed, timings=timings)
    port = await door.listen(HERE, 0, tls)
    try:
        yield door, port
    finally:
        await door.stop()
        assert door.connections == 0


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not done():
            await asyncio.sleep(0.005)


def hop_by_hop(message: bytes) -> int:
    return glance(message).hop_by_hop
