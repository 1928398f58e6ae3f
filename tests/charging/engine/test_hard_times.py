"""Too many requests, connections that are cut, a row that somebody holds: it passes."""

import asyncio

import psycopg
from tests.charging.conftest import MB, Figures, Shop
from tests.charging.engine.cast import Gateway, ask, engine_on, only

from eka.charging.requests import Ask, ChargingRequest

NINE = Ask(asks=9)
CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = 'eka charging' AND datname = current_database()
"""


def test_a_flood_is_told_to_come_again_and_then_served(shop: Shop) -> None:
    """Room for five, fifty come at once; whoever was sent away has changed nothing."""
    alice = shop.sim("office")
    requests = [
        ChargingRequest(
            session=f"flood;{i}", kind="initial", number=0, imsi=alice, asks=(Ask(asks=9),)
        )
        for i in range(50)
    ]

    async def story() -> None:
        async with engine_on(shop, waiting_max=5) as engine:
            answers = await asyncio.gather(*[ask(engine, request) for request in requests])
            served = [answer for answer in answers if answer.result == "success"]
            busy = [answer for answer in answers if answer.result == "busy"]
            assert (len(served), len(busy)) == (5, 45)
            assert shop.figures(alice).reserved == 5 * 9
            assert engine.figures.answers == {"success": 5, "busy": 45}
            for request in requests:
                assert only(await ask(engine, request)).granted == 9

    asyncio.run(story())
    assert shop.figures(alice).reserved == 50 * 9


def test_connections_that_are_cut_again_and_again(shop: Shop) -> None:
    """The database ends every connection while Alice's family surfs: at worst, it is busy."""
    family = [shop.sim() for _ in range(6)]

    async def surf(phone: Gateway) -> None:
        for number in range(41):
            answer = await (phone.go_on(used=1000, asked=MB) if number else phone.begin(asked=MB))
            while answer.result == "busy":
                answer = await phone.again()
            assert only(answer).granted == MB

    async def story() -> None:
        async with engine_on(shop) as engine:
            surfing = asyncio.gather(*[surf(Gateway(engine, imsi)) for imsi in family])
            cuts = 0
            while not surfing.done() and cuts < 4:
                await asyncio.sleep(0.02)
                cuts += len(await asyncio.to_thread(shop.rows, CUT)) > 0
            await surfing
            assert cuts > 0

    asyncio.run(story())
    assert [shop.figures(imsi) for imsi in family] == [Figures(10 * MB - 40_000, MB, 40_000, 0)] * 6


def test_a_line_that_somebody_holds_waits_and_others_do_not_fail(shop: Shop) -> None:
    """A long use case has locked Alice's line; her request is served when it is over."""
    alice, bob = shop.sim(), shop.sim()

    async def story() -> None:
        async with engine_on(shop, lanes=1) as engine:
            hers, his = Gateway(engine, alice), Gateway(engine, bob)
            await asyncio.gather(hers.begin(asked=5), his.begin(asked=5))
            with psycopg.connect(shop.url) as other:
                other.execute(
                    "UPDATE line_state SET revision = revision + 1 WHERE line_id ="
                    " (SELECT id FROM line WHERE imsi = %s)",
                    [alice],
                )
                waiting = asyncio.ensure_future(hers.go_on(used=1, asked=5))
                await asyncio.sleep(0.1)
                assert not waiting.done()
                other.commit()
            # Its page was outdated by then: it is read anew and served.
            assert only(await waiting).granted == 5
            assert only(await his.go_on(used=1, asked=5)).granted == 5
            assert engine.figures.conflicts == 1

    asyncio.run(story())
    assert shop.figures(alice) == shop.figures(bob) == Figures(10 * MB - 1, 5, 1, 0)


def test_whoever_comes_after_closing_time_is_told_to_come_again(shop: Shop) -> None:
    alice = shop.sim()

    async def story() -> None:
        async with engine_on(shop) as engine:
            phone = Gateway(engine, alice)
            begun = asyncio.ensure_future(phone.begin(asked=5))
            await asyncio.sleep(0)
            await engine.drain()
            assert only(await begun).granted == 5
            assert (await phone.go_on(used=1)).result == "busy"

    asyncio.run(story())
    assert shop.figures(alice) == Figures(10 * MB, 5, 0, 0)
