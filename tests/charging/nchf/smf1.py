"""The cast: smf1, a gateway with an HTTP/2 client, and an engine that answers as it is told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import httpx

from eka.charging.nchf import NchfDoor, Page
from eka.charging.nchf_server import Tls
from eka.charging.requests import ChargingAnswer, ChargingRequest, FinalUnit, Part
from eka.wire.nchf.routing import ROOT

ALICE = "imsi-001010000000001"
MB = 1_000_000
UPF = "5f6bd1a3-1e0c-4c58-8d55-7d9f43a1a0d2"

Answering = Callable[[ChargingRequest], ChargingAnswer | None]


def create(**more: Any) -> dict[str, Any]:
    """The first request of a session of Alice's."""
    return {
        "subscriberIdentifier": ALICE,
        "nfConsumerIdentification": {"nodeFunctionality": "SMF", "nFName": "smf1"},
        "invocationTimeStamp": "2026-03-01T08:00:00Z",
        "invocationSequenceNumber": 0,
        **more,
    }


def used(number: int, *containers: dict[str, Any], asks: int | None = None) -> dict[str, Any]:
    """A later request: rating group 1 used this, and asks for that."""
    usage: dict[str, Any] = {"ratingGroup": 1, "usedUnitContainer": list(containers)}
    if asks is not None:
        usage["requestedUnit"] = {"totalVolume": asks}
    return create(invocationSequenceNumber=number, multipleUnitUsage=[usage])


def grants_all(request: ChargingRequest) -> ChargingAnswer:
    """Alice has plenty; who leaves the size to us gets 100 MB."""
    return ChargingAnswer(
        parts=tuple(
            Part(
                rating_group=ask.rating_group,
                granted=100 * MB if ask.asks is None else ask.asks or None,
                validity=3600,
            )
            for ask in request.asks
        )
    )


class Engine:
    """Answers each request in the loop's next turn; what it has no answer to, waits."""

    def __init__(self, answering: Answering = grants_all) -> None:
        self.answering = answering
        self.asked: list[ChargingRequest] = []
        self.waiting: list[Callable[[ChargingAnswer], None]] = []

    def submit(self, request: ChargingRequest, answer: Callable[[ChargingAnswer], None]) -> None:
        self.asked.append(request)
        said = self.answering(request)
        if said is None:
            self.waiting.append(answer)
        else:
            asyncio.get_running_loop().call_soon(answer, said)


@contextlib.asynccontextmanager
async def open_door(
    engine: Engine,
    final_unit: FinalUnit | None = None,
    pages: Mapping[str, Page] | None = None,
    tls: Tls | None = None,
) -> AsyncIterator[tuple[NchfDoor, int]]:
    """A door on a free port of this machine, and that port."""
    door = NchfDoor(engine, final_unit or FinalUnit(), pages)
    port = await door.listen("127.0.0.1", 0, tls)
    try:
        yield door, port
    finally:
        await door.stop()


def smf1(port: int) -> httpx.AsyncClient:
    """HTTP/2 from the first byte."""
    return httpx.AsyncClient(http1=False, http2=True, base_url=f"http://127.0.0.1:{port}")


async def opened(gateway: httpx.AsyncClient, **more: Any) -> str:
    """Opens a session and returns its address."""
    answer = await gateway.post(ROOT, json=create(**more))
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]
