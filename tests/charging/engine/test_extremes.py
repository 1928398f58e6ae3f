"""Sixty-four bits are many, but gateways send them: one absurd request harms nobody else."""

import asyncio

from tests.charging.conftest import MB, Figures, Shop
from tests.charging.engine.cast import Gateway, engine_on, only

from eka.charging.requests import Ask
from eka.rules.units import LARGEST


def test_whoever_asks_for_everything_gets_what_there_is(shop: Shop) -> None:
    alice = shop.sim()

    async def story() -> None:
        async with engine_on(shop) as engine:
            answer = only(await Gateway(engine, alice).begin(asked=LARGEST))
            assert (answer.granted, answer.final) == (10 * MB, True)

    asyncio.run(story())
    assert shop.figures(alice) == Figures(10 * MB, 10 * MB, 0, 0)


def test_bob_is_served_beside_absurd_reports_of_alice(shop: Shop) -> None:
    """Alice's gateway has lost its counters and reports eight exabytes, twice.

    What no column can hold may be refused, for good and without a repeat; Bob, whose request
    travels in the same batch, is served.
    """
    alice, bob = shop.sim("ocean"), shop.sim()

    async def story() -> None:
        async with engine_on(shop, lanes=1) as engine:
            hers, his = Gateway(engine, alice), Gateway(engine, bob)
            await asyncio.gather(hers.begin(asked=5), his.begin(asked=5))
            for number in range(1, 4):
                refused, served = await asyncio.gather(
                    hers.go_on(used=LARGEST, asked=5), his.go_on(used=1, asked=5)
                )
                assert refused.result in ("success", "failed")
                assert number == 1 or refused.result == "failed"
                assert only(served).granted == 5

    asyncio.run(story())
    assert shop.figures(bob) == Figures(10 * MB - 3, 5, 3, 0)


def test_two_grants_without_end_fit_beside_each_other(shop: Shop) -> None:
    """On a plan without end two devices ask for everything that can be counted."""
    alice = shop.sim("ocean")

    async def story() -> None:
        async with engine_on(shop) as engine:
            for _ in range(2):
                answer = only(await Gateway(engine, alice).begin(asked=LARGEST))
                assert answer.granted == LARGEST

    asyncio.run(story())


def test_facts_that_the_database_cannot_hold_harm_nobody_else(shop: Shop) -> None:
    """A NUL in a gateway's name of its access point: that session fails, Bob's does not."""
    alice, bob = shop.sim(), shop.sim()

    async def story() -> None:
        async with engine_on(shop, lanes=1) as engine:
            hers, his = Gateway(engine, alice), Gateway(engine, bob)
            broken, served = await asyncio.gather(
                hers.say("initial", Ask(asks=5), facts={"apn": "inter\0net"}), his.begin(asked=5)
            )
            assert broken.result == "failed"
            assert only(served).granted == 5
            # A session's name is no better off.
            hers, his = Gateway(engine, alice, "smf1;\0"), Gateway(engine, bob)
            broken, served = await asyncio.gather(hers.begin(asked=5), his.begin(asked=5))
            assert broken.result == "failed"
            assert only(served).granted == 5

    asyncio.run(story())
    assert shop.figures(alice) == Figures(10 * MB, 0, 0, 0)
