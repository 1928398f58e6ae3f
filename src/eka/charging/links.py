"""Connections to the database that mend themselves."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import asyncpg
from psycopg.conninfo import conninfo_to_dict

from eka.charging.store import Connection

log = logging.getLogger(__name__)

CONNECT_SECONDS_MAX = 2
STATEMENT_SECONDS_MAX = 10
PAUSES = (0.0, 0.05, 0.2, 0.5, 1.0)  # seconds before each further attempt to connect
# The statements name their rows by key. A plan that reads whole tables because they are small now,
# or merges where a loop would keep the order of the rows, would be wrong tomorrow.
PLANNER = {
    "enable_seqscan": "off",
    "enable_mergejoin": "off",
    "jit": "off",
    # A plan of its own for each batch costs more than the batch, and is the same plan.
    "plan_cache_mode": "force_generic_plan",
}


def parameters_of(url: str) -> dict[str, Any]:
    """What asyncpg wants to know, of an address as libpq reads it."""
    given = conninfo_to_dict(url)
    settings = {**PLANNER, "application_name": "eka charging"}
    for option in str(given.get("options", "")).split("-c")[1:]:
        name, _, value = option.strip().partition("=")
        settings[name] = value
    names = {"host": "host", "port": "port", "user": "user", "password": "password"}
    found: dict[str, Any] = {
        ours: given[theirs] for ours, theirs in names.items() if given.get(theirs)
    }
    if "port" in found:
        found["port"] = int(str(found["port"]))
    if mode := given.get("sslmode"):
        found["ssl"] = mode
    return {**found, "database": given.get("dbname"), "server_settings": settings}


class Link:
    """One connection, opened when it is first needed and again after it was lost."""

    def __init__(
        self, parameters: dict[str, Any], told: Callable[[Connection], Any] | None = None
    ) -> None:
        self._parameters, self._told = parameters, told
        self._connection: Connection | None = None

    async def connected(self) -> Connection:
        """The connection. Raises OSError or asyncpg's errors after some attempts."""
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        for pause in PAUSES:
            await asyncio.sleep(pause)
            try:
                self._connection = await self._open()
            except (
                OSError,
                TimeoutError,
                asyncpg.PostgresError,
                asyncpg.InternalClientError,
            ) as error:
                log.warning("no connection to the database: %s", type(error).__name__)
            else:
                return self._connection
        raise OSError("the database cannot be reached")

    async def _open(self) -> Connection:
        connection: Connection = await asyncpg.connect(
            **self._parameters, timeout=CONNECT_SECONDS_MAX, command_timeout=STATEMENT_SECONDS_MAX
        )
        if self._told is not None:
            await self._told(connection)
        return connection

    async def drop(self) -> None:
        """Forgets a connection that was lost."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def close(self) -> None:
        """Ends the connection properly."""
        if self._connection is not None and not self._connection.is_closed():
            await self._connection.close()
        self._connection = None
