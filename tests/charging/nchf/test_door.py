"""The 5G door over real sockets: smf1 speaks HTTP/2, and the engine says what it is told."""

import asyncio
import json
import logging
import re
from typing import Any

import httpx
import pytest
from tests.charging.nchf.smf1 import ALICE, MB, UPF, Engine, create, open_door, opened, smf1, used

from eka.charging import nchf
from eka.charging.nchf_server import UnableToListen
from eka.charging.requests import ChargingAnswer, ChargingRequest, FinalUnit, Part
from eka.wire.nchf.routing import BODY_BYTES_MAX, OPENAPI, ROOT


def test_a_session_from_its_first_request_to_its_last() -> None:
    async def story() -> None:
        engine = Engine()
        async with open_door(engine) as (door, port), smf1(port) as gateway:
            usage = {"ratingGroup": 1, "requestedUnit": {}, "uPFID": UPF}
            first = await gateway.post(ROOT, json=create(multipleUnitUsage=[usage]))
            assert (first.status_code, first.http_version) == (201, "HTTP/2")
            assert first.headers["content-type"] == "application/json"
            address = first.headers["location"]
            assert re.fullmatch(rf"http://127\.0\.0\.1:{port}{ROOT}/nchf-[0-9a-f]{{32}}", address)
            (information,) = first.json()["multipleUnitInformation"]
            assert information == {
                "ratingGroup": 1,
                "resultCode": "SUCCESS",
                "grantedUnit": {"totalVolume": 100 * MB},
                "triggers": [
                    {"triggerType": "QUOTA_EXHAUSTED", "triggerCategory": "IMMEDIATE_REPORT"},
                    {"triggerType": "VALIDITY_TIME", "triggerCategory": "IMMEDIATE_REPORT"},
                ],
                "validityTime": 3600,
                "uPFID": UPF,
            }
            report = used(1, {"localSequenceNumber": 1, "totalVolume": 40 * MB}, asks=50 * MB)
            second = await gateway.post(f"{address}/update", json=report)
            assert second.status_code == 200
            assert second.json()["invocationSequenceNumber"] == 1
            last = used(2, {"localSequenceNumber": 2, "totalVolume": 5 * MB})
            third = await gateway.post(f"{address}/release", json=last)
            assert (third.status_code, third.content) == (204, b"")

            session = address.rpartition("/")[2]
            assert [request.session for request in engine.asked] == [session] * 3
            assert [request.kind for request in engine.asked] == ["initial", "update", "end"]
            assert [request.number for request in engine.asked] == [0, 1, 2]
            assert [request.asks[0].used for request in engine.asked] == [0, 40 * MB, 5 * MB]
            assert engine.asked[0].imsi == ALICE.removeprefix("imsi-")
            assert door.requests == {("create", 201): 1, ("update", 200): 1, ("release", 204): 1}
            assert door.outstanding == 0

    asyncio.run(story())


def test_a_hundred_at_once_on_one_connection() -> None:
    async def story() -> None:
        async with open_door(Engine()) as (door, port), smf1(port) as gateway:
            stamps = [f"2026-03-01T08:00:00.{number:03}Z" for number in range(100)]
            addresses = await asyncio.gather(
                *(opened(gateway, invocationTimeStamp=stamp) for stamp in stamps)
            )
            assert len(set(addresses)) == 100
            assert door.requests == {("create", 201): 100}

    asyncio.run(story())


def test_the_final_grant_says_where_to_top_up() -> None:
    def last(request: ChargingRequest) -> ChargingAnswer:
        part = Part(rating_group=1, granted=7 * MB, final=True, validity=60, threshold=MB)
        return ChargingAnswer(parts=(part,))

    async def story() -> dict[str, Any]:
        shop = FinalUnit(action="redirect", redirect_to="https://shop.example/top-up")
        async with open_door(Engine(last), shop) as (_, port), smf1(port) as gateway:
            usage = {"ratingGroup": 1, "requestedUnit": {}}
            answer = await gateway.post(ROOT, json=create(multipleUnitUsage=[usage]))
            (information,) = answer.json()["multipleUnitInformation"]
            assert isinstance(information, dict)
            return information

    information = asyncio.run(story())
    assert information["finalUnitIndication"] == {
        "finalUnitAction": "REDIRECT",
        "redirectServer": {
            "redirectAddressType": "URL",
            "redirectServerAddress": "https://shop.example/top-up",
        },
    }
    assert information["volumeQuotaThreshold"] == MB
    assert [trigger["triggerType"] for trigger in information["triggers"]] == [
        "QUOTA_EXHAUSTED",
        "VALIDITY_TIME",
        "QUOTA_THRESHOLD",
    ]


@pytest.mark.parametrize(
    ("answer", "status", "cause"),
    [
        (ChargingAnswer(result="unknown_subscriber"), 404, "USER_UNKNOWN"),
        (ChargingAnswer(result="unknown_session"), 404, "CONTEXT_NOT_FOUND"),
        (ChargingAnswer(result="denied"), 403, "QUOTA_LIMIT_REACHED"),
        (ChargingAnswer(result="failed"), 400, "CHARGING_FAILED"),
        (ChargingAnswer(result="busy"), 503, "NF_CONGESTION"),
    ],
)
def test_what_the_engine_refuses_has_a_name(
    answer: ChargingAnswer, status: int, cause: str
) -> None:
    async def story() -> None:
        async with open_door(Engine(lambda _: answer)) as (door, port), smf1(port) as gateway:
            said = await gateway.post(ROOT, json=create())
            assert said.headers["content-type"] == "application/problem+json"
            assert (said.status_code, said.json()["cause"]) == (status, cause)
            assert said.headers.get("retry-after") == ("1" if status == 503 else None)
            assert door.requests == {("create", status): 1}

    asyncio.run(story())


