"""A charging process: the engine, its doors, and what runs beside them."""

import asyncio
import logging
import ssl
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from msgspec import Struct

from eka.charging.chores import DemoClock, SilentSessions
from eka.charging.engine import LANES, WAITING_MAX, Engine
from eka.charging.gy import GyDoor
from eka.charging.metrics import Metrics
from eka.charging.nchf import NchfDoor
from eka.charging.nchf_server import Tls
from eka.charging.notices import Notices
from eka.charging.policy import SpeedPages
from eka.charging.requests import Door, FinalUnit
from eka.wire.diameter.nodes import Node

log = logging.getLogger(__name__)

Address = tuple[str, int]


class Options(Struct, frozen=True, kw_only=True):
    """How a charging process runs. `allowed` are the Origin-Hosts that may connect; None: any."""

    database_url: str
    gy: Address | None = None
    nchf: Address | None = None
    node: Node
    allowed: frozenset[str] | None = None
    tls: Tls | None = None
    final_unit: FinalUnit = FinalUnit()
    silence: timedelta = timedelta(minutes=5)
    lanes: int = LANES
    waiting_max: int = WAITING_MAX
    follows_demo_clock: bool = False


class ChargingServer:
    """Starts everything in an order, and ends it in the opposite one."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._engine = Engine(
            options.database_url, lanes=options.lanes, waiting_max=options.waiting_max
        )
        self._speeds = SpeedPages(self._engine)
        counters: dict[str, Any] = {}
        pages = {
            "/metrics": Metrics(self._engine, counters).answer,
            "/eka/v1/speed/": self._speeds.answer,
        }
        self._gy = GyDoor(self._engine, options.node, options.final_unit, allowed=options.allowed)
        self._nchf = NchfDoor(self._engine, options.final_unit, pages)
        counters["gy"] = _counters_of_gy(self._gy)
        counters["nchf"] = {"requests": self._nchf.requests, "notices": self._nchf.notices}
        doors: dict[str, Door] = {"gy": self._gy, "nchf": self._nchf}
        self._notices = Notices(self._engine, doors)
        self._silent = SilentSessions(self._engine, options.silence)
        self._clock = DemoClock(self._engine) if options.follows_demo_clock else None
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Lets `run` come to its end."""
        self._stopping.set()

    async def run(self, ready: Callable[[str, Address], None]) -> None:
        """Serves until `stop`; `ready` is told of each door that is open, by name and address.

        Errors: OSError, nchf_server.UnableToListen where it cannot listen; whatever ends a part
        that must not end.
        """
        chores: list[Coroutine[Any, Any, None]] = [
            self._engine.run(),
            self._notices.run(),
            self._silent.run(),
        ]
        if self._clock is not None:
            chores.append(self._clock.run())
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(chore) for chore in chores]
            try:
                await self._open(group, ready)
                await self._stopping.wait()
                await self._close_doors()
            finally:
                for task in tasks:
                    task.cancel()
        await self._close()

    async def _open(self, group: asyncio.TaskGroup, ready: Callable[[str, Address], None]) -> None:
        options = self._options
        if options.gy is not None:
            host, port = options.gy
            chosen = await self._gy.listen(host, port, _context(options.tls))
            ready("gy", (host, chosen))
        if options.nchf is not None:
            host, port = options.nchf
            ready("nchf", (host, await self._nchf.listen(host, port, options.tls)))
            group.create_task(self._watch_nchf())

    async def _watch_nchf(self) -> None:
        await self._nchf.closed()
        if not self._stopping.is_set():
            raise RuntimeError("the Nchf door ended by itself")

    async def _close_doors(self) -> None:
        """The doors answer what they have; only then the engine takes nothing more."""
        if self._options.gy is not None:
            await self._gy.stop()
        if self._options.nchf is not None:
            await self._nchf.stop()
        await self._engine.drain()

    async def _close(self) -> None:
        for part in (self._notices, self._silent, self._speeds, self._clock, self._engine):
            if part is not None:
                await part.close()


def _counters_of_gy(door: GyDoor) -> dict[str, Any]:
    figures = door.figures
    return {
        "requests": figures.requests,
        "answers": figures.answers,
        "refused": figures.refused,
        "notices": figures.notices,
    }


def _context(tls: Tls | None) -> ssl.SSLContext | None:
    if tls is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tls.certificate, tls.key)
    if tls.client_authority is not None:
        context.load_verify_locations(tls.client_authority)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
