"""Lanes: what waits for a line, gathered into batches, one batch under way at a time.

There is no timer. A batch leaves as soon as the lane's connection is free, with whatever waits by
then: a lone request is not made to wait, and a busy lane batches by itself.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import asyncpg

from eka.charging.links import Link
from eka.charging.store import Connection

log = logging.getLogger(__name__)

T = TypeVar("T")

BATCH_MAX = 256
TRIES_MAX = 3
# Where a backend dies under it, asyncpg also says that it is confused (InternalClientError).
LOST = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
)
# Another writer was in the way, or the server is short of something: the same again may do.
PASSING = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)


class Lane(Generic[T]):
    """A queue, a connection, and the task that takes batches from one to the other.

    `serve` does a batch; `give_up` answers one that could not be done. A batch that fails for a
    reason of its own is done again one by one, so that only what is at fault is given up.
    """

    def __init__(
        self,
        link: Link,
        serve: Callable[[Connection, list[T]], Awaitable[None]],
        give_up: Callable[[T, bool], None],
        batch_max: int = BATCH_MAX,
    ) -> None:
        self._link, self._serve, self._give_up = link, serve, give_up
        self._batch_max = batch_max
        self._waiting: deque[T] = deque()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.batches = 0
        self.done = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, job: T) -> None:
        """Adds a job at the end of the queue."""
        self._waiting.append(job)
        self._idle.clear()
        self._wake.set()

    async def run(self) -> None:
        """Serves batches for ever."""
        while True:
            await self._wake.wait()
            count = min(len(self._waiting), self._batch_max)
            batch = [self._waiting.popleft() for _ in range(count)]
            if not self._waiting:
                self._wake.clear()
            await self._attempt(batch)
            self.batches += 1
            self.done += count
            if not self._waiting:
                self._idle.set()

    async def drained(self) -> None:
        """Waits until nothing is waiting and nothing is under way."""
        await self._idle.wait()

    async def _attempt(self, batch: list[T]) -> None:
        for last in (False,) * (TRIES_MAX - 1) + (True,):
            try:
                connection = await self._link.connected()
                await self._serve(connection, batch)
            except PASSING as error:
                log.warning("a batch is done again: %s", type(error).__name__)
            except Exception as error:
                if not _is_lost(error):
                    log.exception("a batch of %d failed", len(batch))
                    await self._one_by_one(batch)
                    return
                log.warning("the database is out of reach: %s", type(error).__name__)
                await self._link.drop()
            else:
                return
            if last:
                self._all_given_up(batch, passing=True)

    async def _one_by_one(self, batch: list[T]) -> None:
        for job in batch:
            if len(batch) == 1:
                self._give_up(job, False)
            else:
                await self._attempt([job])

    def _all_given_up(self, batch: list[T], *, passing: bool) -> None:
        for job in batch:
            self._give_up(job, passing)


def _is_lost(error: Exception) -> bool:
    """Whether the connection failed, not what was said over it (DataError is an InterfaceError)."""
    return isinstance(error, LOST) and not isinstance(error, asyncpg.DataError)
