"""free5GC's SMF, as its source sends (internal/sbi/consumer/chf_service.go): it must be served.

It leaves invocationSequenceNumber out for ever, never sets localSequenceNumber, opens a session
without any unit, and takes the last segment of Location for the ref.
"""

import asyncio
from typing import Any

from tests.charging.nchf.smf1 import MB, UPF, Engine, create, open_door, opened, smf1

from eka.charging.requests import Ask
from eka.wire.nchf.routing import ROOT


def request(at: str, *usages: dict[str, Any]) -> dict[str, Any]:
    body = create(
        nfConsumerIdentification={
            "nodeFunctionality": "SMF",
            "nFName": "SMF",
            "nFIPv4Address": "127.0.0.2",
        },
        invocationTimeStamp=f"2026-03-01T{at}.123456789+08:00",
        chargingId=1,
        notifyUri="http://127.0.0.2:8000/nsmf-callback/notify_urn:uuid:7",
        pDUSessionChargingInformation={
            "chargingId": 1,
            "userInformation": {"servedGPSI": "msisdn-0900000000", "servedPEI": "imei-3"},
            "pduSessionInformation": {
                "pduSessionID": 1,
                "dnnId": "internet",
                "networkSlicingInfo": {"sNSSAI": {"sst": 1, "sd": "010203"}},
                "pduType": "IPV4",
                "servingNetworkFunctionID": {
                    "servingNetworkFunctionInformation": {"nodeFunctionality": "AMF"}
                },
            },
        },
    )
    del body["invocationSequenceNumber"]
    return {**body, "multipleUnitUsage": list(usages)} if usages else body


def report(at: str, volume: int) -> dict[str, Any]:
    trigger = {"triggerType": "QUOTA_EXHAUSTED", "triggerCategory": "IMMEDIATE_REPORT"}
    return {
        "ratingGroup": 1,
        "requestedUnit": {"totalVolume": MB, "uplinkVolume": MB, "downlinkVolume": MB},
        "usedUnitContainer": [
            {
                "quotaManagementIndicator": "ONLINE_CHARGING",
                "triggers": [trigger],
                "triggerTimestamp": f"2026-03-01T{at}.000000001+08:00",
                "totalVolume": volume,
                "downlinkVolume": volume,
            }
        ],
        "uPFID": UPF,
    }


def test_a_session_of_free5gc() -> None:
    async def story() -> None:
        engine = Engine()
        async with open_door(engine) as (_, port), smf1(port) as gateway:
            created = request("08:00:00")
            answer = await gateway.post(ROOT, json=created)
            assert answer.status_code == 201
            assert "multipleUnitInformation" not in answer.json()
            ref = answer.headers["location"].split("/")[-1]

            first = request("08:05:00", report("08:05:00", MB))
            answer = await gateway.post(f"{ROOT}/{ref}/update", json=first)
            (information,) = answer.json()["multipleUnitInformation"]
            assert information["uPFID"] == UPF
            assert information["grantedUnit"] == {"totalVolume": MB}
            assert information["triggers"][0]["triggerType"] == "QUOTA_EXHAUSTED"

            # Exactly as much again is another report, the same report stamped anew is not.
            await gateway.post(
                f"{ROOT}/{ref}/update", json=request("08:09:00", report("08:09:00", MB))
            )
            await gateway.post(
                f"{ROOT}/{ref}/update", json=request("08:09:07", report("08:09:00", MB))
            )
            last = request("08:10:00", report("08:10:00", 5))
            assert (await gateway.post(f"{ROOT}/{ref}/release", json=last)).status_code == 204

        numbers = [request.number for request in engine.asked]
        assert numbers[0] == 0
        assert len(set(numbers)) == 4
        assert numbers[2] == numbers[3]
        assert engine.asked[1].asks == (Ask(rating_group=1, used=MB, asks=MB),)
        assert engine.asked[4].asks == (Ask(rating_group=1, used=5),)

    asyncio.run(story())


def test_a_create_that_is_repeated_opens_one_session() -> None:
    async def story() -> None:
        async with open_door(Engine()) as (_, port), smf1(port) as gateway:
            first = await opened(gateway)
            again = await opened(gateway, retransmissionIndicator=True)
            assert first == again

    asyncio.run(story())
