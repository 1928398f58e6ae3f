"""One line at both doors at once, and what Olga and her machines can look at meanwhile."""

import asyncio
import json
from typing import Any

import httpx
from tests.charging.conftest import MB, Charging, Figures, Shop
from tests.charging.e2e.talk import (
    Bearer,
    gateway_at,
    granted,
    of_free5gc,
    only,
    opened,
    smf,
    usage,
)
from tests.charging.peers import INITIAL, UPDATE, Units

ROUNDS = 25


def test_both_doors_charge_one_line_at_once(shop: Shop, charging: Charging) -> None:
    """Alice's phone is on 4G and her tablet on 5G: every byte of both is counted, once."""
    alice = shop.sim("office")
    before = shop.figures(alice).left

    async def phone(gateway_name: str) -> None:
        async with gateway_at(charging, gateway_name) as gateway:
            bearer = Bearer(gateway, alice)
            await bearer.say(INITIAL, Units(asks=MB))
            for _ in range(ROUNDS):
                report = Units(asks=MB, used=1001)
                answer = await bearer.say(UPDATE, report)
                assert only(answer).granted == MB
                assert await bearer.again(UPDATE, report) == answer

    async def tablet(begins: str) -> None:
        async with smf(charging) as client:
            path = await opened(client, of_free5gc(alice, begins))
            for i in range(ROUNDS):
                body = of_free5gc(alice, f"08:01:{i:02}", usage(2003, 2 * MB))
                part = await granted(client, path, body)
                assert part["grantedUnit"]["totalVolume"] == 2 * MB

    async def story() -> None:
        phones = phone("smf31.example"), phone("smf35.example")
        await asyncio.gather(*phones, tablet("08:00:00"), tablet("08:00:01"))

    asyncio.run(story())
    used = 2 * ROUNDS * (1001 + 2003)
    assert shop.figures(alice) == Figures(before - used, 6 * MB, used, 0)


def test_olga_sees_what_open_sessions_hold(shop: Shop, charging: Charging) -> None:
    """`eka line show`: all that is left, what of it is available, and who holds the rest."""
    alice = shop.sim()

    async def story() -> Any:
        async with gateway_at(charging, "smf32.operator.example") as gateway:
            bearer = Bearer(gateway, alice)
            await bearer.say(INITIAL, Units(asks=3 * MB))
            await bearer.say(UPDATE, Units(asks=4 * MB, used=MB))
            return await asyncio.to_thread(shop.line, "show", alice, "--json")

    seen = json.loads(asyncio.run(story()).stdout)
    assert (seen["total"], seen["available"], seen["plan"]) == (9 * MB, 5 * MB, 9 * MB)
    assert [bucket["left"] for bucket in seen["buckets"]] == [9 * MB]
    assert [session["reserved"] for session in seen["sessions"]] == [4 * MB]
    assert seen["period"]["used"] == MB


def get(charging: Charging, path: str) -> httpx.Response:
    with httpx.Client(http1=False, http2=True, base_url=charging.nchf, trust_env=False) as client:
        return client.get(path)


def test_a_policy_server_asks_for_the_speed(shop: Shop, charging: Charging) -> None:
    """Alice's plan slows down after 10 MB instead of stopping."""
    alice = shop.sim("slow")
    path = f"/eka/v1/speed/imsi-{alice}"
    full = get(charging, path).json()
    assert (full["kbps"], full["state"], full["after_bytes"]) == ("full", "active", 10 * MB)

    async def story() -> None:
        async with gateway_at(charging, "smf33.operator.example") as gateway:
            bearer = Bearer(gateway, alice)
            await bearer.say(INITIAL, Units(asks=10 * MB))
            await bearer.say(UPDATE, Units(asks=10 * MB, used=10 * MB))

    asyncio.run(story())
    assert get(charging, path).json()["kbps"] == 128
    assert get(charging, "/eka/v1/speed/imsi-999999999999999").status_code == 404
    assert get(charging, "/eka/v1/speed/alice").status_code == 400


def test_prometheus_reads_the_figures(shop: Shop, charging: Charging) -> None:
    def figure(name: str) -> float:
        lines = get(charging, "/metrics").text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

    before = figure('eka_charging_requests_total{kind="initial"}')

    async def story() -> None:
        async with gateway_at(charging, "smf34.operator.example") as gateway:
            await Bearer(gateway, shop.sim()).say(INITIAL, Units(asks=MB))

    asyncio.run(story())
    assert figure('eka_charging_requests_total{kind="initial"}') == before + 1
    assert figure("eka_charging_kept_lines") > 0
    assert figure("eka_charging_answer_seconds_count") > 0
    assert figure("process_resident_memory_bytes") > 0
