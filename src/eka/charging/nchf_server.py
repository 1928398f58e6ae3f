"""HTTP/2 (and HTTP/1.1, for curl and for scrapers) by granian, in the loop of its caller.

granian reads and writes in a thread of its own, in Rust; here, a request is one coroutine. It takes
no signals, and offers no way to learn when it listens or to end while a peer ignores GOAWAY: both
are seen to here.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from granian.constants import Interfaces, SSLProtocols
from granian.http import HTTP2Settings
from granian.rsgi import ProtocolClosed, ProtocolError  # type: ignore[attr-defined]
from granian.server.embed import Server
from msgspec import Struct

CONNECTIONS_MAX = 4096
STREAMS_MAX = 1000
START_SECONDS_MAX = 10

# What a handler meets where the peer went away in the middle of its request.
PEER_GONE = (ProtocolClosed, ProtocolError)

Handler = Callable[[Any, Any], Awaitable[None]]


class UnableToListen(Exception):
    """The address cannot be listened on, or the certificate not used; the message says why."""


class Tls(Struct, frozen=True):
    """PEM files. With `client_authority` only gateways with a certificate of it are let in."""

    certificate: Path
    key: Path
    client_authority: Path | None = None


class HttpServer:
    """One listening address whose requests go to `handler` (RSGI: scope, protocol)."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._server: Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def listen(self, host: str, port: int, tls: Tls | None) -> int:
        """Returns the port, which is a free one for 0, once it accepts connections.

        Errors: UnableToListen.
        """
        with _reserved(host, port) as chosen:
            self._server = _server(self._handler, host, chosen, tls)
            self._serving = asyncio.get_running_loop().create_task(self._server.serve())
            await self._until_it_accepts(host, chosen)
        return chosen

    async def _until_it_accepts(self, host: str, port: int) -> None:
        assert self._serving is not None
        loop = asyncio.get_running_loop()
        deadline = loop.time() + START_SECONDS_MAX
        while not await _accepts(host, port):
            if self._serving.done():
                reason = self._serving.exception() or "the server ended"
                raise UnableToListen(str(reason).splitlines()[0])
            if loop.time() > deadline:
                await self.stop(0)
                raise UnableToListen(f"nothing answered at {host} port {port}")
            await asyncio.sleep(0.01)

    async def closed(self) -> None:
        """Returns when the server has ended, by `stop` or by itself."""
        if self._serving is not None:
            await asyncio.wait([self._serving])

    async def stop(self, seconds_max: float) -> bool:
        """Takes no more requests, says GOAWAY, and waits for the outstanding ones.

        False where some peer did not let go in time; its connection ends with the process.
        """
        if self._server is None or self._serving is None:
            return True
        self._server.stop()  # type: ignore[no-untyped-call]
        done, _ = await asyncio.wait([self._serving], timeout=seconds_max)
        if not done:
            self._serving.cancel()
            await asyncio.wait([self._serving])
        return bool(done)


def trust(tls: Tls | None) -> ssl.SSLContext | None:
    """How we meet gateways that are called by https: as ourselves, and with the same authority.

    Errors: UnableToListen.
    """
    if tls is None:
        return None
    try:
        context = ssl.create_default_context(cafile=tls.client_authority)
        context.load_cert_chain(tls.certificate, tls.key)
    except OSError as error:
        raise UnableToListen(f"the certificate cannot be used: {error}") from None
    return context


def _server(handler: Handler, host: str, port: int, tls: Tls | None) -> Server:
    return Server(
        handler,
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        websockets=False,
        backlog=1024,
        # granian counts connections here, not requests.
        backpressure=CONNECTIONS_MAX,
        http2_settings=HTTP2Settings(
            max_concurrent_streams=STREAMS_MAX,
            max_headers_size=64 * 1024,
            # A gateway that died without a word is found out.
            keep_alive_interval=30_000,
            keep_alive_timeout=20,
        ),
        log_enabled=False,
        ssl_cert=tls.certificate if tls else None,
        ssl_key=tls.key if tls else None,
        # TS 33.210 asks for 1.2 and 1.3.
        ssl_protocol_min=SSLProtocols.tls12,
        ssl_ca=tls.client_authority if tls else None,
        ssl_client_verify=bool(tls and tls.client_authority),
    )


@contextlib.contextmanager
def _reserved(host: str, port: int) -> Iterator[int]:
    """Holds a port without listening, so that nobody else is given it before granian has it.

    granian listens with SO_REUSEPORT, so that several processes can share one port; this socket
    does the same.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as holder:
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if hasattr(socket, "SO_REUSEPORT"):
                holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            holder.bind((host, port))
            yield holder.getsockname()[1]
    except OSError as error:
        raise UnableToListen(f"{host} port {port}: {error.strerror}") from None


async def _accepts(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
