"""Gateways under load that do not give up.

A request that stays without an answer is sent again, marked as a repeat, until there is one: to the
same process when it is back, or to another. Each line here has one session, so the order in which
the rules are to be asked is known.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from tests.charging.conftest import Address
from tests.charging.e2e.smf import Broken, Reply, Smf
from tests.charging.peers import (
    BUSY,
    INITIAL,
    SUCCESS,
    TERMINATE,
    UPDATE,
    Answer,
    Gateway,
    Lost,
    Units,
    subscriber,
)

from eka.wire.nchf.routing import ROOT

PATIENCE = 30  # seconds in which some process must have answered
PAUSE = 0.05

Kind = Literal["initial", "update", "end"]
KINDS: dict[Kind, int] = {"initial": INITIAL, "update": UPDATE, "end": TERMINATE}
PART_RESULTS = {
    2001: "success",
    4012: "limit_reached",
    "SUCCESS": "success",
    "QUOTA_LIMIT_REACHED": "limit_reached",
}


@dataclass(frozen=True)
class Said:
    """What an answer said of the one part that was asked for."""

    result: str = "success"
    granted: int | None = None
    final: bool = False
    validity: int | None = None


@dataclass
class Step:
    """One request, and its answer once there is one."""

    kind: Kind
    number: int
    used: int
    asks: int
    said: Said | None = None


class Way(Protocol):
    """How a request reaches a charging process: until it is answered, whatever happens."""

    repeated: int  # how often a request had to be said again

    async def ask(self, session: "Session", step: Step, *, again: bool = False) -> Said:
        """The answer to a step."""


@dataclass
class Session:
    """A session of a gateway on a line of its own."""

    imsi: str
    name: str
    plan: str
    way: Way
    steps: list[Step]
    ref: str = ""
    done: int = field(default=0)

    async def run(self) -> None:
        """Asks step by step."""
        for step in self.steps:
            step.said = await self.way.ask(self, step)
            self.done += 1

    async def repeat(self, chance: random.Random) -> None:
        """Says some steps again, long after their time, and insists on the first answers."""
        for step in chance.sample(self.steps, 3):
            assert await self.way.ask(self, step, again=True) == step.said, (self.name, step)


def steps(chance: random.Random, count: int, size: int, *, ends: bool) -> list[Step]:
    """A session's requests; their use may exceed what was granted."""
    made = [Step("initial", 0, 0, chance.randint(1, size))]
    for number in range(1, count):
        used, asks = chance.randint(0, size), chance.choice([0, chance.randint(1, size)])
        made.append(Step("update", number, used, asks))
    return [*made, Step("end", count, chance.randint(0, size), 0)] if ends else made


# ------------------------------------------------------------------------------------ 4G


class GyWay:
    """A gateway with one connection at a time, to whichever of the processes takes it."""

    def __init__(self, name: str, *addresses: Address) -> None:
        self.name, self.addresses = name, list(addresses)
        self.repeated = 0
        self.told: list[int] = []
        self._gateway: Gateway | None = None
        self._turn = asyncio.Lock()

    async def ask(self, session: Session, step: Step, *, again: bool = False) -> Said:
        asks = None if step.kind == "end" else step.asks
        used = None if step.kind == "initial" else step.used
        body = subscriber(session.imsi) + Units(group=1, asks=asks or None, used=used).encoded()
        async with asyncio.timeout(PATIENCE):
            while (answer := await self._once(session, step, body, again=again)) is None:
                again = True
                self.repeated += 1
                await asyncio.sleep(PAUSE)
        assert answer.result == SUCCESS, (session.name, step, answer)
        (part,) = answer.parts
        assert part.result is not None
        result = PART_RESULTS[part.result]
        return Said(result, part.granted, part.final is not None, part.validity)

    async def _once(
        self, session: Session, step: Step, body: bytes, *, again: bool
    ) -> Answer | None:
        """The answer, unless the connection is lost or the process is busy."""
        try:
            gateway = await self._connected()
            kind = KINDS[step.kind]
            answer = await gateway.ask(kind, session.name, step.number, body, again=again)
        except (Lost, OSError):
            return None
        return None if answer.result == BUSY else answer

    async def close(self) -> None:
        if self._gateway is not None:
            self.told += [command for command, _ in self._gateway.told]
            await self._gateway.close()
            self._gateway = None

    async def _connected(self) -> Gateway:
        async with self._turn:
            if self._gateway is not None and self._gateway.connected:
                return self._gateway
            await self.close()
            gateway = Gateway(self.addresses[0], self.name)
            try:
                await gateway.connect()
            except (Lost, OSError):
                # The other process is next, if there is one.
                self.addresses.append(self.addresses.pop(0))
                await gateway.close()
                await asyncio.sleep(PAUSE)
                raise
            self._gateway = gateway
            return gateway


