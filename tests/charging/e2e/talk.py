"""How stories speak with the process: a connected 4G gateway, a 5G gateway that can be called."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
from tests.charging.conftest import Charging
from tests.charging.peers import GATEWAY, SUCCESS, Answer, Gateway, Granted, Units, subscriber

from eka.wire.nchf.routing import ROOT

_sessions = itertools.count(1)


@contextlib.asynccontextmanager
async def gateway_at(
    charging: Charging, name: str = GATEWAY, application: int = 4
) -> AsyncIterator[Gateway]:
    """A gateway that has introduced itself."""
    gateway = Gateway(charging.gy, name, application=application)
    try:
        assert (await gateway.connect()).result == SUCCESS
        yield gateway
    finally:
        await gateway.close()


class Bearer:
    """One Gy session of a subscriber; it counts its requests."""

    def __init__(self, gateway: Gateway, imsi: str) -> None:
        self.gateway, self.imsi = gateway, imsi
        self.name = f"{gateway.name};1700000000;{next(_sessions)};app_gy"
        self.number = -1

    async def say(self, kind: int, *units: Units, more: bytes = b"") -> Answer:
        """The next request."""
        self.number += 1
        return await self._send(kind, self.number, units, more)

    async def again(self, kind: int, *units: Units) -> Answer:
        """The last one once more, with the T flag."""
        return await self._send(kind, self.number, units, b"", again=True)

    async def _send(
        self, kind: int, number: int, units: tuple[Units, ...], more: bytes, *, again: bool = False
    ) -> Answer:
        body = subscriber(self.imsi) + b"".join(one.encoded() for one in units) + more
        return await self.gateway.ask(kind, self.name, number, body, again=again)


def only(answer: Answer) -> Granted:
    """The one part of a successful answer."""
    assert answer.result == SUCCESS, answer
    (part,) = answer.parts
    return part


# ------------------------------------------------------------------------------------ 5G


def smf(charging: Charging) -> httpx.AsyncClient:
    """HTTP/2 from the first byte."""
    return httpx.AsyncClient(
        http1=False, http2=True, base_url=charging.nchf, timeout=20, trust_env=False
    )


def of_free5gc(imsi: str, stamp: str, *usages: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A request as free5GC's SMF was seen to send it: its counter stands at 0 for ever."""
    body = {
        "subscriberIdentifier": f"imsi-{imsi}",
        "nfConsumerIdentification": {"nodeFunctionality": "SMF", "nFName": "SMF-free5gc"},
        "invocationTimeStamp": f"2026-03-01T{stamp}Z",
        "invocationSequenceNumber": 0,
        "notifyUri": "",
        "pDUSessionChargingInformation": {
            "chargingId": 1,
            "pduSessionInformation": {"pduSessionID": 1, "dnnId": "internet", "ratType": "NR"},
        },
        **more,
    }
    return {**body, "multipleUnitUsage": list(usages)} if usages else body


def usage(used: int | None = None, asks: int | None = None, **more: Any) -> dict[str, Any]:
    """What rating group 1 used and asks for: three equal volumes, a number that never counts."""
    told: dict[str, Any] = {"ratingGroup": 1, "uPFID": "UPF", **more}
    if asks is not None:
        told["requestedUnit"] = dict.fromkeys(
            ("totalVolume", "uplinkVolume", "downlinkVolume"), asks
        )
    if used is not None:
        volumes = {
            "totalVolume": used,
            "uplinkVolume": used // 3,
            "downlinkVolume": used - used // 3,
        }
        told["usedUnitContainer"] = [
            {
                "localSequenceNumber": 0,
                "quotaManagementIndicator": "ONLINE_CHARGING",
                "triggers": [{"triggerType": "QUOTA_EXHAUSTED"}],
                **volumes,
            }
        ]
    return told


async def opened(client: httpx.AsyncClient, body: dict[str, Any]) -> str:
    """Creates a session; its path, made of the last segment of its Location as free5GC does."""
    answer = await client.post(ROOT, json=body)
    assert answer.status_code == 201, answer.text
    return f"{ROOT}/{answer.headers['location'].rpartition('/')[2]}"


async def granted(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Updates a session; what is said of its rating group."""
    answer = await client.post(f"{path}/update", json=body)
    assert answer.status_code == 200, answer.text
    (information,) = answer.json()["multipleUnitInformation"]
    assert isinstance(information, dict)
    return information


async def until(done: Callable[[], bool], event: asyncio.Event) -> None:
    """Waits for an event as often as it takes."""
    async with asyncio.timeout(20):
        while not done():
            event.clear()
            await event.wait()
