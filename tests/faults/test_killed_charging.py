"""Charging that is killed under load: what was acknowledged took effect once, repeats agree."""

import asyncio
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.charging.conftest import MB, Charging, Shop, copy_of_shop, olgas_shop
from tests.charging.e2e.load import (
    GyWay,
    NchfWay,
    Session,
    steps,
    ways,
)
from tests.charging.e2e.verdict import assert_by_rules
from tests.charging.peers import DPR
from tests.faults.test_killed_imports import kill_server

from eka.cli.embedded import EmbeddedPostgres

SEED = random.randrange(10**6)
STEPS = 24  # requests of each session


class Mortal:
    """A PostgreSQL that waits for the disk, and can be killed whole."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._server = EmbeddedPostgres(state)

    @property
    def url(self) -> str:
        return self._server.url

    def die_and_rise(self) -> None:
        """kill -9 of each of its processes, and a new one on the same folder."""
        before = self.url
        kill_server(before)
        self._server.stop()
        self._server = EmbeddedPostgres(self._state)
        self._server.start()
        assert self.url == before

    def __enter__(self) -> "Mortal":
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()


@pytest.fixture(scope="module")
def server() -> Iterator[Mortal]:
    """A server for these stories, in a state folder that its own user may enter."""
    with tempfile.TemporaryDirectory(prefix="eka-fault-") as folder:
        os.chmod(folder, 0o755)
        with Mortal(Path(folder) / "state") as server:
            yield server


@pytest.fixture(scope="module")
def charging_template(server: Mortal) -> Iterator[str]:
    """Olga's shop."""
    with olgas_shop(server.url, "eka_killed") as name:
        yield name


@pytest.fixture
def shop(server: Mortal, charging_template: str, request: pytest.FixtureRequest) -> Iterator[Shop]:
    """A copy for one story; the audit follows at its end."""
    with copy_of_shop(server.url, charging_template, request.node.name) as shop:
        yield shop


class Load:
    """Sixteen sessions of four gateways over both doors, each on a line of its own."""

    def __init__(self, shop: Shop, *processes: Charging) -> None:
        self.chance = random.Random(SEED)
        self.shop = shop
        doors = [process.gy for process in processes]
        roots = [process.nchf for process in processes]
        # Half of the gateways begin at the other process, if there is one.
        self.gy = [GyWay("smf1.example", *doors), GyWay("smf2.example", *reversed(doors))]
        self.nchf = [
            NchfWay(*roots, numbered=True),
            NchfWay(*reversed(roots), numbered=False),
        ]
        self.ways: list[GyWay | NchfWay] = [*self.gy, *self.nchf]
        self.sessions = [self._session(i) for i in range(16)]

    def _session(self, i: int) -> Session:
        # Some have more than they can use, some come to their end on the way.
        plan = "phone" if i % 3 else "office"
        way = self.gy[i % 2] if i % 4 < 2 else self.nchf[i % 2]
        size = self.chance.choice([MB // 20, MB // 2, MB])
        imsi = self.shop.sim(plan)
        made = steps(self.chance, STEPS, size, ends=i % 5 > 0)
        return Session(imsi, f"s{i};{self.chance.random()}", plan, way, made)

    @property
    def done(self) -> int:
        """How many requests have their answers."""
        return sum(session.done for session in self.sessions)

    @property
    def repeated(self) -> int:
        """How often a request had to be said again."""
        return sum(way.repeated for way in self.ways)

    async def run(self, *disturbances: Callable[[], None]) -> None:
        """Runs all sessions to their end, disturbed at even distances, and says things again."""
        async with ways(self.ways), asyncio.TaskGroup() as group:
            running = [group.create_task(session.run()) for session in self.sessions]
            total = sum(len(session.steps) for session in self.sessions)
            for i, disturb in enumerate(disturbances, 1):
                await self._until(total * i // (len(disturbances) + 2))
                assert not all(task.done() for task in running), "it was through too soon"
                await asyncio.to_thread(disturb)
            await asyncio.gather(*running)
            for session in self.sessions:
                await session.repeat(self.chance)

    async def _until(self, done: int) -> None:
        while self.done < done:
            await asyncio.sleep(0.002)

    def assert_exact(self) -> None:
        """All is as the rules have it; the audit follows at the end of the story."""
        for session in self.sessions:
            assert_by_rules(self.shop, session)


def kill_and_start(process: Charging) -> None:
    process.kill()
    process.start()


def test_killing_the_process(shop: Shop) -> None:
    """kill -9, twice, at any moment; it is started again on its ports."""
    with Charging(shop.url) as process:
        load = Load(shop, process)
        asyncio.run(load.run(*[lambda: kill_and_start(process)] * 2))
        assert load.repeated > 0, f"seed {SEED}: nothing was disturbed"
        load.assert_exact()


def test_failing_over_to_another_process(shop: Shop) -> None:
    """Two processes on one database; the first is killed, its gateways turn to the second."""
    with Charging(shop.url) as first, Charging(shop.url) as second:
        load = Load(shop, first, second)
        asyncio.run(load.run(first.kill))
        assert load.repeated > 0, f"seed {SEED}: nothing was disturbed"
        load.assert_exact()


def test_stopping_the_process_in_order(shop: Shop) -> None:
    """SIGTERM under load: it takes leave of its peers; what it left is said again."""
    with Charging(shop.url) as process:
        load = Load(shop, process)
        statuses: list[int] = []

        def stop_and_start() -> None:
            process.terminate()
            statuses.append(process.wait())
            process.start()

        asyncio.run(load.run(stop_and_start))
        assert statuses == [0], process.log
        assert [way.told.count(DPR) for way in load.gy] == [1, 1]
        load.assert_exact()


def test_killing_the_database(server: Mortal, shop: Shop) -> None:
    """kill -9 of PostgreSQL, twice; the charging process lives on and finds it again."""
    with Charging(shop.url) as process:
        load = Load(shop, process)
        asyncio.run(load.run(server.die_and_rise, server.die_and_rise))
        assert "no connection to the database" in process.log, f"seed {SEED}: not disturbed"
        assert "Traceback" not in process.log
    load.assert_exact()
