"""An engine in the story's own event loop, and gateways that speak with it for the cast."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.charging.conftest import Shop

from eka import clock
from eka.charging.engine import Engine
from eka.charging.requests import Ask, ChargingAnswer, ChargingRequest, Kind, Part


@contextlib.asynccontextmanager
async def engine_on(shop: Shop, **options: Any) -> AsyncIterator[Engine]:
    """An engine that serves until the story is over."""
    engine = Engine(shop.url, **options)
    serving = asyncio.create_task(engine.run())
    try:
        yield engine
        await engine.drain()
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await engine.close()


async def ask(engine: Engine, request: ChargingRequest) -> ChargingAnswer:
    """Submits a request and waits for its answer."""
    answered: asyncio.Future[ChargingAnswer] = asyncio.get_running_loop().create_future()
    engine.submit(request, answered.set_result)
    return await asyncio.wait_for(answered, 30)


class Gateway:
    """One charging session of a gateway: it counts its requests, and can say the last again."""

    _count = 0

    def __init__(self, engine: Engine, imsi: str | None, name: str = "") -> None:
        Gateway._count += 1
        self.engine, self.imsi = engine, imsi
        self.name = name or f"smf1;{Gateway._count}"
        self.number = -1
        self.last: ChargingRequest | None = None

    async def begin(self, *asks: Ask, asked: int | None = None) -> ChargingAnswer:
        return await self.say("initial", *(asks or _only(asked)))

    async def go_on(
        self, *asks: Ask, used: int = 0, asked: int | None = 0, **more: Any
    ) -> ChargingAnswer:
        return await self.say("update", *(asks or (Ask(used=used, asks=asked),)), **more)

    async def end(self, *asks: Ask, used: int = 0, **more: Any) -> ChargingAnswer:
        return await self.say("end", *(asks or (Ask(used=used),)), **more)

    async def say(self, kind: Kind, *asks: Ask, **more: Any) -> ChargingAnswer:
        """The next request, or that of the `number` given."""
        self.number += 1
        given = {"number": self.number, "imsi": self.imsi, **more}
        self.last = ChargingRequest(session=self.name, kind=kind, asks=asks, **given)
        return await ask(self.engine, self.last)

    async def again(self, engine: Engine | None = None) -> ChargingAnswer:
        """The last request once more, perhaps to another engine."""
        assert self.last is not None
        return await ask(engine or self.engine, self.last)


def _only(asked: int | None) -> tuple[Ask, ...]:
    return (Ask(asks=asked),)


def only(answer: ChargingAnswer) -> Part:
    """The one part of an answer."""
    assert answer.result == "success", answer
    (part,) = answer.parts
    return part


class Hands:
    """Moves the clock of this process."""

    def __init__(self) -> None:
        self.offset = timedelta(0)
        clock.set_offset_source(lambda: self.offset)

    def forward(self, **span: float) -> None:
        """Goes ahead by so much."""
        self.offset += timedelta(**span)

    def set_to(self, instant: datetime) -> None:
        """Goes to the instant, and on from there."""
        self.offset = instant - datetime.now(UTC)
