"""Which speed applies to a subscriber now, for a policy server (GET /eka/v1/speed/imsi-...)."""

import asyncio
import logging

import msgspec

from eka import clock
from eka.charging.engine import Engine
from eka.charging.links import Link
from eka.charging.store import Wanted, find_lines, read
from eka.rules.lines import Line
from eka.rules.speeds import speed_report

log = logging.getLogger(__name__)


class SpeedPages:
    """Answers a policy server; reads only, on a connection of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._link = Link(engine.parameters)
        self._turn = asyncio.Lock()  # one connection answers one question at a time

    async def answer(self, path: str) -> tuple[int, bytes, str]:
        """Status, body and content type for `.../imsi-310410000000001` or `.../msisdn-...`."""
        kind, _, number = path.rsplit("/", 1)[-1].partition("-")
        if kind not in ("imsi", "msisdn") or not (number.isascii() and number.isdigit()):
            return _problem(400, "Name the subscriber as imsi-<digits> or msisdn-<digits>.")
        async with self._turn:
            try:
                line = await self._line(kind, number)
            except Exception as error:
                log.warning("speeds: %s", type(error).__name__)
                await self._link.drop()
                return _problem(503, "The database cannot be reached.")
        if line is None:
            return _problem(404, "There is no such subscriber.")
        return 200, msgspec.json.encode(speed_report(line, clock.now())), "application/json"

    async def close(self) -> None:
        """Ends the connection."""
        await self._link.close()

    async def _line(self, kind: str, number: str) -> Line | None:
        connection = await self._link.connected()
        asked = {"imsi": ([number], []), "msisdn": ([], [number])}[kind]
        found = await find_lines(connection, *asked)
        line_id = found.get(f"{kind}:{number}")
        if line_id is None:
            return None
        wanted = [Wanted(line_id, "", (), 0)]
        page = (await read(connection, wanted, self._engine.plans))[line_id]
        page.pass_time(clock.now(), self._engine.plans.on_sale)
        return page.line


def _problem(status: int, detail: str) -> tuple[int, bytes, str]:
    body = {"status": status, "detail": detail}
    return status, msgspec.json.encode(body), "application/problem+json"
