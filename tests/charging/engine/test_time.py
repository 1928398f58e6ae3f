"""Time passes while a session stands open: periods end, days begin, buckets expire."""

import asyncio
from datetime import datetime, timedelta

from tests.charging.conftest import MB, Figures, Shop
from tests.charging.engine.cast import Gateway, Hands, engine_on, only

from eka import clock
from eka.charging.chores import SilentSessions

SECOND = timedelta(seconds=1)


def instant(shop: Shop, sql: str, imsi: str) -> datetime:
    (found,) = shop.rows(sql.format(f"(SELECT id FROM line WHERE imsi = '{imsi}')"))
    assert isinstance(found[0], datetime)
    return found[0]


def end_of_period(shop: Shop, imsi: str) -> datetime:
    return instant(shop, "SELECT max(ends) FROM period WHERE line_id = {}", imsi)


def valid_until(shop: Shop, imsi: str) -> datetime:
    return instant(shop, "SELECT max(valid_until) FROM session WHERE line_id = {}", imsi)


def state(shop: Shop, imsi: str) -> object:
    return shop.rows(
        f"SELECT state FROM line_state JOIN line ON id = line_id WHERE imsi = '{imsi}'"
    )[0][0]


def test_a_grant_is_valid_until_the_period_ends(shop: Shop, hands: Hands) -> None:
    """Ten minutes before the end, the gateway is to ask again just after it, not in an hour."""
    alice = shop.sim("hour")
    ends = end_of_period(shop, alice)

    async def story() -> None:
        async with engine_on(shop) as engine:
            hands.set_to(ends - timedelta(minutes=10))
            assert only(await Gateway(engine, alice).begin(asked=MB)).validity == 600

    asyncio.run(story())
    assert ends <= valid_until(shop, alice) < ends + SECOND


def test_a_grant_is_valid_until_the_day_ends(shop: Shop, hands: Hands) -> None:
    """Two megabytes a day: the second day's can be had as soon as it begins."""
    alice = shop.sim("daily")
    days = "SELECT activated_at + interval '1 day' FROM line_state WHERE line_id = {}"
    morning = instant(shop, days, alice)

    async def story() -> None:
        async with engine_on(shop) as engine:
            hands.set_to(morning - timedelta(minutes=5))
            phone = Gateway(engine, alice)
            answer = only(await phone.begin(asked=3 * MB))
            assert (answer.granted, answer.final, answer.validity) == (2 * MB, True, 300)
            assert morning <= valid_until(shop, alice) < morning + SECOND
            answer = only(await phone.go_on(used=2 * MB, asked=3 * MB))
            assert answer.result == "limit_reached"
            hands.forward(minutes=5, seconds=1)
            answer = only(await phone.go_on(asked=3 * MB))
            assert (answer.granted, answer.validity) == (2 * MB, 3600)

    asyncio.run(story())
    assert shop.figures(alice) == Figures(98 * MB, 2 * MB, 2 * MB, 0)


def test_a_grant_is_valid_until_a_bucket_expires(shop: Shop, hands: Hands) -> None:
    alice = shop.sim()
    shop.line("top-up", alice, "--data", "5MB", "--validity", "24h")
    expires = instant(shop, "SELECT max(expires) FROM bucket WHERE line_id = {}", alice)

    async def story() -> None:
        async with engine_on(shop) as engine:
            hands.set_to(expires - timedelta(minutes=1))
            phone = Gateway(engine, alice)
            answer = only(await phone.begin(asked=15 * MB))
            assert (answer.granted, answer.validity) == (15 * MB, 60)
            # What is reported after the expiry is debited from what is usable then.
            hands.forward(seconds=61)
            answer = only(await phone.go_on(used=4 * MB, asked=15 * MB))
            assert (answer.granted, answer.final) == (6 * MB, True)

    asyncio.run(story())
    assert expires <= valid_until(shop, alice)
    assert shop.figures(alice) == Figures(6 * MB, 6 * MB, 4 * MB, 0)


