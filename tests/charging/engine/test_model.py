"""Random gateways on several engines at once, against the pure rules: equal to the byte.

Requests are doubled, said again to another engine, and overtake each other; time passes, so that
days, periods and validities end while sessions are open.
"""

import asyncio
import random
from datetime import datetime

import pytest
from tests.charging.conftest import MB, Shop
from tests.charging.engine.cast import Hands, ask, engine_on
from tests.charging.engine.mirror import Mirror, Tables, said, told

from eka import clock
from eka.charging.engine import Engine
from eka.charging.links import Link
from eka.charging.requests import Ask, ChargingAnswer, ChargingRequest, Kind
from eka.charging.store import Plans, Wanted, find_lines, read
from eka.rules.requests import CloseSilent

SEEDS = [random.randrange(10**6) for _ in range(2)]
CAST = (
    "phone",
    "phone",
    "slow",
    "dear",
    "daily",
    "daily",
    "hour",
    "hour",
    "hourly",
    "ocean",
    "office",
)
ROUNDS = 25
SESSIONS = 3  # of each line at the same time
SECONDS = (0, 0, 0, 1, 61, 600, 2400, 7200, 90_000)
GROUPS: tuple[tuple[int | None, ...], ...] = ((None,), (None,), (1,), (1, 2), (2,), (None, 1))
SIZES = (0, 1, 999, MB // 3, MB, 4 * MB, 30 * MB)


class Caller:
    """A session of a gateway that remembers what it was answered."""

    def __init__(self, chance: random.Random, imsi: str, name: str) -> None:
        self.chance, self.imsi, self.name = chance, imsi, name
        self.known: list[tuple[ChargingRequest, ChargingAnswer]] = []
        self.number = -1
        self.over = False
        self.new: ChargingRequest | None = None

    def next(self) -> ChargingRequest:
        """A request with a new number: mostly the next one, now and then one that was left out."""
        kind: Kind = "update"
        if not self.known:
            kind = "initial"
        elif self.chance.random() < 0.1:
            kind = "end"
        taken = {request.number for request, _ in self.known}
        left_out = [number for number in range(self.number) if number not in taken]
        if left_out and self.chance.random() < 0.3:
            number = self.chance.choice(left_out)
        else:
            number = self.number + self.chance.choice([1, 1, 1, 2])
        self.number = max(self.number, number)
        asks = tuple(self._ask(kind, group) for group in self._groups())
        imsi = self.imsi if kind == "initial" or self.chance.random() < 0.5 else None
        self.new = ChargingRequest(
            session=self.name, kind=kind, number=number, imsi=imsi, asks=asks
        )
        return self.new

    def _groups(self) -> tuple[int | None, ...]:
        return self.chance.choice(GROUPS)

    def _ask(self, kind: Kind, group: int | None) -> Ask:
        return Ask(
            rating_group=group,
            used=0 if kind == "initial" else self.chance.choice(SIZES),
            asks=0 if kind == "end" else self.chance.choice([*SIZES, None, None]),
            recorded=self.chance.choice([0, 0, 5]),
            ends=kind == "update" and self.chance.random() < 0.1,
        )


class Theatre:
    """Lines, their mirrors, and the callers of each."""

    def __init__(self, seed: int, shop: Shop, engines: list[Engine], hands: Hands) -> None:
        self.chance = random.Random(seed)
        self.shop, self.engines, self.hands = shop, engines, hands
        self.mirrors: dict[str, Mirror] = {}
        self.callers: dict[str, list[Caller]] = {}
        self._names = 0

    async def open(self) -> None:
        """Takes lines that nobody has used, as the tables have them."""
        imsis = [self.shop.sim(plan) for plan in CAST]
        link = Link(self.engines[0].parameters)
        connection = await link.connected()
        ids = await find_lines(connection, imsis, [])
        wanted = [Wanted(id_, "", (), 0) for id_ in ids.values()]
        plans = Plans()
        await plans.load_on_sale(connection)
        pages = await read(connection, wanted, plans)
        await link.close()
        for imsi in imsis:
            id_ = ids[f"imsi:{imsi}"]
            self.mirrors[imsi] = Mirror(id_, pages[id_].line, plans.on_sale)
            self.callers[imsi] = []

    async def round(self) -> None:
        """Every session says something at once: something new, something old, or both."""
        for imsi, callers in self.callers.items():
            callers[:] = [caller for caller in callers if self.chance.random() > 0.03]
            while len(callers) < SESSIONS:
                self._names += 1
                name = f"{imsi[-10:]};{self._names};{self.chance.random()}"
                callers.append(Caller(self.chance, imsi, name))
        await asyncio.gather(*[self._turn(caller) for caller in self._everybody()])
        instants = self._instants()
        for imsi, mirror in self.mirrors.items():
            speakers = [one for one in self.callers[imsi] if one.new is not None]
            for caller in sorted(speakers, key=lambda one: instants[one.name]):
                assert caller.new is not None
                heard = mirror.hear(caller.new, instants[caller.name])
                assert told(heard) == said(caller.new, caller.known[-1][1]), caller.new
                caller.new = None

    async def silence(self) -> None:
        """Every session whose validity is over is taken for dead."""
        before = clock.now()
        for mirror in self.mirrors.values():
            self.engines[0].chore(mirror.id, CloseSilent(before))
            mirror.close_silent(before)
        # The lanes are in order: who is answered after the chores knows that they are done.
        spoken = [caller for caller in self._everybody() if caller.known]
        await asyncio.gather(*[self._repeat(caller, self.engines[0]) for caller in spoken])

    def assert_equal(self) -> None:
        for mirror in self.mirrors.values():
            Tables(self.shop, mirror.id).assert_equal(mirror)

    def _everybody(self) -> list[Caller]:
        return [caller for callers in self.callers.values() for caller in callers]

    async def _turn(self, caller: Caller) -> None:
        old = [self._repeat(caller) for _ in range(self.chance.choice([0, 0, 1, 2]))]
        new = self._say(caller) if self.chance.random() < 0.7 else asyncio.sleep(0)
        if caller.known:
            await asyncio.gather(new, *old)
        else:
            for coroutine in old:
                coroutine.close()
            await new

    async def _say(self, caller: Caller) -> None:
        """A new request, to one engine or to several at the same time."""
        request = caller.next()
        engines = self.chance.choices(self.engines, k=self.chance.choice([1, 1, 2, 3]))
        answers = await asyncio.gather(*[ask(engine, request) for engine in engines])
        assert all(answer == answers[0] for answer in answers), request
        caller.known.append((request, answers[0]))

    async def _repeat(self, caller: Caller, engine: Engine | None = None) -> None:
        request, first = self.chance.choice(caller.known)
        answer = await ask(engine or self.chance.choice(self.engines), request)
        assert answer == first, request

    def _instants(self) -> dict[str, datetime]:
        """When each session's last request took effect; what took none comes first."""
        found = self.shop.rows("SELECT name, max(seen_at) FROM session GROUP BY name")
        return {str(name): instant for name, instant in found if isinstance(instant, datetime)}


@pytest.mark.parametrize("seed", SEEDS, ids=["once", "again"])
def test_engines_and_rules_agree(seed: int, shop: Shop, hands: Hands) -> None:
    """At the end every figure of every table is that of the rules."""

    async def story() -> None:
        async with (
            engine_on(shop, lanes=1) as one,
            engine_on(shop, lanes=2) as two,
            engine_on(shop, lanes=3) as three,
        ):
            theatre = Theatre(seed, shop, [one, two, three], hands)
            await theatre.open()
            for number in range(ROUNDS):
                await theatre.round()
                if number % 8 == 7:
                    await theatre.silence()
                hands.forward(seconds=theatre.chance.choice(SECONDS))
        theatre.assert_equal()
        assert sum(engine.figures.conflicts for engine in (one, two, three)) > 0

    asyncio.run(story())