# ------------------------------------------------------------------------------------ 5G


class NchfWay:
    """An SMF; `numbered` or, as free5GC, with its counter at 0 for ever."""

    def __init__(self, *roots: str, numbered: bool) -> None:
        self._roots = list(roots)
        self._numbered = numbered
        self.repeated = 0
        self._smf: Smf | None = None
        self._turn = asyncio.Lock()

    async def ask(self, session: Session, step: Step, *, again: bool = False) -> Said:
        body = self._body(session, step)
        async with asyncio.timeout(PATIENCE):
            while True:
                if again:
                    body["retransmissionIndicator"] = True
                answer = await self._post(_path(session, step), body)
                if answer is not None and answer.status < 500:
                    break
                again = True
                self.repeated += 1
                await asyncio.sleep(PAUSE)
        assert answer.status in (200, 201, 204), (session.name, step, answer)
        if step.kind == "initial":
            session.ref = answer.headers["location"].rpartition("/")[2]
        return _said(answer)

    async def close(self) -> None:
        if self._smf is not None:
            await self._smf.close()
            self._smf = None

    async def _post(self, path: str, body: dict[str, Any]) -> Reply | None:
        try:
            smf = await self._connected()
            return await smf.post(path, body)
        except (Broken, OSError):
            return None

    async def _connected(self) -> Smf:
        async with self._turn:
            if self._smf is not None and self._smf.usable:
                return self._smf
            await self.close()
            smf = Smf(self._roots[0])
            try:
                await smf.connect()
            except OSError:
                self._roots.append(self._roots.pop(0))
                raise
            self._smf = smf
            return smf

    def _body(self, session: Session, step: Step) -> dict[str, Any]:
        usage: dict[str, Any] = {"ratingGroup": 1, "uPFID": "5f6bd1a3-1e0c-4c58-8d55-7d9f43a1a0d2"}
        if step.asks and step.kind != "end":
            usage["requestedUnit"] = dict.fromkeys(
                ("totalVolume", "uplinkVolume", "downlinkVolume"), step.asks
            )
        if step.kind != "initial":
            used = {"totalVolume": step.used, "uplinkVolume": step.used, "downlinkVolume": 0}
            usage["usedUnitContainer"] = [{"localSequenceNumber": 0, **used}]
        return {
            "subscriberIdentifier": f"imsi-{session.imsi}",
            "nfConsumerIdentification": {"nodeFunctionality": "SMF", "nFName": session.name},
            "invocationTimeStamp": f"2026-03-01T08:00:00.{step.number:06}Z",
            "invocationSequenceNumber": step.number if self._numbered else 0,
            "multipleUnitUsage": [usage],
        }


def _path(session: Session, step: Step) -> str:
    if step.kind == "initial":
        return ROOT
    return f"{ROOT}/{session.ref}/{'release' if step.kind == 'end' else 'update'}"


def _said(answer: Reply) -> Said:
    information = answer.json().get("multipleUnitInformation") if answer.body else None
    if not information:
        return Said()
    (part,) = information
    return Said(
        PART_RESULTS[part["resultCode"]],
        part["grantedUnit"]["totalVolume"] if "grantedUnit" in part else None,
        "finalUnitIndication" in part,
        part.get("validityTime"),
    )


@contextlib.asynccontextmanager
async def ways(made: Sequence[GyWay | NchfWay]) -> AsyncIterator[None]:
    """Closes them in the end."""
    try:
        yield
    finally:
        for way in made:
            await way.close()
