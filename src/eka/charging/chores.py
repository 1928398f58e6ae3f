"""What the charging process does by itself: sessions whose gateway died, the demo's clock."""

import asyncio
import logging
from datetime import timedelta

from eka import clock
from eka.charging.engine import Engine
from eka.charging.links import Link
from eka.charging.statements import DEMO_CLOCK, SILENT
from eka.rules.requests import CloseSilent

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
CLOCK_SECONDS = 0.5
LINES_MAX = 500


class SilentSessions:
    """Ends sessions that were not heard of for `grace` after their grant's validity (Tcc)."""

    def __init__(self, engine: Engine, grace: timedelta, every: float = LOOK_SECONDS) -> None:
        self._engine, self._grace, self._every = engine, grace, every
        self._link = Link(engine.parameters)

    async def run(self) -> None:
        """Looks for such sessions until it is cancelled."""
        while True:
            await asyncio.sleep(self._every)
            try:
                await self._look()
            except Exception as error:
                log.warning("silent sessions: %s; looking again", type(error).__name__)
                await self._link.drop()

    async def close(self) -> None:
        """Ends the connection."""
        await self._link.close()

    async def _look(self) -> None:
        connection = await self._link.connected()
        before = clock.now() - self._grace
        found = await connection.fetch(SILENT, before, LINES_MAX)
        for row in found:
            self._engine.chore(row[0], CloseSilent(before))
        self._engine.figures.silenced += len(found)


class DemoClock:
    """Lets this process's clock follow the demo's, which a person moves ahead."""

    def __init__(self, engine: Engine) -> None:
        self._link = Link(engine.parameters)
        self._offset = timedelta(0)

    async def run(self) -> None:
        """Follows until it is cancelled."""
        clock.set_offset_source(lambda: self._offset)
        while True:
            try:
                connection = await self._link.connected()
                self._offset = await connection.fetchval(DEMO_CLOCK) or timedelta(0)
            except Exception as error:
                log.warning("the demo's clock: %s; asking again", type(error).__name__)
                await self._link.drop()
            await asyncio.sleep(CLOCK_SECONDS)

    async def close(self) -> None:
        """Ends the connection."""
        clock.set_offset_source(None)
        await self._link.close()
