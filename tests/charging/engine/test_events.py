"""Requests without a session: a debit, a refund, a look at the balance, a price (RFC 8506, 6)."""

import asyncio

from tests.charging.conftest import MB, Figures, Shop
from tests.charging.engine.cast import Gateway, engine_on

from eka.charging.requests import Ask, ChargingAnswer, Event
from eka.rules.units import Money


def event(shop: Shop, imsi: str, what: Event, amount: int, *, times: int = 1) -> ChargingAnswer:
    """The answer to an event, which is said so many times."""

    async def story() -> ChargingAnswer:
        async with engine_on(shop) as engine:
            phone = Gateway(engine, imsi)
            first = await phone.say("event", Ask(asks=amount), event=what)
            for _ in range(times - 1):
                assert await phone.again() == first
            return first

    return asyncio.run(story())


def test_a_debit_is_done_once(shop: Shop) -> None:
    alice = shop.sim()
    answer = event(shop, alice, "debit", 3 * MB, times=3)
    assert (answer.result, answer.parts[0].granted) == ("success", 3 * MB)
    assert shop.figures(alice) == Figures(7 * MB, 0, 3 * MB, 0)


def test_a_debit_is_all_or_nothing(shop: Shop) -> None:
    """Ten megabytes do not cover eleven: nothing is taken."""
    alice = shop.sim()
    assert event(shop, alice, "debit", 11 * MB, times=2).result == "denied"
    assert shop.figures(alice) == Figures(10 * MB, 0, 0, 0)


def test_a_debit_leaves_what_sessions_hold(shop: Shop) -> None:
    alice = shop.sim()

    async def story() -> None:
        async with engine_on(shop) as engine:
            await Gateway(engine, alice).begin(asked=8 * MB)
            debits = [Gateway(engine, alice) for _ in range(2)]
            first, second = [
                await one.say("event", Ask(asks=amount), event="debit")
                for one, amount in zip(debits, (3 * MB, 2 * MB), strict=True)
            ]
            assert (first.result, second.result) == ("denied", "success")

    asyncio.run(story())
    assert shop.figures(alice) == Figures(8 * MB, 8 * MB, 2 * MB, 0)


def test_a_refund_gives_back_once(shop: Shop) -> None:
    alice = shop.sim()
    event(shop, alice, "debit", 10 * MB)
    assert event(shop, alice, "refund", 4 * MB, times=2).result == "success"
    assert shop.figures(alice) == Figures(4 * MB, 0, 10 * MB, 0)


def test_a_look_at_the_balance_changes_nothing(shop: Shop) -> None:
    """What sessions hold is not available to others."""
    alice = shop.sim()

    async def story() -> None:
        async with engine_on(shop) as engine:
            await Gateway(engine, alice).begin(asked=4 * MB)
            for amount, enough in ((6 * MB, True), (6 * MB + 1, False)):
                for _ in range(2):
                    look = Gateway(engine, alice)
                    answer = await look.say("event", Ask(asks=amount), event="balance")
                    assert answer == ChargingAnswer(enough=enough)

    asyncio.run(story())
    assert shop.figures(alice) == Figures(10 * MB, 4 * MB, 0, 0)
    assert shop.rows(
        f"SELECT count(*) FROM session JOIN line l ON l.id = line_id WHERE imsi = '{alice}'"
    ) == [(1,)]


def test_a_price_is_what_goes_beyond_the_plan(shop: Shop) -> None:
    """A dollar for each started megabyte beyond the plan's ten."""
    alice = shop.sim("dear")
    assert event(shop, alice, "price", 10 * MB).cost == Money(0, "USD")
    assert event(shop, alice, "price", 12 * MB + 1).cost == Money(300, "USD")
    event(shop, alice, "debit", 10 * MB + 1)
    assert event(shop, alice, "price", 1 * MB - 1).cost == Money(0, "USD")
    assert event(shop, alice, "price", 1 * MB).cost == Money(100, "USD")


def test_charlie_has_no_balance(shop: Shop) -> None:
    assert event(shop, "999999999999999", "balance", 1).result == "unknown_subscriber"