def test_a_period_ends_and_the_next_one_begins_in_a_session(shop: Shop, hands: Hands) -> None:
    """Alice's plan renews itself: what she used is debited from the new period."""
    alice = shop.sim("hourly")
    ends = end_of_period(shop, alice)

    async def story() -> None:
        async with engine_on(shop) as engine:
            hands.set_to(ends - timedelta(minutes=1))
            phone = Gateway(engine, alice)
            await phone.begin(asked=8 * MB)
            hands.forward(seconds=61)
            answer = only(await phone.go_on(used=6 * MB, asked=100 * MB))
            assert (answer.granted, answer.final) == (14 * MB, True)

    asyncio.run(story())
    assert shop.figures(alice) == Figures(14 * MB, 14 * MB, 6 * MB, 0)
    assert end_of_period(shop, alice) == ends + timedelta(hours=1)


def test_a_line_lapses_in_a_session_and_comes_back(shop: Shop, hands: Hands) -> None:
    """After the lapse there is nothing to debit; a renewal within the grace brings it all back."""
    alice = shop.sim("hour")
    ends = end_of_period(shop, alice)

    async def story() -> None:
        async with engine_on(shop) as engine:
            hands.set_to(ends - timedelta(minutes=1))
            phone, tablet = Gateway(engine, alice), Gateway(engine, alice)
            await phone.begin(asked=8 * MB)
            await phone.go_on(used=1 * MB, asked=8 * MB)
            hands.forward(seconds=61)
            late = await phone.go_on(used=2 * MB, asked=8 * MB)
            assert only(late).result == "not_active"
            assert await phone.again() == late
            assert only(await tablet.begin(asked=MB)).result == "not_active"
            assert state(shop, alice) == "lapsed"
            assert shop.figures(alice) == Figures(9 * MB, 0, 1 * MB, 2 * MB)
            at = clock.now().isoformat()
            await asyncio.to_thread(shop.line, "renew", alice, "--at", at)
            assert only(await phone.go_on(asked=19 * MB)).granted == 19 * MB
            # The tablet's session ended with its refusal.
            assert (await tablet.go_on(asked=1)).result == "unknown_session"

    asyncio.run(story())
    assert shop.figures(alice) == Figures(19 * MB, 19 * MB, 0, 2 * MB)


def test_a_session_whose_gateway_died_is_closed(shop: Shop, hands: Hands) -> None:
    """Nobody hears of the phone any more; the tablet, heard of an hour later, goes on."""
    alice = shop.sim()

    async def story() -> None:
        async with engine_on(shop) as engine:
            phone, tablet = Gateway(engine, alice), Gateway(engine, alice)
            await phone.begin(asked=6 * MB)
            await tablet.begin(asked=2 * MB)
            hands.forward(minutes=59)
            await tablet.go_on(used=1 * MB, asked=2 * MB)
            hands.forward(minutes=2)
            chore = SilentSessions(engine, timedelta(0), every=0.01)
            looking = asyncio.create_task(chore.run())
            while shop.figures(alice).reserved > 2 * MB:
                await asyncio.sleep(0.01)
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
            await chore.close()
            assert engine.figures.silenced > 0
            assert only(await tablet.go_on(asked=9 * MB)).granted == 9 * MB
            assert (await phone.go_on(used=5, asked=5)).result == "unknown_session"

    asyncio.run(story())
    assert shop.figures(alice) == Figures(9 * MB, 9 * MB, 1 * MB, 0)
    closed = "SELECT count(*) FROM session JOIN line l ON l.id = line_id WHERE imsi = '{}' AND {}"
    assert shop.rows(closed.format(alice, "closed_by = 'silence'")) == [(1,)]


def test_grace_lets_a_silent_session_live_on(shop: Shop, hands: Hands) -> None:
    alice = shop.sim()

    async def story() -> None:
        async with engine_on(shop) as engine:
            await Gateway(engine, alice).begin(asked=6 * MB)
            hands.forward(minutes=61)
            chore = SilentSessions(engine, timedelta(minutes=5), every=0.01)
            looking = asyncio.create_task(chore.run())
            await asyncio.sleep(0.1)
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
            await chore.close()

    asyncio.run(story())
    assert shop.figures(alice).reserved == 6 * MB
