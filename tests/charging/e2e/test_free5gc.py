"""free5GC's shapes over HTTP/2 to the real process (spec/charging.md)."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
from tests.charging.conftest import MB, Charging, Figures, Shop
from tests.charging.e2e.talk import granted, of_free5gc, opened, smf, usage

from eka.wire.nchf.routing import ROOT


def tell(charging: Charging, story: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    async def told() -> None:
        async with smf(charging) as client:
            await story(client)

    asyncio.run(told())


def test_a_session_from_create_to_release(shop: Shop, charging: Charging) -> None:
    """It begins without rating groups, and counts nothing; repeats are known all the same."""
    alice = shop.sim()

    async def story(client: httpx.AsyncClient) -> None:
        path = await opened(client, of_free5gc(alice, "08:00:00"))
        part = await granted(client, path, of_free5gc(alice, "08:00:01", usage(asks=4 * MB)))
        assert part["grantedUnit"]["totalVolume"] == 4 * MB
        assert (part["resultCode"], part["uPFID"]) == ("SUCCESS", "UPF")
        assert part["validityTime"] == 3600

        # The same report twice is one; an equal one a second later is another.
        for stamp in ("08:00:02", "08:00:02", "08:00:03"):
            body = of_free5gc(alice, stamp, usage(MB, 4 * MB))
            part = await granted(client, path, body)
            assert part["grantedUnit"]["totalVolume"] == 4 * MB
        assert shop.figures(alice) == Figures(8 * MB, 4 * MB, 2 * MB, 0)

        part = await granted(client, path, of_free5gc(alice, "08:00:04", usage(MB, 30 * MB)))
        assert part["grantedUnit"]["totalVolume"] == 7 * MB
        assert part["finalUnitIndication"]["finalUnitAction"] == "TERMINATE"
        part = await granted(client, path, of_free5gc(alice, "08:00:05", usage(7 * MB + 3, MB)))
        assert part["resultCode"] == "QUOTA_LIMIT_REACHED"
        assert "grantedUnit" not in part

        last = of_free5gc(alice, "08:00:06", usage(2))
        for _ in range(2):
            answer = await client.post(f"{path}/release", json=last)
            assert (answer.status_code, answer.content) == (204, b"")
        late = await client.post(f"{path}/update", json=of_free5gc(alice, "08:00:07", usage(9)))
        assert (late.status_code, late.json()["cause"]) == (404, "CONTEXT_NOT_FOUND")

    tell(charging, story)
    assert shop.figures(alice) == Figures(0, 0, 10 * MB, 5)


def test_a_create_whose_answer_was_lost(shop: Shop, charging: Charging) -> None:
    """It is sent again, marked, and opens no second session."""
    alice = shop.sim()
    body = of_free5gc(alice, "08:00:00", usage(asks=4 * MB))

    async def story(client: httpx.AsyncClient) -> None:
        path = await opened(client, body)
        assert await opened(client, body) == path
        assert await opened(client, {**body, "retransmissionIndicator": True}) == path
        assert await opened(client, of_free5gc(alice, "08:00:01", usage(asks=MB))) != path

    tell(charging, story)
    assert shop.figures(alice).reserved == 5 * MB


def test_who_counts_is_known_by_the_number(shop: Shop, charging: Charging) -> None:
    """An SMF that counts its requests may say an old one again after a later one."""
    alice = shop.sim()

    async def story(client: httpx.AsyncClient) -> None:
        path = await opened(client, of_free5gc(alice, "08:00:00"))
        bodies = [
            of_free5gc(alice, "08:00:01", usage(MB, i * MB), invocationSequenceNumber=i)
            for i in (1, 2, 3)
        ]
        first = [await granted(client, path, body) for body in bodies]
        again = [await granted(client, path, body) for body in bodies]
        assert first == again

    tell(charging, story)
    assert shop.figures(alice) == Figures(7 * MB, 3 * MB, 3 * MB, 0)


def test_what_is_not_for_online_charging(shop: Shop, charging: Charging) -> None:
    alice = shop.sim()
    offline = usage(5 * MB)
    offline["usedUnitContainer"][0]["quotaManagementIndicator"] = "OFFLINE_CHARGING"

    async def story(client: httpx.AsyncClient) -> None:
        path = await opened(client, of_free5gc(alice, "08:00:00"))
        answer = await client.post(f"{path}/update", json=of_free5gc(alice, "08:00:01", offline))
        assert answer.status_code == 200

    tell(charging, story)
    assert shop.figures(alice) == Figures(10 * MB, 0, 0, 0)


def test_nobody_and_nothing(shop: Shop, charging: Charging) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        charlie = await client.post(ROOT, json=of_free5gc("999999999999999", "08:00:00"))
        assert (charlie.status_code, charlie.json()["cause"]) == (404, "USER_UNKNOWN")
        assert charlie.headers["content-type"] == "application/problem+json"
        path = f"{ROOT}/nchf-{'0' * 32}/release"
        lost = await client.post(path, json=of_free5gc("999999999999999", "08:00:00"))
        assert (lost.status_code, lost.json()["cause"]) == (404, "CONTEXT_NOT_FOUND")

    tell(charging, story)


def test_an_event_is_refused_as_a_whole(shop: Shop, charging: Charging) -> None:
    """Eleven megabytes at once are more than Alice has; ten are not."""
    alice = shop.sim()

    async def story(client: httpx.AsyncClient) -> None:
        event = {"oneTimeEvent": True, "oneTimeEventType": "IEC"}
        much = of_free5gc(alice, "08:00:00", usage(asks=11 * MB), **event)
        answer = await client.post(ROOT, json=much)
        assert (answer.status_code, answer.json()["cause"]) == (403, "QUOTA_LIMIT_REACHED")
        all_of_it = of_free5gc(alice, "08:00:01", usage(asks=10 * MB), **event)
        for _ in range(2):
            assert (await client.post(ROOT, json=all_of_it)).status_code == 201

    tell(charging, story)
    assert shop.figures(alice) == Figures(0, 0, 10 * MB, 0)
