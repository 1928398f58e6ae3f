"""Runs sandboxes, each on a port of its own on this machine, in a thread of their own."""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence

import uvicorn

from eka.gateways.sandbox.box import Box

HOST = "127.0.0.1"
START_S_MAX = 20


class UnableToServe(Exception):
    """A sandbox's port is taken."""


class Street:
    """Sandboxes that run side by side in one event loop."""

    def __init__(self, sandboxes: Sequence[Box], ports: Sequence[int] = ()) -> None:
        """`ports` as many as sandboxes; without any, free ones are taken. Raises UnableToServe."""
        self.sandboxes = list(sandboxes)
        self._sockets = _all_bound(ports or [0] * len(self.sandboxes))
        for sandbox, taken in zip(self.sandboxes, self._sockets, strict=True):
            scheme = "https" if sandbox.tls else "http"
            sandbox.address = f"{scheme}://{HOST}:{taken.getsockname()[1]}"
        self._servers = [uvicorn.Server(_config(sandbox)) for sandbox in self.sandboxes]
        self._thread = threading.Thread(target=self._run, name="sandboxes", daemon=True)

    def open(self) -> None:
        """Returns when all of them listen."""
        self._thread.start()
        waited = threading.Event()
        for _ in range(START_S_MAX * 100):
            if all(server.started for server in self._servers):
                return
            waited.wait(0.01)
        raise UnableToServe("the sandboxes did not start")

    def shut(self) -> None:
        """Ends all of them."""
        for server in self._servers:
            server.should_exit = True
        self._thread.join(START_S_MAX)
        for sandbox, taken in zip(self.sandboxes, self._sockets, strict=True):
            taken.close()
            sandbox.records.close()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        couriers = [asyncio.create_task(box.courier.run()) for box in self.sandboxes]
        served = (
            server.serve([taken])
            for server, taken in zip(self._servers, self._sockets, strict=True)
        )
        await asyncio.gather(*served)
        for courier in couriers:
            courier.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await courier


@contextlib.contextmanager
def opened(sandboxes: Sequence[Box], ports: Sequence[int] = ()) -> Iterator[Street]:
    """The sandboxes, running until the end of the block."""
    with running(Street(sandboxes, ports)) as street:
        yield street


@contextlib.contextmanager
def running(street: Street) -> Iterator[Street]:
    """The street, open until the end of the block."""
    street.open()
    try:
        yield street
    finally:
        street.shut()


def _all_bound(ports: Sequence[int]) -> list[socket.socket]:
    """All of them or, where one is taken, none."""
    with contextlib.ExitStack() as undone:
        bound = [undone.enter_context(_bound(port)) for port in ports]
        undone.pop_all()
        return bound


def _bound(port: int) -> socket.socket:
    # asyncio spares only a socket that says it is TCP the wait of Nagle's algorithm (40 ms).
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((HOST, port))
    except OSError as error:
        taken.close()
        raise UnableToServe(f"port {port} is taken") from error
    return taken


def _config(sandbox: Box) -> uvicorn.Config:
    tls = sandbox.tls
    return uvicorn.Config(
        sandbox.app(),
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
        ssl_ca_certs=str(tls.clients) if tls and tls.clients else None,
        ssl_cert_reqs=tls.wanted if tls else ssl.CERT_NONE,
        log_level="warning",
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
