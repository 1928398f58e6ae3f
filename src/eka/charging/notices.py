"""What happens to a line elsewhere reaches its open sessions (RFC 8506, section 5.5).

Use cases notify the database when they change a line that has open sessions. Every charging process
hears it; the one that can reach the gateway tells it to ask anew, or to end.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from eka import clock
from eka.charging.engine import Engine
from eka.charging.links import Link
from eka.charging.requests import Door, OpenSession
from eka.charging.statements import CLAIM_NOTICE, OPEN_SESSIONS
from eka.charging.store import Connection, Wanted, read
from eka.ledger.pages import Page
from eka.rules.lines import Line, Session
from eka.rules.quota import available

log = logging.getLogger(__name__)

LISTEN_PAUSE = 1.0  # seconds between attempts to listen again
LINES_MAX = 1000

Notice = Literal["reauthorize", "abort"]


def notice_for(line: Line, parts: Iterable[Session], now: datetime) -> Notice | None:
    """What a gateway is told of its session after something happened to the line; None: nothing.

    It ends where the line may not be used. It asks anew where it stands on its last grant and there
    is more now, and where it holds a grant of a period that is over.
    """
    if line.suspended or line.state == "closed":
        return "abort"
    if line.state != "active":
        return "reauthorize" if any(part.reserved for part in parts) else None
    waits = any(part.final for part in parts)
    return "reauthorize" if waits and available(line, now) != 0 else None


class Notices:
    """Listens to the database and calls the doors."""

    def __init__(self, engine: Engine, doors: Mapping[str, Door]) -> None:
        self._engine, self._doors = engine, doors
        self._told: asyncio.Queue[list[int] | None] = asyncio.Queue()
        self._link = Link(engine.parameters, self._listen)
        engine.told_whole = self._told.put_nowait

    async def run(self) -> None:
        """Listens and tells until it is cancelled."""
        while True:
            try:
                connection = await self._link.connected()
                await self._tell_next(connection)
            except Exception as error:
                log.warning("notices: %s; listening again", type(error).__name__)
                await self._link.drop()
                await asyncio.sleep(LISTEN_PAUSE)

    async def close(self) -> None:
        """Ends the connection."""
        await self._link.close()

    async def _listen(self, connection: Connection) -> None:
        await connection.add_listener("eka_lines", self._hear_of_lines)
        await connection.add_listener("eka_plans", self._hear_of_plans)
        connection.add_termination_listener(lambda _: self._told.put_nowait(None))
        # A version that was published while nobody listened is for sale all the same.
        await self._engine.plans.load_on_sale(connection)

    def _hear_of_lines(self, *heard: Any) -> None:
        self._told.put_nowait([int(text) for text in heard[-1].split(",")])

    def _hear_of_plans(self, *_: Any) -> None:
        self._told.put_nowait(None)

    async def _tell_next(self, connection: Connection) -> None:
        told = await self._told.get()
        if told is None:  # plans changed, or the connection was lost
            await self._engine.plans.load_on_sale(connection)
            return
        self._engine.forget(told)
        for first in range(0, len(told), LINES_MAX):
            await self._tell(connection, told[first : first + LINES_MAX])

    async def _tell(self, connection: Connection, ids: list[int]) -> None:
        now = clock.now()
        wanted = [Wanted(line_id, "", (), 0) for line_id in ids]
        pages = await read(connection, wanted, self._engine.plans)
        facts = {(row[0], row[1]): row[2] for row in await connection.fetch(OPEN_SESSIONS, ids)}
        for page in pages.values():
            page.pass_time(now, self._engine.plans.on_sale)
            for name, parts in _by_name(page.line).items():
                notice = notice_for(page.line, parts, now)
                known = facts.get((page.id, name))
                if notice is not None and known is not None:
                    session = _open_session(name, parts, msgspec.json.decode(known))
                    await self._call(connection, notice, session, page)

    async def _call(
        self, connection: Connection, notice: Notice, session: OpenSession, page: Page
    ) -> None:
        """Calls the door. A gateway that any process can reach is called by one of them only."""
        name = session.facts.get("door", "")
        door = self._doors.get(name)
        if door is None:
            return
        claim = (CLAIM_NOTICE, page.id, session.id, page.revision)
        if name == "nchf" and not await connection.fetchval(*claim):
            return
        call = door.abort if notice == "abort" else door.reauthorize
        if call(session):
            self._engine.figures.notices[notice] += 1


def _by_name(line: Line) -> dict[str, list[Session]]:
    names: dict[str, list[Session]] = {}
    for part in line.sessions.values():
        if part.open:
            names.setdefault(part.name, []).append(part)
    return names


def _open_session(name: str, parts: list[Session], facts: dict[str, Any]) -> OpenSession:
    groups = [part.id[len(name) + 1 :].partition(".")[0] for part in parts]
    return OpenSession(
        id=name, facts=facts, rating_groups=tuple(int(group) for group in groups if group)
    )