def test_what_is_no_request_of_ours_never_reaches_the_engine() -> None:
    async def story() -> None:
        engine = Engine()
        async with open_door(engine) as (door, port), smf1(port) as gateway:
            json_type = {"content-type": "application/json"}
            ref = "nchf-" + 32 * "0"
            assert (await gateway.get(ROOT)).status_code == 405
            assert (await gateway.post("/")).status_code == 404
            assert (await gateway.post(ROOT, content=b"{}")).status_code == 415
            assert (await gateway.post(ROOT, content=b"{", headers=json_type)).status_code == 400
            assert (await gateway.post(f"{ROOT}/7/update", json=create())).status_code == 404
            assert (await gateway.post(f"{ROOT}/{ref}/update", json={})).status_code == 400
            long = b" " * (BODY_BYTES_MAX + 1)
            assert (await gateway.post(ROOT, content=long, headers=json_type)).status_code == 413

            async def bit_by_bit() -> Any:
                for _ in range(BODY_BYTES_MAX // 4096 + 1):
                    yield b" " * 4096

            endless = await gateway.post(ROOT, content=bit_by_bit(), headers=json_type)
            assert endless.status_code == 413
            assert sum(door.requests.values()) == 8
            await opened(gateway)
        assert len(engine.asked) == 1

    asyncio.run(story())


def test_a_defect_answers_500_and_quotes_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def breaks(request: ChargingRequest) -> ChargingAnswer:
        raise RuntimeError(f"cannot charge {request.imsi}")

    async def story() -> None:
        engine = Engine(breaks)
        async with open_door(engine) as (door, port), smf1(port) as gateway:
            said = await gateway.post(ROOT, json=create())
            assert (said.status_code, said.json()["cause"]) == (500, "SYSTEM_FAILURE")
            assert door.outstanding == 0
            engine.answering = lambda _: ChargingAnswer()
            await opened(gateway)

    with caplog.at_level(logging.ERROR):
        asyncio.run(story())
    assert "Nchf create failed: RuntimeError at " in caplog.text
    assert ALICE.removeprefix("imsi-") not in caplog.text


def test_an_engine_that_is_silent_or_full_keeps_nobody_waiting_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(nchf, "ANSWER_SECONDS_MAX", 0.05)

    async def story() -> None:
        async with open_door(Engine(lambda _: None)) as (door, port), smf1(port) as gateway:
            said = await gateway.post(ROOT, json=create())
            assert (said.status_code, said.json()["cause"]) == (504, "TIMED_OUT_REQUEST")
            monkeypatch.setattr(nchf, "OUTSTANDING_MAX", 0)
            assert (await gateway.post(ROOT, json=create())).status_code == 503
            assert door.outstanding == 0

    asyncio.run(story())


def test_pages_beside_charging() -> None:
    async def figures(path: str) -> tuple[int, bytes, str]:
        return 200, path.encode(), "text/plain; version=0.0.4"

    async def story() -> None:
        async with open_door(Engine(), pages={"/metrics": figures}) as (door, port):
            # A scraper speaks HTTP/1.1.
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as scraper:
                health = await scraper.get("/eka/v1/health")
                assert (health.http_version, health.json()) == ("HTTP/1.1", {"status": "up"})
                assert (await scraper.get("/metrics?a=1")).content == b"/metrics?a=1"
                assert (await scraper.get(OPENAPI)).text.startswith("openapi: 3.0")
                refused = await scraper.post("/metrics")
                assert (refused.status_code, refused.headers["allow"]) == (405, "GET")
            assert door.requests == {("page", 200): 3, ("page", 405): 1}

    asyncio.run(story())


def test_stopping_answers_what_is_outstanding() -> None:
    async def story() -> None:
        engine = Engine(lambda _: None)
        door = nchf.NchfDoor(engine, FinalUnit())
        port = await door.listen("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        body = json.dumps(create()).encode()
        head = f"POST {ROOT} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
        writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        while not engine.waiting:
            await asyncio.sleep(0.01)
        stopping = asyncio.create_task(door.stop())
        await asyncio.sleep(0.05)
        assert not stopping.done()
        engine.waiting[0](ChargingAnswer())
        assert (await reader.read()).startswith(b"HTTP/1.1 201")
        await stopping
        await door.closed()
        writer.close()
        await writer.wait_closed()
        with pytest.raises(OSError, match=r"refused|failed"):
            await asyncio.open_connection("127.0.0.1", port)

    asyncio.run(story())


def test_a_gateway_that_sends_half_a_request_harms_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        async with open_door(Engine()) as (door, port):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            head = f"POST {ROOT} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
            writer.write(f"{head}content-length: 100\r\n\r\n{{".encode())
            await writer.drain()
            writer.close()
            await writer.wait_closed()
            async with smf1(port) as gateway:
                await opened(gateway)
            assert door.outstanding == 0
            assert door.requests == {("create", 201): 1}

    with caplog.at_level(logging.ERROR):
        asyncio.run(story())
    assert caplog.records == []


def test_an_address_that_is_taken_is_named() -> None:
    async def story() -> None:
        other = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        async with other:
            port = other.sockets[0].getsockname()[1]
            with pytest.raises(UnableToListen, match=f"127.0.0.1 port {port}: Address already"):
                await nchf.NchfDoor(Engine(), FinalUnit()).listen("127.0.0.1", port)

    asyncio.run(story())
